"""What each of several NAS-Bench-201 supernets that are one has chosen to run.

What a run has not chosen is to it as if it had not run, also where others run it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nasbench_harness.spaces.nb201.encoding import EDGES, NODES, OPERATIONS
from nasbench_harness.spaces.nb201.mixing import COMPUTED, LEAVING


def chosen_options(weights: Tensor, active: Tensor | None) -> Tensor | None:
    """The options that runs have chosen, bool [R, D, K] on the host; None where it is all of them.

    As in a single supernet weights [R, D, K] on the host that carry no gradient name their zeros
    themselves.
    """
    if active is None:
        if weights.device.type != "cpu" or weights.requires_grad:
            return None
        active = weights != 0
    return None if bool(active[..., COMPUTED].all()) else active


class CellPaths:
    """Where the options that one run has chosen lead in a cell."""

    def __init__(self, rows: Sequence[Sequence[bool]]) -> None:
        """`rows` are [D][K]."""
        self._rows = rows
        self._reaches = [False] * (NODES - 1) + [True]
        """By node, whether what it holds gets to the last one."""
        for source in reversed(range(NODES - 1)):
            self._reaches[source] = any(self._leads(edge, COMPUTED) for edge in LEAVING[source])

    @property
    def through(self) -> bool:
        """Does a cell's output depend on its input."""
        return self._reaches[0]

    def learns(self, source: int, option: int, *, last: bool) -> bool:
        """Has a node's convolution a gradient, of the cell that is the last of all or before it.

        All that leave a node share a parameter. Cells are alike, so that what passes through one
        passes through those behind it.
        """
        used = any(self._leads(edge, (option,)) for edge in LEAVING[source])
        return used and (last or self.through)

    def _leads(self, edge: int, options: Sequence[int]) -> bool:
        """Does the edge run one of the options, and is its target not in vain."""
        target, _ = EDGES[edge]
        return self._reaches[target] and any(self._rows[edge][k] for k in options)


@dataclass(frozen=True)
class KeptStatistic:
    """A statistic of an option of the edges that leave a node, in every run."""

    whole: Tensor
    """[R * n * C]."""
    singles: Sequence[Tensor]
    """[n * C] of each run."""
    source: int
    option: int


class Statistics:
    """Running statistics of batch norms, of which only those of what was chosen move."""

    @torch.no_grad()
    def __init__(self, kept: Sequence[KeptStatistic]) -> None:
        """They lie in one piece from now on."""
        self._whole, self._owners = None, None
        if not kept:
            return
        self._whole = torch.cat([each.whole for each in kept])
        parts = torch.split(self._whole, [len(each.whole) for each in kept])
        for each, part in zip(kept, parts, strict=True):
            each.whole.data = part
            for single, own in zip(each.singles, part.chunk(len(each.singles)), strict=True):
                single.data = own
        self._owners = torch.cat([_owners(each) for each in kept]).to(self._whole.device)
        """Of every number the place of its option in [R, D, K]."""

    @contextlib.contextmanager
    def moved(self, chosen: Tensor | None) -> Iterator[None]:
        """Within it statistics move, and those of options that are not chosen go back; None: all
        are."""
        if chosen is None or self._whole is None:
            yield
            return
        before = self._whole.clone()
        yield
        self._whole.copy_(torch.where(chosen.flatten()[self._owners], self._whole, before))


def _owners(kept: KeptStatistic) -> Tensor:
    runs, edges = len(kept.singles), LEAVING[kept.source]
    places = torch.arange(runs * len(EDGES) * len(OPERATIONS)).view(runs, len(EDGES), -1)
    each = places[:, edges, kept.option].flatten()
    return each.repeat_interleave(len(kept.whole) // len(each))

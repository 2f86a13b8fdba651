"""A DrNAS search step on NAS-Bench-201 as its authors' code makes it, from a checkout of theirs.

`NASHARNESS_DRNAS` is where xiangning-chen/DrNAS lies; nothing of it is in this repository. Their
modules of `201-space` are imported as they are. What is done for them: `genotypes.Structure`, which
their repository lacks, is made up, and tensors stay where they are when the model asks for a GPU.
The step is that of their `train_search.py` and `architect.py` in first order, without the loaders
and what is logged.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn

from nasbench_harness.spaces.nb201.shared_weights import CellSupernet, MixedCell

CHECKOUT = "NASHARNESS_DRNAS"
MODULES = (
    "search_model", "search_cells", "cell_operations", "genotypes", "net2wider", "utils",
)  # fmt: skip
Batch = tuple[Tensor, Tensor]


def missing() -> str | None:
    """Why their code cannot be measured; None where it can."""
    place = os.environ.get(CHECKOUT)
    if not place:
        return f"{CHECKOUT} names no checkout of xiangning-chen/DrNAS"
    if not (Path(place) / "201-space" / "search_model.py").is_file():
        return f"{place} ({CHECKOUT}) has no 201-space/search_model.py"
    return None


@contextmanager
def importable(checkout: Path) -> Iterator[None]:
    """Within it their modules are found by their names, and by nobody afterwards."""
    before = list(sys.path)
    sys.path[:0] = [str(checkout / "201-space"), str(checkout)]
    try:
        yield
    finally:
        sys.path[:] = before
        for name in MODULES:
            sys.modules.pop(name, None)


def authors_network(width: int, cells: int, species: str = "dirichlet") -> Any:
    """Their `TinyNetwork` as `train_search.py` builds it, but for its size."""
    on_host = patch.object(torch.Tensor, "cuda", lambda self, *args, **named: self)
    with (
        importable(Path(os.environ[CHECKOUT])),
        nullcontext() if torch.cuda.is_available() else on_host,
    ):
        genotypes: Any = importlib.import_module("genotypes")
        genotypes.Structure = getattr(genotypes, "Structure", tuple)
        operations = importlib.import_module("cell_operations").NAS_BENCH_201
        return importlib.import_module("search_model").TinyNetwork(
            C=width, N=cells, max_nodes=4, num_classes=10, criterion=nn.CrossEntropyLoss(),
            search_space=operations, k=1, species=species,
        )  # fmt: skip


class AuthorsStep:
    """Every backward pass computes every gradient, and all of them are clipped together."""

    def __init__(
        self, network: Any, train: Batch, valid: Batch, *, channels_last: bool = False
    ) -> None:
        """`channels_last` is what is added to their code: the format of network and images."""
        self.network, self.train, self.valid = network, train, valid
        if channels_last:
            form = torch.channels_last
            network.to(memory_format=form)
            self.train, self.valid = ((x.to(memory_format=form), y) for x, y in (train, valid))
        self.sgd = torch.optim.SGD(network.get_weights(), 0.025, momentum=0.9, weight_decay=3e-4)
        self.adam = torch.optim.Adam(
            network.arch_parameters(), lr=3e-4, betas=(0.5, 0.999), weight_decay=1e-3
        )

    def __call__(self) -> None:
        self.adam.zero_grad()
        self.network._loss(*self.valid).backward()
        self.adam.step()
        self._forget()
        images, labels = self.train
        self.network._criterion(self.network(images), labels).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5)
        self.sgd.step()
        self._forget()

    def _forget(self) -> None:
        self.sgd.zero_grad()
        self.adam.zero_grad()


def pairs(theirs: Any, ours: CellSupernet) -> Iterator[tuple[nn.Parameter, nn.Parameter, slice]]:
    """Every parameter of theirs, and the rows of ours that stand for it."""
    everything = slice(None)
    outside = [(theirs.stem, ours.stem), (theirs.lastact[0], ours.head.norm)]
    outside.append((theirs.classifier, ours.head.classifier))
    for cell, (_, block) in zip(theirs.cells, ours.blocks(), strict=True):
        if isinstance(block, MixedCell):
            yield from _pairs_of_cell(cell, block)
            continue
        own: Any = block
        outside += [
            (cell.conv_a.op[1], own.conv_a), (cell.conv_a.op[2], own.norm_a),
            (cell.conv_b.op[1], own.conv_b), (cell.conv_b.op[2], own.norm_b),
            (cell.downsample[1], own.shortcut),
        ]  # fmt: skip
    for one, other in outside:
        for a, b in zip(one.parameters(), other.parameters(), strict=True):
            yield a, b, everything


def _pairs_of_cell(cell: Any, own: MixedCell) -> Iterator[tuple[nn.Parameter, nn.Parameter, slice]]:
    for name, operations in cell.edges.items():
        target, source = map(int, name.split("<-"))
        convolutions = {1: operations[2].op[1], 3: operations[3].op[1]}
        for branch in own.branches(source):
            first = (target - source - 1) * branch.channels
            rows = slice(first, first + branch.channels)
            yield convolutions[branch.weight.shape[-1]].weight, branch.weight, rows

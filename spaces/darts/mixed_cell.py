"""A DARTS cell whose edges are weighted sums of all operations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, max_pool2d, pad

from nasbench_harness.contracts import Grown, OperationParameter, OperationPlace
from nasbench_harness.hardware import onto
from nasbench_harness.spaces.darts.branches import channels_last, from_blocks
from nasbench_harness.spaces.darts.encoding import INPUTS, NONE, SKIP
from nasbench_harness.spaces.darts.leaving import Brought, Inputs, Leaving, MixedNorms
from nasbench_harness.spaces.darts.operations import HalvingSkip, Norms, Preprocess
from nasbench_harness.spaces.darts.places import CellPlace
from nasbench_harness.spaces.darts.variants import CellVariant


class Weights:
    """The weights of one forward pass, with the choices that are to be computed."""

    def __init__(
        self,
        weights: Tensor,
        active: Tensor | None,
        variant: CellVariant,
        skip_dropout: float = 0.0,
    ) -> None:
        """`weights` [D, K] or [B, D, K]; `active` bool [D, K] on the host, None for all.

        `skip_dropout` is the share of what skips pass on that is dropped out.

        Weights on the host that carry no gradient name their zeros themselves.
        """
        if active is None and weights.device.type == "cpu" and not weights.requires_grad:
            active = (weights != 0).reshape(-1, *weights.shape[-2:]).any(dim=0)
        rows = None if active is None else active.tolist()
        self.chosen: list[list[int]] = [
            [k for k, name in enumerate(names) if name != NONE and (rows is None or rows[d][k])]
            for d, names in enumerate(variant.options)
        ]
        """By decision the options to compute."""
        self.complete = rows is None or all(
            len(chosen) == sum(name != NONE for name in names)
            for chosen, names in zip(self.chosen, variant.options, strict=True)
        )
        """Are these all that there are."""
        self.weights = weights.to(torch.promote_types(weights.dtype, torch.float32))
        self._active, self.skip_dropout = active, skip_dropout
        # No cached property: in Python 3.11 it takes a lock, which a compiler cannot trace.
        self._edges: list[Tensor] | None = None
        self.flat = pad(self.weights.flatten(-2), (0, 1))
        """[D * K + 1] or [B, D * K + 1], with a 0 at the end."""

    @property
    def edges(self) -> list[Tensor]:
        """[D]: what each edge weighs altogether, a tensor of its own, [] or [B, 1, 1, 1]."""
        if self._edges is None:
            self._edges = self._sums()
        return self._edges

    def _sums(self) -> list[Tensor]:
        weights = self.weights
        if self._active is not None:
            weights = weights.masked_fill(~onto(self._active, weights.device), 0.0)
        sums = weights.sum(dim=-1)
        return list(sums.unbind() if sums.dim() == 1 else sums.T[..., None, None, None].unbind())

    def of(self, decision: int, option: int) -> Tensor:
        """One weight, [] or [B, 1, 1, 1]."""
        weight = self.weights[..., decision, option]
        return weight if weight.dim() == 0 else weight[:, None, None, None]


class MixedDARTSCell(nn.Module):
    """Two maps to the maps of all its nodes.

    With partial channels only the first 1/partial of a node's channels passes through the
    operations; the others bypass them, pooled where the stride is 2, and a channel shuffle follows
    (PC-DARTS, DrNAS).
    """

    def __init__(
        self, place: CellPlace, variant: CellVariant, norms: MixedNorms, partial: int = 1
    ) -> None:
        super().__init__()
        self.place, self.variant, self.partial = place, variant, partial
        self.weighs_edges = False
        plain = Norms(affine=False, track=norms.track)
        reduce = HalvingSkip if place.halved else Preprocess
        self.before_last = reduce(place.before_last, place.channels, plain)
        self.last = Preprocess(place.last, place.channels, plain)
        self.first = variant.kinds.index(place.kind) * len(variant.edges)
        """The decision of the cell's first edge."""
        inner = place.channels // partial
        nodes = range(INPUTS + variant.nodes - 1)
        self.leaving = nn.ModuleList(
            Leaving(
                [variant.options[d] for d in self.decisions(node)],
                inner,
                place.stride if node < INPUTS else 1,
                norms,
            )
            for node in nodes
        )
        self.auxiliary = nn.ModuleList(
            Leaving(
                [("skip_connect",)] * len(self.decisions(node)),
                inner,
                place.stride if node < INPUTS else 1,
                norms,
            )
            for node in (nodes if variant.auxiliary_skip else ())
        )
        self.register_buffer("index", self._index(), persistent=False)

    index: Tensor

    def decisions(self, source: int) -> list[int]:
        """Of the edges that leave a node, the nearest target first."""
        edges = self.variant.edges
        return [self.first + place for place, (_, of) in enumerate(edges) if of == source]

    def targets(self, source: int) -> range:
        """The nodes that edges lead to from a node."""
        return range(max(INPUTS, source + 1), INPUTS + self.variant.nodes)

    def forward(self, before_last: Tensor, last: Tensor, weights: Weights) -> Tensor:
        """[B, nodes * C, H, W]."""
        states = [channels_last(self.before_last(before_last)), channels_last(self.last(last))]
        brought = [Brought() for _ in range(INPUTS + self.variant.nodes)]
        bypassed: list[Tensor] = []
        wide = iter(self._scales(weights)) if weights.complete else None
        for source, leaving in enumerate(self.leaving):
            assert isinstance(leaving, Leaving)
            if source >= INPUTS:
                past = self._bypassing(source, bypassed, weights)
                states.append(self._node(brought[source], past, states))
            x = self._inner(states[source], leaving.stride, bypassed)
            targets = [brought[target] for target in self.targets(source)]
            if wide is not None:
                leaving.wide(x, next(wide), targets)
            else:
                self._single(source, leaving, x, weights, targets)
            if weights.skip_dropout and leaving.stride == 1:
                self._drop(source, leaving, x, weights, targets)
            if self.variant.auxiliary_skip:
                self._skip(source, x, targets)
        past = self._bypassing(INPUTS + self.variant.nodes - 1, bypassed, weights)
        states.append(self._node(brought[-1], past, states))
        return torch.cat(states[INPUTS:], dim=1)

    def _single(
        self, source: int, leaving: Leaving, x: Tensor, weights: Weights, targets: list[Brought]
    ) -> None:
        """Edge by edge, only what is needed."""
        inputs = Inputs(leaving, x)
        for edge, (decision, target) in enumerate(
            zip(self.decisions(source), targets, strict=True)
        ):
            for option in weights.chosen[decision]:
                name, scale = leaving.options[edge][option], weights.of(decision, option)
                leaving.one(inputs, edge, name, scale, target)

    def _drop(
        self, source: int, leaving: Leaving, x: Tensor, weights: Weights, targets: list[Brought]
    ) -> None:
        """What dropping out changes of the skips that leave a node, each by itself."""
        rows = zip(self.decisions(source), leaving.options, targets, strict=True)
        for decision, names, target in rows:
            skip = names.index(SKIP) if SKIP in names else -1
            if skip in weights.chosen[decision]:
                change = dropout(x, weights.skip_dropout) - x
                target.maps.append(change * weights.of(decision, skip).to(x.dtype))

    def _skip(self, source: int, x: Tensor, targets: list[Brought]) -> None:
        """The skips beside what is searched."""
        beside = self.auxiliary[source]
        assert isinstance(beside, Leaving)
        inputs, one = Inputs(beside, x), x.new_ones(())
        for edge, target in enumerate(targets):
            beside.one(inputs, edge, "skip_connect", one, target)

    def _inner(self, x: Tensor, stride: int, bypassed: list[Tensor]) -> Tensor:
        """The channels that pass through the operations."""
        if self.partial == 1:
            return x
        inner = x.shape[1] // self.partial
        outer = x[:, inner:]
        bypassed.append(outer if stride == 1 else max_pool2d(outer, 2, 2, ceil_mode=True))
        return channels_last(x[:, :inner])

    def _bypassing(self, target: int, bypassed: list[Tensor], weights: Weights) -> list[Tensor]:
        """What reaches a node past the operations, edge by edge."""
        if not self.weighs_edges:
            return bypassed
        edges = {
            source: edge for edge, (of, source) in enumerate(self.variant.edges) if of == target
        }
        return [
            values * weights.edges[self.first + edges[source]].to(values.dtype)
            for source, values in enumerate(bypassed)
        ]

    def _node(self, brought: Brought, bypassed: list[Tensor], states: list[Tensor]) -> Tensor:
        """The sum of what reaches a node."""
        maps = list(brought.maps)
        if brought.blocks:
            maps.append(from_blocks(_sum(brought.blocks)))
        if not maps:
            maps.append(self._nothing(states))
        total = _sum(maps)
        if self.partial == 1:
            return channels_last(total)
        return _shuffle(torch.cat([total, _sum(bypassed)], dim=1), self.partial)

    def _nothing(self, states: list[Tensor]) -> Tensor:
        """Zeros in the shape of a node."""
        x = states[-1] if len(states) > INPUTS else states[0]
        stride = self.place.stride if len(states) == INPUTS else 1
        inner = self.place.channels // self.partial
        return x[:, :inner, ::stride, ::stride] * 0.0

    # --- parameters by operation -----------------------------------------------------------------

    def operation_parameters(self, cell: int) -> list[OperationParameter]:
        """Of what is searched, but not of the skips beside it; edges share those of a branch."""
        found: list[OperationParameter] = []
        for source, leaving in enumerate(self.leaving):
            assert isinstance(leaving, Leaving)
            rows = self.decisions(source)
            for name, branch in leaving.each_branch():
                places = tuple(
                    OperationPlace(cell, rows[edge], leaving.options[edge].index(name))
                    for edge in branch.positions
                )
                found += [OperationParameter(each, places) for each in branch.parameters()]
        return found

    # --- more channels ---------------------------------------------------------------------------

    def widen(self, partial: int, generator: torch.Generator) -> list[Grown]:
        """From now on 1/partial of the channels passes through the operations."""
        self.partial = partial
        channels = self.place.channels // partial
        grown = [g for leaving in self._leaving() for g in leaving.widen(channels, generator)]
        self.index = self._index().to(self.index.device)
        return grown

    def _leaving(self) -> list[Leaving]:
        """What leaves each node, and the skips beside it."""
        return [cast("Leaving", part) for part in chain(self.leaving, self.auxiliary)]

    # --- weights of wide operations --------------------------------------------------------------

    def _scales(self, weights: Weights) -> list[dict[str, Tensor]]:
        """By node and operation, the weights of the channels; one look-up for all of them."""
        found = weights.flat.index_select(-1, self.index)
        parts = iter(torch.split(found, [len(one) for one in self._indices()], dim=-1))
        scales: list[dict[str, Tensor]] = []
        for leaving in self.leaving:
            assert isinstance(leaving, Leaving)
            own = {name: _per_channel(next(parts)) for name, _ in leaving.each_branch()}
            if leaving.plain:
                edges, plain = len(leaving.options), len(leaving.plain)
                own["plain"] = torch.unflatten(next(parts), -1, (edges, plain))
            scales.append(own)
        return scales

    def _index(self) -> Tensor:
        """Where in the flat weights all of them stand, one after the other."""
        return torch.tensor(list(chain.from_iterable(self._indices())))

    def _indices(self) -> list[list[int]]:
        """By node and operation the places of the weights: of each channel, or of each edge."""
        options = max(map(len, self.variant.options))
        missing = options * len(self.variant.options)
        found: list[list[int]] = []
        for source, leaving in enumerate(self.leaving):
            assert isinstance(leaving, Leaving)
            rows = self.decisions(source)
            for name, branch in leaving.each_branch():
                places = [
                    rows[edge] * options + leaving.options[edge].index(name)
                    for edge in branch.positions
                ]
                found.append([place for place in places for _ in range(branch.channels)])
            if leaving.plain:
                found.append(
                    [
                        row * options + names.index(name) if name in names else missing
                        for row, names in zip(rows, leaving.options, strict=True)
                        for name in leaving.plain
                    ]
                )
        return found


def _per_channel(scale: Tensor) -> Tensor:
    """[n * C], or [B, n * C, 1, 1] of weights per example."""
    return scale if scale.dim() == 1 else scale[:, :, None, None]


def _sum(terms: Sequence[Tensor]) -> Tensor:
    first, *others = terms
    if not others:
        return first
    total = first + others[0]
    for term in others[1:]:
        total.add_(term)
    return total


def _shuffle(x: Tensor, groups: int) -> Tensor:
    """Channel i of group g becomes channel g of group i."""
    batch, channels, height, width = x.shape
    grouped = x.view(batch, groups, channels // groups, height, width)
    return channels_last(grouped.transpose(1, 2).reshape(batch, channels, height, width))

"""The stand-alone network of a DARTS architecture, as DARTS' authors evaluate it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from nasbench_harness.contracts import NetworkShape
from nasbench_harness.spaces.darts.auxiliary import AuxiliaryClassifier
from nasbench_harness.spaces.darts.encoding import INPUTS, CellEdges
from nasbench_harness.spaces.darts.operations import (
    HalvingSkip,
    Norms,
    Preprocess,
    make_operation,
)
from nasbench_harness.spaces.darts.places import CellPlace
from nasbench_harness.spaces.darts.skeleton import CellChain

EVALUATED = Norms()


class DiscreteCell(nn.Module):
    """A cell with two edges a node; its output are all nodes, one after the other."""

    def __init__(self, cell: CellEdges, place: CellPlace, norms: Norms = EVALUATED) -> None:
        super().__init__()
        reduce = HalvingSkip if place.halved else Preprocess
        self.before_last = reduce(place.before_last, place.channels, norms)
        self.last = Preprocess(place.last, place.channels, norms)
        self.sources = [edge.source for node in cell for edge in node]
        self.operations = nn.ModuleList(
            make_operation(
                edge.operation, place.channels, place.stride if edge.source < INPUTS else 1, norms
            )
            for node in cell
            for edge in node
        )

    def forward(self, before_last: Tensor, last: Tensor, drop_path: float) -> Tensor:
        """Two maps to [B, nodes * C, H, W]."""
        states = [self.before_last(before_last), self.last(last)]
        brought: list[Tensor] = []
        for source, operation in zip(self.sources, self.operations, strict=True):
            value = operation(states[source])
            if drop_path and self.training and not isinstance(operation, nn.Identity):
                value = drop(value, drop_path)
            brought.append(value)
            if len(brought) == 2:
                states.append(self.node(states, brought[0] + brought[1]))
                brought = []
        return torch.cat(states[INPUTS:], dim=1)

    def node(self, states: Sequence[Tensor], brought: Tensor) -> Tensor:
        """The next node, of those before it and of what its two edges bring: just that."""
        return brought


def drop(x: Tensor, probability: float) -> Tensor:
    """Drop path: all of an image's values, or none and the kept ones divided by their share."""
    kept = torch.empty(x.shape[0], 1, 1, 1, dtype=x.dtype, device=x.device)
    return x * kept.bernoulli_(1 - probability).div_(1 - probability)


class EvaluationNetwork(CellChain):
    """Images [B, channels, H, W] to logits [B, classes].

    `drop_path` is the largest probability of a dropped path, which grows in proportion to the
    epochs; 0: none is dropped.
    """

    def __init__(
        self,
        cells: Mapping[str, CellEdges],
        shape: NetworkShape,
        make_cell: Callable[[CellEdges, CellPlace], DiscreteCell] = DiscreteCell,
    ) -> None:
        """ValueError for a width that cannot be halved."""
        kinds = tuple(cells)
        nodes = len(cells[kinds[0]])
        super().__init__(shape, nodes, kinds, lambda place: make_cell(cells[place.kind], place))
        self.drop_path = self.label_smoothing = 0.0
        self._dropped = 0.0
        self.auxiliary: AuxiliaryClassifier | None = None
        self.auxiliary_weight = 0.0

    def add_auxiliary(self, weight: float) -> None:
        """From now on `loss` counts a second classifier by `weight`, two thirds of the way down."""
        behind = 2 * self.shape.cells // 3
        channels = self._channels(behind)
        self.auxiliary = AuxiliaryClassifier(channels, self.shape.classes, large=self.large)
        self.auxiliary_weight = weight

    def begin_epoch(self, fraction: float) -> None:
        """Paths are dropped with that fraction of `drop_path`."""
        self._dropped = self.drop_path * fraction

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        return self._both(images)[0]

    def loss(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Mean cross-entropy with the second classifier's; the logits beside it."""
        logits, auxiliary = self._both(images)
        smoothing = self.label_smoothing
        loss = cross_entropy(logits, labels, label_smoothing=smoothing)
        if auxiliary is not None:
            of_auxiliary = cross_entropy(auxiliary, labels, label_smoothing=smoothing)
            loss = loss + self.auxiliary_weight * of_auxiliary
        return loss, logits

    def _both(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        auxiliary = None
        before_last, last = self.inputs(images)
        for number, cell in enumerate(self.cells):
            before_last, last = last, cell(before_last, last, self._dropped)
            if self.training and self.auxiliary and number == 2 * self.shape.cells // 3:
                auxiliary = self.auxiliary(last)
        return self.head(last), auxiliary

    def _channels(self, number: int) -> int:
        """What a cell gives."""
        cell = self.cells[number]
        assert isinstance(cell, DiscreteCell)
        width = cast("nn.Conv2d", cell.last[1]).out_channels
        return width * (len(cell.sources) // 2)

"""The DARTS supernet: every cell of the space in one network, with shared weights."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import torch
from torch import Tensor

from nasbench_harness.contracts import Grown, NetworkShape, OperationParameter
from nasbench_harness.spaces.darts.branches import channels_last
from nasbench_harness.spaces.darts.leaving import MixedNorms
from nasbench_harness.spaces.darts.mixed_cell import MixedDARTSCell, Weights
from nasbench_harness.spaces.darts.places import STEM, check_width, is_large
from nasbench_harness.spaces.darts.skeleton import CellChain
from nasbench_harness.spaces.darts.variants import CellVariant
from nasbench_harness.spaces.shared.mixing import CellwiseSupernet, PlainSupernet


class DARTSSupernet(CellChain, CellwiseSupernet, PlainSupernet):
    """See `nasbench_harness.contracts.Supernet`.

    That of UNAS' variant begins with three times the width on large images too, as the authors'
    search network does: of width 16, with cells of 48 channels.
    """

    def __init__(
        self,
        shape: NetworkShape,
        variant: CellVariant,
        *,
        track_running_stats: bool = True,
        partial: int = 1,
    ) -> None:
        """ValueError for a width that cannot be divided by `partial`, or halved."""
        check_width(shape, partial)
        if variant.repeats and is_large(shape):
            shape = replace(shape, width=STEM * shape.width)
        self.variant, self.partial = variant, partial
        self._weighs_edges, self.skip_dropout = False, 0.0
        self.norms = MixedNorms(track_running_stats, after_pools=not variant.repeats)
        super().__init__(
            shape,
            variant.nodes,
            variant.kinds,
            lambda place: MixedDARTSCell(place, variant, self.norms, partial),
        )
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Tensor, weights: Tensor, active: Tensor | None = None) -> Tensor:
        """Logits [B, classes]."""
        mixed = self._mixing(weights, active)
        before_last, last = self.inputs(channels_last(images))
        for place, cell in enumerate(self.cells):
            if self.cell_shifts is not None:
                mixed = self._mixing(self.weights_in(place, weights), active)
            before_last, last = last, cell(before_last, last, mixed)
        return self.head(last)

    def _mixing(self, weights: Tensor, active: Tensor | None) -> Weights:
        skip_dropout = self.skip_dropout if self.training else 0.0
        return Weights(weights, active, self.variant, skip_dropout)

    def cell_decisions(self) -> list[range]:
        """See `nasbench_harness.contracts.CellShifts`."""
        firsts = [cast("MixedDARTSCell", cell).first for cell in self.cells]
        return [range(first, first + len(self.variant.edges)) for first in firsts]

    def operation_parameters(self) -> list[OperationParameter]:
        """See `nasbench_harness.contracts.OperationParameters`."""
        return [
            found
            for place, cell in enumerate(self.cells)
            for found in cast("MixedDARTSCell", cell).operation_parameters(place)
        ]

    @property
    def weighs_edges(self) -> bool:
        """See `EdgeWeighing`."""
        return self._weighs_edges

    @weighs_edges.setter
    def weighs_edges(self, weighs: bool) -> None:
        self._weighs_edges = weighs
        for cell in self.cells:
            cast("MixedDARTSCell", cell).weighs_edges = weighs

    def use_channels(self, factor: int, generator: torch.Generator) -> list[Grown]:
        """Widen every mixed operation to 1/factor of the channels; see `widening`.

        ValueError if it would have to shrink or cannot be divided.
        """
        width = self.shape.width
        if factor > self.partial or width % factor:
            told = f"1/{self.partial} of {width} channels cannot become 1/{factor} of them"
            raise ValueError(told)
        cells = [cast("MixedDARTSCell", cell) for cell in self.cells]
        self.partial = factor
        return [grown for cell in cells for grown in cell.widen(factor, generator)]

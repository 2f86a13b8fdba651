"""Stem, chain of cells and head: what searched and evaluated DARTS networks have in common."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from nasbench_harness.contracts import NetworkShape
from nasbench_harness.spaces.darts.places import STEM, CellPlace, check_width, is_large, places


class CellChain(nn.Module):
    """Stem, cells and classifier around whatever stands for a cell."""

    def __init__(
        self,
        shape: NetworkShape,
        nodes: int,
        kinds: tuple[str, ...],
        make_cell: Callable[[CellPlace], nn.Module],
    ) -> None:
        """ValueError for a width that ImageNet's stem cannot halve."""
        super().__init__()
        self.shape = shape
        self.large = is_large(shape)
        if self.large:
            self.stem0, self.stem1 = _large_stems(shape)
        else:
            self.stem = _small_stem(shape)
        chain = list(places(shape, nodes, kinds))
        self.cells = nn.ModuleList(make_cell(place) for place in chain)
        self.classifier = nn.Linear(nodes * chain[-1].channels, shape.classes)

    def inputs(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """What the first cell reads."""
        if not self.large:
            stem: Tensor = self.stem(images)
            return stem, stem
        first: Tensor = self.stem0(images)
        return first, self.stem1(first)

    def head(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to logits [B, classes]."""
        logits: Tensor = self.classifier(x.mean(dim=(2, 3)))
        return logits


def _small_stem(shape: NetworkShape) -> nn.Module:
    width = STEM * shape.width
    convolution = nn.Conv2d(shape.in_channels, width, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(width))


def _large_stems(shape: NetworkShape) -> tuple[nn.Module, nn.Module]:
    width, half = shape.width, shape.width // 2
    check_width(shape)
    first = nn.Sequential(
        nn.Conv2d(shape.in_channels, half, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(half),
        nn.ReLU(),
        nn.Conv2d(half, width, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(width),
    )
    second = nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(width, width, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(width),
    )
    return first, second

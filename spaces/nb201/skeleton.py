"""What surrounds the cells of NAS-Bench-201, in supernets and in stand-alone networks alike.

Stem, three stages of cells with a residual reduction block between them, head (Dong & Yang, ICLR
2020, section 2.1). The batch norms out here always learn an affine map and keep running statistics,
as in every stand-alone network and in the search networks of NAS-Bench-201's and DrNAS' authors;
that of NATS-Bench treats its last norm like those in the cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, relu

from nasbench_harness.contracts import NetworkShape

STAGES = 3


class Stem(nn.Sequential):
    """Convolution 3x3 and batch norm, without ReLU."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__(
            nn.Conv2d(shape.in_channels, shape.width, 3, padding=1, bias=False),
            nn.BatchNorm2d(shape.width),
        )


class Reduction(nn.Module):
    """Halves height and width and doubles the channels; the first ReLU is on the main path only."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        wide = 2 * channels
        self.conv_a = nn.Conv2d(channels, wide, 3, stride=2, padding=1, bias=False)
        self.norm_a = nn.BatchNorm2d(wide)
        self.conv_b = nn.Conv2d(wide, wide, 3, padding=1, bias=False)
        self.norm_b = nn.BatchNorm2d(wide)
        self.shortcut = nn.Conv2d(channels, wide, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, 2C, H/2, W/2]."""
        main: Tensor = self.norm_a(self.conv_a(relu(x)))
        main = self.norm_b(self.conv_b(relu(main)))
        shortcut: Tensor = self.shortcut(avg_pool2d(x, 2, 2))
        return main + shortcut


class Head(nn.Module):
    """Batch norm, ReLU, global average pool, linear classifier."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to logits [B, classes]."""
        logits: Tensor = self.classifier(image_means(relu(self.norm(x))))
        return logits


def image_means(x: Tensor) -> Tensor:
    """[B, C, H, W] to [B, C]; the gradients of channels-last maps are channels-last, too.

    Those of a mean over two dimensions are not on a CPU, and make all that follows slow.
    """
    if not x.is_contiguous(memory_format=torch.channels_last):
        return x.mean(dim=(2, 3))
    return x.permute(0, 2, 3, 1).flatten(1, 2).mean(dim=1)


class Skeleton(nn.Module):
    """Stem, stages and head around whatever stands for a cell."""

    def __init__(self, shape: NetworkShape, make_cell: Callable[[int], nn.Module]) -> None:
        """`make_cell` builds a cell of that many channels, for each of its places."""
        super().__init__()
        self.shape = shape
        self.stem = Stem(shape)
        widths = [shape.width * 2**stage for stage in range(STAGES)]
        self.stages = nn.ModuleList(
            nn.ModuleList(make_cell(width) for _ in range(shape.cells)) for width in widths
        )
        self.reductions = nn.ModuleList(map(Reduction, widths[:-1]))
        self.head = Head(widths[-1], shape.classes)

    def blocks(self) -> Iterator[tuple[int, nn.Module]]:
        """Reductions and cells in the order data passes, each with its number of channels."""
        for stage, cells in enumerate(self.stages):
            width = self.shape.width * 2**stage
            if stage:
                yield width, self.reductions[stage - 1]
            yield from ((width, cell) for cell in cells.children())

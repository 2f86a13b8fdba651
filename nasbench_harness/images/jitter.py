"""Random changes of brightness, contrast, saturation and hue, as ImageNet recipes have them.

What torchvision's `ColorJitter` does to single uint8 images: all four in an order of each image's
own, each by a factor drawn evenly. Here a whole batch is changed at once, on the device of its
pixels, and what chance there is comes from generators on the host, one an image, so that neither
the batch nor the processes that decode matter.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from nasbench_harness.hardware import onto

CHANGES = 4
"""Brightness, contrast, saturation, hue: as strengths name them."""
GREY = (0.2989, 0.587, 0.114)
"""What red, green and blue count in a grey image (ITU-R 601)."""
_GREATEST = 255
_BELOW = 255 + 1 - 1e-3  # a share of 1 becomes 255, and every level as many shares as the others


class ColorJitter:
    """Changes the colours of uint8 images [B, C, H, W] by strengths that are each at least 0.

    A strength s of the first three draws a factor from max(0, 1 - s) to 1 + s, one of the hue
    (at most 0.5) a part of the colour circle from -s to s. Grey images have no saturation or hue.
    """

    def __init__(self, strengths: Sequence[float]) -> None:
        """Four strengths in the order of `CHANGES`; 0 leaves one out."""
        self.strengths = tuple(strengths)

    def __call__(self, pixels: Tensor, chances: Sequence[random.Random]) -> Tensor:
        """The images with their colours changed, each by the chance of its own; new pixels."""
        drawn = [self.draw(chance) for chance in chances]
        factors = onto(torch.tensor([own for _, own in drawn]), pixels.device)
        changed = pixels.clone()
        for place in range(CHANGES):
            for what, change in enumerate(_CHANGES):
                chosen = [n for n, (order, _) in enumerate(drawn) if order[place] == what]
                if self.strengths[what] and chosen:
                    index = onto(torch.tensor(chosen), pixels.device)
                    own = factors[index, what, None, None, None]
                    changed[index] = change(changed[index], own)
        return changed

    def draw(self, chance: random.Random) -> tuple[list[int], list[float]]:
        """Of one image: the order of the changes, and their factors."""
        *others, hue = self.strengths
        factors = [chance.uniform(max(0.0, 1 - s), 1 + s) for s in others]
        return chance.sample(range(CHANGES), CHANGES), [*factors, chance.uniform(-hue, hue)]


def _brighter(pixels: Tensor, factors: Tensor) -> Tensor:
    return _blend(pixels, torch.zeros((), device=pixels.device), factors)


def _with_contrast(pixels: Tensor, factors: Tensor) -> Tensor:
    return _blend(pixels, _grey(pixels).mean(dim=(-3, -2, -1), keepdim=True), factors)


def _saturated(pixels: Tensor, factors: Tensor) -> Tensor:
    return pixels if pixels.shape[1] == 1 else _blend(pixels, _grey(pixels), factors)


def _grey(pixels: Tensor) -> Tensor:
    """Whole levels, as floats [B, 1, H, W]."""
    if pixels.shape[1] == 1:
        return pixels.float()
    red, green, blue = pixels.float().unbind(dim=1)
    return (GREY[0] * red + GREY[1] * green + GREY[2] * blue).floor().unsqueeze(1)


def _blend(pixels: Tensor, others: Tensor, factors: Tensor) -> Tensor:
    mixed = factors * pixels.float() + (1 - factors) * others
    return mixed.clamp(0, _GREATEST).to(torch.uint8)


def _with_hue(pixels: Tensor, shifts: Tensor) -> Tensor:
    """Around the circle of hues, value and saturation as they are (HSV)."""
    if pixels.shape[1] == 1:
        return pixels
    colours = pixels.float() / _GREATEST
    value, least = colours.amax(dim=1, keepdim=True), colours.amin(dim=1, keepdim=True)
    hue = (_hue(colours, value, value - least) + shifts) % 1.0
    places = onto(torch.tensor([5.0, 3.0, 1.0]), pixels.device)[:, None, None]
    distance = (places + 6 * hue) % 6
    turned = value - (value - least) * torch.minimum(distance, 4 - distance).clamp(0, 1)
    return (turned * _BELOW).to(torch.uint8)


def _hue(colours: Tensor, value: Tensor, chroma: Tensor) -> Tensor:
    """[B, 1, H, W] in shares of the circle; 0 of what is grey."""
    red, green, blue = torch.split(colours, 1, dim=1)
    span = torch.where(chroma > 0, chroma, 1)
    sixth = torch.where(
        value == red,
        (green - blue) / span,
        torch.where(value == green, 2 + (blue - red) / span, 4 + (red - green) / span),
    )
    return (sixth / 6) % 1.0


_CHANGES: tuple[Callable[[Tensor, Tensor], Tensor], ...] = (
    _brighter, _with_contrast, _saturated, _with_hue,
)  # fmt: skip

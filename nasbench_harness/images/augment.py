"""Random crops, flips, colours and cutout of whole batches, on the device of their pixels."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import onto
from nasbench_harness.images.jitter import ColorJitter
from nasbench_harness.images.parts import ImageDataset


class Augment:
    """Turns uint8 batches into what a network is fed, without waiting for the device.

    Training images are padded with black, cropped at random, mirrored half of the time where the
    data set allows it (`dataset.flip`), normalised, and cut out: the recipe of every CIFAR search
    here and of the NAS-Bench-201 tables. Crop and mirror are one gather per batch, normalisation
    is one multiplication and one addition.
    """

    def __init__(  # noqa: PLR0913 - keywords, each a part of a recipe
        self,
        dataset: ImageDataset,
        *,
        device: torch.device | str,
        dtype: torch.dtype = torch.float32,
        cutout: int = 0,
        color_jitter: Sequence[float] = (),
        channels_last: bool = True,
        at_random: bool = True,
    ) -> None:
        """Prepare for images like those of `dataset`, on `device`.

        `cutout` is the side of the erased square in pixels, 0 for none (DeVries and Taylor, 2017),
        `color_jitter` the strengths of a `ColorJitter`, none for no change of colours.
        `channels_last` is the memory format of the results, which are [B, C, H, W] either way.
        Without `at_random` training images are those of tests.
        Raises HarnessError for a negative cutout.
        """
        if cutout < 0:
            raise HarnessError(f"A cutout of {cutout} pixels is none; give 0 or more.")
        self.at_random = at_random
        self.cutout = cutout
        self.jitter = ColorJitter(color_jitter) if any(color_jitter) else None
        self.dtype = dtype
        self.channels_last = channels_last
        self._shape = (dataset.train.channels, *dataset.train.size)
        self._padding = dataset.padding
        self._exact = torch.float64 if dtype is torch.float64 else torch.float32
        mean = torch.tensor(dataset.mean, dtype=torch.float64)
        std = torch.tensor(dataset.std, dtype=torch.float64)
        self._scale = (1 / (255 * std)).to(device, self._exact)
        self._shift = (-mean / std).to(device, self._exact)
        self._row_scale, self._row_shift = self._along(self._scale), self._along(self._shift)
        self._layout = _layout(self._shape, self._padding, channels_last, device)
        shift = 2 * self._padding + 1
        spans = [shift, shift, 2 if dataset.flip else 1, *self._shape[1:]]
        self._spans = torch.tensor(spans[: 5 if cutout else 3], device=device).float()[:, None]

    def train(self, pixels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Crop, mirror, normalise and cut out at random: uint8 [B, C, H, W] to `dtype`, same shape.

        Every image draws a crop among (2 * padding + 1) squared; cutout draws its centre anywhere
        in the image and is clipped at the border. The generator is on the device of the pixels and
        is all that chance there is.
        """
        if not self.at_random:
            return self.test(pixels)
        self._check(pixels)
        batch = len(pixels)
        draws = torch.rand(len(self._spans), batch, generator=generator, device=pixels.device)
        drawn = draws.mul_(self._spans).int()
        rows = self._gather(pixels.contiguous(), drawn)
        rows.mul_(self._row_scale).add_(self._row_shift)
        if self.cutout:
            rows.mul_(self._kept(drawn[3], drawn[4]))
        return self._images(rows).to(self.dtype)

    def recoloured(self, pixels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """The same pixels with other colours, if they are changed; the generator is on the host."""
        if not self.at_random or self.jitter is None:
            return pixels
        seeds = torch.randint(2**62, (len(pixels),), generator=generator)
        return self.jitter(pixels, [random.Random(seed) for seed in seeds.tolist()])

    def cropped(self, pixels: torch.Tensor, seeds: Sequence[int]) -> torch.Tensor:
        """As `train`, of images that are cropped and mirrored: colours, normalise and cut out.

        All chance is that of the seeds, one an image.
        """
        if not self.at_random or not (self.jitter or self.cutout):
            return self.test(pixels)
        chances = [random.Random(seed) for seed in seeds]
        images = self.test(self.jitter(pixels, chances) if self.jitter else pixels)
        if not self.cutout:
            return images
        height, width = self._shape[1:]
        centres = [(chance.randrange(height), chance.randrange(width)) for chance in chances]
        y, x = onto(torch.tensor(centres), images.device).unbind(dim=1)
        rows, columns = (torch.arange(n, device=images.device) for n in (height, width))
        rows, columns = self._outside(rows, y), self._outside(columns, x)
        kept = torch.maximum(rows[:, :, None], columns[:, None, :])
        return images.mul_(kept[:, None].to(images.dtype))

    def test(self, pixels: torch.Tensor) -> torch.Tensor:
        """Normalise alone: uint8 [B, C, H, W] to `dtype`, same shape."""
        self._check(pixels)
        scaled = pixels.to(self._exact).mul_(self._scale[:, None, None])
        wanted = torch.channels_last if self.channels_last else torch.contiguous_format
        shifted = scaled.add_(self._shift[:, None, None])
        return shifted.to(self.dtype).contiguous(memory_format=wanted)

    def _check(self, pixels: torch.Tensor) -> None:
        if tuple(pixels.shape[1:]) != self._shape or pixels.dtype is not torch.uint8:
            raise ValueError(
                f"Expected uint8 images of {self._shape}, got {pixels.dtype} of"
                f" {tuple(pixels.shape[1:])}."
            )

    def _gather(self, pixels: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
        """The chosen crops, mirrored or not, as [B, R, L]."""
        layout, (channels, height, width) = self._layout, self._shape
        padded = F.pad(pixels, (self._padding,) * 4)
        line = width + 2 * self._padding
        image = channels * line * (height + 2 * self._padding)
        start = torch.arange(len(pixels), dtype=torch.int32, device=pixels.device) * image
        row = (start + drawn[0] * line)[:, None] + layout.row_starts
        place = drawn[1][:, None] + layout.place_starts + drawn[2][:, None] * layout.mirror
        # int32 halves the memory the largest tensor here takes, and with it most of the time
        index = row[:, :, None] + place[:, None, :]
        return padded.view(-1).index_select(0, index.view(-1)).view(index.shape).to(self._exact)

    def _along(self, values: torch.Tensor) -> torch.Tensor:
        """A value per channel as one per row or per place of a row."""
        _, height, width = self._shape
        if self.channels_last:
            return values.repeat(width)
        return values.repeat_interleave(height)[:, None]

    def _kept(self, centre_y: torch.Tensor, centre_x: torch.Tensor) -> torch.Tensor:
        """[B, R, L]: 0 in the square that is cut out, 1 elsewhere."""
        outside_rows = self._outside(self._layout.rows, centre_y)
        outside_places = self._outside(self._layout.places, centre_x)
        return torch.maximum(outside_rows[:, :, None], outside_places[:, None, :])

    def _outside(self, positions: torch.Tensor, centre: torch.Tensor) -> torch.Tensor:
        offset = positions - (centre - self.cutout // 2)[:, None]
        return ((offset < 0) | (offset >= self.cutout)).to(self._exact)

    def _images(self, rows: torch.Tensor) -> torch.Tensor:
        """[B, R, L] seen as [B, C, H, W]."""
        channels, height, width = self._shape
        if self.channels_last:
            return rows.view(-1, height, width, channels).permute(0, 3, 1, 2)
        return rows.view(-1, channels, height, width)


@dataclass(frozen=True)
class _Layout:
    """A batch as it lies in memory, [B, R, L], and where each value is in a padded image.

    With channels last a row is a row of pixels (R = H, L = W * C), otherwise of one channel
    (R = C * H, L = W). All int32.
    """

    rows: torch.Tensor
    """[R]: the y of a row."""
    row_starts: torch.Tensor
    """[R]: where the row of the crop in the upper left corner begins in the padded image."""
    places: torch.Tensor
    """[L]: the x of a place in a row."""
    place_starts: torch.Tensor
    """[L]: where the place is, counted from the start of its row."""
    mirror: torch.Tensor
    """[L]: how far from there the mirrored place is."""


def _layout(
    shape: tuple[int, ...], padding: int, channels_last: bool, device: torch.device | str
) -> _Layout:
    channels, height, width = shape
    line = width + 2 * padding
    plane = line * (height + 2 * padding)
    y, x, channel = (torch.arange(n, dtype=torch.int32) for n in (height, width, channels))
    if channels_last:
        rows, places = y, x.repeat_interleave(channels)
        row_starts, place_starts = rows * line, places + channel.repeat(width) * plane
    else:
        rows, places = y.repeat(channels), x
        row_starts, place_starts = rows * line + channel.repeat_interleave(height) * plane, places
    tables = (rows, row_starts, places, place_starts, width - 1 - 2 * places)
    return _Layout(*(table.to(device) for table in tables))

"""What a data set of images is: its splits, and the facts that belong to them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import torch

from nasbench_harness.images.halves import Halved


class ImagePart(Protocol):
    """One split: whole in memory (`Images`), or decoded as it is needed (`streamed.Streamed`)."""

    @property
    def labels(self) -> torch.Tensor:
        """int64 [N]."""

    def __len__(self) -> int: ...

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""

    @property
    def channels(self) -> int:
        """Of an image."""

    def select(self, indices: torch.Tensor | list[int]) -> Self:
        """The images at these positions, in this order."""

    def to(self, device: torch.device | str) -> Self:
        """The same images on a device."""


@dataclass(frozen=True)
class Images:
    """One split, whole, in memory."""

    pixels: torch.Tensor
    """uint8 [N, channels, H, W], contiguous."""
    labels: torch.Tensor
    """int64 [N]."""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.pixels.shape[-2], self.pixels.shape[-1]

    @property
    def channels(self) -> int:
        """1 of grey images, 3 of colour ones."""
        return self.pixels.shape[1]

    def select(self, indices: torch.Tensor | list[int]) -> Images:
        """The images at these positions, in this order."""
        chosen = torch.as_tensor(indices, dtype=torch.int64, device=self.labels.device)
        return Images(self.pixels[chosen], self.labels[chosen])

    def to(self, device: torch.device | str) -> Images:
        """The same images on a device."""
        return Images(self.pixels.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Decoded:
    """What was read of a data set: its parts and the names of its classes in label order."""

    classes: tuple[str, ...]
    train: ImagePart
    valid: ImagePart | None = None
    test: ImagePart | None = None
    notes: tuple[str, ...] = ()
    """What a person should hear of how they were read."""
    entry: str = ""
    """The name of the cache's file they are kept in."""
    halved: Halved | None = None
    """How `valid` and `test` came of one part; None where they did not."""
    identity: str = ""
    """What parts that are not in memory are known by."""

    @property
    def parts(self) -> dict[str, ImagePart]:
        """The parts there are."""
        every = {"train": self.train, "valid": self.valid, "test": self.test}
        return {name: part for name, part in every.items() if part is not None}


@dataclass(frozen=True)
class ImageDataset:
    """A data set, and how its images are normalised and augmented."""

    name: str
    """As it was asked for: `cifar10`, `digits`, `folder:...`."""
    train: ImagePart
    valid: ImagePart | None
    """A part for search of its own where the published protocol has one."""
    test: ImagePart | None
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    """Per channel, of pixels / 255."""
    std: tuple[float, ...]
    padding: int
    """Of the random crop, in pixels: 4 for 32x32, 2 for 16x16, 1 for 8x8."""
    flip: bool
    """Does a mirrored image still show its class."""
    digest: str
    """SHA-256 over the pixels and labels of all parts and the class names."""
    table_dataset: str | None
    """The data set of the NAS-Bench-201 tables that this is, if it is one of them."""
    notes: tuple[str, ...] = ()
    """Lines about what was understood of images, what was left out, and what is done instead."""
    halved: Halved | None = None
    """How `valid` and `test` came of one part; None where they did not."""
    streamed: bool = False
    """Are its images decoded as they are needed; the digest is then what they are known by."""


def digest(parts: Iterable[Images | None], classes: Iterable[str]) -> str:
    """SHA-256 over pixels, labels and shapes of `parts` (an absent one counts) and the classes."""
    total = hashlib.sha256()
    for part in parts:
        if part is None:
            total.update(b"absent\n")
            continue
        total.update(f"{tuple(part.pixels.shape)}\n".encode())
        total.update(np.ascontiguousarray(part.pixels.numpy()).data)
        total.update(np.ascontiguousarray(part.labels.numpy()).data)
    for name in classes:
        total.update(f"{name}\n".encode(errors="surrogateescape"))
    return total.hexdigest()


def channel_statistics(
    images: Images, chunk: int = 4096
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of every channel of pixels / 255, exact."""
    channels = images.pixels.shape[1]
    counts = torch.zeros(channels, 256, dtype=torch.float64)
    for piece in torch.split(images.pixels, chunk):
        for channel in range(channels):
            counts[channel] += torch.bincount(piece[:, channel].flatten(), minlength=256)
    values = torch.arange(256, dtype=torch.float64) / 255
    shares = counts / counts.sum(dim=1, keepdim=True)
    mean = shares @ values
    std = ((shares * (values - mean[:, None]) ** 2).sum(dim=1)).sqrt()
    std = torch.where(std > 0, std, torch.ones_like(std))  # a channel without contrast
    return tuple(mean.tolist()), tuple(std.tolist())

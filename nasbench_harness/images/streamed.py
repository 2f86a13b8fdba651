"""A folder of images that is not decoded whole: where they are, and what tells it from others."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path

import numpy as np
import torch

from nasbench_harness.errors import reason
from nasbench_harness.hardware import available_cores, onto
from nasbench_harness.images.crops import Wanted
from nasbench_harness.images.decoders import CHUNK, Chunk, Decoders
from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.images.filelist import FileList
from nasbench_harness.images.layout import TEST, TRAIN, VALID
from nasbench_harness.images.listing import Listing
from nasbench_harness.images.parts import Decoded
from nasbench_harness.images.splits import BENCHMARK_SEED

DEFAULT_SIDE = 224
"""Pixels a side where nobody says: what networks for ImageNet are fed."""
WHOLE_BYTES = 16 * 10**9
"""A folder that takes more decoded is streamed unless somebody says otherwise. The same on every
machine, so that a study file means the same trials everywhere; ImageNet at 64 pixels is below."""
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""ImageNet's, as its published trainings have them: those of the folder itself would take a pass
over all of it."""
SAMPLED = 256
"""Files whose content counts in the identity."""
_CHUNK = 4096  # files a thread takes at a time


@dataclass(frozen=True)
class Streamed:
    """One split, its images decoded when they are wanted."""

    files: FileList
    places: torch.Tensor
    """int64 [N]: which of the files."""
    labels: torch.Tensor
    """int64 [N]."""
    decoders: Decoders

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.decoders.side, self.decoders.side

    @property
    def channels(self) -> int:
        """Those of a colour picture."""
        return 3

    def select(self, indices: torch.Tensor | list[int]) -> Streamed:
        """The images at these positions, in this order."""
        chosen = torch.as_tensor(indices, dtype=torch.int64)
        on_device = chosen.to(self.labels.device)
        return replace(self, places=self.places[chosen], labels=self.labels[on_device])

    def to(self, device: torch.device | str) -> Streamed:
        """The same images, delivered on a device."""
        return replace(self, labels=self.labels.to(device))

    def ask(self, positions: list[int], seeds: list[int] | None = None) -> list[Chunk]:
        """Have the images at these positions decoded; without seeds as for tests."""
        paths = (self.files[place] for place in self.places[positions].tolist())
        wanted = [Wanted(*one) for one in zip(paths, seeds or repeat(None), strict=False)]
        starts = range(0, len(wanted), CHUNK)
        return [self.decoders.ask(wanted[start : start + CHUNK]) for start in starts]

    def take(self, chunks: list[Chunk]) -> torch.Tensor:
        """Their pixels, uint8 [B, 3, H, W], on the device of the labels."""
        device, counts = self.labels.device, [len(chunk.pictures) for chunk in chunks]
        shape = (sum(counts), self.channels, *self.size)
        pixels = torch.empty(shape, dtype=torch.uint8, pin_memory=device.type == "cuda")
        for chunk, part in zip(chunks, torch.split(pixels, counts), strict=True):
            self.decoders.take(chunk, part.numpy())
        return onto(pixels, device)


def is_large(listing: Listing, side: int) -> bool:
    """Would the folder take more memory decoded than is taken without asking."""
    return decoded_bytes(listing, side) > WHOLE_BYTES


def decoded_bytes(listing: Listing, side: int) -> int:
    """What all images would take in memory."""
    return len(listing.paths) * 3 * side**2


def stream_folder(folder: Path, listing: Listing, side: int | None, workers: int) -> Decoded:
    """The parts of an image folder, as `folders.read_folder` understands it, none of it decoded.

    The images of each part are in the same fixed random order as there, so that every split is
    too. Their kinds are found out when they are decoded; a broken one ends the trial that meets it.

    What the folder is known by is the path and size in bytes of every file, relative to it, and
    the content of 256 of them: neither reading all of it nor where it lies or when it was copied.
    A file that is exchanged for one of the same size is not noticed.

    Raises ImageDataError where a file cannot be looked at.
    """
    side = side or DEFAULT_SIDE
    decoders = Decoders(side, workers)
    parts = {part: _part(listing, part, decoders) for part in listing.files}
    identity = _identity(listing, side)
    return Decoded(
        listing.classes,
        parts[TRAIN],
        parts.get(VALID),
        parts.get(TEST),
        notes=("cropped",),
        identity=identity,
    )


def _part(listing: Listing, part: str, decoders: Decoders) -> Streamed:
    place, of_class = listing.layout.parts[part], listing.files[part]
    counts = [len(of_class[name]) for name in listing.classes]
    start = len(os.path.join(place, ""))
    names = (path[start:] for name in listing.classes for path in of_class[name])
    order = list(range(sum(counts)))
    random.Random(BENCHMARK_SEED).shuffle(order)
    places = torch.from_numpy(np.array(order, dtype=np.int64))
    labels = torch.from_numpy(np.repeat(np.arange(len(counts)), counts))
    return Streamed(FileList(str(place), names), places, labels[places], decoders)


def _identity(listing: Listing, side: int) -> str:
    """SHA-256 of all that tells the folder from others."""
    total = hashlib.sha256(f"streamed {side}\n".encode())
    try:
        for line in _lines(listing):
            total.update(line)
    except OSError as error:
        raise ImageDataError(f"{error.filename} cannot be read ({reason(error)}).") from error
    return total.hexdigest()


def _lines(listing: Listing) -> Iterator[bytes]:
    for part, of_class in listing.files.items():
        start = len(os.path.join(listing.layout.parts[part], ""))
        for name, paths in of_class.items():
            yield f"{part} {name!r} {len(paths)}\n".encode(errors="surrogateescape")
            yield b"".join(os.fsencode(path[start:]) + b"\0" for path in paths)
    paths = listing.paths
    starts = range(0, len(paths), _CHUNK)
    with ThreadPoolExecutor(available_cores()) as pool:
        yield from pool.map(_sizes, (paths[start : start + _CHUNK] for start in starts))
        sample = sorted({n * len(paths) // SAMPLED for n in range(SAMPLED)})
        yield from pool.map(_content, (paths[place] for place in sample))


def _sizes(paths: list[str]) -> bytes:
    return b" ".join(b"%d" % os.stat(path).st_size for path in paths)


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()

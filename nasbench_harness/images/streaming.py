"""Endless shuffled batches of images that are decoded as they are needed."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch

from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import onto
from nasbench_harness.images.augment import Augment
from nasbench_harness.images.decoders import CHUNK, Chunk
from nasbench_harness.images.streamed import Streamed
from nasbench_harness.seeding import stream_seed

AHEAD = 2
"""Batches that are decoded while another is trained on; or chunks of every process, if more."""


@dataclass
class _Coming:
    """A batch that was asked for."""

    epoch: int
    stop: int
    """Images of the epoch up to and with it."""
    positions: list[int]
    chunks: list[Chunk]


class StreamedBatches:
    """As `Batches`, every image once an epoch, in a new order each epoch; cropped as `crops` says.

    The order of an epoch comes from the seed and the epoch alone, and crop, mirror, colours and
    cutout of an image from the seed, the epoch and its position in it: how many processes decode,
    and how far ahead, changes nothing, and a checkpoint is two numbers.
    """

    def __init__(
        self,
        images: Streamed,
        batch_size: int,
        *,
        seed: int,
        augment: Augment,
        drop_last: bool | Literal["lone"] = True,
    ) -> None:
        """Batches of `images` on the device of their labels; `augment` does what follows crops.

        `drop_last` as in `Batches`. Raises HarnessError for a batch size above the number of
        images.
        """
        if not 0 < batch_size <= len(images):
            raise HarnessError(
                f"A batch of {batch_size} cannot be taken from {len(images)} images; choose a"
                f" batch size from 1 to {len(images)}, or more images."
            )
        self.images, self.batch_size = images, batch_size
        self._seed, self._augment = seed, augment
        whole = len(images) // batch_size * batch_size
        dropped = len(images) - whole == 1 if drop_last == "lone" else drop_last
        self._end = whole if dropped else len(images)
        workers = images.decoders.workers
        least = math.ceil(AHEAD * workers * CHUNK / batch_size)
        self._ahead = max(AHEAD, least) if workers else 0
        self._epoch = self._position = 0
        self._coming: deque[_Coming] = deque()
        self._asking = self._ask_from(0, 0)

    def __len__(self) -> int:
        """Batches of an epoch."""
        return math.ceil(self._end / self.batch_size)

    def next(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The next batch: augmented images [B, C, H, W] and their labels [B].

        ImageDataError names an image that cannot be decoded.
        """
        while len(self._coming) <= self._ahead:
            self._coming.append(next(self._asking))
        batch = self._coming.popleft()
        pixels = self.images.take(batch.chunks)
        self._epoch, self._position = batch.epoch, batch.stop
        chosen = onto(torch.tensor(batch.positions), pixels.device)
        places = range(batch.stop - len(batch.positions), batch.stop)
        seeds = [stream_seed(self._seed, f"colours {batch.epoch}/{n}") for n in places]
        return self._augment.cropped(pixels, seeds), self.images.labels.index_select(0, chosen)

    def state_dict(self) -> dict[str, Any]:
        """How far it is, as plain numbers."""
        return {"images": len(self.images), "epoch": self._epoch, "position": self._position}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on with the batch after those given out when `state` was taken.

        Raises HarnessError if the state is of another number of images.
        """
        if state["images"] != len(self.images):
            raise HarnessError(
                f"The checkpoint goes through {state['images']} images, but here are"
                f" {len(self.images)}; resume with the data it was begun with."
            )
        for chunk in (chunk for batch in self._coming for chunk in batch.chunks):
            self.images.decoders.forget(chunk)
        self._coming.clear()
        self._epoch, self._position = int(state["epoch"]), int(state["position"])
        self._asking = self._ask_from(self._epoch, self._position)

    def _ask_from(self, epoch: int, position: int) -> Iterator[_Coming]:
        """Ask for one batch after the other, for ever."""
        while True:
            order = self._order(epoch)
            for start in range(position, self._end, self.batch_size):
                stop = min(start + self.batch_size, self._end)
                positions = order[start:stop].tolist()
                seeds = [stream_seed(self._seed, f"{epoch}/{n}") for n in range(start, stop)]
                asked = self.images.ask(positions, seeds if self._augment.at_random else None)
                yield _Coming(epoch, stop, positions, asked)
            epoch, position = epoch + 1, 0

    def _order(self, epoch: int) -> torch.Tensor:
        chance = torch.Generator().manual_seed(stream_seed(self._seed, f"order {epoch}"))
        return torch.randperm(len(self.images), generator=chance)

"""What networks are fed of a part, whether it is in memory or decoded as it is needed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Literal, Protocol, TypeVar

import torch

from nasbench_harness.hardware import is_out_of_memory
from nasbench_harness.images.augment import Augment
from nasbench_harness.images.batches import Batches
from nasbench_harness.images.decoders import Chunk
from nasbench_harness.images.parts import ImagePart, Images
from nasbench_harness.images.streamed import Streamed
from nasbench_harness.images.streaming import AHEAD, StreamedBatches

T = TypeVar("T")


class Feed(Protocol):
    """Endless shuffled batches that can stop anywhere and go on with the same ones."""

    def __len__(self) -> int:
        """Batches of an epoch."""

    def next(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The next batch: augmented images [B, C, H, W] and their labels [B]."""

    def state_dict(self) -> dict[str, Any]:
        """Where it is."""

    def load_state_dict(self, state: Any) -> None:
        """Go on from there."""


def feed(
    part: ImagePart,
    batch_size: int,
    *,
    seed: int,
    augment: Augment,
    drop_last: bool | Literal["lone"] = True,
) -> Feed:
    """Batches for training, all chance in them from the seed; see `Batches`, `StreamedBatches`."""
    if isinstance(part, Streamed):
        return StreamedBatches(part, batch_size, seed=seed, augment=augment, drop_last=drop_last)
    assert isinstance(part, Images)
    generator = torch.Generator().manual_seed(seed)
    return Batches(part, batch_size, generator=generator, augment=augment, drop_last=drop_last)


def evaluation_batch(part: ImagePart, whole: int, trained: int) -> int:
    """Images that are evaluated at a time: `whole` of what is in memory.

    Of what is streamed, and larger, as many as are trained on at a time, which do fit.
    """
    return trained if isinstance(part, Streamed) else whole


def within_memory(whole: int, trained: int, act: Callable[[int], T]) -> T:
    """What `act` gives with `whole` images at a time, or with as many as there is memory for.

    Where it runs out, with half as many and so on, down to those that are trained on at a time.
    Whatever `act` gives must not depend on how many they are but for rounding.
    """
    size = whole
    while True:
        try:
            return act(size)
        except (RuntimeError, MemoryError) as error:
            if size <= trained or not is_out_of_memory(error):
                raise
        size = max(trained, size // 2)


def measured(
    part: ImagePart, augment: Augment, batch_size: int, first: int = 0, last: int | None = None
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Images `first` to `last` (without it) as for tests, in their order, and their labels.

    ImageDataError names one that cannot be decoded.
    """
    last = len(part) if last is None else min(last, len(part))
    chosen = [slice(n, min(n + batch_size, last)) for n in range(first, last, batch_size)]
    for place, pixels in zip(chosen, _pixels(part, chosen), strict=True):
        yield augment.test(pixels), part.labels[place]


def _pixels(part: ImagePart, chosen: list[slice]) -> Iterator[torch.Tensor]:
    if not isinstance(part, Streamed):
        assert isinstance(part, Images)
        yield from (part.pixels[place] for place in chosen)
        return
    coming, asked = deque(chosen), deque[list[Chunk]]()
    try:
        while coming or asked:
            while coming and len(asked) <= (AHEAD if part.decoders.workers else 0):
                place = coming.popleft()
                asked.append(part.ask(list(range(place.start, place.stop))))
            yield part.take(asked.popleft())
    finally:
        for chunk in (chunk for chunks in asked for chunk in chunks):
            part.decoders.forget(chunk)

"""Endless shuffled batches of a split that can stop anywhere and go on with the same ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import torch

from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import onto
from nasbench_harness.images.augment import Augment
from nasbench_harness.images.parts import Images


class Batches:
    """Augmented batches, every image once an epoch, in a new order each epoch.

    The order goes to the device once an epoch; a batch is taken there without the host waiting.
    """

    def __init__(
        self,
        images: Images,
        batch_size: int,
        *,
        generator: torch.Generator,
        augment: Augment,
        drop_last: bool | Literal["lone"] = True,
    ) -> None:
        """Batches of `images`, which are on the device already.

        `generator` is on the CPU: it gives the order and changes of colour, and the seed of a
        generator on the device that the rest of augmentation draws from. `drop_last` leaves out the
        last images of an epoch where they make no whole batch, `"lone"` only where that is a single
        one. Raises HarnessError for a batch size above the number of images.
        """
        if not 0 < batch_size <= len(images):
            raise HarnessError(
                f"A batch of {batch_size} cannot be taken from {len(images)} images; choose a"
                f" batch size from 1 to {len(images)}, or more images."
            )
        self.images = images
        self.batch_size = batch_size
        self._augment = augment
        self._generator = generator
        device = images.pixels.device
        self._chance = torch.Generator(device)
        self._chance.manual_seed(int(torch.randint(2**62, (), generator=generator)))
        whole = len(images) // batch_size * batch_size
        dropped = len(images) - whole == 1 if drop_last == "lone" else drop_last
        self._end = whole if dropped else len(images)
        self._order = self._on_device = torch.empty(0)
        self._position = 0
        self._take(self._shuffled(), 0)

    def __len__(self) -> int:
        """Batches of an epoch."""
        return math.ceil(self._end / self.batch_size)

    def next(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The next batch: augmented images [B, C, H, W] and their labels [B]."""
        if self._position >= self._end:
            self._take(self._shuffled(), 0)
        stop = min(self._position + self.batch_size, self._end)
        chosen = self._on_device[self._position : stop]
        self._position = stop
        pixels = self.images.pixels.index_select(0, chosen)
        pixels = self._augment.recoloured(pixels, self._generator)
        return self._augment.train(pixels, self._chance), self.images.labels.index_select(0, chosen)

    def state_dict(self) -> dict[str, Any]:
        """Order, position and both generators, as plain tensors and numbers."""
        return {
            "order": self._order.clone(),
            "position": self._position,
            "generator": self._generator.get_state(),
            "augment_generator": self._chance.get_state(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on with the batch after those given out when `state` was taken.

        Raises HarnessError if the state is of another number of images.
        """
        order = state["order"]
        if len(order) != len(self.images):
            raise HarnessError(
                f"The checkpoint goes through {len(order)} images, but here are"
                f" {len(self.images)}; resume with the data it was begun with."
            )
        self._take(order.clone(), int(state["position"]))
        self._generator.set_state(state["generator"])
        self._chance.set_state(state["augment_generator"])

    def _shuffled(self) -> torch.Tensor:
        return torch.randperm(len(self.images), generator=self._generator).to(torch.int32)

    def _take(self, order: torch.Tensor, position: int) -> None:
        self._order, self._position = order, position
        self._on_device = onto(order, self.images.labels.device)

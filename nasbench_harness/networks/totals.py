"""Loss and accuracy over images, summed on the device and read once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from nasbench_harness.networks.meters import FirstBroken


class Totals:
    """Sums over images; nothing waits for the device until `read`."""

    def __init__(self, device: torch.device) -> None:
        self._sums = torch.zeros(2, device=device)
        """Loss, right answers."""
        self._broken = FirstBroken(device, "learning_rate")
        self._images = 0

    def reset(self) -> None:
        """Begin anew; a loss that was not finite is not forgotten."""
        self._sums.zero_()
        self._images = 0

    def add(self, loss: Tensor, logits: Tensor, labels: Tensor, step: int = 0) -> None:
        """Take in a batch with its mean loss; `step`, from 1, is what a fault is reported by."""
        right = (logits.argmax(dim=1) == labels).float().sum()
        self._sums += torch.stack([loss * len(labels), right])
        self._images += len(labels)
        self._broken.note(loss, step)

    def read(self) -> tuple[float, float]:
        """Mean loss and accuracy, percent, over all images."""
        loss, right = self._sums.tolist()
        return loss / self._images, 100 * right / self._images

    def check(self) -> None:
        """DivergedError names the first step whose loss was not finite."""
        self._broken.check()

    def state_dict(self) -> dict[str, Any]:
        """The sums."""
        return {
            "sums": self._sums.clone(),
            "broken": self._broken.step.clone(),
            "images": self._images,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        self._sums.copy_(state["sums"])
        self._broken.step.copy_(state["broken"])
        self._images = int(state["images"])

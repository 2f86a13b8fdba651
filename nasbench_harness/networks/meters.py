"""Sums over the steps of an epoch, kept on the device and read only when recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from nasbench_harness.errors import HarnessError


class DivergedError(HarnessError):
    """A search whose loss is no number any more."""


class FirstBroken:
    """The first step whose loss was not finite, kept on the device."""

    def __init__(self, device: torch.device, setting: str) -> None:
        """`setting` is how a user changes the learning rate."""
        self.step = torch.zeros((), device=device)
        self._setting = setting

    def note(self, loss: Tensor, step: int) -> None:
        """Take in the loss of a step, numbered from 1."""
        first = (self.step == 0) & ~loss.isfinite()
        self.step = torch.where(first, float(step), self.step)

    def check(self) -> None:
        """DivergedError, with the step, if there is one."""
        if step := int(self.step):
            raise DivergedError(
                f"The training loss is no finite number any more since step {step}; a smaller"
                f" learning rate (`--set {self._setting}=...`) or `--precision fp32` may help."
            )


class Meters:
    """Mean loss and accuracy of the epoch so far, and the first step whose loss was not finite."""

    def __init__(self, device: torch.device) -> None:
        self._sums = torch.zeros(3, device=device)
        """Loss, share of right answers, steps."""
        self._broken = FirstBroken(device, "network.learning_rate")

    def reset(self) -> None:
        """Begin a new epoch."""
        self._sums.zero_()

    def add(self, loss: Tensor, logits: Tensor, labels: Tensor, step: int) -> None:
        """Take in one training step, numbered from 1."""
        right = (logits.argmax(dim=1) == labels).float().mean()
        self._sums += torch.stack([loss, right, torch.ones_like(loss)])
        self._broken.note(loss, step)

    def check(self) -> None:
        """DivergedError if a loss was not finite."""
        self._broken.check()

    def read(self) -> dict[str, float]:
        """Means of the epoch so far; nothing before its first step."""
        loss, right, steps = self._sums.tolist()
        if not steps:
            return {}
        return {"mean_train_loss": loss / steps, "mean_train_accuracy": 100 * right / steps}

    def state_dict(self) -> dict[str, Any]:
        """The sums."""
        return {"sums": self._sums.clone(), "broken": self._broken.step.clone()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        self._sums.copy_(state["sums"])
        self._broken.step.copy_(state["broken"])

"""Faults of what trains supernets, planted by replacing a piece of the engine or of torch.

They hit every method alike, and so are planted in the searches of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import nn

from nasbench_harness.methods.shared.alpha import AlphaSearcher
from nasbench_harness.networks.schedules import Cosine
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing

Plant = Callable[[pytest.MonkeyPatch], None]


def weights_that_stand_still(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Cosine, "rate", lambda self, epoch, restarted=0: 0.0)


def alpha_that_stands_still(patch: pytest.MonkeyPatch) -> None:
    true = AlphaSearcher.descend
    patch.setattr(AlphaSearcher, "descend", lambda self, loss: true(self, 0 * loss))


def wrong_labels_of(split: str) -> Plant:
    """Every image gets the label of another one of its batch."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        true = WeightSharing.advance

        def advance(self: Any) -> None:
            true(self)
            images, labels = self._batch[split]
            self._batch[split] = images, labels.roll(1)

        patch.setattr(WeightSharing, "advance", advance)

    return plant


def no_batch_norm(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(nn.BatchNorm2d, "forward", lambda self, images: images)


def gradients_that_add_up(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(torch.optim.Optimizer, "zero_grad", lambda self, **given: None)


FAULTS: Mapping[str, Plant] = {
    "weights' learning rate is zero": weights_that_stand_still,
    "alpha's gradient is zero": alpha_that_stands_still,
    "wrong labels, for the weights": wrong_labels_of("train"),
    "wrong labels, for alpha": wrong_labels_of("valid"),
    "no batch norm between the cells": no_batch_norm,
    "gradients are never cleared": gradients_that_add_up,
}


@contextmanager
def faulty(name: str) -> Iterator[None]:
    """Let the engine have the fault."""
    with pytest.MonkeyPatch.context() as patch:
        FAULTS[name](patch)
        yield

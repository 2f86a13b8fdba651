"""Epochs that only train, before anything is decided: shortened with the search, and checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nasbench_harness.errors import HarnessError
from nasbench_harness.study.recipes import tags
from nasbench_harness.study.spec import TrialSpec

Plan = Callable[..., list[TrialSpec]]
SMALL: dict[str, Any] = {
    "search": "supernet", "dataset": "digits", "limit": 120, "seeds": "0,", "random": False,
    "network": {"width": 4, "cells": 1, "batch_size": 8},
}  # fmt: skip


@pytest.mark.parametrize(
    ("epochs", "training"), [(125, 100), (150, 100), (25, 20), (6, 5), (2, 1), (1, 0)]
)
def test_a_shorter_search_keeps_their_share_and_an_epoch_for_decisions(
    epochs: int, training: int, planned: Plan
) -> None:
    (spec,) = planned("dartspt", recipe="paper", epochs=epochs, **SMALL)
    assert (spec.epochs, spec.settings["training_epochs"]) == (epochs, training)
    assert tags(spec)["training_epochs"] == ("D" if epochs < 125 else "C")


def test_a_search_that_only_trains_is_refused(planned: Plan) -> None:
    with pytest.raises(HarnessError, match=r"only trains for 8 epochs .* has 8 epochs; give"):
        planned("dartspt[training_epochs=8]", recipe="paper", epochs=8, **SMALL)


def test_batches_of_a_recipe_are_more_epochs_of_fewer_images(planned: Plan) -> None:
    """160 of 8 images, 7 to an epoch."""
    (spec,) = planned("zerocostpt", recipe="paper", **SMALL)
    assert (spec.epoch_steps, spec.epochs, spec.steps) == (7, 23, 160)

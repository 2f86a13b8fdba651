"""The recipe of the tables, and what counts as it."""

from __future__ import annotations

import pytest

from nasbench_harness.errors import HarnessError
from nasbench_harness.training.settings import SEEDS, TrainingSettings


def test_defaults_are_the_published_recipe() -> None:
    """Dong and Yang, ICLR 2020; seeds and numbers of the authors' code."""
    assert TrainingSettings().model_dump() == {
        "epochs": 200, "batch_size": 256, "learning_rate": 0.1, "momentum": 0.9, "nesterov": True,
        "weight_decay": 5e-4, "width": 16, "cells": 5, "precision": "fp32", "split": "table",
        "evaluate_every": 1,
    }  # fmt: skip
    assert SEEDS == (777, 888, 999)


@pytest.mark.parametrize(
    "changed", [{}, {"epochs": 12}, {"precision": "bf16"}, {"split": "search"}]
)
def test_what_a_table_has_numbers_of(changed: dict[str, object]) -> None:
    assert TrainingSettings(**changed).is_table_recipe


@pytest.mark.parametrize(
    "changed", [{"epochs": 100}, {"width": 8}, {"cells": 1}, {"batch_size": 64}]
)
def test_what_a_table_has_no_numbers_of(changed: dict[str, object]) -> None:
    assert not TrainingSettings(**changed).is_table_recipe


def test_a_wrong_setting_is_explained() -> None:
    with pytest.raises(HarnessError, match=r"`train.epochs` cannot be 0: expected .* >= 1"):
        TrainingSettings.build("train", {"epochs": 0})

"""The recipe of the tables, and what counts as it."""

from __future__ import annotations

import re

import pytest

from nasbench_harness.errors import HarnessError
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.training.settings import (
    TrainingSettings,
    find_recipe,
    is_tabled,
    network_space,
    recipe_settings,
)


def test_the_recipe_of_the_space_is_the_published_one() -> None:
    """Dong and Yang, ICLR 2020; seeds and numbers of the authors' code."""
    space = NB201()
    recipe = find_recipe(space, None)
    assert recipe is find_recipe(space, "tables")
    assert recipe_settings(space, recipe).identity() == {
        "epochs": 200, "batch_size": 256, "learning_rate": 0.1, "momentum": 0.9, "nesterov": True,
        "weight_decay": 5e-4, "width": 16, "cells": 5, "precision": "fp32", "split": "table",
        "evaluate_every": 1,
    }  # fmt: skip
    assert recipe.seeds == (777, 888, 999)


def test_changes_win_over_the_recipe_and_the_last_one_over_all() -> None:
    space = NB201()
    changes = {"width": 4, "epochs": 3}, {"epochs": 5}
    built = recipe_settings(space, find_recipe(space, None), *changes)
    assert (built.width, built.cells, built.epochs) == (4, 5, 5)


def test_a_wrong_recipe_names_those_there_are() -> None:
    with pytest.raises(HarnessError, match=r"no training recipe of `nb201` called `table`.*tables"):
        find_recipe(network_space("nb201"), "table")


@pytest.mark.parametrize(
    "changed", [{}, {"epochs": 12}, {"precision": "bf16"}, {"split": "search"}]
)
def test_what_a_table_has_numbers_of(changed: dict[str, object]) -> None:
    assert is_tabled(NB201(), TrainingSettings(**changed))


@pytest.mark.parametrize(
    "changed", [{"epochs": 100}, {"width": 8}, {"cells": 1}, {"batch_size": 64}]
)
def test_what_a_table_has_no_numbers_of(changed: dict[str, object]) -> None:
    assert not is_tabled(NB201(), TrainingSettings(**changed))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([0.4, 0.4], "four numbers, the last of them 0.5 at most"),
        ([0.4, 0.4, 0.4, 0.6], "four numbers, the last of them 0.5 at most"),
        ([0.4, -0.1, 0.4, 0.2], "`train.color_jitter` cannot be -0.1"),
        ("strong", "`train.color_jitter` cannot be 'strong'"),
    ],
)
def test_colours_change_by_four_strengths(wrong: object, said: str) -> None:
    with pytest.raises(HarnessError, match=re.escape(said)):
        TrainingSettings.build("train", {"color_jitter": wrong})
    assert "color_jitter" not in TrainingSettings().identity()


def test_a_wrong_setting_is_explained() -> None:
    with pytest.raises(HarnessError, match=r"`train.epochs` cannot be 0: expected .* >= 1"):
        TrainingSettings.build("train", {"epochs": 0})

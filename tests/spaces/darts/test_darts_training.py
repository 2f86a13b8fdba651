"""How networks of the space are trained on their own."""

from __future__ import annotations

from typing import Any

import pytest

from nasbench_harness.spaces.darts import open_darts
from nasbench_harness.spaces.darts.training import RECIPES
from nasbench_harness.training.settings import TrainingSettings, find_recipe, recipe_settings

SPACE = open_darts()
SAME = {"momentum": 0.9, "nesterov": False, "clip_norm": 5, "auxiliary_weight": 0.4}
CIFAR = {
    **SAME, "epochs": 600, "weight_decay": 3e-4, "cutout": 16, "label_smoothing": 0,
    "schedule": "cosine", "width": 36, "cells": 20, "color_jitter": [],
}  # fmt: skip
IMAGENET = {
    **SAME, "epochs": 250, "weight_decay": 3e-5, "cutout": 0, "label_smoothing": 0.1,
    "drop_path": 0, "cells": 14, "color_jitter": [0.4, 0.4, 0.4, 0.2],
}  # fmt: skip
PUBLISHED: dict[str, dict[str, Any]] = {
    "darts_cifar": {
        **CIFAR, "batch_size": 96, "learning_rate": 0.025, "warmup_epochs": 0, "drop_path": 0.2,
    },
    "drnas_cifar": {
        **CIFAR, "batch_size": 64, "learning_rate": 0.025, "warmup_epochs": 0, "drop_path": 0.3,
    },
    "unas_cifar": {
        **CIFAR, "batch_size": 128, "learning_rate": 0.05, "warmup_epochs": 30, "drop_path": 0.2,
    },
    "darts_imagenet": {
        **IMAGENET, "batch_size": 128, "learning_rate": 0.1, "schedule": "exponential",
        "decay": 0.97, "warmup_epochs": 0, "width": 48,
    },
    "drnas_imagenet": {
        **IMAGENET, "batch_size": 768, "learning_rate": 0.5, "schedule": "linear",
        "warmup_epochs": 5, "width": 48,
    },
    "unas_imagenet": {
        **IMAGENET, "batch_size": 1024, "learning_rate": 0.8, "schedule": "cosine",
        "warmup_epochs": 5, "width": 46,
    },
    "darts_bench": {
        **SAME, "epochs": 300, "weight_decay": 3e-4, "cutout": 16, "drop_path": 0.3,
        "schedule": "cosine", "batch_size": 512, "learning_rate": 0.025, "auxiliary_weight": 0,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_recipes_are_as_published(name: str) -> None:
    settings = recipe_settings(SPACE, RECIPES[name]).model_dump()
    assert {key: settings[key] for key in PUBLISHED[name]} == PUBLISHED[name]


def test_the_bench_suite_trains_networks_as_large_as_it_searches() -> None:
    for variant, size in (("wide", (18, 4)), ("deep_no_skip", (7, 18)), ("single_cell", (26, 1))):
        settings = recipe_settings(open_darts(variant), RECIPES["darts_bench"])
        assert (settings.width, settings.cells) == size


def test_that_of_the_authors_for_cifar_is_the_usual_one() -> None:
    assert find_recipe(SPACE, None) is RECIPES["darts_cifar"]


def test_every_recipe_names_settings_alone() -> None:
    known = set(TrainingSettings.model_fields)
    assert all(set(recipe.settings) <= known for recipe in RECIPES.values())


def test_the_quick_one_is_small() -> None:
    settings = recipe_settings(SPACE, RECIPES["quick"])
    assert (settings.width, settings.cells, settings.epochs) == (8, 5, 10)

"""How recipes train the network weights, where several of them agree (`Recipe.network`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DARTS_FAMILY: Mapping[str, Any] = {
    "batch_size": 64, "optimizer": "sgd", "learning_rate": 0.025, "learning_rate_min": 0.001,
    "momentum": 0.9, "nesterov": False, "weight_decay": 3e-4, "clip_norm": 5.0,
    "split": "halves", "track_running_stats": True,
}  # fmt: skip
"""DARTS' and DrNAS' authors: one half of the training images each for weights and architecture.

On NAS-Bench-201 alpha is a parameter of DrNAS' network, so that its gradient counts in their clip;
here, as in DARTS' own space, it does not.
"""

NB201_AUTHORS: Mapping[str, Any] = {
    **DARTS_FAMILY, "nesterov": True, "weight_decay": 5e-4, "split": "published",
}  # fmt: skip
"""The NAS-Bench-201 authors' baselines, on the benchmark's own splits; their clip counts alpha."""

QUICK: Mapping[str, Any] = {
    **DARTS_FAMILY, "width": 8, "cells": 1, "batch_size": 32, "learning_rate": 0.05,
}  # fmt: skip
"""Design decision of this project: seconds on a CPU for tiny images such as `digits`."""

QUICK_EPOCHS = 10
QUICK_SOURCE = (
    "design decision of this project: small CPU runs on tiny images, with larger architecture"
    " steps than published, for there are few of them"
)

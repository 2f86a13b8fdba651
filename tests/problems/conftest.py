"""A supernet small enough for tests, on the bundled digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from nasbench_harness.images.datasets import ImageDataset
    from nasbench_harness.problems.supernet.weight_sharing import WeightSharing
    from nasbench_harness.spaces.nb201 import NB201

TINY = {"width": 4, "cells": 1, "batch_size": 16, "split": "halves", "learning_rate": 0.05}


@pytest.fixture(scope="session")
def digits() -> ImageDataset:
    from nasbench_harness.images.datasets import open_dataset

    return open_dataset("digits", limit=200)


@pytest.fixture
def supernet_problem(space: NB201, digits: ImageDataset) -> Callable[..., WeightSharing]:
    """Build a tiny weight-sharing problem; keywords change the network's settings."""
    from nasbench_harness.problems.supernet.network_settings import NetworkSettings
    from nasbench_harness.problems.supernet.weight_sharing import WeightSharing

    def build(
        *,
        steps: int = 24,
        epochs: int = 4,
        seed: int = 0,
        compile_mode: str = "none",
        **changes: object,
    ) -> WeightSharing:
        settings = NetworkSettings.build("network", TINY, changes)
        return WeightSharing(
            space, digits, settings,
            steps=steps, epochs=epochs, seed=seed, compile_mode=compile_mode,
        )  # fmt: skip

    return build

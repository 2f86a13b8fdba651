"""What the benchmarks share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from threadpoolctl import threadpool_limits

from nasbench_harness import registry
from nasbench_harness.contracts import CompleteTable, SearchSpace

sys.path.insert(0, str(Path(__file__).parent))  # for `searching`, which is no test


@pytest.fixture(scope="session", autouse=True)
def _one_core() -> None:
    torch.set_num_threads(1)
    threadpool_limits(1)


@pytest.fixture(scope="session")
def table() -> CompleteTable:
    return registry.open_table("analog")


@pytest.fixture(scope="session")
def space() -> SearchSpace:
    return registry.open_space("nb201")

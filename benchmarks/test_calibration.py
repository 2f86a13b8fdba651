"""A fixed piece of work of no code of ours: how fast the machine is while the others are timed.

`nasharness check --bench` divides by it. It mixes what searches spend their time on: interpreted
Python, numpy on small arrays and torch on matrices that fit the cache. Changing it makes all stored
files incomparable.
"""

from __future__ import annotations

import numpy as np
import torch
from pytest_benchmark.fixture import BenchmarkFixture

SIZE, STEPS = 96, 200


def test_calibration(benchmark: BenchmarkFixture) -> None:
    matrix = torch.linspace(-1, 1, SIZE * SIZE, dtype=torch.float64).reshape(SIZE, SIZE)
    row = np.linspace(0, 1, SIZE)

    def work() -> float:
        total, state, values = 0.0, matrix, row
        for step in range(STEPS):
            state = torch.tanh(state @ matrix / SIZE)
            values = np.cos(values + step)
            total += float(values[0]) + sum(i % 7 for i in range(SIZE))
        return total + float(state[0, 0])

    benchmark(work)

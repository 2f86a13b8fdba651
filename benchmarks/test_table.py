"""Look-ups. To reach: open and first answer under 10 ms, all cells under 1 ms, one under 2 us."""

from __future__ import annotations

import numpy as np
from pytest_benchmark.fixture import BenchmarkFixture

from nasbench_harness.contracts import CompleteTable, SearchSpace
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.tables.analog import open_analog

METRIC = "cifar10_baseline_accuracy"


def test_open_and_first_answer(benchmark: BenchmarkFixture, table: CompleteTable) -> None:
    arch = NB201().unrank(5)
    assert benchmark(lambda: open_analog().value(METRIC, arch)) == table.value(METRIC, arch)


def test_one_metric_of_one_cell(benchmark: BenchmarkFixture, table: CompleteTable) -> None:
    assert benchmark(table.value, METRIC, NB201().unrank(11_663)) == 94.0664


def test_all_cells_in_one_lookup(benchmark: BenchmarkFixture, table: CompleteTable) -> None:
    ranks = np.random.default_rng(0).permutation(15_625)
    assert benchmark(lambda: table.column(METRIC)[ranks]).shape == (15_625,)


def test_everything_of_one_cell(benchmark: BenchmarkFixture, table: CompleteTable) -> None:
    assert len(benchmark(table.lookup, NB201().unrank(11_663))) == len(table.metrics)


def test_parse_a_cell(benchmark: BenchmarkFixture, space: SearchSpace) -> None:
    text = str(next(iter(space.enumerate())))
    assert str(benchmark(space.parse, text)) == text

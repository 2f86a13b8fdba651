"""The bootstrap by counts against enumeration and against scipy's."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import bootstrap

from nasbench_harness.reports.statistics import resampling
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.resampling import MANY, bounds, resample


def drawn(*sizes: int, resamples: int = 400) -> list[Array]:
    """The counts of every group, as the statistic gets them."""
    counts = resample(lambda *groups: np.concatenate(groups, axis=1), sizes, resamples)
    return np.split(counts, np.cumsum(sizes)[:-1], axis=1)


def test_every_group_keeps_its_size() -> None:
    first, second = drawn(5, 3)
    assert first.shape == (400, 5)
    assert (first.sum(axis=1) == 5).all()
    assert (second.sum(axis=1) == 3).all()
    assert len(np.unique(first, axis=0)) > 50


def test_all_draws_of_three_are_equally_likely() -> None:
    (counts,) = drawn(3, resamples=27_000)
    found = {tuple(row): n for row, n in zip(*np.unique(counts, axis=0, return_counts=True),
                                            strict=True)}  # fmt: skip
    expected: dict[tuple[float, ...], int] = {}
    for draw in product(range(3), repeat=3):
        row = tuple(float(draw.count(i)) for i in range(3))
        expected[row] = expected.get(row, 0) + 1000
    assert found.keys() == expected.keys()
    for row, number in expected.items():
        assert found[row] == pytest.approx(number, abs=5 * np.sqrt(number))


def test_groups_are_drawn_independently() -> None:
    first, second = drawn(2, 2, resamples=20_000)
    assert abs(np.corrcoef(first[:, 0], second[:, 0])[0, 1]) < 0.03


def test_interval_of_a_mean_is_scipy_s() -> None:
    values = np.random.default_rng(3).exponential(0.4, 20)
    found = bounds(resample(lambda counts: counts @ values / len(values), [len(values)]))
    other = bootstrap((values,), np.mean, n_resamples=30_000, method="percentile",
                      rng=np.random.default_rng(9)).confidence_interval  # fmt: skip
    assert found == pytest.approx((other.low, other.high), abs=0.01)


def test_same_every_time() -> None:
    assert (drawn(6)[0] == drawn(6)[0]).all()


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "CELLS", 100)
    shapes = []

    def note(counts: Array) -> Array:
        shapes.append(counts.shape)
        return counts[:, 0]

    assert len(resample(note, [30], 50)) == 50
    assert max(rows for rows, _ in shapes) == 3
    assert sum(rows for rows, _ in shapes) == 50


def test_many_runs_are_resampled_less_often() -> None:
    sizes = [MANY, MANY + 1]
    few, many = (len(resample(lambda counts: counts[:, 0], [size])) for size in sizes)
    assert (few, many) == (9999, 999)

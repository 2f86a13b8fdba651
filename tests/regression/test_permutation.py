"""The permutation tests: against scipy, against enumeration by hand, and their level."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import permutation_test

from nasbench_harness.reports.regression.permutation import greater_p, positive_p, smallest_p
from nasbench_harness.reports.statistics.arrays import Array

TIED = st.sampled_from([93.0, 93.5, 94.0, 94.0664])


def welch(first: Array, second: Array, axis: int = -1) -> Array:
    """Welch's statistic."""
    n, m = first.shape[axis], second.shape[axis]
    error = first.var(axis=axis, ddof=1) / n + second.var(axis=axis, ddof=1) / m
    return np.asarray((first.mean(axis=axis) - second.mean(axis=axis)) / np.sqrt(error))


@pytest.mark.parametrize(("n", "m"), [(2, 5), (3, 4), (6, 6), (8, 5)])
def test_two_samples_as_scipy_goes_through_all_splits(n: int, m: int) -> None:
    generator = np.random.default_rng(n)
    first, second = 93.4 + generator.normal(size=n), 93 + 0.2 * generator.normal(size=m)
    expected = permutation_test((first, second), welch, alternative="greater", n_resamples=np.inf)
    assert greater_p(first, second) == pytest.approx(expected.pvalue, abs=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_sign_flips_as_scipy_goes_through_all(n: int) -> None:
    differences = np.random.default_rng(n).normal(0.3, 1, n)
    flips = np.array(list(product([1, -1], repeat=n))) @ differences
    expected = (flips >= differences.sum() - 1e-9).mean()
    assert positive_p(differences) == pytest.approx(expected, abs=1e-12)
    if n > 1:
        scipys = permutation_test(
            (differences, np.zeros(n)), lambda x, y, axis: (x - y).mean(axis=axis),
            permutation_type="samples", alternative="greater", n_resamples=np.inf,
        )  # fmt: skip
        assert scipys.pvalue == pytest.approx(expected, abs=1e-12)


@given(st.lists(TIED, min_size=2, max_size=6), st.lists(TIED, min_size=2, max_size=6))
def test_ties_count_as_reaching_what_was_seen(first: list[float], second: list[float]) -> None:
    """An unchanged mean of tied values is never small: p and its mirror image add up to over 1."""
    one, other = np.array(first), np.array(second)
    both = greater_p(one, other) + greater_p(other, one)
    assert both >= 1 - 1e-12


def test_constants_that_differ_reach_the_smallest_p() -> None:
    good, bad = np.full(5, 94.0664), np.full(5, 93.5)
    assert greater_p(good, bad) == pytest.approx(smallest_p(5, 5)) == pytest.approx(1 / 252)
    assert greater_p(bad, good) == 1
    assert greater_p(good, good) == 1


def test_one_value_against_many_is_its_place_among_them() -> None:
    many = np.arange(19.0)
    assert greater_p(np.array([25.0]), many) == pytest.approx(1 / 20)
    assert greater_p(np.array([16.5]), many) == pytest.approx(3 / 20)


def test_drawn_splits_agree_with_all_of_them() -> None:
    generator = np.random.default_rng(3)
    first, second = generator.normal(0.4, 1, (40, 7)), generator.normal(0, 1, (40, 7))
    exact, drawn = greater_p(first, second), greater_p(first, second, 3000)
    assert np.abs(exact - drawn).max() < 4 * 0.5 / np.sqrt(3000)
    assert drawn.min() >= 1 / 3000


def test_many_at_once_are_each_alone() -> None:
    generator = np.random.default_rng(1)
    first, second = generator.normal(size=(2, 3, 12)), generator.normal(size=(2, 3, 15))
    together = greater_p(first, second)
    assert together.shape == (2, 3)
    assert together[1, 2] == greater_p(first[1, 2], second[1, 2])
    flipped = positive_p(first)
    assert flipped[0, 1] == positive_p(first[0, 1])


@pytest.mark.parametrize("level", [0.01, 0.05])
def test_level_is_kept_with_skewed_and_tied_values(level: float) -> None:
    """Nine seeds in ten at the optimum, one collapsed: as skewed and tied as it gets."""
    generator = np.random.default_rng(7)
    values = np.where(generator.random((4000, 2, 12)) < 0.1, 54.3, 94.0664)
    rate = (greater_p(values[:, 0], values[:, 1], 2000) <= level).mean()
    assert rate <= level + 3 * np.sqrt(level / 4000)


def test_unequal_spreads_and_sizes_keep_the_level_nearly() -> None:
    """Where only the means agree, ten noisy seeds against twenty steady ones."""
    generator = np.random.default_rng(11)
    first, second = generator.normal(0, 1, (2000, 10)), generator.normal(0, 0.2, (2000, 20))
    assert (greater_p(first, second, 2000) <= 0.05).mean() < 0.085
    assert (unstudentised_p(first, second) <= 0.05).mean() > 0.1


def unstudentised_p(first: Array, second: Array) -> Array:
    """The same with the plain difference of means, which such samples mislead."""
    pooled, size = np.concatenate([first, second], axis=1), first.shape[1] + second.shape[1]
    order = np.random.default_rng(0).permuted(np.tile(np.arange(size), (500, 1)), axis=1)
    means = pooled[:, order[:, : first.shape[1]]].mean(axis=2)
    return np.asarray((means >= first.mean(axis=1, keepdims=True)).mean(axis=1))

"""Wilcoxon's test against published numbers, scipy, and the enumeration of all signs."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata, wilcoxon

from nasbench_harness.reports.statistics import signedrank
from nasbench_harness.reports.statistics.signedrank import (
    fewest_pairs,
    rank_biserial,
    signed_rank_p,
    smallest_signed_rank_p,
)

CORN = [6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75]
"""Heights of cross- less self-fertilised plants, Wilcoxon's own example (1945): T = 24."""

few = st.lists(st.integers(-4, 4), min_size=1, max_size=9)


def enumerated(differences: list[int]) -> float:
    """The share of all signs whose rank sum lies as far from the middle as the observed one."""
    values = np.array(differences, dtype=float)
    ranks = rankdata(np.abs(values))
    used = ranks[values != 0]
    middle = used.sum() / 2
    observed = abs(ranks[values > 0].sum() - middle)
    sums = [used @ np.array(signs) for signs in product((0, 1), repeat=len(used))]
    return float(np.mean([abs(s - middle) >= observed - 1e-9 for s in sums]))


def test_wilcoxon_s_own_example() -> None:
    assert signed_rank_p(CORN) == pytest.approx(0.041259765625, abs=1e-12)
    assert rank_biserial(CORN) == pytest.approx((96 - 24) / 120)


@given(few)
def test_exact_with_any_ties_and_zeros(differences: list[int]) -> None:
    assert signed_rank_p(differences) == pytest.approx(enumerated(differences), abs=1e-12)


@given(few)
def test_neither_sign_nor_unit_matters(differences: list[int]) -> None:
    values = np.array(differences, dtype=float)
    assert signed_rank_p(-values) == signed_rank_p(values) == signed_rank_p(0.1 * values)
    assert rank_biserial(-values) == -rank_biserial(values)


@pytest.mark.parametrize("pairs", [7, 20, 50])
def test_agrees_with_scipy_where_scipy_is_exact(pairs: int) -> None:
    values = np.random.default_rng(pairs).normal(0.3, 1, pairs)
    assert signed_rank_p(values) == pytest.approx(wilcoxon(values, method="exact").pvalue, rel=1e-9)


def test_agrees_with_scipy_s_permutations() -> None:
    values = np.array([0, 0, 1, 1, 2, -1, 3, 3, -2, 0, 5, 4.0])
    found = wilcoxon(values, zero_method="pratt").pvalue
    assert signed_rank_p(values) == pytest.approx(found, abs=1e-12)


def test_many_are_approximated_well(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.round(np.random.default_rng(0).normal(0.15, 1, 300), 1)
    approximate = signed_rank_p(values)
    monkeypatch.setattr(signedrank, "EXACT", len(values))
    assert approximate != signed_rank_p(values)
    assert approximate == pytest.approx(signed_rank_p(values), abs=1e-3)


def test_five_wins_among_ties_are_five_coin_flips() -> None:
    mostly_tied = [0.0] * 45 + [0.1, 0.2, 0.3, 0.4, 0.5]
    assert signed_rank_p(mostly_tied) == 2 / 2**5


def test_raising_every_difference_makes_no_gain_less_significant() -> None:
    """Pratt's example (1959), on which dropping the zero first fails."""
    raised = np.array([0, 2, 3, 4, 6, 7, 8, 9, 11, 14, 15, 17, -18.0])
    assert signed_rank_p(raised) < signed_rank_p(raised - 1)
    assert signed_rank_p(raised[1:]) > signed_rank_p(raised - 1)


@pytest.mark.parametrize("differences", [[], [0.0], [0.0] * 7, [1.5], [1.5, -1.5]])
def test_nothing_speaks_against_a_tie(differences: list[float]) -> None:
    assert signed_rank_p(differences) == 1.0


def test_rounding_breaks_no_tie() -> None:
    rounded_off = [0.1 + 0.2 - 0.3, 0.3, 0.1 + 0.2, -0.3]
    assert signed_rank_p(rounded_off) == signed_rank_p([0.0, 0.3, 0.3, -0.3])


@given(few)
def test_effect_size_shares_the_ranks_of_zeros(differences: list[int]) -> None:
    if any(differences):
        greater = wilcoxon(differences, zero_method="zsplit", alternative="greater",
                           method="asymptotic")  # fmt: skip
        total = len(differences) * (len(differences) + 1) / 2
        assert rank_biserial(differences) == pytest.approx(2 * greater.statistic / total - 1)
    else:
        assert rank_biserial(differences) == 0


def test_effect_size_of_nothing() -> None:
    assert np.isnan(rank_biserial([]))
    assert rank_biserial([0.2, 0.1]) == 1
    assert rank_biserial([-0.2, -0.1]) == -1


@pytest.mark.parametrize("alpha", [0.1, 0.05, 0.01, 0.001])
def test_fewest_pairs_are_just_enough(alpha: float) -> None:
    pairs = fewest_pairs(alpha)
    assert signed_rank_p(np.arange(1.0, pairs + 1)) <= alpha
    assert signed_rank_p(np.arange(1.0, pairs)) > alpha


@given(few)
def test_smallest_p_is_that_of_the_best_signs(differences: list[int]) -> None:
    signs = product((-1, 1), repeat=len(differences))
    every = [signed_rank_p(np.multiply(differences, sign)) for sign in signs]
    assert smallest_signed_rank_p(differences) == pytest.approx(min(every), abs=1e-12)


def test_smallest_p_of_nothing() -> None:
    assert smallest_signed_rank_p([]) == smallest_signed_rank_p([0.0, 0.0]) == 1.0


@pytest.mark.parametrize("wrong", [[1.0, np.nan], [np.inf], [[1.0, 2.0]]])
def test_missing_numbers_are_refused(wrong: list[float]) -> None:
    with pytest.raises(ValueError, match=r"Missing|dimensions"):
        signed_rank_p(wrong)

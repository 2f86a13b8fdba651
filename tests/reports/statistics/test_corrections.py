"""Holm's correction against statsmodels, and with tests that cannot get low by enumeration."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from nasbench_harness.reports.statistics.corrections import holm
from nasbench_harness.reports.statistics.twosample import smallest_two_sample_p, two_sample_p

probabilities = st.floats(0, 1, allow_nan=False)


@settings(max_examples=25)
@given(st.lists(probabilities, min_size=1, max_size=12))
def test_without_smallest_ones_it_is_holm_s(p_values: list[float]) -> None:
    expected = multipletests(p_values, method="holm")[1]
    assert holm(p_values) == pytest.approx(expected)
    assert holm(p_values, [0.0] * len(p_values)) == pytest.approx(expected)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.7]) == pytest.approx([0.7])
    assert len(holm([])) == len(holm([], [])) == 0


def test_tests_that_cannot_get_low_do_not_count() -> None:
    """At 0.02 two can make a claim, at 0.03 three of the three that are left."""
    assert holm([0.02, 0.03, 0.1, 0.2], [0.001, 0.02, 0.03, 0.2]) == pytest.approx(
        [0.04, 0.06, 0.1, 1.0]
    )
    assert holm([0.04, 0.6], [0.001, 0.05]) == pytest.approx([0.04, 1.0])
    assert holm([0.04, 0.6], [0.001, 0.05], level=0.1) == pytest.approx([0.04, 0.6])


@given(st.lists(st.tuples(probabilities, probabilities), min_size=1, max_size=8))
def test_claims_whatever_holm_claims(tests: list[tuple[float, float]]) -> None:
    p_values, smallest = np.max(tests, axis=1), np.min(tests, axis=1)
    screened, plain = holm(p_values, smallest), holm(p_values)
    able = smallest < 0.05
    assert (screened[able] <= plain[able] + 1e-12).all()
    assert (screened >= p_values).all()
    assert (screened[~able] == 1.0).all()
    order = np.argsort(p_values[able])
    assert (np.diff(screened[able][order]) >= 0).all()


DISCRETE = [
    [[0.02, 0.5, 1.0], [0.04, 0.3, 1.0]],
    [[0.024, 0.05, 1.0], [0.025, 0.3, 1.0], [0.05, 0.06, 1.0]],
    [[0.01, 0.03, 0.05, 1.0], [0.0125, 0.05, 1.0], [0.016, 0.05, 1.0], [0.049, 1.0]],
    [[1 / 64, 1 / 32, 1.0], [1 / 32, 1.0], [1 / 16, 1.0], [1 / 128, 1 / 64, 1.0]],
    [[0.016, 0.05, 1.0], [0.05, 1.0], [0.05, 1.0]],
    [[0.0125, 0.025, 0.0375, 0.05, 1.0]] * 4,
]
"""Attainable p-values of tests; each has a p-value of at most that with just that chance."""


def chances(attainable: list[float]) -> list[float]:
    return list(np.diff([0.0, *attainable]))


@pytest.mark.parametrize("tests", DISCRETE)
@pytest.mark.parametrize("false", [None, 0, 1])
def test_false_claims_by_enumeration(tests: list[list[float]], false: int | None) -> None:
    """Independent tests of true hypotheses; one may be false and always have its smallest p."""
    level, wrong = 0.05 + 1e-12, 0.0
    smallest = [attainable[0] for attainable in tests]
    for outcome in product(*(range(len(attainable)) for attainable in tests)):
        if false is not None and outcome[false] != 0:
            continue
        p_values = [attainable[i] for attainable, i in zip(tests, outcome, strict=True)]
        claimed = holm(p_values, smallest, level=level) <= level
        if any(claim for test, claim in enumerate(claimed) if test != false):
            wrong += float(np.prod([
                chances(tests[test])[i] for test, i in enumerate(outcome) if test != false
            ]))  # fmt: skip
    assert wrong <= level
    assert false is not None or wrong > 0.01


@pytest.mark.parametrize("tests", DISCRETE)
def test_false_claims_of_tests_that_never_err_together(tests: list[list[float]]) -> None:
    """The worst case of any dependence: chances of wrong claims add up.

    Each test's low p-values come when all the others have their highest.
    """
    level, wrong = 0.05 + 1e-12, 0.0
    smallest = [attainable[0] for attainable in tests]
    for test, attainable in enumerate(tests):
        for p_value, chance in zip(attainable, chances(attainable), strict=True):
            p_values = [other[-1] for other in tests]
            p_values[test] = p_value
            if holm(p_values, smallest, level=level)[test] <= level:
                wrong += chance
    assert wrong <= level


def test_leaving_tests_out_by_their_own_p_value_would_claim_too_much() -> None:
    """What the enumeration would find if the count were of the low p-values seen."""
    p_values, smallest = [0.05, 1.0, 1.0], [0.05, 0.05, 0.05]
    assert holm(p_values, smallest, level=0.06)[0] == pytest.approx(0.15)


def test_pairs_that_always_find_the_optimum_cost_nothing() -> None:
    """Five of six methods always do: 5 of 15 pairs can be told apart, and five seeds suffice."""
    methods = [*[[0.0] * 5] * 5, [0.8, 0.9, 1.1, 1.2, 1.4]]
    pairs = list(combinations(methods, 2))
    p_values = [two_sample_p(*pair) for pair in pairs]
    assert (holm(p_values) < 0.05).sum() == 0
    found = holm(p_values, [smallest_two_sample_p(*pair) for pair in pairs])
    assert (found < 0.05).sum() == 5
    assert sorted(found) == pytest.approx([5 * 2 / 252] * 5 + [1.0] * 10)


@pytest.mark.parametrize(("p_values", "smallest"), [([0.1, np.nan], None), ([0.1], [0.1, 0.2])])
def test_wrong_input(p_values: list[float], smallest: list[float] | None) -> None:
    with pytest.raises(ValueError, match=r"Missing|as many"):
        holm(p_values, smallest)

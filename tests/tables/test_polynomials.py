"""Fitting a polynomial: what is there is found, and the error is that of what was held out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from nasbench_harness.contracts import Polynomial
from nasbench_harness.tables.polynomials import (
    contrasts,
    errors_of,
    fit_polynomial,
    held_out,
    predictions,
)

COUNTS = (3, 2, 4)
ALL = np.array(list(product(*map(range, COUNTS))))


def random_values(noise: float = 0.0) -> np.ndarray:
    """A number for every architecture that is a sum of terms of two decisions at most."""
    draw = np.random.default_rng(0)
    tables = {(i, j): draw.normal(size=(COUNTS[i], COUNTS[j])) for j in range(3) for i in range(j)}
    exact = 50 + sum(table[ALL[:, i], ALL[:, j]] for (i, j), table in tables.items())
    return exact + noise * draw.normal(size=len(ALL))


def fitted(values: np.ndarray, ridge: float = 0.0, rows: np.ndarray | None = None) -> Polynomial:
    rows = np.arange(len(ALL)) if rows is None else rows
    return fit_polynomial(ALL[rows], values[rows], COUNTS, ridge)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_contrasts_are_orthogonal_to_each_other_and_to_the_mean(count: int) -> None:
    columns = np.concatenate([np.ones((count, 1)), contrasts(count)], axis=1)
    assert np.allclose(columns.T @ columns / count, np.eye(count), atol=1e-14)


def test_a_polynomial_is_found_again_from_some_of_its_values() -> None:
    values = random_values()
    rows = np.random.default_rng(1).permutation(len(ALL))[:20]  # of 24; it has 18 terms
    found = predictions(fitted(values, rows=rows), ALL)
    assert np.allclose(found, values, atol=1e-4)  # terms are kept to six decimals


def test_effects_sum_to_nothing_and_the_constant_is_the_mean() -> None:
    values = random_values()
    found = fitted(values)
    assert found.constant == pytest.approx(values.mean(), abs=1e-6)
    assert np.allclose(found.single.sum(axis=1), 0, atol=1e-5)
    assert np.allclose(found.pairs.sum(axis=1), 0, atol=1e-5)
    of_first = [values[ALL[:, 0] == option].mean() - values.mean() for option in range(3)]
    assert np.allclose(found.single[0, :3], of_first, atol=1e-5)


def test_what_is_no_option_has_no_term_and_pairs_are_told_both_ways() -> None:
    found = fitted(random_values())
    assert found.single.shape == (3, 4)
    assert not found.single[1, 2:].any()
    assert not found.pairs[0, 3].any()
    assert not found.pairs[:, :, 1, 2:].any()
    assert np.array_equal(found.pairs, found.pairs.transpose(2, 3, 0, 1))
    assert not any(found.pairs[place, :, place].any() for place in range(3))


def test_a_ridge_is_indifferent_to_which_option_is_named_first() -> None:
    values = random_values(noise=1.0)
    turned = (ALL + 1) % np.array(COUNTS)
    one = fit_polynomial(ALL, values, COUNTS, 5.0)
    other = fit_polynomial(turned, values, COUNTS, 5.0)
    assert np.allclose(predictions(one, ALL), predictions(other, turned), atol=2e-5)
    assert np.abs(one.single).sum() < np.abs(fitted(values).single).sum()


def test_a_fit_does_not_depend_on_the_order_of_the_measurements() -> None:
    values = random_values(noise=1.0)
    rows = np.random.default_rng(2).permutation(len(ALL))
    one, other = fitted(values, 1.0), fitted(values, 1.0, rows)
    assert np.array_equal(one.single, other.single)
    assert np.array_equal(one.pairs, other.pairs)


def test_who_is_held_out_is_told_by_the_texts_alone() -> None:
    texts = [f"arch {number}" for number in range(105)]
    chosen = held_out(texts, 0.1, "seed")
    assert chosen.sum() == 10
    backwards = held_out(texts[::-1], 0.1, "seed")
    assert np.array_equal(chosen, backwards[::-1])
    assert not np.array_equal(chosen, held_out(texts, 0.1, "other"))
    assert [t for t, out in zip(texts, chosen, strict=True) if out][:2] == ["arch 2", "arch 22"]


def test_errors_are_those_of_the_numbers_given() -> None:
    measured = np.arange(20.0)
    predicted = measured + np.where(measured < 18, 1.0, -3.0)
    told = errors_of(predicted, measured, noise=0.5)
    assert (told.architectures, told.noise) == (20, 0.5)
    assert told.mae == pytest.approx((18 * 1 + 2 * 3) / 20)
    assert told.rmse == pytest.approx(((18 * 1 + 2 * 9) / 20) ** 0.5)
    assert told.best_mae == pytest.approx(3.0)
    assert told.r2 == pytest.approx(1 - 1.8 / measured.var())
    assert told.spearman < 1

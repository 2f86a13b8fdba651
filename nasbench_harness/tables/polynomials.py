"""Fitting the polynomial of a `Fitted` benchmark to measurements, and what it gets wrong.

Effects are told as an analysis of variance under uniform draws tells them: each sums to 0 over the
options of a decision, so that the constant is the mean of all architectures and `u_i(k)` by how
much they are better with option k. The ridge shrinks the variance that a term brings, whichever
option is named first. Nothing depends on chance: which architectures are held out is told by the
hash of their texts.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbench_harness.contracts import HeldOut, Polynomial

Array = NDArray[np.float64]
Choices = NDArray[np.integer[Any]]
DECIMALS = 6
"""To which terms are kept, so that another processor's rounding does not make another benchmark."""
BEST = 0.1
"""Share of the held-out architectures, by measurement, whose error is told on its own."""


def held_out(texts: Sequence[str], share: float, seed: str) -> NDArray[np.bool_]:
    """[N]: which architectures nothing is fitted to, the nearest whole number to `share` of them.

    Those whose text has the smallest SHA-256 behind `seed`; the order of the texts changes nothing.
    """
    hashes = [hashlib.sha256(f"{seed}:{text}".encode()).hexdigest() for text in texts]
    chosen = np.zeros(len(texts), dtype=bool)
    chosen[np.argsort(hashes)[: round(share * len(texts))]] = True
    return chosen


def fit_polynomial(
    choices: Choices, values: Array, counts: Sequence[int], ridge: float
) -> Polynomial:
    """Main effects and pairs of choices [N, D] nearest to values [N], by ridge regression.

    `counts` are the options of each decision; `ridge` is added to the Gram matrix of terms of mean
    square 1, but for that of the constant.
    """
    from threadpoolctl import threadpool_limits

    codes = [contrasts(count) for count in counts]
    with threadpool_limits(1):  # sums in one order
        terms = [code[choices[:, place]] for place, code in enumerate(codes)]
        pairs = [(i, j) for j in range(len(codes)) for i in range(j)]
        columns = [np.ones((len(values), 1)), *terms]
        columns += [_products(terms[i], terms[j]) for i, j in pairs]
        design = np.concatenate(columns, axis=1)
        penalty = np.full(design.shape[1], float(ridge))
        penalty[0] = 0
        gram = design.T @ design + np.diag(penalty)
        solved = np.linalg.solve(gram, design.T @ values)
    widths = [1, *(code.shape[1] for code in codes)]
    widths += [codes[i].shape[1] * codes[j].shape[1] for i, j in pairs]
    parts = np.split(solved, np.cumsum(widths)[:-1])
    return _assembled(parts, codes, pairs)


def _products(one: Array, other: Array) -> Array:
    return (one[:, :, None] * other[:, None, :]).reshape(len(one), -1)


def _assembled(
    parts: Sequence[Array], codes: Sequence[Array], pairs: Sequence[tuple[int, int]]
) -> Polynomial:
    """Terms of contrasts as terms of options."""
    decisions, options = len(codes), max(len(code) for code in codes)
    single = np.zeros((decisions, options))
    together = np.zeros((decisions, options, decisions, options))
    for place, code in enumerate(codes):
        single[place, : len(code)] = code @ parts[1 + place]
    for (i, j), part in zip(pairs, parts[1 + decisions :], strict=True):
        block = codes[i] @ part.reshape(codes[i].shape[1], -1) @ codes[j].T
        together[i, : len(codes[i]), j, : len(codes[j])] = block
        together[j, : len(codes[j]), i, : len(codes[i])] = block.T
    constant = round(float(parts[0][0]), DECIMALS)
    return Polynomial(constant, single.round(DECIMALS), together.round(DECIMALS))


def contrasts(count: int) -> Array:
    """[K, K - 1] columns of K options, orthogonal to each other and to 1, of mean square 1."""
    columns = np.zeros((count, count - 1))
    for place in range(1, count):
        columns[:place, place - 1] = 1
        columns[place, place - 1] = -place
        columns[:, place - 1] *= math.sqrt(count / (place * (place + 1)))
    return columns


def predictions(polynomial: Polynomial, choices: Choices) -> Array:
    """[N] of choices [N, D]."""
    return np.array([polynomial.at(row) for row in choices])


def errors_of(predicted: Array, measured: Array, noise: float | None = None) -> HeldOut:
    """How far predictions of architectures that nothing was fitted to are off."""
    from scipy.stats import spearmanr

    off = predicted - measured
    best = np.argsort(-measured, kind="stable")[: math.ceil(BEST * len(measured))]
    return HeldOut(
        architectures=len(measured),
        mae=float(np.abs(off).mean()),
        rmse=float(np.sqrt(np.square(off).mean())),
        r2=float(1 - np.square(off).mean() / measured.var()),
        spearman=float(spearmanr(predicted, measured).statistic),
        best_mae=float(np.abs(off[best]).mean()),
        noise=noise,
    )

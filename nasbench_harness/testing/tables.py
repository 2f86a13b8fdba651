"""Does a benchmark keep the contract of `Benchmark`, and of `CompleteTable` where it is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import numpy as np
import torch

from nasbench_harness.contracts import (
    Architecture,
    Benchmark,
    CompleteTable,
    EnumerableSpace,
    Fitted,
    Retrained,
    SearchSpace,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.tables.enumeration import lists, try_product

T = TypeVar("T")
Known = Mapping[int, tuple[Architecture, Mapping[str, float]]]
"""Architectures with what is known of them, by rank."""
PARTS = ("column", "tensor", "standing", "best")
"""What makes a benchmark a complete table."""


def check_table(table: Benchmark, space: SearchSpace, *, samples: int = 20) -> None:
    """Does a benchmark keep the contract of `Benchmark` for its space.

    Tried on `samples` random architectures: single numbers and look-ups agree, or are refused with
    a HarnessError; metrics explain themselves; search and report metrics exist for every data set.
    A `CompleteTable` is held to more: every column has a row per architecture and cannot be written
    to; single numbers, columns and tensors agree. What a `Retrained` one tells is a size in points.
    What a `Fitted` one predicts is what its polynomial says, and it tells how far that is off.
    """
    assert table.space == space.name, "a benchmark names its space"
    assert table.content_hash, "a benchmark has a content hash"
    assert table.caveat, "a benchmark says what a reader must know"
    if isinstance(table, CompleteTable):
        assert lists(space), "a complete table has a row of what can be listed"
        _check_rows(table, space)
    generator = torch.Generator().manual_seed(0)
    drawn = [space.sample(generator) for _ in range(samples)]
    for name, metric in table.metrics.items():
        assert metric.name == name, "metrics are keyed by their name"
        assert metric.meaning, f"{name} must explain itself"
    for arch in drawn:
        _check_numbers(table, arch)
    for dataset in {metric.dataset for metric in table.metrics.values() if metric.report}:
        _check_search_metric(table, dataset)
        assert table.metrics[table.report_metric(dataset)].report, "report_metric may be reported"
    _check_unknown_metric(table, drawn[0])
    _check_complete(table, space)
    _check_retrained(table)
    if isinstance(table, Fitted):
        _check_fitted(table, space, drawn)


def _check_fitted(table: Fitted, space: SearchSpace, drawn: Sequence[Architecture]) -> None:
    """What searches may look at is predicted, by terms of options that there are."""
    mask = space.mask.numpy()
    there = mask[:, :, None, None] & mask
    for name in (name for name, metric in table.metrics.items() if metric.search):
        terms, facts = table.polynomial(name), table.held_out(name)
        assert terms.single.shape == mask.shape, f"{name} must have terms [D, K] = {mask.shape}"
        assert not terms.single[~mask].any(), f"{name} must have no term of what is masked"
        assert terms.pairs.shape == there.shape, f"{name} must have pairs [D, K, D, K]"
        assert not terms.pairs[~there].any(), f"{name} must have no pair of what is masked"
        mutual = np.array_equal(terms.pairs, terms.pairs.transpose(2, 3, 0, 1))
        assert mutual, f"pairs of {name} must be told both ways"
        for arch in drawn:
            found = space.weights(arch)
            assert bool((found.sum(dim=-1) == 1).all()), f"weights({arch}) must be one-hot"
            predicted = terms.at(found.argmax(dim=-1).tolist())
            close = np.isclose(table.value(name, arch), predicted, rtol=1e-9, atol=1e-9)
            assert close, f"{name} of {arch} must be what its polynomial says"
        assert facts.mae > 0, f"held_out({name}) must tell an error above 0"
        assert facts.architectures > 0, f"held_out({name}) must be of some architectures"


def _check_retrained(table: Benchmark) -> None:
    """What a retraining moves is a number of points above 0, or nobody knows it."""
    if isinstance(table, Retrained):
        for name in (name for name, metric in table.metrics.items() if metric.report):
            noise = table.retraining_noise(name)
            told = f"retraining_noise of {name} must be points above 0 or None, not {noise}"
            assert noise is None or 0 < noise < np.inf, told


def _check_search_metric(table: Benchmark, dataset: str) -> None:
    """One that a search may look at; a HarnessError where there is none."""
    there = any(m.search for m in table.metrics.values() if m.dataset == dataset)
    for queries in (False, True):
        try:
            found = table.search_metric(dataset, queries=queries)
        except HarnessError as error:
            if there:
                raise AssertionError(f"search_metric must name one of {dataset}") from error
            continue
        assert table.metrics[found].search, f"search_metric: no search may look at {found}"


def _check_numbers(table: Benchmark, arch: Architecture) -> None:
    found = _known(table, arch, table.lookup)
    if found is None:
        return
    assert set(found) <= set(table.metrics), f"lookup({arch}) must tell its metrics only"
    for name in table.metrics:
        value = _known(table, arch, partial(table.value, name))
        if value is None:
            continue
        same = np.array_equal(value, found.get(name, np.nan), equal_nan=True)
        assert same, f"{name} of {arch} must agree with lookup"
        seconds = _seconds(table, name, arch)
        assert seconds is None or seconds >= 0, f"training_seconds of {name} must be a duration"


def _known(table: Benchmark, arch: Architecture, ask: Callable[[Architecture], T]) -> T | None:
    """The answer; None where the benchmark, which is no complete one, does not know `arch`."""
    try:
        return ask(arch)
    except HarnessError as error:
        if isinstance(table, CompleteTable):
            raise AssertionError(f"a complete table must know {arch} ({error})") from error
        return None


def _seconds(table: Benchmark, name: str, arch: Architecture) -> float | None:
    try:
        return table.training_seconds(name, arch)
    except (HarnessError, KeyError) as error:
        told = f"training_seconds of {name} must be a duration or None ({error})"
        raise AssertionError(told) from error


def _check_rows(table: CompleteTable, space: EnumerableSpace) -> None:
    """As many rows as the space has architectures: nothing else of a table can be asked before."""
    for name in table.metrics:
        column = table.column(name)
        assert column.shape == (space.size,), (
            f"{name} must have a row per architecture: {len(column):,} for {space.size:,}"
        )
        assert not np.isnan(column).all(), f"{name} must have a number of some architecture"


def _check_complete(table: Benchmark, space: SearchSpace) -> None:
    """All of what makes a complete table, or nothing of it."""
    if not isinstance(table, CompleteTable):
        some = [part for part in PARTS if hasattr(table, part)]
        assert not some, f"a benchmark with {', '.join(some)} needs all of {', '.join(PARTS)}"
        return
    assert lists(space)
    archs = {rank: space.unrank(rank) for rank in (0, space.size // 2, space.size - 1)}
    rows = {rank: (arch, table.lookup(arch)) for rank, arch in archs.items()}
    product = bool(try_product(space))
    for name in table.metrics:
        _check_column(table, name, rows)
        if product:
            _check_tensor(table, name, space)


def _check_column(table: CompleteTable, name: str, rows: Known) -> None:
    column = table.column(name)
    assert not column.flags.writeable, f"{name} must be read-only"
    for rank, (arch, found) in rows.items():
        answers = [table.value(name, arch), found[name]]
        same = np.array_equal(answers, [column[rank]] * 2, equal_nan=True)
        assert same, f"{name} must agree with itself"
    assert table.best(name) == np.nanmax(column), f"best({name}) must be the maximum"
    assert table.standing(name, table.best(name))[1] == 0, "nothing is better than the best"


def _check_tensor(table: CompleteTable, name: str, space: EnumerableSpace) -> None:
    """The column with an axis per decision, of a space that is a free product."""
    tensor = table.tensor(name)
    options = tuple(len(decision.options) for decision in space.decisions)
    assert tensor.shape == options, f"{name} as a tensor must have an axis per decision"
    assert not tensor.flags.writeable, f"{name} must be read-only"
    same = np.array_equal(tensor.reshape(-1), table.column(name), equal_nan=True)
    assert same, f"{name} must agree with itself"


def _check_unknown_metric(table: Benchmark, arch: Architecture) -> None:
    try:
        table.value("no such metric", arch)
    except HarnessError:
        return
    raise AssertionError("an unknown metric must raise a HarnessError")

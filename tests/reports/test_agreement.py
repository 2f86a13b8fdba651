"""Words, tables, JSON, `compare` and the rank diagram say one thing of a pair of methods."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nasbench_harness.cli.compare import as_json
from nasbench_harness.reports.analysis.compare import compare
from nasbench_harness.reports.figures import ranks
from nasbench_harness.reports.figures.style import method_styles
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.tables.pairs import paired_table
from nasbench_harness.reports.words.marked import plain
from nasbench_harness.reports.words.verdict import judge

from .conftest import made_up

DataOf = Callable[[pd.DataFrame], StudyData]
LABELS = ("a", "b", "c", "random")

losses = st.sampled_from([0.0, 0.1, 0.2, 0.21, 0.25, 0.9, 1.0, 5.0, 39.0])
shifts = st.sampled_from([0.0, 0.05, 0.3, 4.0])


@st.composite
def studies(draw: st.DrawFn) -> pd.DataFrame:
    """Methods with ties, shifts, failures and unequal numbers of seeds."""
    labels = draw(st.lists(st.sampled_from(LABELS), min_size=2, max_size=4, unique=True))
    regrets, states = {}, {}
    for label in labels:
        shift, seeds = draw(shifts), draw(st.integers(1, 12))
        steady = draw(st.booleans())
        spread = [0.0, 0.01, 0.02] * 4
        values = spread[:seeds] if steady else draw(
            st.lists(losses, min_size=seeds, max_size=seeds)
        )  # fmt: skip
        regrets[label] = [value + shift for value in values]
        states[label] = [draw(st.sampled_from(["done"] * 9 + ["failed"])) for _ in values]
    return made_up(regrets, states)


@given(trials=studies())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_shown_contradicts_the_decision(data_of: DataOf, trials: pd.DataFrame) -> None:
    data = data_of(trials)
    said = judge(data)
    text = plain("\n".join([said.lead, *said.against_baseline, *said.ties]))
    table = paired_table(data)
    rows = {} if table is None else {(r.method, r.against): r for r in table.rows.itertuples()}
    drawing = ranks.draw(data, method_styles({label: label for label in data.labels}, "random"))
    for first, second in combinations(data.done_labels, 2):
        claim = compare(data, first, second)
        told = as_json(data, claim, data.measure)
        row: Any = rows[first, second]
        assert (row.outcome, row.better) == (told["outcome"], told["better"] or "")
        assert row.p_corrected == told["p_corrected"]
        assert told["sentence"].count(" is better than ") == (1 if told["better"] else 0)
        if told["better"] and drawing is not None:
            assert not joined(drawing.tables["ranks"], first, second)
        for better, worse in claims_in(text):
            if {better, worse} == {first, second}:
                assert told["better"] == better, text


def joined(numbers: pd.DataFrame, first: str, second: str) -> bool:
    found = numbers.set_index("method")["groups"].map(lambda text: set(text.split()))
    return bool(found.get(first, set()) & found.get(second, set()))


def claims_in(text: str) -> Iterator[tuple[str, str]]:
    """Who is said to be better than whom, read from the sentences alone."""
    yield from re.findall(r"^(\w+) is better than (\w+)(?:,|:)", text, re.MULTILINE)
    for side, inside in re.findall(r"^(Better|Worse) than random search[^:]*: (.*)$", text, re.M):
        for group in inside.split("; "):
            for label in re.findall(r"\b([abc])\b", group.split(" by ")[0]):
                yield (label, "random") if side == "Better" else ("random", label)


@pytest.mark.parametrize(
    "line",
    ["a is better than b: its mean", "Better than random search: a and b, each by 0.1 points"],
)
def test_the_reader_of_sentences_reads(line: str) -> None:
    assert list(claims_in(line))

"""Sentences as wide as the terminal, with commands that can still be pasted."""

from __future__ import annotations

import io

import pytest

from nasbench_harness.process.folding import columns, fold

LONG = (
    "Error: this is wrong; `nasharness resume runs/a study with blanks` goes on with what is done."
)


def test_lines_are_broken_between_words_and_never_within_backticks() -> None:
    lines = fold(LONG, 30).split("\n")
    assert " ".join(lines) == LONG
    assert len(lines) > 2
    assert any("`nasharness resume runs/a study with blanks`" in line for line in lines)
    assert all(len(line) <= 30 or "`" in line for line in lines)


def test_where_nobody_looks_nothing_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert columns(io.StringIO()) is None
    assert columns(None) is None
    assert fold(LONG, columns(io.StringIO())) == LONG


@pytest.mark.parametrize(("given", "width"), [("40", 40), ("0", None), ("wide", None), ("", None)])
def test_columns_count_in_pipes_where_they_are_asked_to(
    monkeypatch: pytest.MonkeyPatch, given: str, width: int | None
) -> None:
    monkeypatch.setenv("COLUMNS", given)
    assert columns(io.StringIO(), piped=True) == width
    assert columns(io.StringIO()) is None


def test_marked_places_stay_under_their_line() -> None:
    said = "Wrong operation in this cell, which is not known to the space."
    text = f"{said}\n  |none~0|+|x~0|\n        ^"
    assert fold(text, 20).split("\n")[-2:] == ["  |none~0|+|x~0|", "        ^"]

"""Tables where the terminal is narrow."""

from __future__ import annotations

import pytest

from nasbench_harness.cli.stacked import headed, natural_width, stacked

HEADINGS = ("name", "value", "meaning")
ROWS = [
    ("rate", "0.1", "step on the architecture-parameters, at the very start of it all"),
    ("cell", "12", "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"),
    ("none", "1", ""),
]


def test_long_columns_follow_their_row() -> None:
    lines = list(stacked(HEADINGS, ROWS, (2,), numbers=(1,), width=30))
    assert lines[:2] == ["name  value", "rate    0.1"]
    assert lines[-1] == "none      1"
    assert "    |nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|" in lines


def test_words_are_not_broken() -> None:
    lines = list(stacked(HEADINGS, ROWS[:1], (2,), numbers=(), width=30))
    assert " ".join(line.strip() for line in lines[2:]) == ROWS[0][2]
    assert max(map(len, lines)) <= 30


def test_a_number_below_its_row_keeps_its_heading() -> None:
    lines = list(stacked(HEADINGS, ROWS, (1, 2), numbers=(1,), width=60))
    assert lines[-1] == "    value: 1"


SUMMARY = ("method", "regret (points)", "accuracy (%)")
RESULTS = [("unas[temperature=0.4]", "1.530 [1.224, 2.127]", "92.54 ± 0.45"), ("rea", "–", "–")]


def test_first_column_stands_above_where_the_others_fit() -> None:
    assert list(headed(SUMMARY, RESULTS, numbers=(1, 2), width=40)) == [
        "method",
        "         regret (points)  accuracy (%)",
        "unas[temperature=0.4]",
        "    1.530 [1.224, 2.127]  92.54 ± 0.45",
        "rea",
        "                       –             –",
    ]


def test_columns_stand_under_each_other_where_they_do_not() -> None:
    assert list(headed(SUMMARY, RESULTS[:1], numbers=(1, 2), width=37)) == [
        "unas[temperature=0.4]",
        "    regret (points)  1.530 [1.224, 2.127]",
        "    accuracy (%)     92.54 ± 0.45",
    ]


def test_what_is_left_beside_is_too_wide_as_well() -> None:
    lines = stacked(SUMMARY, RESULTS, (2,), numbers=(1, 2), width=37)
    assert next(lines) == "unas[temperature=0.4]"


def test_width_that_is_needed() -> None:
    assert natural_width(("a", "bb"), [("ccc", "d")]) == 3 + 2 + 2


@pytest.mark.parametrize("width", [60, 80, 300])
def test_table_fits_the_terminal(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from nasbench_harness.cli import console

    monkeypatch.setattr(
        console, "out", type(console.out)(width=width, highlight=False, markup=False)
    )
    console.print_rows("[title]", HEADINGS, [ROWS[0]], below=(2,))
    told = capsys.readouterr().out
    assert "[title]" in told
    assert max(len(line.rstrip()) for line in told.splitlines()) <= width
    words = [word for row in ROWS[:1] for cell in row for word in cell.split()]
    assert set(words) <= set(told.split())

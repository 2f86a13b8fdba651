"""What several studies say together, in the terminal and as JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nasbench_harness.reports.analysis.overview import OverAll
    from nasbench_harness.reports.report import Written


def print_over_all(written: Written) -> None:
    """The verdict over all problems, a table of methods and one of problems by methods."""
    from nasbench_harness.cli import console
    from nasbench_harness.reports.words.marked import plain

    for over in written.over_all:
        console.out.print("")
        console.say(plain(over.verdict.lead))
        _print_methods(over)
        _print_problems(over)


PROBLEM_BY_PROBLEM = "Mean normalised regret (0: best of the table, 1: as good as drawing blindly)"
CHANCE = "chance: that a run is better than one of {}; better, worse: than it, on so many problems"


def _print_methods(over: OverAll) -> None:
    from nasbench_harness.cli import console
    from nasbench_harness.study.config import BASELINE

    if over.table.rows.empty:
        return
    headings = ("method", "normalised regret", "mean", "chance", "better", "worse", "over all")
    rows = [_cells(row) for row in over.table.rows.itertuples()]
    console.print_rows(f"\n{over.title}", headings, rows, numbers=range(1, 6))
    console.say(CHANCE.format(BASELINE))


def _cells(row: Any) -> list[str]:
    from nasbench_harness.reports.words import numerals

    nothing = math.isnan(row.chance)
    regret = numerals.points(row.normalised_iqm)
    chance = numerals.percent(row.chance)
    if not math.isnan(row.normalised_low):
        regret += f" {numerals.interval(row.normalised_low, row.normalised_high)}"
    if not math.isnan(row.chance_low):
        chance += f" {numerals.interval(row.chance_low, row.chance_high, 2)}"
    counts = ["", ""] if nothing else [f"{row.better_on:.0f}", f"{row.worse_on:.0f}"]
    mean = numerals.points(row.normalised_mean)
    return [row.method, regret, mean, "" if nothing else chance, *counts, row.claim]


def _print_problems(over: OverAll) -> None:
    """Problems down and methods across: names of problems are long."""
    from nasbench_harness.cli import console
    from nasbench_harness.reports.words.marked import plain

    table = over.heat.table
    methods = [plain(head) for head in table.heads]
    texts = [cells for _, cells in table.cells]
    rows = [
        [column.heading, *(cells[place] for cells in texts)]
        for place, column in enumerate(table.columns)
        if column.heat
    ]
    console.out.print("")
    console.say(PROBLEM_BY_PROBLEM)
    numbers = range(1, len(methods) + 1)
    console.print_rows("", ["problem", *methods], rows, numbers=numbers)
    for reason in over.heat.reasons:
        console.say(plain(reason))


def over_all_json(written: Written | None) -> dict[str, Any]:
    """The same for scripts; nothing where there is no report of several studies."""
    from nasbench_harness.reports.words.marked import plain

    if written is None or not written.over_all:
        return {}
    told = [
        {
            "title": over.title,
            "verdict": plain(over.verdict.lead),
            "methods": over.table.rows.to_dict("records"),
            "problems": [column.heading for column in over.heat.table.columns if column.heat],
            "regrets": over.heat.table.rows.to_dict("records"),
            "without": [plain(reason) for reason in over.heat.reasons],
        }
        for over in written.over_all
    ]
    suite = {"suite": written.suite.name} if written.suite else {}
    return {**suite, "together": told}

"""`nasharness list suites` and `nasharness show suite`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from nasbench_harness import registry
from nasbench_harness.cli import completion
from nasbench_harness.cli.app import JsonOption, list_app, show_app
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.errors import HarnessError

BUDGET = ("space", "dataset", "table", "search")
"""Keys that have a column of their own; the others are a problem's budget."""


@list_app.command("suites", cls=Command, epilog=examples("nasharness list suites"))
def list_suites(json: JsonOption = False) -> None:
    """Suites: problems that `run --suite` compares methods on together."""
    from nasbench_harness.cli import console

    rows = [_row(name) for name in registry.suites.names()]
    if json:
        keys = ("name", "problems", "about", "origin")
        console.print_json([dict(zip(keys, row, strict=True)) for row in rows])
    else:
        headings = ("name", "problems", "what it is", "from")
        console.print_rows("", headings, rows, numbers=(1,), below=(2,))


def _row(name: str) -> tuple[str, Any, str, str]:
    """What is broken is told in its place, and takes nothing else down."""
    try:
        suite = registry.open_suite(name)
    except HarnessError as error:
        return name, "", str(error), registry.suites.origin(name)
    return name, len(suite.problems), suite.about, registry.suites.origin(name)


@show_app.command("suite", cls=Command, epilog=examples("nasharness show suite quick"))
def show_suite(
    name: Annotated[
        str,
        typer.Argument(
            metavar="SUITE",
            help="Name, of `list suites`.",
            autocompletion=completion.names("suites"),
        ),
    ],
    json: JsonOption = False,
) -> None:
    """A suite's problems, and which of them can be run here."""
    from nasbench_harness.cli import console
    from nasbench_harness.reports.words.marked import listing
    from nasbench_harness.study.suites import missing, missing_images, problem_names

    suite = registry.open_suite(name)
    faults = [missing(problem) or missing_images(problem) for problem in suite.problems]
    rows = [
        (called, *(str(problem.keys.get(key, "")) for key in BUDGET), _budget(problem.keys))
        for called, problem in zip(problem_names(suite), suite.problems, strict=True)
    ]
    if json:
        keys = ("problem", *BUDGET, "budget", "missing")
        told = [
            dict(zip(keys, (*row, why), strict=True)) for row, why in zip(rows, faults, strict=True)
        ]
        console.print_json({"name": name, "about": suite.about, "problems": told})
        return
    console.say(f"{name}: {suite.about}")
    console.out.print("")
    headings = ("problem", "space", "data set", "table", "search", "budget")
    used = [i for i in range(len(headings)) if i == 0 or any(row[i] for row in rows)]
    shown = [
        (*(row[i] for i in used), "no" if why else "yes")
        for row, why in zip(rows, faults, strict=True)
    ]
    console.print_rows("", [*(headings[i] for i in used), "here"], shown)
    for why in dict.fromkeys(filter(None, faults)):
        lacking = [row[0] for row, fault in zip(rows, faults, strict=True) if fault == why]
        console.say(f"{listing(lacking)}: {why}")


def _budget(keys: Mapping[str, Any]) -> str:
    """What a problem says beside where it is from; most leave it to each method's recipe."""
    told = [f"{key} {value}" for key, value in keys.items() if key not in BUDGET]
    return ", ".join(told)

"""`nasharness show problem`: how hard a benchmark's tables are to search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from nasbench_harness import registry
from nasbench_harness.cli import completion
from nasbench_harness.cli.app import JsonOption, show_app
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.errors import HarnessError

_PLACE = "/"
"""Between a space and a data set."""
_DIFFERENCE = "smallest_difference"
_MEASURED = ("best", "median", _DIFFERENCE)
"""Numbers in the metric's own unit."""


@show_app.command(
    "problem",
    cls=Command,
    epilog=examples(
        "nasharness show problem nb201/cifar10", "nasharness show problem nb201 nbmacro --json"
    ),
)
def show_problem(
    problems: Annotated[
        list[str],
        typer.Argument(
            metavar="SPACE[/DATASET]",
            help="Spaces, each with a data set of its table.",
            autocompletion=completion.problems,
        ),
    ],
    table: Annotated[
        str | None,
        typer.Option(
            help="Table.", autocompletion=completion.tables, show_default="the space's own"
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """How hard problems are to search: their size, maxima, smoothness, and where ascent ends.

    Of the numbers a search looks at. All of it is exact, and no search is run.
    """
    from nasbench_harness.cli import console

    told = [_facts(problem, table) for problem in problems]
    if json:
        console.print_json(told)
        return
    if len(told) == 1:
        _print_one(told[0])
    else:
        _print_several(told)


def _facts(problem: str, asked: str | None) -> dict[str, Any]:
    """What is told of one problem; HarnessError where it has no complete table."""
    from nasbench_harness.contracts import CompleteTable
    from nasbench_harness.tables.difficulty import difficulty
    from nasbench_harness.tables.library import default_table, find_table
    from nasbench_harness.tables.metrics import default_dataset

    name, _, dataset = problem.partition(_PLACE)
    space = registry.open_space(name)
    table = find_table(asked or default_table(name))
    if not isinstance(table, CompleteTable):
        raise HarnessError(
            f"There is no complete table of `{name}`, which alone tells how hard it is to search;"
            " give another with `--table NAME` (`nasharness list tables`)."
        )
    if table.space != name:
        raise HarnessError(f"Table `{table.name}` is about `{table.space}`, not `{name}`.")
    dataset = dataset or default_dataset(table)
    found = difficulty(table, space, table.search_metric(dataset))
    return {"problem": f"{name}{_PLACE}{dataset}", "table": table.name, **found.facts()}


def _print_one(facts: Mapping[str, Any]) -> None:
    from nasbench_harness.cli import console
    from nasbench_harness.tables.difficulty import MEANINGS

    title = f"{facts['problem']}: column {facts['metric']} of table `{facts['table']}`"
    rows = [(_words(name), _shown(facts, name), meaning) for name, meaning in MEANINGS.items()]
    console.print_rows(title, ("what", "value", "what it tells"), rows, numbers=(1,), below=(2,))


def _print_several(told: Sequence[Mapping[str, Any]]) -> None:
    """A row a problem, and below what the columns tell."""
    from nasbench_harness.cli import console
    from nasbench_harness.tables.difficulty import MEANINGS

    headings = ("problem", *map(_words, MEANINGS))
    rows = [(facts["problem"], *(_shown(facts, name) for name in MEANINGS)) for facts in told]
    console.print_rows("", headings, rows, numbers=range(1, len(headings)))
    console.out.print("")
    console.print_facts({_words(name): text for name, text in MEANINGS.items()})


def _words(name: str) -> str:
    return name.replace("_", " ")


def _shown(facts: Mapping[str, Any], name: str) -> str:
    """A number to the digits that mean something, with its unit."""
    value = facts[name]
    if value != value:  # noqa: PLR0124 - NaN
        return "–"
    if name == "near_best":
        return f"{100 * value:.2f} % ({value * facts['size']:,.0f})"
    if name in _MEASURED:
        unit = facts["unit"]
        points = "points" if name == _DIFFERENCE else "%"
        return f"{value:.2f} {points}" if unit == "%" else f"{value:.4g} {unit}".rstrip()
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}"

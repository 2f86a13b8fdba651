"""`nasharness list` and `nasharness show`: what is installed, and one of it in detail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from nasbench_harness import registry
from nasbench_harness.cli import completion
from nasbench_harness.cli.app import JsonOption, list_app, show_app
from nasbench_harness.cli.architectures import read_architecture
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.contracts import Decision, Metric
from nasbench_harness.errors import HarnessError
from nasbench_harness.fields.parameters import Parameters, base_of

MOST_NAMES = 3
"""Decisions of the same options that are named; of more the first ones and the last."""


@list_app.command("spaces", cls=Command, epilog=examples("nasharness list spaces"))
def list_spaces(json: JsonOption = False) -> None:
    """Search spaces."""
    _list("spaces", json)


@list_app.command("tables", cls=Command, epilog=examples("nasharness list tables"))
def list_tables(json: JsonOption = False) -> None:
    """Tabular benchmarks."""
    _list("tables", json)


@list_app.command("proxies", cls=Command, epilog=examples("nasharness list proxies"))
def list_proxies(json: JsonOption = False) -> None:
    """Zero-cost proxies, which `nasharness score` scores untrained networks by."""
    _list("proxies", json)


def _list(kind: str, json: bool) -> None:
    from nasbench_harness.cli import console

    plugins = getattr(registry, kind)
    rows = [(name, plugins.summary(name), plugins.origin(name)) for name in plugins.names()]
    if json:
        keys = ("name", "summary", "origin")
        console.print_json([dict(zip(keys, row, strict=True)) for row in rows])
    else:
        console.print_rows("", ("name", "what it is", "from"), rows, below=(1,))


@show_app.command("space", cls=Command, epilog=examples("nasharness show space nb201"))
def show_space(
    name: Annotated[
        str,
        typer.Argument(
            metavar="SPACE",
            help="Name, of `list spaces`.",
            autocompletion=completion.names("spaces"),
        ),
    ],
    json: JsonOption = False,
) -> None:
    """A space's decisions and their options, and the benchmarks of it with their data sets.

    Decisions of the same options stand in one line, and with `--json` each by itself.
    """
    from nasbench_harness.cli import console
    from nasbench_harness.tables.enumeration import lists
    from nasbench_harness.tables.library import tables_of

    space = registry.open_space(name)
    size = space.size if lists(space) else None
    benchmarks = [_benchmark(table) for table in tables_of(name)]
    rows = [(d.name, d.group, ", ".join(d.options)) for d in space.decisions]
    parameters: Parameters = getattr(space, "parameters", {})
    if json:
        keys = ("decision", "group", "options")
        decisions = [dict(zip(keys, row, strict=True)) for row in rows]
        shown: dict[str, Any] = {"name": space.name, "architectures": size, "decisions": decisions}
        if parameters:
            shown["parameters"] = {name: dict(values) for name, values in parameters.items()}
        console.print_json({**shown, "benchmarks": benchmarks})
        return
    console.out.print(f"{space.name}: {registry.spaces.summary(name)}\n", markup=False)
    title = "too many architectures to list" if size is None else f"{size:,} architectures"
    console.print_rows(
        title,
        ("", "decisions", "options"),
        list(_alike(space.decisions)),
        numbers=(0,),
        below=(2,),
    )
    console.out.print("")
    _print_variants(base_of(name), parameters)
    _print_benchmarks(benchmarks)


def _print_benchmarks(benchmarks: Sequence[Mapping[str, Any]]) -> None:
    from nasbench_harness.cli import console

    if not benchmarks:
        console.say("No benchmark of it is known to the space; `--table NAME` names one.")
        return
    cells = [
        (one["table"], one["how"] or ", ".join(map(_task, one["tasks"]))) for one in benchmarks
    ]
    headings = ("table", "data sets, and what is measured where that is no accuracy in percent")
    console.print_rows("benchmarks, the preferred first", headings, cells, below=(1,))


def _alike(decisions: Iterable[Decision]) -> Iterator[tuple[int, str, str]]:
    """Of decisions with the same options how many there are, their names, and the options."""
    names: dict[str, list[str]] = {}
    for decision in decisions:
        names.setdefault(", ".join(decision.options), []).append(decision.name)
    for options, known in names.items():
        left_out = len(known) > MOST_NAMES
        shown = ", ".join(known[: MOST_NAMES - 1] if left_out else known)
        yield len(known), f"{shown} ... {known[-1]}" if left_out else shown, options


def _print_variants(space: str, parameters: Parameters) -> None:
    """What a space's parameters may be."""
    from nasbench_harness.cli import console

    for parameter, values in parameters.items():
        rows = [(f"{space}[{parameter}={value}]", what) for value, what in values.items()]
        console.print_rows(
            "variants, the usual one first", ("space", "what it is"), rows, below=(1,)
        )
        console.out.print("")


def _benchmark(table: str) -> dict[str, Any]:
    """A table's data sets with what answers on them are judged by; how it gets here if it is not.

    What cannot be opened is told in its place, and takes nothing else down.
    """
    try:
        metrics = list(registry.open_table(table).metrics.values())
    except HarnessError as error:
        return {"table": table, "installed": False, "tasks": [], "how": str(error)}
    judged = {metric.dataset: metric for metric in reversed(metrics) if metric.report}
    tasks = [
        {"dataset": dataset, "quantity": judged[dataset].quantity, "unit": judged[dataset].unit}
        for dataset in dict.fromkeys(m.dataset for m in metrics if m.report)
    ]
    return {"table": table, "installed": True, "tasks": tasks, "how": ""}


def _task(task: Mapping[str, str]) -> str:
    """`cora`; `normal (SSIM)`, where it is no accuracy in percent."""
    plain = task["quantity"] == Metric.quantity and task["unit"] == "%"
    own = "" if task["unit"] == task["quantity"] else task["unit"]
    called = ", ".join(filter(None, (task["quantity"], own)))
    return task["dataset"] if plain else f"{task['dataset']} ({called})"


@show_app.command("table", cls=Command, epilog=examples("nasharness show table official --json"))
def show_table(
    name: Annotated[
        str,
        typer.Argument(
            metavar="TABLE",
            help="Name, of `list tables`.",
            autocompletion=completion.names("tables"),
        ),
    ],
    json: JsonOption = False,
) -> None:
    """A table's columns: what each number is and what it may be used for."""
    from dataclasses import asdict

    from nasbench_harness.cli import console

    table = registry.open_table(name)
    columns = list(table.metrics.values())
    if json:
        console.print_json([asdict(metric) for metric in columns])
        return
    rows = [
        (m.name, _unit(m), m.seeds, _uses(m.search, m.report), m.meaning, m.trained_on)
        for m in columns
    ]
    headings = ("column", "unit", "seeds", "use", "meaning", "trained on")
    console.print_rows(f"{table.name}, {table.version}", headings, rows, below=(4, 5))


def _unit(metric: Metric) -> str:
    """The unit, with what is measured where that is no accuracy: `SSIM`, `AUC, %`."""
    named = "" if metric.quantity == Metric.quantity else metric.quantity
    unit = "" if metric.unit == named else metric.unit
    return ", ".join(filter(None, (named, unit)))


def _uses(search: bool, report: bool) -> str:
    return ", ".join(use for use, may in (("search", search), ("report", report)) if may)


@show_app.command("arch", cls=Command, epilog=examples("nasharness show arch 9930 --out cell.svg"))
def show_arch(
    arch: Annotated[str, typer.Argument(metavar="ARCH", help="Architecture string, or an index.")],
    space: Annotated[
        str, typer.Option(help="Search space.", autocompletion=completion.names("spaces"))
    ] = registry.default_space(),
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Draw it there: .svg, .png or .pdf.", show_default="no drawing"
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """An architecture's facts, and its drawing."""
    from nasbench_harness.cli import console
    from nasbench_harness.study.costs import counted_cost, layer_costs

    parsed = read_architecture(space, arch)
    opened = registry.open_space(space)
    facts = {"architecture": str(parsed), **opened.describe(parsed)}
    costs = {cost.name: cost for cost in (*layer_costs(opened), *opened.costs)}
    facts |= {name: counted_cost(cost, opened, parsed, "") for name, cost in costs.items()}
    if out:
        from nasbench_harness.cli.drawing import save_drawing

        facts["drawing"] = save_drawing(opened, parsed, out)
    if json:
        console.print_json(facts)
        return
    from nasbench_harness.cli.facts import fact

    told = {what: fact(what, value, costs.get(what)) for what, value in facts.items()}
    console.print_facts(told)

"""`nasharness list` and `nasharness show`: what is installed, and one of it in detail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from nasbench_harness import registry
from nasbench_harness.cli import completion
from nasbench_harness.cli.app import JsonOption, list_app, show_app
from nasbench_harness.cli.architectures import read_architecture
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.contracts import Metric
from nasbench_harness.errors import HarnessError
from nasbench_harness.fields.parameters import Parameters, base_of


@list_app.command("methods", cls=Command, epilog=examples("nasharness list methods --json"))
def list_methods(json: JsonOption = False) -> None:
    """Search methods, ours and those of installed plugins."""
    _list("methods", json)


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


@show_app.command(
    "method", cls=Command, epilog=examples("nasharness show method unas --recipe nb201")
)
def show_method(
    name: Annotated[
        str,
        typer.Argument(
            metavar="METHOD",
            help="Name, of `list methods`.",
            autocompletion=completion.names("methods"),
        ),
    ],
    recipe: Annotated[
        str | None,
        typer.Option(
            help="Whose values to show.",
            autocompletion=completion.method_recipes,
            show_default="that of a search on a table, or the first",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """A method's settings: value, default, where both are from, range, meaning; its recipes.

    Letters in brackets say where a number is from, and are explained below the numbers.
    """
    from nasbench_harness.cli import console

    shown = _method_facts(name, recipe)
    if json:
        console.print_json(shown)
    else:
        _print_method(shown)


def _method_facts(name: str, recipe: str | None) -> dict[str, Any]:
    """Settings under a recipe, with the tags of values and defaults, and what else there is."""
    from nasbench_harness import registry
    from nasbench_harness.problems.kinds import open_kind
    from nasbench_harness.study import recipes

    plain, bracket, rest = name.partition("[")
    if bracket and plain in registry.methods.names():
        raise HarnessError(
            f"`{name}` is a method with settings, which are given to `nasharness run`; type"
            f" `nasharness show method {plain}` to see what `{rest.partition('=')[0]}` may be."
        )
    method = registry.open_setup(name)
    known = recipes.recipes_of(name)
    kind = open_kind(registry.default_problem())
    first, of_kind = kind.recipe, kind.name
    if known and all(one.name != first for one in known):  # such as of one that needs networks
        first, of_kind = known[0].name, known[0].recipe.kind or of_kind
    found = recipes.find_recipe(name, recipe or first, registry.default_space(), of_kind)
    chosen, tags = found.recipe, recipes.recipe_tags(found.recipe)
    of_values = recipes.value_tags(method, chosen)
    values = method.Settings.build(name, chosen.settings).model_dump(mode="json")
    rows = [
        {**row, "value": values[row["name"]], "default_tag": row["tag"],
         "tag": of_values.get(row["name"], "")}
        for row in method.Settings.explain()
    ]  # fmt: skip
    lengths = {"epochs": chosen.epochs} | ({"steps": chosen.steps} if chosen.steps else {})
    return {
        "name": name, "version": method.version, "recipe": found.title, **lengths,
        "settings": rows, "network": dict(chosen.network), "tags": tags,
        "recipes": _recipes(name),
    }  # fmt: skip


def _recipes(method: str) -> dict[str, str]:
    """What `--recipe` takes, with what each is."""
    from nasbench_harness.study import recipes

    usual, problem = registry.default_space(), registry.default_problem()
    found = {one.title: one.recipe.source for one in recipes.recipes_of(method)}
    spaces = dict.fromkeys([usual, *registry.spaces.names()])
    published = {space: recipes.published(method, space, problem) for space in spaces}
    told = [f"for {space}: {one.title}" for space, one in published.items() if one]
    if told:
        found[recipes.PAPER] = f"the one that is published {'; '.join(told)}"
    return found


def _print_method(shown: Mapping[str, Any]) -> None:
    from nasbench_harness import registry
    from nasbench_harness.cli import console

    name, rows, tags = shown["name"], shown["settings"], shown["tags"]
    console.out.print(f"{name}: {registry.methods.summary(name)}\n", markup=False)
    lengths = [
        f"{shown[what + 's']:,} {what}{'' if shown[what + 's'] == 1 else 's'}"
        f"{_tagged(tags.get(what + 's'))}"
        for what in ("epoch", "step")
        if what + "s" in shown
    ]
    console.print_rows(
        f"settings, recipe {shown['recipe']} ({', '.join(lengths)})",
        ("setting", "value", "default", "allowed", "meaning"),
        [_setting_cells(row) for row in rows],
        below=(4, 3),
    )
    if network := shown["network"]:
        console.out.print("")
        cells = [(key, _valued(v, tags.get(f"network.{key}"))) for key, v in network.items()]
        console.print_rows("network weights on images", ("setting", "value"), cells)
    _explain_tags({*tags.values(), *(row["default_tag"] for row in rows)})
    console.out.print("")
    console.print_rows("recipes", ("name", "source"), shown["recipes"].items(), below=(1,))


def _setting_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    value = _valued(row["value"], row["tag"], row["unit"])
    default = _valued(row["default"], row["default_tag"])
    return row["name"], value, default, row["allowed"], row["meaning"]


def _valued(value: Any, tag: str | None, unit: str = "") -> str:
    """The value with its unit, and the tag that says where it is from."""
    from nasbench_harness.cli.console import cell

    shown = cell(value) or "null"
    return f"{shown} {unit}".rstrip() + _tagged(tag)


def _tagged(tag: str | None) -> str:
    return f" [{tag}]" if tag else ""


def _explain_tags(used: Iterable[str]) -> None:
    """A line for each letter that stands above."""
    from nasbench_harness.cli import console
    from nasbench_harness.contracts import TAGS

    letters = "".join(used)
    if told := [f"[{tag}] {meaning}" for tag, meaning in TAGS.items() if tag in letters]:
        console.out.print("\nfrom: " + ", ".join(told), markup=False)


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
    """A space's decisions and their options, and the benchmarks of it with their data sets."""
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
    console.print_rows(title, ("decision", "group", "options"), rows, below=(2,))
    console.out.print("")
    _print_variants(base_of(name), parameters)
    if not benchmarks:
        console.say("No benchmark of it is known to the space; `--table NAME` names one.")
        return
    cells = [
        (one["table"], one["how"] or ", ".join(map(_task, one["tasks"]))) for one in benchmarks
    ]
    headings = ("table", "data sets, and what is measured where that is no accuracy in percent")
    console.print_rows("benchmarks, the preferred first", headings, cells, below=(1,))


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

"""`nasharness list` and `nasharness show`: what is installed, and one of it in detail."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nasbench_harness import registry
from nasbench_harness.cli import completion
from nasbench_harness.cli.app import JsonOption, list_app, show_app
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.cli.query import read_architecture


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
        str, typer.Option(help="Whose values to show.", autocompletion=completion.recipes)
    ] = "landscape",
    json: JsonOption = False,
) -> None:
    """A method's settings: value, unit, allowed range and meaning; and its recipes."""
    from nasbench_harness.cli import console
    from nasbench_harness.study.planning import find_recipe

    method = registry.open_setup(name)
    chosen = find_recipe(name, method, recipe)
    values = method.Settings.build(name, chosen.settings).model_dump(mode="json")
    rows = [{**row, "value": values[row["name"]]} for row in method.Settings.explain()]
    recipes = {title: known.source for title, known in method.recipes.items()}
    if json:
        console.print_json(
            {"name": name, "version": method.version, "recipe": recipe, "settings": rows,
             "recipes": recipes, "network": dict(chosen.network)}
        )  # fmt: skip
        return
    console.out.print(f"{name}: {registry.methods.summary(name)}\n", markup=False)
    console.print_rows(
        f"settings, recipe {recipe} ({chosen.epochs} epochs)",
        ("setting", "value", "allowed", "meaning"),
        [(r["name"], _valued(r), r["allowed"], r["meaning"]) for r in rows],
        below=(3, 2),
    )
    if chosen.network:
        console.out.print("")
        console.print_rows(
            "network weights under this recipe (supernet only)", ("setting", "value"),
            chosen.network.items(),
        )  # fmt: skip
    console.out.print("")
    console.print_rows("recipes", ("name", "source"), recipes.items(), below=(1,))


def _valued(row: dict[str, Any]) -> str:
    """The value with its unit, and the default where the recipe changes it."""
    from nasbench_harness.cli.console import cell

    shown = cell(row["value"]) or "null"
    if row["unit"]:
        shown += f" {row['unit']}"
    return shown if row["value"] == row["default"] else f"{shown} (default {cell(row['default'])})"


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
    """A space's decisions and their options."""
    from nasbench_harness.cli import console
    from nasbench_harness.contracts import Enumerable

    space = registry.open_space(name)
    size = space.size if isinstance(space, Enumerable) else None
    rows = [(d.name, d.group, ", ".join(d.options)) for d in space.decisions]
    if json:
        keys = ("decision", "group", "options")
        decisions = [dict(zip(keys, row, strict=True)) for row in rows]
        console.print_json({"name": name, "architectures": size, "decisions": decisions})
        return
    console.out.print(f"{name}: {registry.spaces.summary(name)}\n", markup=False)
    told = "more architectures than can be listed" if size is None else f"{size:,} architectures"
    console.print_rows(told, ("decision", "group", "options"), rows, below=(2,))


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
        (m.name, m.unit, m.seeds, _uses(m.search, m.report), m.meaning, m.trained_on)
        for m in columns
    ]
    headings = ("column", "unit", "seeds", "use", "meaning", "trained on")
    console.print_rows(f"{table.name}, {table.version}", headings, rows, below=(4, 5))


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

    parsed = read_architecture(space, arch)
    opened = registry.open_space(space)
    facts = {"architecture": str(parsed), **opened.describe(parsed)}
    facts |= {what: opened.cost(parsed, what, "cifar10") for what in opened.costs}
    if out:
        from nasbench_harness.cli.drawing import save_drawing

        facts["drawing"] = save_drawing(opened, parsed, out)
    if json:
        console.print_json(facts)
        return
    from nasbench_harness.cli.facts import fact

    console.print_facts({what: fact(what, value) for what, value in facts.items()})

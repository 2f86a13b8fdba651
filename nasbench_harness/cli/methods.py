"""`nasharness list methods` and `nasharness show method`: what there is, and one in detail."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbench_harness import registry
from nasbench_harness.cli import completion
from nasbench_harness.cli.app import JsonOption, list_app, show_app
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.errors import HarnessError

if TYPE_CHECKING:
    from nasbench_harness.study.told import Described

WIDTH = 80
"""Columns of the narrowest terminal that a list is made for."""
GAPS = 2 * 4
SHORTEST = 20
"""Letters that are left of what a method is, however long the other columns are."""


@list_app.command("methods", cls=Command, epilog=examples("nasharness list methods --json"))
def list_methods(json: JsonOption = False) -> None:
    """Search methods, ours and those of installed plugins."""
    from nasbench_harness.cli import console
    from nasbench_harness.study.told import describe

    methods = [describe(name) for name in registry.methods.names()]
    if json:
        console.print_json([_listed(one) for one in methods])
        return
    rows = _narrow(
        [(one.name, one.gist, one.year or "", one.needs, one.fault or one.basis) for one in methods]
    )
    console.print_rows(
        "", ("name", "what it is", "year", "runs on", "written from"), rows, below=(1,)
    )
    console.out.print("")
    for sentence in _legend(methods):
        console.say(sentence)


def _listed(one: Described) -> dict[str, Any]:
    """For scripts: what each line tells, and what it has no room for."""
    return {
        "name": one.name, "summary": one.summary, "origin": one.origin, "gist": one.gist,
        "year": one.year, "runs_on": list(one.runs_on), "queries": one.queries,
        "costs": one.holds_costs, "basis": one.basis, "fault": one.fault,
    }  # fmt: skip


def _narrow(rows: Sequence[Sequence[Any]]) -> list[list[str]]:
    """What a method is in as many letters as are left of a line, broken between words."""
    shown = [[str(cell) for cell in row] for row in rows]
    others = [max((len(row[at]) for row in shown), default=0) for at in (0, 2, 3)]
    left = WIDTH - GAPS - sum(others) - max((len(row[4]) for row in shown if row[2]), default=0)
    for row in shown:
        row[1] = textwrap.shorten(row[1], max(left, SHORTEST), placeholder="…")
    return shown


def _legend(methods: Sequence[Described]) -> Iterator[str]:
    """What the words of the list mean, and who brought what is not built in."""
    yield (
        "any: every kind of problem; queries: what tells accuracies of single architectures; costs:"
        " it can hold costs (--cost). What it is written from was read, and not run beside ours."
    )
    built_in = registry.methods.built_in()
    others = [f"{one.name} ({one.origin})" for one in methods if one.name not in built_in]
    if others:
        yield f"From other packages: {', '.join(others)}."


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
    """A method: its formula, how true it is to what was published, settings and recipes.

    Of every setting value, default, where both are from, range and meaning. Letters in brackets say
    where a number is from, and are explained below the numbers.
    """
    from nasbench_harness.cli import console

    shown = _method_facts(name, recipe)
    if json:
        console.print_json(shown)
    else:
        _print_method(shown)


def _method_facts(name: str, recipe: str | None) -> dict[str, Any]:
    """Settings under a recipe, with the tags of values and defaults, and what else there is."""
    from nasbench_harness.problems.kinds import open_kind
    from nasbench_harness.study import recipes, told

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
        "name": name, "version": method.version, **_truth(name), "recipe": found.title, **lengths,
        "settings": rows, "network": dict(chosen.network), "tags": tags,
        "recipes": _recipes(name, of_kind), "recipes_by_space": told.recipes_by_space(name),
    }  # fmt: skip


def _truth(name: str) -> dict[str, Any]:
    """What the method is, and how true to what was published."""
    from nasbench_harness.study import told

    one = told.describe(name)
    return {
        "summary": one.summary, "year": one.year, "runs_on": list(one.runs_on),
        "costs": one.holds_costs, "formula": told.formula(name),
        "fidelity": told.fidelity_facts(one.fidelity),
    }  # fmt: skip


def _recipes(method: str, kind: str) -> dict[str, str]:
    """What `--recipe` takes on problems of a kind, with what each is."""
    from nasbench_harness.study import recipes

    usual = registry.default_space()
    found = {one.title: one.recipe.source for one in recipes.recipes_of(method)}
    spaces = dict.fromkeys([usual, *registry.spaces.names()])
    published = {space: recipes.published(method, space, kind) for space in spaces}
    which = [f"for {space}: {one.title}" for space, one in published.items() if one]
    if which:
        found[recipes.PAPER] = (
            f"the one {'; '.join(which)}; where its numbers are from, their tags say"
        )
    return found


def _print_method(shown: Mapping[str, Any]) -> None:
    from nasbench_harness.cli import console

    name, rows, tags = shown["name"], shown["settings"], shown["tags"]
    console.say(f"{name}: {shown['summary']}\n")
    _print_truth(shown)
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
    from nasbench_harness.study.recipes import PAPER

    told = ("name", "space", "kind", "source")
    by_space = [tuple(one[what] for what in told) for one in shown["recipes_by_space"]]
    if PAPER in shown["recipes"]:
        by_space.append((PAPER, "", "", shown["recipes"][PAPER]))
    console.print_rows("recipes", ("name", "space", "problem", "source"), by_space, below=(3,))


def _print_truth(shown: Mapping[str, Any]) -> None:
    """Formula, and what the method declares of itself."""
    from nasbench_harness.cli import console
    from nasbench_harness.study import told

    if shown["formula"]:
        for line in _hanging(shown["formula"]):
            console.out.print(line, markup=False, soft_wrap=True)
        console.out.print("")
    setup = registry.open_setup(shown["name"])
    one = told.describe(shown["name"]).fidelity
    facts = {
        "reading": getattr(setup, "reading", ""),
        "written from": "" if one is None else f"{one.basis}. {one.against}".strip(),
        "differs": "" if one is None else " ".join(one.deviations),
        "behind": "" if one is None else " ".join(one.behind),
        "a step": "" if one is None or one.cost is None else told.cost_sentence(one.cost),
        "tests": "" if one is None else ", ".join(one.tests),
    }
    if there := {what: text for what, text in facts.items() if text}:
        console.print_facts(there)
        console.out.print("")


def _hanging(formula: str) -> Iterator[str]:
    """Its lines, indented; what is wider than the terminal goes on below its right side."""
    from nasbench_harness.cli import console

    for line in formula.splitlines():
        first = "  " + line
        further = " " * (len(first) - len(first.lstrip()) + 4)
        yield from textwrap.wrap(
            first, console.out.width, subsequent_indent=further, break_long_words=False,
            break_on_hyphens=False, replace_whitespace=False, drop_whitespace=True,
        ) or [""]  # fmt: skip


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

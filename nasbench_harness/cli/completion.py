"""Shell completion: names of plugins, data sets, recipes, metrics, devices and settings.

A completer answers while somebody types: it reads names and set-ups, and imports neither torch nor
a table's numbers where it can do without.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import typer

from nasbench_harness.errors import HarnessError
from nasbench_harness.images.place import FOLDER

if TYPE_CHECKING:
    from nasbench_harness.contracts import Benchmark, Metric
    from nasbench_harness.settings import Settings

Completer = Callable[[typer.Context, str], list[str]]


def _starting(with_: str, known: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(known) if name.startswith(with_)]


def _given(ctx: typer.Context, name: str) -> Any:
    """What the line says already of a parameter; None where it does not."""
    return (ctx.params or {}).get(name)


def _quiet(complete: Completer) -> Completer:
    """Nothing to offer where the line holds a mistake: the command itself will say so."""

    @functools.wraps(complete)
    def completer(ctx: typer.Context, incomplete: str) -> list[str]:
        try:
            return complete(ctx, incomplete)
        except (HarnessError, OSError):
            return []

    return completer


def words(*known: str) -> Completer:
    """One of a few fixed words."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        return _starting(incomplete, known)

    return complete


devices = words("auto", "cpu", "cuda", "cuda:0", "cuda:1", "mps")
precisions = words("fp32", "bf16", "fp16")
layouts = words("auto", "parts", "classes")
compile_modes = words("none", "inductor", "graph")


def names(kind: str) -> Completer:
    """The plugins of one registry; of a list with commas the last."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        from nasbench_harness import registry

        before, comma, last = incomplete.rpartition(",")
        known = getattr(registry, kind).names()
        return [f"{before}{comma}{name}" for name in known if name.startswith(last)]

    return complete


searches = names("problems")


# --- methods and settings ----------------------------------------------------------------------


@_quiet
def methods(ctx: typer.Context, incomplete: str) -> list[str]:
    """`drnas,un` to `drnas,unas`, `unas[temp` to `unas[temperature=`, and `all`."""
    from nasbench_harness.study.notation import EVERY

    before, last = _last_method(incomplete)
    name, bracket, inside = last.partition("[")
    if not bracket:
        known = [*_starting(last, [EVERY]), *names("methods")(ctx, last)]
        return [before + name for name in known]
    done, comma, open_ = inside.rpartition(",")
    return [f"{before}{name}[{done}{comma}{said}" for said in _method_settings(name, open_)]


def _last_method(text: str) -> tuple[str, str]:
    """Split after the last comma that stands outside all brackets."""
    depth, cut = 0, 0
    for position, character in enumerate(text, start=1):
        depth += (character == "[") - (character == "]")
        if character == "," and depth == 0:
            cut = position
    return text[:cut], text[cut:]


def _method_settings(method: str, incomplete: str) -> Iterator[str]:
    from nasbench_harness import registry
    from nasbench_harness.study.recipes import PAPER, RECIPE, recipes_of

    if method not in registry.methods.names():
        return
    setup = registry.open_setup(method)
    recipes = [*dict.fromkeys(one.full_name for one in recipes_of(method)), PAPER]
    yield from _settings(setup.Settings, incomplete, {RECIPE: recipes})


def _settings(
    settings: type[Settings], incomplete: str, further: Mapping[str, list[str]] | None = None
) -> Iterator[str]:
    """`name=`, or the values of a setting that has but a few."""
    values = {name: _values(field.annotation) for name, field in settings.model_fields.items()}
    values |= further or {}
    name, sign, value = incomplete.partition("=")
    if sign:
        yield from (f"{name}={known}" for known in _starting(value, values.get(name, [])))
    else:
        yield from (f"{known}=" for known in _starting(name, values))


def _values(annotation: Any) -> list[str]:
    """What a field of a few values admits, as it is written on a command line."""
    if annotation is bool:
        return ["true", "false"]
    if get_origin(annotation) is Literal:
        return [str(value).lower() for value in get_args(annotation)]
    return []


@_quiet
def assignments(ctx: typer.Context, incomplete: str) -> list[str]:
    """`--set`: `drnas.anchor=kl`, `network.width=`."""
    from nasbench_harness.problems.kinds import held

    owner, dot, rest = incomplete.partition(".")
    if not dot:
        return [f"{known}." for known in _starting(owner, [*_chosen(ctx), *held()])]
    known = held()
    found = _settings(known[owner], rest) if owner in known else _method_settings(owner, rest)
    return [f"{owner}.{said}" for said in found]


def _chosen(ctx: typer.Context) -> list[str]:
    """The methods on the line, or all."""
    from nasbench_harness import registry
    from nasbench_harness.study.notation import EVERY, ConfigError, parse_methods

    known = registry.methods.names()
    with contextlib.suppress(ConfigError):
        if text := _given(ctx, "methods"):
            chosen = [choice["name"] for choice in parse_methods(text)]
            return known if EVERY in chosen else chosen
    return known


@_quiet
def recipes(ctx: typer.Context, incomplete: str) -> list[str]:
    """Recipes of the methods on the line, or of all whose set-ups are read without torch."""
    from nasbench_harness import registry
    from nasbench_harness.problems.kinds import kinds
    from nasbench_harness.study.recipes import recipes_of

    known = [name for name in _chosen(ctx) if name in registry.setups.names()]
    found = [one.full_name for name in known for one in recipes_of(name)]
    return _starting(incomplete, [*(kind.recipe for kind in kinds()), "quick", *found])


@_quiet
def method_recipes(ctx: typer.Context, incomplete: str) -> list[str]:
    """Recipes that the one method on the line has, and `paper` where one is published."""
    from nasbench_harness import registry
    from nasbench_harness.study.recipes import PAPER, published, recipes_of

    # The parser gives up at an option without its value, and leaves the words before it unnamed.
    method = _given(ctx, "name") or next(iter(ctx.args), None)
    if method not in registry.methods.names():
        return recipes(ctx, incomplete)
    space, kind = registry.default_space(), registry.default_problem()
    paper = [PAPER] if published(method, space, kind) else []
    return _starting(incomplete, [*(one.name for one in recipes_of(method)), *paper])


# --- data sets, metrics, latencies -------------------------------------------------------------


@_quiet
def images(ctx: typer.Context, incomplete: str) -> list[str]:
    """Data sets of images, and `folder:` with the folders that are there."""
    from nasbench_harness.images import sources

    if incomplete.startswith(FOLDER):
        return _folders(incomplete.removeprefix(FOLDER))
    named = {"digits", *sources.published_names(), *sources.plugin_names()}
    return _starting(incomplete, [*sorted(named), FOLDER])


@_quiet
def datasets(ctx: typer.Context, incomplete: str) -> list[str]:
    """Data sets of the table and of images, and `all`."""
    of_table = [metric.dataset for metric in _all_metrics(ctx) if metric.report]
    if incomplete.startswith(FOLDER):
        return images(ctx, incomplete)
    return _starting(incomplete, [*of_table, "all", *images(ctx, "")])


@_quiet
def table_datasets(ctx: typer.Context, incomplete: str) -> list[str]:
    """Data sets of the table."""
    return _starting(incomplete, [m.dataset for m in _all_metrics(ctx) if m.report])


@_quiet
def problems(ctx: typer.Context, incomplete: str) -> list[str]:
    """Spaces, and behind a slash the data sets of a space's table."""
    from nasbench_harness.tables.library import default_table, find_table

    space, slash, _ = incomplete.partition("/")
    if not slash:
        return names("spaces")(ctx, incomplete)
    table = find_table(_given(ctx, "table") or default_table(space))
    metrics = table.metrics.values() if table else ()
    return _starting(incomplete, [f"{space}/{m.dataset}" for m in metrics if m.search])


def _folders(start: str) -> list[str]:
    place = Path(start).expanduser()
    parent = place if start.endswith("/") or not start else place.parent
    begun = "" if start.endswith("/") or not start else place.name
    shown = start[: len(start) - len(begun)]
    try:
        found = sorted(path.name for path in parent.iterdir() if path.is_dir())
    except OSError:
        return []
    return [f"{FOLDER}{shown}{name}" for name in found if name.startswith(begun)]


def _table(ctx: typer.Context) -> Benchmark | None:
    """The benchmark on the line, or the space's own; None where nothing is looked up."""
    from nasbench_harness import registry
    from nasbench_harness.tables.library import default_table, find_table

    space = _given(ctx, "space") or registry.default_space()
    return find_table(_given(ctx, "table") or default_table(space))


def _all_metrics(ctx: typer.Context) -> list[Metric]:
    table = _table(ctx)
    return list(table.metrics.values()) if table else []


def _devices(ctx: typer.Context) -> list[str]:
    from nasbench_harness.study.costs import device_latencies

    table = _table(ctx)
    return list(device_latencies(table)) if table else []


def tables(ctx: typer.Context, incomplete: str) -> list[str]:
    """What a study can look its answers up in, and that it does not."""
    from nasbench_harness.tables.library import NO_TABLE

    return [*names("tables")(ctx, incomplete), *_starting(incomplete, [NO_TABLE])]


def _metrics(ctx: typer.Context, incomplete: str, use: str) -> list[str]:
    metrics = [metric for metric in _all_metrics(ctx) if getattr(metric, use)]
    short = [f"{metric.split}@{metric.epochs}" for metric in metrics if metric.epochs]
    return _starting(incomplete, [*short, *(metric.name for metric in metrics)])


@_quiet
def search_metrics(ctx: typer.Context, incomplete: str) -> list[str]:
    """What a search may look at."""
    return _metrics(ctx, incomplete, "search")


@_quiet
def report_metrics(ctx: typer.Context, incomplete: str) -> list[str]:
    """What a result may be judged by."""
    return _metrics(ctx, incomplete, "report")


@_quiet
def columns(ctx: typer.Context, incomplete: str) -> list[str]:
    """Everything a query can rank by."""
    return _starting(
        incomplete, [*report_metrics(ctx, ""), *(metric.name for metric in _all_metrics(ctx))]
    )


@_quiet
def latency_limits(ctx: typer.Context, incomplete: str) -> list[str]:
    """`pixel3=`, of the devices the table knows."""
    return _starting(incomplete, [f"{device}=" for device in _devices(ctx)])


@_quiet
def costs(ctx: typer.Context, incomplete: str) -> list[str]:
    """What a method can hold down; of several, `params,fl` to `params,flops`."""
    from nasbench_harness import registry
    from nasbench_harness.study.costs import named_costs

    space = registry.open_space(_given(ctx, "space") or registry.default_space())
    last = re.split("[,+]", incomplete)[-1]
    before = incomplete.removesuffix(last)
    known = named_costs(space, _table(ctx), measured=True)
    taken = re.split("[,+]", before)
    return [before + name for name in _starting(last, known) if name not in taken]


@_quiet
def training_recipes(ctx: typer.Context, incomplete: str) -> list[str]:
    """How a space's architectures can be trained on their own."""
    from nasbench_harness import registry
    from nasbench_harness.training.settings import network_space

    space = _given(ctx, "space") or registry.default_space()
    return _starting(incomplete, network_space(space).training_recipes)


def data(ctx: typer.Context, incomplete: str) -> list[str]:
    """What `nasharness data` can check and cite."""
    from nasbench_harness.tables.bare import data_names

    return _starting(incomplete, data_names())


@_quiet
def pullable(ctx: typer.Context, incomplete: str) -> list[str]:
    """What `nasharness data pull` gets."""
    from nasbench_harness.contracts import Pullable

    return _starting(incomplete, _data_with(Pullable))


@_quiet
def benchmarks(ctx: typer.Context, incomplete: str) -> list[str]:
    """What `nasharness data import` converts."""
    return _starting(incomplete, importable_names())


def importable_names() -> list[str]:
    """The data whose publishers' files can be converted."""
    from nasbench_harness.contracts import Importable

    return _data_with(Importable)


def _data_with(capability: type) -> list[str]:
    """The data that have a capability; a plugin that cannot be loaded has none."""
    from nasbench_harness import registry

    found: list[str] = []
    for name in registry.data.names():
        with contextlib.suppress(HarnessError):
            if isinstance(registry.open_data(name), capability):
                found.append(name)
    return found

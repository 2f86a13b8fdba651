"""The command line: thin, every command one call into the engine.

Importing this file must stay cheap: torch, pandas and matplotlib are imported by the commands that
use them, so that `--help`, `list` and `query` answer at once.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from nasbench_harness import __version__
from nasbench_harness.errors import ExitCode, HarnessError

if TYPE_CHECKING:
    from nasbench_harness.contracts import Architecture
    from nasbench_harness.study import StudyRun


class _Group(TyperGroup):
    """Turns what a user can cause into one sentence and the right exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except HarnessError as error:
            _give_up(str(error), error.exit_code)
        except KeyboardInterrupt:
            _give_up("Stopped.", ExitCode.INCOMPLETE)
        except BrokenPipeError:  # `nasharness ... | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            full = error.errno == errno.ENOSPC
            what = f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)
            _give_up(f"{what}.", ExitCode.INCOMPLETE if full else ExitCode.USAGE)


def _give_up(sentence: str, code: ExitCode) -> None:
    if os.environ.get("NASHARNESS_DEBUG"):
        raise  # noqa: PLE0704 - inside an except block of the caller
    sys.stderr.write(f"Error: {sentence}\n")
    raise SystemExit(code)


app = typer.Typer(
    name="nasharness",
    cls=_Group,
    help="Compare differentiable architecture search methods on equal terms.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
list_app = typer.Typer(help="What is installed: methods, spaces, tables.", no_args_is_help=True)
show_app = typer.Typer(help="One method, space or architecture in detail.", no_args_is_help=True)
app.add_typer(list_app, name="list")
app.add_typer(show_app, name="show")


def main() -> None:
    """Entry point of the `nasharness` command."""
    app()


def _names(kind: str) -> Any:
    """Shell completion from the names of one registry."""

    def complete(incomplete: str) -> list[str]:
        from nasbench_harness import registry

        before, comma, last = incomplete.rpartition(",")
        names = getattr(registry, kind).names()
        return [f"{before}{comma}{name}" for name in names if name.startswith(last)]

    return complete


JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
TableOption = Annotated[
    str, typer.Option(help="Tabular benchmark to look up.", autocompletion=_names("tables"))
]


def _version(value: bool) -> None:
    if value:
        sys.stdout.write(f"nasharness {__version__}\n")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    if debug:
        os.environ["NASHARNESS_DEBUG"] = "1"


# --- run and report ----------------------------------------------------------------------------


@app.command(
    epilog="Examples:  nasharness run --methods unas,drnas --space nb201   |   nasharness run"
    " --methods 'unas[temperature=0.4],unas[temperature=1]' --seeds 0-19   |   nasharness run"
    " --config study.yaml --set drnas.anchor=kl"
)
def run(
    methods: Annotated[
        str | None,
        typer.Option(
            "--methods", "-m", autocompletion=_names("methods"),
            help="Methods to compare, with settings in brackets: 'unas[temperature=0.4],drnas'.",
        ),
    ] = None,
    space: Annotated[
        str | None, typer.Option(help="Search space.", autocompletion=_names("spaces"))
    ] = None,
    table: Annotated[
        str | None, typer.Option(help="Tabular benchmark.", autocompletion=_names("tables"))
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Dataset of the table.")] = None,
    seeds: Annotated[
        str | None, typer.Option(help="How many ('10'), a range ('0-9') or a list ('3,7').")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Search steps; the recipe's if not given.")
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="Setting of every method: landscape (ours), nb201 (papers').")
    ] = None,
    noise: Annotated[
        float | None, typer.Option(min=0, help="Points of Gaussian noise on every evaluation.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Architecture samples per step (methods that draw"
                                 " one per example).")
    ] = None,
    random: Annotated[
        bool | None, typer.Option("--random/--no-random", help="Add random search.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="YAML file with the same keys.")
    ] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="One setting: method.setting=value.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Study folder; default runs/<name>.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Parallel trials; default: cores.")
    ] = None,
    report: Annotated[bool, typer.Option(help="Write the report at the end.")] = True,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Run a study: every method with every seed, then the tables and the report.

    A study that exists is gone on with: only what is missing runs, and methods or seeds may be
    added to it.
    """
    from nasbench_harness.config import build_config
    from nasbench_harness.console import StudyProgress
    from nasbench_harness.executors.local import LocalExecutor
    from nasbench_harness.study import run_study

    given = {
        "methods": methods, "space": space, "table": table, "dataset": dataset, "seeds": seeds,
        "steps": steps, "recipe": recipe, "noise": noise, "batch_size": batch_size,
        "random": random,
    }  # fmt: skip
    chosen = {name: value for name, value in given.items() if value is not None}
    study_config = build_config(config, chosen, sets or [])
    folder = out or Path("runs") / study_config.name
    progress = StudyProgress()
    try:
        done = run_study(
            study_config, folder, LocalExecutor(jobs), begin=progress.begin, watch=progress.watch
        )
    finally:
        progress.end()
    _tell(done, write=report, json=json)
    raise typer.Exit(int(done.exit_code))


def _tell(done: StudyRun, *, write: bool, json: bool) -> None:
    """What a run ends with: summary, report, and how to go on."""
    from nasbench_harness import console
    from nasbench_harness.reports import summarise, write_report
    from nasbench_harness.store import read_tables

    folder = done.study.folder
    trials, _ = read_tables(folder)
    summary = summarise(trials)
    page = write_report(folder) if write and len(summary) else None
    if json:
        records = summary.astype(object).where(summary.notna(), None).to_dict("records")
        status = {str(name): count for name, count in done.counts().items()}
        console.print_json({"folder": folder, "status": status, "report": page, "summary": records})
        return
    if len(summary):
        spec = done.study.specs[0]
        console.print_summary(
            summary.to_dict("records"),
            title=f"{spec.space} on {spec.dataset}, table `{spec.table}`, {spec.problem}",
        )
    if page:
        console.out.print(f"\nReport: {page}", markup=False)
    console.out.print(_next(done), markup=False)


def _next(done: StudyRun) -> str:
    if done.exit_code is not ExitCode.DONE:
        why = "Interrupted" if done.interrupted else "Some trials did not finish"
        return f"{why}; what is done is kept. Run the same command again to go on."
    return (
        "Next: more seeds with `--seeds 50`; another setting beside the old one with `--methods"
        " 'unas[temperature=1]'`;\n      what a method's settings mean: `nasharness show method"
        " unas`. Official tables and search on images: see the README's road map."
    )


@app.command(
    "report", epilog="Example:  nasharness report runs/drnas-nb201 runs/edas-nb201 --out report"
)
def report_command(
    studies: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Study folders.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder; default RUN/report for one study.")
    ] = None,
) -> None:
    """Write the report of one study again, or one page about several."""
    from nasbench_harness import console
    from nasbench_harness.reports import write_report
    from nasbench_harness.store import gather, open_study

    for folder in studies:
        gather(open_study(folder))
    console.out.print(f"Report: {write_report(*studies, out=out)}", markup=False)


# --- list --------------------------------------------------------------------------------------


@list_app.command("methods", epilog="Example:  nasharness list methods --json")
def list_methods(json: JsonOption = False) -> None:
    """Search methods, ours and those of installed plugins."""
    _list("methods", json)


@list_app.command("spaces", epilog="Example:  nasharness list spaces")
def list_spaces(json: JsonOption = False) -> None:
    """Search spaces."""
    _list("spaces", json)


@list_app.command("tables", epilog="Example:  nasharness list tables")
def list_tables(json: JsonOption = False) -> None:
    """Tabular benchmarks."""
    _list("tables", json)


def _list(kind: str, json: bool) -> None:
    from nasbench_harness import console, registry

    plugins = getattr(registry, kind)
    rows = [(name, plugins.summary(name), plugins.origin(name)) for name in plugins.names()]
    if json:
        keys = ("name", "summary", "origin")
        console.print_json([dict(zip(keys, row, strict=True)) for row in rows])
    else:
        console.print_rows("", ("name", "what it is", "from"), rows)


# --- show --------------------------------------------------------------------------------------


@show_app.command("method", epilog="Example:  nasharness show method unas --recipe nb201")
def show_method(
    name: Annotated[str, typer.Argument(autocompletion=_names("methods"))],
    recipe: Annotated[str, typer.Option(help="Whose values to show.")] = "landscape",
    json: JsonOption = False,
) -> None:
    """A method's settings: value, unit, allowed range and meaning; and its recipes."""
    from nasbench_harness import console, registry
    from nasbench_harness.planning import find_recipe

    method = registry.methods.load(name)
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
    )
    if chosen.network:
        console.out.print("")
        console.print_rows(
            "network weights under this recipe (supernet only)", ("setting", "value"),
            chosen.network.items(),
        )  # fmt: skip
    console.out.print("")
    console.print_rows("recipes", ("name", "source"), recipes.items())


def _valued(row: dict[str, Any]) -> str:
    """The value with its unit, and the default where the recipe changes it."""
    from nasbench_harness.console import cell

    shown = cell(row["value"]) or "null"
    if row["unit"]:
        shown += f" {row['unit']}"
    return shown if row["value"] == row["default"] else f"{shown} (default {cell(row['default'])})"


@show_app.command("space", epilog="Example:  nasharness show space nb201")
def show_space(
    name: Annotated[str, typer.Argument(autocompletion=_names("spaces"))], json: JsonOption = False
) -> None:
    """A space's decisions and their options."""
    from nasbench_harness import console, registry

    space = registry.open_space(name)
    rows = [(d.name, d.group, ", ".join(d.options)) for d in space.decisions]
    if json:
        keys = ("decision", "group", "options")
        decisions = [dict(zip(keys, row, strict=True)) for row in rows]
        console.print_json({"name": name, "architectures": space.size, "decisions": decisions})
        return
    console.out.print(f"{name}: {registry.spaces.summary(name)}\n", markup=False)
    console.print_rows(f"{space.size:,} architectures", ("decision", "group", "options"), rows)


@show_app.command(
    "arch", epilog="Example:  nasharness show arch '|nor_conv_3x3~0|+|...|' --out cell.svg"
)
def show_arch(
    arch: Annotated[str, typer.Argument(metavar="ARCH", help="Architecture string, or an index.")],
    space: Annotated[str, typer.Option(autocompletion=_names("spaces"))] = "nb201",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Draw it there: .svg, .png or .pdf.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """An architecture's facts, and its drawing."""
    from nasbench_harness import console, registry

    parsed = _read_architecture(space, arch)
    opened = registry.open_space(space)
    facts = {"architecture": str(parsed), **opened.describe(parsed)}
    facts |= {what: opened.cost(parsed, what, "cifar10") for what in opened.costs}
    if out:
        from nasbench_harness.drawing import save_drawing

        facts["drawing"] = save_drawing(opened, parsed, out)
    console.print_json(facts) if json else console.print_facts(facts)


# --- query -------------------------------------------------------------------------------------


@app.command(
    epilog="Examples:  nasharness query '|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|"
    "none~1|skip_connect~2|'   |   nasharness query --index 9930 --json"
)
def query(
    arch: Annotated[
        str | None, typer.Argument(metavar="[ARCH]", help="Architecture string.")
    ] = None,
    index: Annotated[int | None, typer.Option(help="Official benchmark index instead.")] = None,
    table: TableOption = "analog",
    json: JsonOption = False,
) -> None:
    """Everything a table knows about one architecture."""
    from nasbench_harness import console, registry

    if (arch is None) == (index is None):
        raise HarnessError("Give either an architecture string or --index.")
    opened = registry.open_table(table)
    space = registry.open_space(opened.space)
    parsed = _read_architecture(opened.space, arch if arch is not None else str(index))
    rank = space.rank(parsed)
    numbers = opened.lookup(rank)
    judged = opened.report_metric(next(iter(opened.metrics.values())).dataset)
    worse, better = opened.standing(judged, numbers[judged])
    facts: dict[str, Any] = {"architecture": str(parsed), **space.describe(parsed)}
    facts |= {what: space.cost(parsed, what, "cifar10") for what in space.costs}
    facts |= {"table": opened.name, **numbers}
    facts |= {f"rank_{judged}": better + 1, f"percentile_{judged}": 100 * worse / space.size}
    console.print_json(facts) if json else console.print_facts(_with_units(facts, opened.metrics))


def _with_units(facts: dict[str, Any], metrics: Any) -> dict[str, Any]:
    units = {"flops": "multiply-adds", **{name: m.unit for name, m in metrics.items()}}
    return {n: f"{_short(v)} {units[n]}" if n in units else v for n, v in facts.items()}


def _short(value: Any) -> str:
    return f"{value:,.0f}" if isinstance(value, int) else f"{value:.4f}"


def _read_architecture(space: str, text: str) -> Architecture:
    """An architecture string of the space, or an official index where it has one."""
    from nasbench_harness import registry

    opened = registry.open_space(space)
    at_index = getattr(opened, "at_index", None)
    if text.lstrip("-").isdigit() and at_index is not None:
        try:
            found: Architecture = at_index(int(text))
        except IndexError as error:
            raise HarnessError(f"{error}.") from error
        return found
    return opened.parse(text)

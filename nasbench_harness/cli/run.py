"""`nasharness run` and `nasharness report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbench_harness.cli.app import JsonOption, app, names
from nasbench_harness.errors import ExitCode

if TYPE_CHECKING:
    import pandas as pd

    from nasbench_harness.study import StudyRun


@app.command(
    epilog="Examples:  nasharness run --methods unas,drnas --space nb201   |   nasharness run"
    " --methods 'unas[temperature=0.4],unas[temperature=1]' --seeds 0-19   |   nasharness run"
    " --config study.yaml --set drnas.anchor=kl"
)
def run(
    methods: Annotated[
        str | None,
        typer.Option(
            "--methods", "-m", autocompletion=names("methods"),
            help="Methods to compare, with settings in brackets: 'unas[temperature=0.4],drnas'.",
        ),
    ] = None,
    space: Annotated[
        str | None, typer.Option(help="Search space.", autocompletion=names("spaces"))
    ] = None,
    table: Annotated[
        str | None, typer.Option(help="Tabular benchmark.", autocompletion=names("tables"))
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
        str | None, typer.Option(help="Points of Gaussian noise on every evaluation, or 'seeds':"
                                 " one of the training runs behind a mean.")
    ] = None,
    search_metric: Annotated[
        str | None, typer.Option(help="What searches look at: 'valid@12', or a column.")
    ] = None,
    report_metric: Annotated[
        str | None, typer.Option(help="What results are judged by: 'test@200', or a column.")
    ] = None,
    allow_test_search: Annotated[
        bool | None, typer.Option("--allow-test-search", help="Let a search look at a test metric;"
                                  " the report says so.")
    ] = None,
    cost: Annotated[
        str | None, typer.Option(help="Cost to hold down, of methods that take one: params, flops,"
                                 " latency:DEVICE.")
    ] = None,
    target: Annotated[
        float | None, typer.Option(help="Cost that is free: millions, or ms for a latency.")
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
    from nasbench_harness.config import build_config, split_datasets, with_cost
    from nasbench_harness.console import StudyProgress
    from nasbench_harness.executors.local import LocalExecutor
    from nasbench_harness.study import run_study

    given = {
        "methods": methods, "space": space, "table": table, "dataset": dataset, "seeds": seeds,
        "steps": steps, "recipe": recipe, "noise": noise, "batch_size": batch_size,
        "random": random, "search_metric": search_metric, "report_metric": report_metric,
        "allow_test_search": allow_test_search,
    }  # fmt: skip
    chosen = {name: value for name, value in given.items() if value is not None}
    study_config = with_cost(build_config(config, chosen, sets or []), cost, target)
    folder = out or Path("runs") / study_config.name
    done = []
    for part, place in split_datasets(study_config, folder):
        with StudyProgress() as progress:
            done.append(
                run_study(
                    part, place, LocalExecutor(jobs), begin=progress.begin, watch=progress.watch
                )
            )
        if done[-1].interrupted:
            break
    _tell(done, folder / "report", write=report, json=json)
    raise typer.Exit(int(max(part.exit_code for part in done)))


def _tell(done: list[StudyRun], report: Path, *, write: bool, json: bool) -> None:
    """What a run ends with: summary, report, and how to go on."""
    from nasbench_harness import console
    from nasbench_harness.reports import write_report

    summaries = [_summary(part) for part in done]
    some = any(len(summary) for summary in summaries)
    page = write_report(*(p.study.folder for p in done), out=report) if write and some else None
    if json:
        console.print_json({"report": page, "studies": list(map(_as_json, done, summaries))})
        return
    for part, summary in zip(done, summaries, strict=True):
        if len(summary):
            console.print_summary(summary.to_dict("records"), title=_title(part))
    if page:
        console.out.print(f"\nReport: {page}", markup=False)
    console.out.print(_next(done), markup=False)


def _summary(part: StudyRun) -> pd.DataFrame:
    from nasbench_harness.reports import summarise

    return summarise(part.trials)


def _as_json(part: StudyRun, summary: pd.DataFrame) -> dict[str, Any]:
    return {
        "folder": part.study.folder,
        "dataset": part.study.config["dataset"],
        "status": {str(name): count for name, count in part.counts().items()},
        "summary": summary.to_dict("records"),
    }


def _title(part: StudyRun) -> str:
    spec = part.study.specs[0]
    return (
        f"{spec.space} on {spec.dataset}, table `{spec.table}`, {spec.problem}, judged by"
        f" {spec.report_metric}"
    )


def _next(done: list[StudyRun]) -> str:
    if any(part.exit_code is not ExitCode.DONE for part in done):
        why = "Interrupted" if done[-1].interrupted else "Some trials did not finish"
        return f"{why}; what is done is kept. Run the same command again to go on."
    steps = [
        ("more seeds", "nasharness run ... --seeds 50"),
        (
            "another setting beside the old one",
            "nasharness run --methods 'unas[temperature=1]' ...",
        ),
        ("what a method's settings mean", "nasharness show method unas"),
    ]
    if done[0].study.config["table"] != "official":
        steps.append(("the official NAS-Bench-201 tables", "nasharness data pull nb201"))
    width = max(len(what) for what, _ in steps)
    lines = [f"  {what:<{width}}  {command}" for what, command in steps]
    return "\n".join(["Next:", *lines, "  Search on real images is on the README's road map."])


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

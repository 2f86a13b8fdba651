"""`nasharness run` and `nasharness resume`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbench_harness.cli.app import JsonOption, app
from nasbench_harness.cli.declared import RunCommand, given_options
from nasbench_harness.cli.forecast import tell_dry_run, would_fetch
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.cli.notes import tell_repeated, tell_unused
from nasbench_harness.cli.options.executing import Executing
from nasbench_harness.cli.options.grouped import grouped
from nasbench_harness.cli.options.running import (
    DownloadOption,
    DryRunOption,
    Machine,
    StudyOptions,
    Work,
)
from nasbench_harness.cli.rows import StudyRow, suite_row, tell_every, tell_left_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nasbench_harness.hardware import Hardware
    from nasbench_harness.jobs.executors import Executor
    from nasbench_harness.jobs.study import StudyRun
    from nasbench_harness.study.config import StudyConfig


@app.command(
    cls=RunCommand,
    epilog=examples(
        "nasharness run --methods unas,drnas --space nb201",
        "nasharness run --methods 'unas[temperature=0.4],unas[temperature=1]' --seeds 0-19",
        "nasharness run --config study.yaml --set drnas.anchor=kl",
        "nasharness run -m drnas,unas,darts,edas,rea --suite quick",
    ),
)
@grouped
def run(
    ctx: typer.Context,
    asked: StudyOptions,
    machine: Machine,
    *,
    download: DownloadOption = False,
    executing: Executing,
    work: Work,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Run a study: every method with every seed, then the tables and the report.

    A study that exists is gone on with: only what is missing runs, and methods or seeds may be
    added to it.
    """
    executing.check()
    options, of_options = given_options(ctx)
    given, sets = asked.keys | options, [*of_options, *(asked.sets or [])]
    tell_repeated(asked.seeds)
    hardware = machine.hardware(download=download and not dry_run)
    slots = executing.slots(hardware, work.jobs)
    script = executing.script(hardware, work.jobs, dry=dry_run)
    later = partial(would_fetch, hardware=hardware, download=download and dry_run)
    row = _row(asked.config, given, sets, asked.out, hardware, later)
    for search in dict.fromkeys(config.search for config, _ in row.parts):
        tell_unused(search, slots[0].hardware if slots else hardware)
    if dry_run:
        jobs = len(slots) or executing.at_once(work.jobs)
        tell_dry_run(
            row.parts, slots[0].hardware if slots else hardware, jobs, json=json,
            download=download, script=script, asks=partial(executing.asks, hardware=hardware),
            fits=executing.as_many_as(work.jobs),
        )  # fmt: skip
        return
    make = partial(executing.make, hardware=hardware, jobs=work.jobs, slots=slots)
    row.prepare(hardware)
    _run(row.begun(), hardware, make, work, row.folder, json=json)


@app.command(cls=Command, epilog=examples("nasharness resume runs/unas-drnas-nb201"))
@grouped
def resume(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A study's folder.")],
    machine: Machine,
    executing: Executing,
    work: Work,
    *,
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="folder:PATH",
            help="Where its folder of images is now.",
            show_default="where it was",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Go on with a study that was stopped: every trial from its last checkpoint.

    What runs is what was planned, with the settings recorded then. A folder of images that has
    moved is named with --dataset; its content must be the same.
    """
    from nasbench_harness.jobs.study import resume_study
    from nasbench_harness.store.studies import open_study, study_folders
    from nasbench_harness.store.suites import read_record

    executing.check()
    hardware = machine.hardware()
    slots = executing.slots(hardware, work.jobs)
    executing.script(hardware, work.jobs)  # refuses what cannot be submitted
    parts = [
        (open_study(place).search, partial(resume_study, place, images=dataset))
        for place in study_folders(folder)
    ]
    for search in dict.fromkeys(search for search, _ in parts):
        tell_unused(search, slots[0].hardware if slots else hardware)
    if record := read_record(folder):
        tell_left_out(record.left_out)
    make = partial(executing.make, hardware=hardware, jobs=work.jobs, slots=slots)
    _run(parts, hardware, make, work, folder, json=json, resumed=True)


def _row(
    path: Path | None,
    given: Mapping[str, Any],
    sets: Sequence[str],
    out: Path | None,
    hardware: Hardware,
    later: Callable[[StudyConfig], bool],
) -> StudyRow:
    """The study that is asked for, one for each of its data sets, or those of a suite."""
    from nasbench_harness.cli import console
    from nasbench_harness.study.config import ALL_DATASETS, build_config, split_datasets
    from nasbench_harness.study.naming import place
    from nasbench_harness.study.suites import asked_suite

    if suite := asked_suite(path, given):
        return suite_row(suite, path, given, sets, out, hardware, later)
    config = build_config(path, given, sets, hardware=hardware, told=tell_every)
    placed = place(config, out)
    if placed.note:
        console.note(f"Note: {placed.note}")
    if placed.config.dataset == ALL_DATASETS:
        _tell_datasets(placed.config)
    return StudyRow(placed.folder, list(split_datasets(placed.config, placed.folder)))


def _tell_datasets(config: StudyConfig) -> None:
    """Which data sets `all` are, where the table has one only."""
    from nasbench_harness.cli import console
    from nasbench_harness.study.config import split_datasets
    from nasbench_harness.tables.metrics import OTHERS

    names = [part.dataset for part, _ in split_datasets(config, Path())]
    if len(names) == 1:
        told = f"Note: table `{config.table}` has results on {names[0]} only, so `all` is that one."
        console.note(f"{told} {OTHERS}")


def _run(
    parts: Sequence[tuple[str, Callable[..., StudyRun]]], hardware: Hardware,
    make: Callable[..., Executor], asked: Work, folder: Path, *, json: bool, resumed: bool = False,
) -> None:  # fmt: skip
    """Run each study after the other; Ctrl-C ends the row, and leaves the report for later."""
    from nasbench_harness.cli.console import JobsProgress
    from nasbench_harness.cli.ending import end_trackers, tell, tell_waiting
    from nasbench_harness.cli.notes import CostNotes
    from nasbench_harness.watch.opening import open_trackers
    from nasbench_harness.watch.trackers import Listeners

    trackers = open_trackers(tensorboard=asked.tensorboard, mlflow=asked.mlflow)
    done, tracked, noted = [], [], CostNotes()
    for search, work in parts:
        executor = make(search, waiting=tell_waiting)
        told = trackers()
        tracked += told
        with JobsProgress() as progress:
            listeners = Listeners([*told, noted, progress])
            done.append(
                work(executor, hardware=hardware, begin=listeners.begin, watch=listeners.watch)
            )
        if done[-1].interrupted:
            break
    page = folder / "report" if asked.report else None
    code = tell(done, page, json=json, whole=len(done) == len(parts), resumed=resumed)
    end_trackers(tracked, page)
    raise typer.Exit(int(code))

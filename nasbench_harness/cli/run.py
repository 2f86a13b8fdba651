"""`nasharness run` and `nasharness resume`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasbench_harness import registry
from nasbench_harness.cli import completion
from nasbench_harness.cli.app import JsonOption, app
from nasbench_harness.cli.declared import RunCommand, given_options
from nasbench_harness.cli.help import (
    COMPARED,
    LANDSCAPE,
    MACHINE,
    OUTPUT,
    WATCHING,
    Command,
    examples,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nasbench_harness.hardware import Hardware
    from nasbench_harness.jobs.study import StudyRun
    from nasbench_harness.study.config import StudyConfig
    from nasbench_harness.watch.trackers import Tracker

DIAGNOSE_EVERY = 5

DeviceOption = Annotated[
    str,
    typer.Option(
        help="auto, cpu, cuda, cuda:1 or mps (supernets).",
        rich_help_panel=MACHINE,
        autocompletion=completion.devices,
    ),
]
ThreadsOption = Annotated[
    int, typer.Option(min=1, help="CPU threads of each trial.", rich_help_panel=MACHINE)
]
CompileOption = Annotated[
    str,
    typer.Option(
        "--compile",
        help="none, inductor, or graph (CUDA graphs); supernets.",
        rich_help_panel=MACHINE,
        autocompletion=completion.compile_modes,
    ),
]
DeterministicOption = Annotated[
    bool,
    typer.Option(
        "--deterministic",
        help="The same result in every run on a GPU; slower.",
        rich_help_panel=MACHINE,
    ),
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder with the original files of an image data set.",
        show_default="the user's data folder",
        rich_help_panel=MACHINE,
    ),
]
DownloadOption = Annotated[
    bool,
    typer.Option(
        "--download", help="Fetch an image data set that is not there.", rich_help_panel=MACHINE
    ),
]
JobsOption = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        help="Parallel trials.",
        show_default="cores; 1 on a GPU",
        rich_help_panel=MACHINE,
    ),
]
ReportOption = Annotated[
    bool, typer.Option(help="Write the report at the end.", rich_help_panel=OUTPUT)
]
TensorBoardOption = Annotated[
    bool,
    typer.Option(
        "--tensorboard",
        help="Event files in the study's folder `tensorboard`.",
        rich_help_panel=WATCHING,
    ),
]
MLflowOption = Annotated[
    str | None,
    typer.Option(
        metavar="URI",
        help="Log to this MLflow server, such as http://127.0.0.1:5000.",
        show_default="off",
        rich_help_panel=WATCHING,
    ),
]


@app.command(
    cls=RunCommand,
    epilog=examples(
        "nasharness run --methods unas,drnas --space nb201",
        "nasharness run --methods 'unas[temperature=0.4],unas[temperature=1]' --seeds 0-19",
        "nasharness run --config study.yaml --set drnas.anchor=kl",
        "nasharness run -m drnas --search supernet --dataset digits --recipe quick",
    ),
)
def run(
    ctx: typer.Context,
    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--methods", "-m", autocompletion=completion.methods,
            help="Methods to compare, with settings in brackets: 'unas[temperature=0.4],drnas'.",
                                 show_default="those of --config", rich_help_panel=COMPARED),
    ] = None,
    space: Annotated[
        str | None, typer.Option(help="Search space.", autocompletion=completion.names("spaces"),
                                 show_default=registry.default_space(), rich_help_panel=COMPARED)
    ] = None,
    table: Annotated[
        str | None, typer.Option(help="Benchmark that answers are looked up in; none: nothing is.",
                                 autocompletion=completion.tables,
                                 show_default="the space's own, if it has one",
                                 rich_help_panel=COMPARED)
    ] = None,
    search: Annotated[
        str | None, typer.Option(help="landscape (the table itself) or supernet (real images).",
                                 show_default="landscape", rich_help_panel=COMPARED,
                                 autocompletion=completion.searches)
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Data set of the table; of images also digits, svhn or"
                                 " folder:PATH.", show_default="cifar10", rich_help_panel=COMPARED,
                                 autocompletion=completion.datasets)
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(help="How many ('10'), a range ('0-9') or a list ('3,7').",
                                 show_default="10", rich_help_panel=COMPARED)
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Search steps.",
                                 show_default="the recipe's", rich_help_panel=LANDSCAPE)
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="Setting of every method: landscape (ours), paper (as"
                                 " published for the space), quick (ours, small images).",
                                 show_default="landscape; paper for supernets",
                                 rich_help_panel=COMPARED, autocompletion=completion.recipes)
    ] = None,
    diagnose: Annotated[
        bool, typer.Option("--diagnose", help="Every few epochs: Kendall tau with the table,"
                           " gradient variance, Hessian eigenvalue, skip connections (supernets);"
                           " bias and variance of the gradient (landscapes).",
                                 rich_help_panel=WATCHING)
    ] = False,
    diagnose_every: Annotated[
        int | None, typer.Option(min=1, help="How many epochs that is (supernets), or recorded"
                                 " steps (landscapes).",
                                 show_default="5 with --diagnose, else never",
                                 rich_help_panel=WATCHING)
    ] = None,
    report_metric: Annotated[
        str | None, typer.Option(help="What results are judged by: 'test@200', or a column.",
                                 show_default="the table's", rich_help_panel=COMPARED,
                                 autocompletion=completion.report_metrics)
    ] = None,
    cost: Annotated[
        str | None, typer.Option(help="Cost to hold down, of methods that take one: params, flops,"
                                 " latency:DEVICE.", show_default="none", rich_help_panel=COMPARED,
                                 autocompletion=completion.costs)
    ] = None,
    target: Annotated[
        float | None, typer.Option(help="Cost that is free: millions, or ms for a latency.",
                                 show_default="0", rich_help_panel=COMPARED)
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Images of a batch (supernet), or architecture samples"
                                 " per step (methods that draw one per example).",
                                 show_default="1; the recipe's on images", rich_help_panel=COMPARED)
    ] = None,
    random: Annotated[
        bool | None, typer.Option("--random/--no-random", help="Add random search.",
                                 show_default="random", rich_help_panel=COMPARED)
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="YAML file with the same keys.",
                                 show_default="none", rich_help_panel=COMPARED)
    ] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="One setting: method.setting=value, or"
                                       " network.setting=value for every supernet.",
                                 show_default="the recipe's", rich_help_panel=COMPARED,
                                 autocompletion=completion.assignments)
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Study folder.",
                                 show_default="runs/<name>", rich_help_panel=OUTPUT)
    ] = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = 1,
    compile_mode: CompileOption = "none",
    deterministic: DeterministicOption = False,
    data_dir: DataDirOption = None,
    download: DownloadOption = False,
    jobs: JobsOption = None,
    report: ReportOption = True,
    tensorboard: TensorBoardOption = False,
    mlflow: MLflowOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Run a study: every method with every seed, then the tables and the report.

    A study that exists is gone on with: only what is missing runs, and methods or seeds may be
    added to it.
    """
    from nasbench_harness.cli import console
    from nasbench_harness.jobs.study import run_study
    from nasbench_harness.study.config import ALL_DATASETS, build_config, split_datasets
    from nasbench_harness.study.naming import place
    from nasbench_harness.watch.opening import open_trackers

    every = diagnose_every or (DIAGNOSE_EVERY if diagnose else None)
    options, of_options = given_options(ctx)
    given = {
        "methods": ",".join(methods) if methods else None, "space": space, "table": table,
        "search": search, "dataset": dataset, "seeds": seeds, "steps": steps, "recipe": recipe,
        "batch_size": batch_size, "random": random, "report_metric": report_metric,
        "diagnose_every": every, "cost": cost, "target": target,
    }  # fmt: skip
    chosen = {name: value for name, value in given.items() if value is not None}
    study_config = build_config(config, chosen | options, [*of_options, *(sets or [])])
    hardware = _hardware(device, threads, compile_mode, deterministic, data_dir, download)
    placed = place(study_config, out)
    if placed.note:
        console.err.print(f"Note: {placed.note}", markup=False, soft_wrap=True)
    if study_config.dataset == ALL_DATASETS:
        _tell_datasets(placed.config)
    parts = [
        (part.search, partial(run_study, part, folder, opened=console.tell_images))
        for part, folder in split_datasets(placed.config, placed.folder)
    ]
    trackers = open_trackers(tensorboard=tensorboard, mlflow=mlflow)
    _run(parts, hardware, jobs, placed.folder / "report" if report else None, trackers, json)


@app.command(cls=Command, epilog=examples("nasharness resume runs/unas-drnas-nb201"))
def resume(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A study's folder.")],
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="folder:PATH",
            help="Where its folder of images is now.",
            show_default="where it was",
        ),
    ] = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = 1,
    compile_mode: CompileOption = "none",
    deterministic: DeterministicOption = False,
    data_dir: DataDirOption = None,
    jobs: JobsOption = None,
    report: ReportOption = True,
    tensorboard: TensorBoardOption = False,
    mlflow: MLflowOption = None,
    json: JsonOption = False,
) -> None:
    """Go on with a study that was stopped: every trial from its last checkpoint.

    What runs is what was planned, with the settings recorded then. A folder of images that has
    moved is named with --dataset; its content must be the same.
    """
    from nasbench_harness.jobs.study import resume_study
    from nasbench_harness.store.studies import open_study, study_folders
    from nasbench_harness.watch.opening import open_trackers

    parts = [
        (open_study(place).search, partial(resume_study, place, images=dataset))
        for place in study_folders(folder)
    ]
    hardware = _hardware(device, threads, compile_mode, deterministic, data_dir, False)
    trackers = open_trackers(tensorboard=tensorboard, mlflow=mlflow)
    _run(parts, hardware, jobs, folder / "report" if report else None, trackers, json)


def _hardware(
    device: str, threads: int, compile_mode: str, deterministic: bool,
    data_dir: Path | None, download: bool,
) -> Hardware:  # fmt: skip
    from nasbench_harness.errors import UnknownNameError
    from nasbench_harness.hardware import COMPILE_MODES, Hardware

    if compile_mode not in COMPILE_MODES:
        raise UnknownNameError("way to compile", compile_mode, COMPILE_MODES)
    return Hardware(device, threads, COMPILE_MODES[compile_mode], deterministic, data_dir, download)


def _tell_datasets(config: StudyConfig) -> None:
    """Which data sets `all` are, where the table has one only."""
    from nasbench_harness.cli import console
    from nasbench_harness.study.config import split_datasets
    from nasbench_harness.tables.metrics import OTHERS

    names = [part.dataset for part, _ in split_datasets(config, Path())]
    if len(names) == 1:
        told = f"Note: table `{config.table}` has results on {names[0]} only, so `all` is that one."
        console.err.print(f"{told} {OTHERS}", markup=False, soft_wrap=True)


def _run(
    parts: Sequence[tuple[str, Callable[..., StudyRun]]], hardware: Hardware, jobs: int | None,
    report: Path | None, trackers: Callable[[], list[Tracker]], json: bool,
) -> None:  # fmt: skip
    """Run each study after the other; Ctrl-C ends the row, and leaves the report for later."""
    from nasbench_harness.cli.console import JobsProgress
    from nasbench_harness.cli.ending import end_trackers, tell, tell_waiting
    from nasbench_harness.cli.notes import CostNotes
    from nasbench_harness.jobs.executors.local import LocalExecutor
    from nasbench_harness.problems.kinds import kind_of
    from nasbench_harness.watch.trackers import Listeners

    done, tracked, noted = [], [], CostNotes()
    for search, work in parts:
        processes = jobs or kind_of(search).processes(hardware)
        executor = LocalExecutor(processes, hardware, waiting=tell_waiting)
        told = trackers()
        tracked += told
        with JobsProgress() as progress:
            listeners = Listeners([*told, noted, progress])
            done.append(
                work(executor, hardware=hardware, begin=listeners.begin, watch=listeners.watch)
            )
        if done[-1].interrupted:
            break
    code = tell(done, report, json=json, whole=len(done) == len(parts))
    end_trackers(tracked, report)
    raise typer.Exit(int(code))

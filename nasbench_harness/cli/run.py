"""`nasharness run` and `nasharness resume`."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasbench_harness.cli.app import JsonOption, app, names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nasbench_harness.config import StudyConfig
    from nasbench_harness.hardware import Hardware
    from nasbench_harness.tracking import Tracker

DIAGNOSE_EVERY = 5

DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps (supernets).")]
ThreadsOption = Annotated[int, typer.Option(min=1, help="CPU threads of each trial.")]
CompileOption = Annotated[
    str, typer.Option("--compile", help="none, inductor, or graph (CUDA graphs); supernets.")
]
DeterministicOption = Annotated[
    bool, typer.Option("--deterministic", help="The same result in every run on a GPU; slower.")
]
DataDirOption = Annotated[
    Path | None, typer.Option(help="Folder with the original files of an image data set.")
]
DownloadOption = Annotated[
    bool, typer.Option("--download", help="Fetch an image data set that is not there.")
]
JobsOption = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help="Parallel trials; default: by cores.")
]
ReportOption = Annotated[bool, typer.Option(help="Write the report at the end.")]
TensorBoardOption = Annotated[
    bool, typer.Option("--tensorboard", help="Event files in the study's folder `tensorboard`.")
]
MLflowOption = Annotated[
    str | None,
    typer.Option(metavar="URI", help="Log to this MLflow server, such as http://127.0.0.1:5000."),
]


@app.command(
    epilog="Examples:  nasharness run --methods unas,drnas --space nb201   |   nasharness run"
    " --methods 'unas\\[temperature=0.4],unas\\[temperature=1]' --seeds 0-19   |   nasharness run"
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
    search: Annotated[
        str | None, typer.Option(help="landscape (the table itself) or supernet (real images).")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Data set of the table; of images also digits, svhn or"
                                 " folder:PATH.")
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(help="How many ('10'), a range ('0-9') or a list ('3,7').")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Search steps; the recipe's if not given.")
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="Setting of every method: landscape (ours), paper (as"
                                 " published for the space), quick (ours, small images).")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the training half; the recipe's if not"
                                 " given (supernets).")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Use so many of the training images (supernets).")
    ] = None,
    image_size: Annotated[
        int | None, typer.Option(min=1, help="Side the images of a folder are resized to, pixels.")
    ] = None,
    image_layout: Annotated[
        str | None, typer.Option(help="Folders of folder:PATH: parts (train, test, ...), classes,"
                                 " or auto.")
    ] = None,
    width: Annotated[
        int | None, typer.Option(min=1, help="Channels of the supernet's first stage; paper: 16.")
    ] = None,
    cells: Annotated[
        int | None, typer.Option(min=1, help="Cells per stage of the supernet; paper: 5.")
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="Arithmetic of the supernet: fp32, bf16 or fp16.")
    ] = None,
    diagnose: Annotated[
        bool, typer.Option("--diagnose", help="Every few epochs: Kendall tau with the table,"
                           " gradient variance, Hessian eigenvalue, skip connections (supernets);"
                           " bias and variance of the gradient (landscapes).")
    ] = False,
    diagnose_every: Annotated[
        int | None, typer.Option(min=1, help="How many epochs that is (supernets), or recorded"
                                 f" steps (landscapes); {DIAGNOSE_EVERY} with --diagnose.")
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
        int | None, typer.Option(min=1, help="Images of a batch (supernet), or architecture samples"
                                 " per step (methods that draw one per example).")
    ] = None,
    random: Annotated[
        bool | None, typer.Option("--random/--no-random", help="Add random search.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="YAML file with the same keys.")
    ] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="One setting: method.setting=value, or"
                                       " network.setting=value for every supernet.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Study folder; default runs/<name>.")
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
    from nasbench_harness.config import build_config, split_datasets, with_cost
    from nasbench_harness.tracking import open_trackers

    network = {"width": width, "cells": cells, "precision": precision}
    every = diagnose_every or (DIAGNOSE_EVERY if diagnose else None)
    given = {
        "methods": methods, "space": space, "table": table, "search": search, "dataset": dataset,
        "seeds": seeds, "steps": steps, "epochs": epochs, "limit": limit, "image_size": image_size,
        "image_layout": image_layout, "recipe": recipe, "noise": noise, "batch_size": batch_size,
        "random": random,
        "search_metric": search_metric, "report_metric": report_metric,
        "allow_test_search": allow_test_search, "diagnose_every": every,
    }  # fmt: skip
    chosen = {name: value for name, value in given.items() if value is not None}
    of_network = [f"network.{name}={value}" for name, value in network.items() if value is not None]
    study_config = build_config(config, chosen, [*of_network, *(sets or [])])
    study_config = with_cost(study_config, cost, target)
    hardware = _hardware(device, threads, compile_mode, deterministic, data_dir, download)
    folder = out or Path("runs") / study_config.name
    parts = split_datasets(study_config, folder)
    trackers = open_trackers(tensorboard=tensorboard, mlflow=mlflow)
    _run(parts, hardware, jobs, folder / "report" if report else None, trackers, json)


@app.command(epilog="Example:  nasharness resume runs/darts-drnas-nb201-supernet")
def resume(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A study's folder.")],
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
    """Go on with a study that was stopped: every trial from its last checkpoint."""
    from nasbench_harness.config import restore_config
    from nasbench_harness.store import open_study, study_folders
    from nasbench_harness.tracking import open_trackers

    places = study_folders(folder)
    parts = [(restore_config(open_study(place).config), place) for place in places]
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


def _run(
    parts: Iterable[tuple[StudyConfig, Path]], hardware: Hardware, jobs: int | None,
    report: Path | None, trackers: Callable[[], list[Tracker]], json: bool,
) -> None:  # fmt: skip
    """Run each study after the other; Ctrl-C ends the row."""
    from nasbench_harness import console
    from nasbench_harness.cli.ending import tell
    from nasbench_harness.console import StudyProgress
    from nasbench_harness.executors.local import LocalExecutor
    from nasbench_harness.study import run_study
    from nasbench_harness.tracking import Listeners

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a scheduler's stop is a Ctrl-C
    done, tracked = [], []
    for part, place in parts:
        executor = LocalExecutor(jobs or _default_jobs(part, hardware), hardware)
        told = trackers()
        tracked += told
        with StudyProgress() as progress:
            listeners = Listeners([*told, progress])
            done.append(
                run_study(
                    part, place, executor, hardware=hardware,
                    opened=console.tell_images, begin=listeners.begin, watch=listeners.watch,
                )
            )  # fmt: skip
        if done[-1].interrupted:
            break
    tell(done, report, json=json)
    _end(tracked, report)
    raise typer.Exit(int(max(part.exit_code for part in done)))


def _end(tracked: list[Tracker], report: Path | None) -> None:
    """Let trackers finish; what they could not tell is a warning."""
    from nasbench_harness import console

    page = report if report and report.is_dir() else None
    for tracker in tracked:
        if warning := tracker.end(page):
            console.err.print(f"Warning: {warning}", markup=False, soft_wrap=True)


def _default_jobs(config: StudyConfig, hardware: Hardware) -> int | None:
    """One trial at a time on an accelerator; None, as many as there are cores for, elsewhere."""
    if config.search == "landscape":
        return None
    from nasbench_harness.hardware import find_device

    return None if find_device(hardware.device).type == "cpu" else 1

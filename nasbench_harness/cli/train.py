"""`nasharness train`: stand-alone training of single architectures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbench_harness import registry
from nasbench_harness.cli import completion
from nasbench_harness.cli.app import JsonOption, app
from nasbench_harness.cli.help import MACHINE, OUTPUT, WATCHING, Command, examples
from nasbench_harness.cli.query import read_architecture
from nasbench_harness.errors import ExitCode

if TYPE_CHECKING:
    from nasbench_harness.training.run import TrainingRun


@app.command(
    cls=Command,
    epilog=examples(
        "nasharness train 13714 9930 --dataset digits --epochs 5 --width 4 --cells 1 --seeds 1",
        "nasharness train '|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0"
        "|nor_conv_1x1~1|nor_conv_3x3~2|' --dataset cifar10 --epochs 200",
    ),
)
def train(
    archs: Annotated[
        list[str], typer.Argument(metavar="ARCH", help="Architecture strings, or indices.")
    ],
    dataset: Annotated[
        str, typer.Option(help="Images: cifar10, digits, ... (`data list`), or folder:PATH.",
                                 autocompletion=completion.images)
    ] = "cifar10",
    epochs: Annotated[
        int | None, typer.Option(help="200 or 12 as in the tables, or any other number.",
                                 show_default="200")
    ] = None,
    seeds: Annotated[
        str, typer.Option(help="How many ('3'), a range ('0-9') or a list ('777,888').")
    ] = "777,888,999",
    split: Annotated[
        str | None, typer.Option(help="table: all training images, judged by the test part;"
                                 " search: the search-training part, judged by search-validation.",
                                 show_default="table")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Images of a batch.", show_default="256")
    ] = None,
    width: Annotated[
        int | None, typer.Option(help="Channels of the first stage.", show_default="16")
    ] = None,
    cells: Annotated[int | None, typer.Option(help="Cells per stage.", show_default="5")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Train on so many of the images.", show_default="all")
    ] = None,
    image_layout: Annotated[
        str, typer.Option(help="Folders of folder:PATH: parts (train, test, ...), classes or auto.",
                                 autocompletion=completion.layouts)
    ] = "auto",
    evaluate_every: Annotated[
        int | None, typer.Option(help="Epochs between two evaluations.", show_default="1")
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="Arithmetic: fp32, bf16, fp16.",
                                 show_default="fp32", autocompletion=completion.precisions)
    ] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="Any setting: learning_rate=0.05.",
                                 show_default="the tables'")
    ] = None,
    device: Annotated[
        str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.",
                                 rich_help_panel=MACHINE, autocompletion=completion.devices)
    ] = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads of each training. Bit-identical results"
                                 " only with as many.",
                                 show_default="cores / jobs", rich_help_panel=MACHINE)
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, help="Parallel trainings.",
                                 rich_help_panel=MACHINE)
    ] = 1,
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder of the data set's files.",
                                 show_default="the user's data folder", rich_help_panel=MACHINE)
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch a data set that is not there.",
                                 rich_help_panel=MACHINE)
    ] = False,
    space: Annotated[
        str, typer.Option(help="Search space.", autocompletion=completion.names("spaces"))
    ] = registry.default_space(),
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder.",
                                 show_default="runs/train-...", rich_help_panel=OUTPUT)
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Event files in the folder `tensorboard` beside"
                                 " the results.", rich_help_panel=WATCHING)
    ] = False,
    mlflow: Annotated[
        str | None, typer.Option(metavar="URI", help="Log to this MLflow server, such as"
                                 " http://127.0.0.1:5000.", show_default="off",
                                 rich_help_panel=WATCHING)
    ] = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Train architectures from scratch with the recipe of the NAS-Bench-201 tables.

    Reported is the accuracy after the last epoch, mean and standard deviation over the seeds.

    A training that was stopped is gone on with: only what is missing runs, and architectures or
    seeds may be added.
    """
    architectures = [read_architecture(space, text) for text in archs]

    from nasbench_harness.cli import console
    from nasbench_harness.cli.ending import end_trackers, tell_waiting
    from nasbench_harness.hardware import Hardware, available_cores
    from nasbench_harness.images.layout import layout_called
    from nasbench_harness.jobs.executors.local import LocalExecutor
    from nasbench_harness.study.notation import parse_pairs, parse_seeds
    from nasbench_harness.training.planning import TrainingRequest
    from nasbench_harness.training.run import train as run
    from nasbench_harness.training.settings import TrainingSettings
    from nasbench_harness.watch.opening import open_trackers
    from nasbench_harness.watch.trackers import Listeners

    given = {
        "epochs": epochs, "split": split, "batch_size": batch_size, "width": width, "cells": cells,
        "precision": precision, "evaluate_every": evaluate_every,
    }  # fmt: skip
    chosen = {name: value for name, value in given.items() if value is not None}
    request = TrainingRequest(
        space=space,
        architectures=architectures,
        dataset=dataset,
        settings=TrainingSettings.build("train", chosen, parse_pairs(sets or [], "--set")),
        seeds=parse_seeds(seeds),
        limit=limit,
        image_layout=layout_called(image_layout),
        hardware=Hardware(
            device=device,
            threads=threads or max(1, available_cores() // jobs),
            data_dir=data_dir,
            download=download,
        ),
    )
    trackers = open_trackers(tensorboard=tensorboard, mlflow=mlflow)()
    executor = LocalExecutor(jobs, request.hardware, waiting=tell_waiting)
    with console.JobsProgress() as progress:
        listeners = Listeners([*trackers, progress])
        done = run(
            request,
            out or Path("runs") / request.folder_name,
            executor,
            begin=listeners.begin,
            watch=listeners.watch,
            opened=console.tell_images,
        )
    _tell(done, json=json)
    end_trackers(trackers)
    raise typer.Exit(int(done.exit_code))


def _tell(done: TrainingRun, *, json: bool) -> None:
    """What a training ends with: the summary, and how to go on."""
    from nasbench_harness.cli import console
    from nasbench_harness.training.summary import summarise

    rows = summarise(done.trials)
    if json:
        status = {str(name): count for name, count in done.counts().items()}
        console.print_json({"folder": done.trainings.folder, "status": status, "summary": rows})
        return
    if rows:
        headings = [
            "cell", "seeds", "accuracy (%)", "best epoch (%)", "params (M)", "multiply-adds (M)",
            "time (s)", "table (%)", "architecture",
        ]  # fmt: skip
        console.print_rows(
            _title(done, rows), headings, map(_cells, rows), numbers=range(1, 8), below=(8,)
        )
    console.out.print(f"\nTables: {done.trainings.folder / 'trials.csv'}", soft_wrap=True)
    if done.exit_code is not ExitCode.DONE:
        why = "Interrupted" if done.interrupted else "Some trainings did not finish"
        console.out.print(
            f"{why}; what is done is kept. Run the same command again to go on.", soft_wrap=True
        )


def _title(done: TrainingRun, rows: list[dict[str, Any]]) -> str:
    trial = done.trials[done.trials["status"] == "done"].iloc[0]
    epochs = "1 epoch" if trial["epochs"] == 1 else f"{trial['epochs']} epochs"
    title = (
        f"{trial['dataset']}, {epochs} on {trial['trained_on']}, accuracy after the last on"
        f" {trial['evaluated_on']}"
    )
    beside = next((row for row in rows if row["table"]), None)
    return f"{title}; table `{beside['table']}`, {beside['table_metric']}" if beside else title


def _cells(row: Mapping[str, Any]) -> list[str]:
    deviation = row["test_accuracy_std"]
    spread = "" if deviation != deviation else f" ± {deviation:.2f}"  # noqa: PLR0124 - NaN
    beside = row["table_test_accuracy"]
    return [
        row["label"],
        f"{row['seeds']}" + (f" ({row['missing']} missing)" if row["missing"] else ""),
        f"{row['test_accuracy_mean']:.2f}{spread}",
        f"{row['best_test_accuracy_mean']:.2f}",
        f"{row['params'] / 1e6:.3f}",
        f"{row['flops'] / 1e6:.2f}",
        f"{row['seconds_mean']:.1f}",
        "" if beside is None else f"{beside:.2f}",
        row["architecture"],
    ]

"""What is trained, and where: the options of `nasharness train`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbench_harness.cli import completion
from nasbench_harness.cli.help import MACHINE, OUTPUT, WATCHING
from nasbench_harness.cli.options.running import WorkersOption

if TYPE_CHECKING:
    from nasbench_harness.hardware import Hardware

_SETTINGS = ("epochs", "split", "batch_size", "width", "cells", "precision", "evaluate_every")
"""Options that are settings of a training."""
RECIPES, SPACES = "the recipe's", "the space's"
"""What `--help` says of defaults that are theirs."""


@dataclass(frozen=True)
class Trained:
    """How architectures are trained, and on what."""

    dataset: Annotated[
        str,
        typer.Option(
            help="Images: cifar10, digits, ... (`data list`), or folder:PATH.",
            autocompletion=completion.images,
        ),
    ] = "cifar10"
    recipe: Annotated[
        str | None,
        typer.Option(
            help="How they are trained: a recipe of the space.",
            show_default="its first",
            autocompletion=completion.training_recipes,
        ),
    ] = None
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="Passes over the training images.", show_default=RECIPES),
    ] = None
    seeds: Annotated[
        str | None,
        typer.Option(
            help="How many ('3'), a range ('0-9') or a list ('777,888').", show_default=RECIPES
        ),
    ] = None
    split: Annotated[
        str | None,
        typer.Option(
            help="table: all training images, judged by the test part;"
            " search: the search-training part, judged by search-validation.",
            show_default="table",
        ),
    ] = None
    batch_size: Annotated[
        int | None,
        typer.Option(min=1, help="Images of a batch, up to all of them.", show_default=RECIPES),
    ] = None
    width: Annotated[
        int | None, typer.Option(min=1, help="Channels of the first stage.", show_default=SPACES)
    ] = None
    cells: Annotated[
        int | None, typer.Option(min=1, help="Cells per stage.", show_default=SPACES)
    ] = None
    limit: Annotated[
        int | None, typer.Option(min=1, help="Train on so many of the images.", show_default="all")
    ] = None
    image_layout: Annotated[
        str,
        typer.Option(
            help="Folders of folder:PATH: parts (train, test, ...), classes or auto.",
            autocompletion=completion.layouts,
        ),
    ] = "auto"
    image_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1024,
            help="Side the images of a folder are resized or cropped to, pixels.",
            show_default="theirs; streamed 224",
        ),
    ] = None
    stream: Annotated[
        bool | None,
        typer.Option(
            "--stream/--no-stream",
            help="Decode the images of a folder as they are needed, not all of them once.",
            show_default="if --image-size takes more than 16 GB",
        ),
    ] = None
    evaluate_every: Annotated[
        int | None, typer.Option(min=1, help="Epochs between two evaluations.", show_default="1")
    ] = None
    precision: Annotated[
        str | None,
        typer.Option(
            help="Arithmetic: fp32, bf16, fp16.",
            show_default="fp32",
            autocompletion=completion.precisions,
        ),
    ] = None
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any setting: learning_rate=0.05.", show_default=RECIPES),
    ] = None

    @property
    def settings(self) -> dict[str, Any]:
        """Those that were given."""
        given = {name: getattr(self, name) for name in _SETTINGS}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class TrainingMachine:
    """What trainings run on, and how many at a time."""

    device: Annotated[
        str,
        typer.Option(
            help="auto, cpu, cuda, cuda:1, mps.",
            rich_help_panel=MACHINE,
            autocompletion=completion.devices,
        ),
    ] = "auto"
    threads: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="CPU threads of each training. Bit-identical results only with as many.",
            show_default="cores / jobs",
            rich_help_panel=MACHINE,
        ),
    ] = None
    jobs: Annotated[
        int,
        typer.Option("--jobs", "-j", min=1, help="Parallel trainings.", rich_help_panel=MACHINE),
    ] = 1
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the data set's files.",
            show_default="the user's data folder",
            rich_help_panel=MACHINE,
        ),
    ] = None
    download: Annotated[
        bool,
        typer.Option(
            "--download", help="Fetch a data set that is not there.", rich_help_panel=MACHINE
        ),
    ] = False

    workers: WorkersOption = None

    @property
    def hardware(self) -> Hardware:
        """As the engine has it: cores are shared out among trainings at a time."""
        from nasbench_harness.hardware import Hardware, available_cores

        threads = self.threads or max(1, available_cores() // self.jobs)
        return Hardware(
            self.device, threads, data_dir=self.data_dir, download=self.download,
            workers=self.workers,
        )  # fmt: skip


@dataclass(frozen=True)
class TrainingOutput:
    """What is written, and who is told."""

    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Folder.", show_default="runs/train-...", rich_help_panel=OUTPUT
        ),
    ] = None
    tensorboard: Annotated[
        bool,
        typer.Option(
            "--tensorboard",
            help="Event files in the folder `tensorboard` beside the results.",
            rich_help_panel=WATCHING,
        ),
    ] = False
    mlflow: Annotated[
        str | None,
        typer.Option(
            metavar="URI",
            help="Log to this MLflow server, such as http://127.0.0.1:5000.",
            show_default="off",
            rich_help_panel=WATCHING,
        ),
    ] = None

"""What is scored without training, and where: the options of `nasharness score`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasbench_harness.cli import completion
from nasbench_harness.cli.help import MACHINE
from nasbench_harness.cli.options.training import SPACES

if TYPE_CHECKING:
    from nasbench_harness.hardware import Hardware


@dataclass(frozen=True)
class Untrained:
    """Which networks, on which images."""

    dataset: Annotated[
        str,
        typer.Option(
            help="Images: cifar10, digits, ... (`data list`), or folder:PATH.",
            autocompletion=completion.images,
        ),
    ] = "digits"
    seed: Annotated[int, typer.Option(help="Of fresh weights, batch and proxies.")] = 0
    batch_size: Annotated[int, typer.Option(min=1, help="Training images that are looked at.")] = 64
    width: Annotated[
        int | None, typer.Option(min=1, help="Channels of the first stage.", show_default=SPACES)
    ] = None
    cells: Annotated[
        int | None, typer.Option(min=1, help="Cells per stage.", show_default=SPACES)
    ] = None


@dataclass(frozen=True)
class ScoringMachine:
    """What it runs on."""

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
            min=1, help="Threads on the CPU.", show_default="cores", rich_help_panel=MACHINE
        ),
    ] = None
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

    @property
    def hardware(self) -> Hardware:
        """As the engine has it."""
        from nasbench_harness.hardware import Hardware, available_cores

        threads = self.threads or available_cores()
        return Hardware(self.device, threads, data_dir=self.data_dir, download=self.download)

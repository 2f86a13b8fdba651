"""What is checked, against what, and who hears of it: the options of `nasharness check`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasbench_harness.cli import completion
from nasbench_harness.cli.app import finite
from nasbench_harness.cli.baseline import MarginOption
from nasbench_harness.cli.help import OUTPUT
from nasbench_harness.cli.options.running import DataDirOption, DeviceOption, JobsOption

if TYPE_CHECKING:
    from nasbench_harness.hardware import Hardware

GITHUB = "github"


@dataclass(frozen=True)
class Checked:
    """What is checked, and against what."""

    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            "-b",
            help="What to compare with.",
            show_default="none; needed for a study",
        ),
    ] = None
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            help="Run this study first, then check it; its section `check:` may hold `margins:`.",
            show_default="none",
        ),
    ] = None
    seeds: Annotated[
        str | None,
        typer.Option(help="With --config: other seeds than the file's.", show_default="the file's"),
    ] = None
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="With --config: keep the study here; what is there of it is not run again.",
            show_default="a temporary one",
        ),
    ] = None
    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--methods",
            "-m",
            help="Check only these of the baseline.",
            show_default="all",
            autocompletion=completion.methods,
        ),
    ] = None
    margins: MarginOption = None
    update: Annotated[
        bool, typer.Option("--update", help="Write the run as the new baseline; shows the diff.")
    ] = False
    power: Annotated[
        bool, typer.Option("--power", help="Print how often such a check errs, by simulation.")
    ] = False
    bench: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="OLD NEW",
            help="Compare two JSON files of pytest-benchmark.",
            show_default="none",
        ),
    ] = None
    max_slowdown: Annotated[
        float,
        typer.Option(min=1.0, callback=finite, help="With --bench: times as long as is allowed."),
    ] = 1.25


@dataclass(frozen=True)
class Told:
    """Where the outcome is written beside the terminal."""

    junit: Annotated[
        Path | None,
        typer.Option(help="Write JUnit XML.", show_default="none", rich_help_panel=OUTPUT),
    ] = None
    markdown: Annotated[
        Path | None,
        typer.Option(
            help="Write a summary in Markdown.", show_default="none", rich_help_panel=OUTPUT
        ),
    ] = None
    annotate: Annotated[
        str | None,
        typer.Option(
            metavar=GITHUB,
            help="Print annotations for GitHub.",
            show_default="none",
            rich_help_panel=OUTPUT,
        ),
    ] = None


@dataclass(frozen=True)
class CheckMachine:
    """What a study that is run for the check runs on."""

    device: DeviceOption = "auto"
    data_dir: DataDirOption = None
    jobs: JobsOption = None

    @property
    def hardware(self) -> Hardware:
        """As the engine has it."""
        from nasbench_harness.hardware import Hardware

        return Hardware(self.device, data_dir=self.data_dir)

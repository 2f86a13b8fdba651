"""What is drawn, and what it is compared with: the options of `nasharness calibrate`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from nasbench_harness import registry
from nasbench_harness.cli import completion
from nasbench_harness.cli.help import OUTPUT
from nasbench_harness.fields.scalars import LARGEST


@dataclass(frozen=True)
class Sampled:
    """Architectures of a space, and a column of its benchmark."""

    space: Annotated[
        str, typer.Option(help="Search space.", autocompletion=completion.names("spaces"))
    ] = registry.default_space()
    table: Annotated[
        str | None,
        typer.Option(
            help="Benchmark to compare with.",
            show_default="that of the space",
            autocompletion=completion.names("tables"),
        ),
    ] = None
    metric: Annotated[
        str | None,
        typer.Option(
            help="Its column, or 'test@200'.",
            show_default="what studies are judged by",
            autocompletion=completion.columns,
        ),
    ] = None
    count: Annotated[int, typer.Option(min=2, help="Architectures; an interval needs 10.")] = 12
    seed: Annotated[
        int,
        typer.Option(
            min=0, max=LARGEST,
            help="Draws them; with a larger --count more are added to the same.",
        ),
    ] = 0  # fmt: skip
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Folder.", show_default="runs/calibrate-...", rich_help_panel=OUTPUT
        ),
    ] = None

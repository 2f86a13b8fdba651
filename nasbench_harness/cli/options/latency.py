"""Which networks are measured layer by layer, and on what: the options of `nasharness latency`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from nasbench_harness.cli import completion
from nasbench_harness.cli.help import MACHINE
from nasbench_harness.hardware import Hardware
from nasbench_harness.tables.latency_counts import LATENCY_BATCH, LATENCY_PASSES

PUBLISHED_SIZE, PUBLISHED_CHANNELS, PUBLISHED_CLASSES = "224", 3, 1000
"""ImageNet's, where nobody says otherwise."""


@dataclass(frozen=True)
class MeasuredNetworks:
    """Their space, size and images."""

    space: Annotated[
        str, typer.Option(help="Search space.", autocompletion=completion.names("spaces"))
    ]
    dataset: Annotated[
        str | None,
        typer.Option(
            help="Images whose size, channels and classes the networks are for.",
            show_default="as the options say",
            autocompletion=completion.images,
        ),
    ] = None
    image_size: Annotated[
        str | None,
        typer.Option(
            help="Side of the images, pixels, or HEIGHTxWIDTH.", show_default=PUBLISHED_SIZE
        ),
    ] = None
    channels: Annotated[
        int | None,
        typer.Option(min=1, help="Channels of the images.", show_default=str(PUBLISHED_CHANNELS)),
    ] = None
    classes: Annotated[
        int | None,
        typer.Option(min=1, help="Classes told apart.", show_default=str(PUBLISHED_CLASSES)),
    ] = None
    width: Annotated[
        int | None,
        typer.Option(min=1, help="Channels of the first stage.", show_default="the space's"),
    ] = None
    cells: Annotated[
        int | None, typer.Option(min=1, help="Cells per stage.", show_default="the space's")
    ] = None


@dataclass(frozen=True)
class Measuring:
    """How and where they are measured."""

    device: Annotated[
        str,
        typer.Option(help="auto, cpu, cuda, cuda:1 or mps.", rich_help_panel=MACHINE),
    ] = "auto"
    threads: Annotated[
        int, typer.Option(min=1, help="Threads on the CPU.", rich_help_panel=MACHINE)
    ] = 1
    batch: Annotated[int, typer.Option(min=1, help="Images of a forward pass.")] = LATENCY_BATCH
    passes: Annotated[int, typer.Option(min=3, help="Forward passes behind each median.")] = (
        LATENCY_PASSES
    )
    whole: Annotated[
        int,
        typer.Option(
            min=0,
            help="Random networks that are measured as a whole, to tell how far sums are off.",
        ),
    ] = 5

    @property
    def hardware(self) -> Hardware:
        """Where they are measured."""
        return Hardware(device=self.device, threads=self.threads)

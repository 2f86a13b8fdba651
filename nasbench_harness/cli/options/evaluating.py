"""Which answers are trained alone, and beside how many: the options of `nasharness evaluate`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from nasbench_harness.fields.scalars import LARGEST


@dataclass(frozen=True)
class Drawn:
    """Architectures drawn at random from the study's space."""

    random: Annotated[
        int, typer.Option(min=3, help="Random architectures to stand beside the answers.")
    ] = 12
    random_seed: Annotated[
        int,
        typer.Option(
            min=0, max=LARGEST,
            help="Draws them; with a larger --random more are added to the same.",
        ),
    ] = 0  # fmt: skip

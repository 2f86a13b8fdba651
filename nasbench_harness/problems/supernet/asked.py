"""What a supernet must have for what a method asks of its problem; told before one is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from torch import nn

from nasbench_harness.contracts import (
    CellShifts,
    CellWeights,
    ChosenLosses,
    EdgeWeighing,
    EdgeWeights,
    OperationGradients,
    OperationParameters,
    ShiftedMaps,
    SkipDropout,
    SkipRates,
    Widening,
    WideningCheck,
)
from nasbench_harness.errors import HarnessError


class Needed(NamedTuple):
    """What a capability of the problem takes."""

    capability: type
    """Of the supernet."""
    otherwise: str
    """What to say of one without it, after `The supernet of SPACE`."""


NEEDED: Mapping[type, Needed] = {
    CellWeights: Needed(
        CellShifts,
        "has no cells that share mixing weights (it has no `shifted_cells`); choose a method that"
        " does not compare cells",
    ),
    ChosenLosses: Needed(
        ShiftedMaps,
        "cannot add numbers to its maps (it has no `shifted`), by which options that are not run"
        " would have a gradient; choose another gradient for them",
    ),
    EdgeWeights: Needed(
        EdgeWeighing,
        "has no edges that could be weighed against each other (it has no `weighs_edges`); search"
        " without edge normalisation",
    ),
    OperationGradients: Needed(
        OperationParameters,
        "cannot tell which weights are which operation's (it has no `operation_parameters`);"
        " choose a method that does not compare operations",
    ),
    SkipRates: Needed(
        SkipDropout,
        "cannot drop out what its skips pass on (it has no `skip_dropout`); search without"
        " `skip_dropout`",
    ),
    WideningCheck: Needed(
        Widening,
        "cannot let more channels through on the way (it has no `use_channels`); let as many pass"
        " in every stage of the search",
    ),
}
"""By capability of a problem; what is not here any supernet can."""


def check_supernet_has(
    supernet: nn.Module, capability: type, space: str, precision: str = "fp32"
) -> None:
    """HarnessError where the supernet lacks what a capability of the problem takes.

    `precision` is that of its passes: in another than fp32 shifts of cells are rounded away.
    """
    needed = NEEDED.get(capability)
    if needed is not None and not isinstance(supernet, needed.capability):
        raise HarnessError(f"The supernet of `{space}` {needed.otherwise}.")
    if capability is CellWeights and precision != "fp32":
        raise HarnessError(
            f"Shifts of the mixing weights of cells are lost in {precision}; search with"
            " `--precision fp32`."
        )


def check_widths(width: int, *factors: int) -> None:
    """HarnessError where of so many channels 1/factor is no whole number."""
    if wrong := [factor for factor in factors if width % factor]:
        every = " and ".join(str(factor) for factor in sorted(set(factors), reverse=True))
        raise HarnessError(
            f"Of {width} channels 1/{wrong[0]} is no whole number; choose a `--width` that"
            f" {every} divide, or other `partial_channels`."
        )

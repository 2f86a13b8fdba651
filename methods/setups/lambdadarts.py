"""Settings and recipes of Lambda-DARTS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from nasbench_harness.contracts import (
    Basis,
    CellWeights,
    Column,
    Fidelity,
    Passes,
    Role,
    SearchOutline,
    StepCost,
    Value,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import LAMBDADARTS_BIBTEX
from nasbench_harness.methods.setups.columns import EARLY_STOP, VALID_LOSS
from nasbench_harness.methods.setups.relaxed import ComposedSetup, RelaxedSettings
from nasbench_harness.settings import setting


class LambdaDARTSSettings(RelaxedSettings):
    """The values of confopt."""

    layer_weight: float = setting(
        0.25,
        "weight of the alignment of cells in the last epoch; it grows from 0 in the first",
        tag="C3",
        ge=0,
    )
    alignment: Literal["cosine", "signcorr"] = setting(
        "cosine",
        "what pairs of cells are compared by: the cosine of their gradients, or the share of it"
        " that signs leave possible",
        tag="C3",
    )
    shift: float = setting(
        1e-4,
        "length of the shifts of all mixing weights together, of which a difference is taken",
        tag="C3",
        gt=0,
    )


class LambdaDARTSSetup(ComposedSetup):
    """What can be read of the method without torch."""

    Settings = LambdaDARTSSettings
    citation = LAMBDADARTS_BIBTEX
    fidelity = Fidelity(
        Basis.OTHERS_CODE,
        gist="cells that agree on alpha",
        against="Formulas of the paper and numbers of confopt's port, as read; the gradient against"
        " automatic differentiation in float64.",
        deviations=(
            "Each cell is shifted by its own direction alone; on NAS-Bench-201 confopt's port adds"
            " up those of the cells before it.",
        ),
        cost=StepCost(
            Passes(1, 1),
            Passes(1, 1),
            "the weights cost 2 forward and 2 backward more from the second epoch on",
        ),
        tests=("tests/methods/test_lambdadarts.py",),
    )
    batched: ClassVar[bool] = False
    columns = (
        VALID_LOSS,
        EARLY_STOP,
        Column(
            "layer_alignment", Value.NUMBER, Role.RECORD,
            "mean over pairs of cells of the cosine (or its variant by signs) between the gradients"
            " of the training loss in their mixing weights; 1 where all cells want the same",
            missing="other methods",
        ),
    )  # fmt: skip
    recipes = recipe_file("nasbench_harness.methods.recipes", "lambdadarts")
    always_needs = (CellWeights,)
    """Cells that can be given mixing weights one by one."""

    @classmethod
    def check_search(cls, settings: LambdaDARTSSettings, outline: SearchOutline) -> None:
        """HarnessError where fewer than two cells can agree; see `SearchCheck`."""
        if outline.cell_decisions is not None:
            compared_cells(outline.cell_decisions())


def compared_cells(cells: Sequence[Sequence[int]]) -> list[int]:
    """Those that mix by the same decisions as the space's first one; HarnessError below two.

    `cells` are the decisions of each cell.
    """
    compared = [place for place, decisions in enumerate(cells) if 0 in decisions]
    if len(compared) < 2:
        raise HarnessError(
            "`lambdadarts` cannot search a network with fewer than two cells of a type, which has"
            " nothing to align; take more --cells."
        )
    return compared

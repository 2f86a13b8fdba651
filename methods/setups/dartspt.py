"""Settings and recipes of DARTS-PT."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from nasbench_harness.contracts import (
    Basis,
    Column,
    Fidelity,
    Passes,
    Role,
    StepCost,
    Value,
)
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import DARTSPT_BIBTEX
from nasbench_harness.methods.setups.columns import VALID_LOSS
from nasbench_harness.methods.setups.relaxed import ComposedSetup, RelaxedSettings
from nasbench_harness.settings import setting


class DARTSPTSettings(RelaxedSettings):
    """The authors' values for NAS-Bench-201."""

    training_epochs: int = setting(
        100,
        "epochs that train alpha and the network before anything is decided; the others tune"
        " between decisions, which are spread over them evenly, the last in the last",
        unit="epochs",
        role="training",
        tag="C",
        ge=0,
    )
    tuning_rate: float = setting(
        0.1,
        "share of the network's first learning rate with which a fresh optimiser begins to tune",
        tag="C",
        gt=0,
    )
    tuning_decays: bool = setting(
        False,
        "the learning rate of the tuning falls along a cosine (authors' code on the DARTS space)"
        " or stays (on NAS-Bench-201)",
        tag="C",
    )
    fixed_alpha: bool = setting(
        False, "never train alpha: options that are not decided on weigh the same", tag="C"
    )

    @model_validator(mode="after")
    def _decided_by_removal(self) -> Self:
        if self.stages > 1 or self.kept_options:
            raise ValueError(
                "options are decided on by removal, in one stage: give one number of"
                " partial_channels and no kept_options"
            )
        return self


class DARTSPTSetup(ComposedSetup):
    """What can be read of the method without torch."""

    Settings = DARTSPTSettings
    citation = DARTSPT_BIBTEX
    fidelity = Fidelity(
        Basis.CODE,
        gist="options tried by removal",
        against="Selection, tuning and their epochs as in the authors' code, as read; every choice"
        " against one that the tests make by trying all removals.",
        deviations=(
            "Accuracies without an option are measured on images as for tests, in batches of 250;"
            " the authors' are augmented and of 64.",
            "On a table a removal is judged by the expectation over what is left, which is ours.",
        ),
        cost=StepCost(
            Passes(1, 1), Passes(1, 1),
            "where a decision is due, the validation images once more for each of its options",
        ),
        tests=("tests/methods/test_dartspt.py", "tests/methods/test_settling.py"),
    )  # fmt: skip
    columns = (
        VALID_LOSS,
        Column(
            "settled", Value.NUMBER, Role.RECORD,
            "decisions with at most one option left in this step", missing="other methods",
        ),
    )  # fmt: skip
    batched: ClassVar[bool] = False
    recipes = recipe_file("nasbench_harness.methods.recipes", "dartspt")

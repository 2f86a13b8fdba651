"""Settings and recipes of OLES."""

from __future__ import annotations

from typing import ClassVar

from pydantic import PositiveInt

from nasbench_harness.contracts import (
    Basis,
    Column,
    Fidelity,
    OperationGradients,
    Passes,
    Role,
    StepCost,
    Value,
)
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import OLES_BIBTEX
from nasbench_harness.methods.setups.columns import EARLY_STOP, VALID_LOSS
from nasbench_harness.methods.setups.relaxed import ComposedSetup, RelaxedSettings
from nasbench_harness.settings import setting


class OLESSettings(RelaxedSettings):
    """The authors' values, but for `exact_counter` and `added_gradients`."""

    threshold: float = setting(
        0.4,
        "an operation's weights are frozen where the mean cosine of its gradients is below",
        tag="C",
        ge=-1,
        le=1,
    )
    window: PositiveInt = setting(20, "steps of which that mean is taken", unit="steps", tag="C")
    exact_counter: bool = setting(
        False,
        "as the authors' code: the sum of window + 1 cosines is divided by the window, so that"
        " with 20 the threshold on their mean is 0.381",
        tag="D",
    )
    added_gradients: bool = setting(
        False,
        "as the authors' code with DARTS' step of alpha, which does not clear the network's"
        " gradients: the training gradient is compared with its sum with the validation gradient",
        tag="D",
    )


class OLESSetup(ComposedSetup):
    """What can be read of the method without torch."""

    Settings = OLESSettings
    citation = OLES_BIBTEX
    fidelity = Fidelity(
        Basis.CODE,
        gist="operations stopped early",
        against="The cosine, its threshold and window as in the authors' code, as read; against"
        " equal and unrelated batches, and by hand.",
        deviations=(
            "The sum of 20 cosines is divided by 20; theirs has 21, which exact_counter gives.",
            "Every recipe has added_gradients; without it the validation gradient stands alone, as"
            " in the text and not as in the authors' code.",
        ),
        cost=StepCost(Passes(1, 1), Passes(1, 1)),
        tests=("tests/methods/test_oles.py",),
    )
    batched: ClassVar[bool] = False
    columns = (
        VALID_LOSS,
        EARLY_STOP,
        Column(
            "gradient_matching", Value.NUMBER, Role.RECORD,
            "cosine between training and validation gradient of an operation's weights, mean over"
            " the steps since the last judgement and over all operations that are not frozen",
            missing="other methods, steps that leave alpha alone",
        ),
        Column(
            "frozen_operations", Value.NUMBER, Role.RECORD,
            "share of the operations with weights, each counted in every cell, that are trained no"
            " more", missing="other methods, steps that leave alpha alone",
        ),
    )  # fmt: skip
    recipes = recipe_file("nasbench_harness.methods.recipes", "oles")
    always_needs = (OperationGradients,)
    """Network weights of single operations, and their gradients."""

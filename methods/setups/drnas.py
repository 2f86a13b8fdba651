"""Settings and recipes of DrNAS."""

from __future__ import annotations

from typing import Literal

from nasbench_harness.contracts import Basis, Column, Fidelity, Passes, Role, StepCost, Value
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import DRNAS_BIBTEX
from nasbench_harness.methods.setups.columns import EARLY_STOP, VALID_LOSS
from nasbench_harness.methods.setups.relaxed import ComposedSettings, ComposedSetup
from nasbench_harness.settings import setting


class DrNASSettings(ComposedSettings):
    """The authors' values for NAS-Bench-201."""

    anchor: Literal["l2", "kl", "none"] = setting(
        "l2",
        "what keeps the concentration near 1: L2 on alpha (authors' default), KL, or nothing",
        tag="C",
    )
    anchor_weight: float = setting(1e-3, "weight of the anchor", tag="C", ge=0)
    weight_decay: float = setting(
        0.0, "further L2 on alpha; the l2 anchor is added to it", tag="C", ge=0
    )
    clip_norm: float = setting(
        0.0, "largest norm of the gradient of alpha; 0 never clips", tag="C", ge=0, later=True
    )
    concentration_floor: float = setting(
        0.0,
        "smallest concentration; above 0 tames very negative alpha (our addition)",
        tag="D",
        ge=0,
    )
    scores: Literal["softmax", "mean"] = setting(
        "softmax",
        "what edges are ranked by: softmax of alpha (authors' code) or Dirichlet mean",
        tag="C",
    )


class DrNASSetup(ComposedSetup):
    """What can be read of the method without torch."""

    Settings = DrNASSettings
    citation = DRNAS_BIBTEX
    fidelity = Fidelity(
        Basis.CODE,
        gist="Dirichlet-sampled mixtures",
        against="Distribution, both anchors, stages and the recipes of all spaces as in the"
        " authors' code, as read; samples, pathwise gradients and KL against closed forms and the"
        " library's distribution.",
        deviations=(
            "A floor under the concentration can be set (0 in every published recipe).",
            "The gradient of alpha is not counted in where the network's gradient is clipped; in"
            " the authors' code on NAS-Bench-201 it is.",
        ),
        cost=StepCost(Passes(1, 1), Passes(1, 1), "of a part of the channels in early stages"),
        tests=("tests/methods/test_drnas.py", "tests/methods/test_drnas_stages.py"),
    )
    columns = (
        VALID_LOSS,
        EARLY_STOP,
        Column(
            "concentration", Value.NUMBER, Role.RECORD,
            "sum of the Dirichlet's parameters over the options of a decision, mean over decisions,"
            " after the step; samples are one-hot where small, all alike where large",
            missing="other methods, warm-up",
        ),
    )  # fmt: skip
    recipes = recipe_file("nasbench_harness.methods.recipes", "drnas")

"""Settings and recipes of SDARTS."""

from __future__ import annotations

from typing import Literal

from nasbench_harness.contracts import Basis, Fidelity, Passes, StepCost
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import SDARTS_BIBTEX
from nasbench_harness.methods.setups.relaxed import ComposedSetup, RelaxedSettings
from nasbench_harness.settings import setting


class SDARTSSettings(RelaxedSettings):
    """The authors' values."""

    perturbation: Literal["none", "random", "adversarial"] = setting(
        "random",
        "what is added to the mixing weights where the network weights are trained: SDARTS-RS or"
        " SDARTS-ADV",
        tag="C",
    )


class SDARTSSetup(ComposedSetup):
    """What can be read of the method without torch."""

    Settings = SDARTSSettings
    citation = SDARTS_BIBTEX
    fidelity = Fidelity(
        Basis.CODE,
        gist="DARTS, weights perturbed",
        against="Both perturbations, their radius by epochs and the settings as in the authors'"
        " code, as read; moves against the arithmetic of one row and exact ascents.",
        deviations=(
            "The gradient of alpha is not counted in where the network's gradient is clipped; in"
            " the authors' code on NAS-Bench-201 it is.",
        ),
        cost=StepCost(
            Passes(1, 1), Passes(1, 1),
            "with perturbation=adversarial the weights cost 9 forward and 7 backward more",
        ),
        tests=("tests/methods/test_sdarts.py", "tests/methods/test_perturbations.py"),
    )  # fmt: skip
    recipes = recipe_file("nasbench_harness.methods.recipes", "sdarts")

"""Settings and recipes of SDARTS."""

from __future__ import annotations

from typing import Literal

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
    recipes = recipe_file("nasbench_harness.methods.recipes", "sdarts")

"""Settings and recipes of beta-DARTS."""

from __future__ import annotations

from nasbench_harness.contracts import Basis, Fidelity, Passes, StepCost
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import BETADARTS_BIBTEX
from nasbench_harness.methods.setups.relaxed import ComposedSetup, RelaxedSettings
from nasbench_harness.settings import setting


class BetaDARTSSettings(RelaxedSettings):
    """The authors' values for NAS-Bench-201."""

    decay_weight: float = setting(
        50.0, "weight of beta's decay at the end of the search; it grows from 0", tag="C", ge=0
    )


class BetaDARTSSetup(ComposedSetup):
    """What can be read of the method without torch."""

    Settings = BetaDARTSSettings
    citation = BETADARTS_BIBTEX
    fidelity = Fidelity(
        Basis.CODE,
        gist="decay of softmax(alpha)",
        against="The decay, its weight by epochs and the settings as in the authors' code on"
        " NAS-Bench-201, as read; its gradient against the formula.",
        deviations=("In the DARTS space the decay is the mean over the edges of both cells.",),
        cost=StepCost(Passes(1, 1), Passes(1, 1)),
        tests=("tests/methods/test_betadarts.py",),
    )
    recipes = recipe_file("nasbench_harness.methods.recipes", "betadarts")

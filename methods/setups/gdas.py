"""Settings and recipes of GDAS."""

from __future__ import annotations

from nasbench_harness.contracts import Basis, Fidelity, Passes, StepCost
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.chosen import ChosenSettings, ChosenSetup
from nasbench_harness.methods.setups.citations import GDAS_BIBTEX


class GDASSettings(ChosenSettings):
    """The NAS-Bench-201 authors' values, who are GDAS' as well."""


class GDASSetup(ChosenSetup):
    """What can be read of the method without torch."""

    Settings = GDASSettings
    citation = GDAS_BIBTEX
    fidelity = Fidelity(
        Basis.CODE,
        gist="hard Gumbel samples",
        against="Samples, straight-through gradient, temperatures and recipe as in the"
        " NAS-Bench-201 authors' code, who are GDAS' own, as read; mean and variance of the"
        " gradient against exact ones on a table.",
        deviations=(
            "unchosen=exact, for which every operation is run, is ours.",
            "The gradient of alpha is never counted in where the network's gradient is clipped.",
        ),
        cost=StepCost(
            Passes(1, 1), Passes(1, 1),
            "of one operation an edge; of all of them in the architecture's with unchosen=exact",
        ),
        tests=("tests/methods/test_sampled.py", "tests/methods/test_chosen.py"),
    )  # fmt: skip
    recipes = recipe_file("nasbench_harness.methods.recipes", "gdas")

"""Settings and recipes of ReinMax."""

from __future__ import annotations

from typing import Literal

from nasbench_harness.contracts import Basis, Fidelity, Passes, StepCost
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.chosen import ChosenSettings, ChosenSetup
from nasbench_harness.methods.setups.citations import REINMAX_BIBTEX
from nasbench_harness.settings import setting


class ReinMaxSettings(ChosenSettings):
    """GDAS' settings with another way back through the draw."""

    estimator: Literal["reinmax", "straight_through"] = setting(
        "reinmax",
        "gradient of a drawn option: ReinMax, of second order, or the straight-through estimator,"
        " of first order, that it is compared with",
        tag="C",
    )


class ReinMaxSetup(ChosenSetup):
    """What can be read of the method without torch."""

    Settings = ReinMaxSettings
    citation = REINMAX_BIBTEX
    fidelity = Fidelity(
        Basis.CODE,
        gist="ReinMax in GDAS' search",
        against="The gradient as in the ReinMax authors' code, as read, against its formula and"
        " exact means on a table; their code has no architecture search.",
        deviations=("The search around it is GDAS', with GDAS' recipes: a decision of ours.",),
        cost=StepCost(
            Passes(1, 1), Passes(1, 1),
            "of one operation an edge; of all of them in the architecture's with unchosen=exact",
        ),
        tests=("tests/methods/test_second_order.py", "tests/methods/test_sampled.py"),
    )  # fmt: skip
    reading = "ReinMax in the place of GDAS' estimator, with GDAS' search"
    recipes = recipe_file("nasbench_harness.methods.recipes", "reinmax")

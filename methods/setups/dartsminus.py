"""Settings and recipes of DARTS-."""

from __future__ import annotations

from nasbench_harness.contracts import (
    Basis,
    Fidelity,
    NetworkWeights,
    Passes,
    SearchSpace,
    StepCost,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import DARTSMINUS_BIBTEX
from nasbench_harness.methods.setups.relaxed import ComposedSetup, RelaxedSettings
from nasbench_harness.settings import setting


class DARTSMinusSettings(RelaxedSettings):
    """The authors' values."""

    auxiliary_skip: float = setting(
        1.0, "weight of the auxiliary skip in the first epoch; it falls to 0", tag="C", ge=0
    )

    def check_space(self, space: SearchSpace) -> None:
        """HarnessError as well where there is no skip."""
        super().check_space(space)
        if not any(decision.free for decision in space.decisions):
            raise HarnessError(
                f"The space `{space.name}` has no skip, and so nothing that DARTS- could add;"
                " search it with `darts`."
            )


class DARTSMinusSetup(ComposedSetup):
    """What can be read of the method without torch."""

    Settings = DARTSMinusSettings
    citation = DARTSMINUS_BIBTEX
    fidelity = Fidelity(
        Basis.CODE,
        gist="DARTS with a fading skip",
        against="The auxiliary skip, its weight by epochs and the settings as in the authors' code,"
        " as read.",
        deviations=(
            "Edges that halve the resolution have no auxiliary skip; in the authors' code they have"
            " one with weights of its own.",
            "The authors' code has no search on NAS-Bench-201: that recipe is ours.",
        ),
        cost=StepCost(Passes(1, 1), Passes(1, 1)),
        tests=("tests/methods/test_dartsminus.py",),
    )
    recipes = recipe_file("nasbench_harness.methods.recipes", "dartsminus")
    always_needs = (NetworkWeights,)
    """Network weights, whose training the skip is for."""

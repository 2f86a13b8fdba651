"""Settings and recipes of REINFORCE."""

from __future__ import annotations

from typing import Literal

from nasbench_harness.contracts import Basis, Fidelity, Passes, StepCost
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.alpha import AlphaSettings
from nasbench_harness.methods.setups.citations import REINFORCE_BIBTEX
from nasbench_harness.methods.setups.queries import QuerySetup
from nasbench_harness.settings import setting


class REINFORCESettings(AlphaSettings):
    """The authors' values (NATS-Bench script)."""

    learning_rate: float = setting(0.01, "Adam's step on the logits", role="rate", tag="B", gt=0)
    beta1: float = setting(0.9, "Adam's decay of the first moment", tag="B", ge=0, lt=1)
    beta2: float = setting(0.999, "Adam's decay of the second moment", tag="B", ge=0, lt=1)
    init_scale: float = setting(
        1e-3, "standard deviation of the initial architecture parameters", tag="B", ge=0
    )
    baseline_momentum: float = setting(
        0.9, "momentum of the moving average of the reward", tag="B", ge=0, lt=1
    )
    answer: Literal["best", "mode"] = setting(
        "best",
        "the best architecture sampled, or the most probable one (the code's first version)",
        tag="B",
    )


class REINFORCESetup(QuerySetup):
    """What can be read of the method without torch."""

    Settings = REINFORCESettings
    citation = REINFORCE_BIBTEX
    fidelity = Fidelity(
        Basis.BENCHMARK_CODE,
        gist="policy gradient",
        against="Reward, baseline, settings and answer as the NATS-Bench authors run it, as read;"
        " the mean gradient against the enumerated one.",
        deviations=("The budget is a number of queries and no simulated time.",),
        cost=StepCost(Passes(), Passes(), "the accuracy of one architecture is asked for"),
        tests=("tests/methods/test_query_methods.py",),
    )
    version = "1"
    recipes = recipe_file("nasbench_harness.methods.recipes", "reinforce")

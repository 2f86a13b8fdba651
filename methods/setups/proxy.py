"""Settings and recipes of random search by a zero-cost proxy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from nasbench_harness.contracts import (
    Basis,
    Column,
    Fidelity,
    Passes,
    ProxyScores,
    Role,
    StepCost,
    Value,
)
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import SUITE_ZERO_BIBTEX, ZERO_COST_BIBTEX
from nasbench_harness.settings import Settings, setting


class ProxySettings(Settings):
    """Which proxy, and of how many architectures."""

    name: str = setting("synflow", "the proxy, of `nasharness list proxies`", role="proxy", tag="D")
    candidates: int = setting(100, "uniform architectures scored in a step", tag="D", ge=1)


class ProxySearchSetup:
    """What can be read of the method without torch."""

    Settings = ProxySettings
    citation = f"{ZERO_COST_BIBTEX}\n\n{SUITE_ZERO_BIBTEX}"
    fidelity = Fidelity(
        Basis.OTHERS_CODE,
        gist="best by a zero-cost proxy",
        against="The proxies' formulas are those of NAS-Bench-Suite-Zero's code, as read;"
        " docs/proxies.md tells which of them its published scores confirm.",
        deviations=(
            "How many architectures are drawn, and that the best so far is scored again with each"
            " batch, are decisions of this project.",
        ),
        cost=StepCost(
            Passes(), Passes(),
            "each candidate is built anew and scored, by up to a few passes, as its proxy needs",
        ),
        tests=("tests/methods/test_proxy.py", "tests/methods/proxies/test_formulas.py"),
    )  # fmt: skip
    columns = (
        Column(
            "best_proxy", Value.NUMBER, Role.RECORD,
            "the proxy's score of the answer so far, on the batch of this step",
            missing="other methods, and where the proxy has no finite value",
        ),
    )  # fmt: skip
    queries = False
    batched: ClassVar[bool] = False
    version = "1"
    recipes = recipe_file("nasbench_harness.methods.recipes", "proxy")

    @classmethod
    def requires(cls, settings: ProxySettings) -> Sequence[type]:
        """Networks to score."""
        return (ProxyScores,)

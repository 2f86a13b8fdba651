"""Settings and recipes of Zero-Cost-PT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from nasbench_harness.contracts import (
    Basis,
    Column,
    EvaluatedProxies,
    Fidelity,
    Passes,
    Role,
    SearchSpace,
    StepCost,
    Value,
)
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import NASWOT_BIBTEX, ZEROCOSTPT_BIBTEX
from nasbench_harness.methods.setups.excluded import check_excluded
from nasbench_harness.settings import Settings, setting


class ZeroCostPTSettings(Settings):
    """The authors' values."""

    proxy: str = setting(
        "nwot",
        "the proxy of mixtures and proposals, of `nasharness list proxies`",
        tag="C",
        role="proxy",
    )
    proposals: int = setting(
        10, "architectures that are proposed, each by decisions in another order", tag="C", ge=1
    )
    validation_rounds: int = setting(
        100, "batches that the different proposals are compared on, by their mean", tag="C", ge=0
    )
    excluded: tuple[str, ...] = setting(
        (),
        "options that are not searched, by name; the authors leave `none` out on the DARTS space",
        tag="C",
    )

    def check_space(self, space: SearchSpace) -> None:
        """HarnessError where options are excluded that are not there, or all of a decision's."""
        check_excluded(space.name, space.decisions, self.excluded)


class ZeroCostPTSetup:
    """What can be read of the method without torch."""

    Settings = ZeroCostPTSettings
    citation = f"{ZEROCOSTPT_BIBTEX}\n\n{NASWOT_BIBTEX}"
    fidelity = Fidelity(
        Basis.CODE,
        gist="untrained, by removal",
        against="Proposals, validation and their numbers as in the authors' code, as read; every"
        " choice against one that the tests make by trying all removals.",
        deviations=(
            "A ReLU whose input several operations share counts once.",
            "Options weigh exactly the same; the authors' are the softmax of 1e-3 N(0, 1).",
        ),
        cost=StepCost(
            Passes(), Passes(),
            "nothing is trained; a decision scores the network of all once for each of its options",
        ),
        tests=("tests/methods/test_zerocostpt.py", "tests/methods/test_settling.py"),
    )  # fmt: skip
    columns = (
        Column(
            "validated_proxy", Value.NUMBER, Role.RECORD,
            "mean proxy of the answer over the batches that proposals were compared on so far",
            missing="other methods, before the first such batch, and where it is not finite",
        ),
    )  # fmt: skip
    queries = False
    batched: ClassVar[bool] = False
    version = "1"
    recipes = recipe_file("nasbench_harness.methods.recipes", "zerocostpt")

    @classmethod
    def requires(cls, settings: ZeroCostPTSettings) -> Sequence[type]:
        """Networks to score as they are evaluated."""
        return (EvaluatedProxies,)

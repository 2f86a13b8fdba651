"""Settings and recipes of DARTS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from nasbench_harness.contracts import Basis, Fidelity, Passes, StepCost, UnrolledGradient
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.alpha import AlphaSettings
from nasbench_harness.methods.setups.citations import DARTS_BIBTEX
from nasbench_harness.methods.setups.columns import VALID_LOSS
from nasbench_harness.settings import setting


class DARTSSettings(AlphaSettings):
    """The paper's values, but for `weight_decay`, which depends on the scale of the loss."""

    weight_decay: float = setting(
        1e-3, "L2 pull on the architecture parameters, added to their gradient", tag="C", ge=0
    )
    order: Literal["first", "second"] = setting(
        "first", "whether the gradient looks through one step of the network weights", tag="D"
    )
    arch_before_weight: Literal[True, False, "second_order"] = setting(
        True,
        "update alpha before the network weights within a step: always, never, or in the second"
        " order only (NAS-Bench-201: w, alpha in DARTS-V1 and alpha, w in DARTS-V2)",
        tag="C",
    )


class DARTSSetup:
    """What can be read of the method without torch."""

    Settings = DARTSSettings
    citation = DARTS_BIBTEX
    fidelity = Fidelity(
        Basis.CODE,
        gist="softmax-mixed operations",
        against="Both orders, their settings and recipes as in the authors' code and those of the"
        " NAS-Bench-201 and DrNAS authors, as read; gradients against exact and unrolled ones.",
        deviations=(
            "The gradient of alpha is never counted in where the network's gradient is clipped; in"
            " the NAS-Bench-201 authors' code it is.",
            "The network's learning rate of an epoch is that of its cosine there, which codes of"
            " different age take an epoch earlier or later.",
        ),
        cost=StepCost(
            Passes(1, 1), Passes(1, 1),
            "with order=second the architecture costs 5 forward and 4 backward",
        ),
        tests=("tests/methods/test_darts.py", "tests/problems/test_weight_sharing.py"),
    )  # fmt: skip
    columns = (VALID_LOSS,)
    queries = False
    batched: ClassVar[bool] = True
    version = "1"
    recipes = recipe_file("nasbench_harness.methods.recipes", "darts")

    @classmethod
    def requires(cls, settings: DARTSSettings) -> Sequence[type]:
        """The second order needs a problem that can look one weight step ahead."""
        return (UnrolledGradient,) if settings.order == "second" else ()

    @classmethod
    def runs_all(cls, settings: DARTSSettings) -> bool:
        """Every pass is of the mixture; see `WholeMixture`."""
        return True

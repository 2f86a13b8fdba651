"""Settings and recipes of DARTS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from nasbench_harness.contracts import UnrolledGradient
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
    columns = (VALID_LOSS,)
    queries = False
    batched: ClassVar[bool] = True
    version = "1"
    recipes = recipe_file("nasbench_harness.methods.recipes", "darts")

    @classmethod
    def requires(cls, settings: DARTSSettings) -> Sequence[type]:
        """The second order needs a problem that can look one weight step ahead."""
        return (UnrolledGradient,) if settings.order == "second" else ()

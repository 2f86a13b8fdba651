"""Settings of methods that run one drawn option a decision and differentiate through the draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from nasbench_harness.contracts import ChosenLosses
from nasbench_harness.methods.setups.columns import TEMPERATURE, VALID_LOSS
from nasbench_harness.methods.setups.temperatures import TemperatureSettings
from nasbench_harness.settings import setting


class ChosenSettings(TemperatureSettings):
    """What GDAS' authors have on NAS-Bench-201."""

    arch_before_weight: bool = setting(
        False, "update alpha before the network weights within a step", tag="B"
    )
    unchosen: Literal["summed", "none", "exact"] = setting(
        "summed",
        "gradient of the weights of options that were not drawn: of a number that is added to the"
        " edge's map (authors' code on NAS-Bench-201), none (authors' code in the DARTS space), or"
        " the exact one, for which every option is run",
        tag="B",
    )


class ChosenSetup:
    """What can be read of such a method without torch."""

    columns = (VALID_LOSS, TEMPERATURE)
    queries = False
    batched: ClassVar[bool] = True
    version = "1"

    @classmethod
    def requires(cls, settings: ChosenSettings) -> Sequence[type]:
        """Numbers are added to maps only where a problem has maps."""
        return (ChosenLosses,) if settings.unchosen == "summed" else ()

    @classmethod
    def stays_alone(cls, settings: ChosenSettings) -> str:
        """Where options that are not drawn have no gradient; see `ChosenMixture`."""
        if settings.unchosen != "none":
            return ""
        return (
            "with unchosen=none it makes no step where a network passes nothing on, which several"
            " as one cannot leave out for one of them"
        )

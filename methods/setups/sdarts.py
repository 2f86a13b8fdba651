"""Settings and recipes of SDARTS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import SDARTS_BIBTEX
from nasbench_harness.methods.setups.columns import VALID_LOSS
from nasbench_harness.methods.setups.relaxed import RelaxedSettings, needed_by
from nasbench_harness.settings import setting


class SDARTSSettings(RelaxedSettings):
    """The authors' values."""

    perturbation: Literal["none", "random", "adversarial"] = setting(
        "random",
        "what is added to the mixing weights where the network weights are trained: SDARTS-RS or"
        " SDARTS-ADV",
        tag="C",
    )


class SDARTSSetup:
    """What can be read of the method without torch."""

    Settings = SDARTSSettings
    citation = SDARTS_BIBTEX
    columns = (VALID_LOSS,)
    queries = False
    batched: ClassVar[bool] = True
    version = "1"
    recipes = recipe_file("nasbench_harness.methods.recipes", "sdarts")

    @classmethod
    def requires(cls, settings: SDARTSSettings) -> Sequence[type]:
        """Network weights, which the perturbation is for."""
        return needed_by(settings)

    @classmethod
    def channel_parts(cls, settings: SDARTSSettings) -> Sequence[int]:
        """One for each stage, or one for all."""
        return settings.partial_channels

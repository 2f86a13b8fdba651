"""Settings and recipes of beta-DARTS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import BETADARTS_BIBTEX
from nasbench_harness.methods.setups.columns import VALID_LOSS
from nasbench_harness.methods.setups.relaxed import RelaxedSettings, needed_by
from nasbench_harness.settings import setting


class BetaDARTSSettings(RelaxedSettings):
    """The authors' values for NAS-Bench-201."""

    decay_weight: float = setting(
        50.0, "weight of beta's decay at the end of the search; it grows from 0", tag="C", ge=0
    )


class BetaDARTSSetup:
    """What can be read of the method without torch."""

    Settings = BetaDARTSSettings
    citation = BETADARTS_BIBTEX
    columns = (VALID_LOSS,)
    queries = False
    batched: ClassVar[bool] = True
    version = "1"
    recipes = recipe_file("nasbench_harness.methods.recipes", "betadarts")

    @classmethod
    def requires(cls, settings: BetaDARTSSettings) -> Sequence[type]:
        """What the parts that are chosen need."""
        return needed_by(settings)

    @classmethod
    def channel_parts(cls, settings: BetaDARTSSettings) -> Sequence[int]:
        """One for each stage, or one for all."""
        return settings.partial_channels

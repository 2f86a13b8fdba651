"""Settings and recipes of DARTS-."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from nasbench_harness.contracts import NetworkWeights
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import DARTSMINUS_BIBTEX
from nasbench_harness.methods.setups.columns import VALID_LOSS
from nasbench_harness.methods.setups.relaxed import RelaxedSettings, needed_by
from nasbench_harness.settings import setting


class DARTSMinusSettings(RelaxedSettings):
    """The authors' values."""

    auxiliary_skip: float = setting(
        1.0, "weight of the auxiliary skip in the first epoch; it falls to 0", tag="C", ge=0
    )


class DARTSMinusSetup:
    """What can be read of the method without torch."""

    Settings = DARTSMinusSettings
    citation = DARTSMINUS_BIBTEX
    columns = (VALID_LOSS,)
    queries = False
    batched: ClassVar[bool] = True
    version = "1"
    recipes = recipe_file("nasbench_harness.methods.recipes", "dartsminus")

    @classmethod
    def requires(cls, settings: DARTSMinusSettings) -> Sequence[type]:
        """Network weights, whose training the skip is for."""
        return (NetworkWeights, *(one for one in needed_by(settings) if one != NetworkWeights))

    @classmethod
    def channel_parts(cls, settings: DARTSMinusSettings) -> Sequence[int]:
        """One for each stage, or one for all."""
        return settings.partial_channels

"""Settings and recipes of FairDARTS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from nasbench_harness.contracts import NetworkWeights
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import FAIRDARTS_BIBTEX
from nasbench_harness.methods.setups.columns import VALID_LOSS
from nasbench_harness.methods.setups.relaxed import RelaxedSettings, needed_by
from nasbench_harness.settings import setting


class FairDARTSSettings(RelaxedSettings):
    """The authors' values for CIFAR-10."""

    learning_rate: float = setting(
        3e-3, "Adam's step on the architecture parameters", role="rate", tag="C", gt=0
    )
    beta1: float = setting(0.9, "Adam's decay of the first moment", tag="C", ge=0, lt=1)
    zero_one_weight: float = setting(
        10.0, "weight of the loss that drives sigmoids to 0 and 1", tag="C", ge=0
    )
    threshold: float = setting(
        0.85, "an operation is kept where its sigmoid is above; 0: the best always is",
        tag="C", ge=0, lt=1,
    )  # fmt: skip


class FairDARTSSetup:
    """What can be read of the method without torch."""

    Settings = FairDARTSSettings
    citation = FAIRDARTS_BIBTEX
    columns = (VALID_LOSS,)
    queries = False
    batched: ClassVar[bool] = True
    version = "1"
    recipes = recipe_file("nasbench_harness.methods.recipes", "fairdarts")

    @classmethod
    def requires(cls, settings: FairDARTSSettings) -> Sequence[type]:
        """Networks: where no loss is above 0, as on a table, sigmoids all rise to 1."""
        return (NetworkWeights, *(one for one in needed_by(settings) if one != NetworkWeights))

    @classmethod
    def channel_parts(cls, settings: FairDARTSSettings) -> Sequence[int]:
        """One for each stage, or one for all."""
        return settings.partial_channels

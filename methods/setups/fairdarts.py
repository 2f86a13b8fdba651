"""Settings and recipes of FairDARTS."""

from __future__ import annotations

from nasbench_harness.contracts import NetworkWeights
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import FAIRDARTS_BIBTEX
from nasbench_harness.methods.setups.relaxed import ComposedSetup, RelaxedSettings
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


class FairDARTSSetup(ComposedSetup):
    """What can be read of the method without torch."""

    Settings = FairDARTSSettings
    citation = FAIRDARTS_BIBTEX
    recipes = recipe_file("nasbench_harness.methods.recipes", "fairdarts")
    always_needs = (NetworkWeights,)
    """Networks: where no loss is above 0, as on a table, sigmoids all rise to 1."""

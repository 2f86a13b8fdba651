"""Settings and recipes of FairDARTS."""

from __future__ import annotations

from nasbench_harness.contracts import Basis, Fidelity, NetworkWeights, Passes, StepCost
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
    fidelity = Fidelity(
        Basis.CODE,
        gist="a sigmoid per operation",
        against="Sigmoids, zero-one loss, threshold and settings as in the authors' code, as read;"
        " gradients against exact ones.",
        deviations=(
            "On NAS-Bench-201, where the authors have no search, recipe and derivation are ours.",
            "Where nothing of a decision is above the threshold it keeps `none`, or the best where"
            " the space has no such option.",
        ),
        cost=StepCost(Passes(1, 1), Passes(1, 1)),
        tests=("tests/methods/test_fairdarts.py",),
    )
    recipes = recipe_file("nasbench_harness.methods.recipes", "fairdarts")
    always_needs = (NetworkWeights,)
    """Networks: where no loss is above 0, as on a table, sigmoids all rise to 1."""

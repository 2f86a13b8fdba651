"""Settings and recipes of PC-DARTS."""

from __future__ import annotations

from pydantic import PositiveInt

from nasbench_harness.contracts import Basis, Fidelity, Passes, StepCost
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import PCDARTS_BIBTEX
from nasbench_harness.methods.setups.relaxed import ComposedSetup, RelaxedSettings
from nasbench_harness.settings import setting


class PCDARTSSettings(RelaxedSettings):
    """The authors' values for CIFAR-10."""

    learning_rate: float = setting(
        6e-4, "Adam's step on the architecture parameters", role="rate", tag="C", gt=0
    )
    warmup_epochs: int = setting(
        15,
        "epochs at the start of every stage that leave alpha alone",
        unit="epochs",
        role="warmup",
        tag="C",
        ge=0,
    )
    partial_channels: list[PositiveInt] = setting(
        [4],
        "1/k of the channels pass through the operations: one k, or one per stage, as [4,2]",
        role="stages",
        tag="C",
        min_length=1,
    )
    edge_normalisation: bool = setting(
        True,
        "edges that enter a node are weighed against each other by parameters of their own",
        tag="C",
    )


class PCDARTSSetup(ComposedSetup):
    """What can be read of the method without torch."""

    Settings = PCDARTSSettings
    citation = PCDARTS_BIBTEX
    fidelity = Fidelity(
        Basis.CODE,
        gist="DARTS on part of channels",
        against="Partial channels, edge normalisation, warm-up and settings as in the authors'"
        " code, as read; gradients against central differences.",
        deviations=(
            "The authors have no search on NAS-Bench-201: that recipe is ours, its network as"
            " DrNAS' authors train DARTS there.",
        ),
        cost=StepCost(Passes(1, 1), Passes(1, 1), "of a quarter of the channels in operations"),
        tests=("tests/methods/test_pcdarts.py", "tests/methods/test_edges.py"),
    )
    recipes = recipe_file("nasbench_harness.methods.recipes", "pcdarts")

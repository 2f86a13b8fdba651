"""Settings and recipes of SNAS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from nasbench_harness.contracts import Basis, Fidelity, FittedGradient, Passes, StepCost
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import SNAS_BIBTEX
from nasbench_harness.methods.setups.columns import TEMPERATURE, VALID_LOSS
from nasbench_harness.methods.setups.temperatures import TemperatureSettings
from nasbench_harness.settings import setting


class SNASSettings(TemperatureSettings):
    """The authors' values for CIFAR-10 in the DARTS space."""

    learning_rate: float = setting(
        3e-4, "Adam's step on the architecture parameters", role="rate", tag="C", gt=0
    )
    beta1: float = setting(0.5, "Adam's decay of the first moment", tag="C", ge=0, lt=1)
    beta2: float = setting(0.999, "Adam's decay of the second moment", tag="C", ge=0, lt=1)
    weight_decay: float = setting(
        1e-3, "L2 pull on the architecture parameters, added to their gradient", tag="C", ge=0
    )
    init_mean: float = setting(1.0, "mean of the initial architecture parameters", tag="C")
    init_scale: float = setting(
        1e-2, "standard deviation of the initial architecture parameters", tag="C", ge=0
    )
    temperature_start: float = setting(
        1.0, "temperature of the samples in the first epoch", tag="C", gt=0
    )
    temperature_end: float = setting(0.03, "what it falls to along a line", tag="C", gt=0)
    temperature_reached: bool = setting(
        False, "it ends in the last epoch, or (false) an epoch later, never reached", tag="C"
    )
    levels: Literal["single", "two"] = setting(
        "single",
        "what alpha descends: the training loss, in the pass that trains the network weights, or"
        " the validation loss, in turn with them (as DrNAS' authors run it)",
        tag="C",
    )
    clip_norm: float = setting(
        10.0, "largest norm of the gradient of alpha; 0 never clips", tag="C", ge=0
    )


class SNASSetup:
    """What can be read of the method without torch."""

    Settings = SNASSettings
    citation = SNAS_BIBTEX
    fidelity = Fidelity(
        Basis.CODE,
        gist="soft Gumbel samples",
        against="Samples, single level, temperatures and settings as in the authors' code, and two"
        " levels as DrNAS' authors run it, as read; mean gradients against exact ones on a table.",
        deviations=("The authors' optional resource term is not there.",),
        cost=StepCost(
            Passes(1, 1), Passes(),
            "one pass for both; with levels=two the architecture costs 1 forward and 1 backward",
        ),
        tests=("tests/methods/test_sampled.py",),
    )  # fmt: skip
    columns = (VALID_LOSS, TEMPERATURE)
    queries = False
    batched: ClassVar[bool] = True
    version = "1"
    recipes = recipe_file("nasbench_harness.methods.recipes", "snas")

    @classmethod
    def requires(cls, settings: SNASSettings) -> Sequence[type]:
        """A single level needs a problem that tells the gradient of a training step."""
        return (FittedGradient,) if settings.levels == "single" else ()

    @classmethod
    def runs_all(cls, settings: SNASSettings) -> bool:
        """Samples are soft; see `WholeMixture`."""
        return True

"""Settings and recipes of the selection of a subset at two temperatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from nasbench_harness.contracts import (
    Basis,
    Column,
    Fidelity,
    FreshWeights,
    NetworkWeights,
    Passes,
    Role,
    SearchOutline,
    StepCost,
    Value,
)
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.alpha import AlphaSettings
from nasbench_harness.methods.setups.citations import TWOTEMP_BIBTEX
from nasbench_harness.methods.setups.columns import VALID_LOSS
from nasbench_harness.settings import setting


class TwoTemperatureSettings(AlphaSettings):
    """All of them design decisions of this project; the architecture parameters are phi."""

    learning_rate: float = setting(1e-2, "Adam's step on phi", role="rate", tag="D", gt=0)
    beta1: float = setting(0.9, "Adam's decay of the first moment", tag="D", ge=0, lt=1)
    beta2: float = setting(0.999, "Adam's decay of the second moment", tag="D", ge=0, lt=1)
    init_scale: float = setting(
        0.0, "standard deviation of the initial phi; 0: every gate is half open", tag="D", ge=0
    )
    hard_temperature: float = setting(
        0.05, "T_h, of the gates that the network sees, nearly 0 and 1", tag="D", gt=0
    )
    soft_temperature: float = setting(
        1.0, "T_s, of the gates whose slope the gradient goes back through", tag="D", gt=0
    )
    weights: Literal["resample", "trained"] = setting(
        "resample",
        "network weights: drawn anew before every step of phi and never trained, or trained in turn"
        " with it",
        tag="D",
    )
    mixing: Literal["sum", "mean"] = setting(
        "sum",
        "an edge brings the sum of its options times their gates, or their mean by the gates, which"
        " a table can be asked for",
        tag="D",
    )
    complexity: str = setting("params", "the cost that elements have a share of", tag="D")
    complexity_weight: float = setting(
        1e-2, "lambda, the weight of the shares of the open gates beside the loss", tag="D", ge=0
    )


class TwoTemperatureSetup:
    """What can be read of the method without torch."""

    Settings = TwoTemperatureSettings
    citation = TWOTEMP_BIBTEX
    fidelity = Fidelity(
        Basis.ABSTRACT,
        gist="gates, two temperatures",
        against="What the abstract says of penalty, relaxation and weights; equal temperatures"
        " against the exact gradient.",
        deviations=(
            "Elements, temperatures, their gradient, derivation and every number are decisions of"
            " this project.",
            "The abstract's guarantees are not examined.",
        ),
        behind=(
            "On TransNAS-Bench-101's segmentsemantic and jigsaw, perhaps by less than what counts:"
            " the penalty on complexity costs accuracy there, and with complexity_weight=0 it is"
            " not behind.",
        ),
        cost=StepCost(
            Passes(), Passes(1, 1), "with weights=trained the weights cost one pass of both"
        ),
        tests=("tests/methods/test_twotemp.py",),
    )
    reading = "two-temperature subset selection as reconstructed from its abstract"
    columns = (
        VALID_LOSS,
        Column(
            "open_gates", Value.NUMBER, Role.RECORD, "gates above 0.5, over all decisions", "count",
            missing="other methods",
        ),
        Column(
            "complexity", Value.NUMBER, Role.RECORD,
            "sum of what options weigh in the network times their shares of the cost, 0 to 1",
            missing="other methods",
        ),
    )  # fmt: skip
    queries = False
    batched: ClassVar[bool] = False
    version = "1"
    recipes = recipe_file("nasbench_harness.methods.recipes", "twotemp")

    @classmethod
    def requires(cls, settings: TwoTemperatureSettings) -> Sequence[type]:
        """Networks, but for means of trained ones: on a table every gate of a sum would open."""
        needed = (
            (NetworkWeights, settings.mixing == "sum"),
            (FreshWeights, settings.weights == "resample"),
        )
        return tuple(capability for capability, wanted in needed if wanted)

    @classmethod
    def check_search(cls, settings: TwoTemperatureSettings, outline: SearchOutline) -> None:
        """The complexity must be a cost that there is; see `SearchCheck`."""
        if settings.complexity_weight and settings.complexity not in outline.costs:
            where = f"cost of `{outline.space.name}` for `twotemp`"
            raise UnknownNameError(where, settings.complexity, outline.costs)

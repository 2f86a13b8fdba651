"""Settings and recipes of UNAS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from nasbench_harness.contracts import (
    Basis,
    Column,
    Decision,
    Factorised,
    Fidelity,
    Passes,
    Role,
    SearchOutline,
    SearchSpace,
    StepCost,
    Value,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.alpha import AlphaSettings
from nasbench_harness.methods.setups.citations import UNAS_BIBTEX
from nasbench_harness.methods.setups.costs import Targets, cost_setting, target_setting
from nasbench_harness.settings import setting


class UNASSettings(AlphaSettings):
    """The authors' values for CIFAR-10 in the DARTS space."""

    learning_rate: float = setting(
        1e-3, "Adam's step on the logits at the start", role="rate", tag="C", gt=0
    )
    learning_rate_min: float | None = setting(
        3e-4, "Adam's step at the end of a cosine; null keeps it constant", tag="C", gt=0
    )
    beta1: float = setting(0.9, "Adam's decay of the first moment", tag="C", ge=0, lt=1)
    weight_decay: float = setting(
        1e-6, "L2 pull on the logits, added to their gradient", tag="C", ge=0
    )
    init_scale: float = setting(0.0, "standard deviation of the initial logits", tag="C", ge=0)
    temperature: float = setting(
        0.4, "Gumbel-softmax temperature lambda of the soft samples", tag="C", gt=0
    )
    control_variate: Literal["loss", "baseline", "none"] = setting(
        "loss",
        "the soft sample's loss (UNAS), a running mean (plain REINFORCE), or nothing",
        tag="C",
    )
    sample_per: Literal["example", "batch"] = setting(
        "example",
        "draw one architecture per example, for which every operation is run, or one for the whole"
        " batch (each part of it, where `arch_samples` are several)",
        tag="C",
    )
    arch_samples: int = setting(
        1,
        "independent estimates of the gradient a step, of which the mean is followed, each with its"
        " own samples of architecture and cost; on images each has an equal part of the batch, as"
        " the authors' eight devices on ImageNet",
        tag="D",
        ge=1,
        later=True,
    )
    gap_weight: float = setting(
        0.5,
        "weight of the generalisation gap |L_val - L_train|; 0 searches on L_train",
        tag="C",
        ge=0,
    )
    gap: Literal["per_example", "batch_mean"] = setting(
        "per_example",
        "take the gap's absolute value per example (authors' code) or of the means",
        tag="C",
    )
    probability_floor: float = setting(
        0.0, "epsilon of the softened logits log(softmax + epsilon)", tag="C", ge=0, lt=1
    )
    entropy_weight: float = setting(
        0.0, "bonus for the entropy of p, subtracted from the loss", tag="D"
    )
    warmup_epochs: int = setting(
        0,
        "epochs at the start that train network weights only",
        unit="epochs",
        role="warmup",
        tag="D",
        ge=0,
    )
    uniform_clamp: float = setting(
        1e-6,
        "uniforms are clamped to [x, 1 - x]; the authors' code uses 1e-3",
        tag="D",
        gt=0,
        lt=0.5,
    )
    cost: str = cost_setting(
        "costs of the discrete architecture to hold down: none, or one or more that the space or"
        " the table has, such as params",
        tag="C",
    )
    cost_target: Targets = target_setting(
        "cost that is free, one number for all costs or a list with one for each; only what exceeds"
        " it is penalised",
        tag="D",
    )
    cost_weight: float = setting(0.1, "weight kappa of the cost term once ramped up", tag="C", ge=0)
    cost_ramp: int = setting(
        30_000,
        "steps over which the weight grows from 0",
        unit="steps",
        role="cost_ramp",
        tag="C",
        ge=1,
    )
    cost_fit_samples: int = setting(
        10_000,
        "architectures measured once to fit the linear cost model; lower it where that is slow",
        tag="C",
        ge=20,
    )
    cost_form: Literal["published", "scaled"] = setting(
        "published",
        "the cost's excess in its own unit, or scaled: in units of the loss, by the spreads of both"
        " over the space, with a weight that goes on growing and an entropy bonus that fades",
        tag="D",
        later=True,
    )
    cost_share: float = setting(
        0.3,
        "scaled: weight of the cost at the end of the ramp, in place of `cost_weight`",
        tag="D",
        ge=0,
        later=True,
    )
    cost_growth: float = setting(
        33.0,
        "scaled: by how much that has grown at 80 % of the search",
        tag="D",
        ge=1,
        later=True,
    )
    cost_entropy: float = setting(
        0.2,
        "scaled: bonus for the entropy of p at the start, in spreads of the loss; it has faded at"
        " 80 % of the search",
        tag="D",
        ge=0,
        later=True,
    )
    cost_rate: float = setting(
        2.0,
        "scaled: how many times larger Adam's step is, for logits to follow the growing weight",
        tag="D",
        gt=0,
        later=True,
    )
    cost_samples: int = setting(
        16,
        "scaled: architectures drawn a step for the cost, and for the loss where a step draws as"
        " many as it likes",
        tag="D",
        ge=1,
        later=True,
    )
    schedules: Literal["whole_search", "after_warmup"] = setting(
        "whole_search",
        "what the cosine of Adam's step and the ramp of the cost's weight count: the whole search,"
        " or what comes after the warm-up (authors' code)",
        tag="D",
        later=True,
    )
    least_weight: float = setting(
        0.0,
        "options whose weight in a soft sample (the largest in a batch of samples) is below this"
        " are left out of what the network mixes, and the others keep theirs; 0.05 in the authors'"
        " code, where the estimator is no longer exactly unbiased",
        tag="D",
        ge=0,
        lt=1,
        later=True,
    )
    duplicate_weight: float = setting(
        0.2,
        "penalty for the same path twice, where cells choose two a node (DARTS)",
        tag="C",
        ge=0,
        later=True,
    )

    def searched(self, space: SearchSpace) -> Sequence[Decision]:
        """The factors, where the space is no free product of its decisions."""
        return space.factors if isinstance(space, Factorised) else super().searched(space)

    def identity(self) -> dict[str, Any]:
        """Without the form of a cost that there is none of."""
        values = super().identity()
        if self.cost == "none":
            values = {name: value for name, value in values.items() if name not in _FORM}
        return values


_FORM = (
    "cost_form", "cost_share", "cost_growth", "cost_entropy", "cost_rate", "cost_samples",
)  # fmt: skip
"""How a cost is held, added later: nothing where none is held, so that such trials keep names."""


class UNASSetup:
    """What can be read of the method without torch."""

    Settings = UNASSettings
    citation = UNAS_BIBTEX
    fidelity = Fidelity(
        Basis.CODE,
        gist="unbiased score function",
        against="Estimator, gap, cost term, schedules and the recipes of two spaces as in the"
        " authors' code, as read; unbiased against enumerated gradients, with negative controls.",
        deviations=(
            "Uniforms are clamped at 1e-6, the authors' at 1e-3 (`uniform_clamp`).",
            "Discrete passes run exact one-hots; in the authors' DARTS space they are nearly so.",
            "One device draws one architecture a batch where theirs draw one each.",
            "cost_form=scaled, which searches of a table use, and several costs are ours; so is"
            " the recipe on NAS-Bench-201.",
        ),
        behind=(
            "On TransNAS-Bench-101's jigsaw, perhaps by less than what counts: the exact gradient"
            " leads to a cell there that is no better than the best of 100 draws, and 2,000 steps"
            " are few for it.",
        ),
        cost=StepCost(
            Passes(1, 1), Passes(4, 2),
            "with gap_weight=0 the architecture costs 2 forward and 1 backward",
        ),
        tests=("tests/methods/test_unas.py", "tests/methods/test_unas_recipe.py"),
    )  # fmt: skip
    columns = (
        Column(
            "discrete_loss", Value.NUMBER, Role.RECORD,
            "mean loss of the sampled discrete architectures; on a table minus the accuracy as a"
            " fraction", "nats", missing="other methods",
        ),
        Column(
            "soft_loss", Value.NUMBER, Role.RECORD,
            "mean loss of their relaxed counterparts, the control variate", "nats",
            missing="other methods, other control variates",
        ),
        Column(
            "cost_model_error", Value.NUMBER, Role.RECORD,
            "root mean squared error of the linear cost model", "as `cost_unit`",
            missing="other methods, or no cost is held",
        ),
        Column(
            "cost_model_error_<cost>", Value.NUMBER, Role.RECORD,
            "`cost_model_error` of each cost, where several are held", "as the cost is told",
            missing="other methods, or not several costs are held",
        ),
        Column(
            "cost_weight", Value.NUMBER, Role.RECORD, "weight of the cost term now",
            missing="other methods, or no cost is held",
        ),
    )  # fmt: skip
    queries = False
    batched: ClassVar[bool] = True
    version = "1"
    recipes = recipe_file("nasbench_harness.methods.recipes", "unas")

    @classmethod
    def requires(cls, settings: UNASSettings) -> Sequence[type]:
        """No optional capability."""
        return ()

    @classmethod
    def stays_alone(cls, settings: UNASSettings) -> str:
        """With an architecture for every example; see `ChosenMixture`."""
        if settings.sample_per == "batch":
            return ""
        return "it draws an architecture for every example (sample_per=batch draws one for all)"

    @classmethod
    def check_search(cls, settings: UNASSettings, outline: SearchOutline) -> None:
        """HarnessError where a batch has no equal part for each estimate; see `SearchCheck`."""
        check_parts(outline.batch_size or 0, settings.arch_samples)


def check_parts(images: int, parts: int) -> None:
    """HarnessError where so many images of a batch cannot be divided into equal parts."""
    if images % parts:
        raise HarnessError(
            f"`unas` divides every batch into {parts} equal parts, which {images} images cannot"
            f" be; set --batch-size to a multiple of {parts}, or other `arch_samples`."
        )

"""Settings and recipes of UNAS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from nasbench_harness.contracts import Column, Recipe, Role, Value
from nasbench_harness.methods.networks import QUICK, QUICK_EPOCHS, QUICK_SOURCE
from nasbench_harness.methods.setups.alpha import AlphaSettings
from nasbench_harness.methods.setups.citations import UNAS_BIBTEX
from nasbench_harness.settings import setting

NB201_SOURCE = (
    "UNAS authors' code for CIFAR [C]: 15 epochs of network weights alone at a constant rate, then"
    " cosines and the cost's ramp over the other 85; learning rates times batch / 64, their ends"
    " are not; options below a weight of 0.05 left out. Use on NAS-Bench-201, and its batch of 64,"
    " [D]: design decision of this project"
)
NB201_SETTINGS: Mapping[str, Any] = {
    "warmup_epochs": 15, "schedules": "after_warmup", "least_weight": 0.05,
}  # fmt: skip
NB201_NETWORK: Mapping[str, Any] = {
    "batch_size": 64, "optimizer": "adam", "learning_rate": 3e-4, "learning_rate_min": 1e-4,
    "weight_decay": 3e-4, "clip_norm": 5.0, "split": "halves", "train_share": 0.9,
    "constant_epochs": 15, "reset_optimizer_epoch": 15, "track_running_stats": True,
}  # fmt: skip
"""The authors' Adam, begun afresh after 15 epochs that train network weights only.

They step their schedulers before an epoch, which under the torch of their requirements (1.1) leaves
out a cosine's first value and reaches its last; all cosines here begin with the first.
"""
RATES_FOR_BATCH = 64
"""The batch of the authors' learning rates (`--scale_lr`: 4 devices of 32 images double them)."""


class UNASSettings(AlphaSettings):
    """The authors' values for CIFAR-10 in the DARTS space."""

    learning_rate: float = setting(1e-3, "Adam's step on the logits at the start", gt=0)
    learning_rate_min: float | None = setting(
        3e-4, "Adam's step at the end of a cosine; null keeps it constant", gt=0
    )
    beta1: float = setting(0.9, "Adam's decay of the first moment", ge=0, lt=1)
    weight_decay: float = setting(1e-6, "L2 pull on the logits, added to their gradient", ge=0)
    init_scale: float = setting(0.0, "standard deviation of the initial logits", ge=0)
    temperature: float = setting(0.4, "Gumbel-softmax temperature lambda of the soft samples", gt=0)
    control_variate: Literal["loss", "baseline", "none"] = setting(
        "loss", "the soft sample's loss (UNAS), a running mean (plain REINFORCE), or nothing"
    )
    sample_per: Literal["example", "batch"] = setting(
        "example", "draw one architecture per example, or one for the whole batch"
    )
    gap_weight: float = setting(
        0.5, "weight of the generalisation gap |L_val - L_train|; 0 searches on L_train", ge=0
    )
    gap: Literal["per_example", "batch_mean"] = setting(
        "per_example", "take the gap's absolute value per example (authors' code) or of the means"
    )
    probability_floor: float = setting(
        0.0, "epsilon of the softened logits log(softmax + epsilon)", ge=0, lt=1
    )
    entropy_weight: float = setting(0.0, "bonus for the entropy of p, subtracted from the loss")
    warmup_epochs: int = setting(
        0, "epochs at the start that train network weights only", unit="epochs", ge=0
    )
    uniform_clamp: float = setting(
        1e-6, "uniforms are clamped to [x, 1 - x]; the authors' code uses 1e-3", gt=0, lt=0.5
    )
    cost: str = setting(
        "none",
        "cost of the discrete architecture to hold down: none, or one that the space or the table"
        " has, such as params",
        pattern=r"^[\w.:-]+$",
        notation="none, or the name of a cost",
    )
    cost_target: float = setting(
        0.0,
        "cost that is free; only what exceeds it is penalised",
        unit="millions (latency: ms)",
        ge=0,
    )
    cost_weight: float = setting(0.1, "weight kappa of the cost term once ramped up", ge=0)
    cost_ramp: int = setting(30_000, "steps over which the weight grows from 0", unit="steps", ge=1)
    cost_fit_samples: int = setting(
        10_000,
        "architectures measured once to fit the linear cost model; lower it where that is slow",
        ge=20,
    )
    schedules: Literal["whole_search", "after_warmup"] = setting(
        "whole_search",
        "what the cosine of Adam's step and the ramp of the cost's weight count: the whole search,"
        " or what comes after the warm-up (authors' code)",
        later=True,
    )
    least_weight: float = setting(
        0.0,
        "options whose weight in a soft sample (the largest in a batch of samples) is below this"
        " are left out of the supernet's mixture, and the others keep theirs; 0.05 in the authors'"
        " code, where the estimator is no longer exactly unbiased",
        ge=0,
        lt=1,
        later=True,
    )


class UNASSetup:
    """What can be read of the method without torch."""

    Settings = UNASSettings
    citation = UNAS_BIBTEX
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
            "cost_weight", Value.NUMBER, Role.RECORD, "weight of the cost term now",
            missing="other methods, or no cost is held",
        ),
    )  # fmt: skip
    queries = False
    batched: ClassVar[bool] = True
    version = "1"
    recipes = {  # noqa: RUF012 - ClassVar by the contract
        "landscape": Recipe(
            epochs=100,
            steps=2000,
            source="design decision of this project: Adam 0.05, no gap (a table has one loss), "
            "2,000 steps",
            settings={
                "learning_rate": 0.05, "learning_rate_min": None, "beta1": 0.5,
                "weight_decay": 0.0, "gap_weight": 0.0, "cost_ramp": 600,
            },
        ),
        "nb201": Recipe(
            epochs=100,
            source=NB201_SOURCE,
            settings={"sample_per": "batch", **NB201_SETTINGS},
            network=NB201_NETWORK,
            rates_for_batch=RATES_FOR_BATCH,
        ),
        "nb201_per_example": Recipe(
            epochs=100,
            source=f"{NB201_SOURCE}; one architecture per example, as they have it on CIFAR",
            settings={"sample_per": "example", **NB201_SETTINGS},
            network=NB201_NETWORK,
            rates_for_batch=RATES_FOR_BATCH,
        ),
        "quick": Recipe(
            epochs=QUICK_EPOCHS,
            source=QUICK_SOURCE,
            settings={
                "sample_per": "batch", "warmup_epochs": 2, "learning_rate": 0.03,
                "learning_rate_min": 0.01, "cost_ramp": 60, "cost_fit_samples": 500,
            },
            network={**QUICK, "reset_optimizer_epoch": 2},
        ),
    }  # fmt: skip

    @classmethod
    def requires(cls, settings: UNASSettings) -> Sequence[type]:
        """No optional capability."""
        return ()

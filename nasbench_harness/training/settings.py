"""How a single architecture is trained; the defaults are the recipe of the NAS-Bench-201 tables."""

from __future__ import annotations

from typing import Literal

from nasbench_harness.settings import Settings, setting

SEEDS = (777, 888, 999)
"""Of the training runs behind the tables."""
TABLE_EPOCHS = (12, 200)
"""Schedules the tables have, each with a full cosine of its own."""
_FREE = {"epochs", "precision", "split", "evaluate_every"}
"""What may differ while the training is still the tables' own."""


class TrainingSettings(Settings):
    """Dong and Yang, "NAS-Bench-201", ICLR 2020, section 2.2 and the authors' code.

    SGD with Nesterov's momentum, a cosine to 0 that steps once an epoch, cross-entropy, random
    crop and mirror; no clipping, no cutout, weight decay on every parameter. Every image is seen
    once an epoch, the last batch is smaller.
    """

    epochs: int = setting(
        200, "passes over the training images, one cosine over all of them", unit="epochs", ge=1
    )
    batch_size: int = setting(256, "images of a batch", unit="images", ge=1)
    learning_rate: float = setting(0.1, "step of SGD in the first epoch", gt=0)
    momentum: float = setting(0.9, "momentum of SGD", ge=0, lt=1)
    nesterov: bool = setting(True, "Nesterov's form of the momentum")
    weight_decay: float = setting(5e-4, "L2 pull on all parameters", ge=0)
    width: int = setting(16, "channels of the first stage", ge=1)
    cells: int = setting(5, "cells per stage", ge=1)
    precision: Literal["fp32", "bf16", "fp16"] = setting(
        "fp32", "arithmetic of the network; its weights are kept in fp32"
    )
    split: Literal["table", "search"] = setting(
        "table",
        "images: `table` trains on all training images and is evaluated on the test part, `search`"
        " trains on the search-training part and is evaluated on the search-validation part"
        " (`cifar10-valid` of the benchmark)",
    )
    evaluate_every: int = setting(
        1, "epochs between two evaluations; the last epoch always has one", unit="epochs", ge=1
    )

    @property
    def is_table_recipe(self) -> bool:
        """Does a NAS-Bench-201 table hold a number that was trained like this."""
        recipe = type(self)().model_dump(exclude=_FREE)
        return self.epochs in TABLE_EPOCHS and self.model_dump(exclude=_FREE) == recipe

"""How large NAS-Bench-201's networks are, and how its tables' networks were trained."""

from __future__ import annotations

from nasbench_harness.contracts import (
    NetworkShape,
    NetworkSize,
    NetworkSizes,
    Tabled,
    TrainingRecipe,
)

SIZE = NetworkSize(width=16, cells=5)
SHAPES = NetworkSizes(search=SIZE, evaluation=SIZE)
"""Cells are searched in the very network that they are evaluated in (Dong & Yang, section 2.1)."""

TABLES = TrainingRecipe(
    text=(
        "Dong & Yang, NAS-Bench-201, ICLR 2020, section 2.2 and the authors' code: as the networks"
        " of the tables were trained. SGD with Nesterov's momentum, a cosine to 0 that steps once"
        " an epoch, cross-entropy, random crop and mirror; no clipping, no cutout, weight decay on"
        " every parameter. Every image is seen once an epoch, the last batch is smaller."
    ),
    settings={
        "epochs": 200, "batch_size": 256, "learning_rate": 0.1, "momentum": 0.9, "nesterov": True,
        "weight_decay": 5e-4,
    },
    seeds=(777, 888, 999),
    tabled=Tabled(
        epochs=(12, 200),
        images={"cifar10": 50_000, "cifar100": 50_000, "imagenet16-120": 151_700},
    ),
)  # fmt: skip
RECIPES = {"tables": TABLES}


def check_width(shape: NetworkShape, partial: int) -> None:
    """ValueError for a width without a 1/partial."""
    if shape.width % partial:
        raise ValueError(f"width {shape.width} cannot be divided by {partial}")

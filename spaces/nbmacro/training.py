"""How large NAS-Bench-Macro's networks are, and how its table's networks were trained."""

from __future__ import annotations

from nasbench_harness.contracts import (
    NetworkShape,
    NetworkSize,
    NetworkSizes,
    Tabled,
    TrainingRecipe,
)
from nasbench_harness.spaces.nbmacro.costs import STEM

SIZE = NetworkSize(width=STEM, cells=1)
SHAPES = NetworkSizes(search=SIZE, evaluation=SIZE)
"""One size; `width` is the stem's channels, and the depth is the eight layers', so `cells` is 1."""

TABLE = TrainingRecipe(
    text=(
        "Su et al., CVPR 2021, and the authors' code: as the networks of the table were trained."
        " SGD with momentum, a cosine to 0 that steps once an epoch, cross-entropy, random crop and"
        " mirror, weight decay on every parameter. The table holds the best of the 50 epochs' test"
        " accuracies; ours is that after the last."
    ),
    settings={
        "epochs": 50, "batch_size": 256, "learning_rate": 0.1, "momentum": 0.9, "nesterov": False,
        "weight_decay": 5e-4,
    },
    seeds=(0, 1, 2),
    tabled=Tabled(epochs=(50,), images={"cifar10": 50_000}),
)  # fmt: skip
RECIPES = {"table": TABLE}


def check_depth(shape: NetworkShape) -> None:
    """ValueError for `cells` other than 1."""
    if shape.cells != 1:
        raise ValueError(f"a network of nbmacro has eight layers, so cells is 1, not {shape.cells}")

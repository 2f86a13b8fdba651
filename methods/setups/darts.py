"""Settings and recipes of DARTS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from nasbench_harness.contracts import Recipe, UnrolledGradient
from nasbench_harness.methods.networks import (
    DARTS_FAMILY,
    NB201_AUTHORS,
    QUICK,
    QUICK_EPOCHS,
    QUICK_SOURCE,
)
from nasbench_harness.methods.setups.alpha import AlphaSettings
from nasbench_harness.methods.setups.citations import DARTS_BIBTEX
from nasbench_harness.methods.setups.columns import VALID_LOSS
from nasbench_harness.settings import setting


class DARTSSettings(AlphaSettings):
    """The paper's values, but for `weight_decay`, which depends on the scale of the loss."""

    weight_decay: float = setting(
        1e-3, "L2 pull on the architecture parameters, added to their gradient", ge=0
    )
    order: Literal["first", "second"] = setting(
        "first", "whether the gradient looks through one step of the network weights"
    )
    arch_before_weight: Literal[True, False, "second_order"] = setting(
        True,
        "update alpha before the network weights within a step: always, never, or in the second"
        " order only (NAS-Bench-201: w, alpha in DARTS-V1 and alpha, w in DARTS-V2)",
    )


class DARTSSetup:
    """What can be read of the method without torch."""

    Settings = DARTSSettings
    citation = DARTS_BIBTEX
    columns = (VALID_LOSS,)
    queries = False
    batched: ClassVar[bool] = True
    version = "1"
    recipes = {  # noqa: RUF012 - ClassVar by the contract
        "landscape": Recipe(
            epochs=100,
            steps=2000,
            source="design decision of this project: Adam 0.05, no regulariser, 2,000 steps",
            settings={"learning_rate": 0.05, "weight_decay": 0.0},
        ),
        "nb201": Recipe(
            epochs=50,
            source="NAS-Bench-201 authors' code (DARTS-V1; with order=second DARTS-V2); but that"
            " their gradient clip counts alpha in, and ours does not",
            settings={"arch_before_weight": "second_order"},
            network=NB201_AUTHORS,
        ),
        "nats": Recipe(
            epochs=100,
            source="NATS-Bench authors' code; but that the last batch norm of their search network"
            " has no affine map and no running statistics, as in the cells, and ours has both",
            settings={"arch_before_weight": False},
            network={**NB201_AUTHORS, "clip_norm": 0.0, "track_running_stats": False},
        ),
        "drnas": Recipe(
            epochs=100,
            source="DrNAS authors' code: DARTS on NAS-Bench-201 as they compare with it; but that"
            " their gradient clip counts alpha in, and ours does not",
            network=DARTS_FAMILY,
        ),
        "darts": Recipe(
            epochs=50,
            source="DARTS authors' code",
            network=DARTS_FAMILY,
        ),
        "quick": Recipe(
            epochs=QUICK_EPOCHS,
            source=QUICK_SOURCE,
            settings={"learning_rate": 0.01},
            network=QUICK,
        ),
    }  # fmt: skip

    @classmethod
    def requires(cls, settings: DARTSSettings) -> Sequence[type]:
        """The second order needs a problem that can look one weight step ahead."""
        return (UnrolledGradient,) if settings.order == "second" else ()

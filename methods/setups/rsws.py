"""Settings and recipes of random search with weight sharing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from nasbench_harness.contracts import Column, Recipe, Role, Value
from nasbench_harness.methods.networks import NB201_AUTHORS, QUICK, QUICK_EPOCHS, QUICK_SOURCE
from nasbench_harness.methods.setups.citations import RANDOM_BIBTEX
from nasbench_harness.methods.setups.columns import BEST_SCORE
from nasbench_harness.settings import Settings, setting


class RSWSSettings(Settings):
    """The NAS-Bench-201 authors' value."""

    candidates: int = setting(100, "uniform architectures scored in the last step", ge=1)


class RandomSearchWeightSharingSetup:
    """What can be read of the method without torch."""

    Settings = RSWSSettings
    citation = RANDOM_BIBTEX
    columns = (
        BEST_SCORE,
        Column(
            "mean_score", Value.NUMBER, Role.RECORD,
            "mean score of the candidates the answer was chosen from", "percent",
            missing="all but the last step, other methods",
        ),
    )  # fmt: skip
    queries = False
    batched: ClassVar[bool] = False
    version = "1"
    recipes = {  # noqa: RUF012 - ClassVar by the contract
        "landscape": Recipe(
            epochs=100,
            steps=100,
            source="design decision of this project: 100 steps, for a landscape trains nothing",
        ),
        "nb201": Recipe(
            epochs=250, source="NAS-Bench-201 authors' code (RSPS)", network=NB201_AUTHORS
        ),
        "quick": Recipe(epochs=QUICK_EPOCHS, source=QUICK_SOURCE, network=QUICK),
    }

    @classmethod
    def requires(cls, settings: RSWSSettings) -> Sequence[type]:
        """No optional capability."""
        return ()

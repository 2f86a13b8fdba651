"""Settings and recipes of random search with weight sharing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from nasbench_harness.contracts import Basis, Column, Fidelity, Passes, Role, StepCost, Value
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import RANDOM_BIBTEX
from nasbench_harness.methods.setups.columns import BEST_SCORE
from nasbench_harness.settings import Settings, setting


class RSWSSettings(Settings):
    """The NAS-Bench-201 authors' value."""

    candidates: int = setting(100, "uniform architectures scored in the last step", tag="B", ge=1)


class RandomSearchWeightSharingSetup:
    """What can be read of the method without torch."""

    Settings = RSWSSettings
    citation = RANDOM_BIBTEX
    fidelity = Fidelity(
        Basis.BENCHMARK_CODE,
        gist="random with shared weights",
        against="Training and selection as the NAS-Bench-201 authors run it (RSPS), as read.",
        deviations=(
            "All cells share the draw, which is never redrawn.",
            "Candidates are scored on the whole search-validation data, the authors' on one batch"
            " of 512 images.",
        ),
        cost=StepCost(
            Passes(1, 1), Passes(),
            "of one operation an edge; in the last step each candidate passes over the"
            " search-validation images",
        ),
        tests=("tests/methods/test_rsws.py",),
    )  # fmt: skip
    columns = (
        BEST_SCORE,
        Column(
            "mean_score", Value.NUMBER, Role.RECORD,
            "mean score of the candidates the answer was chosen from", "percent, or its own",
            missing="all but the last step, other methods",
        ),
    )  # fmt: skip
    queries = False
    batched: ClassVar[bool] = False
    version = "1"
    recipes = recipe_file("nasbench_harness.methods.recipes", "rsws")

    @classmethod
    def requires(cls, settings: RSWSSettings) -> Sequence[type]:
        """No optional capability."""
        return ()

"""What is kept beside trainings of what they say together: read, written and drawn from them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict

from nasbench_harness.store.files import read_json
from nasbench_harness.store.outcomes import Status
from nasbench_harness.store.provenance import facts

if TYPE_CHECKING:
    import pandas as pd

    from nasbench_harness.training.spec import TrainingSpec

K = TypeVar("K", bound="Kept")


class Kept(BaseModel):
    """What a file beside trainings holds."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


def read_kept(path: Path, kind: type[K]) -> K | None:
    """What is kept there; None where nothing is, or nothing that this release reads."""
    try:
        return kind.model_validate(read_json(path))
    except (OSError, ValueError, TypeError):
        return None


def rows_of(trials: pd.DataFrame, specs: Sequence[TrainingSpec]) -> pd.DataFrame | None:
    """Those of the trainings; None unless all of them are done."""
    rows = trials[trials["trial"].isin([spec.trial_id for spec in specs])]
    if len(rows) < len(specs) or (rows["status"] != Status.DONE).any():
        return None
    return rows


def common(specs: Sequence[TrainingSpec], rows: pd.DataFrame) -> dict[str, Any]:
    """Fields of what is kept that all of the trainings agree on, their seeds, and facts of now."""
    spec, row = specs[0], rows.iloc[0]
    return {
        "space": spec.space,
        "space_version": spec.space_version,
        "images": spec.dataset,
        "image_digest": spec.dataset_digest,
        "limit": spec.limit,
        "trained_on": row["trained_on"],
        "evaluated_on": row["evaluated_on"],
        "settings": spec.settings,
        "seeds": sorted({one.seed for one in specs}),
        "facts": facts(),
    }


def accuracies_of(rows: pd.DataFrame, architecture: str) -> dict[str, Any]:
    """The fields `accuracies`, percent by seed of the training, and `accuracy`, their mean."""
    own = rows[rows["architecture"] == architecture]
    by_seed = dict(zip(map(int, own["seed"]), map(float, own["test_accuracy"]), strict=True))
    return {"accuracies": by_seed, "accuracy": sum(by_seed.values()) / len(by_seed)}

"""How architectures rank that were trained alone at a small size, beside a benchmark: kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from nasbench_harness.contracts import Benchmark, Metric
from nasbench_harness.store.files import read_json, write_json
from nasbench_harness.store.outcomes import Status
from nasbench_harness.store.provenance import facts

if TYPE_CHECKING:
    import pandas as pd

    from nasbench_harness.training.spec import TrainingSpec

FILE = "calibration.json"
"""Its name in the folder of the trainings."""


class Kept(BaseModel):
    """What a file beside trainings holds."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class Calibrated(Kept):
    """One architecture of the sample."""

    architecture: str
    label: str
    accuracies: Mapping[int, float]
    """Percent after the last epoch, by seed of the training."""
    accuracy: float
    """Their mean."""
    table: float
    """The benchmark's number."""


class Agreement(Kept):
    """Whether the two rankings agree: Kendall's tau-b and its 95 % interval."""

    tau: float | None = Field(default=None, ge=-1, le=1)
    """None where one side is the same for all."""
    low: float | None = Field(default=None, ge=-1, le=1)
    """None where there is no interval, as below ten architectures."""
    high: float | None = Field(default=None, ge=-1, le=1)


class Calibration(Kept):
    """A sample trained alone, with all that its numbers depend on."""

    schema_version: Literal[1] = 1
    space: str
    space_version: str
    table: str
    table_hash: str
    metric: str
    """Column of the benchmark."""
    images: str
    image_digest: str
    limit: int | None
    """Training images that were kept; None: all."""
    width: int
    cells: int
    epochs: int
    trained_on: str
    evaluated_on: str
    settings: Mapping[str, Any]
    """How they were trained: `training.settings.TrainingSettings`."""
    sample_seed: int
    """What the sample was drawn with."""
    seeds: Sequence[int]
    """Of the trainings."""
    architectures: Sequence[Calibrated]
    agreement: Agreement = Agreement()
    facts: Mapping[str, Any] = {}
    """Versions, machine, git commit and time."""


def calibration_of(
    trials: pd.DataFrame,
    specs: Sequence[TrainingSpec],
    values: Mapping[str, float],
    judged: tuple[Benchmark, Metric],
    sample_seed: int,
) -> Calibration | None:
    """What the trainings of `specs` say, `values` being the benchmark's by architecture string.

    None unless all of them are done. Without the agreement, which reports work out.
    """
    rows = trials[trials["trial"].isin([spec.trial_id for spec in specs])]
    if len(rows) < len(specs) or (rows["status"] != Status.DONE).any():
        return None
    (table, metric), spec, row = judged, specs[0], rows.iloc[0]
    return Calibration(
        space=spec.space,
        space_version=spec.space_version,
        table=table.name,
        table_hash=table.content_hash,
        metric=metric.name,
        images=spec.dataset,
        image_digest=spec.dataset_digest,
        limit=spec.limit,
        width=spec.settings["width"],
        cells=spec.settings["cells"],
        epochs=spec.steps,
        trained_on=row["trained_on"],
        evaluated_on=row["evaluated_on"],
        settings=spec.settings,
        sample_seed=sample_seed,
        seeds=sorted({one.seed for one in specs}),
        architectures=[_calibrated(rows, text, value) for text, value in values.items()],
        facts=facts(),
    )


def _calibrated(trials: pd.DataFrame, text: str, value: float) -> Calibrated:
    own = trials[trials["architecture"] == text]
    by_seed = dict(zip(map(int, own["seed"]), map(float, own["test_accuracy"]), strict=True))
    return Calibrated(
        architecture=text, label=own["label"].iloc[0], accuracies=by_seed,
        accuracy=sum(by_seed.values()) / len(by_seed), table=value,
    )  # fmt: skip


def write_calibration(folder: Path, calibration: Calibration) -> Path:
    """Keep it beside its trainings; returns the file."""
    path = folder / FILE
    write_json(path, calibration.model_dump(mode="json"))
    return path


def read_calibration(path: Path) -> Calibration | None:
    """What is kept there; None where nothing is, or nothing that this release reads."""
    try:
        return Calibration.model_validate(read_json(path))
    except (OSError, ValueError, TypeError):
        return None

"""How architectures rank that were trained alone at a small size, beside a benchmark: kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from nasbench_harness.contracts import Benchmark, Metric
from nasbench_harness.store.files import write_json
from nasbench_harness.training.kept import Kept, accuracies_of, common, read_kept, rows_of

if TYPE_CHECKING:
    import pandas as pd

    from nasbench_harness.training.spec import TrainingSpec

FILE = "calibration.json"
"""Its name in the folder of the trainings."""


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
    if (rows := rows_of(trials, specs)) is None:
        return None
    (table, metric), spec = judged, specs[0]
    return Calibration(
        **common(specs, rows),
        table=table.name,
        table_hash=table.content_hash,
        metric=metric.name,
        width=spec.settings["width"],
        cells=spec.settings["cells"],
        epochs=spec.steps,
        sample_seed=sample_seed,
        architectures=[_calibrated(rows, text, value) for text, value in values.items()],
    )


def _calibrated(trials: pd.DataFrame, text: str, value: float) -> Calibrated:
    label = trials[trials["architecture"] == text]["label"].iloc[0]
    return Calibrated(architecture=text, label=label, table=value, **accuracies_of(trials, text))


def write_calibration(folder: Path, calibration: Calibration) -> Path:
    """Keep it beside its trainings; returns the file."""
    path = folder / FILE
    write_json(path, calibration.model_dump(mode="json"))
    return path


def read_calibration(path: Path) -> Calibration | None:
    """What is kept there; None where nothing is, or nothing that this release reads."""
    return read_kept(path, Calibration)

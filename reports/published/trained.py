"""Published errors beside those of trainings of the same architecture, and what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nasbench_harness.contracts import Architecture, NetworkSpace, SearchSpace
from nasbench_harness.reports.published.cells import results_of
from nasbench_harness.reports.published.results import DATASETS, PublishedResult
from nasbench_harness.training.settings import TrainingSettings, find_recipe, recipe_settings

IGNORED = ("evaluate_every",)
"""Settings that no result depends on."""
CAUTION = (
    "A published number is of the line of a table whose authors released this architecture: of"
    " their code, their seeds and their settings. Trained and published stand in columns of their"
    " own, and no difference of the two is a verdict."
)


@dataclass(frozen=True)
class TrainedAs:
    """What a training was of, as far as published ones may differ in it."""

    dataset: str
    settings: Mapping[str, Any]
    limit: int | None = None
    image_size: int | None = None


@dataclass(frozen=True)
class BesideTrained:
    """A published result of an architecture that was trained here."""

    result: PublishedResult
    training: TrainedAs
    differs: list[str]
    """In words; empty where nothing is known to."""


def beside_trained(
    space: SearchSpace, arch: Architecture, training: TrainedAs
) -> list[BesideTrained]:
    """Published results of an architecture: those on the training's data set, or else all."""
    known = results_of(space, arch)
    near = [result for result in known if result.dataset == training.dataset]
    return [
        BesideTrained(result, training, list(_differs(space, result, training)))
        for result in near or known
    ]


def _differs(space: SearchSpace, result: PublishedResult, training: TrainedAs) -> Iterator[str]:
    if result.dataset != training.dataset:
        yield f"trained on {training.dataset}, not {DATASETS[result.dataset]}"
    if training.limit is not None:
        yield f"at most {training.limit:,} images"
    if training.image_size is not None:
        yield f"images of {training.image_size} × {training.image_size} pixels"
    if not result.training or not isinstance(space, NetworkSpace):
        yield "with which settings the authors trained is not known here"
        return
    theirs = recipe_settings(space, find_recipe(space, result.training)).model_dump()
    ours = TrainingSettings.build("train", training.settings).model_dump()
    for key, value in theirs.items():
        if key not in IGNORED and ours[key] != value:
            yield f"{key} {_shown(ours[key])}, not {_shown(value)}"


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else f"{value}"

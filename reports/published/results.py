"""Published results: the facts of `results.yaml`, checked while they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from nasbench_harness.errors import UnknownNameError
from nasbench_harness.fields.parameters import base_of

DATASETS = {
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "imagenet16-120": "ImageNet16-120",
    "imagenet": "ImageNet",
}
ACCURACY, ERROR = "accuracy", "error"
MEASURES = {"nb201": ACCURACY, "darts": ERROR, "proxyless": ERROR}
"""What the results of a space are; both in percent."""
SD, TOP5, PARAMS, COST = "sd", "top5", "params", "cost"
"""What stands beside a number, and may be established otherwise."""


class Evidence(StrEnum):
    """How well a number is established."""

    RECOMPUTED = "recomputed"
    PRINTED = "printed"
    ABSTRACT = "abstract"
    UNVERIFIED = "unverified"

    @property
    def words(self) -> str:
        """The same, spelled out."""
        return _PROVENANCE[self]

    @property
    def tag(self) -> str:
        """The same as one letter, as recipes have them."""
        return _TAGS[self]


_PROVENANCE = {
    Evidence.RECOMPUTED: "recomputed from the table",
    Evidence.PRINTED: "printed in the source",
    Evidence.ABSTRACT: "abstract only",
    Evidence.UNVERIFIED: "unverified",
}
_TAGS = {
    Evidence.RECOMPUTED: "V",
    Evidence.PRINTED: "P",
    Evidence.ABSTRACT: "A",
    Evidence.UNVERIFIED: "U",
}


@dataclass(frozen=True)
class Reference:
    """The paper or repository that a number is from."""

    title: str
    year: int | None = None
    link: str = ""

    def __str__(self) -> str:
        return f"{self.title}, {self.year}" if self.year else self.title


@dataclass(frozen=True)
class PublishedResult:
    """One number that somebody published: of a method, on a data set's split."""

    space: str
    method: str
    """The registry's name where the method is one of ours, else its display name."""
    name: str
    """What its source calls it."""
    variant: str
    dataset: str
    split: str
    measure: str
    """`accuracy`, or of the spaces without a table `error`; percent."""
    mean: float | None
    """None where only a range is known."""
    std: float | None
    low: float | None
    high: float | None
    """Ends of a range."""
    provenance: tuple[Evidence, ...]
    source: Reference
    searched: str | None = None
    """The data set of the search; None where it is not known."""
    protocol: str = ""
    """How it was searched, in words."""
    epochs: int | None = None
    """Length of the search."""
    recipe: str = ""
    """Ours with the values of that search; empty where there is none."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What the method's settings are in this variant."""
    budget_seconds: float | None = None
    """Simulated training time that the search could spend."""
    runs: int | None = None
    """Searches that it is the mean of; None where that is not known here."""
    runs_by_code: bool = False
    """Whether that number is the default of the authors' code, not printed with the results."""
    rerun: bool = False
    """Whether others than the authors found it."""
    top5: float | None = None
    params_millions: float | None = None
    cost_gpu_days: float | None = None
    note: str = ""
    architecture: str = ""
    """What the authors released as found by that search, as the space reads it; empty: nothing."""
    training: str = ""
    """The space's recipe with the values of the authors' training of it; empty where none has."""
    beside: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict)
    """How well what stands beside the number is established, where it is otherwise."""

    def levels(self, what: str = "") -> tuple[Evidence, ...]:
        """How well the number is established, or `SD`, `TOP5`, `PARAMS` or `COST` beside it."""
        return self.beside.get(what, self.provenance)

    @property
    def line(self) -> tuple[str, str, str, bool]:
        """What the numbers of one line of a published table have in common."""
        return self.name, self.variant, str(self.source), self.rerun

    def is_of(self, method: str) -> bool:
        """Whether it is of the method with this name in the registry: `pc_darts` is PC-DARTS."""
        return _bare(self.method) == _bare(method)

    @property
    def standing(self) -> str:
        """How well it is established, in words."""
        return ", ".join(level.words for level in self.provenance)


@dataclass(frozen=True)
class UnknownResult:
    """A method for which no accuracy of its own is known in a space."""

    space: str
    method: str
    name: str
    source: Reference
    provenance: tuple[Evidence, ...]
    """Of the note."""
    note: str


def published(
    space: str = "nb201", dataset: str | None = None, split: str | None = "test"
) -> list[PublishedResult]:
    """Published results in a space, in the order of the file; None for every data set or split.

    Those in a variant of a space are those in the space. UnknownNameError for one without any.
    """
    space = base_of(space)
    if space not in MEASURES:
        raise UnknownNameError("space with published results", space, MEASURES)
    return [
        result
        for result in _results(space)
        if dataset in (None, result.dataset) and split in (None, result.split)
    ]


def unknown(space: str = "nb201") -> list[UnknownResult]:
    """Methods for which nothing is known in a space."""
    content = _content()
    return [
        UnknownResult(
            entry.space, entry.method or entry.name, entry.name, content.sources[entry.source],
            tuple(entry.provenance), entry.note,
        )
        for entry in content.unknown
        if entry.space == base_of(space)
    ]  # fmt: skip


def _bare(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


# --- the file ----------------------------------------------------------------------------------

Percent = Annotated[float, Field(ge=0, le=100)]
Positive = Annotated[float, Field(gt=0)]
ResultSplit = Literal["valid", "test"]
Dataset = Literal["cifar10", "cifar100", "imagenet16-120", "imagenet"]
Levels = Annotated[list[Evidence], Field(min_length=1)]
EACH = "each"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Range(_Strict):
    low: Percent = Field(alias="from")
    high: Percent = Field(alias="to")


_Number = Annotated[list[Percent], Field(min_length=1, max_length=2)] | _Range


class _Entry(_Strict):
    """What one line of a published table says."""

    name: str
    source: str
    provenance: dict[str, Levels]
    numbers: dict[Dataset, dict[ResultSplit, _Number]]
    method: str | None = None
    variant: str = ""
    note: str = ""
    searched: Literal["cifar10", "each"] | None = None
    epochs: int | None = None
    recipe: str = ""
    settings: dict[str, str] = {}
    budget: dict[Dataset, Positive] = {}
    runs: Annotated[int, Field(gt=0)] | None = None
    runs_by_code: bool = False
    rerun: bool = False
    top5: dict[Dataset, Percent] = {}
    params_millions: dict[Dataset, Positive] = {}
    cost_gpu_days: dict[Dataset, Positive] = {}
    cells: dict[Dataset, str] = {}
    training: dict[Dataset, str] = {}


class _Unknown(_Strict):
    space: str
    name: str
    source: str
    method: str | None = None
    provenance: list[Evidence] = []
    note: str = ""


class _Content(_Strict):
    sources: dict[str, Reference]
    nb201: list[_Entry]
    darts: list[_Entry]
    proxyless: list[_Entry]
    unknown: list[_Unknown]


@cache
def _content() -> _Content:
    text = resources.files(__package__).joinpath("results.yaml").read_text(encoding="utf-8")
    return _Content.model_validate(yaml.safe_load(text))


@cache
def _results(space: str) -> tuple[PublishedResult, ...]:
    entries: list[_Entry] = getattr(_content(), space)
    return tuple(result for entry in entries for result in _of_entry(space, entry))


def _of_entry(space: str, entry: _Entry) -> Iterator[PublishedResult]:
    for dataset, splits in entry.numbers.items():
        for split, number in splits.items():
            yield PublishedResult(
                space=space,
                method=entry.method or entry.name,
                name=entry.name,
                variant=entry.variant,
                dataset=dataset,
                split=split,
                measure=MEASURES[space],
                **_number(number),
                provenance=_provenance(entry, dataset, split),
                source=_content().sources[entry.source],
                searched=dataset if entry.searched == EACH else entry.searched,
                protocol=_protocol(entry, dataset),
                epochs=entry.epochs,
                recipe=entry.recipe,
                settings=entry.settings,
                budget_seconds=entry.budget.get(dataset),
                runs=entry.runs,
                runs_by_code=entry.runs_by_code,
                rerun=entry.rerun,
                top5=entry.top5.get(dataset),
                params_millions=entry.params_millions.get(dataset),
                cost_gpu_days=entry.cost_gpu_days.get(dataset),
                note=entry.note,
                architecture=entry.cells.get(dataset, ""),
                training=entry.training.get(dataset, ""),
                beside=dict(_beside(entry, dataset)),
            )


def _number(number: list[float] | _Range) -> dict[str, Any]:
    if isinstance(number, _Range):
        return {"mean": None, "std": None, "low": number.low, "high": number.high}
    return {"mean": number[0], "std": dict(enumerate(number)).get(1), "low": None, "high": None}


def _provenance(entry: _Entry, dataset: str, split: str) -> tuple[Evidence, ...]:
    particular = entry.provenance.get(f"{dataset} {split}")
    return tuple(particular or entry.provenance[split])


def _beside(entry: _Entry, dataset: str) -> Iterator[tuple[str, tuple[Evidence, ...]]]:
    for what in (SD, TOP5, PARAMS, COST):
        if levels := entry.provenance.get(f"{dataset} {what}", entry.provenance.get(what)):
            yield what, tuple(levels)


def _protocol(entry: _Entry, dataset: Dataset) -> str:
    parts = []
    if entry.searched == "cifar10":
        parts.append("searched on CIFAR-10, evaluated on all three data sets")
    elif entry.searched == EACH:
        parts.append("searched on each data set")
    if dataset in entry.budget:
        parts.append(f"{entry.budget[dataset]:,.0f} s of simulated training")
    return ", ".join(parts)

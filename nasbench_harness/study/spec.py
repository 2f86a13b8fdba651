"""What a trial is: everything its result depends on, and its name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar, Literal

from nasbench_harness import registry
from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.kinds import kind_of
from nasbench_harness.settings import by_role

_NOT_DECISIVE = (
    "overrides", "recipe", "network_overrides", "images", "image_layout", "image_stream",
)  # fmt: skip
_OPTIONAL = (
    "image_limit", "image_size", "image_digest", "network", "epoch_steps",
    "diagnose_every", "options",
)  # fmt: skip

COHORT = "cohort"
"""Option of a kind of problem: the places of the cohort that a trial is stepped in, which then
count for its result."""


@dataclass(frozen=True)
class TrialSpec:
    """Everything a trial's result depends on."""

    job: ClassVar[str] = "nasbench_harness.jobs.search:open_search"
    younger: ClassVar[Sequence[str]] = ("options",)
    counter: ClassVar[str] = "step"
    clock: ClassVar[str] = "search_seconds"

    method: str
    method_version: str
    settings: Mapping[str, Any]
    overrides: Mapping[str, Any]
    """What the user changed; the rest of `settings` is the recipe's."""
    recipe: str
    space: str
    space_version: str
    table: str
    """The benchmark that answers are looked up in; empty without one, as `table_hash`, `dataset`
    and `search_metric` are."""
    table_hash: str
    problem: str
    dataset: str
    search_metric: str
    report_metric: str
    """What it is judged by: a column of the benchmark, else what the kind concludes."""
    steps: int
    epochs: int
    batch_size: int
    noise: float | str
    seed: int
    images: str = ""
    """What a supernet is trained on; `dataset` is the benchmark's, where answers are looked up."""
    image_limit: int | None = None
    image_size: int | None = None
    image_layout: Literal["parts", "classes"] | None = None
    """What the folders of an image folder are, where they can be read in two ways; what is read
    counts by its digest."""
    image_stream: bool | None = None
    """Are images decoded as they are needed; None: nobody asked, and they are not. This counts by
    the digest as well."""
    image_digest: str = ""
    network: Mapping[str, Any] = field(default_factory=dict)
    """How a supernet is built and trained."""
    network_overrides: Mapping[str, Any] = field(default_factory=dict)
    """What the user changed of it."""
    epoch_steps: int = 0
    """Steps of one pass over the training half of the images."""
    diagnose_every: int = 0
    """Diagnose every so many epochs or recorded steps; 0: never."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of a kind of problem that has no fields of its own here."""

    @property
    def judged(self) -> str:
        """Where its answer is looked up and what it is judged by, in words."""
        where = f"table `{self.table}`" if self.table else "no benchmark"
        return f"{where}, {self.report_metric}"

    @property
    def label(self) -> str:
        """The method as a row of a table names it: `unas`, `unas[temperature=0.4]`."""
        return method_label(self.method, self.overrides)

    @property
    def changed(self) -> dict[str, Any]:
        """What the user changed of the recipe: of the method, and of what it trains."""
        return {**self.overrides, **self.network_overrides}

    @property
    def sizes(self) -> dict[str, Any]:
        """What takes memory: the batch, and of what is trained the network."""
        return {**self.network, "batch_size": self.batch_size}

    @cached_property
    def roles(self) -> Mapping[str, Any]:
        """The settings that have a role, by it; none where the method is not installed."""
        try:
            return by_role(registry.open_setup(self.method).Settings, self.settings)
        except HarnessError:
            return {}

    @cached_property
    def interval(self) -> float:
        """Most steps between two lines of the history."""
        recorded = kind_of(self.problem).recorded(self)
        return max(after - before for before, after in pairwise([0, *recorded]))

    @property
    def identity(self) -> dict[str, Any]:
        """What it is beside the method's settings."""
        names = (
            "seed method_version recipe space space_version table table_hash problem dataset"
            " search_metric report_metric steps epochs batch_size noise"
        )
        facts = {"method": self.label} | {name: getattr(self, name) for name in names.split()}
        return facts | kind_of(self.problem).identity(self)

    @property
    def trial_id(self) -> str:
        """Readable name and a hash of everything above."""
        return f"{self.method}-s{self.seed}-{self.fingerprint[:10]}"

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of what decides the result; where images lie does not."""
        return hashlib.sha256(json.dumps(self.decisive(), sort_keys=True).encode()).hexdigest()

    @cached_property
    def family(self) -> str:
        """The same of all but the seed: equal for trials that differ in nothing else."""
        decisive = {name: value for name, value in self.decisive().items() if name != "seed"}
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()

    @property
    def cohort(self) -> str:
        """The same for searches that differ only in their seed and may be stepped as one; or ""."""
        if self.places:
            return self.family
        if kind_of(self.problem).dear:
            return ""
        try:
            method = registry.open_setup(self.method, "batched")
        except HarnessError:  # told by the trial itself
            return ""
        return self.family if getattr(method, "batched", False) else ""

    @property
    def places(self) -> int:
        """Of its cohort, where their number counts for its result; 0: it does not."""
        return int(self.options.get(COHORT, 0))

    @property
    def place(self) -> int:
        """Among these: what the seed leaves when it is divided by their number."""
        return self.seed % self.places if self.places else 0

    def decisive(self) -> dict[str, Any]:
        """What decides the result."""
        names = (own.name for own in fields(self))
        decisive = {name: getattr(self, name) for name in names if name not in _NOT_DECISIVE}
        for name in _OPTIONAL:  # where they are not set, they do not count
            if not decisive[name]:
                del decisive[name]
        return decisive


def method_label(method: str, overrides: Mapping[str, Any]) -> str:
    """`unas` or `unas[temperature=0.4,cost=params]`: what `--methods` reads."""
    if not overrides:
        return method
    changed = ",".join(f"{name}={_plain(value)}" for name, value in sorted(overrides.items()))
    return f"{method}[{changed}]"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)

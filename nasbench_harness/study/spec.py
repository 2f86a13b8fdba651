"""What a trial is: everything its result depends on, and its name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal

from nasbench_harness.images.place import FOLDER, is_folder, place_name

_NOT_DECISIVE = ("overrides", "recipe", "network_overrides", "images", "image_layout")
_OPTIONAL = (
    "image_limit", "image_size", "image_digest", "network", "epoch_steps",
    "diagnose_every",
)  # fmt: skip


@dataclass(frozen=True)
class TrialSpec:
    """Everything a trial's result depends on."""

    job: ClassVar[str] = "nasbench_harness.jobs.search:open_search"

    method: str
    method_version: str
    settings: Mapping[str, Any]
    overrides: Mapping[str, Any]
    """What the user changed; the rest of `settings` is the recipe's."""
    recipe: str
    space: str
    space_version: str
    table: str
    table_hash: str
    problem: str
    dataset: str
    search_metric: str
    report_metric: str
    steps: int
    epochs: int
    batch_size: int
    noise: float | str
    seed: int
    images: str = ""
    """What a supernet is trained on; `dataset` is the table's, where answers are looked up."""
    image_limit: int | None = None
    image_size: int | None = None
    image_layout: Literal["parts", "classes"] | None = None
    """What the folders of an image folder are, where they can be read in two ways; what is read
    counts by its digest."""
    image_digest: str = ""
    network: Mapping[str, Any] = field(default_factory=dict)
    """How a supernet is built and trained."""
    network_overrides: Mapping[str, Any] = field(default_factory=dict)
    """What the user changed of it."""
    epoch_steps: int = 0
    """Steps of one pass over the training half of the images."""
    diagnose_every: int = 0
    """Diagnose every so many epochs, on a landscape recorded steps; 0: never."""

    @property
    def label(self) -> str:
        """The method as a row of a table names it: `unas`, `unas[temperature=0.4]`."""
        return method_label(self.method, self.overrides)

    @property
    def searched(self) -> str:
        """What was searched, in words: `nb201 on the landscape`."""
        if not self.images:
            return f"{self.space} on the {self.problem}"
        images = f"{FOLDER}{place_name(self.images)}" if is_folder(self.images) else self.images
        on = f"a supernet trained on {images}"
        return f"{self.space} on {on}"

    @property
    def trial_id(self) -> str:
        """Readable name and a hash of everything above."""
        return f"{self.method}-s{self.seed}-{self.fingerprint[:10]}"

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of what decides the result; where images lie does not."""
        return hashlib.sha256(json.dumps(self.decisive(), sort_keys=True).encode()).hexdigest()

    @cached_property
    def kind(self) -> str:
        """The same of all but the seed: equal for trials that differ in nothing else."""
        decisive = {name: value for name, value in self.decisive().items() if name != "seed"}
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()

    @property
    def cohort(self) -> str:
        """The same for searches on a landscape that differ in their seed only."""
        return "" if self.epoch_steps else self.kind

    def decisive(self) -> dict[str, Any]:
        """What decides the result."""
        decisive = {k: v for k, v in asdict(self).items() if k not in _NOT_DECISIVE}
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

"""What one training is: everything its result depends on, and its name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, ClassVar

from nasbench_harness.images.layout import LayoutName

VERSION = "1"
"""Raised when the same settings and seed give another result."""


@dataclass(frozen=True)
class TrainingSpec:
    """Everything the result of a training depends on."""

    job: ClassVar[str] = "nasbench_harness.training.job:open_training"
    younger: ClassVar[Sequence[str]] = ()
    counter: ClassVar[str] = "epoch"
    clock: ClassVar[str] = "seconds"
    interval: ClassVar[int] = 1
    report_metric: ClassVar[str] = "test_accuracy"

    architecture: str
    label: str
    """The architecture in names: its index in the benchmark, or a short hash."""
    space: str
    space_version: str
    dataset: str
    dataset_digest: str
    limit: int | None
    settings: Mapping[str, Any]
    seed: int
    version: str = VERSION
    image_layout: LayoutName | None = None
    """What the folders of an image folder are, where they can be read in two ways."""
    image_size: int | None = None
    """Side that the images of a folder are resized or cropped to, in pixels."""
    image_stream: bool | None = None
    """Are they decoded as they are needed; None: nobody asked, and they are not."""

    @property
    def steps(self) -> int:
        """Epochs: a training is told of, and its history has a line, after each."""
        return int(self.settings["epochs"])

    @property
    def sizes(self) -> Mapping[str, Any]:
        """What takes memory: batch and network."""
        return self.settings

    @property
    def changed(self) -> dict[str, Any]:
        """What is not as the first recipe of the space has it."""
        from nasbench_harness.training.settings import usual_defaults, usual_settings

        usual = usual_settings(self.space)
        given = {**usual_defaults(usual), **self.settings}
        return {name: value for name, value in given.items() if value != usual.get(name)}

    @property
    def identity(self) -> dict[str, Any]:
        """What it is beside its settings."""
        names = "architecture seed space space_version dataset dataset_digest limit"
        facts = {name: getattr(self, name) for name in names.split()}
        return facts | {"epochs": self.steps, "training_version": self.version}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of what decides the result."""
        images = ("dataset", "image_layout", "image_size", "image_stream")
        # what is read there, and how, counts by its digest
        decisive = {k: v for k, v in asdict(self).items() if k not in images}
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()

    @property
    def trial_id(self) -> str:
        """Readable name and a hash of everything above."""
        return f"{self.label}-s{self.seed}-{self.fingerprint[:10]}"

    @property
    def cohort(self) -> str:
        """A training runs alone."""
        return ""

    @property
    def places(self) -> int:
        """No cohort's."""
        return 0

    @property
    def place(self) -> int:
        """The only one."""
        return 0

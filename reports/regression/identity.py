"""What two runs must have in common before their values may be compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from nasbench_harness.images.place import FOLDER, is_folder, place_name
from nasbench_harness.study.spec import TrialSpec

_FREE = (
    "seed", "method_version", "report_metric",
    "overrides", "recipe", "network_overrides", "images", "image_layout",
    "image_stream",
)  # fmt: skip
"""Seeds are what is compared over, a method's version is what a check is about, and neither the
metric that is reported nor how settings were written down changes a search."""


def config_of(spec: TrialSpec) -> dict[str, Any]:
    """All that decides a trial's result but its seed and the code; the table's hash included."""
    kept = {name: value for name, value in asdict(spec).items() if name not in _FREE}
    images = ("image_limit", "image_size", "image_digest", "network", "epoch_steps")
    unused = {"options"} if not spec.options else set()
    unused |= set() if spec.images else {*images, "diagnose_every"}
    return {name: value for name, value in kept.items() if name not in unused}


def config_hash(config: Mapping[str, Any]) -> str:
    """A name for a config: the head of the SHA-256 of its content."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:16]


def dataset_of(spec: TrialSpec) -> str:
    """The table's data set, or the images of a supernet; of a folder its name, not its place."""
    searched = spec.images or spec.dataset
    return f"{FOLDER}{place_name(searched)}" if is_folder(searched) else searched

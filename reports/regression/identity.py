"""What two runs must have in common before their values may be compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

from nasbench_harness.spec import TrialSpec

_FREE = (
    "seed", "method_version", "report_metric",
    "overrides", "recipe", "network_overrides", "images", "image_layout",
)  # fmt: skip
"""Seeds are what is compared over, a method's version is what a check is about, and neither the
metric that is reported nor how settings were written down changes a search."""
_FIRST = ("space", "table", "table_hash")
NOTHING = "not there"


class Difference(NamedTuple):
    """A field that two configs do not agree on."""

    field: str
    old: Any
    new: Any


def config_of(spec: TrialSpec) -> dict[str, Any]:
    """All that decides a trial's result but its seed and the code; the table's hash included."""
    kept = {name: value for name, value in asdict(spec).items() if name not in _FREE}
    images = ("image_limit", "image_size", "image_digest", "network", "epoch_steps")
    unused = () if spec.images else (*images, "diagnose_every")
    return {name: value for name, value in kept.items() if name not in unused}


def config_hash(config: Mapping[str, Any]) -> str:
    """A name for a config: the head of the SHA-256 of its content."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:16]


def dataset_of(spec: TrialSpec) -> str:
    """The table's data set, or the images of a supernet; of a folder its name, not its place."""
    kind, colon, path = (spec.images or spec.dataset).partition(":")
    return f"{kind}:{path.replace(chr(92), '/').rstrip('/').rpartition('/')[2]}" if colon else kind


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """The fields that differ, settings one by one, the table first."""
    before, after = dict(_flat(old)), dict(_flat(new))
    names = sorted(before.keys() | after.keys(), key=lambda name: (name not in _FIRST, name))
    return [
        Difference(name, before.get(name, NOTHING), after.get(name, NOTHING))
        for name in names
        if before.get(name, NOTHING) != after.get(name, NOTHING)
    ]


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value

"""What the tidy tables are made of: a hash of the files of a study's trials."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import fields
from itertools import chain
from pathlib import Path
from typing import Any

from nasbench_harness.jobs.job import Spec
from nasbench_harness.store.outcomes import HISTORY, RESULT, SCHEMA_VERSION
from nasbench_harness.store.provenance import PACKAGE, version_of

LAYOUT = 2
"""Raised when the same files are gathered into other tables: then old ones are gathered anew."""


def state(trials: Path, specs: Iterable[Spec], **config: Any) -> str:
    """A hash of the plan and of size and time of every file the tables are gathered from."""
    digest = hashlib.sha256(f"{version_of(PACKAGE)} {SCHEMA_VERSION} {LAYOUT}".encode())
    for facts in chain([config], map(_planned, specs)):
        digest.update(json.dumps(facts, sort_keys=True).encode())
    for name, size, time in sorted(_files(trials)):
        digest.update(f"{name} {size} {time}\n".encode())
    return digest.hexdigest()


def _planned(spec: Spec) -> dict[str, Any]:
    return {field.name: getattr(spec, field.name) for field in fields(spec)}


def _files(trials: Path) -> Iterator[tuple[str, int, int]]:
    for folder in os.scandir(trials) if trials.is_dir() else ():
        for name in (RESULT, HISTORY):
            try:
                facts = os.stat(os.path.join(folder.path, name))
            except OSError:
                continue
            yield f"{folder.name}/{name}", facts.st_size, facts.st_mtime_ns

"""Looks at a study: how often it has been judged, and at which level it may be judged now.

Whoever looks at the results, adds seeds and looks again has had two chances of a false claim. So
each verdict on a new set of results is a look, kept in the study's own `study.json`, and look k is
judged at 0.05 / 2^k: however often a study is extended, all its looks together make a false claim
in at most 5 % of studies (a geometric series). The same results again are the same look. A fixed
study has one look, at 0.05, once nothing of it is missing.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nasbench_harness.store.endings import Endings, ending
from nasbench_harness.store.files import write_text
from nasbench_harness.store.folders import LOOKS, plan_lock, read_looks
from nasbench_harness.store.members import with_member
from nasbench_harness.store.outcomes import Status
from nasbench_harness.store.studies import STUDY, Study
from nasbench_harness.study.smallest import SMALLEST

LEVEL = 0.05
"""Of all looks at a study together."""


@dataclass(frozen=True)
class Look:
    """One verdict on a set of results."""

    number: int
    """1, 2, ...; 0 where there is nothing to judge yet.

    More than 1 of a fixed study whose failed trials were tried again after it was judged.
    """
    level: float
    """What corrected p-values have to be below for a claim; 0 where there is nothing to judge."""
    fixed: bool
    """Is it the only look at a study that was planned for one."""
    kept: bool
    """Does `study.json` know of it, so that the next results are another look."""


def look(study: Study, *, keep: bool = True) -> Look:
    """The look that a verdict on the present results of `study` is, and its level.

    It is entered in `study.json` where `keep` is set and the file can be written; where it cannot
    be (a read-only disk, somebody else's folder), the look has the number that it would have, and
    nothing fails. Number and level are 0 as long as there is nothing to judge: no trial has a
    result, or the study is fixed and one has not come to its end.
    """
    digest = results_digest(study)
    if digest is None or (study.fixed and not _at_end(study)):
        return Look(0, 0.0, study.fixed, kept=False)
    path = study.folder / STUDY
    number, kept = _number(read_looks(path), digest)
    if keep and not kept:
        number, kept = _enter(path, digest, number)
    return Look(number, LEVEL if study.fixed else level_of(number), study.fixed, kept)


def level_of(number: int) -> float:
    """The level of look 1, 2, ... at a study that may be extended."""
    return LEVEL / 2.0**number


def results_digest(study: Study) -> str | None:
    """SHA-256 over the trials that have a result and how each ended, in no order; None without.

    And over the smallest difference of interest, where the study says one: to judge by another is
    to look again.

    Settings and seeds count by the trials' names, results by what was found and what it is worth.
    """
    endings = Endings([study])
    found = {}
    for spec in study.specs:
        result = endings(0, spec)
        if result["status"] == Status.DONE:
            found[spec.trial_id] = [_plain(value) for value in ending(spec, result)]
    if not found:
        return None
    said = study.config.get(SMALLEST)
    judged: Any = found if said is None else [found, said]
    return hashlib.sha256(json.dumps(judged, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> str | float | None:
    """The same from JSON and from a table, where whole numbers and gaps look different."""
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return None
    return value if isinstance(value, str) else float(value)


def _at_end(study: Study) -> bool:
    """Has every trial ended: a failure is an end, and counts as such in the verdict."""
    endings = Endings([study])
    ended = (Status.DONE, Status.FAILED)
    return all(endings(0, spec)["status"] in ended for spec in study.specs)


# --- in study.json -----------------------------------------------------------------------------


def _number(looks: list[dict[str, Any]], digest: str) -> tuple[int, bool]:
    """The number of the look at these results, and whether it is kept."""
    known = [one.get("results") for one in looks]
    return (known.index(digest) + 1, True) if digest in known else (len(known) + 1, False)


def _enter(path: Path, digest: str, number: int) -> tuple[int, bool]:
    """Keep a look; its number, which is another where somebody else has looked meanwhile."""
    if not _is_own(path):
        return number, False
    try:
        with plan_lock(path):
            looks = read_looks(path)
            number, kept = _number(looks, digest)
            if not kept:
                entry = {"results": digest, "time": datetime.now(UTC).isoformat(timespec="seconds")}
                plan = path.read_text(encoding="utf-8-sig")
                write_text(path, with_member(plan, LOOKS, [*looks, entry]))
    except (OSError, ValueError):
        return number, False
    return number, True


def _is_own(path: Path) -> bool:
    """Whether the file is ours to replace: to root, everything can be written to."""
    try:
        owner = path.stat().st_uid
    except OSError:
        return False
    return os.access(path, os.W_OK) and (not hasattr(os, "geteuid") or owner == os.geteuid())

"""A fixed study: planned before its data are seen, judged once, and never extended.

Its one verdict has the whole level of 5 %, where a study that may grow shares it among its looks
(see `store.looks`). That is honest only if nothing about it is decided after a result is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nasbench_harness.study.smallest import change
from nasbench_harness.study.spec import TrialSpec

FIXED = "fixed"

Config = Mapping[str, Any]
Specs = Sequence[TrialSpec]


def refusal(folder: Path, old: Config, new: Config, further: Specs, *, seen: bool) -> str:
    """Why a fixed study cannot become what is asked for, or another one fixed; empty if it can.

    `old` is the study in `folder`, `new` what is asked for with its `further` trials, and `seen`
    says whether a trial has a result.
    """
    if not old.get(FIXED):
        return _of_fixing(folder) if new.get(FIXED) and seen else ""
    if new.get(FIXED) is False:
        return (
            f"{folder} holds a fixed study, which stays one; leave `fixed` out, or choose another"
            " --out."
        )
    if further:
        return _of_growing(folder, further)
    if seen and (changed := change(old, new)):
        return (
            f"{folder} holds a fixed study that has results already, so that it is judged as it was"
            f" planned ({changed}); leave --smallest-difference out, or choose another --out."
        )
    return ""


def _of_fixing(folder: Path) -> str:
    return (
        f"{folder} has results already, and a study is fixed before they are seen; leave --fixed"
        " out, or choose another --out for a fixed study."
    )


def _of_growing(folder: Path, further: Specs) -> str:
    one = further[0]
    more = f" and {len(further) - 1} more" if len(further) > 1 else ""
    return (
        f"{folder} holds a fixed study, which is judged once and not extended (`{one.label}` with"
        f" seed {one.seed}{more} would be new); `nasharness resume {folder}` goes on with what was"
        " planned, another --out begins a study of its own."
    )

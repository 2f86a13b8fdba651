"""Folders that results are to be written into: empty ones, but for logs and what systems leave.

    mkdir -p out; nasharness run ... --out out > out/log.txt

is a common habit, and no reason to refuse. What has one of our names, or looks like another
project, is.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from nasbench_harness.store.outcomes import HISTORY, RESULT, TRIAL

_LEFT_BY_SYSTEMS = {
    "thumbs.db", "ehthumbs.db", "desktop.ini", "lost+found", "@eadir", "$recycle.bin",
    "system volume information", "__macosx", "icon\r",
}  # fmt: skip
_LOGS = re.compile(
    r"log|stdout|stderr|readme|.*\.(log(\.\w+)*|txt|out|err|pid|md|ya?ml|sh|sbatch|slurm|pbs|lsf)"
    r"|.*\.[eo]\d+([.-]\d+)*",
    re.IGNORECASE | re.DOTALL,
)
"""Logs, notes, and the scripts and settings of a job; `name.o123` is what batch systems write."""


def stranger(folder: Path, own: Collection[str], lock: str) -> Path | None:
    """What in `folder` forbids to begin results there; None where nothing does.

    `own` are the names that results have, `lock` the one that says nothing by itself. They are
    ours where the folder `trials` is, as after the list of trials beside it was deleted.
    """
    if not folder.is_dir():
        return None
    ours = _holds_trials(folder / "trials")
    for path in sorted(folder.iterdir()):
        if path.name == lock or (path.name in own and ours):
            continue
        if path.name in own or not _is_harmless(path):
            return path
    return None


def _holds_trials(trials: Path) -> bool:
    """Whether there are trials, or places for them, and nothing else but what systems leave."""
    if not trials.is_dir():
        return False
    names = (TRIAL, HISTORY, RESULT)
    inside = [path for path in trials.iterdir() if not _is_harmless(path)]
    return bool(inside) and all(any((path / name).exists() for name in names) for path in inside)


def _is_harmless(path: Path) -> bool:
    """Hidden, left by a system, a log, or a folder of nothing but such things."""
    name = path.name
    if name.startswith(".") or name.lower() in _LEFT_BY_SYSTEMS:
        return True
    if path.is_dir():
        return not path.is_symlink() and all(map(_is_harmless, path.iterdir()))
    return bool(_LOGS.fullmatch(name))

"""Where numbers come from: versions, machine, commit."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PACKAGE = "nasbench-harness"
PACKAGES = (PACKAGE, "torch", "torchvision", "numpy", "pandas", "scipy", "matplotlib")


def facts(packages: Iterable[str] = PACKAGES) -> dict[str, Any]:
    """What a folder of results keeps of the moment it was planned."""
    return {
        "planned_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "versions": {package: version_of(package) for package in packages},
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "git_commit": _git_commit(),
    }


def version_of(package: str) -> str:
    """The version that is installed; `not installed` where there is none."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _git_commit() -> str | None:
    """Commit of the working folder, if it is a git checkout."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None

"""The project's own CUDA tests, where they are beside the package."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nasbench_harness
from nasbench_harness.bench.asked import BenchRequest
from nasbench_harness.bench.refusal import NotMeasurableError
from nasbench_harness.errors import HarnessError

CHOSEN = "test_cuda or waits_for_the_device"
NEEDED = ("pytest", "hypothesis")
"""By any test of the project."""
_COUNTED = re.compile(r"(\d+) (passed|failed|skipped|error)")


def cuda_tests(asked: BenchRequest) -> dict[str, Any]:
    """How many passed; HarnessError with the last of it where some did not."""
    if not asked.device.startswith("cuda"):
        raise NotMeasurableError("the CUDA tests need a CUDA device")
    if lacking := [name for name in NEEDED if find_spec(name) is None]:
        raise NotMeasurableError(f"{lacking[0]} is not installed")
    return run_tests(_tests())


def _tests() -> list[Path]:
    """Their files; NotMeasurableError where the package is not of a checkout."""
    places = Path(nasbench_harness.__file__).resolve().parents
    checkout = next((one for one in places if (one / "pyproject.toml").is_file()), None)
    tests = checkout / "tests" if checkout else None
    if tests is None or not (tests / "bench").is_dir():
        raise NotMeasurableError("the package is installed without its tests, as `pip` installs it")
    files = sorted(tests.rglob("test_*.py"))
    return [path for path in files if "cuda" in path.read_text(encoding="utf-8")]


def run_tests(files: list[Path], chosen: str = CHOSEN) -> dict[str, Any]:
    """What pytest counts of them."""
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", chosen,
        *map(str, files),
    ]  # fmt: skip
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    last = lines[-1].strip("= ") if lines else done.stderr.strip()[-200:]
    if done.returncode != 0:
        failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
        raise HarnessError("; ".join([last, *failed]))
    return {name: int(count) for count, name in _COUNTED.findall(last)}

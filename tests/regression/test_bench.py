"""Files of pytest-benchmark held against each other."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nasbench_harness.errors import ExitCode, HarnessError
from nasbench_harness.reports.regression.benchmarks import (
    RESAMPLES,
    Timing,
    compare_benchmarks,
    read_benchmarks,
)
from nasbench_harness.reports.regression.verdicts import CheckVerdict, Finding
from nasbench_harness.reports.words.marked import plain

Rounds = Sequence[float]


def rounds(seconds: float, count: int = 50, spread: float = 0.05, seed: int = 0) -> Rounds:
    """Times around `seconds`, never faster than nine tenths of it."""
    generator = np.random.default_rng(seed)
    return list(seconds * (0.97 + spread * generator.gamma(1.0, size=count)))


def write(path: Path, data: bool = True, **benchmarks: Rounds) -> Path:
    """A file as pytest-benchmark writes it."""
    rows = []
    for name, values in benchmarks.items():
        quartiles = np.quantile(values, [0.25, 0.75])
        stats: dict[str, Any] = {
            "median": float(np.median(values)), "rounds": len(values),
            "iqr": float(quartiles[1] - quartiles[0]),
        }  # fmt: skip
        stats |= {"data": list(values)} if data else {}
        full = f"benchmarks/test_speed.py::test_{name}"
        rows.append({"name": f"test_{name}", "fullname": full, "stats": stats})
    path.write_text(json.dumps({"benchmarks": rows, "version": "5.1.0"}))
    return path


def judge(
    tmp_path: Path, ratio: float, machine: float = 1.0, *, data: bool = True, **more: Any
) -> Finding:
    """A step that takes `ratio` times as long, on a machine that is `machine` times as slow."""
    old = write(tmp_path / "old.json", data, calibration=rounds(0.01), step=rounds(0.2, seed=1))
    new = write(
        tmp_path / "new.json", data, calibration=rounds(0.01 * machine, seed=2),
        step=rounds(0.2 * machine * ratio, seed=3),
    )  # fmt: skip
    (finding,) = compare_benchmarks(old, new, **more).findings
    return finding


@pytest.mark.parametrize("data", [True, False])
@pytest.mark.parametrize("machine", [0.4, 1.0, 3.0])
def test_machine_of_another_speed_is_no_slowdown(
    tmp_path: Path, machine: float, data: bool
) -> None:
    assert judge(tmp_path, 1.0, machine, data=data).verdict is CheckVerdict.PASSED


@pytest.mark.parametrize("data", [True, False])
def test_slowdown_is_found_with_its_interval(tmp_path: Path, data: bool) -> None:
    slow = judge(tmp_path, 1.5, 0.5, data=data)
    assert slow.verdict is CheckVerdict.REGRESSION
    assert slow.effect is not None
    assert slow.effect.low < 50 < slow.effect.high
    assert slow.effect.high - slow.effect.low < 20
    assert slow.effect.margin == pytest.approx(25)
    assert "more than the 1.25 allowed" in plain(slow.sentence)


def test_straddling_the_limit_is_open(tmp_path: Path) -> None:
    edge = judge(tmp_path, 1.25)
    assert edge.verdict is CheckVerdict.INCONCLUSIVE
    assert judge(tmp_path, 1.25, max_slowdown=1.5).verdict is CheckVerdict.PASSED
    assert judge(tmp_path, 1.25, max_slowdown=1.1).verdict is CheckVerdict.REGRESSION


def test_exit_codes(tmp_path: Path) -> None:
    old = write(tmp_path / "old.json", calibration=rounds(1), a=rounds(1), b=rounds(1))
    for times, code in ((1.0, ExitCode.DONE), (1.25, ExitCode.INCONCLUSIVE), (2.0, ExitCode(1))):
        new = write(tmp_path / "new.json", calibration=rounds(1), a=rounds(1), b=rounds(times))
        assert compare_benchmarks(old, new).exit_code == code


def test_single_round_is_not_judged(tmp_path: Path) -> None:
    old = write(tmp_path / "old.json", calibration=rounds(1), once=[1.0])
    new = write(tmp_path / "new.json", calibration=rounds(1), once=[9.0])
    (finding,) = compare_benchmarks(old, new).findings
    assert finding.verdict is CheckVerdict.SKIPPED
    assert "a single round has no interval" in plain(finding.sentence)


def test_benchmark_of_one_file_alone_is_told(tmp_path: Path) -> None:
    old = write(tmp_path / "old.json", calibration=rounds(1), a=rounds(1), gone=rounds(1))
    new = write(tmp_path / "new.json", calibration=rounds(1), a=rounds(1))
    told = {f.name: plain(f.sentence) for f in compare_benchmarks(old, new).findings}
    assert told["benchmarks/test_speed.py::test_gone"].endswith("is in old.json alone.")


def test_missing_rounds_are_told(tmp_path: Path) -> None:
    files = [write(tmp_path / n, False, calibration=rounds(1), a=rounds(1)) for n in "ab"]
    (note,) = compare_benchmarks(*files).notes
    assert "--benchmark-save-data" in note


@pytest.mark.parametrize("count", [5, 51])
def test_resampled_medians_are_those_of_a_bootstrap(count: int) -> None:
    values = np.sort(rounds(1.0, count))
    timing = Timing(float(np.median(values)), count, 0.0, values)
    quick = timing.resampled(np.random.default_rng(0))
    plainly = np.median(np.random.default_rng(1).choice(values, (RESAMPLES, count)), axis=1)
    for level in (0.05, 0.25, 0.5, 0.75, 0.95):
        share = (plainly <= np.quantile(quick, level)).mean()
        below = (plainly < np.quantile(quick, level)).mean()
        assert below - 0.02 <= level <= share + 0.02


FAULTS = [
    ("", "is no JSON of pytest-benchmark"),
    ("{}", "is no JSON of pytest-benchmark"),
    ('{"benchmarks": [{"name": "calibration", "stats": {"median": 0, "rounds": 1, "iqr": 0}}]}',
     "a benchmark took no time"),
    ('{"benchmarks": []}', "has no benchmark `calibration`"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), FAULTS)
def test_unusable_file_gets_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "new.json"
    path.write_text(text)
    with pytest.raises(HarnessError, match=words):
        read_benchmarks(path)


def test_files_without_anything_in_common(tmp_path: Path) -> None:
    old = write(tmp_path / "old.json", calibration=rounds(1), a=rounds(1))
    new = write(tmp_path / "new.json", calibration=rounds(1), b=rounds(1))
    with pytest.raises(HarnessError, match="no benchmark in common"):
        compare_benchmarks(old, new)
    with pytest.raises(HarnessError, match="cannot be read"):
        compare_benchmarks(old, tmp_path / "nowhere.json")


@pytest.mark.skipif(
    importlib.util.find_spec("pytest_benchmark") is None, reason="pytest-benchmark is not installed"
)
def test_calibration_as_pytest_benchmark_stores_it(checkout: Path, tmp_path: Path) -> None:
    stored = tmp_path / "bench.json"
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
        "-c", str(checkout / "pyproject.toml"), "--rootdir", str(checkout),
        "--benchmark-save-data", "--benchmark-json", str(stored), "--benchmark-max-time=0.2",
        str(checkout / "benchmarks" / "test_calibration.py"),
    ]  # fmt: skip
    outside = {name: value for name, value in os.environ.items() if "XDIST" not in name}
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path, env=outside)
    timing = read_benchmarks(stored)["calibration"]
    assert timing.data is not None
    assert len(timing.data) == timing.rounds >= 5
    assert timing.data[0] <= timing.median <= timing.data[-1]

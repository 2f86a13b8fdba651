"""`nasharness train`: what it prints, its exit codes and its sentences."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from nasbench_harness.cli import app
from tests.commands import NASHARNESS, called

CELL = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"
    "+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|"
)
SMALL = ["--dataset", "digits", "--limit", "150", "--width", "2", "--cells", "1"]
SMALL += ["--threads", "1"]
QUICK = [*SMALL, "--batch-size", "64", "--device", "cpu"]

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_trains_and_reports_mean_and_deviation(nasharness: Run, tmp_path: Path) -> None:
    arguments = ["train", CELL, *QUICK, "--epochs", "1", "--seeds", "2"]
    told = nasharness(*arguments).stdout
    assert "digits, 1 epoch on 150 training images" in told
    assert re.search(r"\d \(sd \d+\.\d\d\)", told)
    assert CELL in told
    folder = tmp_path / "runs" / "train-13714-digits-1ep"
    assert list(pd.read_csv(folder / "trials.csv")["seed"]) == [0, 1]
    again = json.loads(nasharness(*arguments, "--json").stdout)
    assert again["status"] == {"done": 2}
    assert again["summary"][0]["seeds"] == 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_sigterm_keeps_what_is_done(tmp_path: Path) -> None:
    arguments = ["train", "13714", *QUICK, "--epochs", "5000", "--seeds", "1", "--out", "t"]
    process = subprocess.Popen(
        [NASHARNESS, *arguments], cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    while process.poll() is None and not list(tmp_path.rglob("checkpoint.pt")):
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGTERM)
    told, errors = process.communicate(timeout=60)
    assert process.returncode == 3, errors
    assert "Interrupted; what is done is kept." in told
    assert list(pd.read_csv(tmp_path / "t" / "trials.csv")["status"]) == ["interrupted"]


def answers(folder: Path) -> dict[str, dict[str, object]]:
    """Results without what clock and machine wrote."""
    machine = ("seconds", "peak_memory_mb", "device", "threads")
    results = {}
    for path in folder.glob("trials/*/result.json"):
        result = json.loads(path.read_text())
        results[path.parent.name] = {k: v for k, v in result.items() if k not in machine}
    return results


LONG = ["train", "13714", *QUICK, "--epochs", "30", "--seeds", "2"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> Path:
    """Two trainings that nobody stopped."""
    folder = tmp_path_factory.mktemp("trained") / "whole"
    done = called(*LONG, "--out", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_trainings_at_a_time_are_stopped_and_gone_on_with_bit_for_bit(
    name: str, nasharness: Run, tmp_path: Path, whole: Path
) -> None:
    """Ctrl-C in a terminal, and a scheduler's stop, reach the whole group."""
    process = subprocess.Popen(
        [NASHARNESS, *LONG, "--out", "t", "-j", "2"], cwd=tmp_path, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while process.poll() is None and len(list(tmp_path.rglob("checkpoint.pt"))) < 2:
        time.sleep(0.05)
    os.killpg(process.pid, getattr(signal, name))
    told, errors = process.communicate(timeout=60)
    assert process.returncode == 3, errors
    assert "Interrupted; what is done is kept. Run the same command again to go on." in told
    assert "Traceback" not in errors
    assert set(pd.read_csv(tmp_path / "t" / "trials.csv")["status"]) == {"interrupted"}
    nasharness(*LONG, "--out", "t", "-j", "2")
    assert answers(tmp_path / "t") == answers(whole)


def test_a_failure_is_told_once(nasharness: Run, tmp_path: Path) -> None:
    arguments = ["train", "13714", *QUICK, "--epochs", "1", "--seeds", "1", "--out", "t"]
    nasharness(*arguments, "--set", "learning_rate=1e30", code=3)
    done = nasharness(*arguments, "--set", "learning_rate=1e30", code=3)
    assert done.stderr.count("no finite number any more since step") == 1
    assert "Some trainings did not finish" in done.stdout
    assert list(pd.read_csv(tmp_path / "t" / "trials.csv")["status"]) == ["failed"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["13714", "--dataset", "digitz"], "no data set called `digitz`. Did you mean `digits`?"),
        (["13714", *SMALL, "--batch-size", "151"], "A batch of 151 cannot be taken from 150"),
        (["13714", *SMALL, "--device", "cuda:99"], "`cuda:99` is not available"),
        (["13714", *QUICK, "--epochs", "0"], "expected 1 or more, not '0'"),
        (["13714", *QUICK, "--set", "epochs=0"], "`train.epochs` cannot be 0: expected a whole"),
        (["13714", *QUICK, "--precision", "int8"], "expected one of fp32, bf16, fp16"),
        (["13714", *QUICK, "--set", "mixup=8"], "`train` has no setting `mixup`."),
        (["13714", *QUICK, "--seeds", "x"], "`x` names no seeds"),
        (["13714", *QUICK, "--space", "nb301"], "no space called `nb301`"),
        (["|nor_conv_3x3~0|+|none~0|"], "nor_conv_3x3~0"),
        (["20000", *QUICK], "15624"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence_and_exit_code_2(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        app(["train", *arguments])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("Error: ")
    assert sentence in told
    assert not list(tmp_path.iterdir())


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom nasbench_harness.cli import app\n"
        "try: app(['train', '--help'])\nexcept SystemExit: pass\n"
        "print([m for m in ('torch', 'matplotlib', 'pandas', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"

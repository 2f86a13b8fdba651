"""`nasharness bench gpu`, tried on the CPU."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from nasbench_harness.bench.asked import BenchRequest
from nasbench_harness.bench.record import TIME_OVER, BenchRecord, BenchResult
from nasbench_harness.cli.bench import _sum_up

Run = Callable[..., subprocess.CompletedProcess[str]]
TINY = ("bench", "gpu", "--device=cpu", "--tiny", "-m", "drnas")


@pytest.mark.parametrize(
    ("states", "told"),
    [
        (["done", "skipped"], ["1 cannot be measured here"]),
        (["done", "late", "late"], ["The same command goes on with the 2 that there was no time"]),
        (
            ["failed", "late", "skipped"],
            ["with the 1 that there was no time for and tries what failed", "1 cannot be measured"],
        ),
        (["done", "failed"], ["The same command tries what failed once more."]),
        (["done"], []),
    ],
)
def test_what_another_command_would_do_is_told(
    capsys: pytest.CaptureFixture[str], states: list[str], told: list[str]
) -> None:
    ends = {
        "done": BenchResult("done", {"step_ms": 1.0}),
        "late": BenchResult("skipped", reason=TIME_OVER),
        "skipped": BenchResult("skipped", reason="no such arithmetic here"),
        "failed": BenchResult("failed", reason="broken"),
    }
    record = BenchRecord(BenchRequest("cuda", "nb201", (), False, "paper"), {"device": "a card"})
    record.measured = {f"pass/{number}": ends[state] for number, state in enumerate(states)}
    _sum_up(record, Path("gpu.json"))
    last = " ".join(capsys.readouterr().out.split()).partition("Table: gpu.md")[2]
    assert all(sentence in last for sentence in told)
    assert bool(last) == bool(told)


def test_a_bench_from_start_to_end_and_once_more(nasharness: Run, tmp_path: Path) -> None:
    told = nasharness(*TINY, "--out", "gpu.json")
    content = json.loads((tmp_path / "gpu.json").read_text())
    measured = content["measurements"]
    states = {key: one["status"] for key, one in measured.items()}
    done = {key for key, status in states.items() if status == "done"}
    assert {"checks/pass", "checks/drnas", "pass/fp32", "pass/bf16", "recipe/drnas"} <= done
    assert {"steps/drnas fp32", "steps/drnas bf16"} <= done
    assert "failed" not in states.values()
    assert measured["steps/drnas tf32"]["reason"] == "TF32 is arithmetic of CUDA devices"
    assert measured["recipe/drnas"]["extrapolated"] is True
    assert content["machine"]["torch"] == torch.__version__
    assert f"{len(done)} done" in told.stdout
    assert f"{len(measured) - len(done)} cannot be measured here" in told.stdout
    assert "The same command" not in told.stdout
    table = (tmp_path / "gpu.md").read_text()
    assert "| drnas |" in table
    assert "whose times say nothing" in table
    assert "None" not in table
    again = nasharness(*TINY, "--out", "gpu.json", "--json")
    repeated = json.loads(again.stdout)["measurements"]
    assert {key: repeated[key] for key in done} == {key: measured[key] for key in done}


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_keeps_what_was_measured(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "nasbench_harness", *TINY, "--out", "gpu.json"]
    with subprocess.Popen(
        words, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as command:
        assert command.stderr is not None
        assert command.stderr.readline().startswith("1/")
        os.killpg(command.pid, signal.SIGINT)
        told = command.stderr.read()
    assert command.returncode == 3
    assert "What was measured is in gpu.json; the same command goes on with the rest." in told
    measured = json.loads((tmp_path / "gpu.json").read_text())["measurements"]
    assert measured["checks/pass"]["status"] == "done"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--out", "gpu.txt"), "must end in .json"),
        (("--out", "folder.json"), "is a folder; name a file in it"),
        (("--out", "lost.json"), "lost.json cannot be written: No such file"),
        (("--out", "edited.md/gpu.json"), "edited.md is no folder; choose another place"),
        (("--out", "mine.json"), "is no file of `nasharness bench gpu`"),
        (("--out", "edited.json"), "edited.md is there already and is not a table of a bench"),
        (("--minutes", "0"), "give more than 0 and at most 1440"),
        (("--minutes", "nan"), "nan is no number"),
        (("--methods", "rea", "-m", "drnos"), "`drnos`. Did you mean `drnas`?"),
        (("--space", "nb202"), "There is no space called `nb202`"),
        (("--device", "mps"), "`--device mps` cannot be measured; write cuda, cuda:1 or cpu."),
        (("--threads", "0"), "expected 1 or more, not '0'"),
    ],
)
def test_wrong_input_is_told_in_a_sentence(
    nasharness: Run, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "lost.json").symlink_to("missing/gpu.json")
    (tmp_path / "mine.json").write_text('{"accuracy": 91.5}')
    (tmp_path / "edited.md").write_text("# Notes\n")
    before = sorted(tmp_path.iterdir())
    here = TINY[:2] + TINY[3:] if words[0] == "--device" else TINY
    error = nasharness(*here, *words, code=2).stderr
    assert told in " ".join(error.split())
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_gpu_the_way_to_try_it_is_told(nasharness: Run, tmp_path: Path) -> None:
    error = nasharness("bench", "gpu", "--out", "gpu.json", code=2).stderr
    assert "no CUDA device; `--device cpu --tiny` tries the command" in " ".join(error.split())
    assert not list(tmp_path.iterdir())

"""`nasharness bench gpu`, tried on the CPU."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

Run = Callable[..., subprocess.CompletedProcess[str]]
TINY = ("bench", "gpu", "--device=cpu", "--tiny", "-m", "drnas")


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
    table = (tmp_path / "gpu.md").read_text()
    assert "| drnas |" in table
    assert "whose times say nothing" in table
    again = nasharness(*TINY, "--out", "gpu.json", "--json")
    repeated = json.loads(again.stdout)["measurements"]
    assert {key: repeated[key] for key in done} == {key: measured[key] for key in done}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--out", "gpu.txt"), "must end in .json"),
        (("--out", "folder.json"), "is a folder; name a file in it"),
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

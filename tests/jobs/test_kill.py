"""A trial killed with SIGKILL at any moment ends bit for bit as one that was never killed."""

from __future__ import annotations

import itertools
import multiprocessing
import random
import runpy
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs import driver
from nasbench_harness.jobs.driver import run_job
from nasbench_harness.store.files import read_json
from nasbench_harness.store.journals import read_journal
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec
from tests.landscape_methods import ON_LANDSCAPES

STEPS = 60
SELDOM = ("betadarts", "dartspt", "gdas", "reinmax", "rsws", "snas", "twotemp")
"""Methods whose states are like those of others; they are killed where slow tests run."""
METHODS = [
    pytest.param(name, marks=pytest.mark.slow if name in SELDOM else ()) for name in ON_LANDSCAPES
]
CHILDREN = Path(__file__).parent / "killed_children.py"
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["torch", "torch._dynamo", "nasbench_harness.jobs.driver", "nasbench_harness.jobs.search"]
)


def spec_of(method: str) -> TrialSpec:
    given = {"methods": method, "seeds": "5,", "steps": STEPS, "random": False, "noise": 0.5}
    return plan(build_config(None, given, []))[0]


def killed_again_and_again(
    child: str, spec: TrialSpec, folder: Path, moments: Sequence[int]
) -> int:
    """Run the trial in one process after the other; how many of them were killed."""
    deaths = 0
    for moment in (*moments, 10**9):
        asked = {"SPEC": spec, "FOLDER": folder, "MOMENT": moment, "CHILD": child}
        process = CONTEXT.Process(target=runpy.run_path, args=(str(CHILDREN), asked))
        process.start()
        process.join(120)
        deaths += process.exitcode == -signal.SIGKILL
    return deaths


def outcome_of(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Result and history without what the clock decides."""
    result, history = read_json(folder / "result.json"), read_journal(folder / "history.jsonl")
    for row in (result, *history):
        for name in ("seconds", "search_seconds"):
            row.pop(name, None)
    return result, history


@pytest.mark.parametrize("method", METHODS)
def test_killed_between_steps(method: str, tmp_path: Path) -> None:
    spec = spec_of(method)
    run_job(spec, tmp_path / "whole")
    folder = tmp_path / "parts"
    folder.mkdir()
    moments = random.Random(method).sample(range(2, STEPS // 4), 3)
    assert killed_again_and_again("killed_at_step", spec, folder, moments) == len(moments)
    assert outcome_of(folder) == outcome_of(tmp_path / "whole")


def test_what_was_checkpointed_is_not_searched_again(tmp_path: Path) -> None:
    """Each process begins with the step in which the one before it died."""
    folder = tmp_path / "parts"
    folder.mkdir()
    assert killed_again_and_again("killed_at_step", spec_of("drnas"), folder, [12, 9]) == 2
    done = [int(line) for line in (folder / "steps.log").read_text().split()]
    begun_again = [step for before, step in itertools.pairwise(done) if step <= before]
    assert begun_again == [12, 20]


@pytest.mark.parametrize(
    "method", ["drnas", *(pytest.param(name, marks=pytest.mark.slow) for name in ("unas", "rea"))]
)
def test_killed_while_files_are_written(method: str, tmp_path: Path) -> None:
    spec = spec_of(method)
    run_job(spec, tmp_path / "whole")
    folder = tmp_path / "parts"
    folder.mkdir()
    moments = [*range(1, 6), *random.Random(method).sample(range(6, 40), 2)]
    assert killed_again_and_again("killed_at_sync", spec, folder, moments) == len(moments)
    assert outcome_of(folder) == outcome_of(tmp_path / "whole")


def test_a_job_that_was_begun_before_saves_itself_sooner(
    planned: Callable[..., list[TrialSpec]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is killed again and again gets further all the same."""
    (spec,) = planned("rea", seeds="0,", random=False, steps=8)
    now = [0.0]
    monkeypatch.setattr(driver, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def saved() -> list[float]:
        begun, seconds = now[0], list[float]()
        running = driver.Driver(spec, tmp_path / "t", driver.Callbacks())
        running.open(Hardware(device="cpu"))
        for second in range(30):
            now[0] = begun + second
            if running.is_due(recorded=False):
                running.save()
                seconds.append(second)
        running.close()
        return seconds

    assert saved() == [11, 22]
    assert saved() == [2, 5, 11, 22]

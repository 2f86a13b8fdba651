"""One trial: what it writes, that it can be repeated, killed and resumed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nasbench_harness.jobs.driver import Callbacks, run_job
from nasbench_harness.jobs.search import SearchJob
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.problems.points import recorded_steps
from nasbench_harness.store.files import read_json
from nasbench_harness.store.journals import read_journal
from nasbench_harness.store.outcomes import Status, sentence
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec
from tests.landscape_methods import ON_LANDSCAPES

TIMES = ("seconds", "search_seconds")


@pytest.fixture
def spec() -> Callable[..., TrialSpec]:
    def make(methods: str = "unas", **given: Any) -> TrialSpec:
        chosen = {"methods": methods, "seeds": "3,", "steps": 60, "random": False, **given}
        return plan(build_config(None, chosen, []))[0]

    return make


def outcome_of(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Result and history without what the clock decides."""
    result, history = read_json(folder / "result.json"), read_journal(folder / "history.jsonl")
    for row in (result, *history):
        for name in TIMES:
            row.pop(name, None)
    return result, history


@pytest.mark.parametrize("method", ON_LANDSCAPES)
def test_same_spec_same_result(method: str, spec: Callable[..., TrialSpec], tmp_path: Path) -> None:
    chosen = spec(method, noise=0.5)
    assert run_job(chosen, tmp_path / "a").status is Status.DONE
    assert run_job(chosen, tmp_path / "b").status is Status.DONE
    assert outcome_of(tmp_path / "a") == outcome_of(tmp_path / "b")


@pytest.mark.parametrize("method", ON_LANDSCAPES)
def test_stopped_and_resumed_equals_uninterrupted(
    method: str, spec: Callable[..., TrialSpec], tmp_path: Path
) -> None:
    chosen = spec(method, noise=0.5)
    run_job(chosen, tmp_path / "whole")
    polls = iter(range(10_000))
    stopped = run_job(chosen, tmp_path / "parts", Callbacks(stopped=lambda: next(polls) == 30))
    assert stopped.status is Status.INTERRUPTED
    assert (tmp_path / "parts" / "checkpoint.pt").exists()
    assert run_job(chosen, tmp_path / "parts").status is Status.DONE
    assert outcome_of(tmp_path / "whole") == outcome_of(tmp_path / "parts")


def test_resume_after_a_kill_between_checkpoint_and_journal(
    spec: Callable[..., TrialSpec], tmp_path: Path
) -> None:
    """Lines written after the last checkpoint are dropped; a torn line is no harm."""
    chosen = spec("drnas")
    run_job(chosen, tmp_path / "whole")
    polls = iter(range(10_000))
    run_job(chosen, tmp_path / "parts", Callbacks(stopped=lambda: next(polls) == 20))
    with (tmp_path / "parts" / "history.jsonl").open("a") as journal:
        journal.write('{"step": 22}\n{"step": 23, "epo')
    run_job(chosen, tmp_path / "parts")
    assert outcome_of(tmp_path / "whole") == outcome_of(tmp_path / "parts")


def test_checkpoint_of_another_trial_is_refused(
    spec: Callable[..., TrialSpec], tmp_path: Path
) -> None:
    polls = iter(range(10_000))
    run_job(spec("drnas"), tmp_path, Callbacks(stopped=lambda: next(polls) == 20))
    outcome = run_job(spec("drnas", noise=1.0), tmp_path)
    assert outcome.status is Status.FAILED
    assert "belongs to another trial" in outcome.error


def test_damaged_checkpoint_is_named(spec: Callable[..., TrialSpec], tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"no checkpoint")
    outcome = run_job(spec(), tmp_path)
    assert outcome.status is Status.FAILED
    assert "No checkpoint can be read" in outcome.error
    assert "checkpoint.pt" in outcome.error


def test_different_seeds_differ(spec: Callable[..., TrialSpec], tmp_path: Path) -> None:
    run_job(spec("rea", seeds="3,"), tmp_path / "a")
    run_job(spec("rea", seeds="4,"), tmp_path / "b")
    assert outcome_of(tmp_path / "a")[1] != outcome_of(tmp_path / "b")[1]


def test_result_holds_what_the_table_knows(spec: Callable[..., TrialSpec], tmp_path: Path) -> None:
    run_job(spec("random"), tmp_path)
    result, _ = outcome_of(tmp_path)
    accuracy = result["cifar10_baseline_accuracy"]
    assert result["regret_cifar10_baseline_accuracy"] == pytest.approx(94.0664 - accuracy)
    assert result["queries"] == 60
    assert 0 < result["percentile"] < 100
    assert result["rank"] >= 1
    assert result["params"] > 0


def test_history_is_monotone_for_random_search(
    spec: Callable[..., TrialSpec], tmp_path: Path
) -> None:
    run_job(spec("random"), tmp_path)
    _, history = outcome_of(tmp_path)
    regrets = [row["regret_cifar10_baseline_accuracy"] for row in history]
    assert regrets == sorted(regrets, reverse=True)
    assert history[-1]["step"] == 60


def test_history_snapshots_are_distributions(
    spec: Callable[..., TrialSpec], tmp_path: Path
) -> None:
    run_job(spec("drnas"), tmp_path)
    snapshots = [r["probabilities"] for r in outcome_of(tmp_path)[1] if "probabilities" in r]
    assert len(snapshots) >= 10
    assert all(sum(row) == pytest.approx(1, abs=1e-4) for p in snapshots for row in p)


def test_failure_keeps_its_traceback(
    spec: Callable[..., TrialSpec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SearchJob, "advance", lambda _: 1 / 0)
    outcome = run_job(spec(), tmp_path)
    assert outcome.status is Status.FAILED
    assert outcome.error == "ZeroDivisionError: division by zero"
    assert "Traceback" in json.loads((tmp_path / "result.json").read_text())["traceback"]


def test_numbers_that_are_not_finite_stop_the_trial(
    spec: Callable[..., TrialSpec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = Landscape.losses

    def broken(self: Landscape, *args: Any) -> Any:
        return losses(self, *args) * (float("nan") if self.progress.step >= 30 else 1.0)

    monkeypatch.setattr(Landscape, "losses", broken)
    outcome = run_job(spec("darts"), tmp_path)
    assert outcome.status is Status.FAILED
    assert "not finite at step 31" in outcome.error
    assert read_journal(tmp_path / "history.jsonl")[-1]["step"] == 30  # the record is kept


def test_changed_table_is_noticed(spec: Callable[..., TrialSpec], tmp_path: Path) -> None:
    outcome = run_job(replace(spec(), table_hash="0" * 64), tmp_path)
    assert "has changed since the study was planned" in outcome.error


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_full_disk_fails_the_trial_with_its_name(
    spec: Callable[..., TrialSpec], small_disk: Path
) -> None:
    (small_disk / "ballast").write_bytes(b"0" * 40_000)
    outcome = run_job(spec("drnas"), small_disk / "trial")
    assert outcome.status is Status.FAILED
    assert "No space left on device" in outcome.error


@pytest.mark.parametrize("steps", [1, 2, 50, 100, 2000, 39_100])
def test_recorded_steps_have_first_and_last(steps: int) -> None:
    recorded = recorded_steps(steps)
    assert recorded[0] == 1
    assert recorded[-1] == steps
    assert recorded == sorted(set(recorded))
    assert len(recorded) <= 151


def test_identity_ignores_how_a_setting_was_given(spec: Callable[..., TrialSpec]) -> None:
    assert spec("unas").fingerprint == spec("unas[temperature=0.4]").fingerprint
    assert spec("unas").fingerprint != spec("unas[temperature=0.5]").fingerprint
    assert spec("unas").trial_id != spec("unas", noise=0.1).trial_id


def test_too_little_memory_names_options_of_the_problem(
    spec: Callable[..., TrialSpec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A landscape has no network, and a batch of one is no smaller."""

    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Landscape, "advance", full)
    told = run_job(spec(), tmp_path / "a").error
    assert told == "Out of memory; fewer --jobs need less (MemoryError)."
    told = run_job(spec(batch_size=4), tmp_path / "b").error
    assert told == "Out of memory; a smaller --batch-size or fewer --jobs need less (MemoryError)."


def test_too_little_memory_is_told_whatever_sizes_a_job_tells() -> None:
    told = sentence(MemoryError(), SimpleNamespace(sizes={"width": None, "cells": "all"}))
    assert told == "Out of memory; fewer --jobs need less (MemoryError)."

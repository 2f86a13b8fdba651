"""Folders that several machines see: what one runs or has run, no other runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from nasbench_harness.errors import HarnessError
from nasbench_harness.jobs import driver, missing
from nasbench_harness.jobs.cohort import run_cohort
from nasbench_harness.jobs.driver import Callbacks, run_job
from nasbench_harness.jobs.missing import working_on
from nasbench_harness.store import leases
from nasbench_harness.store.files import read_json
from nasbench_harness.store.leases import Heart, Lease
from nasbench_harness.store.outcomes import TRIAL_LOCK, Status
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec


@pytest.fixture
def specs() -> list[TrialSpec]:
    given = {"methods": "darts", "seeds": 2, "steps": 40, "random": False}
    return plan(build_config(None, given, []))


def hold(path: Path, heart: Heart) -> Lease:
    path.parent.mkdir(parents=True, exist_ok=True)
    lease = Lease(path, heart=heart)
    lease.acquire(0)
    return lease


def busy(monkeypatch: pytest.MonkeyPatch, heart: Heart) -> None:
    """Who waits for a lease waits no time, in which the other machine gives a sign of life."""
    monkeypatch.setattr(driver, "LOCK_SECONDS", 0)
    monkeypatch.setattr(missing, "LOCK_SECONDS", 0)
    defaults = {**(Lease.__init__.__kwdefaults__ or {}), "sleep": lambda seconds: heart.beat()}
    monkeypatch.setattr(Lease.__init__, "__kwdefaults__", defaults)


def test_study_that_another_machine_works_on_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Heart("there")
    hold(tmp_path / "study.lock", there)
    busy(monkeypatch, there)
    refusal = HarnessError("busy")
    with pytest.raises(HarnessError, match="busy"), working_on(tmp_path / "study.lock", refusal):
        raise AssertionError


def test_nothing_is_left_of_a_lease_on_a_study(tmp_path: Path) -> None:
    with working_on(tmp_path / "study.lock", HarnessError("busy")):
        assert leases.is_leased(tmp_path / "study.lock")
    assert not leases.is_leased(tmp_path / "study.lock")


@pytest.mark.parametrize("shared", [True, False])
def test_trial_that_another_machine_runs_is_left_alone(
    specs: list[TrialSpec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    there = Heart("there")
    hold(tmp_path / TRIAL_LOCK, there)
    busy(monkeypatch, there)
    outcome = run_job(specs[0], tmp_path, shared=shared)
    assert outcome.status is Status.FAILED
    assert "Another machine is working on" in outcome.error
    assert not (tmp_path / "result.json").exists()


@pytest.mark.parametrize("count", [1, 2])
def test_trials_that_have_ended_are_not_run_again(
    specs: list[TrialSpec], tmp_path: Path, count: int
) -> None:
    chosen = specs[:count]
    list(run_cohort(chosen, tmp_path, shared=True))
    before = [(tmp_path / s.trial_id / "result.json").stat() for s in chosen]
    again = list(run_cohort(chosen, tmp_path, shared=True))
    assert [outcome.status for outcome in again] == [Status.DONE] * count
    assert [(tmp_path / s.trial_id / "result.json").stat() for s in chosen] == before


def test_trial_that_was_taken_over_writes_nothing_more(
    specs: list[TrialSpec], tmp_path: Path
) -> None:
    taken: list[Lease] = []

    def take(steps: int) -> None:
        if not taken:
            (own,) = tmp_path.glob(".trial.lease-*")
            own.unlink()  # as whoever takes it does
            taken.append(hold(tmp_path / TRIAL_LOCK, Heart("there")))

    outcome = run_job(specs[0], tmp_path, Callbacks(progress=take), shared=True)
    assert outcome.status is Status.FAILED
    assert "taken over by another machine" in outcome.error
    assert not (tmp_path / "result.json").exists()
    taken[0].check()


def test_shared_trial_ends_as_any_other(specs: list[TrialSpec], tmp_path: Path) -> None:
    for name, shared in (("shared", True), ("alone", False)):
        run_job(specs[0], tmp_path / name, shared=shared)
    shared, alone = (read_json(tmp_path / n / "result.json") for n in ("shared", "alone"))
    assert {**shared, "search_seconds": 0} == {**alone, "search_seconds": 0}
    names = [sorted(p.name for p in (tmp_path / n).iterdir()) for n in ("shared", "alone")]
    assert names[0] == names[1]

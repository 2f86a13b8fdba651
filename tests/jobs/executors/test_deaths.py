"""Deaths count as long as trials get no further: what was saved or recorded is further."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness.jobs.driver import Callbacks, run_job
from nasbench_harness.jobs.executors.deaths import RETRIES, STARTS, Deaths
from nasbench_harness.jobs.executors.progress import Extent, beginning, reached
from nasbench_harness.store.checkpoints import save_checkpoint
from nasbench_harness.store.outcomes import Outcome, Status
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan

STEPS = 100


@pytest.fixture
def specs() -> list[Any]:
    given = {"methods": "darts", "seeds": 2, "steps": STEPS, "random": False}
    return plan(build_config(None, given, []))


def save(spec: Any, folder: Path, step: int) -> None:
    save_checkpoint(folder / spec.trial_id, {"fingerprint": spec.fingerprint}, step / STEPS)


def record(spec: Any, folder: Path, step: int) -> None:
    path = folder / spec.trial_id / "history.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"step": step}) + "\n")


def died(deaths: Deaths, specs: list[Any], folder: Path, begun: bool = True) -> str:
    return deaths.count(specs, folder, begun=begun)


def test_trial_that_dies_at_one_place_is_begun_again_so_often(
    specs: list[Any], tmp_path: Path
) -> None:
    deaths = Deaths()
    record(specs[0], tmp_path, 20)
    whys = []
    for _ in range(RETRIES + 1):
        save(specs[0], tmp_path, 30)  # the same checkpoint, written anew
        whys.append(died(deaths, specs[:1], tmp_path))
    assert whys == ["", "", "", "died 4 times at the same place of it"]


@pytest.mark.parametrize("further", [save, record])
def test_what_was_saved_or_recorded_is_further(
    specs: list[Any], tmp_path: Path, further: Any
) -> None:
    deaths = Deaths()
    for step in range(20):
        further(specs[0], tmp_path, step)
        assert died(deaths, specs[:1], tmp_path) == ""


def test_what_was_saved_counts_behind_what_was_recorded(specs: list[Any], tmp_path: Path) -> None:
    deaths = Deaths()
    record(specs[0], tmp_path, 90)
    for step in range(20):
        save(specs[0], tmp_path, step)
        assert died(deaths, specs[:1], tmp_path) == ""


def test_whoever_is_ahead_of_its_cohort_waits(specs: list[Any], tmp_path: Path) -> None:
    deaths = Deaths()
    save(specs[0], tmp_path, 50)
    for step in range(20):
        save(specs[1], tmp_path, step)
        assert died(deaths, specs, tmp_path) == ""
    assert [died(deaths, specs, tmp_path) != "" for _ in range(RETRIES)] == [False, False, True]


def test_what_a_cohort_died_of_is_not_counted_of_one(specs: list[Any], tmp_path: Path) -> None:
    deaths = Deaths()
    for _ in range(RETRIES + 1):
        last = died(deaths, specs, tmp_path)
    assert last
    assert [died(deaths, specs[:1], tmp_path) for _ in range(RETRIES)] == [""] * RETRIES


def test_what_was_lost_before_it_began_may_be_lost_more_often_but_not_for_ever(
    specs: list[Any], tmp_path: Path
) -> None:
    deaths = Deaths()
    whys = [died(deaths, specs[:1], tmp_path, begun=False) for _ in range(STARTS + 1)]
    assert whys == [*[""] * STARTS, "died 13 times before it had begun"]
    assert STARTS > RETRIES


def test_stopped_trial_is_reached_where_it_was_saved(specs: list[Any], tmp_path: Path) -> None:
    far: list[int] = []
    spec, folder = specs[0], tmp_path / specs[0].trial_id
    run_job(spec, folder, Callbacks(far.append, lambda: bool(far) and far[-1] >= STEPS / 2))
    assert reached(spec, tmp_path) == Extent(far[-1] / STEPS, far[-1])
    assert reached(specs[1], tmp_path) == Extent()


def test_going_on_is_told_from_not_having_begun(specs: list[Any], tmp_path: Path) -> None:
    spec, folder = specs[0], tmp_path / specs[0].trial_id
    assert beginning(spec, tmp_path) is None
    run_job(spec, folder, Callbacks(stopped=lambda: True))
    first = beginning(spec, tmp_path)
    assert first is not None
    assert beginning(spec, tmp_path) == first
    run_job(spec, folder, Callbacks(stopped=lambda: True))
    assert beginning(spec, tmp_path) != first


def test_what_was_done_before_the_death_is_told_and_not_run_again(
    specs: list[Any], tmp_path: Path
) -> None:
    done, other = specs
    assert run_job(done, tmp_path / done.trial_id).status is Status.DONE
    before = (tmp_path / done.trial_id / "result.json").stat()
    ends = [Deaths().settle(given, tmp_path, "Lost", begun=True) for given in (specs, [done])]
    assert ends == [
        ([[other]], [Outcome(done.trial_id, Status.DONE)]),
        ([], [Outcome(done.trial_id, Status.DONE)]),
    ]
    assert (tmp_path / done.trial_id / "result.json").stat() == before


def test_lone_trial_that_gets_no_further_has_failed(specs: list[Any], tmp_path: Path) -> None:
    deaths, spec = Deaths(), specs[0]
    ends = [deaths.settle([spec], tmp_path, "Lost", begun=True) for _ in range(RETRIES + 1)]
    assert ends[:-1] == [([[spec]], [])] * RETRIES
    again, (failed,) = ends[-1]
    assert again == []
    why = "Its node or worker process died 4 times at the same place of it (Lost)."
    assert failed == Outcome(spec.trial_id, Status.FAILED, why)


def test_cohort_that_gets_no_further_goes_on_one_by_one(specs: list[Any], tmp_path: Path) -> None:
    deaths = Deaths()
    ends = [deaths.settle(specs, tmp_path, "Lost", begun=True) for _ in range(RETRIES + 1)]
    assert ends == [([specs], [])] * RETRIES + [([[spec] for spec in specs], [])]

"""What every worker does, however it is reached, and what becomes of a dead one's trials."""

from __future__ import annotations

from pathlib import Path

import pytest

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.executors import Advanced, Event
from nasbench_harness.jobs.executors.working import Stop, bury, work
from nasbench_harness.store.files import read_json
from nasbench_harness.store.outcomes import Outcome, Status
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec

WHY = "It died."


@pytest.fixture
def specs() -> list[TrialSpec]:
    given = {"methods": "darts", "seeds": 2, "steps": 40, "random": False}
    return plan(build_config(None, given, []))


@pytest.mark.parametrize("count", [1, 2])
def test_every_trial_tells_how_far_it_is_and_how_it_ends(
    specs: list[TrialSpec], tmp_path: Path, count: int
) -> None:
    told: list[Event] = []
    work(specs[:count], tmp_path, Hardware(), told.append, Stop())
    ids = {spec.trial_id for spec in specs[:count]}
    assert {event.trial_id for event in told if isinstance(event, Advanced)} == ids
    ended = [event for event in told if isinstance(event, Outcome)]
    assert sorted(o.trial_id for o in ended) == sorted(ids)
    assert {o.status for o in ended} == {Status.DONE}


def test_trial_whose_listener_left_saves_itself(specs: list[TrialSpec], tmp_path: Path) -> None:
    def tell(event: Event) -> None:
        raise BrokenPipeError

    work(specs[:1], tmp_path, Hardware(), tell, Stop())
    folder = tmp_path / specs[0].trial_id
    assert read_json(folder / "result.json")["status"] == "interrupted"
    assert (folder / "checkpoint.pt").exists()


def test_trials_stop_once_it_is_enough_and_the_worker_does_not(
    specs: list[TrialSpec], tmp_path: Path
) -> None:
    told, stop = list[Event](), Stop()
    work(specs[:1], tmp_path, Hardware(), told.append, stop, enough=lambda spec, steps: steps > 2)
    assert isinstance(told[-1], Outcome)
    assert told[-1].status is Status.INTERRUPTED
    far = [event.steps for event in told if isinstance(event, Advanced)]
    assert far[-1] > 2 >= max(far[:-1], default=0)
    assert not stop.asked


def test_lone_trial_of_a_dead_worker_has_failed(specs: list[TrialSpec], tmp_path: Path) -> None:
    again, failed = bury(specs[:1], tmp_path, WHY)
    assert again == []
    assert failed == [Outcome(specs[0].trial_id, Status.FAILED, WHY)]
    assert read_json(tmp_path / specs[0].trial_id / "result.json")["error"] == WHY


@pytest.mark.parametrize(("count", "leaving"), [(2, False), (1, True), (0, False)])
def test_others_go_on_one_by_one(
    specs: list[TrialSpec], tmp_path: Path, count: int, leaving: bool
) -> None:
    again, failed = bury(specs[:count], tmp_path, WHY, leaving=leaving)
    assert again == [[spec] for spec in specs[:count]]
    assert failed == []
    assert list(tmp_path.iterdir()) == []

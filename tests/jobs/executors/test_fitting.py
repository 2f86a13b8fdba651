"""As many trials on a device as fit, and what becomes of one that does not."""

from __future__ import annotations

import importlib
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from nasbench_harness import registry
from nasbench_harness.hardware import DeviceError, Hardware, free_memory_mb, held_memory_mb
from nasbench_harness.jobs.driver import run_job
from nasbench_harness.jobs.executors import Advanced, Event, fitting
from nasbench_harness.jobs.executors.fitting import FittingExecutor, Footprint, firsts
from nasbench_harness.jobs.executors.local import MOVED, LocalExecutor, start_method
from nasbench_harness.jobs.executors.slots import Slot
from nasbench_harness.jobs.executors.working import Stop
from nasbench_harness.store.files import read_json
from nasbench_harness.store.journals import read_journal
from nasbench_harness.store.outcomes import HISTORY, Outcome, Status
from nasbench_harness.study.spec import TrialSpec

Plan = Callable[..., list[TrialSpec]]
CPU = Hardware(device="cpu")
SPENT = ("search_seconds", "cohort")


def needs(device: str, needed: float, free: float | None) -> Footprint:
    return Footprint("rea-0", 10, device, needed, free)


def test_as_many_fit_as_nine_tenths_of_the_free_memory_hold() -> None:
    assert fitting.fitting([needs("a", 100.0, 1000.0)], "a", most=20) == 9
    assert fitting.fitting([needs("a", 100.0, 1000.0)], "a", most=4) == 4


def test_one_at_least_and_one_where_nobody_knows() -> None:
    assert fitting.fitting([needs("a", 900.0, 300.0)], "a", most=9) == 1
    assert fitting.fitting([needs("a", 10.0, None)], "a", most=9) == 1
    assert fitting.fitting([needs("b", 10.0, 900.0)], "a", most=9) == 1


def test_the_largest_need_counts_wherever_it_was_found() -> None:
    found = [needs("a", 100.0, 1000.0), needs("b", 300.0, 2000.0)]
    assert fitting.fitting(found, "a", most=9) == 3
    assert fitting.fitting(found, "b", most=9) == 6


def test_the_first_of_each_kind_is_tried_and_one_for_every_device(planned: Plan) -> None:
    specs = planned("drnas,rea", seeds=4, random=False)
    assert [(s.method, s.seed) for s in firsts(specs, 1)] == [("drnas", 0), ("rea", 0)]
    assert len(firsts(specs, 5)) == 5


def test_those_that_are_only_stepped_together_are_tried_together(planned: Plan) -> None:
    given = {"search": "supernet", "dataset": "digits", "limit": 200, "cohort": 2, "random": False}
    specs = planned("darts,drnas[warmup_epochs=0]", seeds=4, epochs=1, table="none", **given)
    assert [(s.method, s.seed) for s in firsts(specs, 1)] == [
        ("darts", 0), ("darts", 1), ("drnas", 0), ("drnas", 1),
    ]  # fmt: skip
    assert len(firsts(specs, 3)) == 6


def test_a_device_tells_what_is_free_and_what_was_held() -> None:
    free, held = free_memory_mb(torch.device("cpu")), held_memory_mb(torch.device("cpu"))
    assert free is None or free > 0
    assert held > 50


def test_an_epoch_of_a_trial_is_kept(planned: Plan, tmp_path: Path) -> None:
    (spec,) = planned("drnas", seeds="0,", random=False, steps=40)
    events: list[Event] = []
    fitting.work_an_epoch([spec], tmp_path, CPU, events.append, Stop())
    (needed,) = [event for event in events if isinstance(event, Footprint)]
    assert spec.interval <= needed.steps < spec.steps
    assert needed.needed_mb > 50
    assert events[-1] == Outcome(
        spec.trial_id, Status.INTERRUPTED, f"stopped at step {needed.steps}"
    )
    assert (tmp_path / spec.trial_id / "checkpoint.pt").exists()


@pytest.mark.parametrize("heard", [0, 1])
def test_a_trial_whose_listener_left_saves_itself(
    planned: Plan, tmp_path: Path, heard: int
) -> None:
    (spec,) = planned("drnas", seeds="0,", random=False, steps=40)
    told, stop = list[Event](), Stop()

    def tell(event: Event) -> None:
        if len(told) >= heard:
            raise BrokenPipeError
        told.append(event)

    fitting.work_an_epoch([spec], tmp_path, CPU, tell, stop)
    assert stop.asked
    assert read_json(tmp_path / spec.trial_id / "result.json")["status"] == "interrupted"
    assert (tmp_path / spec.trial_id / "checkpoint.pt").exists()


def test_results_are_those_of_trials_alone(planned: Plan, tmp_path: Path) -> None:
    specs, told = planned("drnas,rea", seeds=3, random=False, steps=40), []
    executor = FittingExecutor(["cpu"], CPU, told=told.append)
    events = list(executor.run(specs, tmp_path))
    ended = [event.trial_id for event in events if isinstance(event, Outcome)]
    assert sorted(ended) == sorted(spec.trial_id for spec in specs)
    assert "Note: the first epochs took up to" in told[0]
    for spec in specs:
        run_job(spec, tmp_path / "alone" / spec.trial_id)
        both = [
            read_json(p / spec.trial_id / "result.json") for p in (tmp_path, tmp_path / "alone")
        ]
        found, alone = ({k: v for k, v in r.items() if k not in SPENT} for r in both)
        assert found == alone


def test_seeds_that_are_one_network_are_measured_as_one(planned: Plan, tmp_path: Path) -> None:
    """And find what they find without that."""
    given = {
        "search": "supernet", "dataset": "digits", "limit": 200, "cohort": 2, "random": False,
        "epochs": 2, "table": "none", "network": {"width": 2, "cells": 1, "batch_size": 50},
    }  # fmt: skip
    specs = planned("darts", seeds=4, **given)
    list(FittingExecutor(["cpu"], CPU).run(specs, tmp_path / "fitting"))
    list(LocalExecutor(1, CPU).run(specs, tmp_path / "local"))
    for spec in specs:
        found = [
            [row["train_loss"] for row in read_journal(tmp_path / way / spec.trial_id / HISTORY)]
            for way in ("fitting", "local")
        ]
        assert found[0] == found[1]
        assert len(found[0]) == 2


# --- out of memory -------------------------------------------------------------------------------


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_trial_that_ran_out_of_memory_says_so(
    planned: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, wrapped: bool
) -> None:
    def step(self: Any) -> dict[str, Any]:
        error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        if wrapped:
            raise DeviceError("The images do not fit.") from error
        raise error

    (spec,) = planned("rea", seeds="0,", random=False, steps=8)
    monkeypatch.setattr(registry.methods.load("rea"), "step", step)
    assert run_job(spec, tmp_path).out_of_memory


@pytest.fixture
def crowded(
    planned: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[list[TrialSpec], list[Event], list[str]]]:
    """Trials on a device that holds one of two: which they were, what they told, and the notes."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    crowding = importlib.import_module("crowding")

    def run(trials: int, *, ever: bool) -> tuple[list[TrialSpec], list[Event], list[str]]:
        told: list[str] = []
        work = crowding.Crowded(multiprocessing.get_context(start_method()), ever=ever)
        executor = LocalExecutor(slots=[Slot(CPU)] * 2, told=told.append, work=work)
        specs = planned("rea", seeds=trials, random=False, steps=8)
        return specs, list(executor.run(specs, tmp_path)), told

    return run


def test_it_runs_again_alone(crowded: Callable[..., Any]) -> None:
    specs, events, told = crowded(5, ever=False)
    ended = {event.trial_id: event.status for event in events if isinstance(event, Outcome)}
    assert ended == dict.fromkeys([spec.trial_id for spec in specs], Status.DONE)
    assert len(events) == 5 + 2
    assert [e.steps for e in events if isinstance(e, Advanced)] == [102, 201]  # beside one, alone
    assert told == [MOVED.format(specs[0].trial_id)]


def test_it_fails_with_its_sentence_when_that_is_not_enough(crowded: Callable[..., Any]) -> None:
    specs, events, told = crowded(3, ever=True)
    failed = [e for e in events if isinstance(e, Outcome) and e.status is Status.FAILED]
    assert [(e.trial_id, e.error) for e in failed] == [(specs[0].trial_id, "Out of memory")]
    assert len(told) == 1


def test_a_trial_that_ends_in_its_first_epoch_leaves_the_others(
    planned: Plan, tmp_path: Path
) -> None:
    given = {
        "search": "supernet", "dataset": "digits", "limit": 200, "random": False, "epochs": 1,
        "table": "none", "network": {"width": 2, "cells": 1, "batch_size": 50},
    }  # fmt: skip
    specs = planned("darts,rsws", seeds=2, **given)
    events = list(FittingExecutor(["cpu"], CPU).run(specs, tmp_path))
    ended = {event.trial_id: event.status for event in events if isinstance(event, Outcome)}
    assert ended == dict.fromkeys([spec.trial_id for spec in specs], Status.DONE)

"""How long jobs will take: measured on jobs whose clock is known."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs import forecast as module
from nasbench_harness.jobs.forecast import forecast

CLOCK = [0.0]


@dataclass
class Slow:
    """Opens in 2 s; each step takes 1 s, the first one 5 s; every second step has a line, 3 s."""

    steps: int
    step: int = 0

    @property
    def finished(self) -> bool:
        return self.step >= self.steps

    @property
    def share(self) -> float:
        return self.step / self.steps

    def advance(self) -> bool:
        CLOCK[0] += 5 if self.step == 0 else 1
        self.step += 1
        return self.step % 2 == 0

    def record(self) -> None:
        CLOCK[0] += 3


@dataclass(frozen=True)
class Planned:
    label: str = "slow"
    seed: int = 0
    steps: int = 100
    interval: float = 2
    cohort: str = ""
    places: int = 0
    place: int = 0
    trial_id: str = field(default="")


def opened(spec: Any, hardware: Hardware) -> Slow:
    if spec.label == "broken":
        raise ValueError("no such thing")
    CLOCK[0] += 2
    return Slow(spec.steps)


@pytest.fixture(autouse=True)
def _known_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    CLOCK[0] = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: CLOCK[0])
    monkeypatch.setattr(time, "monotonic", lambda: CLOCK[0])
    monkeypatch.setattr(module, "open_job", opened)


def plan(*labels: str, seeds: int = 1) -> list[Any]:
    return [Planned(la, seed, trial_id=f"{la}{seed}") for la in labels for seed in range(seeds)]


def test_opening_steps_and_lines_are_counted_each_by_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """2 + 100 x 1 + 50 x 3; the first step is as long as the others."""
    monkeypatch.setattr(module, "OF_ONE", 10.0)
    found = forecast(plan("slow"), 1, Hardware(), seconds=100.0)
    assert found.whole
    assert found.seconds == found.paces["slow"].seconds == pytest.approx(252)


def test_where_no_line_came_in_time_it_is_said() -> None:
    found = forecast(plan("slow"), 1, Hardware(), seconds=100.0)
    assert not found.paces["slow"].lines
    assert not found.whole


def test_each_goes_to_the_process_that_is_free_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OF_ONE", 10.0)
    found = forecast(plan("slow", seeds=3), 2, Hardware(), seconds=100.0)
    assert found.paces["slow"].seconds == pytest.approx(252)
    assert found.seconds == pytest.approx(504)


def test_what_was_not_measured_counts_as_the_slowest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OF_ONE", 10.0)
    found = forecast(plan("slow", "late"), 1, Hardware(), seconds=5.0)
    assert found.paces["late"].seconds is None
    assert not found.whole
    assert found.seconds == pytest.approx(2 * (found.paces["slow"].seconds or 0))


def test_what_cannot_run_takes_no_time_and_says_why() -> None:
    found = forecast(plan("slow", "broken"), 1, Hardware(), seconds=100.0)
    assert found.paces["broken"].fault == "ValueError: no such thing"
    assert found.seconds == found.paces["slow"].seconds


def test_nothing_takes_no_time() -> None:
    assert forecast([], 2, Hardware()).seconds == 0.0


def test_the_shortest_is_measured_first() -> None:
    """What is left out when the time is up is what takes longest to know."""
    specs = [Planned("long", steps=5000), Planned("short", steps=100)]
    found = forecast(specs, 1, Hardware(), seconds=5.0)
    assert found.paces["long"].seconds is None
    assert found.paces["short"].seconds is not None


def test_what_is_known_well_is_measured_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OF_ONE", 1000.0)
    found = forecast(plan("slow"), 1, Hardware(), seconds=5000.0)
    assert found.paces["slow"].steps == module.OFTEN
    assert found.whole


def test_a_cohort_is_as_many_at_a_time_as_it_has() -> None:
    """Of those that have places; what only shares its time runs one after the other."""
    alone = forecast(plan("slow", seeds=5), 2, Hardware(), seconds=0.0)
    assert alone.at_once == 2
    assert forecast(plan("slow"), 2, Hardware(), seconds=0.0).at_once == 1
    cohort = [
        Planned("slow", n, cohort="a", places=3, place=n % 3, trial_id=str(n)) for n in range(5)
    ]
    found = forecast(cohort, 2, Hardware(), seconds=0.0)
    assert (found.processes, found.at_once) == (2, 5)
    assert forecast([*cohort, *plan("slow")], 2, Hardware(), seconds=0.0).at_once == 5
    assert forecast([*cohort, *plan("slow")], 1, Hardware(), seconds=0.0).at_once == 3

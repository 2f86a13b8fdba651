"""Leases: who holds one, who waits, and who takes it from the dead, each by its own clock."""

from __future__ import annotations

import multiprocessing
import os
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

from nasbench_harness.store.leases import (
    BEAT_SECONDS,
    PATIENCE_SECONDS,
    Heart,
    Lease,
    LeaseError,
    is_leased,
)

HOUR = 3600
CHILD = Path(__file__).parent / "counting_child.py"


class Time:
    """A machine's own clock; while somebody sleeps on it something may happen elsewhere."""

    def __init__(self, now: float = 0.0, meanwhile: Callable[[], None] = lambda: None) -> None:
        self.now, self._meanwhile = now, meanwhile

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self._meanwhile()


def lease(path: Path, heart: Heart, time: Time) -> Lease:
    return Lease(path, heart=heart, clock=time, sleep=time.sleep)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trial.lock"


def test_living_holder_keeps_it(path: Path) -> None:
    here, there = Heart("here"), Heart("there")
    held = lease(path, here, Time())
    held.acquire(0)
    time = Time(meanwhile=here.beat)
    with pytest.raises(LeaseError, match="Another machine is working on"):
        lease(path, there, time).acquire(5)
    assert 5 < time.now < PATIENCE_SECONDS
    held.check()


def test_who_waits_gets_it_when_it_is_released(path: Path) -> None:
    here, there = Heart("here"), Heart("there")
    held = lease(path, here, Time())
    held.acquire(0)
    time = Time(meanwhile=held.release)
    other = lease(path, there, time)
    other.acquire(30)
    assert time.now < BEAT_SECONDS
    other.check()


def test_dead_holder_of_another_machine_loses_it_after_a_while(path: Path) -> None:
    here, there = Heart("here"), Heart("there")
    held = lease(path, here, Time())
    held.acquire(0)
    time = Time()
    other = lease(path, there, time)
    other.acquire(0)
    assert PATIENCE_SECONDS < time.now < PATIENCE_SECONDS + BEAT_SECONDS
    here.beat()  # it was not dead but slow
    assert held.lost
    with pytest.raises(LeaseError, match="taken over by another machine"):
        held.check()
    held.release()
    other.check()


def test_dead_holder_of_this_machine_loses_it_at_once(path: Path) -> None:
    lease(path, Heart("here"), Time()).acquire(0)
    time = Time()
    lease(path, Heart("here"), time).acquire(0)
    assert time.now == 0


def test_other_leases_of_a_dead_owner_are_taken_at_once(tmp_path: Path) -> None:
    here, there, time = Heart("here"), Heart("there"), Time()
    for name in ("one.lock", "two.lock"):
        lease(tmp_path / name, here, Time()).acquire(0)
    lease(tmp_path / "one.lock", there, time).acquire(0)
    before = time.now
    lease(tmp_path / "two.lock", there, time).acquire(0)
    assert time.now == before


@pytest.mark.parametrize("skew", [-HOUR, HOUR])
def test_clocks_an_hour_apart_change_nothing(path: Path, skew: float) -> None:
    here, there = Heart("here"), Heart("there")
    lease(path, here, Time(0)).acquire(0)
    (file,) = path.parent.iterdir()

    def beat() -> None:
        here.beat()
        os.utime(file, (skew, skew))

    with pytest.raises(LeaseError):
        lease(path, there, Time(skew + HOUR, meanwhile=beat)).acquire(PATIENCE_SECONDS + 10)


def test_nothing_is_left_behind(path: Path) -> None:
    held = lease(path, Heart("here"), Time())
    held.acquire(0)
    assert is_leased(path)
    held.release()
    assert list(path.parent.iterdir()) == []
    assert not is_leased(path)


def test_late_taker_of_a_dead_lease_leaves_a_new_one_alone(path: Path) -> None:
    """It looked before somebody else took, used and gave back the lease, and a third began."""
    lease(path, Heart("dead"), Time()).acquire(0)
    late = lease(path, Heart("late"), Time())
    seen = late._others()
    lease(path, Heart("dead"), Time()).acquire(0)  # its number is 2
    assert not late._take(seen)
    (second,) = path.parent.iterdir()
    second.unlink()
    third = lease(path, Heart("third"), Time())
    third.acquire(0)  # its number is 1, as that of the dead was
    assert not late._take(seen)
    third.check()
    assert len(list(path.parent.iterdir())) == 1


def test_lease_that_is_being_written_is_somebody_s(path: Path) -> None:
    (path.parent / ".trial.lease-1").touch()
    time = Time()
    lease(path, Heart("here"), time).acquire(0)
    assert time.now > PATIENCE_SECONDS


def test_only_one_of_many_processes_has_it(tmp_path: Path) -> None:
    (tmp_path / "number").write_text("0")
    context = multiprocessing.get_context("spawn")
    given = (str(CHILD), {"FOLDER": tmp_path, "TIMES": 50})
    workers = [context.Process(target=runpy.run_path, args=given) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert (tmp_path / "number").read_text() == "150"

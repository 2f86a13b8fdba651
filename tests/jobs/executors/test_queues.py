"""Pieces of work in a shared folder: each is taken once, and a dead holder's again."""

from __future__ import annotations

from pathlib import Path

import pytest

from nasbench_harness.jobs.executors import queues
from nasbench_harness.jobs.executors.local import LocalExecutor
from nasbench_harness.jobs.executors.progress import Extent
from nasbench_harness.jobs.executors.queues import Marks, Queue
from nasbench_harness.jobs.executors.requests import ClusterError
from nasbench_harness.store.leases import Heart, Lease
from nasbench_harness.store.outcomes import Outcome, Status

START = Extent()
DONE = [Outcome("a", Status.DONE), Outcome("b", Status.FAILED, "why")]


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    made = Queue(tmp_path, 3)
    made.lay_out()
    return made


def numbers(queue: Queue) -> list[int]:
    taken = []
    while piece := queue.take():
        taken.append(piece.number)
    return taken


def die_on(tmp_path: Path, number: int) -> None:
    """As a machine that was switched off in the middle of a piece."""
    place = tmp_path / "taken" / f"{number:06d}"
    place.mkdir()
    Lease(place / "piece.lock", heart=Heart("there")).acquire(0)


def test_every_piece_is_taken_once(queue: Queue, tmp_path: Path) -> None:
    first = queue.take()
    assert first is not None
    assert [first.number, *numbers(Queue(tmp_path, 3, first=2))] == [0, 2, 1]
    assert queue.take() is None


def test_what_ended_tells_how_and_is_not_taken_again(queue: Queue, tmp_path: Path) -> None:
    piece = queue.take()
    assert piece is not None
    piece.end(DONE)
    assert (queue.ended, queue.taken) == ({0}, set())
    assert queue.outcomes(0) == DONE
    assert numbers(Queue(tmp_path, 3)) == [1, 2]


def test_what_was_left_is_taken_again(queue: Queue) -> None:
    piece = queue.take()
    assert piece is not None
    piece.leave()
    assert sorted(numbers(queue)) == [0, 1, 2]


def test_stale_list_takes_nothing_that_ended(queue: Queue, tmp_path: Path) -> None:
    other = Queue(tmp_path, 3)
    kept = queue.take()  # it has a list of all three now
    assert kept is not None
    piece = other.take()
    assert piece is not None
    piece.end(DONE)
    assert numbers(queue) == [2]


def test_piece_of_a_dead_machine_is_taken(
    queue: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    die_on(tmp_path, 1)
    defaults = Lease.__init__.__kwdefaults__
    passed = iter(range(0, 10_000, 30))
    quick = {**defaults, "clock": lambda: float(next(passed)), "sleep": lambda seconds: None}
    monkeypatch.setattr(Lease.__init__, "__kwdefaults__", quick)
    waited: list[float] = []
    piece = queue.take_dead(waited.append)
    assert piece is not None
    assert piece.number == 1
    assert waited == [queues.WATCH_SECONDS]


def test_piece_of_a_machine_that_lives_is_left_alone(queue: Queue, tmp_path: Path) -> None:
    place = tmp_path / "taken" / "000001"
    place.mkdir()
    heart = Heart("there")
    Lease(place / "piece.lock", heart=heart).acquire(0)
    assert queue.take_dead(lambda seconds: heart.beat()) is None


def test_nobody_waits_where_nothing_is_taken(queue: Queue) -> None:
    def wait(seconds: float) -> None:
        raise AssertionError

    assert queue.take_dead(wait) is None


def test_queue_that_was_cleared_away_has_nothing(tmp_path: Path) -> None:
    gone = Queue(tmp_path / "gone", 2)
    assert gone.take() is None
    assert (gone.ended, gone.taken, gone.stopped) == (set(), set(), False)


def test_mark_stays_where_the_process_dies(tmp_path: Path) -> None:
    marks = Marks(tmp_path / "begun")
    dying = marks.on({"a": START, "b": START})
    dying.__enter__()
    with marks.on({"a": START}):
        assert marks.deaths({"a": START, "b": START}) == {"a": 2, "b": 1}
    assert marks.deaths({"a": START}) == {"a": 1}


@pytest.mark.parametrize("further", [Extent(0.5, 600), Extent(0.6, 500), Extent(0.6, 0)])
def test_death_that_got_a_trial_further_does_not_count(tmp_path: Path, further: Extent) -> None:
    marks = Marks(tmp_path / "begun")
    here = Extent(0.5, 500)
    dying = [marks.on({"a": far}) for far in (START, here, here)]
    for mark in dying:
        mark.__enter__()
    assert marks.deaths({"a": here}) == {"a": 2}  # the first began at 0 and brought it there
    assert marks.deaths({"a": Extent(0.5, 400)}) == {"a": 2}  # steps that will be done again
    assert marks.deaths({"a": further}) == {}


def test_whoever_is_ahead_of_its_cohort_waits(tmp_path: Path) -> None:
    marks = Marks(tmp_path / "begun")
    ahead = Extent(0.5)
    dying = marks.on({"a": ahead, "b": START})
    dying.__enter__()
    assert marks.deaths({"a": ahead, "b": START}) == {"a": 1, "b": 1}
    assert marks.deaths({"a": ahead, "b": Extent(0.1)}) == {}


def test_death_before_the_beginning_is_counted_apart(tmp_path: Path) -> None:
    marks = Marks(tmp_path / "begun")
    dying = marks.on({"a": START}, begun=False)
    dying.__enter__()
    assert marks.deaths({"a": START}) == {}
    assert marks.deaths({"a": START}, begun=False) == {"a": 1}


def test_mark_of_an_earlier_release_counts(tmp_path: Path) -> None:
    (tmp_path / "0.json").write_text('{"a": 500}')
    marks = Marks(tmp_path)
    assert marks.deaths({"a": Extent(recorded=500)}) == {"a": 1}
    assert marks.deaths({"a": Extent(recorded=501)}) == {}


def test_whoever_lost_a_piece_neither_ends_nor_removes_it(tmp_path: Path) -> None:
    queue = Queue(tmp_path, 1)
    queue.lay_out()
    first = queue.take()
    assert first is not None
    (lease,) = (tmp_path / "taken" / "000000").glob(".piece.lease-*")
    lease.rename(lease.with_name(".piece.lease-7"))  # as of somebody who took it over
    first.end([Outcome("a", Status.FAILED, "was taken over")])
    assert queue.ended == set()
    assert queue.taken == {0}


def test_what_no_trial_catches_leaves_a_mark(tmp_path: Path) -> None:
    marks = Marks(tmp_path / "marks")
    with pytest.raises(SystemExit), marks.on({"a": START}):
        raise SystemExit
    with pytest.raises(ValueError, match="caught"), marks.on({"b": START}):
        raise ValueError("caught")
    assert marks.deaths({"a": START, "b": START}) == {"a": 1}


def test_nobody_else_works_where_tasks_may(tmp_path: Path) -> None:
    batch = tmp_path / "slurm" / "abcd"
    queue = Queue(batch / "queue", 1)
    queue.lay_out()
    (batch / "batch.json").write_text("[]")
    with pytest.raises(ClusterError, match="go on with --executor slurm"):
        next(LocalExecutor(1).run([], tmp_path / "trials"))
    queue.stop()
    assert list(LocalExecutor(1).run([], tmp_path / "trials")) == []

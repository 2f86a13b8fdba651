"""How a bench goes: what comes first, when it ends, and what another command goes on with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from nasbench_harness.bench.asked import MACHINE, BenchItem, BenchRequest, measurements
from nasbench_harness.bench.record import BenchError, BenchRecord, BenchResult, open_record
from nasbench_harness.bench.running import run_bench
from nasbench_harness.store.seals import is_sealed

ASKED = BenchRequest("cuda", "nb201", ("darts", "drnas"), False, "paper")
FACTS = {"device": "a card", "torch": "2.11.0", "release": "0.2.0"}
WANTED = measurements(ASKED)


class Clock:
    """Goes on when somebody measures."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Machine:
    """Takes `takes` seconds for everything; answers what `answers` say, else a number."""

    def __init__(
        self,
        clock: Clock,
        takes: float = 1.0,
        answers: Callable[[str], BenchResult | None] = lambda key: None,
        facts: dict[str, str] = FACTS,
    ) -> None:
        self.clock, self.takes, self.answers, self.facts = clock, takes, answers, facts
        self.asked: list[tuple[str, float]] = []

    def measure(self, one: BenchItem, seconds: float) -> BenchResult:
        self.asked.append((one.key, seconds))
        if one is MACHINE:
            return BenchResult("done", self.facts)
        self.clock.now += min(self.takes, seconds)
        if self.takes > seconds:
            return BenchResult("failed", reason="the time was over")
        return self.answers(one.key) or BenchResult("done", {"step_ms": 2.0, "plain_ms": 4.0})


def run(path: Path, machine: Machine, minutes: float = 10, **how: object) -> BenchRecord:
    record = open_record(path, ASKED, **how)  # type: ignore[arg-type]
    run_bench(record, path, WANTED, machine, seconds=60 * minutes, clock=machine.clock)
    return record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gpu.json"


def test_everything_is_measured_once_in_its_order(path: Path) -> None:
    machine = Machine(Clock())
    run(path, machine)
    assert [key for key, _ in machine.asked[1:]] == [one.key for one in WANTED]
    content = json.loads(path.read_text())
    assert content["measurements"]["steps/drnas bf16"]["step_ms"] == 2.0
    assert content["machine"] == FACTS
    assert content["spent_s"] == len(WANTED)


def test_names_are_told_apart() -> None:
    assert len({one.key for one in WANTED}) == len(WANTED)


def test_what_does_not_fit_is_left_out_and_made_up_for(path: Path) -> None:
    machine = Machine(Clock(), takes=20.0)
    run(path, machine, minutes=1)
    states = [one["status"] for one in json.loads(path.read_text())["measurements"].values()]
    assert states == ["done"] * 3 + ["skipped"] * (len(WANTED) - 3)
    again = Machine(Clock())
    record = run(path, again)
    assert [key for key, _ in again.asked[1:]] == [one.key for one in WANTED[3:]]
    assert record.spent == 60 + len(WANTED) - 3
    assert {one.status for one in record.measured.values()} == {"done"}


def test_nothing_takes_longer_than_is_left_or_than_its_share(path: Path) -> None:
    machine = Machine(Clock(), takes=1000.0)
    record = run(path, machine, minutes=2)
    assert machine.clock.now == 120
    reasons = [one.reason for one in record.measured.values()]
    assert reasons[:4] == [
        "it took longer than its 60 seconds", "it took longer than its 45 seconds",
        "the time was over in the middle of it", "the time was over",
    ]  # fmt: skip


def test_a_failure_is_told_and_tried_once_more_in_the_end(path: Path) -> None:
    def answers(key: str) -> BenchResult | None:
        if key == "pass/bf16":
            return BenchResult("failed", reason="OutOfMemoryError: 2 GiB")
        return BenchResult("skipped", reason="no pytest") if key == "tests/cuda" else None

    run(path, Machine(Clock(), answers=answers))
    table = path.with_suffix(".md").read_text()
    assert "| pass/bf16 | failed | OutOfMemoryError: 2 GiB |" in table
    assert "| tests/cuda | skipped | no pytest |" in table
    again = Machine(Clock())
    run(path, again)
    assert [key for key, _ in again.asked[1:]] == ["tests/cuda", "pass/bf16"]


def test_a_failure_that_there_was_no_time_for_again_stays_told(path: Path) -> None:
    run(path, Machine(Clock(), answers=lambda key: BenchResult("failed", reason="broken")))
    record = run(path, Machine(Clock(), takes=0.0), minutes=0.01)
    assert {one.reason for one in record.measured.values()} == {"broken"}
    record = run(path, Machine(Clock(), takes=1000.0), minutes=0.5)  # begun, and not ended
    assert {one.reason for one in record.measured.values()} == {"broken"}


def test_why_something_cannot_be_measured_stays_told(path: Path) -> None:
    """Another command that comes to its end before does not say that time was all it took."""

    def answers(key: str) -> BenchResult | None:
        return BenchResult("skipped", reason="no pytest") if key == "tests/cuda" else None

    run(path, Machine(Clock(), answers=answers))
    for takes, minutes in ((0.0, 0.01), (1000.0, 0.5)):  # not begun, and not ended
        record = run(path, Machine(Clock(), takes=takes), minutes=minutes)
        assert record.measured["tests/cuda"] == BenchResult("skipped", reason="no pytest")


def test_what_time_was_short_for_comes_before_what_cannot_be_measured(path: Path) -> None:
    machine = Machine(
        Clock(), 20.0, lambda key: BenchResult("skipped", reason="no such arithmetic")
    )
    record = run(path, machine, minutes=1)
    assert [one.is_late for one in record.measured.values()][:4] == [False, False, False, True]
    again = Machine(Clock())
    run(path, again)
    assert [key for key, _ in again.asked[1:]] == [one.key for one in [*WANTED[3:], *WANTED[:3]]]


def test_the_file_is_in_its_order_whenever_a_number_was_measured(path: Path) -> None:
    def answers(key: str) -> BenchResult | None:
        return BenchResult("failed", reason="broken") if key == WANTED[0].key else None

    run(path, Machine(Clock(), 20.0, answers), minutes=1)
    record = run(path, Machine(Clock()))
    assert list(record.measured) == [one.key for one in WANTED]


def test_the_start_of_the_device_is_a_part_of_the_minutes(path: Path) -> None:
    machine = Machine(Clock())
    run(path, machine, minutes=0.5)
    assert machine.asked[0] == (MACHINE.key, 30)


def test_the_file_is_whole_after_every_number(path: Path) -> None:
    counts = []

    def answers(key: str) -> None:
        if path.exists():
            counts.append(len(json.loads(path.read_text())["measurements"]))

    run(path, Machine(Clock(), answers=answers))
    assert counts == list(range(1, len(WANTED)))


def test_the_table_has_what_was_measured(path: Path) -> None:
    run(path, Machine(Clock()))
    table = path.with_suffix(".md").read_bytes()
    assert is_sealed(table, ".md")
    assert "| drnas | 2.00 | 2.00 | 2.00 | 2.00 | 2.00 | 4.00 |" in table.decode()
    assert "# nb201 on a card" in table.decode()


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({**FACTS, "device": "another card"}, "another machine .device a card, and here it is ano"),
        ({**FACTS, "torch": "2.12.0"}, "torch 2.11.0, and here it is 2.12.0"),
    ],
)
def test_numbers_of_two_machines_are_not_mixed(
    path: Path, facts: dict[str, str], told: str
) -> None:
    run(path, Machine(Clock()))
    before = path.read_text()
    with pytest.raises(BenchError, match=told):
        run(path, Machine(Clock(), facts=facts))
    assert path.read_text() == before
    run(path, Machine(Clock(), facts=facts), overwrite=True)
    assert json.loads(path.read_text())["machine"] == facts


def test_another_question_needs_another_file(path: Path) -> None:
    run(path, Machine(Clock()))
    other = BenchRequest("cuda", "nb201", ("darts",), False, "paper")
    told = "measured with --methods darts,drnas, and not --methods darts; begin it anew"
    with pytest.raises(BenchError, match=told):
        open_record(path, other)
    tiny = BenchRequest("cuda", "nb201", ("darts", "drnas"), True, "paper")
    with pytest.raises(BenchError, match="measured with no --tiny, and not --tiny"):
        open_record(path, tiny)


def test_numbers_of_another_release_are_not_mixed(path: Path) -> None:
    run(path, Machine(Clock()))
    path.write_text(
        path.read_text().replace('"release": "0.2.0",\n  "asked"', '"release": "0.1.9",\n  "asked"')
    )
    with pytest.raises(BenchError, match=r"of release 0\.1\.9, and this is"):
        open_record(path, ASKED)


def test_a_file_of_another_format_is_begun_anew_only_when_asked_to(path: Path) -> None:
    run(path, Machine(Clock()))
    path.write_text(path.read_text().replace("bench gpu 1", "bench gpu 2"))
    with pytest.raises(BenchError, match=r"of format .* gpu 2, and this is .* gpu 1; begin it ane"):
        open_record(path, ASKED)
    assert not open_record(path, ASKED, overwrite=True).measured


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("asked", [1]),
        ("asked", {"device": "cuda"}),
        ("machine", [1]),
        ("machine", {"device": "a card"}),
        ("measurements", {"pass/fp32": {"status": "finished"}}),
        ("measurements", {"pass/fp32": {"status": "done", "step_ms": [1]}}),
        ("spent_s", "long"),
    ],
)
def test_a_damaged_file_is_left_alone(path: Path, key: str, value: object) -> None:
    run(path, Machine(Clock()))
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(BenchError, match="or a damaged one; move it away"):
        open_record(path, ASKED)


def test_a_torn_file_is_left_alone(path: Path) -> None:
    run(path, Machine(Clock()))
    path.write_text(path.read_text()[:500])
    with pytest.raises(BenchError, match="or a damaged one; move it away"):
        open_record(path, ASKED, overwrite=True)


def test_words_where_numbers_were_are_no_numbers_of_the_table(path: Path) -> None:
    run(path, Machine(Clock()))
    path.write_text(path.read_text().replace('"step_ms": 2.0', '"step_ms": "fast"'))
    run(path, Machine(Clock()))
    assert "| drnas | – | – | – | – | – | 4.00 |" in path.with_suffix(".md").read_text()


@pytest.mark.parametrize(
    "content", ["{}", "[1]", "text", '{"format": "nasharness bench gpu 1"}', '{"format": 1}']
)
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_of_something_else_is_left_alone(path: Path, content: str, overwrite: bool) -> None:
    path.write_text(content)
    with pytest.raises(BenchError, match="is no file of `nasharness bench gpu`, or a dam"):
        open_record(path, ASKED, overwrite=overwrite)


@pytest.mark.parametrize(
    ("reason", "minutes", "told"),
    [
        ("no CUDA device", 10, "no CUDA device"),
        ("the time was over", 10, r"not answer within 120 seconds\.$"),
        ("the time was over", 0.5, r"not answer within 30 seconds; give more --minutes\."),
    ],
)
def test_without_the_machine_nothing_is_written(
    path: Path, reason: str, minutes: float, told: str
) -> None:
    class Missing(Machine):
        def measure(self, one: BenchItem, seconds: float) -> BenchResult:
            return BenchResult("failed", reason=reason)

    with pytest.raises(BenchError, match=told):
        run(path, Missing(Clock()), minutes)
    assert not path.exists()


def test_what_was_measured_before_an_interrupt_is_kept(path: Path) -> None:
    def answers(key: str) -> None:
        if key == WANTED[3].key:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(path, Machine(Clock(), answers=answers))
    again = Machine(Clock())
    run(path, again)
    assert [key for key, _ in again.asked[1:]] == [one.key for one in WANTED[3:]]

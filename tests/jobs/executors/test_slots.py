"""Several devices of one machine: who runs where, on which cores, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from nasbench_harness.hardware import DeviceError, Hardware
from nasbench_harness.jobs.executors import slots
from nasbench_harness.jobs.executors.local import LocalExecutor
from nasbench_harness.jobs.executors.slots import Slot, slots_on
from tests.commands import called

CPU = Hardware(threads=1, workers=0)
RUN = ("run", "-m", "drnas,rea", "--seeds", "3", "--steps", "40", "--no-report")
linux = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be bound")


def test_devices_take_turns_and_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "find_device", lambda name: name)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(9)), raising=False)
    found = slots_on(["cuda:0", "cuda:1"], 2, CPU)
    assert [slot.hardware.device for slot in found] == ["cuda:0", "cuda:1", "cuda:0", "cuda:1"]
    assert {slot.hardware.threads for slot in found} == {1}
    assert sorted(len(slot.cores) for slot in found) == [2, 2, 2, 3]
    assert frozenset.union(*(slot.cores for slot in found)) == set(range(9))


def test_nobody_is_bound_where_cores_are_too_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3}, raising=False)
    assert [slot.cores for slot in slots_on(["cpu"], 2, CPU)] == [frozenset(), frozenset()]


def test_a_device_named_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "find_device", lambda _: "cuda:0")
    with pytest.raises(DeviceError, match="`cuda:0` is named twice; --per-device 2"):
        slots_on(["cuda", "cuda:0"], 1, CPU)


def test_each_device_may_have_a_number_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "find_device", lambda name: name)
    found = slots_on(["cuda:0", "cuda:1"], [1, 3], CPU)
    assert [slot.hardware.device for slot in found] == ["cuda:0", "cuda:1", "cuda:1", "cuda:1"]


@linux
def test_a_slot_binds_its_process() -> None:
    before = os.sched_getaffinity(0)
    one = frozenset([min(before)])
    try:
        Slot(CPU, one).enter()
        assert os.sched_getaffinity(0) == one
    finally:
        os.sched_setaffinity(0, before)


def test_an_executor_has_a_process_for_each_slot() -> None:
    assert LocalExecutor(slots=slots_on(["cpu"], 3, CPU)).jobs == 3


def test_tables_are_those_of_as_many_jobs(tmp_path: Path) -> None:
    places = {
        "jobs": ("--jobs", "2"),
        "devices": ("--devices", "cpu", "--per-device", "2"),
        "fitting": ("--devices", "cpu", "--per-device", "auto"),
    }
    tables = []
    for name, options in places.items():
        done = called(*RUN, *options, "--out", str(tmp_path / name))
        assert done.returncode == 0, done.stderr
        table = pd.read_csv(tmp_path / name / "trials.csv")
        tables.append(table.drop(columns=["search_seconds", "cohort", "command"], errors="ignore"))
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0])


def test_resume_takes_devices_too(tmp_path: Path) -> None:
    assert called(*RUN, "--out", str(tmp_path / "a")).returncode == 0
    next((tmp_path / "a" / "trials").glob("rea-*/result.json")).unlink()
    done = called("resume", str(tmp_path / "a"), "--devices", "cpu", "--no-report")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "a" / "trials").glob("rea-*/result.json"))) == 3


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--devices", "cuda:7"), "`cuda:7` is not available"),
        (("--devices", "gpu0"), "There is no device `gpu0`"),
        (("--devices", "cpu,cpu"), "`cpu` is named twice"),
        (("--devices", ","), "--devices names no device"),
        (("--devices", "cpu", "--jobs", "2"), "--devices does not go with --jobs"),
        (("--devices", "cpu", "--device", "cpu"), "--devices does not go with --device"),
        (("--devices", "cpu", "--executor", "ray"), "--devices are those of this machine"),
        (("--per-device", "2"), "--per-device needs --devices"),
        (("--devices", "cpu", "--per-device", "0"), "a whole number of 1 or more, or auto"),
        (("--devices", "cpu", "--per-device", "many"), "or auto; not `many`"),
    ],
)
def test_what_does_not_fit_is_a_sentence_before_anything_starts(
    tmp_path: Path, options: tuple[str, ...], sentence: str
) -> None:
    done = called(*RUN, *options, "--out", str(tmp_path / "a"))
    assert done.returncode == 2
    assert sentence in " ".join(done.stderr.split())
    assert not (tmp_path / "a").exists()


def test_a_dry_run_counts_them(tmp_path: Path) -> None:
    options = ("--devices", "cpu", "--per-device", "3", "--dry-run")
    done = called(*RUN, *options, "--out", str(tmp_path / "a"))
    assert "3 at a time" in " ".join(done.stdout.split())

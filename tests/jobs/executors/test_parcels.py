"""Files of trials as bytes: what one machine has begun, another goes on with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nasbench_harness.jobs.driver import Callbacks, run_job
from nasbench_harness.jobs.executors import parcels
from nasbench_harness.jobs.executors.parcels import Parcel, pack, shipping, unpack
from nasbench_harness.store.files import read_json, write_json
from nasbench_harness.store.outcomes import Status
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan

STEPS = 200


@pytest.fixture
def spec() -> Any:
    given = {"methods": "darts", "seeds": 1, "steps": STEPS, "random": False}
    return plan(build_config(None, given, []))[0]


def stopped(spec: Any, folder: Path) -> None:
    """Run it about halfway."""
    far: list[int] = []
    run_job(spec, folder, Callbacks(far.append, lambda: bool(far) and far[-1] > STEPS / 2))
    assert read_json(folder / "result.json")["status"] == "interrupted"


def result(folder: Path) -> dict[str, Any]:
    return {k: v for k, v in read_json(folder / "result.json").items() if k != "search_seconds"}


def test_trial_goes_on_where_its_parcel_was_unpacked(spec: Any, tmp_path: Path) -> None:
    stopped(spec, tmp_path / "there")
    unpack(pack(tmp_path / "there"), tmp_path / "here")
    assert (tmp_path / "here" / "checkpoint.pt").exists()
    assert run_job(spec, tmp_path / "here").status is Status.DONE
    run_job(spec, tmp_path / "alone")
    assert result(tmp_path / "here") == result(tmp_path / "alone")


def test_history_that_is_longer_than_the_checkpoint_counts_on_does_no_harm(
    spec: Any, tmp_path: Path
) -> None:
    stopped(spec, tmp_path / "there")
    early = pack(tmp_path / "there")
    run_job(spec, tmp_path / "there")
    late = pack(tmp_path / "there")
    unpack({**early, "history.jsonl": late["history.jsonl"]}, tmp_path / "here")
    run_job(spec, tmp_path / "here")
    assert result(tmp_path / "here") == result(tmp_path / "there")
    histories = [(tmp_path / n / "history.jsonl").read_bytes() for n in ("here", "there")]
    assert [text.count(b"\n") for text in histories] == [late["history.jsonl"].count(b"\n")] * 2


def test_what_is_done_keeps_no_checkpoint(spec: Any, tmp_path: Path) -> None:
    stopped(spec, tmp_path / "here")
    run_job(spec, tmp_path / "there")
    unpack(pack(tmp_path / "there"), tmp_path / "here")
    assert not list((tmp_path / "here").glob("checkpoint*"))
    assert result(tmp_path / "here")["status"] == "done"


def test_parcel_that_was_packed_while_a_checkpoint_is_replaced_takes_none_away(
    spec: Any, tmp_path: Path
) -> None:
    stopped(spec, tmp_path / "there")
    unpack(pack(tmp_path / "there"), tmp_path / "here")
    (tmp_path / "there" / "checkpoint.pt").unlink()  # as for a moment whenever one is written
    unpack(pack(tmp_path / "there"), tmp_path / "here")
    assert (tmp_path / "here" / "checkpoint.pt").exists()


def test_parcel_of_nothing_is_empty(tmp_path: Path) -> None:
    assert pack(tmp_path / "nothing") == {}


def test_all_is_sent_at_the_end(spec: Any, tmp_path: Path) -> None:
    sent: list[dict[str, Parcel]] = []
    with shipping([spec], tmp_path, lambda told: None, sent.append):
        run_job(spec, tmp_path / spec.trial_id)
    assert [set(found) for found in sent] == [{spec.trial_id}]
    assert set(sent[0][spec.trial_id]) == {"trial.json", "history.jsonl", "result.json"}


def test_checkpoints_are_sent_on_the_way(
    spec: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "TELL_SECONDS", 0.0)
    told: list[Any] = []
    sent: list[dict[str, Parcel]] = []
    with shipping([spec], tmp_path, told.extend, sent.append):
        stopped(spec, tmp_path / spec.trial_id)
        while not (told and any("checkpoint.pt" in found[spec.trial_id] for found in sent)):
            pass
    assert {event.trial_id for event in told} == {spec.trial_id}


def test_that_it_was_begun_is_sent_before_there_is_a_checkpoint(
    spec: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "TELL_SECONDS", 0.0)
    sent: list[dict[str, Parcel]] = []
    with shipping([spec], tmp_path, lambda told: None, sent.append):
        write_json(tmp_path / spec.trial_id / "trial.json", {})
        while not sent:
            pass
    assert set(sent[0][spec.trial_id]) == {"trial.json"}


def test_what_there_was_at_the_start_is_sent_at_the_end_only(
    spec: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "TELL_SECONDS", 0.0)
    stopped(spec, tmp_path / spec.trial_id)
    told: list[Any] = []
    sent: list[dict[str, Parcel]] = []
    with shipping([spec], tmp_path, told.extend, sent.append):
        while not told:
            pass
        assert sent == []
    assert len(sent) == 1

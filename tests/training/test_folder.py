"""A folder of trainings on disk: its tables, their schema, and versions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from nasbench_harness.store.schema_check import untold, violation
from nasbench_harness.training import folder as folders
from nasbench_harness.training.folder import TrainingFolderError, gather, open_folder, read_tables
from nasbench_harness.training.planning import TrainingRequest
from nasbench_harness.training.run import TrainingRun
from nasbench_harness.training.schema import HISTORY, TRAININGS, TRIALS, UPGRADES, training_schema
from nasbench_harness.training.settings import TrainingSettings

Train = Callable[..., TrainingRun]
FACTS = {"index", "canonical_form", "connected", "collapsed"}
"""What the space tells beside what every training has."""
VALIDATION = {
    "valid_accuracy", "valid_loss", "validated_on", "table_valid_metric", "table_valid_accuracy",
}  # fmt: skip
"""Of images with a part for validation beside the test part, which the digits have not."""


@pytest.fixture
def copied(uninterrupted: TrainingRun, tmp_path: Path) -> Path:
    return Path(shutil.copytree(uninterrupted.trainings.folder, tmp_path / "copy"))


def test_every_column_is_documented_and_written(uninterrupted: TrainingRun) -> None:
    trials, history = read_tables(uninterrupted.trainings.folder)
    for name, frame, columns in (("trials", trials, TRIALS), ("history", history, HISTORY)):
        names = list(frame.columns)
        unknown = set(TRAININGS.undeclared(name, names))
        assert unknown == (FACTS if name == "trials" else set())
        assert {c.name for c in columns if not c.is_family} - set(names) <= VALIDATION
    tables = folders._TABLES.read(uninterrupted.trainings.folder)
    assert untold(*tables, training_schema(*tables)) == ""


def test_tables_that_stand_are_left_as_they_are(copied: Path) -> None:
    gather(open_folder(copied))
    before = {path: path.stat().st_mtime_ns for path in copied.glob("*.parquet")}
    again = gather(open_folder(copied))
    assert {path: path.stat().st_mtime_ns for path in copied.glob("*.parquet")} == before
    pd.testing.assert_frame_equal(again, pd.read_parquet(copied / "trials.parquet"))


def test_a_line_more_is_gathered(copied: Path) -> None:
    gather(open_folder(copied))
    (journal,) = copied.rglob("history.jsonl")
    last = json.loads(journal.read_text().splitlines()[-1])
    with journal.open("a") as file:
        file.write(json.dumps({**last, "epoch": 3}) + "\n")
    gather(open_folder(copied))
    assert list(read_tables(copied)[1]["epoch"]) == [1, 2, 3]


def test_tables_of_0_1_0_are_sound(checkout: Path) -> None:
    old = checkout / "tests" / "golden" / "0.1.0" / "training"
    tables = folders._TABLES.read(old)
    assert violation(*tables, training_schema(*tables)) == ""
    assert len(read_tables(old)[0]) == 2


def test_tables_that_are_not_as_the_schema_says_are_named(copied: Path) -> None:
    trials = pd.read_parquet(copied / "trials.parquet").drop(columns="seed")
    trials.to_parquet(copied / "trials.parquet")
    with pytest.raises(TrainingFolderError, match="has no column `seed`"):
        read_tables(copied)
    (copied / "trials.parquet").write_bytes(b"no table")
    with pytest.raises(TrainingFolderError, match=r"trials\.parquet is damaged"):
        read_tables(copied)


def test_an_epoch_twice_is_no_history(copied: Path) -> None:
    history = pd.read_parquet(copied / "history.parquet")
    pd.concat([history, history]).to_parquet(copied / "history.parquet")
    with pytest.raises(TrainingFolderError, match=r"more than one row of trial .* and epoch `1`"):
        read_tables(copied)


def test_a_newer_version_is_refused_with_what_reads_it(copied: Path) -> None:
    plan = json.loads((copied / "training.json").read_text())
    plan["facts"]["versions"]["nasbench-harness"] = "9.0"
    (copied / "training.json").write_text(json.dumps({**plan, "schema_version": 99}))
    with pytest.raises(TrainingFolderError, match=r"install nasbench-harness>=9\.0"):
        open_folder(copied)


def test_an_older_version_is_upgraded(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if version 0 had called the seed `number`."""
    trials = pd.read_parquet(copied / "trials.parquet")
    old = trials.rename(columns={"seed": "number"}).assign(schema_version=0)
    old.to_parquet(copied / "trials.parquet")
    monkeypatch.setitem(
        UPGRADES,
        0,
        lambda trials, history: (trials.rename_columns({"number": "seed"}), history),
    )
    assert read_tables(copied)[0]["seed"].tolist() == trials["seed"].tolist()


def test_nothing_trained_is_a_table_all_the_same(
    make_request: Callable[..., TrainingRequest], train_here: Train, tmp_path: Path
) -> None:
    settings = TrainingSettings(epochs=1, batch_size=150, width=2, cells=1)
    done = train_here(make_request(settings=settings), tmp_path / "run", lambda: True)
    (folder := tmp_path / "run" / "trials" / done.trainings.specs[0].trial_id).rename(
        tmp_path / "elsewhere"
    )
    folder.mkdir()
    gather(open_folder(tmp_path / "run"))
    trials, history = read_tables(tmp_path / "run")
    assert list(trials["status"]) == ["missing"]
    assert len(history) == 0
    assert pq.read_schema(tmp_path / "run" / "history.parquet").names[-1] == "epoch"

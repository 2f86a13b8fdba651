"""Folders of trainings: what is asked for, only what is missing, tidy tables."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nasbench_harness.contracts import Architecture
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import Hardware
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.training.planning import TrainingRequest
from nasbench_harness.training.run import TrainingRun, train
from nasbench_harness.training.settings import TrainingSettings
from nasbench_harness.training.summary import summarise

MakeRequest = Callable[..., TrainingRequest]
Train = Callable[..., TrainingRun]
EPOCH = TrainingSettings(epochs=1, batch_size=150, width=2, cells=1)


def test_tables_have_a_row_per_seed_and_a_row_per_epoch(uninterrupted: TrainingRun) -> None:
    folder = uninterrupted.trainings.folder
    trials, history = (pd.read_parquet(folder / f"{n}.parquet") for n in ("trials", "history"))
    assert list(trials.columns) == list(pd.read_csv(folder / "trials.csv").columns)
    assert {
        "trial", "architecture", "index", "seed", "dataset", "dataset_digest", "limit", "epochs",
        "status", "error", "params", "flops", "test_accuracy", "best_test_accuracy", "seconds",
        "device", "peak_memory_mb", "table", "table_metric", "table_test_accuracy", "trained_on",
        "evaluated_on", "setting_learning_rate", "setting_precision", "command", "schema_version",
    } <= set(trials.columns)  # fmt: skip
    assert list(history.columns) == [
        "trial", "architecture", "seed", "epoch", "seconds", "learning_rate", "train_loss",
        "train_accuracy", "test_loss", "test_accuracy",
    ]  # fmt: skip
    assert list(history["epoch"]) == [1, 2]
    assert list(pd.read_csv(folder / "history.csv")["trial"]) == list(history["trial"])


def test_reported_is_the_last_epoch(uninterrupted: TrainingRun) -> None:
    history = pd.read_parquet(uninterrupted.trainings.folder / "history.parquet")
    (row,) = uninterrupted.trials.to_dict("records")
    assert row["test_accuracy"] == history["test_accuracy"].iloc[-1]
    assert row["best_test_accuracy"] == history["test_accuracy"].max()
    assert row["seconds"] >= history["seconds"].iloc[-1] - 0.001


def test_result_says_what_it_is_of(uninterrupted: TrainingRun) -> None:
    (file,) = uninterrupted.trainings.folder.rglob("result.json")
    result = json.loads(file.read_text())
    assert result["index"] == 13714
    assert result["trained_on"] == "150 training images"
    assert result["versions"]["torch"]
    assert re.fullmatch("[0-9a-f]{64}", result["dataset_digest"])


def test_a_row_carries_the_command_that_makes_it(uninterrupted: TrainingRun) -> None:
    (row,) = uninterrupted.trials.to_dict("records")
    words = shlex.split(row["command"])
    assert words[:3] == ["nasharness", "train", row["architecture"]]
    asked = dict(zip(words[3::2], words[4::2], strict=True))
    assert asked.pop("--out").startswith("runs/again-13714-s777-")
    assert asked == {
        "--space": "nb201", "--dataset": "digits", "--seeds": "777,", "--limit": "150",
        "--threads": "1", "--epochs": "2", "--batch-size": "64", "--width": "4", "--cells": "1",
    }  # fmt: skip


def test_only_what_is_missing_runs(
    make_request: MakeRequest, in_process: Any, space: NB201, cell: Architecture, tmp_path: Path
) -> None:
    path, ran = tmp_path / "run", []

    def again(**asked: object) -> TrainingRun:
        executor = in_process()
        done = train(make_request(settings=EPOCH, **asked), path, executor)
        ran[:] = executor.ran
        return done

    again()
    assert ran == [("13714", 777)]
    again()
    assert ran == []
    again(seeds=(777, 888))
    assert ran == [("13714", 888)]
    done = again(architectures=(cell, space.at_index(9930)))
    assert ran == [("9930", 777)]
    assert len(done.trials) == 3
    assert done.exit_code == 0


def test_summary_is_mean_and_deviation_over_seeds() -> None:
    trials = pd.DataFrame(
        {
            "label": ["1", "1", "1", "2"], "architecture": ["a", "a", "a", "b"],
            "status": ["done", "done", "failed", "failed"],
            "test_accuracy": [90.0, 92.0, None, None],
            "best_test_accuracy": [91.0, 93.0, None, None],
            "params": [5, 5, None, None], "flops": [7, 7, None, None],
            "seconds": [1.0, 3.0, None, None],
            "table": "official", "table_metric": "m", "table_test_accuracy": 91.5,
        }
    )  # fmt: skip
    assert summarise(trials) == [
        {
            "label": "1", "architecture": "a", "seeds": 2, "missing": 1, "test_accuracy_mean": 91.0,
            "test_accuracy_std": pytest.approx(2**0.5), "best_test_accuracy_mean": 92.0,
            "params": 5, "flops": 7, "seconds_mean": 2.0, "table": "official", "table_metric": "m",
            "table_test_accuracy": 91.5,
        }
    ]  # fmt: skip


def test_summary_has_none_where_no_table_stands_beside() -> None:
    """A training without a result turns the None of the others into NaN."""
    done = {"label": "1", "architecture": "a", "status": "done", "test_accuracy": 90.0}
    done |= {"best_test_accuracy": 90.0, "params": 5, "flops": 7, "seconds": 1.0}
    done |= dict.fromkeys(("table", "table_metric", "table_test_accuracy"))
    missing = {"label": "2", "architecture": "b", "status": "missing"}
    (row,) = summarise(pd.DataFrame([done, missing]))
    assert (row["table"], row["table_test_accuracy"]) == (None, None)


def test_folder_is_named_after_what_is_trained(make_request: MakeRequest, space: NB201) -> None:
    request = make_request()
    assert request.folder_name == "train-13714-digits-2ep"
    many = replace(request, architectures=[space.at_index(i) for i in range(5)])
    assert re.fullmatch("train-5-[0-9a-f]{8}-digits-2ep", many.folder_name)
    search = replace(request, dataset="folder:/data/birds", settings=EPOCH.model_copy(
        update={"split": "search"}))  # fmt: skip
    assert search.folder_name == "train-13714-birds-search-1ep"


def test_another_setting_in_the_same_folder_is_refused(
    make_request: MakeRequest, train_here: Train, tmp_path: Path
) -> None:
    train_here(make_request(settings=EPOCH), tmp_path / "run")
    other = make_request(settings=EPOCH.model_copy(update={"width": 3}))
    with pytest.raises(HarnessError, match=r"holds trainings with width = 2, not 3"):
        train_here(other, tmp_path / "run")


def test_a_folder_of_something_else_is_left_alone(
    make_request: MakeRequest, train_here: Train, tmp_path: Path
) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(HarnessError, match="is not empty and holds no training"):
        train_here(make_request(), tmp_path)


def test_a_damaged_training_json_is_named(
    make_request: MakeRequest, train_here: Train, tmp_path: Path
) -> None:
    (tmp_path / "training.json").write_text("{")
    with pytest.raises(HarnessError, match=r"training\.json is damaged"):
        train_here(make_request(), tmp_path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"dataset": "cifar11"}, r"no data set called `cifar11`\. Did you mean `cifar10`"),
        ({"limit": 5}, "5 training images of `digits` cannot be kept"),
        ({"settings": TrainingSettings(batch_size=151)},
         r"A batch of 151 cannot be taken from 150 training images, which `--limit 150` leaves;"
         r" choose a `--batch-size` from 1 to 150, or a `--limit` of 151 or more"),
    ],
)  # fmt: skip
def test_what_cannot_be_trained_is_said_before_anything_is_written(
    make_request: MakeRequest,
    train_here: Train,
    tmp_path: Path,
    change: dict[str, object],
    sentence: str,
) -> None:
    with pytest.raises(HarnessError, match=sentence):
        train_here(replace(make_request(), **change), tmp_path / "run")  # type: ignore[arg-type]
    assert not (tmp_path / "run").exists()


def test_there_is_no_hardware_of_an_unknown_device() -> None:
    with pytest.raises(HarnessError, match="no device `toaster`"):
        Hardware(device="toaster")

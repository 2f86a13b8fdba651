"""Images with a validation part beside the test part: trained on neither, measured on both."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from nasbench_harness.cli.train import _cells, _title
from nasbench_harness.images.halves import Halved
from nasbench_harness.images.parts import ImageDataset
from nasbench_harness.training import job, planning
from nasbench_harness.training.folder import TrainingFolderError, untold
from nasbench_harness.training.images import training_images
from nasbench_harness.training.planning import TrainingRequest
from nasbench_harness.training.run import TrainingRun
from nasbench_harness.training.schema import TRIALS
from nasbench_harness.training.settings import TrainingSettings
from nasbench_harness.training.summary import summarise
from nasbench_harness.training.training import Training

MakeRequest = Callable[..., TrainingRequest]
MakeTraining = Callable[..., Training]
Train = Callable[..., TrainingRun]
SMALL = TrainingSettings(epochs=2, batch_size=50, width=2, cells=1, evaluate_every=2)


@pytest.fixture
def halved(few_digits: ImageDataset) -> ImageDataset:
    """The digits with their test images in official halves of 179 and 180."""
    assert few_digits.test is not None
    first, second = (list(range(start, len(few_digits.test), 2)) for start in (1, 0))
    return replace(
        few_digits,
        valid=few_digits.test.select(first),
        test=few_digits.test.select(second),
        halved=Halved("test", official=True),
    )


@pytest.fixture
def trained(
    halved: ImageDataset,
    make_request: MakeRequest,
    train_here: Train,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> TrainingRun:
    for module in (planning, job):
        monkeypatch.setattr(module, "open_dataset", lambda *_, **__: halved)
    return train_here(make_request(settings=SMALL, limit=None), tmp_path / "run")


def test_all_training_images_train_and_the_halves_measure(halved: ImageDataset) -> None:
    images = training_images(halved, "table")
    assert images.train is halved.train
    assert images.evaluated is halved.test
    assert images.validated is halved.valid
    official = "the official half of the original test images"
    assert images.trained_on == "150 training images"
    assert images.evaluated_on == f"180 test images (xtest, {official})"
    assert images.validated_on == f"179 validation images (xvalid, {official})"


def test_the_search_split_is_judged_by_the_half_for_validation(halved: ImageDataset) -> None:
    images = training_images(halved, "search")
    assert images.train is halved.train
    assert images.evaluated is halved.valid
    assert images.validated is None
    assert images.evaluated_on.startswith("179 search-validation images (xvalid, the official")


def test_halves_of_our_own_are_called_so(halved: ImageDataset) -> None:
    own = replace(halved, halved=Halved("validation", official=False))
    told = "our own half of the original validation images, not the official one"
    images = training_images(own, "table")
    assert images.evaluated_on == f"180 test images ({told})"
    assert images.validated_on == f"179 validation images ({told})"


def test_the_numbers_are_those_of_their_parts(
    halved: ImageDataset, make_training: MakeTraining
) -> None:
    training = make_training(replace_epochs(1), dataset=halved)
    while not training.step():
        pass
    record = training.record()
    for part, name in ((halved.test, "test"), (halved.valid, "valid")):
        assert part is not None
        assert record[f"{name}_accuracy"] == pytest.approx(accuracy(training, part))
    assert record["valid_accuracy"] != record["test_accuracy"]


def replace_epochs(epochs: int) -> TrainingSettings:
    return SMALL.model_copy(update={"epochs": epochs})


def accuracy(training: Training, part: Any) -> float:
    """Percent, image by image."""
    training.network.eval()
    with torch.no_grad():
        logits = training.network(training._augment.test(part.pixels))
    return 100 * float((logits.argmax(dim=1) == part.labels).double().mean())


def test_result_and_history_have_both(trained: TrainingRun) -> None:
    folder = trained.trainings.folder
    (row,) = trained.trials.to_dict("records")
    history = pd.read_parquet(folder / "history.parquet")
    assert row["valid_accuracy"] == history["valid_accuracy"].iloc[-1]
    assert row["valid_loss"] == history["valid_loss"].iloc[-1]
    assert history["valid_accuracy"].isna().tolist() == [True, False]
    assert row["validated_on"].startswith("179 validation images (xvalid")
    (file,) = folder.rglob("result.json")
    assert json.loads(file.read_text())["evaluated_on"].startswith("180 test images (xtest")


def test_every_column_of_it_is_declared(trained: TrainingRun) -> None:
    assert untold(trained.trainings) == ""
    declared = {column.name for column in TRIALS if "valid" in column.name}
    assert declared <= set(trained.trials.columns)


def test_the_summary_has_both(trained: TrainingRun) -> None:
    (row,) = summarise(trained.trials)
    assert row["valid_accuracy_mean"] == trained.trials["valid_accuracy"].iloc[0]
    assert "validation on 179 validation images (xvalid" in _title(trained, [row])
    assert _cells(row, valid=True)[8] == f"{row['valid_accuracy_mean']:.2f}"


def test_without_such_a_part_there_is_no_such_column(uninterrupted: TrainingRun) -> None:
    assert not {"valid_accuracy", "valid_loss", "validated_on"} & set(uninterrupted.trials.columns)


def test_trainings_go_on_with_the_images_they_were_planned_with(
    halved: ImageDataset,
    make_request: MakeRequest,
    train_here: Train,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """A list of halves that came later: planning asks for the images of the folder."""
    before, now = (replace(halved, digest=digest * 64) for digest in "ab")

    def opens(*_: Any, like: str = "", planned: str = "", **__: Any) -> ImageDataset:
        return before if before.digest in (like, planned) else now

    for module in (planning, job):
        monkeypatch.setattr(module, "open_dataset", lambda *_, **__: before)
    request = make_request(settings=replace_epochs(1), limit=None)
    train_here(request, tmp_path / "run")
    for module in (planning, job):
        monkeypatch.setattr(module, "open_dataset", opens)
    more = replace(request, seeds=(777, 888))
    assert len(train_here(more, tmp_path / "run").trials) == 2
    for module in (planning, job):
        monkeypatch.setattr(module, "open_dataset", lambda *_, **__: now)
    with pytest.raises(TrainingFolderError, match="holds trainings on other images"):
        train_here(request, tmp_path / "run")

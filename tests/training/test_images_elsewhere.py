"""Trainings on a folder of images: known by what is in it, wherever it lies."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nasbench_harness.contracts import Architecture
from nasbench_harness.hardware import Hardware
from nasbench_harness.training import planning
from nasbench_harness.training.folder import TrainingFolderError, open_folder
from nasbench_harness.training.planning import TrainingRequest
from nasbench_harness.training.run import TrainingRun
from nasbench_harness.training.settings import TrainingSettings

Train = Callable[..., TrainingRun]
EPOCH = TrainingSettings(epochs=1, batch_size=8, width=2, cells=1)


def pictures(folder: Path, seed: int = 0) -> Path:
    random = np.random.default_rng(seed)
    for part in ("train", "test"):
        for name in ("cat", "dog"):
            (folder / part / name).mkdir(parents=True)
            for number in range(4):
                pixels = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / part / name / f"{number}.png")
    return folder


@pytest.fixture
def trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cell: Architecture, train_here: Train
) -> Train:
    """Train in `run` on the images in `imgs`, below the working folder, which is the home too."""
    monkeypatch.setenv("NASHARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    pictures(tmp_path / "imgs")

    def run(dataset: str = "folder:imgs", seeds: tuple[int, ...] = (1,)) -> TrainingRun:
        hardware = Hardware(device="cpu")
        request = TrainingRequest("nb201", [cell], dataset, EPOCH, seeds, hardware=hardware)
        return train_here(request, Path("run"))

    return run


@pytest.mark.parametrize("spelled", ["imgs/", "./imgs", "~/imgs", "{here}/imgs", "link"])
def test_every_spelling_goes_on(trained: Train, tmp_path: Path, spelled: str) -> None:
    first = trained()
    Path("link").symlink_to("imgs")
    again = trained(f"folder:{spelled.format(here=tmp_path)}", seeds=(1, 2))
    assert again.folder.specs[0].trial_id == first.folder.specs[0].trial_id
    assert again.trials["status"].tolist() == ["done", "done"]


def test_moved_images_are_taken_from_their_new_place(trained: Train, tmp_path: Path) -> None:
    trained()
    Path("imgs").rename("moved")
    again = trained("folder:moved", seeds=(1, 2))
    assert len(again.trials) == 2
    folder = open_folder(Path("run"))
    assert {spec.dataset for spec in folder.specs} == {f"folder:{tmp_path}/moved"}
    assert folder.config["dataset"] == f"folder:{tmp_path}/moved"


def test_other_images_in_the_same_place_are_refused(trained: Train) -> None:
    then = trained().folder.specs[0].dataset_digest
    Path("imgs").rename("old")
    pictures(Path("imgs"), seed=1)
    before = Path("run", "training.json").read_bytes()
    with pytest.raises(TrainingFolderError, match=rf"\(content {then[:12]} then, [0-9a-f]+ now\)"):
        trained(seeds=(2,))
    assert Path("run", "training.json").read_bytes() == before


def test_another_way_to_train_is_refused(trained: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    trained()
    monkeypatch.setattr(planning, "TrainingSpec", partial(planning.TrainingSpec, version="99"))
    with pytest.raises(TrainingFolderError, match=r"of version .* trains version 99"):
        trained(seeds=(2,))


def test_the_command_of_a_row_works_from_everywhere(trained: Train, tmp_path: Path) -> None:
    (row,) = trained().trials.to_dict("records")
    words = shlex.split(row["command"])
    assert words[words.index("--dataset") + 1] == f"folder:{tmp_path}/imgs"


def test_a_folder_is_named_after_its_images_not_their_place(cell: Architecture) -> None:
    names = {
        TrainingRequest("nb201", [cell], f"folder:{spelled}", EPOCH).folder_name
        for spelled in ("imgs", "imgs/", "/data/imgs", "../imgs/.")
    }
    assert names == {"train-13714-imgs-1ep"}

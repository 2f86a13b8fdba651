"""A training whose images are decoded as they are needed: the same however often it stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from nasbench_harness.contracts import Architecture
from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.driver import Callbacks, run_job
from nasbench_harness.store.outcomes import Status
from nasbench_harness.testing.jobs import check_jobs
from nasbench_harness.training.planning import TrainingRequest, plan
from nasbench_harness.training.run import TrainingRun
from nasbench_harness.training.settings import TrainingSettings
from nasbench_harness.training.spec import TrainingSpec

MakeRequest = Callable[..., TrainingRequest]
SETTINGS = TrainingSettings(epochs=2, batch_size=4, width=2, cells=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """14 photographs to train on and 4 for test, in two classes."""
    chance = np.random.default_rng(0)
    for part, count in (("train", 7), ("val", 2)):
        for name in ("ant", "cat"):
            place = tmp_path / "pictures" / part / name
            place.mkdir(parents=True)
            for number in range(count):
                pixels = chance.integers(0, 256, (20, 30, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(place / f"{number}.jpg")
    return tmp_path / "pictures"


@pytest.fixture
def make_streamed(cell: Architecture, folder: Path) -> MakeRequest:
    def make(workers: int | None = 0, **options: Any) -> TrainingRequest:
        given = {"settings": SETTINGS, "seeds": (0,), "image_size": 16, "stream": True, **options}
        return TrainingRequest(
            space="nb201",
            architectures=[cell],
            dataset=f"folder:{folder}",
            hardware=Hardware("cpu", workers=workers),
            **given,
        )

    return make


def only(request: TrainingRequest) -> TrainingSpec:
    (spec,) = plan(request).specs
    return spec


@pytest.mark.parametrize("split", ["table", "search"])
def test_stopped_killed_and_gone_on_with(
    make_streamed: MakeRequest, tmp_path: Path, split: str
) -> None:
    """With the process that decodes beside a CPU."""
    settings = SETTINGS.model_copy(update={"split": split})
    check_jobs(plan(make_streamed(settings=settings)).specs, tmp_path / "jobs")


@pytest.mark.parametrize("stream", [True, False])
def test_colours_are_the_same_however_often_it_stops(
    make_streamed: MakeRequest, train_here: Callable[..., TrainingRun], tmp_path: Path, stream: bool
) -> None:
    settings = SETTINGS.model_copy(update={"color_jitter": [0.4, 0.4, 0.4, 0.2]})
    check_jobs(plan(make_streamed(settings=settings, stream=stream)).specs, tmp_path / "jobs")
    done = train_here(make_streamed(settings=settings, stream=stream), tmp_path / "run")
    (command,) = done.trials["command"]
    assert "--set color_jitter=[0.4,0.4,0.4,0.2]" in command.replace("'", "").replace(", ", ",")


@pytest.mark.parametrize("changes", [{}, {"color_jitter": [0.4, 0.4, 0.4, 0.2], "cutout": 4}])
def test_the_number_of_processes_changes_no_result(
    make_streamed: MakeRequest, tmp_path: Path, changes: dict[str, Any]
) -> None:
    settings = SETTINGS.model_copy(update=changes)
    spec, told = only(make_streamed(settings=settings)), []
    for workers in (0, 2):
        folder = tmp_path / str(workers)
        assert run_job(spec, folder, hardware=Hardware("cpu", workers=workers)).status == "done"
        lines = pd.read_json(folder / "history.jsonl", lines=True)
        told.append(lines.drop(columns="seconds").to_dict("records"))
    assert told[0] == told[1]


def test_one_seed_one_order(make_streamed: MakeRequest, tmp_path: Path) -> None:
    losses = set()
    for seed in (0, 1):
        spec = only(make_streamed(seeds=(seed,)))
        run_job(spec, tmp_path / str(seed), hardware=Hardware("cpu", workers=0))
        losses.add((tmp_path / str(seed) / "history.jsonl").read_text().split("train_loss")[1])
    assert len(losses) == 2


@pytest.mark.parametrize("workers", [0, 1])
def test_a_truncated_photograph_fails_the_trial_by_name(
    make_streamed: MakeRequest, folder: Path, tmp_path: Path, workers: int
) -> None:
    broken = folder / "train" / "cat" / "3.jpg"
    broken.write_bytes(broken.read_bytes()[:500])
    outcome = run_job(
        only(make_streamed()), tmp_path / "run", hardware=Hardware("cpu", workers=workers)
    )
    assert outcome.status is Status.FAILED
    said = f"{broken} is one of the files that cannot be read as images ("
    assert outcome.error.startswith(said)
    assert outcome.error.endswith("repair or delete them.")


def test_a_folder_that_changed_is_another(
    make_streamed: MakeRequest, folder: Path, tmp_path: Path
) -> None:
    spec = only(make_streamed())
    (folder / "train" / "cat" / "3.jpg").unlink()
    outcome = run_job(spec, tmp_path / "run", hardware=Hardware("cpu", workers=0))
    assert "have changed since the training was planned" in outcome.error


def test_its_command_streams(
    make_streamed: MakeRequest, train_here: Callable[..., TrainingRun], tmp_path: Path
) -> None:
    done = train_here(make_streamed(), tmp_path / "run")
    (command,) = done.trials["command"]
    assert "--image-size 16 --stream" in command
    assert list(done.trials["evaluated_on"]) == ["4 test images"]
    again = train_here(make_streamed(), tmp_path / "run", Callbacks().stopped)
    assert list(again.trials["status"]) == ["done"]


def test_in_memory_its_name_is_what_it_was(
    make_streamed: MakeRequest, make_request: MakeRequest
) -> None:
    """Size and streaming count by the digest of the images alone."""
    spec = only(make_request())
    plain = {k: v for k, v in asdict(spec).items() if k not in ("image_size", "image_stream")}
    assert TrainingSpec(**plain).trial_id == spec.trial_id
    sizes = [only(make_streamed(image_size=size)).trial_id for size in (8, 16)]
    assert len({*sizes, only(make_streamed(stream=False)).trial_id}) == 3

"""Going on with a study: what was planned then, on the images wherever they are now."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nasbench_harness.errors import ExitCode, HarnessError
from nasbench_harness.jobs.driver import run_job
from nasbench_harness.jobs.executors import Event
from nasbench_harness.jobs.study import StudyRun, resume_study, run_study
from nasbench_harness.methods.setups.rea import RegularisedEvolutionSetup
from nasbench_harness.store.outcomes import RESULT
from nasbench_harness.store.studies import Study, StudyError, open_study, reproduce, write_study
from nasbench_harness.study.config import build_config

TINY = {"width": 2, "cells": 1, "batch_size": 4}


class InProcess:
    """Runs trials one after the other here."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, int]] = []

    def run(self, specs: Sequence[Any], folder: Path) -> Generator[Event]:
        for spec in specs:
            self.ran.append((spec.label, spec.seed))
            yield run_job(spec, folder / spec.trial_id)


def on_table(folder: Path, methods: str = "rea", **given: Any) -> StudyRun:
    basics = {"methods": methods, "seeds": 2, "steps": 5, "random": False, "table": "analog"}
    return run_study(build_config(None, {**basics, **given}, []), folder, InProcess())


def lose(study: Study, number: int) -> None:
    """Let a trial have no result."""
    (study.trial_folder(study.specs[number]) / RESULT).unlink()


# --- what was planned --------------------------------------------------------------------------


def test_what_is_missing_runs_as_it_was_planned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = on_table(tmp_path / "S").study
    lose(study, 1)
    recipe = replace(RegularisedEvolutionSetup.recipes["landscape"], settings={"population": 3})
    monkeypatch.setitem(RegularisedEvolutionSetup.recipes, "landscape", recipe)
    executor = InProcess()
    done = resume_study(tmp_path / "S", executor)
    assert executor.ran == [("rea", 1)]
    assert done.study.specs == study.specs
    assert done.exit_code is ExitCode.DONE
    with pytest.raises(StudyError, match=r"planned `rea` otherwise \(`settings.population` was"):
        on_table(tmp_path / "S")


def test_a_config_that_this_release_does_not_know_is_no_hindrance(tmp_path: Path) -> None:
    study = on_table(tmp_path / "S").study
    write_study(replace(study, config={**study.config, "colour": "blue"}))
    assert resume_study(tmp_path / "S", InProcess()).exit_code is ExitCode.DONE


def test_resuming_is_remembered(tmp_path: Path) -> None:
    study = on_table(tmp_path / "S").study
    resume_study(tmp_path / "S", InProcess())
    told = open_study(tmp_path / "S").facts
    assert told["planned_at"] == study.facts["planned_at"]
    assert told["last_run"]["versions"] == study.facts["versions"]


def test_another_version_of_a_method_is_refused_by_both_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = on_table(tmp_path / "S").study
    lose(study, 1)
    before = (tmp_path / "S" / "study.json").read_bytes()
    then, now = RegularisedEvolutionSetup.version, "99"
    monkeypatch.setattr(RegularisedEvolutionSetup, "version", now)
    executor = InProcess()
    said = f"`rea` has version {now} here and the trial was planned with version {then}"
    with pytest.raises(StudyError, match=said):
        resume_study(tmp_path / "S", executor)
    assert executor.ran == []
    assert (tmp_path / "S" / "study.json").read_bytes() == before
    assert study.missing() == [study.specs[1]]


def test_a_finished_study_of_an_older_version_is_still_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_table(tmp_path / "S")
    monkeypatch.setattr(RegularisedEvolutionSetup, "version", "99")
    done = resume_study(tmp_path / "S", InProcess())
    assert done.trials["status"].tolist() == ["done", "done"]


def test_what_can_still_be_run_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = on_table(tmp_path / "S", "rea,random").study
    for number in range(4):
        lose(study, number)
    monkeypatch.setattr(RegularisedEvolutionSetup, "version", "99")
    done = resume_study(tmp_path / "S", InProcess())
    assert done.exit_code is ExitCode.INCOMPLETE
    assert dict(zip(done.trials["method"], done.trials["status"], strict=True)) == {
        "rea": "failed", "random": "done",
    }  # fmt: skip
    assert "has version 99 here and the trial was planned with" in done.failures[0].error


def test_a_method_that_is_gone_is_named(tmp_path: Path) -> None:
    study = on_table(tmp_path / "S").study
    lose(study, 0)
    specs = [replace(spec, method="vanished") for spec in study.specs]
    write_study(replace(study, specs=specs))
    with pytest.raises(StudyError, match="no method called `vanished`"):
        resume_study(tmp_path / "S", InProcess())


def test_a_folder_without_a_study_stays_empty(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="holds no study"):
        resume_study(tmp_path, InProcess())
    assert list(tmp_path.iterdir()) == []


# --- images ------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with images in it, which is the home folder too."""
    monkeypatch.setenv("NASHARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "work"))
    pictures(tmp_path / "work" / "imgs")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def pictures(folder: Path, seed: int = 0) -> Path:
    random = np.random.default_rng(seed)
    for part in ("train", "test"):
        for name in ("cat", "dog"):
            (folder / part / name).mkdir(parents=True)
            for number in range(8):
                pixels = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / part / name / f"{number}.png")
    return folder


def on_images(dataset: str = "folder:imgs", folder: str = "S", **given: Any) -> StudyRun:
    basics = {
        "methods": "darts", "search": "supernet", "recipe": "quick", "dataset": dataset,
        "table": "analog", "seeds": 1, "epochs": 1, "random": False, "network": TINY,
    }  # fmt: skip
    return run_study(build_config(None, {**basics, **given}, []), Path(folder), InProcess())


@pytest.fixture
def stopped(here: Path) -> Study:
    """A study on these images that lacks its only trial's result."""
    study = on_images().study
    lose(study, 0)
    return study


def test_a_place_is_recorded_so_that_it_is_found_from_everywhere(
    stopped: Study, here: Path
) -> None:
    again = open_study(stopped.folder)
    assert {spec.images for spec in again.specs} == {f"folder:{here}/imgs"}
    assert again.config["dataset"] == f"folder:{here}/imgs"


def test_it_goes_on_from_another_working_folder(
    stopped: Study, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = resume_study(here / "S", InProcess())
    assert done.exit_code is ExitCode.DONE
    assert [spec.trial_id for spec in done.study.specs] == [s.trial_id for s in stopped.specs]


@pytest.mark.parametrize("spelled", ["imgs/", "./imgs", "~/imgs", "{here}/imgs", "link", "copy"])
def test_the_same_images_are_the_same_study(stopped: Study, here: Path, spelled: str) -> None:
    Path("link").symlink_to("imgs")
    shutil.copytree("imgs", "copy")
    done = on_images(f"folder:{spelled.format(here=here)}", seeds=2)
    assert done.exit_code is ExitCode.DONE
    assert done.study.specs[0].trial_id == stopped.specs[0].trial_id
    assert len(done.study.specs) == 2


def test_moved_images_are_found_later_too(stopped: Study, here: Path) -> None:
    Path("imgs").rename("moved")
    on_images("folder:moved", seeds=2)
    lose(stopped, 0)
    done = resume_study(Path("S"), InProcess())
    assert done.exit_code is ExitCode.DONE
    assert {spec.images for spec in done.study.specs} == {f"folder:{here}/moved"}


def test_images_that_are_gone_are_named_with_the_option(stopped: Study, here: Path) -> None:
    Path("imgs").rename("moved")
    said = rf"are not in {here}/imgs\. .*`nasharness resume S --dataset folder:/new/place`"
    with pytest.raises(StudyError, match=said):
        resume_study(Path("S"), InProcess())
    done = resume_study(Path("S"), InProcess(), images="folder:moved")
    assert done.exit_code is ExitCode.DONE
    assert open_study(Path("S")).config["dataset"] == f"folder:{here}/moved"


def test_a_finished_study_needs_no_images(here: Path) -> None:
    on_images()
    shutil.rmtree("imgs")
    assert resume_study(Path("S"), InProcess()).exit_code is ExitCode.DONE


@pytest.mark.parametrize("given", [None, "folder:imgs"])
def test_other_images_in_the_same_place_are_refused(
    stopped: Study, here: Path, given: str | None
) -> None:
    shutil.rmtree("imgs")
    pictures(Path("imgs"), seed=1)
    before = Path("S", "study.json").read_bytes()
    then = stopped.specs[0].image_digest[:12]
    with pytest.raises(StudyError, match=rf"not those .* \(content {then} then, [0-9a-f]+ now\)"):
        resume_study(Path("S"), InProcess(), images=given)
    with pytest.raises(StudyError, match=rf"other images .* \(content {then} of .* now\)"):
        on_images(seeds=2)
    assert Path("S", "study.json").read_bytes() == before


@pytest.mark.parametrize("place", ["cifar10", "moved", "/moved"])
def test_what_is_no_folder_of_images_is_refused(stopped: Study, place: str) -> None:
    with pytest.raises(StudyError, match=f"`{place}` is no place of images"):
        resume_study(stopped.folder, InProcess(), images=place)


def test_a_study_without_a_folder_of_images_has_no_place(tmp_path: Path) -> None:
    on_table(tmp_path / "S")
    with pytest.raises(StudyError, match="about no folder of images; leave --dataset out"):
        resume_study(tmp_path / "S", InProcess(), images="folder:imgs")


def test_a_new_place_without_images_is_the_folders_own_sentence(stopped: Study) -> None:
    with pytest.raises(HarnessError, match=r"no folder .*nowhere"):
        resume_study(stopped.folder, InProcess(), images="folder:nowhere")


@pytest.mark.parametrize("folder", ["S", "runs/darts"])
def test_a_place_that_an_earlier_release_recorded_as_typed_is_found(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    study = on_images(folder=folder).study
    lose(study, 0)
    specs = [replace(spec, images="folder:imgs") for spec in study.specs]
    write_study(replace(study, specs=specs, config={**study.config, "dataset": "folder:imgs"}))
    monkeypatch.chdir(tmp_path)
    done = resume_study(here / folder, InProcess())
    assert done.exit_code is ExitCode.DONE
    assert {spec.images for spec in done.study.specs} == {f"folder:{here}/imgs"}


def test_a_namesake_with_other_images_is_not_taken_for_them(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = on_images().study
    lose(study, 0)
    write_study(replace(study, specs=[replace(s, images="folder:imgs") for s in study.specs]))
    pictures(tmp_path / "imgs", seed=1)
    monkeypatch.chdir(tmp_path)
    assert resume_study(here / "S", InProcess()).study.specs[0].images == f"folder:{here}/imgs"


def test_the_command_of_a_row_works_from_everywhere(stopped: Study, here: Path) -> None:
    words = shlex.split(reproduce(stopped.specs[0]))
    assert words[words.index("--dataset") + 1] == f"folder:{here}/imgs"


def test_where_images_lie_is_no_part_of_a_trial(stopped: Study) -> None:
    (spec,) = stopped.specs
    other = replace(spec, images="folder:/somewhere/else")
    assert (other.fingerprint, other.family) == (spec.fingerprint, spec.family)
    content = json.loads((stopped.trial_folder(spec) / "trial.json").read_text())
    assert content["image_digest"] == spec.image_digest

"""The same trial in several studies is evidence once."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness import load_results
from nasbench_harness.jobs.driver import run_job
from nasbench_harness.store import studies
from nasbench_harness.store.copies import Copies, open_studies
from nasbench_harness.store.files import read_json, write_json
from nasbench_harness.store.outcomes import RESULT
from nasbench_harness.store.studies import Study, StudyError
from nasbench_harness.study import config, planning

Make = Callable[..., Study]
METRIC = "cifar10_baseline_accuracy"


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A small study, run; or one that grows."""
    monkeypatch.chdir(tmp_path)

    def build(name: str, seeds: Any = "2", *, run: bool = True, methods: str = "rea") -> Study:
        given = {"methods": methods, "seeds": seeds, "steps": 3, "table": "analog"}
        study = config.build_config(None, {**given, "random": False}, ())
        Path(name).mkdir(exist_ok=True)
        made = studies.plan_study(Path(name), study.model_dump(mode="json"), planning.plan(study))
        for spec in made.missing() if run else []:
            run_job(spec, made.trials_folder / spec.trial_id)
        return made

    return build


def copied(name: str, to: str) -> Path:
    return Path(shutil.copytree(name, to))


def result_of(name: str, seed: int) -> Path:
    (path,) = Path(name, "trials").glob(f"*-s{seed}-*/{RESULT}")
    return path


def found(*names: str) -> Copies:
    return open_studies(Path(name) for name in names)


def kept(copies: Copies) -> list[str]:
    return [str(study.folder) for study in copies.distinct]


def rows(*names: str) -> list[tuple[str, int, str]]:
    trials, history = load_results(list(names))
    assert trials["trial"].is_unique
    assert not history.duplicated(["trial", "step"]).any()
    assert set(history["trial"]) <= set(trials["trial"])
    return sorted(zip(trials["study"], trials["seed"], trials["status"], strict=True))


def test_studies_without_common_trials_are_left_alone(make: Make) -> None:
    make("A", "2")
    make("B", "2-4")
    assert kept(found("A", "B")) == ["A", "B"]
    assert found("A", "B").notes() == []


def test_a_copy_counts_once_and_is_told_about(make: Make) -> None:
    make("A")
    copied("A", "backup")
    copies = found("A", "backup")
    assert kept(copies) == ["A"]
    assert copies.notes() == ["2 trials are in both A and backup: counted once."]
    assert rows("A", "backup") == [("A", 0, "done"), ("A", 1, "done")]


def test_the_folders_name_does_not_matter_but_the_trial(make: Make) -> None:
    make("A")
    copied("A", "elsewhere/quite/different")
    assert len(rows("A", "elsewhere/quite/different")) == 2


def test_three_copies_are_one(make: Make) -> None:
    make("A", "1")
    copied("A", "B")
    copied("A", "C")
    assert found("A", "B", "C").notes() == ["1 trial is in A, B and C: counted once."]
    assert kept(found("C", "A", "B")) == ["C"]


@pytest.mark.parametrize("again", ["A", "A/", "./A", "link", "sub/../A"])
def test_a_folder_that_is_given_twice_is_one(make: Make, again: str) -> None:
    make("A")
    Path("link").symlink_to("A")
    Path("sub").mkdir()
    copies = found("A", again)
    assert kept(copies) == ["A"]
    assert copies.notes() == ["A is given more than once: counted once."]
    assert len(rows("A", again)) == 2


def test_a_copy_among_the_studies_of_a_folder_counts_once(make: Make, tmp_path: Path) -> None:
    make("A")
    Path("runs").mkdir()
    for name in ("one", "two"):
        copied("A", f"runs/{name}")
    assert kept(found("runs")) == ["runs/one"]
    assert rows("runs") == [("one", 0, "done"), ("one", 1, "done")]


def test_what_a_suite_keeps_beside_its_studies_is_passed_over(make: Make) -> None:
    """`runs/suite/*` names it as well."""
    make("A")
    Path("suite/report").mkdir(parents=True)
    copied("A", "suite/A")
    Path("suite/suite.json").write_text("{}", encoding="utf-8")
    assert kept(found("suite/A", "suite/report", "suite/suite.json")) == ["suite/A"]
    with pytest.raises(StudyError, match="report holds no study"):
        found("suite/report")


@pytest.mark.parametrize("order", [("A", "more"), ("more", "A")])
def test_of_a_copy_with_further_seeds_that_one_is_kept(make: Make, order: tuple[str, str]) -> None:
    make("A")
    copied("A", "more")
    make("more", "4")
    assert kept(found(*order)) == ["more"]
    assert found(*order).notes() == [f"2 trials are in both {' and '.join(order)}: counted once."]
    assert [seed for _, seed, _ in sorted(rows(*order), key=lambda row: row[1])] == [0, 1, 2, 3]


def test_studies_that_overlap_are_both_kept_and_marked(make: Make) -> None:
    make("A")
    copied("A", "B")
    make("A", "0-2")
    make("B", "3,5")
    first, second = found("A", "B").distinct
    common = {spec.trial_id for spec in first.specs if spec.seed < 2}
    assert (first.counted_before, second.counted_before) == (frozenset(), common)
    assert len(rows("A", "B")) == 5


# --- copies that are not alike -----------------------------------------------------------------


@pytest.mark.parametrize("order", [("A", "backup"), ("backup", "A")])
@pytest.mark.parametrize("lacking", ["A", "backup"])
def test_the_one_that_is_done_counts(make: Make, order: tuple[str, str], lacking: str) -> None:
    make("A")
    copied("A", "backup")
    result_of(lacking, 1).unlink()
    copies = found(*order)
    (study,) = copies.distinct
    assert study.missing() == []
    assert studies.trials_table(study)["status"].tolist() == ["done", "done"]
    assert [status for *_, status in rows(*order)] == ["done", "done"]


def test_a_failure_gives_way_to_a_result(make: Make) -> None:
    make("A")
    copied("A", "backup")
    write_json(result_of("A", 0), {"status": "failed", "error": "it broke"})
    copies = found("A", "backup")
    (study,) = copies.distinct
    assert (study.folder, study.missing()) == (Path("A"), [])
    assert "1 trial is done in backup and not in A: taken from backup." in copies.notes()


def test_each_may_have_what_the_other_lacks(make: Make) -> None:
    make("A")
    copied("A", "backup")
    result_of("A", 0).unlink()
    result_of("backup", 1).unlink()
    (study,) = found("A", "backup").distinct
    assert study.missing() == []
    assert len(studies.history_table(study)["trial"].unique()) == 2


def test_a_study_that_lacks_results_is_not_changed(make: Make) -> None:
    make("A")
    copied("A", "backup")
    result_of("A", 0).unlink()
    before = sorted(path for path in Path("A").rglob("*") if path.is_file())
    found("A", "backup").distinct[0].result(studies.open_study(Path("A")).specs[0])
    assert sorted(path for path in Path("A").rglob("*") if path.is_file()) == before


def test_a_copy_taken_on_the_way_is_no_loss(make: Make) -> None:
    make("backup", "4", run=False)
    shutil.copytree("backup", "A")
    make("A", "4")
    (done, *_) = Path("A", "trials").iterdir()
    shutil.copytree(done, Path("backup", "trials", done.name))
    for order in (("A", "backup"), ("backup", "A")):
        (study,) = found(*order).distinct
        assert study.missing() == []


def test_a_study_that_has_not_begun_is_a_copy_of_nothing(make: Make) -> None:
    make("A")
    make("planned", run=False)
    copies = found("A", "planned")
    assert kept(copies) == ["A", "planned"]
    assert copies.notes() == []
    assert len(copies.distinct[1].missing()) == 2
    assert rows("planned", "A") == [("A", 0, "done"), ("A", 1, "done")]


def test_copies_that_ended_differently_are_told_and_not_put_together(make: Make) -> None:
    make("A")
    copied("A", "B")
    path = result_of("B", 1)
    write_json(path, {**read_json(path), METRIC: 12.5})
    copies = found("A", "B")
    assert kept(copies) == ["A", "B"]
    (told,) = [note for note in copies.notes() if "did not end alike" in note]
    assert "rea seed 1 did not end alike in A and B" in told
    assert "and 12.5)" in told
    with pytest.raises(StudyError, match=r"rea seed 1 did not end alike in .*give one of these"):
        load_results(["A", "B"])


def test_what_took_longer_is_the_same_trial(make: Make) -> None:
    make("A")
    copied("A", "B")
    path = result_of("B", 1)
    write_json(path, {**read_json(path), "search_seconds": 1e6})
    assert kept(found("A", "B")) == ["A"]


def test_images_elsewhere_are_the_same_trial(make: Make) -> None:
    study = make("A")
    spec = replace(study.specs[0], images="folder:/old", image_digest="a" * 64)
    for name, place in (("B", "folder:/old"), ("C", "folder:/new")):
        Path(name, "trials", spec.trial_id).mkdir(parents=True)
        studies.write_study(
            Study(Path(name), study.config, [replace(spec, images=place)], study.facts)
        )
        shutil.copy(result_of("A", 0), Path(name, "trials", spec.trial_id, RESULT))
    assert kept(found("B", "C")) == ["B"]


def test_tables_alone_are_a_copy_too(make: Make) -> None:
    studies.gather(make("A"))
    copied("A", "tables")
    shutil.rmtree("tables/trials")
    assert kept(found("A", "tables")) == ["A"]
    assert rows("tables", "A") == [("tables", 0, "done"), ("tables", 1, "done")]


def test_a_trial_that_is_written_twice_into_one_study_is_one(make: Make) -> None:
    study = make("A")
    studies.write_study(replace(study, specs=[*study.specs, *study.specs]))
    copies = found("A")
    assert copies.notes() == ["2 trials are twice in A: counted once."]
    assert studies.trials_table(copies.distinct[0])["seed"].tolist() == [0, 1]
    assert rows("A") == [("A", 0, "done"), ("A", 1, "done")]


@pytest.mark.parametrize("drawn", range(5))
def test_however_studies_overlap_every_trial_counts_once(make: Make, drawn: int) -> None:
    """By settings and seed, in rows and in steps, whatever the folders and their order."""
    generator = random.Random(drawn)
    every: set[int] = set()
    names = ["A", "B", "C", "D"]
    for name in names:
        seeds = generator.sample(range(6), generator.randint(1, 5))
        make(name, f"{','.join(map(str, seeds))},")
        every |= set(seeds)
    copied("A", "E")
    trials, history = load_results(generator.sample([*names, "E"], 5))
    assert sorted(trials["seed"]) == sorted(every)
    assert trials["trial"].is_unique
    assert not history.duplicated(["trial", "step"]).any()

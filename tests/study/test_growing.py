"""What may be added to a study: more of the same, however it is spelled, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness.methods.setups.unas import UNASSetup
from nasbench_harness.store import studies
from nasbench_harness.store.studies import Study, StudyError
from nasbench_harness.study import config, planning
from nasbench_harness.study.spec import TrialSpec

Opened = Callable[..., Study]
Edit = Callable[[TrialSpec], TrialSpec]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Plan a study in the same folder, as `run` would; `edit` changes what is planned."""

    def plan(methods: str = "unas", edit: Edit = lambda spec: spec, **given: Any) -> Study:
        basics = {"methods": methods, "steps": 3, "seeds": "2", "random": False}
        study = config.build_config(None, {**basics, **given}, ())
        (tmp_path / "S").mkdir(exist_ok=True)
        specs = [edit(spec) for spec in planning.plan(study)]
        return studies.plan_study(tmp_path / "S", study.model_dump(mode="json"), specs)

    return plan


def on_images(place: str, digest: str) -> Edit:
    """Let a trial be about images in some place."""
    return lambda spec: replace(spec, images=place, image_digest=digest, problem="supernet")


# --- a release that plans otherwise ------------------------------------------------------------


def colder(spec: TrialSpec) -> TrialSpec:
    return replace(spec, settings={**spec.settings, "temperature": 0.9})


@pytest.mark.parametrize("seeds", ["2", "1", "5", "7,"])
def test_another_recipe_under_the_same_label_is_refused(opened: Opened, seeds: str) -> None:
    path = opened().folder / studies.STUDY
    before = path.read_bytes()
    said = r"planned `unas` otherwise \(`settings.temperature` was 0\.4 and is 0\.9\)"
    with pytest.raises(StudyError, match=said) as caught:
        opened(edit=colder, seeds=seeds)
    assert "`nasharness resume " in str(caught.value)
    assert "another --out begins anew" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


def test_another_version_of_a_method_is_refused(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened()
    then, now = UNASSetup.version, f"{UNASSetup.version}-next"
    monkeypatch.setattr(UNASSetup, "version", now)
    with pytest.raises(StudyError, match=rf"`method_version` was {then} and is {now}"):
        opened(seeds="4")


def test_many_differences_are_counted(opened: Opened) -> None:
    opened()

    def other(spec: TrialSpec) -> TrialSpec:
        return replace(spec, settings=dict.fromkeys(spec.settings))

    with pytest.raises(StudyError, match=r", \d+ more\)"):
        opened(edit=other)


def test_another_method_may_still_be_added(opened: Opened) -> None:
    old = opened()
    grown = opened("drnas", seeds="3")
    assert grown.specs[: len(old.specs)] == old.specs
    assert {(s.label, s.seed) for s in grown.specs[2:]} == {("drnas", n) for n in range(3)}


def test_seeds_may_still_be_added(opened: Opened) -> None:
    opened()
    assert [spec.seed for spec in opened(seeds="4").specs] == [0, 1, 2, 3]


def test_a_study_that_has_both_versions_still_grows(opened: Opened) -> None:
    study = opened()
    study.specs += [replace(spec, method_version="0") for spec in study.specs]
    studies.write_study(study)
    assert len(opened(seeds="3").specs) == 5


# --- one setting, several spellings ------------------------------------------------------------


def test_what_a_default_said_may_be_written_out(opened: Opened) -> None:
    old = opened(steps=None)
    again = opened(steps=old.specs[0].steps, report_metric=old.specs[0].report_metric)
    assert again.specs == old.specs
    assert again.config == old.config


def test_further_seeds_keep_the_label_that_is_there(opened: Opened) -> None:
    old = opened("unas[temperature=1]")
    old.specs[:] = [replace(spec, overrides={"temperature": 1}) for spec in old.specs]
    old.config["methods"] = [{"name": "unas", "settings": {"temperature": 1}}]
    studies.write_study(old)
    grown = opened("unas[temperature=1.0]", seeds="3")
    assert {spec.label for spec in grown.specs} == {"unas[temperature=1]"}
    assert grown.config["methods"] == old.config["methods"]


def test_a_setting_written_out_is_no_other_row(opened: Opened) -> None:
    opened()
    grown = opened("unas[temperature=0.4]", seeds="3")
    assert [(spec.label, spec.seed) for spec in grown.specs] == [("unas", n) for n in range(3)]
    assert [method["settings"] for method in grown.config["methods"]] == [{}]


def test_a_key_of_a_later_release_is_no_other_setting(opened: Opened) -> None:
    study = opened()
    del study.config["diagnose_every"]
    studies.write_study(study)
    assert opened(seeds="3").config["diagnose_every"] == 0


ON_DIGITS = {"search": "supernet", "recipe": "quick", "dataset": "digits", "table": "none"}


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        (2, None, r"with cohort = 2, and no `cohort` is asked for; add `--cohort 2` to go on with"),
        (None, 2, r"without `cohort`, and cohort = 2 is asked for; leave it out to go on with tha"),
        (3, 2, r"with cohort = 3, not 2; choose another --out"),
    ],
)
def test_a_setting_that_only_one_of_both_has_is_told_in_words(
    opened: Opened, then: int | None, now: int | None, said: str
) -> None:
    opened("drnas", **ON_DIGITS, cohort=then)
    with pytest.raises(StudyError, match=said) as refused:
        opened("drnas", **ON_DIGITS, cohort=now)
    assert "None" not in str(refused.value)


def test_another_table_is_refused_with_the_option_that_goes_on(opened: Opened) -> None:
    study = opened()
    study.config["table"] = "official"
    studies.write_study(study)
    with pytest.raises(StudyError, match="add `--table official` to go on with it, or choose"):
        opened()


# --- images ------------------------------------------------------------------------------------


def test_images_that_moved_are_taken_from_their_new_place(opened: Opened) -> None:
    old = opened(edit=on_images("folder:/old/imgs", "a" * 64))
    study = replace(old, config={**old.config, "dataset": "folder:/old/imgs"})
    new = {**old.config, "dataset": "folder:/new/moved"}
    there = [on_images("folder:/new/moved", "a" * 64)(spec) for spec in old.specs]
    studies.write_study(study)
    grown = studies.plan_study(study.folder, new, there)
    assert {spec.images for spec in grown.specs} == {"folder:/new/moved"}
    assert [spec.trial_id for spec in grown.specs] == [spec.trial_id for spec in old.specs]
    assert studies.open_study(grown.folder).config["dataset"] == "folder:/new/moved"
    assert studies.open_study(grown.folder).specs == grown.specs


def test_other_images_are_refused_by_content(opened: Opened) -> None:
    opened(edit=on_images("folder:/data/imgs", "a" * 64))
    with pytest.raises(
        StudyError, match=r"other images than those of `folder:/data/imgs` \(content aaaaaaaaaaaa"
    ) as caught:
        opened(edit=on_images("folder:/data/imgs", "b" * 64))
    assert "bbbbbbbbbbbb now" in str(caught.value)


# --- a study put together by hand --------------------------------------------------------------


def test_a_trial_that_is_written_twice_is_one(opened: Opened) -> None:
    study = opened()
    study.specs += study.specs
    studies.write_study(study)
    assert [spec.seed for spec in studies.open_study(study.folder).specs] == [0, 1]

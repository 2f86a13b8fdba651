"""How often a study has been judged, and at which level it may be judged now."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nasbench_harness.jobs.driver import run_job
from nasbench_harness.store import looks, studies
from nasbench_harness.store.files import read_json, write_json
from nasbench_harness.store.folders import LOOKS, plan_lock
from nasbench_harness.store.looks import Look, level_of, look, results_digest
from nasbench_harness.store.outcomes import RESULT
from nasbench_harness.store.studies import STUDY, Study
from nasbench_harness.study import config, planning

Make = Callable[..., Study]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A small study, or one that grows; `run` is how many of its trials run."""
    monkeypatch.chdir(tmp_path)

    def build(seeds: str = "2", *, run: int = 10**6, **given: Any) -> Study:
        basics = {"methods": "rea", "steps": 3, "table": "analog", "random": False}
        asked = config.build_config(None, {**basics, "seeds": seeds, **given}, ())
        Path("S").mkdir(exist_ok=True)
        made = studies.plan_study(Path("S"), asked.model_dump(mode="json"), planning.plan(asked))
        for spec in made.missing()[:run]:
            run_job(spec, made.trials_folder / spec.trial_id)
        return made

    return build


def kept() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read_json(Path("S", STUDY)).get(LOOKS, [])
    return found


def edit_result(study: Study, place: int, **values: Any) -> None:
    path = study.trial_folder(study.specs[place]) / RESULT
    write_json(path, {**read_json(path), **values})


# --- numbers and levels ------------------------------------------------------------------------


@given(st.integers(1, 1000))
def test_all_looks_together_have_the_level(count: int) -> None:
    levels = [level_of(number) for number in range(1, count + 1)]
    assert levels[0] == 0.025
    assert sum(levels) <= 0.05
    assert all(after == before / 2 for before, after in pairwise(levels))


def test_the_same_results_are_the_same_look(make: Make) -> None:
    study = make()
    assert look(study) == Look(1, 0.025, fixed=False, kept=True)
    assert look(studies.open_study(study.folder)) == look(study)
    assert len(kept()) == 1


def test_another_smallest_difference_is_another_look(make: Make) -> None:
    assert look(make()) == Look(1, 0.025, fixed=False, kept=True)
    assert look(make(smallest_difference=0.2)) == Look(2, 0.0125, fixed=False, kept=True)
    assert look(make(smallest_difference=0.2)) == Look(2, 0.0125, fixed=False, kept=True)
    assert look(make(smallest_difference=5)) == Look(3, 0.00625, fixed=False, kept=True)


def test_every_new_set_of_results_is_another_look(make: Make) -> None:
    assert [look(make(seeds)).level for seeds in ("2", "3", "4")] == [0.025, 0.0125, 0.00625]
    assert [look(make(seeds)).number for seeds in ("2", "4")] == [3, 3]


def test_a_study_that_still_runs_is_looked_at_as_well(make: Make) -> None:
    assert [look(make("4", run=1)).number for _ in range(4)] == [1, 2, 3, 4]


def test_results_of_before_keep_their_number(make: Make) -> None:
    study = make("2")
    look(study)
    look(make("3"))
    assert look(study).number == 1


def test_without_results_there_is_nothing_to_judge(make: Make) -> None:
    assert look(make(run=0)) == Look(0, 0.0, fixed=False, kept=False)
    assert not kept()


def test_a_look_that_is_not_to_be_kept_counts_no_further(make: Make) -> None:
    study = make()
    assert look(study, keep=False) == Look(1, 0.025, fixed=False, kept=False)
    assert not kept()
    look(study)
    assert look(study, keep=False) == Look(1, 0.025, fixed=False, kept=True)


# --- which results -----------------------------------------------------------------------------


def test_the_order_of_the_trials_does_not_count(make: Make) -> None:
    study = make("5")
    digest = results_digest(study)
    for seed in range(5):
        specs = random.Random(seed).sample(study.specs, len(study.specs))
        assert results_digest(replace(study, specs=specs)) == digest


@pytest.fixture
def three(make: Make) -> Study:
    """A study of three trials that have not begun."""
    return make("3", run=0)


OUTCOMES = st.lists(
    st.tuples(
        st.sampled_from(["done", "done", "failed", "interrupted", "missing"]),
        st.sampled_from(["a", "b"]),
        st.sampled_from([90.0, 90.1, None, float("nan")]),
    ),
    min_size=3,
    max_size=3,
)


def ended(study: Study, outcomes: list[tuple[str, str, float | None]]) -> str | None:
    """The digest of a study whose trials ended so."""
    for spec, (status, architecture, accuracy) in zip(study.specs, outcomes, strict=True):
        folder = study.trial_folder(spec)
        folder.mkdir(parents=True, exist_ok=True)
        result = {"status": status, "architecture": architecture, spec.report_metric: accuracy}
        write_json(folder / RESULT, result)
    return results_digest(study)


def told(outcomes: list[tuple[str, str, float | None]]) -> list[Any]:
    """What of it is evidence: gaps are one thing, and what did not end well is none."""
    return [
        (architecture, None if accuracy != accuracy else accuracy)  # noqa: PLR0124 - NaN
        if status == "done"
        else None
        for status, architecture, accuracy in outcomes
    ]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=OUTCOMES, other=OUTCOMES)
def test_digests_are_equal_where_the_evidence_is(three: Study, one: Any, other: Any) -> None:
    assert (ended(three, one) == ended(three, other)) == (told(one) == told(other))
    assert (ended(three, one) is None) == (told(one) == [None] * 3)


def test_speed_and_machine_do_not_count(make: Make) -> None:
    study = make()
    digest = results_digest(study)
    edit_result(study, 0, seconds=1e6, device="another", versions={"torch": "0"})
    assert results_digest(study) == digest


@pytest.mark.parametrize("name", ["architecture", "cifar10_baseline_accuracy", "queries"])
def test_what_was_found_counts(make: Make, name: str) -> None:
    study = make()
    assert look(study).number == 1
    other = study.result(study.specs[1])[name]
    edit_result(study, 0, **{name: other if isinstance(other, str) else other + 1e-9})
    assert look(study).number == 2


@pytest.mark.parametrize("status", ["failed", "interrupted", "missing"])
def test_a_trial_without_a_result_does_not_count(make: Make, status: str) -> None:
    two, three = results_digest(make("2")), make("3")
    assert results_digest(three) != two
    edit_result(three, 2, status=status)
    assert results_digest(three) == two


def test_a_failure_that_ends_well_in_the_end_is_another_look(make: Make) -> None:
    study = make("3")
    edit_result(study, 2, status="failed")
    assert look(study).number == 1
    edit_result(study, 2, status="done")
    assert look(study).number == 2


def test_tables_alone_have_the_same_results(make: Make) -> None:
    study = make()
    studies.gather(study)
    before = look(study)
    shutil.rmtree(study.trials_folder)
    assert look(studies.open_study(study.folder)) == before


# --- where it is kept --------------------------------------------------------------------------


def test_the_rest_of_the_plan_stays_as_it_is(make: Make) -> None:
    study = make()
    before = read_json(Path("S", STUDY))
    look(study)
    after = read_json(Path("S", STUDY))
    assert after.pop(LOOKS) == kept()
    assert after == before
    assert list(after) == list(before)


def test_looks_are_no_part_of_trials(make: Make) -> None:
    study = make()
    look(study)
    again = studies.open_study(study.folder)
    assert again.specs == study.specs
    assert again.config == study.config


def test_an_old_study_has_not_been_looked_at(make: Make) -> None:
    study = make()
    look(study)
    content = read_json(Path("S", STUDY))
    del content[LOOKS]
    write_json(Path("S", STUDY), content)
    assert look(study) == Look(1, 0.025, fixed=False, kept=True)


@pytest.mark.parametrize("nonsense", [None, 3, "x", {}, [1, None], [{}]])
def test_looks_that_were_edited_into_nonsense_do_no_harm(make: Make, nonsense: Any) -> None:
    study = make()
    write_json(Path("S", STUDY), {**read_json(Path("S", STUDY)), LOOKS: nonsense})
    assert look(study).kept
    assert look(study) == look(study)
    assert make("3").specs


def test_a_copy_is_looked_at_by_itself(make: Make) -> None:
    look(make("2"))
    shutil.copytree("S", "T")
    assert look(make("3")).number == 2
    assert look(studies.open_study(Path("T"))).number == 1


def test_a_folder_of_somebody_else_is_left_alone(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make()
    look(study)
    study = make("3")
    before = Path("S", STUDY).read_bytes()
    monkeypatch.setattr(looks.os, "geteuid", lambda: Path("S").stat().st_uid + 1)
    assert look(study) == Look(2, 0.0125, fixed=False, kept=False)
    assert look(study) == Look(2, 0.0125, fixed=False, kept=False)
    assert Path("S", STUDY).read_bytes() == before


def test_a_disk_that_cannot_be_written_fails_nothing(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, value: object) -> None:
        raise OSError(30, "Read-only file system")

    study = make()
    monkeypatch.setattr(looks, "write_text", refuse)
    assert look(study) == Look(1, 0.025, fixed=False, kept=False)


def test_a_look_while_others_write_is_not_kept(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    study = make()
    monkeypatch.setattr("nasbench_harness.store.folders.PLAN_SECONDS", 0.05)
    with plan_lock(study.folder / STUDY):
        assert look(study) == Look(1, 0.025, fixed=False, kept=False)
    assert look(study).kept


def test_a_run_and_a_look_at_the_same_time_lose_nothing(make: Make) -> None:
    """What a run writes has the looks of before, what a look writes the trials of the run."""
    old = make("2")
    look(old)
    grown = make("3")
    assert len(kept()) == 1
    look(old)
    look(replace(grown, specs=old.specs[:1]))
    assert len(kept()) == 2
    assert studies.open_study(Path("S")).specs == grown.specs


def test_who_looks_at_the_same_time_has_a_look_each(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixteen at once at eight sets of results: eight looks."""
    monkeypatch.setattr("nasbench_harness.store.folders.PLAN_SECONDS", 120.0)
    study = make("8")
    parts = [replace(study, specs=study.specs[: 1 + at % 8]) for at in range(16)]
    with ThreadPoolExecutor(len(parts)) as pool:
        found = list(pool.map(look, parts))
    assert all(one.kept for one in found)
    assert found[:8] == found[8:]
    assert sorted(one.number for one in found[:8]) == list(range(1, 9))
    assert len(kept()) == 8
    assert studies.open_study(study.folder).specs == study.specs


# --- fixed studies -----------------------------------------------------------------------------


def test_a_fixed_study_has_one_look_once_all_is_there(make: Make) -> None:
    assert look(make("3", run=2, fixed=True)) == Look(0, 0.0, fixed=True, kept=False)
    assert not kept()
    assert look(make("3", fixed=True)) == Look(1, 0.05, fixed=True, kept=True)
    assert len(kept()) == 1


def test_a_failure_in_a_fixed_study_is_an_end(make: Make) -> None:
    study = make("3", fixed=True)
    edit_result(study, 2, status="failed")
    assert look(study) == Look(1, 0.05, fixed=True, kept=True)
    edit_result(study, 2, status="done")  # tried again: another set of results, and it is told
    assert look(study) == Look(2, 0.05, fixed=True, kept=True)
    edit_result(study, 2, status="interrupted")
    assert look(study) == Look(0, 0.0, fixed=True, kept=False)


def test_looks_are_readable_json(make: Make) -> None:
    look(make())
    (entry,) = json.loads(Path("S", STUDY).read_text())[LOOKS]
    assert set(entry) == {"results", "time"}

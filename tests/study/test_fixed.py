"""A fixed study is planned before its data are seen, and stays as it was planned."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness.errors import ExitCode
from nasbench_harness.jobs.driver import run_job
from nasbench_harness.store import studies
from nasbench_harness.store.looks import look
from nasbench_harness.store.studies import STUDY, Study, StudyError, with_seeds
from nasbench_harness.study import planning
from nasbench_harness.study.config import StudyConfig

Make = Callable[..., Study]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configured: Callable[..., Any]) -> Make:
    """Plan a study in `S`, as `run` would, and run so many of its trials."""
    monkeypatch.chdir(tmp_path)

    def build(methods: str = "rea", *, run: int = 0, **given: Any) -> Study:
        basics = {"steps": 3, "seeds": "2", "table": "analog", "random": False}
        asked: StudyConfig = configured(methods, **{**basics, **given})
        Path("S").mkdir(exist_ok=True)
        dumped = asked.model_dump(mode="json")
        made = studies.plan_study(Path("S"), dumped, planning.plan(asked))
        for spec in made.missing()[:run]:
            run_job(spec, made.trials_folder / spec.trial_id)
        return made

    return build


def refused(make: Make, said: str, *methods: str, **given: Any) -> None:
    """It is refused in one sentence, as wrong input, and nothing is written."""
    before = Path("S", STUDY).read_bytes()
    with pytest.raises(StudyError, match=said) as caught:
        make(*methods, **given)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "\n" not in str(caught.value)
    assert Path("S", STUDY).read_bytes() == before


@pytest.mark.parametrize("run", [0, 1, 2])
def test_what_was_planned_is_gone_on_with(make: Make, run: int) -> None:
    made = make(run=run, fixed=True)
    for given in ({"fixed": True}, {}, {"seeds": "1"}, {"report_metric": None}):
        again = make(**given)
        assert again.fixed
        assert again.specs == made.specs


@pytest.mark.parametrize("run", [0, 2])
@pytest.mark.parametrize(
    ("methods", "given", "would_be"),
    [
        ("rea", {"seeds": "3"}, "`rea` with seed 2 would be new"),
        ("rea", {"seeds": "5"}, "`rea` with seed 2 and 2 more would be new"),
        ("rea,reinforce", {}, "`reinforce` with seed 0 and 1 more would be new"),
        ("rea[population=5]", {}, "would be new"),
        ("rea", {"random": True}, "`random` with seed 0 and 1 more would be new"),
    ],
)
def test_it_is_not_extended(
    make: Make, run: int, methods: str, given: dict[str, Any], would_be: str
) -> None:
    make(run=run, fixed=True)
    refused(make, f"fixed study, which is judged once .*{would_be}", methods, **given)
    refused(make, "`nasharness resume S` goes on", methods, **given, fixed=True)


def test_it_stays_fixed(make: Make) -> None:
    make(fixed=True)
    refused(make, "holds a fixed study, which stays one", fixed=False)


def test_a_study_with_results_is_not_fixed_any_more(make: Make) -> None:
    make(run=1)
    refused(make, "has results already, and a study is fixed before they are seen", fixed=True)
    assert not make(fixed=False).fixed


def test_a_study_that_was_looked_at_is_not_fixed_any_more(make: Make) -> None:
    study = make(run=1)
    look(study)
    shutil.rmtree(study.trials_folder)
    refused(make, "has results already", fixed=True)


def test_a_study_without_results_may_be_fixed_and_grow_by_that(make: Make) -> None:
    make()
    made = make(fixed=True, seeds="3")
    assert made.fixed
    assert len(made.specs) == 3


def test_how_it_is_judged_is_fixed_with_its_results(make: Make) -> None:
    make(fixed=True, smallest_difference=0.2)
    assert make(smallest_difference=0.3, run=1).smallest_difference("regret") == 0.3
    refused(make, r"judged as it was planned \(its smallest .* was 0.3", smallest_difference=0.2)
    assert make(smallest_difference=0.3).fixed


def test_other_settings_are_refused_as_ever(make: Make) -> None:
    make(fixed=True)
    refused(make, "holds a study with steps = 3, not 4", steps=4)


def test_nobody_is_told_to_add_seeds(make: Make) -> None:
    assert "--seeds 50" in with_seeds(make(), 50)
    assert with_seeds(make(fixed=True), 50) == ""

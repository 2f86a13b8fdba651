"""The smallest difference of interest: what may be said, and what it is said of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.store import studies
from nasbench_harness.store.studies import Study
from nasbench_harness.study import planning
from nasbench_harness.study.config import StudyConfig
from nasbench_harness.study.naming import place, study_name
from nasbench_harness.study.notation import ConfigError
from nasbench_harness.study.smallest import read_smallest, said_of

Configured = Callable[..., StudyConfig]
OURS = "cifar10_baseline_accuracy"
BASICS = {"steps": 3, "seeds": "2", "table": "analog", "random": False}


@pytest.fixture
def study(tmp_path: Path, configured: Configured) -> Callable[..., Study]:
    """Plan a study in the same folder, as `run` would."""

    def plan(methods: str = "rea", **given: Any) -> Study:
        asked = configured(methods, **{**BASICS, **given})
        (tmp_path / "S").mkdir(exist_ok=True)
        dumped = asked.model_dump(mode="json")
        return studies.plan_study(tmp_path / "S", dumped, planning.plan(asked))

    return plan


# --- what may be said --------------------------------------------------------------------------


@given(st.floats(min_value=1e-300, max_value=1e300))
def test_points_above_nothing_are_read(points: float) -> None:
    assert read_smallest(points) == points
    assert read_smallest({"regret": points}) == {"regret": points}


@given(st.one_of(st.floats(max_value=0), st.just(float("nan")), st.just(float("inf")), st.text()))
def test_nothing_else_is(value: Any) -> None:
    if isinstance(value, str) and value.strip().replace(".", "", 1).isdecimal():
        return
    for said in (value, {"regret": value}, {"accuracy": 1, "regret": value}):
        with pytest.raises(ValueError, match=r"^$|`regret` is "):
            read_smallest(said)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (0, "`smallest_difference` cannot be 0: expected points, a number > 0, or one for each"),
        (-0.2, "cannot be -0.2: expected"),
        (float("nan"), "cannot be nan: expected"),
        ("some", "cannot be 'some': expected"),
        (True, "cannot be true: expected"),
        ([0.2], "cannot be [0.2]: expected"),
        ({}, "(no metric is named)"),
        ({"regret": -1}, "(`regret` is -1)"),
        ({"regret": None}, "(`regret` is null)"),
    ],
)
def test_what_is_none_is_refused_in_one_sentence(
    configured: Configured, said: Any, told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        configured("rea", smallest_difference=said)
    assert told in str(caught.value)
    assert str(caught.value).count("expected") == 1
    assert "\n" not in str(caught.value)


def test_a_metric_that_nothing_is_judged_by_is_refused(planned: Callable[..., Any]) -> None:
    with pytest.raises(UnknownNameError, match=r"no metric .*`regrett`. Did you mean `regret`\?"):
        planned("rea", **BASICS, smallest_difference={"regrett": 0.2})


def test_without_a_table_there_is_no_regret(planned: Callable[..., Any]) -> None:
    on_images = {"search": "supernet", "dataset": "digits", "recipe": "quick", "table": "none"}
    with pytest.raises(HarnessError, match=r"`regret`\..* Known: accuracy, "):
        planned("darts", **on_images, smallest_difference={"regret": 0.2})


# --- what it is said of ------------------------------------------------------------------------


def test_where_nothing_is_said_there_is_none(study: Callable[..., Study]) -> None:
    assert study().smallest_difference("regret") is None


def test_one_number_is_for_every_metric(study: Callable[..., Study]) -> None:
    made = study(smallest_difference=0.2)
    again = studies.open_study(made.folder)
    for metric in ("regret", "accuracy", OURS, "queries"):
        assert made.smallest_difference(metric) == again.smallest_difference(metric) == 0.2


def test_each_metric_has_its_own(study: Callable[..., Study]) -> None:
    made = study(smallest_difference={"regret": 0.2, "accuracy": 0.3, "cifar10_ptq_accuracy": 0.4})
    found = [made.smallest_difference(name) for name in ("regret", "accuracy", OURS)]
    assert found == [0.2, 0.3, 0.3]
    assert made.smallest_difference("cifar10_ptq_accuracy") == 0.4
    assert made.smallest_difference("cifar10_qat_accuracy") is None


@pytest.mark.parametrize("said", ["regret", "accuracy", "m"])
@pytest.mark.parametrize("asked", ["regret", "accuracy", "m"])
def test_regret_and_accuracy_are_the_same_points(said: str, asked: str) -> None:
    assert said_of({said: 0.2}, asked, ["m"]) == 0.2


def test_a_study_of_before_says_nothing(study: Callable[..., Study]) -> None:
    made = study()
    del made.config["smallest_difference"], made.config["fixed"]
    studies.write_study(made)
    old = studies.open_study(made.folder)
    assert old.smallest_difference("regret") is None
    assert not old.fixed
    assert study(seeds="3", smallest_difference=0.3).smallest_difference("regret") == 0.3


# --- what it is no part of ---------------------------------------------------------------------


def test_trials_and_folders_do_not_know_it(
    configured: Configured, planned: Callable[..., Any]
) -> None:
    asked = {**BASICS, "smallest_difference": 0.2, "fixed": True}
    plain, judged = planned("rea", **BASICS), planned("rea", **asked)
    assert [spec.trial_id for spec in plain] == [spec.trial_id for spec in judged]
    assert study_name(configured("rea", **BASICS)) == study_name(configured("rea", **asked))


def test_what_is_said_last_counts_and_silence_changes_nothing(study: Callable[..., Study]) -> None:
    study(smallest_difference=0.2)
    assert study(seeds="3").smallest_difference("regret") == 0.2
    assert study(smallest_difference={"accuracy": 0.5}).smallest_difference("regret") == 0.5
    assert study().smallest_difference("regret") == 0.5


def test_a_change_is_told(study: Callable[..., Study], configured: Configured) -> None:
    folder = study().folder

    def told(**given: Any) -> str:
        return place(configured("rea", **{**BASICS, **given}), folder).note

    assert told() == ""
    assert "was the benchmark's own and is 0.2 points from now on" in told(smallest_difference=0.2)
    study(smallest_difference=0.2)
    assert told() == told(smallest_difference=0.2) == ""
    assert "was 0.2 points and is 0.1 (regret) and 0.3 (accuracy) points from now on" in told(
        smallest_difference={"regret": 0.1, "accuracy": 0.3}
    )
    assert place(configured("rea", **BASICS, smallest_difference=1), folder / "new").note == ""

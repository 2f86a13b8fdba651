"""A study's folder: what was planned, what has become of it, and its tidy tables."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nasbench_harness.errors import HarnessError
from nasbench_harness.jobs.driver import run_job
from nasbench_harness.store import studies
from nasbench_harness.store.outcomes import Status
from nasbench_harness.store.studies import Study, StudyError
from nasbench_harness.study import config, planning
from nasbench_harness.study.config import StudyConfig
from nasbench_harness.study.spec import TrialSpec

STEPS = 3


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., Study]:
    """Plan a study in the same folder, as `run` would."""
    folder = tmp_path / "study"

    def plan(methods: str = "random", **given: Any) -> Study:
        study = config.build_config(
            None, {"methods": methods, "steps": STEPS, "seeds": "2", **given}, ()
        )
        folder.mkdir(exist_ok=True)
        return studies.plan_study(folder, study.model_dump(mode="json"), planning.plan(study))

    return plan


@pytest.fixture
def run() -> Callable[[Study], Study]:
    """Run every trial of a study here and now."""

    def run(study: Study) -> Study:
        for spec in study.specs:
            run_job(spec, study.trials_folder / spec.trial_id)
        return study

    return run


def labels(study: Study) -> set[tuple[str, int]]:
    return {(spec.label, spec.seed) for spec in study.specs}


def damage(study: Study, content: str | bytes) -> None:
    data = content.encode() if isinstance(content, str) else content
    (study.folder / studies.STUDY).write_bytes(data)


# --- planning ----------------------------------------------------------------------------------


def test_planned_study_is_opened_again(opened: Callable[..., Study]) -> None:
    study = opened()
    again = studies.open_study(study.folder)
    assert (again.specs, again.config, again.facts) == (study.specs, study.config, study.facts)


def test_planned_trials_are_missing(opened: Callable[..., Study]) -> None:
    study = opened()
    assert study.missing() == study.specs
    assert study.outcome(study.specs[0]).status is Status.MISSING


def test_facts_name_versions_and_machine(opened: Callable[..., Study]) -> None:
    facts = opened().facts
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", facts["planned_at"])
    assert facts["versions"]["nasbench-harness"][0].isdigit()
    assert {"python", "machine", "git_commit"} <= set(facts)


def test_no_two_studies_are_one(tmp_path: Path) -> None:
    """However alike they are, and planned within one second."""
    study = config.build_config(None, {"methods": "random", "steps": STEPS, "seeds": "1"}, ())
    planned = study.model_dump(mode="json"), planning.plan(study)
    one, other = (studies.plan_study(tmp_path / name, *planned) for name in ("one", "other"))
    assert one.facts["id"] != other.facts["id"]
    assert studies.plan_study(tmp_path / "one", *planned).facts["id"] == one.facts["id"]


def test_planning_again_adds_nothing(opened: Callable[..., Study]) -> None:
    assert opened().specs == opened().specs


def test_study_grows_by_seeds(opened: Callable[..., Study]) -> None:
    opened(seeds="2")
    study = opened(seeds="4")
    assert labels(study) == {("random", seed) for seed in range(4)}
    assert study.config["seeds"] == [0, 1, 2, 3]


def test_study_grows_by_methods(opened: Callable[..., Study]) -> None:
    opened("random")
    study = opened("drnas", random=False)
    assert labels(study) == {(m, s) for m in ("random", "drnas") for s in range(2)}
    assert [m["name"] for m in study.config["methods"]] == ["random", "drnas"]


def test_fewer_seeds_take_nothing_away(opened: Callable[..., Study]) -> None:
    opened(seeds="4")
    assert len(opened(seeds="1").specs) == 4


def test_what_has_grown_is_on_disk(opened: Callable[..., Study]) -> None:
    opened(seeds="2")
    study = opened(seeds="4")
    assert studies.open_study(study.folder).specs == study.specs


def test_growing_runs_only_what_is_missing(
    opened: Callable[..., Study], run: Callable[[Study], Study]
) -> None:
    run(opened(seeds="2"))
    assert [spec.seed for spec in opened(seeds="4").missing()] == [2, 3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 9}, "steps = 3, not 9"),
        ({"noise": 0.5}, r"noise = 0\.0, not 0\.5"),
        ({"batch_size": 2}, "batch_size = 1, not 2"),
        ({"recipe": "nb201"}, "recipe = landscape, not nb201"),
    ],
)
def test_other_settings_are_refused(
    opened: Callable[..., Study], change: dict[str, Any], message: str
) -> None:
    opened()
    with pytest.raises(StudyError, match=f"holds a study with {message}; choose another --out"):
        opened(**change)


def test_refusal_leaves_the_study_as_it_was(opened: Callable[..., Study]) -> None:
    before = (opened().folder / studies.STUDY).read_bytes()
    with pytest.raises(StudyError):
        opened(steps=9)
    assert (opened().folder / studies.STUDY).stat().st_size > 0
    assert json.loads(before)["config"] == opened().config


def test_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_text("")
    with pytest.raises(StudyError, match="is not empty and holds no study; choose another --out"):
        studies.plan_study(tmp_path, {}, [])
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


# --- opening what is not in order --------------------------------------------------------------


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", "3", b"\xff\xfe", '{"schema_version": 1}'], ids=repr
)
def test_damaged_study_is_a_sentence(opened: Callable[..., Study], content: str | bytes) -> None:
    study = opened()
    damage(study, content)
    with pytest.raises(StudyError, match=r"study\.json is damaged") as caught:
        studies.open_study(study.folder)
    assert "\n" not in str(caught.value)


def test_trial_of_unknown_shape_is_damage(opened: Callable[..., Study]) -> None:
    study = opened()
    content = json.loads((study.folder / studies.STUDY).read_text())
    content["trials"][0]["colour"] = "blue"
    damage(study, json.dumps(content))
    with pytest.raises(StudyError, match=r"study\.json is damaged"):
        studies.open_study(study.folder)


def test_config_of_unknown_shape_is_damage(opened: Callable[..., Study]) -> None:
    study = opened()
    content = json.loads((study.folder / studies.STUDY).read_text())
    damage(study, json.dumps({**content, "config": 3}))
    with pytest.raises(StudyError, match="damaged"):
        opened()


def test_damaged_study_is_not_planned_over(opened: Callable[..., Study]) -> None:
    study = opened()
    damage(study, "{")
    with pytest.raises(StudyError, match="damaged"):
        opened()
    assert (study.folder / studies.STUDY).read_text() == "{"


def test_advice_for_a_damaged_study_works(
    opened: Callable[..., Study], run: Callable[[Study], Study]
) -> None:
    study = run(opened())
    (study.folder / studies.STUDY).unlink()
    assert opened().missing() == []


def test_study_of_another_version_is_refused(opened: Callable[..., Study]) -> None:
    study = opened()
    content = json.loads((study.folder / studies.STUDY).read_text())
    damage(study, json.dumps({**content, "schema_version": 99}))
    with pytest.raises(StudyError, match="schema version 99; this one reads up to 1: install"):
        studies.open_study(study.folder)


def test_folder_without_a_study_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"holds no study \(no study\.json there\)"):
        studies.open_study(tmp_path)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="none holds no study"):
        studies.open_study(tmp_path / "none")


def test_file_is_no_study(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match=r"holds no study|no folder"):
        studies.open_study(tmp_path / "file")


# --- results -----------------------------------------------------------------------------------


def test_finished_trials_are_done(
    opened: Callable[..., Study], run: Callable[[Study], Study]
) -> None:
    study = run(opened())
    assert study.missing() == []
    assert {study.outcome(spec).status for spec in study.specs} == {Status.DONE}


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"status": "splendid"}', b"\xff"])
def test_damaged_result_is_no_result(
    opened: Callable[..., Study], run: Callable[[Study], Study], content: str | bytes
) -> None:
    study = run(opened())
    spec = study.specs[0]
    data = content.encode() if isinstance(content, str) else content
    (study.trials_folder / spec.trial_id / "result.json").write_bytes(data)
    assert study.missing() == [spec]


def test_failure_is_no_result(opened: Callable[..., Study]) -> None:
    study = opened()
    spec = study.specs[0]
    path = study.trials_folder / spec.trial_id / "result.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"status": "failed", "error": "it broke"}')
    assert spec in study.missing()
    assert (study.outcome(spec).status, study.outcome(spec).error) == (Status.FAILED, "it broke")


# --- tidy tables -------------------------------------------------------------------------------


@pytest.fixture
def gathered(opened: Callable[..., Study], run: Callable[[Study], Study]) -> Study:
    """Two methods, two seeds, done and gathered."""
    study = run(opened("drnas,random"))
    studies.gather(study)
    return study


def test_trials_have_one_row_each(gathered: Study) -> None:
    trials, _ = studies.read_tables(gathered.folder)
    assert trials["trial"].tolist() == [spec.trial_id for spec in gathered.specs]


def test_trials_name_method_seed_and_status(gathered: Study) -> None:
    trials, _ = studies.read_tables(gathered.folder)
    assert set(zip(trials["method"], trials["seed"], strict=True)) == labels(gathered)
    assert set(trials["status"]) == {"done"}
    assert set(trials["error"]) == {""}


def test_trials_carry_what_was_looked_up_and_its_regret(gathered: Study, table: Any) -> None:
    trials, _ = studies.read_tables(gathered.folder)
    best = table.column("cifar10_baseline_accuracy").max()
    missing = best - trials["cifar10_baseline_accuracy"]
    assert trials["regret_cifar10_baseline_accuracy"].tolist() == pytest.approx(missing.tolist())


def test_trials_carry_every_setting(gathered: Study) -> None:
    trials, _ = studies.read_tables(gathered.folder)
    (spec, *_) = (spec for spec in gathered.specs if spec.method == "drnas")
    assert {f"setting_{name}" for name in spec.settings} <= set(trials.columns)


def test_trials_name_their_table_and_its_hash(gathered: Study, table: Any) -> None:
    trials, _ = studies.read_tables(gathered.folder)
    assert set(trials["table"]) == {"analog"}
    assert set(trials["table_hash"]) == {table.content_hash}


def test_history_has_one_row_per_recorded_step(gathered: Study) -> None:
    _, history = studies.read_tables(gathered.folder)
    assert history.groupby("trial")["step"].apply(list).tolist() == [[1, 2, 3]] * 4


def test_history_carries_the_architecture_so_far_and_its_accuracy(
    gathered: Study, space: Any, table: Any
) -> None:
    _, history = studies.read_tables(gathered.folder)
    for text, accuracy in zip(
        history["architecture"], history["cifar10_baseline_accuracy"], strict=True
    ):
        assert table.value("cifar10_baseline_accuracy", space.parse(text)) == accuracy


@pytest.mark.parametrize("name", ["trials", "history"])
def test_csv_holds_the_same_as_parquet(gathered: Study, name: str) -> None:
    parquet = pd.read_parquet(gathered.folder / f"{name}.parquet")
    csv = pd.read_csv(gathered.folder / f"{name}.csv")
    assert list(csv.columns) == list(parquet.columns)
    for column in parquet.select_dtypes("number"):
        pd.testing.assert_series_equal(csv[column], parquet[column], check_dtype=False)


def test_csv_writes_nested_values_as_json(gathered: Study) -> None:
    csv = pd.read_csv(gathered.folder / "history.csv")
    probabilities = json.loads(csv["probabilities"].dropna().iloc[0])
    assert (len(probabilities), len(probabilities[0])) == (6, 5)


def test_every_row_carries_its_schema(gathered: Study) -> None:
    trials, _ = studies.read_tables(gathered.folder)
    assert set(trials["schema_version"]) == {1}


def test_missing_and_failed_trials_are_rows_too(opened: Callable[..., Study]) -> None:
    study = opened()
    path = study.trials_folder / study.specs[0].trial_id / "result.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"status": "failed", "error": "it broke", "traceback": "long"}')
    studies.gather(study)
    trials, history = studies.read_tables(study.folder)
    assert trials["status"].tolist() == ["failed", "missing"]
    assert trials["error"].tolist() == ["it broke", ""]
    assert len(history) == 0


def test_traceback_stays_out_of_the_table(opened: Callable[..., Study]) -> None:
    study = opened()
    path = study.trials_folder / study.specs[0].trial_id / "result.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"status": "failed", "error": "it broke", "traceback": "long"}')
    assert "traceback" not in studies.trials_table(study).columns


def test_torn_history_gathers_its_whole_lines(gathered: Study) -> None:
    path = gathered.trials_folder / gathered.specs[0].trial_id / "history.jsonl"
    path.write_bytes(path.read_bytes()[:-10])
    assert len(studies.history_table(gathered)) == 4 * STEPS - 1


@pytest.mark.parametrize("line", [b"\x00\x00\x00\n", b"{\n"])
def test_damaged_history_is_a_sentence(gathered: Study, line: bytes) -> None:
    path = gathered.trials_folder / gathered.specs[0].trial_id / "history.jsonl"
    path.write_bytes(path.read_bytes() + line)
    with pytest.raises(HarnessError, match=r"history\.jsonl"):
        studies.gather(gathered)


def test_gathering_again_changes_nothing(gathered: Study) -> None:
    before = (gathered.folder / "trials.csv").read_bytes()
    studies.gather(studies.open_study(gathered.folder))
    assert (gathered.folder / "trials.csv").read_bytes() == before


def test_tables_of_an_ungathered_study_are_a_sentence(opened: Callable[..., Study]) -> None:
    with pytest.raises(StudyError, match=r"tables of .* cannot be read"):
        studies.read_tables(opened().folder)


def test_damaged_tables_are_a_sentence(gathered: Study) -> None:
    (gathered.folder / "trials.parquet").write_bytes(b"PAR1")
    with pytest.raises(StudyError, match=r"tables of .* cannot be read"):
        studies.read_tables(gathered.folder)


# --- the command that runs a trial again -------------------------------------------------------


def read_command(command: str) -> StudyConfig:
    """What `nasharness run` makes of the command's options."""
    words = shlex.split(command)
    assert words[:2] == ["nasharness", "run"]
    given: dict[str, Any] = {}
    rest = iter(words[2:])
    for word in rest:
        if word == "--no-random":
            given["random"] = False
        else:
            given[word.removeprefix("--").replace("-", "_")] = next(rest)
    del given["out"]
    return config.build_config(None, given, ())


@pytest.mark.parametrize(
    ("methods", "given"),
    [
        ("random", {}),
        ("random", {"noise": 0.25, "batch_size": 4, "steps": 17}),
        ("drnas", {"recipe": "nb201"}),
        ("unas[temperature=0.123456789,cost=params,learning_rate=1e-5]", {}),
        ("unas[learning_rate_min=null]", {"seeds": "7,"}),
        ("darts[arch_before_weight=false,weight_decay=0]", {}),
        ("random", {"noise": 0.123456789}),
    ],
)  # fmt: skip
def test_command_runs_the_same_trial(
    planned: Callable[..., list[TrialSpec]], methods: str, given: dict[str, Any]
) -> None:
    for spec in planned(methods, **{"seeds": "2", **given}):
        (again,) = planning.plan(read_command(studies.reproduce(spec)))
        assert again.fingerprint == spec.fingerprint


def test_every_row_carries_its_command(gathered: Study) -> None:
    trials, _ = studies.read_tables(gathered.folder)
    assert trials["command"].tolist() == [studies.reproduce(spec) for spec in gathered.specs]


def test_command_writes_to_a_folder_of_its_own(gathered: Study) -> None:
    folders = {shlex.split(studies.reproduce(spec))[-1] for spec in gathered.specs}
    assert len(folders) == len(gathered.specs)

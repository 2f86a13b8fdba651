"""What stands in `ci/` and `baselines/`: valid, runnable, and about one and the same study."""

from __future__ import annotations

import math
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from nasbench_harness import registry
from nasbench_harness.cli import app
from nasbench_harness.reports.regression.baseline import Baseline, read_baseline
from nasbench_harness.reports.regression.check import check_results
from nasbench_harness.reports.regression.identity import config_of, dataset_of
from nasbench_harness.reports.regression.series import MEMORY, Key, Measured, Series
from nasbench_harness.reports.regression.standard import Standard
from nasbench_harness.reports.regression.studyfile import read_study_file
from nasbench_harness.reports.regression.verdicts import CheckVerdict
from nasbench_harness.store.studies import planned_study
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan

ACTION = "ci/github/action.yml"
WORKFLOW = "ci/github/example.yml"
GITLAB = "ci/gitlab/nasharness.gitlab-ci.yml"
SCRIPTS = sysconfig.get_path("scripts")


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


# --- the studies and their baselines -----------------------------------------------------------


@pytest.mark.parametrize(("study", "baseline"), [("study", "nb201"), ("digits", "digits")])
def test_baseline_is_about_its_study(checkout: Path, study: str, baseline: str) -> None:
    planned = plan(build_config(checkout / "ci" / f"{study}.yaml", {}, []))
    kept = read_baseline(checkout / "baselines" / f"{baseline}.json").results.series
    configs = {spec.label: config_of(spec) for spec in planned}
    assert {series.key.method for series in kept} == configs.keys()
    for series in kept:
        assert series.config == configs[series.key.method]
        assert sorted(series.values) == sorted({spec.seed for spec in planned})


@pytest.mark.parametrize(
    ("study", "further"), [("study", ()), ("digits", ("entropy",)), ("supernet", ("entropy",))]
)
def test_its_seeds_can_find_something(
    checkout: Path, tmp_path: Path, study: str, further: tuple[str, ...]
) -> None:
    """On the seeds of its baseline."""
    asked, margins = read_study_file(checkout / "ci" / f"{study}.yaml")
    config = build_config(None, asked, [])
    planned = planned_study(tmp_path / "study", config.model_dump(mode="json"), plan(config))
    series = [
        Series(
            Key(spec.label, spec.space, spec.problem, dataset_of(spec), metric), config_of(spec),
            spec.method_version, "", dict.fromkeys(config.seeds, 90.0),
        )
        for spec in {spec.label: spec for spec in planned.specs}.values()
        for metric in (spec.report_metric, *((MEMORY,) if spec.images else ()), *further)
    ]  # fmt: skip
    standard = Standard(Baseline(Measured(tuple(series), {})), margins=margins)
    assert not standard.check_plan([planned])


def test_the_quick_searches_on_digits_find_one_that_does_not_learn(checkout: Path) -> None:
    """An architecture that never moves has the largest entropy from the first step to the last."""
    kept = read_baseline(checkout / "baselines" / "digits.json")
    (largest,) = {math.log(len(d.options)) for d in registry.open_space("nb201").decisions}
    still = tuple(
        replace(series, values=dict.fromkeys(series.values, largest))
        for series in kept.results.series
        if series.key.metric == "entropy"
    )
    assert len(still) == 4
    others = tuple(one for one in kept.results.series if one.key.metric != "entropy")
    report = check_results(kept, Measured((*others, *still), {}))
    moved = [one for one in report.findings if one.verdict is CheckVerdict.MOVED]
    assert [one.metric for one in moved] == ["entropy"] * 4


# --- GitHub and GitLab -------------------------------------------------------------------------


@pytest.mark.skipif(find_spec("check_jsonschema") is None, reason="check-jsonschema is missing")
@pytest.mark.parametrize(
    ("schema", "name", "key"),
    [("github-actions", ACTION, "using:"), ("github-workflows", WORKFLOW, "runs-on:"),
     ("gitlab-ci", GITLAB, "reports:")],
)  # fmt: skip
def test_file_is_valid_by_its_schema(
    checkout: Path, tmp_path: Path, schema: str, name: str, key: str
) -> None:
    """And the schema knows the key, for a misspelt one is invalid."""

    def validate(path: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
        return subprocess.run([*command, path], capture_output=True, text=True, check=False)

    told = validate(checkout / name)
    assert told.returncode == 0, told.stdout
    misspelt = tmp_path / "misspelt.yml"
    misspelt.write_text((checkout / name).read_text().replace(key, f"x{key}"))
    assert validate(misspelt).returncode == 1


def test_example_gives_the_inputs_that_the_action_has(checkout: Path) -> None:
    inputs = load(checkout / ACTION)["inputs"]
    needed = {name for name, told in inputs.items() if told.get("required")}
    (given,) = [step["with"] for step in load(checkout / WORKFLOW)["jobs"]["check"]["steps"]
                if "with" in step]  # fmt: skip
    assert needed <= given.keys() <= inputs.keys()
    for file in (given["config"], given["baseline"]):
        assert (checkout / file).is_file()
    used = re.findall(r"inputs\.([\w-]+)", (checkout / ACTION).read_text())
    assert set(used) == inputs.keys()


def script_of(checkout: Path, step: str) -> str:
    (found,) = [s for s in load(checkout / ACTION)["runs"]["steps"] if s.get("name") == step]
    assert found["shell"] == "bash"
    return str(found["run"])


def run_check_step(checkout: Path, folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """The action's step as a runner runs it: `bash -e`, inputs in the environment."""
    environment = {
        **os.environ, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"), "ARGUMENTS": "", **inputs,
    }  # fmt: skip
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script_of(checkout, "Check")],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


STUDY = "{methods: [random], table: analog, seeds: 0-2, steps: 5}"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> Path:
    """With a study of seconds and its baseline; nobody may change it."""
    folder = tmp_path_factory.mktemp("repository")
    (folder / "study.yaml").write_text(STUDY)
    commands = (
        "run --config study.yaml --no-report --out run",
        "baseline save run --to baseline.json",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for command in commands:
            done = CliRunner().invoke(app, command.split())
            assert done.exit_code == 0, done.stderr
    return folder


@pytest.fixture
def own(repository: Path, tmp_path: Path) -> Path:
    """A repository to work in."""
    shutil.copytree(repository, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_action_s_step_tells_a_pass_and_a_refusal(checkout: Path, own: Path) -> None:
    inputs = {"CONFIG": "study.yaml", "BASELINE": "baseline.json"}
    done = run_check_step(checkout, own, **inputs)
    assert done.returncode == 0, done.stderr
    summary = (own / "summary.md").read_text()
    assert "2 unchanged" in summary
    assert summary == (own / "nasharness-check.md").read_text()
    assert (own / "nasharness-check.xml").read_text().startswith("<?xml")
    (own / "nasharness-check.md").unlink()
    refused = run_check_step(checkout, own, **inputs, ARGUMENTS="--methods unas")
    assert refused.returncode == 2
    assert (own / "summary.md").read_text() == summary


def test_action_s_step_fails_and_still_tells_why(checkout: Path, own: Path) -> None:
    """Three other seeds can tell nothing: exit code 4, with a summary and an annotation."""
    inputs = {"CONFIG": "study.yaml", "BASELINE": "baseline.json", "ARGUMENTS": "--seeds 7-9"}
    done = run_check_step(checkout, own, **inputs)
    assert done.returncode == 4, done.stderr
    assert "::warning title=Inconclusive" in done.stdout
    assert "inconclusive" in (own / "summary.md").read_text()


@pytest.mark.parametrize("step", ["Install", "Check"])
def test_steps_are_bash_and_take_inputs_from_the_environment_only(
    checkout: Path, step: str
) -> None:
    """An input written into the script would be run as part of it."""
    script = script_of(checkout, step)
    assert "${{" not in script
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_gitlab_s_script_is_what_the_command_line_takes(checkout: Path, own: Path) -> None:
    job = load(checkout / GITLAB)["nasharness"]
    install, command = job["script"]
    assert install == "python -m pip install ."
    for file in job["variables"].values():
        assert (checkout / file).is_file()
    environment = {
        **os.environ, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
        "STUDY": "study.yaml", "BASELINE": "baseline.json",
    }  # fmt: skip
    subprocess.run(["bash", "-ec", command], cwd=own, env=environment, check=True)
    for file in (*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]):
        assert (own / file).is_file()


# --- our own CI --------------------------------------------------------------------------------


def test_own_ci_checks_every_baseline(checkout: Path) -> None:
    text = (checkout / ".ci" / "run").read_text()
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)
    calls = [shlex.split(line)[1:] for line in text.splitlines() if line.startswith("check ")]
    assert sorted(call[1] for call in calls) == sorted(
        path.stem for path in (checkout / "baselines").glob("*.json")
    )
    for study, _, _ in calls:
        assert (checkout / "ci" / f"{study}.yaml").is_file()


@pytest.mark.parametrize("codes", [(0, 0), (0, 3), (3, 0)])
def test_commands_abreast_end_well_where_both_do(checkout: Path, codes: tuple[int, int]) -> None:
    words = [sys.executable, str(checkout / ".ci" / "abreast.py")]
    for name, code in zip("ab", codes, strict=True):
        words += ["--", sys.executable, "-c", f"print('{name}'); raise SystemExit({code})"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == int(any(codes))
    assert [line for line in done.stdout.splitlines() if line in ("a", "b")] == ["b", "a"]

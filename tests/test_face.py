"""The Python face: what the command line does, from a script."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import nasbench_harness as nh
from nasbench_harness import registry
from nasbench_harness.cli import app
from nasbench_harness.contracts import Suite, SuiteProblem
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.executors.local import LocalExecutor
from nasbench_harness.store.outcomes import Status

SMALL: dict[str, Any] = {"seeds": 2, "steps": 5, "jobs": 1, "progress": False}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> nh.StudyResults:
    return nh.run(["drnas", "rea"], out=tmp_path_factory.mktemp("face") / "study", **SMALL)


def test_every_trial_has_a_row_and_every_method_one(study: nh.StudyResults) -> None:
    assert study.finished
    assert study.failures == []
    assert sorted(study.trials["method"].unique()) == ["drnas", "random", "rea"]
    assert len(study.trials) == 6
    assert set(study.summary["method"]) == set(study.trials["method"])
    assert set(study.history["trial"]) == set(study.trials["trial"])


def test_opened_again_it_is_the_same(study: nh.StudyResults) -> None:
    again = nh.open_study(study.folder)
    assert again.trials.equals(study.trials)
    assert repr(again) == f"<study {study.folder}: drnas, rea, random, 6 trials>"


def test_it_is_the_study_that_the_command_makes(
    study: nh.StudyResults, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = "run -m drnas,rea --seeds 2 --steps 5 --jobs 1 --no-report --out command"
    assert CliRunner().invoke(app, words.split()).exit_code == 0
    columns = ["trial", "accuracy", "architecture", "command"]
    theirs = nh.open_study("command").trials
    assert theirs[columns].equals(study.trials[columns])


def test_run_again_it_grows_and_repeats_nothing(tmp_path: Path) -> None:
    first = nh.run("rea", out=tmp_path / "s", **SMALL)
    result = next(first.folder.glob("trials/rea-*/result.json"))
    before = result.stat().st_mtime_ns
    grown = nh.run("rea", out=tmp_path / "s", **{**SMALL, "seeds": 3})
    assert (len(first.trials), len(grown.trials)) == (4, 6)
    assert result.stat().st_mtime_ns == before


def test_seeds_may_be_a_range(tmp_path: Path) -> None:
    study = nh.run("rea", out=tmp_path / "s", **{**SMALL, "seeds": range(3, 5)})
    assert sorted(study.trials["seed"].unique()) == [3, 4]


def test_settings_and_study_file(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("methods: [drnas]\nsteps: 5\nseeds: 1\nrandom: false\n")
    study = nh.run(
        config=tmp_path / "study.yaml", settings={"drnas.anchor": "l2", "drnas.anchor_weight": 0.5},
        out=tmp_path / "s", progress=False,
    )  # fmt: skip
    (row,) = study.trials.to_dict("records")
    assert (row["setting_anchor"], row["setting_anchor_weight"]) == ("l2", 0.5)


def test_it_takes_the_hardware_of_the_command(study: nh.StudyResults, tmp_path: Path) -> None:
    machine = {field.name: field.default for field in fields(Hardware)} | {"workers": 0}
    again = nh.run(["drnas", "rea"], out=tmp_path / "s", **SMALL, **machine)
    assert list(again.trials["trial"]) == list(study.trials["trial"])


def test_report_is_written(study: nh.StudyResults, tmp_path: Path) -> None:
    page = study.report(tmp_path / "report")
    assert page == tmp_path / "report" / "index.html"
    assert page.is_file()


def test_default_folder_is_the_command_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    study = nh.run("rea", **SMALL)
    assert study.folder == Path("runs/rea-nb201-steps-5")


def test_space_and_table_by_name() -> None:
    assert nh.open_space("nb201").size == 15_625
    assert nh.open_table("analog").space == "nb201"


def test_failed_trials_are_told_and_raise_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    trial = nh.run("rea", out=folder, **SMALL).trials["trial"][0]
    shutil.rmtree(folder / "trials" / trial)
    (folder / "trials" / trial).write_text("no folder")
    study = nh.run("rea", out=folder, **SMALL)
    assert [failure.trial_id for failure in study.failures] == [trial]
    assert not study.finished


def test_what_a_user_should_know_is_a_warning(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="without a target"):
        nh.run("unas[cost=params]", out=tmp_path / "s", **SMALL)


def test_a_suite_is_run_problem_by_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"space": "nbmacro", "dataset": "cifar10", "table": "nbmacro"}
    cells = {"space": "transnas101", "dataset": "jigsaw", "table": "transnas101"}
    problems = (SuiteProblem(keys, "layers"), SuiteProblem(cells, "cells"),
                SuiteProblem(keys | {"table": "nowhere"}, "gone"))  # fmt: skip
    suite = Suite("few", "A few problems", problems)
    monkeypatch.setattr(registry, "open_suite", {"few": suite}.__getitem__)
    given = {"out": tmp_path / "few", "seeds": 2, "steps": 5, "jobs": 1, "progress": False}
    with pytest.raises(HarnessError, match="`jobs` cannot be 0"):
        nh.run_suite("few", "rea", **{**given, "jobs": 0})
    assert not (tmp_path / "few").exists()
    with pytest.warns(UserWarning, match="gone: .*nowhere"):
        done = nh.run_suite("few", ["rea", "drnas"], **given)
    assert list(done.studies) == ["layers", "cells"]
    assert done.finished
    assert set(done.studies["layers"].trials["method"]) == {"rea", "drnas", "random"}
    assert done.studies["cells"].folder == tmp_path / "few" / "cells"
    page = done.report()
    assert 'href="figures/problems.png"' in page.read_text(encoding="utf-8")
    assert (page.parent / "figures" / "problems.svg").is_file()
    assert repr(done) == f"<suite {tmp_path / 'few'}: layers, cells>"
    with pytest.raises(HarnessError, match=r"run_suite\('few', ...\)"):
        nh.run("rea", suite="few", out=tmp_path / "s")


def test_ctrl_c_arrives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: LocalExecutor, *_: Any) -> Any:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(LocalExecutor, "_events", interrupted)
    with pytest.raises(KeyboardInterrupt):
        nh.run("rea", out=tmp_path / "s", **SMALL)
    assert set(nh.open_study(tmp_path / "s").trials["status"]) == {str(Status.MISSING)}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "No methods given"),
        ({"methods": "drna"}, "Did you mean `drnas`"),
        ({"methods": "drnas", "stepps": 5}, "stepps"),
        ({"foo": 1}, "A study has no key `foo`"),
        ({}, 'try `methods="betadarts,darts"`'),
        ({"methods": "drnas", "dataset": "all"}, "one data set at a time"),
        ({"methods": "drnas", "settings": {"drnas.anchr": 1}}, "anchr"),
        ({"methods": "drnas", "config": "nowhere.yaml"}, "nowhere.yaml"),
        ({"methods": "drnas", "jobs": 0}, "`jobs` cannot be 0"),
        ({"width": 4}, 'write network={"width": 4}, as a study file has `network:`'),
        ({"methods": "drnas", "jobs": "two"}, "`jobs` cannot be 'two'"),
        ({"methods": "drnas", "workers": -1}, "`workers` cannot be -1"),
        ({"methods": "drnas", "threads": 0}, "`threads` cannot be 0"),
        ({"methods": "drnas", "compile": "fast"}, "no way to compile called `fast`"),
        ({"methods": "drnas", "device": "toaster"}, "There is no device `toaster`"),
    ],
)
def test_what_is_wrong_is_one_sentence(given: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=re.escape(said)):
        nh.run(**given, out=tmp_path / "s", progress=False)
    assert not (tmp_path / "s").exists()


def test_a_space_tells_what_it_is() -> None:
    assert repr(nh.open_space("nb201")) == "<space nb201: 15,625 architectures, 6 decisions>"


def test_what_is_no_study_is_said(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="holds no study"):
        nh.open_study(tmp_path)


def test_importing_it_is_light_and_it_tells_what_it_has() -> None:
    code = (
        "import sys, nasbench_harness as nh; print(*nh.__all__);"
        "print([m for m in ('torch', 'numpy', 'pandas', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names, heavy = done.stdout.splitlines()
    assert names.split() == [name for name in nh.__all__ if hasattr(nh, name)]
    assert heavy == "[]"


def test_script_without_a_guard_runs_its_study_once(tmp_path: Path) -> None:
    """Workers must not begin the script anew."""
    script = tmp_path / "script.py"
    script.write_text(
        "print('begun')\n"
        "import nasbench_harness as nh\n"
        "study = nh.run('rea', seeds=2, steps=5, out='s', progress=False)\n"
        "print(__file__ is not None, __spec__, study.finished)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout == "begun\nTrue None True\n"


def test_example_of_the_readme_runs(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    readme = (checkout / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(
        r"```python\n(import nasbench_harness as nh\n.*?)```", readme, re.DOTALL
    )
    small = example.replace("seeds=10", "seeds=2, steps=5, jobs=1, progress=False")
    assert small != example
    told: dict[str, Any] = {}
    exec(small, told)
    assert Path(told["page"]).is_file()

"""The worked example of CONTRIBUTING.md: built, installed into a scratch environment, and run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the example installed; it sees this one's packages."""
    folder = tmp_path_factory.mktemp("scratch")
    package = folder / "package"
    package.mkdir()
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for name, body in re.findall(r"```\w+\n# (\S+)\n(.*?)```", text, flags=re.DOTALL):
        (package / name).parent.mkdir(exist_ok=True)
        (package / name).write_text(body)
    venv.create(folder / "env", with_pip=False)
    site = next((folder / "env").glob("[Ll]ib/**/site-packages"))
    parent = sysconfig.get_path("purelib")
    (site / "parent.pth").write_text(f"import site; site.addsitedir({parent!r})\n")
    python = folder / "env" / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps"]
    options = ["--no-build-isolation", "--no-index", "--disable-pip-version-check", "-q"]
    subprocess.run([*install, *options, str(package)], check=True, cwd=folder)
    return folder


def run(scratch: Path, *arguments: str) -> str:
    python = scratch / "env" / "bin" / "python"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(python), *arguments], cwd=scratch, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def nasharness(scratch: Path, *arguments: str) -> str:
    return run(scratch, "-c", "from nasbench_harness.cli import main; main()", *arguments)


def test_all_blocks_are_there(scratch: Path) -> None:
    names = {path.name for path in (scratch / "package").iterdir() if path.is_file()}
    assert {"pyproject.toml", "local_search.py", "chain.py", "test_extras.py"} <= names


def test_example_is_found_beside_the_built_in_methods(scratch: Path) -> None:
    listed = json.loads(nasharness(scratch, "list", "methods", "--json"))
    origins = {entry["name"]: entry["origin"] for entry in listed}
    assert origins["local_search"] == "nas-extras 0.1.0"
    assert origins["unas"].startswith("nasbench-harness")


def test_example_keeps_the_contracts(scratch: Path) -> None:
    run(scratch, str(scratch / "package" / "test_extras.py"))


def test_example_method_runs_beside_the_built_in_ones(scratch: Path) -> None:
    options = ["--seeds", "2", "--out", "study", "--no-report", "--json"]
    told = nasharness(scratch, "run", "--methods", "local_search,rea", *options)
    (result,) = json.loads(told)["studies"]
    assert result["status"] == {"done": 6}
    assert {row["method"] for row in result["summary"]} == {"local_search", "rea", "random"}


def test_example_space_and_table_run(scratch: Path) -> None:
    options = ["--space", "chain", "--table", "chain", "--dataset", "toy", "--steps", "20"]
    told = nasharness(
        scratch, "run", "--methods", "local_search", *options, "--seeds", "2", "--json"
    )
    result = json.loads(told)
    assert result["studies"][0]["status"] == {"done": 4}
    assert (scratch / result["report"]).exists()


def test_example_recipe_is_for_a_method_of_somebody_else(scratch: Path) -> None:
    shown = json.loads(
        nasharness(scratch, "show", "method", "darts", "--recipe", "chain", "--json")
    )
    assert "chain (chain, landscape, nas-extras 0.1.0)" in shown["recipes"]
    settings = {row["name"]: (row["value"], row["tag"]) for row in shown["settings"]}
    assert settings["learning_rate"] == (0.2, "D")
    assert settings["beta1"] == (0.5, "C")


def test_example_recipe_runs_as_the_paper_s(scratch: Path) -> None:
    where = ["--space", "chain", "--table", "chain", "--dataset", "toy", "--recipe", "paper"]
    options = ["--no-random", "--seeds", "1", "--no-report", "--out", "recipe", "--json"]
    nasharness(scratch, "run", "--methods", "darts", *where, *options)
    (trial,) = json.loads((scratch / "recipe" / "study.json").read_text())["trials"]
    assert (trial["steps"], trial["settings"]["learning_rate"]) == (40, 0.2)

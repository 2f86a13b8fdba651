"""The worked examples of CONTRIBUTING.md and its guides: built, installed and run as they stand."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tomllib
import venv
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parent.parent
GUIDE = ROOT / "CONTRIBUTING.md"
PAGES = [GUIDE, *sorted((ROOT / "docs" / "plugins").glob("*.md"))]

SHORT = ["--seeds", "1", "-j", "1", "--no-report"]
ADDED = {
    "list methods": [],
    "show method annealed": [],
    "data import ladder_measured ladder.csv": [],
    "data verify ladder_measured": [],
    "run --methods annealed,local_search,rea": [*SHORT[2:], "--seeds", "2", "--steps", "20"],
    "run --methods annealed,darts --space ladder --dataset marbles --steps 40": ["-j", "1"],
    "run --methods darts --space ladder --dataset marbles --recipe paper": SHORT,
    "run --methods annealed --space ladder --search supernet --dataset marbles --recipe quick": [
        *SHORT, "--epochs", "1",
    ],
    "run --methods darts --space ladder --search supernet --dataset marbles --recipe paper"
    " --table ladder_some": SHORT,
    "run --methods local_search --space ladder --dataset marbles --search tilted --tilt 3": SHORT,
    "train conv3/skip/pool --space ladder --dataset marbles": ["-j", "1"],
}  # fmt: skip
"""The commands of CONTRIBUTING.md, with what makes them short."""

ALL_IN_ONE = """
import json, sys
from typer.testing import CliRunner
from nasbench_harness.cli import app

told = []
for words in json.loads(sys.argv[1]):
    done = CliRunner().invoke(app, words)
    told.append({"code": done.exit_code, "stdout": done.stdout, "stderr": done.stderr})
print(json.dumps(told))
"""
"""Runs commands one after the other: what they import is imported once."""


def blocks() -> Iterator[tuple[str, str]]:
    """Name and text of every file that the pages show."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        yield from re.findall(r"```\w+\n# (\S+)\n(.*?)```", text, flags=re.DOTALL)


def commands() -> list[str]:
    """What the guide says can be run."""
    return re.findall(r"^    nasharness (.*)$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the examples installed; it sees this one's packages."""
    folder = tmp_path_factory.mktemp("scratch")
    package = folder / "package"
    for name, body in blocks():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(body, encoding="utf-8")
    venv.create(folder / "env", with_pip=False)
    site = next((folder / "env").glob("[Ll]ib/**/site-packages"))
    parent = sysconfig.get_path("purelib")
    (site / "parent.pth").write_text(f"import site; site.addsitedir({parent!r})\n")
    python = folder / "env" / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps"]
    options = ["--no-build-isolation", "--no-index", "--disable-pip-version-check", "-q"]
    subprocess.run([*install, *options, str(package)], check=True, cwd=folder)
    (folder / "ladder.csv").write_text("".join(published()))
    return folder


def published() -> Iterator[str]:
    """The lines of the file that the example's publishers give out."""
    common = ("conv3", "conv1", "skip")
    for options in product(common, common, (*common, "pool")):
        yield f"{'/'.join(options)},{60 + 2 * sum(map(len, options))}\n"


def run(scratch: Path, *arguments: str) -> str:
    python = scratch / "env" / "bin" / "python"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment |= {f"NASHARNESS_{name}": str(scratch / name) for name in ("CACHE", "DATA")}
    done = subprocess.run(
        [str(python), *arguments], cwd=scratch, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def outcomes(scratch: Path) -> dict[str, Any]:
    """What became of every command, by it; study `i` is in the folder `i`."""
    words = []
    for place, command in enumerate(commands()):
        first, *rest = shlex.split(command)
        out = ["--out", str(place)] if first in ("run", "train") else []
        words.append([first, *rest, *ADDED[command], *out, "--json"])
    told = json.loads(run(scratch, "-c", ALL_IN_ONE, json.dumps(words)))
    return dict(zip(commands(), told, strict=True))


def folder_of(scratch: Path, command: str) -> Path:
    return scratch / str(commands().index(command))


# --- what the pages say ------------------------------------------------------------------------


def test_every_file_is_shown_once_and_named_by_the_package() -> None:
    shown = dict(blocks())
    assert len(shown) == len(list(blocks()))
    project = tomllib.loads(shown["pyproject.toml"])["project"]
    targets = {v for group in project["entry-points"].values() for v in group.values()}
    modules = {target.partition(":")[0].replace(".", "/") for target in targets}
    for module in modules - {"nas_extras/recipes"}:
        assert f"{module}.py" in shown
    assert {page.stem for page in PAGES[1:]} == {
        "benchmark", "data", "kind", "method", "proxy", "recipe", "space", "suite",
    }  # fmt: skip


def test_every_kind_of_plugin_has_a_row_and_an_example() -> None:
    from nasbench_harness import registry

    text = GUIDE.read_text(encoding="utf-8")
    table = text.partition("| entry point")[2].partition("\n\n")[0]
    rows = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    plugins = [part for part in vars(registry).values() if isinstance(part, registry.Registry)]
    assert rows == {part.group.rpartition(".")[2] for part in plugins} | {"defaults"}
    project = tomllib.loads(dict(blocks())["pyproject.toml"])["project"]
    examples = {group.rpartition(".")[2] for group in project["entry-points"]}
    assert examples == rows - {"setups", "defaults"}


def slug(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in map(slug, headings), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_names_are_there(page: Path) -> None:
    """What stands in backquotes with its module can be imported; so do tables of helpers."""
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"`(nasbench_harness(?:\.\w+)+)`", text):
        if name.rpartition(".")[2] not in ENTRY_POINTS:
            resolve_name(name)


ENTRY_POINTS = {
    "methods", "setups", "spaces", "tables", "recipes", "problems", "proxies", "data", "defaults",
}  # fmt: skip


def test_what_plugins_may_import_is_there_and_is_all_they_import() -> None:
    """The examples import nothing of the engine beside."""
    text = GUIDE.read_text(encoding="utf-8")
    table = text.partition("## What you may import")[2].partition("## ")[0]
    patterns = [
        re.escape(name).replace(r"\*", r"\w+").replace(r"\{", "(").replace(r"\}", ")")
        .replace(",", "|")
        for row in re.findall(r"^\| (`.*?) \| ", table, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", row)
    ]  # fmt: skip
    allowed = re.compile("|".join(rf"nasbench_harness\.{pattern}" for pattern in patterns))
    for name, body in blocks():
        assert max(map(len, body.splitlines())) <= 100, name
        for module in re.findall(r"^\s*from (nasbench_harness\S*) import", body, re.MULTILINE):
            assert allowed.fullmatch(module), f"{name} imports {module}"


def test_helpers_of_methods_are_where_the_guide_says() -> None:
    text = (ROOT / "docs" / "plugins" / "method.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.MULTILINE)
    assert len(rows) >= 5
    for module, what in rows:
        found = resolve_name(f"nasbench_harness.methods.shared.{module}")
        for name in re.findall(r"`(\w+)`", what):
            assert hasattr(found, name), f"{module}.{name}"


# --- what the examples do ----------------------------------------------------------------------


def test_examples_keep_the_contracts(scratch: Path) -> None:
    run(scratch, "-m", "pytest", "-q", "-p", "no:cacheprovider", "package/test_extras.py")


def test_every_command_of_the_guide_works(outcomes: dict[str, Any]) -> None:
    assert set(outcomes) == set(ADDED)
    wrong = {command: told for command, told in outcomes.items() if told["code"] != 0}
    assert not wrong
    undeclared = [c for c, told in outcomes.items() if "Nobody declares" in told["stderr"]]
    assert not undeclared


def test_examples_are_found_beside_the_built_in_methods(outcomes: dict[str, Any]) -> None:
    listed = json.loads(outcomes["list methods"]["stdout"])
    origins = {entry["name"]: entry["origin"] for entry in listed}
    assert origins["annealed"] == origins["local_search"] == "nas-extras 0.1.0"
    assert origins["unas"].startswith("nasbench-harness")


def test_example_methods_run_beside_the_built_in_ones(outcomes: dict[str, Any]) -> None:
    told = json.loads(outcomes["run --methods annealed,local_search,rea"]["stdout"])
    (result,) = told["studies"]
    assert result["status"] == {"done": 8}
    assert {row["method"] for row in result["summary"]} == {
        "annealed", "local_search", "rea", "random",
    }  # fmt: skip


def test_example_space_and_table_are_searched_and_reported(
    scratch: Path, outcomes: dict[str, Any]
) -> None:
    command = "run --methods annealed,darts --space ladder --dataset marbles --steps 40"
    result = json.loads(outcomes[command]["stdout"])
    (study,) = result["studies"]
    assert set(study["status"]) == {"done"}
    assert (scratch / result["report"]).exists()
    trials = pd.read_parquet(folder_of(scratch, command) / "trials.parquet")
    assert set(trials["table"]) == {"ladder_full"}
    assert {"regret", "params", "latency:board"} <= set(trials)
    assert set(trials[trials.method == "annealed"]["cohort"]) == {study["status"]["done"] // 3}


def test_example_recipe_is_for_a_method_of_somebody_else(scratch: Path) -> None:
    words = [["show", "method", "darts", "--recipe", "ladder", "--json"]]
    (told,) = json.loads(run(scratch, "-c", ALL_IN_ONE, json.dumps(words)))
    shown = json.loads(told["stdout"])
    assert "nas-extras:ladder (ladder, landscape, nas-extras 0.1.0)" in shown["recipes"]
    settings = {row["name"]: (row["value"], row["tag"]) for row in shown["settings"]}
    assert settings["learning_rate"] == (0.2, "D")
    assert settings["beta1"] == (0.5, "C")


@pytest.mark.parametrize(
    ("kind", "rate"), [("", 0.2), ("--search supernet ", 0.01)], ids=["table", "images"]
)
def test_example_recipe_runs_as_the_paper_s(
    scratch: Path, outcomes: dict[str, Any], kind: str, rate: float
) -> None:
    start = f"run --methods darts --space ladder {kind}--dataset marbles --recipe paper"
    (command,) = (one for one in commands() if one.startswith(start))
    plan = json.loads((folder_of(scratch, command) / "study.json").read_text())
    (trial,) = (one for one in plan["trials"] if one["method"] == "darts")
    assert trial["settings"]["learning_rate"] == rate


def test_example_benchmark_of_some_is_looked_up_in(scratch: Path, outcomes: dict[str, Any]) -> None:
    (command,) = (one for one in commands() if one.endswith("--table ladder_some"))
    trials = pd.read_parquet(folder_of(scratch, command) / "trials.parquet")
    assert set(trials["table"]) == {"ladder_some"}
    assert set(trials["dataset"]) == {"marbles"}
    assert "regret" not in trials


def test_example_file_is_imported_and_its_table_opened(
    scratch: Path, outcomes: dict[str, Any]
) -> None:
    told = json.loads(outcomes["data verify ladder_measured"]["stdout"])
    assert told
    words = [["query", "conv3/skip/pool", "--table", "ladder_measured", "--json"]]
    (told,) = json.loads(run(scratch, "-c", ALL_IN_ONE, json.dumps(words)))
    assert json.loads(told["stdout"])["top1"] == 60 + 2 * (5 + 4 + 4)


def test_example_kind_tells_its_option_and_columns(scratch: Path, outcomes: dict[str, Any]) -> None:
    (command,) = (one for one in commands() if "tilted" in one)
    trials = pd.read_parquet(folder_of(scratch, command) / "trials.parquet")
    assert set(trials["tilt"]) == {3}
    assert trials["asked"].max() > 0
    history = pd.read_parquet(folder_of(scratch, command) / "history.parquet")
    assert history["tilted_accuracy"].notna().all()


def test_example_network_is_trained(scratch: Path, outcomes: dict[str, Any]) -> None:
    (command,) = (one for one in commands() if one.startswith("train "))
    trials = pd.read_parquet(folder_of(scratch, command) / "trials.parquet")
    assert set(trials["status"]) == {"done"}
    assert set(trials["seed"]) == {0, 1}

"""A suite from the command line: listed, told, run, gone on with, checked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.commands import Aside, Run
from tests.registries import install

PLUGIN = """
from nasbench_harness.contracts import Suite, SuiteProblem

def make():
    tables = [("nb201", "analog", "cifar10"), ("nbmacro", "nbmacro", "cifar10"),
              ("nb201", "official", "cifar100")]
    return Suite("few", "A few problems", tuple(
        SuiteProblem({"space": space, "table": table, "dataset": dataset})
        for space, table, dataset in tables
    ))
"""
NAMES = ("nb201-cifar10-analog", "nbmacro-cifar10")
SMALL = ("-m", "darts,unas[recipe=paper],rea", "--suite", "few", "--seeds", "3", "--steps", "12")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> Iterator[Aside]:
    """A process with lines of 80 columns that knows a suite.

    Of its problems two are here, and one is not.
    """
    site = tmp_path_factory.mktemp("site")
    install(site, "suites", "few", "few_suite:make", PLUGIN)
    with Aside(site, COLUMNS="80") as aside:
        yield aside


@pytest.fixture
def nasharness(installed: Aside, tmp_path: Path) -> Run:
    return partial(installed.run, tmp_path, code=0)


def test_suites_are_listed_and_shown(nasharness: Run) -> None:
    listed = json.loads(nasharness("list", "suites", "--json").stdout)
    assert {"darts_bench", "few", "full", "quick"} == {one["name"] for one in listed}
    shown = nasharness("show", "suite", "few").stdout
    assert "few: A few problems" in shown
    assert "nasharness data pull nb201" in shown
    told = json.loads(nasharness("show", "suite", "few", "--json").stdout)
    assert [bool(one["missing"]) for one in told["problems"]] == [False, False, True]
    assert "Did you mean `quick`" in nasharness("show", "suite", "quik", code=2).stderr


def test_a_dry_run_tells_the_plan_and_writes_nothing(nasharness: Run, tmp_path: Path) -> None:
    done = nasharness("run", *SMALL, "--dry-run", "--json")
    folders = [Path(one["folder"]).name for one in json.loads(done.stdout)["folders"]]
    assert folders == list(NAMES)
    assert "nb201-cifar100-official is left out" in " ".join(done.stderr.split())
    told = json.loads(done.stdout)
    total, parts = told["total"], told["folders"]
    assert total["folders"] == len(NAMES)
    assert total["jobs"] == total["missing"] == sum(one["missing"] for one in parts) == 21
    assert total["steps"] == 21 * 12
    assert total["seconds"] == pytest.approx(sum(one["seconds"] for one in parts))
    assert not (tmp_path / "runs").exists()


def test_images_that_a_suite_would_fetch_are_told_once(nasharness: Run, tmp_path: Path) -> None:
    asked = ("run", "-m", "darts", "--suite", "darts_bench", "--dry-run")
    missing = nasharness(*asked, "--data-dir", str(tmp_path), code=2)
    assert "nasharness data pull cifar10" in " ".join(missing.stderr.split())
    told = nasharness(*asked, "--data-dir", str(tmp_path), "--download")
    assert "9 problems" in told.stderr
    assert told.stdout.count("CIFAR-10 would be fetched first") == 1


def test_a_dry_run_ends_with_what_all_studies_come_to(nasharness: Run) -> None:
    told = " ".join(nasharness("run", *SMALL, "--dry-run").stdout.split())
    assert "In all 2 studies: 21 trials, of which 0 done; 21 to run, 252 steps; about" in told
    alone = nasharness("run", "-m", "darts", "--seeds", "2", "--steps", "4", "--dry-run").stdout
    assert "In all" not in alone


def test_a_suite_runs_is_gone_on_with_and_checked(nasharness: Run, tmp_path: Path) -> None:
    """One run for all of it: the problems that are here, a page, a resumed half, a baseline."""
    done = nasharness("run", *SMALL, "--out", "S")
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    words = " ".join(done.stdout.split())
    assert "On these 2 problems" in words
    assert "Over 2 problems" in words
    assert "(1) unas[recipe=paper] on nbmacro-cifar10:" in words
    told = " ".join(done.stderr.split())
    assert "nb201-cifar100-official is left out" in told
    assert "unas[recipe=paper] cannot run on nbmacro-cifar10" in told
    studies = sorted(path.parent.name for path in (tmp_path / "S").glob("*/study.json"))
    assert studies == list(NAMES)

    page = (tmp_path / "S" / "report" / "report.md").read_text()
    assert "Suite few: 2 problems. A few problems." in page
    assert "**Not run here.**" in page
    heat = page[page.index("### Problem by problem") :].partition("### ")[2]
    assert "none (1)" in heat

    shutil.rmtree(tmp_path / "S" / NAMES[1] / "trials")  # as if it had been stopped before
    again = nasharness("resume", "S", "--json")
    assert json.loads(again.stdout)["suite"] == "few"
    assert "9 trials to run" in again.stderr
    assert "nothing" not in nasharness("run", *SMALL, "--out", "S", "--no-report").stderr

    nasharness("baseline", "save", "S", "--to", "b.json")
    kept = json.loads((tmp_path / "b.json").read_text())["series"]
    assert {one["space"] for one in kept} == {"nb201", "nbmacro"}
    nasharness("check", "S", "--baseline", "b.json")
    (tmp_path / "study.yaml").write_text(
        "suite: few\nmethods: darts,unas[recipe=paper],rea\nseeds: 3\nsteps: 12\n"
    )
    checked = nasharness("check", "--config", "study.yaml", "--baseline", "b.json", "--json")
    places = " ".join(finding["where"] for finding in json.loads(checked.stdout)["findings"])
    assert "nb201, landscape, cifar10" in places
    assert "nbmacro, landscape, cifar10" in places

"""`nasharness report`: refused before anything is made, and how it ends without a result."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nasbench_harness.cli import app
from nasbench_harness.errors import ExitCode

from .conftest import make_study


@pytest.fixture
def planned(tmp_path: Path, table_cache: Path) -> Path:
    """A study that has not begun."""
    return make_study(tmp_path / "s", "rea", seeds=1, run=False).folder


@pytest.mark.parametrize("name", ["index.html", "report.md", "paper/main.tex"])
def test_what_is_in_the_way_is_refused_before_anything_is_made(
    planned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    gathered: list[Path] = []
    module = sys.modules["nasbench_harness.cli.report"]  # the package has the command by its name
    monkeypatch.setattr(module, "_gather", lambda folder, needed: gathered.append(folder))
    foreign = tmp_path / "foreign" / name
    foreign.parent.mkdir(parents=True)
    foreign.write_text("mine")
    words = ["report", str(planned), "--out", str(tmp_path / "foreign"), "--paper"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code != 0
    assert gathered == []
    assert foreign.read_text() == "mine"


@pytest.mark.usefixtures("quick")
def test_a_report_of_nothing_says_so_and_is_incomplete(planned: Path) -> None:
    done = CliRunner().invoke(app, ["report", str(planned)])
    assert done.exit_code == ExitCode.INCOMPLETE
    assert "2 of 2 trials of" in done.output
    assert "the report compares nothing of it" in " ".join(done.output.split())
    assert "the others" not in done.output
    assert (planned / "report" / "index.html").is_file()

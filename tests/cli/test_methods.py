"""What a user gets to see of the methods: a list, one in detail, all at once."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from nasbench_harness import registry
from nasbench_harness.cli import check
from nasbench_harness.hardware import Hardware
from tests.commands import Run

NARROW = 80


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", str(NARROW))
    monkeypatch.setattr("nasbench_harness.cli.console.out.width", NARROW)


@pytest.mark.usefixtures("narrow")
def test_every_method_is_one_line_that_fits(nasharness: Run) -> None:
    lines = nasharness("list", "methods").stdout.splitlines()
    assert max(map(len, lines)) <= NARROW
    listed = [line.split()[0] for line in lines[1 : 1 + len(registry.methods.names())]]
    assert listed == registry.methods.names()
    assert "…" not in "".join(lines)
    (unas,) = [line for line in lines if line.startswith("unas ")]
    assert re.fullmatch(r"unas +unbiased score function +2020 +any; costs +authors' code", unas)


def test_scripts_have_what_they_had_and_more(nasharness: Run) -> None:
    listed = json.loads(nasharness("list", "methods", "--json").stdout)
    (unas,) = [one for one in listed if one["name"] == "unas"]
    assert set(unas) >= {"name", "summary", "origin"}
    assert unas["origin"].startswith("nasbench-harness ")
    assert unas["year"] == 2020
    assert unas["runs_on"] == ["landscape", "supernet", "surrogate"]
    assert unas["costs"] is True
    assert unas["basis"] == "authors' code"


@pytest.mark.usefixtures("narrow")
def test_a_method_begins_with_its_formula_and_how_true_it_is(nasharness: Run) -> None:
    told = nasharness("show", "method", "sdarts").stdout
    assert "\n  alpha <- alpha - Adam(grad_alpha L_val(w, softmax(alpha)))\n" in told
    words = " ".join(told.split())
    assert "written from authors' code. Both perturbations" in words
    assert "differs The gradient of alpha is not counted in" in words
    assert "network weights 1 forward and 1 backward, architecture 1 forward" in words
    assert "tests/methods/test_sdarts.py" in words
    assert re.search(r"^nb201 +nb201 +supernet$", told, re.MULTILINE)
    assert max(map(len, told.splitlines())) <= NARROW


def test_scripts_have_all_of_it(nasharness: Run) -> None:
    shown = json.loads(nasharness("show", "method", "unas", "--json").stdout)
    assert shown["fidelity"]["basis"] == "authors' code"
    assert shown["fidelity"]["cost"]["architecture"] == {"forward": 4, "backward": 2}
    assert shown["formula"].startswith("g = [L(z) - c(zeta)]")
    spaces = {one["space"] for one in shown["recipes_by_space"]}
    assert {"any", "nb201", "darts", "proxyless"} <= spaces


def test_all_methods_run_at_once(nasharness: Run, tmp_path: Path) -> None:
    words = ("run", "-m", "all", "--seeds", "1", "--steps", "2", "--no-report", "--jobs", "1")
    done = nasharness(*words, "--out", "A")
    told = " ".join(done.stderr.split())
    assert "Note: `all` on a landscape of nb201: betadarts, darts, dartspt, drnas, edas," in told
    assert "network weights (dartsminus, fairdarts, sdarts)" in told
    names = {folder.name.split("-")[0] for folder in (tmp_path / "A" / "trials").iterdir()}
    assert {"betadarts", "gdas", "random", "rea", "snas", "unas"} < names
    assert "sdarts" not in names


def test_a_check_of_a_file_runs_all_methods_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = {"methods": ["all"], "seeds": "1", "steps": 2}
    row = check._row(study, None, tmp_path, Hardware())
    ((config, _),) = row.parts
    assert {"darts", "gdas", "random", "unas"} < {choice.name for choice in config.methods}
    assert "`all` on a landscape of nb201" in capsys.readouterr().err


def test_all_methods_of_a_baseline_are_those_it_has(tmp_path: Path) -> None:
    standard = check._standard(tmp_path / "new.json", ["all"], {}, update=True)
    assert standard.methods == check._standard(tmp_path / "new.json", None, {}, update=True).methods


@pytest.mark.parametrize(
    ("methods", "words"),
    [
        ("proxy[name=nothing]", "There is no proxy called `nothing`"),
        ("sdarts[excluded=[nonne]]", "There is no option of the space `nb201` called `nonne`"),
    ],
)
def test_what_is_not_there_is_told_before_the_run(
    nasharness: Run, tmp_path: Path, methods: str, words: str
) -> None:
    on_images = ("--search", "supernet", "--dataset", "digits", "--recipe", "quick")
    done = nasharness("run", "-m", methods, *on_images, "--out", "A", code=2)
    assert words in " ".join(done.stderr.split())
    assert not (tmp_path / "A").exists()

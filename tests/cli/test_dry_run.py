"""`--dry-run`: everything is planned and measured, nothing is written."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from nasbench_harness.cli.forecast import duration, time_told
from nasbench_harness.jobs.forecast import Forecast, Pace

Run = Callable[..., subprocess.CompletedProcess[str]]
QUICK = ["--seeds", "3", "--steps", "20", "--jobs", "1"]


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def told(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    (folder,) = json.loads(done.stdout)["folders"]
    assert isinstance(folder, dict)
    return folder


def test_a_study_is_told_and_not_begun(nasharness: Run, tmp_path: Path) -> None:
    shown = nasharness("run", "-m", "drnas,unas[temperature=0.4]", *QUICK, "--dry-run").stdout
    assert "runs/drnas-unas_temperature=0.4_-nb201-steps-20 (new)" in shown
    assert "9, of which 0 done; 9 to run, 1 at a time" in shown
    assert "temperature=0.4" in shown
    assert "Nothing was written" in shown
    assert list(tmp_path.iterdir()) == []


def test_a_time_that_is_partly_a_guess_says_so() -> None:
    """What was not measured counts as the slowest that was, and may take far longer."""
    foreseen = Forecast(1, 4.0, {"fast": Pace(2.0, 1), "slow": Pace(None)})
    assert time_told(foreseen, "method") == "about 4.0 s or more: 1 of 2 methods not measured"
    known = Forecast(1, 4.0, {"fast": Pace(4.0, 1), "broken": Pace(None, fault="No images.")})
    assert time_told(known, "method") == "about 4.0 s"


def test_of_a_study_that_exists_only_the_rest_is_foreseen(nasharness: Run, tmp_path: Path) -> None:
    asked = ["run", "-m", "drnas", "--no-random", "--steps", "20", "-j", "1", "--no-report"]
    nasharness(*asked, "--seeds", "2", "--out", "s")
    before = content(tmp_path)
    folder = told(nasharness(*asked, "--seeds", "5", "--out", "s", "--dry-run", "--json"))
    assert content(tmp_path) == before
    assert folder["exists"] is True
    assert folder["status"] == {"done": 2, "missing": 3}
    (method,) = folder["methods"]  # type: ignore[misc, has-type]
    assert method["seeds"] == [0, 1, 2, 3, 4]
    assert (method["done"], method["missing"]) == (2, 3)
    assert folder["seconds"] == pytest.approx(3 * method["seconds_each"])
    whole = told(nasharness(*asked, "--seeds", "2", "--out", "s", "--dry-run", "--json"))
    assert (whole["missing"], whole["seconds"]) == (0, 0)


def test_what_is_settled_of_the_judgement_is_told(nasharness: Run) -> None:
    asked = ["run", "-m", "drnas", *QUICK, "--dry-run"]
    plain = nasharness(*asked).stdout
    assert "fixed" not in plain
    assert "of interest" not in plain
    shown = nasharness(*asked, "--fixed", "--smallest-difference", "0.5").stdout
    assert "once, on all of it: the study is fixed" in shown
    assert "differences from 0.5 points" in shown


def test_a_dry_run_has_the_notes_of_a_run(nasharness: Run) -> None:
    asked = ["run", "-m", "unas", *QUICK, "--cost", "params", "--dry-run"]
    assert "without a target" in nasharness(*asked).stderr


def test_what_run_refuses_a_dry_run_refuses_too(nasharness: Run, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "thesis.tex").write_text("mine")
    refused = nasharness("run", "-m", "drnas", *QUICK, "--out", "s", "--dry-run", code=2)
    assert "holds no study" in refused.stderr
    nasharness("run", "-m", "drnas[temperature=x]", "--dry-run", code=2)


def test_a_method_that_cannot_run_says_so(nasharness: Run) -> None:
    asked = ["run", "-m", "drnas,rea", "--search", "supernet", "--dataset", "digits"]
    asked += ["--recipe", "quick", "--epochs", "1", "--limit", "320", "--seeds", "1", "-j", "1"]
    folder = told(nasharness(*asked, "--no-random", "--dry-run", "--json"))
    drnas, rea = folder["methods"]  # type: ignore[misc, has-type]
    assert drnas["error"] == ""
    assert drnas["measured_steps"] > 0
    assert "rea" in rea["error"]
    assert rea["seconds_each"] is None


def test_where_it_is_found_out_how_many_run_at_a_time_no_number_is_told(nasharness: Run) -> None:
    asked = ["run", "-m", "drnas", "--seeds", "3", "--steps", "20", "--dry-run"]
    auto = ["--devices", "cpu", "--per-device", "auto"]
    shown = " ".join(nasharness(*asked, *auto).stdout.split())
    assert "6 to run, as many at a time as the memory of each device holds" in shown
    assert "It is counted with 1 at a time; where more fit, it is over sooner." in shown
    assert told(nasharness(*asked, *auto, "--json"))["at_once"] is None
    shown = " ".join(nasharness(*asked, "--executor", "ray").stdout.split())
    assert "6 to run, as many at a time as the cluster holds" in shown


def test_trials_of_cohorts_run_at_the_same_time(nasharness: Run) -> None:
    asked = ["run", "-m", "drnas", "--search", "supernet", "--dataset", "digits", "--table", "none"]
    asked += ["--recipe", "quick", "--no-random", "--seeds", "4", "--dry-run", "--jobs", "1"]
    shown = " ".join(nasharness(*asked, "--cohort", "3").stdout.split())
    assert "4 to run, 3 at a time, in cohorts of 3" in shown
    assert nasharness(*asked, "--cohort", "65", code=2).stderr.count("expected 64 or less") == 1


def test_a_training_is_told_and_not_begun(nasharness: Run, tmp_path: Path) -> None:
    asked = [
        "train",
        "13714",
        "9930",
        "--dataset",
        "digits",
        "--limit",
        "64",
        "--width",
        "2",
        "--batch-size",
        "32",
    ]
    asked += ["--cells", "1", "--epochs", "2", "--seeds", "2", "--threads", "1", "--device", "cpu"]
    shown = nasharness(*asked, "--dry-run").stdout
    assert "runs/train-13714-9930-digits-2ep (new)" in shown
    assert "width=2" in shown
    folder = told(nasharness(*asked, "--dry-run", "--json"))
    assert [one["architecture"] for one in folder["architectures"]] == ["13714", "9930"]  # type: ignore[attr-defined]
    assert folder["missing"] == 4
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (61, "61 s"), (600, "10 min"), (9000, "2 h"),
     (400_000, "5 days")],
)  # fmt: skip
def test_durations_are_as_exact_as_an_estimate(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    "asked",
    [
        ("run", "-m", "drnas", "--search", "supernet", "--dataset", "svhn"),
        ("train", "9930", "--dataset", "svhn"),
    ],
)
def test_what_would_be_fetched_is_told_and_not_fetched(
    asked: tuple[str, ...], nasharness: Run, tmp_path: Path
) -> None:
    there = ("--data-dir", str(tmp_path / "images"), "--download", "--dry-run")
    shown = nasharness(*asked, *there).stdout
    assert "SVHN would be fetched first" in shown
    assert json.loads(nasharness(*asked, *there, "--json").stdout) == {
        "dry_run": True, "folders": [], "would_fetch": ["svhn"],
    }  # fmt: skip
    assert not (tmp_path / "images").exists()
    refused = nasharness(*asked, *there[:2], "--dry-run", code=2)
    assert "SVHN is not installed" in refused.stderr

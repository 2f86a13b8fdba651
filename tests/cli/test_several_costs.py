"""Several costs from the command line: run, report, compare, and what is refused."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
SHORT = ("--seeds", "2", "--steps", "20", "--table", "analog", "--jobs", "1")
LABEL = "unas[cost=params+flops,cost_fit_samples=20,cost_target=[0.8, 110.0]]"


def test_a_study_with_two_costs_is_run_reported_and_compared(
    nasharness: Run, tmp_path: Path
) -> None:
    method = "unas[cost_fit_samples=20]"
    asked = ("run", "-m", method, "--cost", "params,flops", "--target", "0.8,110", *SHORT)
    done = nasharness(*asked, "--out", "s")
    told = done.stdout.partition("Within the target")[2]
    assert [told.count(target) for target in ("0.8 M", "110 M")] == [2, 2]
    assert "all met" in told
    trials = pd.read_csv(tmp_path / "s" / "trials.csv")
    assert set(trials["method"]) == {LABEL, "random"}
    assert (trials["cost_target_of_flops"] == 110).all()
    report = (tmp_path / "s" / "report" / "report.md").read_text()
    latex = (tmp_path / "s" / "report" / "tables" / "cost.tex").read_text()
    for text in (report, latex):
        assert text.count("110 M") == 2
    found = json.loads(nasharness("run", *asked[1:], "--out", "s", "--json").stdout)
    costs = found["studies"][0]["costs"]
    assert [row["cost_name"] for row in costs] == ["params", "flops"] * 2
    assert {row["cost_target"] for row in costs} == {0.8, 110.0}
    compared = nasharness("compare", LABEL.replace(" ", ""), "random", "s")
    assert "mean regret" in compared.stdout


def test_the_command_of_a_trial_runs_it_again(nasharness: Run, tmp_path: Path) -> None:
    options = ["--cost", "params+flops", "--target", "0.8,110", *SHORT, "--no-report"]
    nasharness("run", "-m", "unas[cost_fit_samples=20]", *options, "--no-random", "--out", "s")
    trials = pd.read_csv(tmp_path / "s" / "trials.csv")
    command = shlex.split(trials["command"][0])[1:]
    nasharness(*command, "--no-report")
    again = pd.read_csv(tmp_path / command[command.index("--out") + 1] / "trials.csv")
    assert again["trial"].tolist() == trials["trial"][:1].tolist()
    assert again["cost_of_flops"].tolist() == trials["cost_of_flops"][:1].tolist()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--cost", "params,params", "--target", "1"], "is to hold params twice"),
        (["--cost", "params,flops", "--target", "1,2,3"], "holds 2 costs (params, flops) and has"),
        (["--cost", "params,flop", "--target", "1"], "Did you mean `flops`?"),
        (["--cost", "params,flops", "--target", "1,-2"], "a number of 0 or more"),
        (["--target", "1,2"], "A target of 1, 2 is given and no cost"),
    ],
)
def test_what_cannot_be_is_refused(nasharness: Run, options: list[str], told: str) -> None:
    refused = nasharness("run", "-m", "unas", *options, *SHORT, code=2).stderr
    assert told in " ".join(refused.split())
    assert refused.count("Error") == 1

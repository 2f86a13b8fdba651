"""What each method saw, beside its result."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from nasbench_harness.cli import app, console
from nasbench_harness.reports.analysis.seen import all_seen, grouped, seen
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.reports.tables.summary import summary_table
from nasbench_harness.store.studies import Study

from .conftest import made_up


def test_gradient_methods_saw_the_whole_table_and_others_single_entries(finished: Study) -> None:
    data = load_study(finished.folder)
    assert {label: seen(data, label) for label in data.labels} == {
        "drnas": "whole table x 12",
        "rea": "12 queries",
        "random": "12 queries",
    }
    assert seen(data, "nobody") == ""


def test_methods_on_images_saw_epochs_and_sampling_nothing(searched: Study) -> None:
    data = load_study(searched.folder)
    assert seen(data, "random") == "nothing (a blind draw)"
    assert re.fullmatch(r"2 epochs, \d+\.\d CPU (seconds|minutes)", seen(data, "darts"))


def test_a_method_without_a_result_has_seen_nothing_that_is_known(
    data_of: Callable[[pd.DataFrame], StudyData],
) -> None:
    trials = made_up({"rea": [0.1], "random": [0.2]}, {"rea": ["failed"]})
    data = data_of(trials)
    assert all_seen(trials, data.study.specs) == {"random": "100 queries"}
    table = summary_table(data)
    place = table.headings.index("Saw")
    assert {label: cells[place] for label, cells in table.cells} == {
        "random": "100 queries", "rea": "–",
    }  # fmt: skip


def test_the_summary_says_it_in_place_of_queries(finished: Study, page: Path) -> None:
    table = summary_table(load_study(finished.folder))
    assert "Saw" in table.headings
    assert "Queries" not in table.headings
    written = pd.read_csv(page.parent / "tables" / "summary.csv").set_index("method")
    assert written["saw"]["drnas"] == "whole table x 12"
    assert written["queries_mean"]["drnas"] == 0
    assert "<td>whole table x 12" in re.sub(r"<td[^>]*>\s*", "<td>", page.read_text())


def test_methods_that_saw_the_same_are_told_together() -> None:
    told = {"a": "x", "b": "y", "c": "x"}
    assert grouped(told) == {"x": ["a", "c"], "y": ["b"]}


def test_a_run_ends_with_it_in_eighty_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(console.out, "_width", 80)
    words = ["run", "-m", "drnas,rea,reinforce", "--steps", "8", "--seeds", "2", "-j", "1"]
    done = CliRunner().invoke(app, [*words, "-o", "S", "--no-report"])
    assert done.exit_code == 0, done.output
    assert "\ndrnas saw: whole table x 8\n" in done.stdout
    lines = done.stdout.splitlines()
    (told,) = [line for line in lines if line.endswith("saw: 8 queries")]
    assert all(label in told for label in ("rea", "random", "reinforce"))
    assert max(map(len, lines)) <= 80
    done = CliRunner().invoke(app, ["resume", "S", "--no-report", "--json"])
    rows = json.loads(done.stdout)["studies"][0]["summary"]
    assert {row["method"]: row["saw"] for row in rows} == {
        "drnas": "whole table x 8", "rea": "8 queries", "reinforce": "8 queries",
        "random": "8 queries",
    }  # fmt: skip

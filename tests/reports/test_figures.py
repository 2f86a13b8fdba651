"""What figures are drawn from, and the files they leave."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from nasbench_harness.contracts import CompleteTable
from nasbench_harness.reports.figures import relief as reliefs
from nasbench_harness.reports.figures.cells import most_found
from nasbench_harness.reports.figures.curves import STEPS
from nasbench_harness.reports.figures.curves import curves as curves_of
from nasbench_harness.reports.figures.regretlines import regret_ticks
from nasbench_harness.reports.figures.style import method_styles
from nasbench_harness.reports.study.data import load_study
from nasbench_harness.store.studies import Study

from .conftest import METRIC

FIGURES = ("distribution", "architectures", "choices", "landscape")


@pytest.mark.parametrize("key", FIGURES)
def test_every_figure_is_there_as_svg_png_and_csv(page: Path, key: str) -> None:
    stem = page.parent / "figures" / key
    ElementTree.parse(stem.with_suffix(".svg"))
    assert stem.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert len(pd.read_csv(stem.with_suffix(".csv"))) > 0


@pytest.mark.parametrize("quantity", ["regret", "accuracy"])
@pytest.mark.parametrize("budget", ["steps", "seconds"])
def test_curves_are_there_against_every_budget(page: Path, quantity: str, budget: str) -> None:
    stem = page.parent / "figures" / f"anytime-{quantity}-{budget}"
    ElementTree.parse(stem.with_suffix(".svg"))
    assert stem.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert len(pd.read_csv(stem.parent / f"anytime-{budget}.csv")) > 0


def test_anytime_ends_where_the_summary_does(finished: Study) -> None:
    data = load_study(finished.folder)
    curves = curves_of(data, STEPS)
    last = curves.groupby("method").last()
    for row in data.summary.itertuples():
        assert last.loc[row.method, "regret_mean"] == pytest.approx(row.regret_mean)
        assert last.loc[row.method, "seeds"] == row.seeds


def test_anytime_ticks_are_round_and_enough() -> None:
    assert regret_ticks(-0.01, 12) == [0, 0.1, 0.2, 0.5, 1, 2, 5, 10]
    assert regret_ticks(0.21, 0.49) == pytest.approx([0.3, 0.4])


def test_most_frequent_architecture_and_how_often(finished: Study) -> None:
    data = load_study(finished.folder)
    for row in most_found(data).to_dict("records"):
        final = data.done[data.done["method"] == row["method"]]["architecture"]
        assert row["found"] == final.value_counts().max() == (final == row["architecture"]).sum()
        assert row["seeds"] == 3


def test_landscape_shows_every_cell_in_its_place(table: CompleteTable) -> None:
    relief = reliefs.fold(table, METRIC, [5] * 6)
    column = table.column(METRIC)
    for rank in (0, 7, 1234, 15624, int(column.argmax())):
        assert relief.accuracy[relief.place(rank)] == column[rank]
    for axis in (0, 1):
        means = relief.accuracy.mean(axis=axis)
        assert (np.diff(means) >= -1e-9).all()


def test_landscape_path_is_the_median_seed_without_repeats(page: Path, finished: Study) -> None:
    paths = pd.read_csv(page.parent / "figures" / "landscape-paths.csv")
    for label, path in paths.groupby("method"):
        assert path["seed"].nunique() == 1
        assert (path["architecture"] != path["architecture"].shift()).all()
        done = load_study(finished.folder).done
        final = done[done["method"] == label]["regret"].median()
        assert path["regret"].iloc[-1] == pytest.approx(final)


def test_choice_probabilities_are_means_over_seeds(page: Path) -> None:
    choices = pd.read_csv(page.parent / "figures" / "choices.csv")
    sums = choices.groupby(["method", "step", "decision"])["probability"].sum()
    assert np.allclose(sums, 1, atol=1e-5)


def test_a_method_looks_the_same_in_every_report() -> None:
    alone = method_styles({"unas": "unas"}, "random")
    together = method_styles(
        {"darts": "darts", "unas": "unas", "unas[temperature=1]": "unas", "random": "random"},
        "random",
    )
    assert alone["unas"] == together["unas"]
    assert len({(s.colour, str(s.dash), s.marker) for s in together.values()}) == 4


def test_many_labels_keep_looks_of_their_own() -> None:
    styles = method_styles({f"unas[temperature={i}]": "unas" for i in range(30)}, "random")
    assert len({(s.colour, str(s.dash), s.marker) for s in styles.values()}) == 30

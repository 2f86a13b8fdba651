"""What figures are drawn from, and the files they leave."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.lines import Line2D

from nasbench_harness import registry
from nasbench_harness.contracts import CompleteTable
from nasbench_harness.reports.figures import choices
from nasbench_harness.reports.figures import relief as reliefs
from nasbench_harness.reports.figures.cells import every_find, shown
from nasbench_harness.reports.figures.choices import even, latest
from nasbench_harness.reports.figures.curves import STEPS
from nasbench_harness.reports.figures.curves import curves as curves_of
from nasbench_harness.reports.figures.drawing import Drawing, PanelGrid
from nasbench_harness.reports.figures.regretlines import regret_ticks
from nasbench_harness.reports.figures.style import MARKERS, PAINTS, THEME, method_styles
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.spaces.nb201.encoding import OPERATIONS
from nasbench_harness.spaces.shared.cell_drawing import draw_cell
from nasbench_harness.store.studies import Study
from nasbench_harness.tables.quantity import ACCURACY
from tests.steps_recorded import recorded

from .conftest import METRIC, made_up

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
    assert regret_ticks(-0.01, 12, ACCURACY) == [0, 0.1, 0.2, 0.5, 1, 2, 5, 10]
    assert regret_ticks(0.21, 0.49, ACCURACY) == pytest.approx([0.3, 0.4])


def test_every_architecture_and_how_often_whom_found_it(finished: Study) -> None:
    data = load_study(finished.folder)
    every = every_find(data)
    assert every["found"].sum() == len(data.done)
    for row in every.to_dict("records"):
        final = data.done[data.done["method"] == row["method"]]["architecture"]
        assert row["found"] == (final == row["architecture"]).sum()
        assert row["seeds"] == 3
        assert row["found"] == final.value_counts().max() or not row["drawn"]
    assert every.groupby("method")["drawn"].sum().eq(1).all()


def test_an_architecture_that_several_found_is_drawn_once(
    data_of: Callable[[pd.DataFrame], StudyData],
) -> None:
    trials = made_up({"drnas": [0.0, 0.0, 0.2], "rea": [0.0, 0.1, 0.1], "unas": [0.0, 0.0, 0.0]})
    best, second, third = (f"|nor_conv_{n}~0|+|none~0|none~1|+|{o}~0|none~1|none~2|" for n, o in
                           (("3x3", "skip_connect"), ("1x1", "none"), ("3x3", "none")))  # fmt: skip
    trials["architecture"] = [best, best, third, best, second, second, best, best, best]
    finds = shown(every_find(data_of(trials)))
    assert [find.architecture for find in finds] == [best, second]
    assert finds[0].by == {"unas": (3, 3), "drnas": (2, 3), "rea": (1, 3)}
    assert (finds[0].times, finds[1].times) == (6, 2)


def test_landscape_shows_every_cell_in_its_place(table: CompleteTable) -> None:
    relief = reliefs.fold(table, METRIC, [5] * 6)
    column = table.column(METRIC)
    for rank in (0, 7, 1234, 15624, int(column.argmax())):
        assert relief.values[relief.place(rank)] == column[rank]
    for axis in (0, 1):
        means = relief.values.mean(axis=axis)
        assert (np.diff(means) >= -1e-9).all()


def test_landscape_path_is_the_median_seed_without_repeats(page: Path, finished: Study) -> None:
    paths = pd.read_csv(page.parent / "figures" / "landscape-paths.csv")
    for label, path in paths.groupby("method"):
        assert path["seed"].nunique() == 1
        assert (path["architecture"] != path["architecture"].shift()).all()
        done = load_study(finished.folder).done
        final = done[done["method"] == label]["regret"].median()
        assert path["regret"].iloc[-1] == pytest.approx(final)


def test_the_axis_of_the_choices_is_even() -> None:
    """Recorded at first step by step, then every tenth: a column shows what was known then."""
    steps = [1.0, 2.0, 3.0, 10.0, 20.0, 30.0]
    at = even(steps)
    assert np.diff(at) == pytest.approx(1.0)
    assert [steps[place] for place in latest(steps, at)] == [
        1,
        2,
        *[3] * 7,
        *[10] * 10,
        *[20] * 10,
        30,
    ]
    assert list(even([5.0])) == [5.0]
    assert len(even([1.0, 2.0, 5000.0])) == 240


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
    assert len({(s.colour, str(s.dash)) for s in together.values()}) == 4
    assert len({s.marker for s in together.values()}) == 4


def test_many_labels_keep_looks_of_their_own() -> None:
    styles = method_styles({f"unas[temperature={i}]": "unas" for i in range(30)}, "random")
    assert len({(s.colour, str(s.dash)) for s in styles.values()}) == 30
    marks = [(s.marker, s.hollow) for s in styles.values()]
    assert len(set(marks[:24])) == 24


@pytest.mark.parametrize("number", [2, 8, 12])
def test_no_two_methods_share_a_marker(number: int) -> None:
    names = [*registry.methods.names(), *(f"plugin_{i}" for i in range(12))]
    labels = {name: name for name in [n for n in names if n != "random"][:number]}
    styles = method_styles({**labels, "random": "random"}, "random")
    assert len({style.marker for style in styles.values()}) == number + 1
    assert set(MARKERS) <= set(Line2D.filled_markers)


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_recommendation() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_lines_and_markers_can_be_seen_in_every_theme(page: Path) -> None:
    """At least 3 to 1 against the paper, as WCAG asks of what is not text."""
    css = page.read_text().partition("</style>")[0]
    blocks = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in css.split("}")]
    themes = [block for block in blocks if "paper" in block]
    assert {block["paper"] for block in themes} == {"#ffffff", "#11151a"}
    for theme in themes:
        for paint in PAINTS:
            assert contrast(theme[paint.name], theme["paper"]) >= 3
    used = {variable[6:-1] for variable in THEME.values()}
    assert used <= themes[0].keys()


def test_labels_of_a_cell_do_not_touch() -> None:
    """Of the widest labels and of all operations in turn."""
    for cell in [(2,) * 6, (3,) * 6, (4,) * 6, (1, 2, 3, 4, 3, 2), (0, 3, 3, 1, 2, 4)]:
        grid = PanelGrid(1, width=250, height=172, insets=(8, 8, 48, 8))
        axes = grid.axes(0)
        draw_cell(cell, OPERATIONS, axes)
        grid.figure.canvas.draw()
        boxes = [text.get_window_extent() for text in axes.texts]
        assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_what_never_reaches_the_output_is_drawn_dead() -> None:
    axes = PanelGrid(1, width=250, height=172, insets=(8, 8, 48, 8)).axes(0)
    draw_cell((2, 3, 0, 0, 0, 1), OPERATIONS, axes)  # in to 1, which leads nowhere; in to 2 to out
    dashes = [patch.get_linestyle() != "-" for patch in axes.patches]
    assert dashes == [True, False, False]
    assert any("dashed" in text.get_text() for text in axes.texts)
    assert len({patch.get_edgecolor() for patch in axes.patches}) == 3


def test_choices_of_lists_that_arrow_holds_are_the_means_of_objects(finished: Study) -> None:
    """Bit for bit: those of long histories are never made into objects."""
    held = load_study(finished.folder)
    lists = held.steps.of("drnas", "probabilities")["probabilities"]
    assert isinstance(lists.dtype, pd.ArrowDtype)
    styles = method_styles({label: label for label in held.labels}, "random")
    drawn = choices.draw(held, styles)
    assert isinstance(drawn, Drawing)
    table = drawn.tables["choices"]
    rows = recorded(held)
    rows = rows[(rows["method"] == "drnas") & rows["probabilities"].notna()]
    for step, group in rows.groupby("step"):
        means = np.mean([np.array(one) for one in group["probabilities"]], axis=0)
        shown = table[(table["method"] == "drnas") & (table["step"] == step)]
        assert shown["probability"].to_list() == list(means.ravel())

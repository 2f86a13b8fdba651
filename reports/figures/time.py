"""Figure: the regret of the current answer against the time a supernet took."""

from __future__ import annotations

from matplotlib.figure import Figure

from nasbench_harness.reports import numerals
from nasbench_harness.reports.figures.cost import cost_curves, scale_cost
from nasbench_harness.reports.figures.drawing import Drawing
from nasbench_harness.reports.figures.reference import draw_levels, levels
from nasbench_harness.reports.figures.regretlines import HEIGHT, WIDTH, handle, line, scale_regret
from nasbench_harness.reports.figures.style import MethodStyle
from nasbench_harness.reports.searchcost import devices
from nasbench_harness.reports.studydata import StudyData
from nasbench_harness.reports.words import listing, name, plain

KEY, TITLE = "time", "Regret against search time"


def draw(data: StudyData, styles: dict[str, MethodStyle]) -> Drawing | None:
    """Mean regret against seconds with a 95 % band; None where nothing was trained."""
    if not data.supernet:
        return None
    curves = cost_curves(data, "seconds", "seconds")
    if curves.empty:
        return None
    labels = [label for label in data.searching if label in set(curves["method"])]
    figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), layout="constrained")
    axes = figure.add_subplot()
    for position, label in enumerate(labels):
        line(axes, curves[curves["method"] == label], "seconds", styles[label], position)
    scale_cost(axes, curves["seconds"])
    axes.set_xlabel("search time, seconds (logarithmic)")
    scale_regret(axes, curves, [level.regret for level in levels(data)])
    handles = [handle(label, styles[label]) for label in labels] + draw_levels(axes, data)
    figure.legend(handles=handles, loc="outside lower center", ncols=2, handlelength=3.2)
    ends = curves.groupby("method", sort=False).last()
    said = "; ".join(
        f"{name(str(label))} ends at {numerals.points(end.regret_mean)} after"
        f" {numerals.seconds(end.seconds)} s"
        for label, end in ends.iterrows()
    )
    alt = plain(f"Line chart of mean regret in points against seconds of search. {said}.")
    return Drawing(KEY, TITLE, _caption(data), alt, figure, {KEY: curves})


def _caption(data: StudyData) -> str:
    where = devices(data)
    words = (
        "The same against the seconds of the search steps"
        f"{f' on {listing(where)}' if where else ''}, as the clock ran: without diagnoses and other"
        " measurements, but with whatever else the machine did. An answer holds until the next"
        " epoch is over, and a seed that has ended keeps its answer."
    )
    if len(where) > 1:
        words += " Times on different devices cannot be compared."
    return words

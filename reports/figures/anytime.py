"""Figure: regret and accuracy of the current answer against steps, seconds and simulated cost.

One picture per quantity and budget; the page shows one at a time and switches between them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nasbench_harness.reports.analysis.parts import selection_gaps
from nasbench_harness.reports.analysis.searchcost import SHARED, devices, stepped_together
from nasbench_harness.reports.figures.curves import (
    EPOCHS,
    GPU_HOURS,
    SECONDS,
    STEPS,
    Budget,
    budgets,
    curves,
)
from nasbench_harness.reports.figures.drawing import Drawing, Omitted, Variant
from nasbench_harness.reports.figures.reference import Level, draw_levels, levels
from nasbench_harness.reports.figures.regretlines import (
    HEIGHT,
    WIDTH,
    cost_ticks,
    handle,
    line,
    scale_regret,
)
from nasbench_harness.reports.figures.style import MethodStyle
from nasbench_harness.reports.statistics.arrays import TOLERANCE
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import Measure, by_value
from nasbench_harness.reports.words import images
from nasbench_harness.reports.words.marked import listing, name, names, plain

KEY, TITLE = "anytime", "While searching"


ZOOM = 4
"""The axis of accuracy shows so many times the range of the methods' ends."""
LEAST = 0.002
"""Of what its numbers lie within, between the ends of that axis at least: smaller differences are
none to be seen."""


def draw(data: StudyData, styles: dict[str, MethodStyle]) -> list[Drawing] | Omitted:
    """Means with a 95 % band, one line per method; a variant per quantity and budget."""
    if not data.recorded(data.measure.key):
        return Omitted(KEY, TITLE, "no trial with a result has a recorded step")
    found = {budget: curves(data, budget) for budget in budgets(data)}
    return [
        _draw(data, styles, quantity, budget, frame)
        for quantity in _quantities(data.measure)
        for budget, frame in found.items()
        if len(frame)
    ]


def _quantities(measure: Measure) -> tuple[Measure, ...]:
    return (measure, by_value(measure.quantity)) if measure.is_regret else (measure,)


def _draw(
    data: StudyData,
    styles: dict[str, MethodStyle],
    quantity: Measure,
    budget: Budget,
    frame: pd.DataFrame,
) -> Drawing:
    labels = [label for label in data.searching if label in set(frame["method"])]
    figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), layout="constrained")
    axes = figure.add_subplot()
    for position, label in enumerate(labels):
        own = frame[frame["method"] == label]
        line(axes, own, budget.called, styles[label], position, quantity.key)
    lines = levels(data)
    _scale_budget(axes, frame, budget)
    _scale_quantity(axes, frame, quantity, lines)
    handles = [handle(label, styles[label]) for label in labels]
    handles += draw_levels(axes, lines, quantity)
    figure.legend(handles=handles, loc="outside lower center", ncols=2, handlelength=3.2)
    return Drawing(
        f"{KEY}-{quantity.key}-{budget.key}",
        TITLE,
        _caption(data, quantity, budget, labels, cut=_is_cut(axes, frame, quantity)),
        _alt(frame, labels, quantity, budget),
        figure,
        {f"{KEY}-{budget.key}": frame},
        variant=Variant(KEY, (("Show", quantity.heading), ("against", budget.name))),
    )


# --- axes --------------------------------------------------------------------------------------


def _scale_budget(axes: Axes, frame: pd.DataFrame, budget: Budget) -> None:
    spent = frame[budget.called]
    if budget is EPOCHS:
        axes.set_xlim(0, float(spent.max()) * 1.03)
        axes.set_xlabel(budget.axis)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        return
    low, high = float(spent.min()), float(spent.max())
    axes.set_xscale("log")
    axes.set_xlim(low * 0.93, max(high, 2 * low) * 1.08)
    ticks = cost_ticks(*axes.get_xlim())
    axes.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel(f"{budget.axis} (logarithmic)")


def _scale_quantity(axes: Axes, frame: pd.DataFrame, quantity: Measure, lines: list[Level]) -> None:
    if quantity.is_regret:
        scale_regret(axes, frame, quantity.quantity, [level.regret for level in lines])
    else:
        axes.set_ylim(*_value_limits(frame, lines, LEAST * quantity.quantity.size))
        axes.set_ylabel(f"{quantity.noun}{quantity.quantity.of_values}")
        axes.ticklabel_format(axis="y", useOffset=False)


def _value_limits(frame: pd.DataFrame, lines: list[Level], least: float) -> tuple[float, float]:
    """From well below the lowest end to the top: where searches begin would hide how they end.

    All that is drawn where there is but one end, or all ends are one; never less than `least`.
    """
    drawn = _lowest(frame)
    ends = [*frame.groupby("method")["accuracy_mean"].last(), *(line.accuracy for line in lines)]
    top = max(*ends, float(frame["accuracy_mean"].max()))
    if "regret_mean" not in frame:  # no best of a table stands above all bands
        drawn_high = frame[["accuracy_mean", "accuracy_high"]].to_numpy(dtype=float)
        top = max(top, float(np.nanmax(drawn_high)))
    alike = max(ends) - min(ends) <= TOLERANCE
    low = drawn if alike else max(drawn, top - ZOOM * (top - min(ends)))
    low = min(low, *ends)
    room = max(0.03 * (top - low), (least - (top - low)) / 2)
    return low - room, top + room


def _lowest(frame: pd.DataFrame) -> float:
    return float(np.nanmin(frame[["accuracy_mean", "accuracy_low"]].to_numpy(dtype=float)))


def _is_cut(axes: Axes, frame: pd.DataFrame, quantity: Measure) -> bool:
    """Whether the axis begins above some of what was recorded."""
    return not quantity.is_regret and _lowest(frame) < axes.get_ylim()[0]


# --- words -------------------------------------------------------------------------------------

_ANSWER = {
    STEPS: "Mean over the seeds with a result of the architecture a method would answer with if it"
    " stopped at that step",
    EPOCHS: "{}: the cell a method would answer with if it stopped after that epoch, mean over the"
    " seeds with a result",
    SECONDS: "The answer a method would give if it stopped at that second, mean over the seeds with"
    " a result; a seed that has ended keeps its answer",
    GPU_HOURS: "The answer a method would give if it stopped at that cost, mean over the seeds with"
    " a result; a seed that has spent its budget keeps its answer",
}


def _caption(
    data: StudyData, quantity: Measure, budget: Budget, labels: list[str], *, cut: bool
) -> str:
    source = "Looked up in the table" if data.looked_up else "Measured by the search itself"
    words = (
        f"{_ANSWER[budget].format(source)}. The band is the 95 % interval of the mean (fewer than"
        f" three seeds: none).{_about(data, budget, labels)}"
    )
    if told := images.observed(data):
        words += f" {told}"
    if cut:
        words += " The axis begins where the ends can be told apart, not where every line begins."
    if any(gap > TOLERANCE for gap in selection_gaps(data).values()):
        words += (
            " The best by the searched metric is where a search ends that makes no mistake: what it"
            " looked at is not what it is judged by."
        )
    if not data.queryable and data.measure.is_regret:
        words += (
            " Lines across: all cells of the table, which is what random sampling draws with"
            " endless seeds, and the few it drew where the study has it."
        )
    return words


def _about(data: StudyData, budget: Budget, labels: list[str]) -> str:
    """What a reader must know of this axis."""
    if budget is EPOCHS:
        return " An epoch is one pass over the training half of the images, whatever the batch."
    if budget is SECONDS:
        return _about_seconds(data)
    if budget is GPU_HOURS:
        return _about_cost(data, labels)
    asking = data.querying
    gradient = [label for label in data.done_labels if label not in asking]
    if not asking or not gradient:
        return ""
    return (
        f" Steps are no common cost: one step of {names(gradient)} sees the whole table at once"
        f" (a soft oracle), while one step of {names(asking)} asks for a single architecture."
    )


def _about_seconds(data: StudyData) -> str:
    where = devices(data)
    words = (
        f" Seconds of the search steps{f' on {listing(where)}' if where else ''} as the clock ran:"
        " without diagnoses and other measurements, but with whatever else the machine did."
    )
    if data.kind.trains is False:
        words += f" On a {data.kind.name} nothing is trained, so they are no cost of a real search."
    if stepped_together(data):
        words += f" {SHARED}"
    if len(where) > 1:
        words += " Times on different devices cannot be compared."
    return words


def _about_cost(data: StudyData, labels: list[str]) -> str:
    words = " Costs are the benchmark's recorded training times scaled to the queried epochs."
    free = [label for label in data.done_labels if label not in labels]
    if free and data.kind.trains is False:
        words += (
            f" Not shown: {names(free)}. Gradient methods on a {data.kind.name} train nothing and"
            " have no such cost."
        )
    elif free:
        words += f" Not shown, without such a cost: {names(free)}."
    return words


def _alt(frame: pd.DataFrame, labels: list[str], quantity: Measure, budget: Budget) -> str:
    ends = frame.groupby("method").last()[[f"{quantity.key}_mean", budget.called]].astype(float)
    values = dict(zip(ends.index, ends.to_numpy(), strict=True))
    show = quantity.text
    said = "; ".join(
        f"{name(label)} ends at {show(values[label][0])} after {values[label][1]:.4g}"
        for label in labels
    )
    unit = f" in {quantity.unit}" if quantity.unit else ""
    kind = f"mean {quantity.noun}{unit} against {budget.axis}"
    return plain(f"Line chart of {kind}. {said}.")

"""`nasharness compare`: two methods of a study, seed by seed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbench_harness.cli import completion
from nasbench_harness.cli.app import JsonOption, app
from nasbench_harness.cli.help import Command, examples

if TYPE_CHECKING:
    from nasbench_harness.reports.analysis.compare import Comparison
    from nasbench_harness.reports.statistics.paired import PairedComparison
    from nasbench_harness.reports.study.data import StudyData


@app.command(
    cls=Command,
    epilog=examples(
        "nasharness compare drnas unas runs/unas-drnas-nb201",
        "nasharness compare darts 'unas[temperature=0.4]' runs/a runs/b --metric accuracy --json",
    ),
)
def compare(
    first: Annotated[str, typer.Argument(metavar="METHOD", help="Label, as the study has it.")],
    second: Annotated[str, typer.Argument(metavar="METHOD", help="What to compare it with.")],
    studies: Annotated[list[Path], typer.Argument(metavar="RUN", help="Study folders.")],
    metric: Annotated[
        str | None,
        typer.Option(
            help="regret (points) or accuracy (percent).",
            autocompletion=completion.words("regret", "accuracy"),
            show_default="regret; accuracy without a complete table",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Which of two methods is better, by how much, and whether the seeds can tell.

    Seeds are paired. Every study is answered for on its own: numbers of different tables, data sets
    or problems are never pooled.
    """
    from nasbench_harness.cli import console
    from nasbench_harness.errors import UnknownNameError
    from nasbench_harness.reports.analysis.compare import compare
    from nasbench_harness.reports.study.data import read_study
    from nasbench_harness.reports.study.measure import MEASURES
    from nasbench_harness.store.copies import open_studies

    known = {measure: measure for measure in MEASURES}
    if metric is not None and metric not in known:
        raise UnknownNameError("metric to compare", metric, known)
    copies = open_studies(studies)
    loaded = [read_study(study) for study in copies.distinct]
    for note in copies.notes():
        console.note(f"Note: {note}")
    measure = known[metric] if metric else None
    found = [(data, compare(data, first, second, measure)) for data in loaded]
    if json:
        console.print_json([_as_json(data, comparison) for data, comparison in found])
        return
    for number, (data, comparison) in enumerate(found):
        if number:
            console.out.print()
        _tell(data, comparison)


def _tell(data: StudyData, comparison: Comparison) -> None:
    from nasbench_harness.cli import console
    from nasbench_harness.reports.analysis.compare import sentence
    from nasbench_harness.reports.words.marked import plain
    from nasbench_harness.reports.words.readings import readings

    for text in (_heading(data), plain(sentence(comparison))):
        for line in console.folded(text):
            console.out.print(line, markup=False, soft_wrap=True)
    console.print_facts(_facts(comparison.turned() if comparison.paired.gain < 0 else comparison))
    compared = {comparison.first, comparison.second}
    if read := readings(spec for spec in data.study.specs if spec.label in compared):
        console.out.print(plain(read), markup=False)


def _heading(data: StudyData) -> str:
    """What was searched, and what the answers were looked up in."""
    from nasbench_harness.problems.kinds import searched

    spec = data.study.specs[0]
    return f"{data.name}: {searched(spec)}; {spec.judged}"


def _facts(comparison: Comparison) -> dict[str, str]:
    """The numbers behind the sentence, seen from the method with the better mean."""
    from nasbench_harness.reports.words import numerals
    from nasbench_harness.reports.words.marked import ranges

    of, chance = comparison.paired, comparison.paired.improvement
    first, second = comparison.first, comparison.second
    unit = "points" if comparison.measure == "regret" else "%"
    means = (numerals.points(comparison.first_mean), numerals.points(comparison.second_mean))
    left_out = (
        f" (left out, with a result of one method only: {ranges(comparison.left_out)})"
        if comparison.left_out
        else ""
    )
    return {
        "common seeds": f"{ranges(comparison.seeds)}{left_out}",
        f"mean {comparison.noun}": f"{first} {means[0]}, {second} {means[1]} {unit}",
        "effect": f"{numerals.points(of.gain)} points in favour of {first}, 95 % CI"
        f" {numerals.interval(of.gain_low, of.gain_high)}",
        "seed by seed": f"{first} better on {of.wins}, worse on {of.losses}, the same on"
        f" {of.ties}; rank-biserial correlation {numerals.percent(of.rank_biserial)}",
        "chance": f"{numerals.percent(chance.value)} that a run of {first} is better than one of"
        f" {second}, 95 % CI {numerals.interval(chance.low, chance.high, 2)}",
        "p-value": f"{numerals.significant(of.p_value)} (Wilcoxon signed-rank, two-sided)",
        "seeds needed": _needed(of),
    }


def _needed(paired: PairedComparison) -> str:
    from nasbench_harness.reports.analysis.compare import ALPHA
    from nasbench_harness.reports.words import numerals

    if paired.seeds_needed is None:
        return "one seed cannot say" if paired.seeds == 1 else "none: the means are equal"
    needed = numerals.whole(paired.seeds_needed)
    return f"about {needed}, to find this difference at {ALPHA} four times in five"


def _as_json(data: StudyData, comparison: Comparison) -> dict[str, Any]:
    from nasbench_harness.reports.analysis.compare import sentence
    from nasbench_harness.reports.words.marked import plain

    spec, of = data.study.specs[0], comparison.paired
    return {
        "study": str(data.study.folder),
        "space": spec.space,
        "problem": spec.problem,
        "table": spec.table,
        "dataset": spec.dataset,
        "images": spec.images or None,
        "report_metric": data.first("report_metric"),
        "metric": comparison.measure,
        "first": comparison.first,
        "second": comparison.second,
        "sentence": plain(sentence(comparison)),
        "order": comparison.order,
        "seeds": list(comparison.seeds),
        "seeds_left_out": list(comparison.left_out),
        "first_mean": comparison.first_mean,
        "second_mean": comparison.second_mean,
        "gain_points": of.gain,
        "gain_low": of.gain_low,
        "gain_high": of.gain_high,
        "wins": of.wins,
        "ties": of.ties,
        "losses": of.losses,
        "rank_biserial": of.rank_biserial,
        "probability_of_improvement": of.improvement._asdict(),
        "p_value": of.p_value,
        "seeds_needed": of.seeds_needed,
    }

"""`nasharness compare`: what may be claimed of two methods of a study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbench_harness.cli import completion
from nasbench_harness.cli.app import JsonOption, app
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.cli.options.studies import ComparedStudies
from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.process.names import shell_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nasbench_harness.reports.analysis.decision import Claim
    from nasbench_harness.reports.study.data import StudyData
    from nasbench_harness.reports.study.measure import Measure, MeasureKey


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
    studies: ComparedStudies = None,
    metric: Annotated[
        str | None,
        typer.Option(
            help="regret, or accuracy: the number that answers are judged by.",
            autocompletion=completion.words("regret", "accuracy"),
            show_default="regret; accuracy without a complete table",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Which of two methods is better, by how much, and whether the seeds can tell.

    The answer is the report's own: judged within all methods of the study, and at the level of this
    look at its results. Every study is answered for by itself: numbers of different tables, data
    sets or problems are never pooled. Of several, one that cannot answer is named
    and passed over.
    """
    from nasbench_harness.cli import console
    from nasbench_harness.reports.study.data import read_study
    from nasbench_harness.reports.study.measure import MEASURES
    from nasbench_harness.store.copies import open_studies

    if not studies:
        raise _without_study(first, second)
    known = {measure: measure for measure in MEASURES}
    if metric is not None and metric not in known:
        raise UnknownNameError("metric to compare", metric, known)
    copies = open_studies(studies)
    loaded = [read_study(study) for study in copies.distinct]
    for note in copies.notes():
        console.note(f"Note: {note}")
    found = _answers(loaded, first, second, known[metric] if metric else None)
    if json:
        console.print_json([as_json(*one) for one in found])
        return
    for number, one in enumerate(found):
        if number:
            console.out.print()
        _tell(*one)


def _without_study(first: str, second: str) -> HarnessError:
    folders = any("/" in name or Path(name).is_dir() for name in (first, second))
    methods = "METHOD METHOD" if folders else f"{shell_word(first)} {shell_word(second)}"
    return HarnessError(
        "Compared are two methods of a study, whose folder comes last: `nasharness compare"
        f" {methods} RUN`."
    )


def _answers(
    studies: Sequence[StudyData], first: str, second: str, by: MeasureKey | None
) -> list[tuple[StudyData, Claim, Measure]]:
    """What each study claims; one that cannot answer is told, and raises where none can."""
    from nasbench_harness.cli import console
    from nasbench_harness.reports.analysis.compare import chosen_measure, compare

    found, refused = [], []
    for data in studies:
        try:
            measure = chosen_measure(data, by)
            found.append((data, compare(data, first, second, measure), measure))
        except HarnessError as error:
            refused.append(error)
    if not found:
        raise refused[0]
    for reason in refused:
        console.note(f"Note: {reason}")
    return found


def _tell(data: StudyData, claim: Claim, measure: Measure) -> None:
    from nasbench_harness.cli import console
    from nasbench_harness.reports.words.claims import leading, sentence
    from nasbench_harness.reports.words.marked import plain
    from nasbench_harness.reports.words.readings import readings

    for text in (_heading(data), plain(sentence(claim, measure))):
        for line in console.folded(text):
            console.out.print(line, markup=False, soft_wrap=True)
    console.print_facts(_facts(data, leading(claim), measure))
    if read := readings(spec for spec in data.study.specs if spec.label in claim.labels):
        console.out.print(plain(read), markup=False)


def _heading(data: StudyData) -> str:
    """What was searched, and what the answers were looked up in."""
    from nasbench_harness.problems.kinds import searched

    spec = data.study.specs[0]
    return f"{data.name}: {searched(spec)}; {spec.judged}"


def _facts(data: StudyData, claim: Claim, measure: Measure) -> dict[str, str]:
    """The numbers behind the sentence, seen from the method with the better mean."""
    from nasbench_harness.reports.analysis.decision import Standing
    from nasbench_harness.reports.analysis.evidence import NAMES
    from nasbench_harness.reports.words import numerals
    from nasbench_harness.reports.words.claims import BLIND

    chance, first = claim.chance, claim.first
    blind, told = claim.test == "blind draws", claim.outcome is not Standing.WAITING
    second, one = (BLIND, "a blind draw") if blind else (claim.second, f"one of {claim.second}")
    means = [measure.difference(measure.sign * loss) for loss in claim.means]
    difference = measure.quantity.amount(measure.difference(claim.gain))
    return {
        "runs": _runs(claim, second),
        f"mean {measure.noun}": f"{first} {means[0]}, {second} {means[1]} {measure.unit}".rstrip(),
        "difference": f"{difference} in favour of {first}, 95 % CI"
        f" {measure.difference_interval(claim.low, claim.high)}, not corrected",
        **_predicted(data),
        "of interest": _of_interest(data),
        "chance": f"{numerals.percent(chance.value)} that a run of {first} is better than {one},"
        f" 95 % CI {numerals.interval(chance.low, chance.high, 2)}",
        **({"p-value": f"{_p_value(claim)} ({NAMES[claim.test]}, two-sided)"} if told else {}),
        "judged at": _level(data),
        "seeds needed": _needed(claim),
    }


def _predicted(data: StudyData) -> dict[str, str]:
    """How far both are off, where they are predictions."""
    from nasbench_harness.reports.words.predicted import amount, error

    off = error(data.trials, data.kind)
    return {} if off is None else {"held-out error": f"{amount(off)}: both means are predicted"}


def _runs(claim: Claim, second: str) -> str:
    from nasbench_harness.reports.words.marked import count, ranges

    if claim.test == "blind draws":
        return f"{count(claim.runs[0], 'answer')} of {claim.first}, and all architectures"
    if claim.test == "pairs":
        return (
            f"{ranges(claim.seeds)} in common; better on {claim.wins}, worse on"
            f" {claim.losses}, the same on {claim.ties}"
        )
    return f"{claim.runs[0]} of {claim.first}, {claim.runs[1]} of {second}"


def _p_value(claim: Claim) -> str:
    from nasbench_harness.reports.words import numerals
    from nasbench_harness.reports.words.marked import count

    alone, corrected = (numerals.significant(p) for p in (claim.p_value, claim.p_corrected))
    if alone == corrected:
        return alone
    of = count(claim.family, "pair")
    return f"{corrected} corrected for {of} and what so few runs can say, {alone} alone"


def _of_interest(data: StudyData) -> str:
    smallest = data.smallest
    return f"{smallest.words}, {smallest.why}" if smallest else "nothing says what is"


def _level(data: StudyData) -> str:
    from nasbench_harness.reports.analysis.decision import same_level

    look = data.look
    if not look.level:
        return "nothing yet: trials are missing"
    when = f"at look {look.number} at these results"
    if look.fixed:
        when = "once, as planned" if look.number == 1 else f"{when}, planned for one"
    unkept = "" if look.kept else "; it could not be kept in the study"
    return f"{look.level:g} ({same_level(look.level):g} for being the same), {when}{unkept}"


def _needed(claim: Claim) -> str:
    from nasbench_harness.reports.analysis.decision import FEWEST, Standing
    from nasbench_harness.reports.words.claims import enough, roughly, to_claim

    if claim.outcome is Standing.WAITING:
        return "as planned"
    parts = [] if claim.able else [to_claim(claim)]
    if claim.needed is not None:
        needed = roughly(max(claim.needed, enough(claim)))
        parts.append(f"{needed} of each to find a difference of that interest four times in five")
    elif min(claim.runs) < FEWEST:
        parts.append("what finds a difference of interest is not known from so few")
    return "; ".join(parts) or "not known"


def _error(data: StudyData) -> dict[str, float]:
    """How far predictions are off, where they are any."""
    from nasbench_harness.reports.words.predicted import error

    off = error(data.trials, data.kind)
    return {} if off is None else {"prediction_error": off}


def _gain(claim: Claim, measure: Measure) -> dict[str, Any]:
    """How much better the first method is, in which unit; of percentages as `gain_points` too."""
    points = {"gain_points": claim.gain} if measure.quantity.is_percent else {}
    of = {"quantity": measure.quantity.noun, "unit": measure.unit_of_difference}
    return {**of, "gain": claim.gain, **points}


def as_json(data: StudyData, claim: Claim, measure: Measure) -> dict[str, Any]:
    """What `--json` prints of a claim."""
    from nasbench_harness.remote.fetching import told
    from nasbench_harness.reports.words.claims import sentence
    from nasbench_harness.reports.words.marked import plain

    spec, means = data.study.specs[0], [measure.sign * loss for loss in claim.means]
    return {
        "study": told(data.study.folder),
        "space": spec.space,
        "problem": spec.problem,
        "table": spec.table,
        "dataset": spec.dataset,
        "images": spec.images or None,
        "report_metric": data.first("report_metric"),
        "metric": measure.key,
        "first": claim.first,
        "second": claim.second,
        "sentence": plain(sentence(claim, measure)),
        "outcome": str(claim.outcome),
        "better": claim.ahead,
        "order": claim.order,
        "test": claim.test,
        "runs": list(claim.runs),
        "seeds": list(claim.seeds),
        "first_mean": means[0],
        "second_mean": means[1],
        **_gain(claim, measure),
        "gain_low": claim.low,
        "gain_high": claim.high,
        **_error(data),
        "smallest_difference": claim.delta,
        "wins": claim.wins,
        "ties": claim.ties,
        "losses": claim.losses,
        "effect": claim.effect,
        "probability_of_improvement": claim.chance._asdict(),
        "p_value": claim.p_value,
        "p_corrected": claim.p_corrected,
        "p_same": claim.p_same,
        "pairs": claim.family,
        "level": claim.level,
        "look": data.look.number,
        "seeds_needed": claim.needed,
    }

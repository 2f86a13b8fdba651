"""What a run ends with: summary, report, and how to go on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbench_harness.cli.overall import over_all_json, print_over_all
from nasbench_harness.errors import ExitCode
from nasbench_harness.problems.kinds import searched
from nasbench_harness.process.frame import give_up
from nasbench_harness.process.names import shell_word
from nasbench_harness.store.outcomes import Status

if TYPE_CHECKING:
    import pandas as pd

    from nasbench_harness.jobs.study import StudyRun
    from nasbench_harness.reports.report import Written
    from nasbench_harness.reports.study.measure import Measure
    from nasbench_harness.watch.trackers import Tracker

MORE_SEEDS = 50


def tell(
    done: list[StudyRun], report: Path | None, *, json: bool, whole: bool = True,
    resumed: bool = False,
) -> ExitCode:  # fmt: skip
    """What a run ends with: summary, report, and how to go on; the exit code.

    After Ctrl-C nobody waits for the report, and Ctrl-C leaves it unwritten; `whole`: the run got
    to all of its studies. `resumed`: it was asked for by its folder, and by nothing else.
    """
    from nasbench_harness.cli import console
    from nasbench_harness.store.studies import untold

    code = max(part.exit_code for part in done)
    summaries = [_summary(part) for part in done]
    written, fault = None, None
    if report and any(map(len, summaries)) and not done[-1].interrupted:
        try:
            written = _write_report(done, report)
            code = code if written else max(code, ExitCode.INCOMPLETE)
        except Exception as error:  # the results are told first
            fault = error
    if json:
        told = {"report": written.page if written else None, **over_all_json(written)}
        console.print_json({**told, "studies": list(map(_as_json, done, summaries))})
    else:
        _print(done, summaries, written)
    tell_untold(untold(part.study) for part in done)
    if fault:
        # What was asked for has run, so that wrong usage (2) is no answer.
        code = max(code, ExitCode.INCOMPLETE, give_up(fault))
    if not json or code is not ExitCode.DONE:
        stream = console.err if json else console.out
        stream.print(_next(done, code, whole=whole, resumed=resumed), soft_wrap=True)
    return code


def end_trackers(trackers: Iterable[Tracker], report: Path | None = None) -> None:
    """Let trackers finish; what they could not tell is a warning."""
    from nasbench_harness.cli import console

    page = report if report and report.is_dir() else None
    for tracker in trackers:
        if warning := tracker.end(page):
            console.note(f"Warning: {warning}")


def tell_untold(sentences: Iterable[str]) -> None:
    """Which columns nobody declares; once, where several studies have them."""
    from nasbench_harness.cli import console

    for sentence in dict.fromkeys(filter(None, sentences)):
        console.note(f"Note: {sentence}")


def tell_waiting() -> None:
    """Why a run does not end at once after Ctrl-C."""
    from nasbench_harness.cli import console

    console.err.print("Trials in progress save what they have; Ctrl-C again ends them at once.")


def _write_report(done: list[StudyRun], report: Path) -> Written | None:
    """The page; None if Ctrl-C kept it from being written."""
    from nasbench_harness.reports.report import write_report

    try:
        return write_report([part.study.folder for part in done], report)
    except KeyboardInterrupt:
        return None


def _print(done: list[StudyRun], summaries: list[pd.DataFrame], written: Written | None) -> None:
    """A table a study, or of a suite what holds over all of its problems."""
    from nasbench_harness.cli import console

    of_suite = written is not None and written.suite and written.over_all
    for part, summary in zip(done, summaries, strict=True):
        if len(summary) and not of_suite:
            measure = _measure(part)
            console.print_summary(
                summary.to_dict("records"),
                title=_title(part),
                missed=measure.is_regret,
                quantity=measure.quantity,
                failed=_failed(part),
            )
            _print_seen(part)
            _print_costs(part)
            _print_predicted(part)
            _print_readings(part)
    if written:
        print_over_all(written)
        console.out.print(f"\nReport: {written.page}", soft_wrap=True)


def _summary(part: StudyRun) -> pd.DataFrame:
    from nasbench_harness.reports import summarise
    from nasbench_harness.store.studies import history_table

    looked_up = any(spec.table for spec in part.study.specs)
    return summarise(part.trials, None if looked_up else history_table(part.study))


def _failed(part: StudyRun) -> dict[str, int]:
    """How many trials of each method ended with an error."""
    ended = part.trials[part.trials["status"] == Status.FAILED]
    return {str(method): int(count) for method, count in ended["method"].value_counts().items()}


def _measure(part: StudyRun) -> Measure:
    """What methods are compared by: what answers miss to the best, where that is known."""
    from nasbench_harness.reports.study.measure import measure_of
    from nasbench_harness.reports.study.summary import with_outcomes
    from nasbench_harness.tables.quantity import quantity_in

    spec = part.study.specs[0]
    return measure_of(with_outcomes(part.trials), quantity_in(spec.table, spec.report_metric))


def _print_seen(part: StudyRun) -> None:
    """What each method saw, methods that saw the same together."""
    from nasbench_harness.cli import console
    from nasbench_harness.reports.analysis.seen import grouped
    from nasbench_harness.reports.words.marked import listing

    for what, labels in grouped(_seen(part)).items():
        console.say(f"{listing(labels)} saw: {what}", indent=2)


def _seen(part: StudyRun) -> dict[str, str]:
    from nasbench_harness.reports.analysis.seen import all_seen

    return all_seen(part.trials, part.study.specs)


def _print_costs(part: StudyRun) -> None:
    """What the answers cost beside the target, where a method holds a cost down."""
    from nasbench_harness.cli import console
    from nasbench_harness.reports.tables.heldcost import cells, held_costs, targeted
    from nasbench_harness.study.heldcost import held_names

    rows = held_costs(part.trials)
    if len(rows):
        measure = _measure(part)
        quantity = measure.quantity
        within = f"regret within ({quantity.of_differences})"
        last = within if "within_mean" in rows else quantity.headed
        held = {spec.label for spec in part.study.specs if held_names(spec.roles)}
        met = ("target met", *(["all met"] if "all_met_share" in rows else []))
        headings = ("method", "holds it", "cost", "target", "of answers", *met, last)
        lines = [
            (method, "yes" if method in held else "no", *rest)
            for method, *rest in (cells(row, measure) for row in rows.itertuples())
        ]
        title = "Within the target"
        if not targeted(rows):
            title, headings = "What answers cost", ("method", "holds it", "cost", "of answers")
            lines = [(*line[:3], line[4]) for line in lines]
        console.print_rows(f"\n{title}", headings, lines, numbers=range(3, len(headings)))


def _print_readings(part: StudyRun) -> None:
    """Whose results are not of the method as published."""
    from nasbench_harness.cli import console
    from nasbench_harness.reports.words.marked import plain
    from nasbench_harness.reports.words.readings import readings

    if told := plain(readings(part.study.specs)):
        console.out.print(told, markup=False)


def _print_predicted(part: StudyRun) -> None:
    """How far predictions are off, where these are some."""
    from nasbench_harness.cli import console
    from nasbench_harness.problems.kinds import kind_of
    from nasbench_harness.reports.words.predicted import off

    if told := off(part.trials, kind_of(part.study.specs[0].problem)):
        console.say(told, indent=2)


def _costs(part: StudyRun) -> dict[str, Any]:
    from nasbench_harness.reports.tables.heldcost import held_costs

    rows = held_costs(part.trials)
    return {"costs": rows.to_dict("records")} if len(rows) else {}


def _as_json(part: StudyRun, summary: pd.DataFrame) -> dict[str, Any]:
    quantity = _measure(part).quantity
    return {
        "folder": part.study.folder,
        "dataset": part.study.config["dataset"],
        "quantity": quantity.noun,
        "unit": quantity.unit,
        "status": {str(name): count for name, count in part.counts().items()},
        "summary": summary.assign(saw=summary["method"].map(_seen(part))).to_dict("records"),
        **_costs(part),
    }


def _title(part: StudyRun) -> str:
    spec = part.study.specs[0]
    if not spec.table:
        return f"{searched(spec)}; nothing looked up, judged by {spec.report_metric}"
    return f"{searched(spec)}; answers looked up in {spec.judged}"


def _next(done: list[StudyRun], code: ExitCode, *, whole: bool, resumed: bool) -> str:
    folder = done[-1].study.folder if len(done) == 1 and whole else done[-1].study.folder.parent
    place = shell_word(folder)
    some = any(Status.DONE in part.counts() for part in done)
    if done[-1].interrupted:
        resume = f"`nasharness resume {place}` goes on" if whole else "The same command goes on"
        report = f"; `nasharness report {place}` writes the report of what is done" if some else ""
        return f"Interrupted; what is done is kept. {resume}{report}."
    left = {status for part in done for status in part.counts()} - {Status.DONE}
    if left == {Status.FAILED}:
        return (
            "Some trials failed; what is done is kept. Once the cause above is mended, the same"
            f" command, or `nasharness resume {place}`, tries them again."
        )
    if left:
        return (
            "Some trials did not finish; what is done is kept. Run the same command again, or"
            f" `nasharness resume {place}`, to go on."
        )
    if code is not ExitCode.DONE:
        return f"Every trial is done; `nasharness report {place}` writes the report."
    return _suggestions(done, resumed=resumed)


def _suggestions(done: list[StudyRun], *, resumed: bool) -> str:
    """What to do next, in lines whose commands can be pasted."""
    from nasbench_harness.cli.suggestions import suggestions
    from nasbench_harness.tables.library import preferred

    study = done[0].study
    steps = [
        *_more_seeds(done, resumed=resumed),
        f"what its settings mean: nasharness show method {study.specs[0].method}",
    ]
    steps += suggestions(study)
    source = preferred(study.specs[0].space)
    if source is not None and study.config["table"] not in source.tables:
        steps.append(f"{source.what}: {source.how.strip('`')}")
    return "\n".join(["Next:", *(f"  {step}" for step in steps)])


def _more_seeds(done: list[StudyRun], *, resumed: bool) -> list[str]:
    """How a study gets more seeds; a fixed one does not, and of so many none are asked for.

    `resume` runs what was planned.
    """
    from nasbench_harness.store.studies import with_seeds

    if done[0].study.fixed or len(done[0].study.config["seeds"]) >= MORE_SEEDS:
        return []
    if not resumed:
        return [f"more seeds: the same command with --seeds {MORE_SEEDS}"]
    command = with_seeds(done[0].study, MORE_SEEDS) if len(done) == 1 else ""
    if command:
        return ["more seeds:", command]
    return [f"more seeds: the `nasharness run` that began it, with --seeds {MORE_SEEDS}"]

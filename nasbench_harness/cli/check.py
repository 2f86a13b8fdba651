"""`nasharness check`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from nasbench_harness.cli.app import JsonOption, app
from nasbench_harness.cli.baseline import read_margins, tell_changes
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.cli.options.checking import GITHUB, Checked, CheckMachine, Told
from nasbench_harness.cli.options.grouped import grouped
from nasbench_harness.cli.options.studies import CheckedStudies
from nasbench_harness.cli.rows import StudyRow, suite_row, tell_every
from nasbench_harness.errors import ExitCode, HarnessError
from nasbench_harness.process.frame import give_up
from nasbench_harness.store.files import check_writable

if TYPE_CHECKING:
    from nasbench_harness.hardware import Hardware
    from nasbench_harness.reports.regression.check import CheckReport
    from nasbench_harness.reports.regression.standard import Standard
    from nasbench_harness.store.studies import Study
    from nasbench_harness.study.config import StudyConfig

MARKDOWN = ".md"

NO_POINTS = " Of what is no percentage a point is a hundredth of the power of ten above its values."


@app.command(
    cls=Command,
    epilog=examples(
        "nasharness check runs/new --baseline baselines/nb201.json --junit check.xml",
        "nasharness check --config ci/study.yaml --baseline baselines/nb201.json",
        "nasharness check --power --baseline baselines/nb201.json",
        "nasharness check --bench old.json new.json",
    ),
)
@grouped
def check(
    studies: CheckedStudies = None,
    *,
    asked: Checked,
    told: Told,
    machine: CheckMachine,
    json: JsonOption = False,
) -> None:
    """Check that no method got worse than its baseline.

    The same seeds are compared value by value. With one version of torch, numpy and the method, a
    search on a CPU has to repeat itself exactly, so any difference is a change: for the better,
    within the margin (both told, exit 0), a regression, or open. Other seeds, and devices that do
    not repeat themselves, are compared by permutation tests, corrected for the number of checks:
    no regression, where a loss of the margin that moves all seeds alike is ruled out; regression,
    where more than the margin was lost and chance is ruled out. A seed more than five margins below
    the baseline's worst leaves a check open, and seeds that collapse more often are warned of.

    Exit codes: 0 no regression, 1 a regression or a move, 2 wrong usage or input, 3 trials without
    a result, 4 inconclusive, with what would settle it, 70 an unexpected error: no verdict.
    """
    _refuse_combinations(studies, asked, told, json=json)
    hardware = machine.hardware
    renewed = asked.baseline if asked.update else None
    _claim_files(told.junit, told.markdown, renewed)
    for target in (told.junit, told.markdown, renewed):
        check_writable(target)
    tell = _Teller(told.junit, told.markdown, told.annotate, json)
    if asked.bench:
        from nasbench_harness.reports.regression.benchmarks import compare_benchmarks

        tell(compare_benchmarks(*asked.bench, max_slowdown=asked.max_slowdown))
    study, section = _study_file(asked.config)
    margins = {**section, **read_margins(asked.margins)}
    if asked.power:
        _tell_power(asked.baseline, studies or [], margins, json=json)
        return
    standard = _standard(asked.baseline or Path(), asked.methods, margins, update=asked.update)
    with _folders(studies, study, asked, hardware, machine.jobs, standard) as folders:
        if asked.update:
            _update(asked.baseline or Path(), folders, margins, json=json)
        else:
            tell(standard.check(folders))


def _refuse_combinations(
    studies: list[Path] | None, asked: Checked, told: Told, *, json: bool
) -> None:
    if told.annotate not in (None, GITHUB):
        raise HarnessError(f"--annotate knows `{GITHUB}` only, not `{told.annotate}`.")
    if told.annotate and json:
        raise HarnessError("--annotate and --json both write to standard output; choose one.")
    for option, given in (("--out", asked.out), ("--seeds", asked.seeds)):
        if given is not None and asked.config is None:
            raise HarnessError(f"`{option}` goes with --config, whose study is run for the check.")
    of_study = studies or asked.baseline or asked.config or asked.power or asked.update
    if asked.bench and of_study:
        raise HarnessError("--bench compares two files of benchmarks and goes with no study.")
    if asked.power and (asked.config or asked.update or bool(studies) == bool(asked.baseline)):
        raise HarnessError("--power needs the values of a run or of a --baseline, one of them.")
    if asked.bench or asked.power:
        return
    if asked.baseline is None:
        raise HarnessError("Compare with what? Give --baseline FILE (or --bench OLD NEW).")
    if bool(studies) == bool(asked.config):
        raise HarnessError(
            "Check what? Give study folders, or --config with a study to run; not both."
        )


def _claim_files(junit: Path | None, markdown: Path | None, renewed: Path | None) -> None:
    """Refuse to write over what no check has written, before anything is run."""
    from nasbench_harness.store.ownership import claim
    from nasbench_harness.store.seals import is_sealed

    if junit and markdown and junit.resolve() == markdown.resolve() and not junit.is_char_device():
        raise HarnessError(f"--junit and --markdown both write to {junit}; choose another for one.")
    if junit:
        from nasbench_harness.reports.regression.junit import is_junit

        claim(junit, "JUnit XML", is_junit)
    if markdown:
        claim(markdown, "a summary", lambda content: is_sealed(content, MARKDOWN))
    if renewed:
        from nasbench_harness.reports.regression.baseline import refuse_other_file

        refuse_other_file(renewed)


# --- studies -----------------------------------------------------------------------------------


def _study_file(config: Path | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The study of a file, and the margins in it."""
    if config is None:
        return {}, {}
    from nasbench_harness.reports.regression.studyfile import read_study_file

    return read_study_file(config)


@contextmanager
def _folders(
    studies: list[Path] | None, study: dict[str, Any], asked: Checked, hardware: Hardware,
    jobs: int | None, standard: Standard,
) -> Iterator[list[Path]]:  # fmt: skip
    """The folders to check; a study from a file is run first, in a temporary one if need be.

    Nothing is run or written where the plan of the study does not fit the standard. In a folder
    that is kept only what is missing of the study is run.
    """
    if studies:
        yield studies
        return
    from nasbench_harness.jobs.study import planned

    seeds = {"seeds": asked.seeds} if asked.seeds else {}
    with tempfile.TemporaryDirectory(prefix="nasharness-check-") as temporary:
        row = _row({**study, **seeds}, asked.out, Path(temporary), hardware)
        plans = [planned(*part, hardware) for part in row.parts]
        _refuse_other_seeds(plans, row.parts[0][0].seeds)
        _tell_plan([*standard.check_plan(plans), *_there_already(plans)])
        row.prepare(hardware)
        for part, place in row.parts:
            if _run(part, place, hardware, jobs):
                raise KeyboardInterrupt
        yield [row.folder]


def _row(study: dict[str, Any], out: Path | None, temporary: Path, hardware: Hardware) -> StudyRow:
    """The study of a file, one for each of its data sets, or those of its suite."""
    from nasbench_harness.study.config import build_config, split_datasets
    from nasbench_harness.study.naming import study_name
    from nasbench_harness.study.suites import asked_suite

    if suite := asked_suite(None, study):
        return suite_row(suite, None, study, [], out or temporary / suite, hardware)
    config = build_config(None, study, [], hardware=hardware, told=tell_every)
    folder = out or temporary / study_name(config)
    return StudyRow(folder, list(split_datasets(config, folder)))


def _refuse_other_seeds(studies: list[Study], seeds: Sequence[int]) -> None:
    """A kept study is judged whole, so it may hold no seeds but those of this check."""
    from nasbench_harness.errors import HarnessError
    from nasbench_harness.reports.words.marked import ranges

    for study in studies:
        if others := {spec.seed for spec in study.specs} - set(seeds):
            raise HarnessError(
                f"The study in {study.folder} has other seeds too ({ranges(others)}), which this"
                " check does not ask for and would judge all the same; choose another --out."
            )


def _there_already(studies: list[Study]) -> Iterator[str]:
    """Results of a kept study are checked as they are, whatever code they are of."""
    from nasbench_harness.store.outcomes import Status

    for study in studies:
        done = sum(study.result(spec)["status"] == Status.DONE for spec in study.specs)
        if done:
            yield (
                f"{done} of {len(study.specs)} trials have their result in {study.folder} already"
                " and are not run again: a check of changed code needs a fresh folder."
            )


def _tell_plan(notes: list[str]) -> None:
    from nasbench_harness.cli import console

    for note in notes:
        console.note(f"Note: {note}")


def _run(config: StudyConfig, folder: Path, hardware: Hardware, jobs: int | None) -> bool:
    """Run what is missing of a study; whether it was interrupted."""
    from nasbench_harness.cli import console
    from nasbench_harness.cli.console import JobsProgress
    from nasbench_harness.jobs.executors.local import LocalExecutor
    from nasbench_harness.jobs.study import run_study
    from nasbench_harness.problems.kinds import open_kind

    processes = jobs or open_kind(config.search).processes(hardware)
    executor = LocalExecutor(processes, hardware, told=console.note)
    with JobsProgress() as progress:
        return run_study(
            config, folder, executor, hardware=hardware,
            opened=console.tell_images, begin=progress.begin, watch=progress.watch,
        ).interrupted  # fmt: skip


def _standard(
    path: Path, methods: list[str] | None, margins: dict[str, float], *, update: bool
) -> Standard:
    from nasbench_harness.reports.regression.baseline import read_baseline
    from nasbench_harness.reports.regression.check import kept_metrics
    from nasbench_harness.reports.regression.standard import Standard
    from nasbench_harness.study.notation import EVERY, parse_methods
    from nasbench_harness.study.spec import method_label

    choices = parse_methods(",".join(methods or []))
    if any(choice["name"] == EVERY for choice in choices):
        choices = []
    labels = [method_label(choice["name"], choice["settings"]) for choice in choices]
    if update:
        return Standard(None, labels, margins, kept_metrics(path))
    return Standard(read_baseline(path), labels, margins)


def _update(path: Path, folders: list[Path], margins: dict[str, float], *, json: bool) -> None:
    from nasbench_harness.reports.regression.baseline import write_baseline
    from nasbench_harness.reports.regression.check import renewed

    changes = write_baseline(path, renewed(path, folders, margins), update=True)
    tell_changes(path, changes, json=json)


# --- what is told ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Teller:
    """Where the outcome goes; calling it tells everything and ends with the exit code.

    The verdict comes first and its code stands; a file that cannot be written is told after it.
    """

    junit: Path | None
    markdown: Path | None
    annotate: str | None
    json: bool

    def __call__(self, report: CheckReport) -> NoReturn:
        from nasbench_harness.cli import console
        from nasbench_harness.reports.regression import outputs

        if self.json:
            console.print_json(outputs.to_json(report))
        else:
            _print(report)
        for line in outputs.to_annotations(report) if self.annotate else []:
            sys.stdout.write(f"{line}\n")
        written = [
            _written(self.junit, lambda: outputs.to_junit(report)),
            _written(self.markdown, lambda: _sealed(outputs.to_markdown(report))),
        ]
        raise typer.Exit(int(report.exit_code or max(written)))


def _written(path: Path | None, text: Callable[[], str]) -> ExitCode:
    """Write a file of the outcome, if it is asked for; what is told where that fails."""
    from nasbench_harness.store.files import write_text

    if path is None:
        return ExitCode.DONE
    try:
        write_text(path, text())
    except OSError as error:
        give_up(error)
        return ExitCode.INCOMPLETE
    return ExitCode.DONE


def _sealed(summary: str) -> str:
    """The summary as one that the next check may replace, unless somebody adds to it."""
    from nasbench_harness.store.seals import sealed

    return sealed(summary.encode(errors="backslashreplace"), MARKDOWN).decode()


def _print(report: CheckReport) -> None:
    from nasbench_harness.cli import console
    from nasbench_harness.reports.regression import outputs
    from nasbench_harness.reports.words.marked import plain

    headings = ("what", "metric", "where", "baseline", "now", "loss, 95 % interval", "seeds", "")
    rows = [outputs.cells(finding) for finding in report.findings]
    console.print_rows("", headings, rows, numbers=(3, 4, 5, 6), below=(1, 2, 5))
    sentences = [finding.sentence for finding in outputs.loud(report.findings)]
    warnings = [f"Warning: {warning}" for warning in report.warnings]
    for sentence in (*sentences, *warnings, *report.notes):
        console.say(f"\n{plain(sentence)}")
    console.out.print(f"\n{outputs.headline(report)}", markup=False)


def _tell_power(
    baseline: Path | None, studies: list[Path], margins: dict[str, float], *, json: bool
) -> None:
    from nasbench_harness.cli import console
    from nasbench_harness.reports.regression.baseline import Baseline, read_baseline
    from nasbench_harness.reports.regression.margins import find_margins
    from nasbench_harness.reports.regression.power import (
        LOSSES,
        PARTIAL_LOSS,
        PARTIAL_SHARE,
        power_table,
    )
    from nasbench_harness.reports.regression.series import read_results

    source = read_baseline(baseline) if baseline else Baseline(read_results(studies))
    rows = list(power_table(source.results.series, find_margins(source, margins)))
    if json:
        told = {"losses": LOSSES, "partial_share": PARTIAL_SHARE, "partial_loss": PARTIAL_LOSS}
        console.print_json([asdict(row) | told for row in rows])
        return
    headings = ["method", "seeds", *(f"lose {loss:g}" for loss in LOSSES)]
    headings.append(f"{100 * PARTIAL_SHARE:g} % lose {PARTIAL_LOSS:g}")
    by_method = list(dict.fromkeys(row.method_cells() for row in rows))
    order = sorted(rows, key=lambda row: by_method.index(row.method_cells()))
    console.print_rows(
        "Regression found (exit 1) / inconclusive (exit 4), % of checks",
        headings,
        [(row.method, row.seeds, *row.rate_cells()) for row in order],
        numbers=range(1, len(headings)),
    )
    console.out.print("")
    of_method = ("method", "deviation", "seeds for 95 % at 0.5", "where")
    console.print_rows("", of_method, by_method, numbers=(1, 2), below=(3,))
    console.out.print("")
    console.say(
        "Simulated from the values of each seed, one method at a time, all accuracies of the study"
        " checked together. Under `lose ...` all seeds lose so many points; of `lose 0` the first"
        f" number is the rate of false alarms. Under `{headings[-1]}` each seed loses them with"
        " that chance. The same seeds on a CPU are compared exactly."
        f"{'' if all(row.quantity.is_percent for row in rows) else NO_POINTS}"
    )

"""`nasharness check`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from nasbench_harness.cli import completion
from nasbench_harness.cli.app import JsonOption, app, finite
from nasbench_harness.cli.baseline import MarginOption, read_margins, tell_changes
from nasbench_harness.cli.help import OUTPUT, Command, examples
from nasbench_harness.cli.run import DataDirOption, DeviceOption, JobsOption
from nasbench_harness.errors import ExitCode, HarnessError
from nasbench_harness.process.frame import give_up
from nasbench_harness.store.files import check_writable

if TYPE_CHECKING:
    from nasbench_harness.reports.regression.check import CheckReport
    from nasbench_harness.reports.regression.standard import Standard
    from nasbench_harness.store.studies import Study
    from nasbench_harness.study.config import StudyConfig

GITHUB, MARKDOWN = "github", ".md"


@app.command(
    cls=Command,
    epilog=examples(
        "nasharness check runs/new --baseline baselines/nb201.json --junit check.xml",
        "nasharness check --config ci/study.yaml --baseline baselines/nb201.json",
        "nasharness check --power --baseline baselines/nb201.json",
        "nasharness check --bench old.json new.json",
    ),
)
def check(
    studies: Annotated[
        list[Path] | None, typer.Argument(metavar="RUN", help="Study folders to check.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", "-b", help="What to compare with.",
                                 show_default="none; needed for a study")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Run this study first, then check it; its"
                                  " section `check:` may hold `margins:`.", show_default="none")
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(help="With --config: other seeds than the file's.",
                                 show_default="the file's")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="With --config: keep the study here.",
                                 show_default="a temporary one")
    ] = None,
    methods: Annotated[
        list[str] | None, typer.Option("--methods", "-m", help="Check only these of the baseline.",
                                       show_default="all", autocompletion=completion.methods)
    ] = None,
    margins: MarginOption = None,
    update: Annotated[
        bool, typer.Option("--update", help="Write the run as the new baseline; shows the diff.")
    ] = False,
    power: Annotated[
        bool, typer.Option("--power", help="Print how often such a check errs, by simulation.")
    ] = False,
    bench: Annotated[
        tuple[Path, Path] | None, typer.Option(metavar="OLD NEW", help="Compare two JSON files of"
                                               " pytest-benchmark.", show_default="none")
    ] = None,
    max_slowdown: Annotated[
        float, typer.Option(min=1.0, callback=finite, help="With --bench: times as long as is"
                            " allowed.")
    ] = 1.25,
    junit: Annotated[
        Path | None, typer.Option(help="Write JUnit XML.",
                                 show_default="none", rich_help_panel=OUTPUT)
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Write a summary in Markdown.",
                                 show_default="none", rich_help_panel=OUTPUT)
    ] = None,
    annotate: Annotated[
        str | None, typer.Option(metavar=GITHUB, help="Print annotations for GitHub.",
                                 show_default="none", rich_help_panel=OUTPUT)
    ] = None,
    device: DeviceOption = "auto",
    data_dir: DataDirOption = None,
    jobs: JobsOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Check that no method got worse than its baseline.

    The same seeds are compared value by value. With one version of torch, numpy and the method, a
    landscape or a supernet on a CPU has to repeat itself exactly, so any difference is a change:
    for the better, within the margin (both told, exit 0), a regression, or open. Other seeds, and
    devices that do not repeat themselves, are compared by permutation tests, corrected for the
    number of checks: no regression, where a loss of the margin is ruled out; regression, where
    more than the margin was lost and chance is ruled out.

    Exit codes: 0 no regression, 1 a regression, 2 wrong usage or input, 3 trials without a result,
    4 inconclusive, with the seeds that would settle it, 70 an unexpected error: no verdict.
    """
    _refuse_combinations(studies, baseline, config, bench, power, update, annotate, json)
    _claim_files(junit, markdown, baseline if update else None)
    for target in (junit, markdown, baseline if update else None):
        check_writable(target)
    tell = _Teller(junit, markdown, annotate, json)
    if bench:
        from nasbench_harness.reports.regression.benchmarks import compare_benchmarks

        tell(compare_benchmarks(*bench, max_slowdown=max_slowdown))
    study, section = _study_file(config)
    given = {**section, **read_margins(margins)}
    if power:
        _tell_power(baseline, studies or [], given, json=json)
        return
    hardware = {"device": device, "data_dir": data_dir, "jobs": jobs}
    standard = _standard(baseline or Path(), methods, given, update=update)
    with _folders(studies, study, seeds, out, hardware, standard) as folders:
        if update:
            _update(baseline or Path(), folders, given, json=json)
        else:
            tell(standard.check(folders))


def _refuse_combinations(
    studies: list[Path] | None, baseline: Path | None, config: Path | None,
    bench: tuple[Path, Path] | None, power: bool, update: bool, annotate: str | None, json: bool,
) -> None:  # fmt: skip
    if annotate not in (None, GITHUB):
        raise HarnessError(f"--annotate knows `{GITHUB}` only, not `{annotate}`.")
    if annotate and json:
        raise HarnessError("--annotate and --json both write to standard output; choose one.")
    if bench and (studies or baseline or config or power or update):
        raise HarnessError("--bench compares two files of benchmarks and goes with no study.")
    if power and (config or update or bool(studies) == bool(baseline)):
        raise HarnessError("--power needs the values of a run or of a --baseline, one of them.")
    if bench or power:
        return
    if baseline is None:
        raise HarnessError("Compare with what? Give --baseline FILE (or --bench OLD NEW).")
    if bool(studies) == bool(config):
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
    studies: list[Path] | None, study: dict[str, Any], seeds: str | None, out: Path | None,
    hardware: dict[str, Any], standard: Standard,
) -> Iterator[list[Path]]:  # fmt: skip
    """The folders to check; a study from a file is run first, in a temporary one if need be.

    Nothing is run or written where the plan of the study does not fit the standard.
    """
    if studies:
        yield studies
        return
    from nasbench_harness.study.config import build_config, split_datasets
    from nasbench_harness.study.naming import study_name

    config = build_config(None, {**study, **({"seeds": seeds} if seeds else {})}, [])
    with tempfile.TemporaryDirectory(prefix="nasharness-check-") as temporary:
        folder = out or Path(temporary) / study_name(config)
        parts = list(split_datasets(config, folder))
        standard.check_plan([_planned(*part, hardware) for part in parts])
        for part, place in parts:
            if _run(part, place, **hardware):
                raise KeyboardInterrupt
        yield [folder]


def _planned(config: StudyConfig, folder: Path, hardware: dict[str, Any]) -> Study:
    """The study as it would be run there."""
    from nasbench_harness.hardware import Hardware
    from nasbench_harness.store.studies import planned_study
    from nasbench_harness.study.config import settled
    from nasbench_harness.study.planning import plan

    config = settled(config)
    specs = plan(config, Hardware(hardware["device"], data_dir=hardware["data_dir"]))
    return planned_study(folder, config.model_dump(mode="json"), specs)


def _run(
    config: StudyConfig, folder: Path, device: str, data_dir: Path | None, jobs: int | None
) -> bool:
    """Run what is missing of a study; whether it was interrupted."""
    from nasbench_harness.cli import console
    from nasbench_harness.cli.console import JobsProgress
    from nasbench_harness.hardware import Hardware
    from nasbench_harness.jobs.executors.local import LocalExecutor
    from nasbench_harness.jobs.study import run_study
    from nasbench_harness.problems.kinds import open_kind

    hardware = Hardware(device, data_dir=data_dir)
    executor = LocalExecutor(jobs or open_kind(config.search).processes(hardware), hardware)
    with JobsProgress() as progress:
        return run_study(
            config, folder, executor, hardware=hardware,
            opened=console.tell_images, begin=progress.begin, watch=progress.watch,
        ).interrupted  # fmt: skip


def _standard(
    path: Path, methods: list[str] | None, margins: dict[str, float], *, update: bool
) -> Standard:
    from nasbench_harness.reports.regression.baseline import read_baseline
    from nasbench_harness.reports.regression.standard import Standard
    from nasbench_harness.study.notation import parse_methods
    from nasbench_harness.study.spec import method_label

    choices = parse_methods(",".join(methods or []))
    labels = [method_label(choice["name"], choice["settings"]) for choice in choices]
    return Standard(None if update else read_baseline(path), labels, margins)


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
    for sentence in (*sentences, *report.notes):
        console.out.print(f"\n{plain(sentence)}", markup=False, soft_wrap=True)
    console.out.print(f"\n{outputs.headline(report)}", markup=False)


def _tell_power(
    baseline: Path | None, studies: list[Path], margins: dict[str, float], *, json: bool
) -> None:
    from nasbench_harness.cli import console
    from nasbench_harness.reports.regression.baseline import Baseline, read_baseline
    from nasbench_harness.reports.regression.margins import find_margins
    from nasbench_harness.reports.regression.power import LOSSES, power_table
    from nasbench_harness.reports.regression.series import read_results

    source = read_baseline(baseline) if baseline else Baseline(read_results(studies))
    rows = power_table(source.results.series, find_margins(source, margins))
    if json:
        console.print_json([asdict(row) | {"losses": LOSSES} for row in rows])
        return
    headings = ["method", "where", "deviation", "seeds"]
    headings += [f"loss of {loss:g}" for loss in LOSSES] + ["seeds for 95 % at 0.5"]
    cells = [row.cells() for row in rows]
    console.print_rows(
        "Regression found (exit 1) / inconclusive (exit 4), % of checks with fresh seeds",
        headings, cells, numbers=range(2, len(headings)), below=(1, len(headings) - 1),
    )  # fmt: skip
    console.out.print(
        "\nSimulated from the values of each seed: losses that move all seeds alike, one method at"
        " a time, all accuracies of the study checked together. Under `loss of 0` the first number"
        " is the rate of false alarms. The same seeds on a landscape are compared exactly.",
        markup=False,
    )

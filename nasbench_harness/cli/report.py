"""`nasharness report`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasbench_harness.cli.app import JsonOption, app
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.cli.options.studies import ReadStudies
from nasbench_harness.errors import ExitCode
from nasbench_harness.process.names import shell_word
from nasbench_harness.store.outcomes import Status

if TYPE_CHECKING:
    from nasbench_harness.store.studies import Study

PageFolder = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", help="Folder of the page.",
        show_default="RUN/report, of one study; NAME-report of an address",
    ),
]  # fmt: skip


@app.command(
    cls=Command,
    epilog=examples(
        "nasharness report runs/unas-drnas-nb201",
        "nasharness report runs/drnas-nb201 runs/edas-nb201 --out report",
    ),
)
def report(
    studies: ReadStudies,
    out: PageFolder = None,
    paper: Annotated[
        bool,
        typer.Option("--paper", help="LaTeX tables and PDF figures of print size as well."),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Write the report of one study again, or one page about several.

    What another report has left in the folder is replaced, and nothing else: a file that is not
    ours stays, and is refused where it has a name that the report needs.
    """
    from nasbench_harness.cli import console
    from nasbench_harness.reports import write_report
    from nasbench_harness.store.copies import open_studies
    from nasbench_harness.store.studies import studies_in

    needed = out is None
    if out is None and len(studies) == 1:
        out = _out(studies[0])
    folders = studies_in(studies)
    if out:
        _refuse(out, paper=paper)
    for number, folder in enumerate(folders, start=1):
        if len(folders) > 1:
            console.err.print(f"Study {number} of {len(folders)}: {folder}", soft_wrap=True)
        _gather(folder, needed=needed)
    if len(folders) > 1:
        console.err.print(f"Writing the report of {len(folders)} studies ...")
    document = _paper(folders, out) if paper and out else None  # refused before anything is written
    page = write_report(*folders, out=out)
    copies = open_studies(folders)
    done = [_done(study) for study in copies.distinct]
    for note in [*copies.notes(), *_unfinished(copies.distinct, done)]:
        console.note(f"Note: {note}")
    _tell({"report": page, **({"paper": document} if document else {})}, json=json)
    if not any(done):
        raise typer.Exit(ExitCode.INCOMPLETE)


def _out(study: Path) -> Path:
    """Beside the study's tables; of one that was fetched, here."""
    from nasbench_harness.remote.fetching import address_of

    return Path(f"{study.name}-report") if address_of(study) else study / "report"


def _tell(written: Mapping[str, Path], *, json: bool) -> None:
    """What was written, and where."""
    from nasbench_harness.cli import console

    if json:
        console.print_json(written)
        return
    for what, place in written.items():
        console.out.print(f"{what.capitalize()}: {place}", markup=False, soft_wrap=True)


def _refuse(out: Path, *, paper: bool) -> None:
    """Say at once what cannot be written; all of it is looked at again when it is made."""
    from nasbench_harness.reports.earlier import refuse_paper, refuse_report

    refuse_report(out)
    if paper:
        refuse_paper(out / "paper")


def _done(study: Study) -> int:
    """How many of its trials have a result, as its tables say: they may be all that is left."""
    from nasbench_harness.store.studies import opened_tables

    statuses: list[str] = opened_tables(study)[0]["status"].to_pylist()
    return statuses.count(Status.DONE)


def _unfinished(studies: Iterable[Study], every_done: Iterable[int]) -> Iterator[str]:
    """What a report is not about yet: one sentence a study."""
    from nasbench_harness.remote.fetching import address_of, told

    for study, done in zip(studies, every_done, strict=True):
        planned = len(study.specs)
        if done == planned:
            continue
        has = "has" if planned - done == 1 else "have"
        said = f"{planned - done} of {planned} trials of {told(study.folder)} {has} no result"
        others = "the report is about the others" if done else "the report compares nothing of it"
        goes_on = f" `nasharness resume {shell_word(study.folder)}` goes on."
        yield f"{said}; {others}.{'' if address_of(study.folder) else goes_on}"


def _paper(folders: list[Path], out: Path) -> Path:
    from nasbench_harness.reports.paper import write_paper

    return write_paper(folders, out / "paper")


def _gather(folder: Path, *, needed: bool) -> None:
    """Bring a study's tables up to date; a report elsewhere does without, on a read-only disk."""
    from nasbench_harness.errors import HarnessError, reason
    from nasbench_harness.store.ownership import NOT_WRITABLE
    from nasbench_harness.store.studies import gather, open_study

    study = open_study(folder)
    try:
        gather(study)
    except OSError as error:
        if needed and error.errno not in NOT_WRITABLE:
            raise
        if needed:
            raise HarnessError(
                f"{folder} cannot be written to ({reason(error)}); `--out DIR` puts the report"
                " elsewhere."
            ) from error

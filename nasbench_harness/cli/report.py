"""`nasharness report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nasbench_harness.cli.app import app


@app.command(epilog="Example:  nasharness report runs/drnas-nb201 runs/edas-nb201 --out report")
def report(
    studies: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Study folders.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder; default RUN/report for one study.")
    ] = None,
    paper: Annotated[
        bool,
        typer.Option("--paper", help="LaTeX tables and PDF figures of print size as well."),
    ] = False,
) -> None:
    """Write the report of one study again, or one page about several."""
    from nasbench_harness import console
    from nasbench_harness.copies import open_studies
    from nasbench_harness.reports import write_report
    from nasbench_harness.store import gather, open_study, study_folders

    folders = [folder for place in studies for folder in study_folders(place)]
    for folder in folders:
        gather(open_study(folder))
    if out is None and len(studies) == 1:
        out = studies[0] / "report"
    page = write_report(*folders, out=out)
    for note in open_studies(folders).notes():
        console.err.print(f"Note: {note}", markup=False, soft_wrap=True)
    console.out.print(f"Report: {page}", markup=False)
    if paper:
        from nasbench_harness.reports.paper import write_paper

        console.out.print(f"Paper: {write_paper(folders, page.parent / 'paper')}", markup=False)

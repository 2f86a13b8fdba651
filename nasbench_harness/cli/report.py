"""`nasharness report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nasbench_harness.cli.app import JsonOption, app
from nasbench_harness.cli.help import Command, examples


@app.command(
    cls=Command,
    epilog=examples(
        "nasharness report runs/unas-drnas-nb201",
        "nasharness report runs/drnas-nb201 runs/edas-nb201 --out report",
    ),
)
def report(
    studies: Annotated[list[Path], typer.Argument(metavar="RUN", help="Study folders.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Folder of the page.", show_default="RUN/report, of one study"
        ),
    ] = None,
    paper: Annotated[
        bool,
        typer.Option("--paper", help="LaTeX tables and PDF figures of print size as well."),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Write the report of one study again, or one page about several."""
    from nasbench_harness import console
    from nasbench_harness.reports import write_report
    from nasbench_harness.store import gather, open_study, study_folders

    folders = [folder for place in studies for folder in study_folders(place)]
    for folder in folders:
        gather(open_study(folder))
    if out is None and len(studies) == 1:
        out = studies[0] / "report"
    page = write_report(*folders, out=out)
    written = {"report": page}
    if paper:
        from nasbench_harness.reports.paper import write_paper

        written["paper"] = write_paper(folders, page.parent / "paper")
    if json:
        console.print_json(written)
        return
    for what, place in written.items():
        console.out.print(f"{what.capitalize()}: {place}", markup=False, soft_wrap=True)

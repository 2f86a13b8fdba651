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
) -> None:
    """Write the report of one study again, or one page about several."""
    from nasbench_harness import console
    from nasbench_harness.reports import write_report
    from nasbench_harness.store import gather, open_study

    for folder in studies:
        gather(open_study(folder))
    console.out.print(f"Report: {write_report(*studies, out=out)}", markup=False)

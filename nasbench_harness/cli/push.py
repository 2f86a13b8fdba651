"""`nasharness push`: finished studies to object storage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasbench_harness.cli.app import JsonOption, app
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.process.names import shell_word

if TYPE_CHECKING:
    from nasbench_harness.remote.pushing import Pushed


@app.command(
    "push",
    cls=Command,
    epilog=examples(
        "nasharness push runs/unas-drnas-nb201 s3://results/unas-drnas-nb201",
        "nasharness push runs/unas-drnas-nb201 file:///mnt/results/unas-drnas-nb201 --partial",
        "nasharness push runs/datasets s3://results/datasets",
    ),
)
def push_study(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a study, or of several.")],
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS", help="Where to: s3://, gs://, sftp://, file://, ... of fsspec."
        ),
    ],
    partial: Annotated[
        bool, typer.Option("--partial", help="Also where it still runs, or lacks trials.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Put a finished study's tables and report where others can read them.

    Studies in one folder, as of a suite, go there together, each below its own name. `report`,
    `compare`, `check` and `cite` take the address in place of a folder. Pushed again, only what
    changed is sent; an address that holds anything else is left as it is. A push that breaks off
    leaves nothing that reads as a study, and the same command completes it.
    """
    from nasbench_harness.cli import console
    from nasbench_harness.remote.places import is_address
    from nasbench_harness.remote.pushing import push, push_studies
    from nasbench_harness.store.studies import open_study, study_folders

    if not is_address(address):
        raise typer.BadParameter(
            f"`{address}` is no address; a folder of this machine is file://{Path(address).absolute()}."
        )
    folders = study_folders(run)
    if folders == [run]:
        done = push(open_study(run), address, partial=partial)
    else:
        done = push_studies(run, list(map(open_study, folders)), address, partial=partial)
    if json:
        console.print_json(_as_json(done))
        return
    _tell(run, done)


def _as_json(done: Pushed) -> dict[str, object]:
    return {
        "address": done.address,
        **({"studies": list(done.studies)} if done.studies else {}),
        "sent": sorted(done.sent),
        "bytes": sum(done.sent.values()),
        "unchanged": done.unchanged,
        "removed": done.removed,
        "links": list(done.links),
    }


def _tell(run: Path, done: Pushed) -> None:
    from nasbench_harness.cli import console

    if not done.report:
        console.note(
            f"Note: {run} has no report to send; `nasharness report {shell_word(run)}` writes one."
        )
    if done.links:
        console.note(f"Note: links are not sent: {', '.join(done.links)}.")
    size = sum(done.sent.values()) / 1e6
    what = f"{len(done.studies)} studies: " if done.studies else ""
    what += f"{_files(len(done.sent))} sent, {size:.1f} MB; {done.unchanged} unchanged"
    what += f"; {done.removed} removed" if done.removed else ""
    console.out.print(f"Pushed: {done.address} ({what})", markup=False, soft_wrap=True)


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"

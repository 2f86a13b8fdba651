"""`nasharness data`: install, check and cite tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nasbench_harness.cli.app import JsonOption, data_app
from nasbench_harness.errors import ExitCode, UnknownNameError

Benchmark = Annotated[str, typer.Argument(help="Which benchmark; `nb201` is the only one so far.")]


@data_app.command("list", epilog="Example:  nasharness data list --json")
def list_data(json: JsonOption = False) -> None:
    """What is installed: where from, which columns, hash, size."""
    from nasbench_harness import console, registry
    from nasbench_harness.errors import HarnessError

    rows: list[dict[str, Any]] = []
    for name in registry.tables.names():
        try:
            rows.append(_facts(registry.open_table(name)))
        except HarnessError as error:
            rows.append({"table": name, "installed": False, "how": str(error)})
    if json:
        console.print_json(rows)
        return
    for row in rows:
        console.print_facts(row)
        console.out.print("")


def _facts(table: Any) -> dict[str, Any]:
    """What is worth knowing of an installed table."""
    facts: dict[str, Any] = {
        "table": table.name,
        "installed": True,
        "space": table.space,
        "version": table.version,
        "columns": len(table.metrics),
        "content_sha256": table.content_hash,
    }
    if provenance := getattr(table, "provenance", None):
        facts |= {"source": provenance.source, "folder": table.folder, "bytes": table.size_on_disk}
    return facts | {"caveat": table.caveat}


@data_app.command("pull", epilog="Example:  nasharness data pull nb201 --from ~/downloads/nb201")
def pull(
    benchmark: Benchmark,
    origin: Annotated[
        Path | None, typer.Option("--from", help="A folder that has the source files already.")
    ] = None,
    mirror: Annotated[
        str | None, typer.Option(help="Address of a folder with the source files.")
    ] = None,
) -> None:
    """Download the small public sources, check and merge them to the table `official`."""
    from nasbench_harness import console
    from nasbench_harness.tables.nb201 import sources
    from nasbench_harness.tables.nb201.pull import pull as pull_nb201

    _know(benchmark)
    with console.counting_bar("downloading", "bytes") as progress:
        table = pull_nb201(origin=origin, mirror=mirror, progress=progress)
    console.print_facts(_facts(table))
    console.out.print("\nThe numbers come from:")
    for source in sources.SOURCES.values():
        console.out.print(f"  {source.name}  {source.repository}: {source.what}", markup=False)
        console.out.print(f"      licence: {source.licence}", markup=False)
    console.out.print("`nasharness data cite nb201` prints what to cite.")


@data_app.command(
    "import", epilog="Example:  nasharness data import nb201 NATS-tss-v1_0-3ffb9-simple --jobs 2"
)
def import_file(
    benchmark: Benchmark,
    file: Annotated[
        Path, typer.Argument(help="NATS-Bench topology folder or tar, or NAS-Bench-201 .pth.")
    ],
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Parallel readers.")] = 1,
    curves: Annotated[bool, typer.Option(help="Keep the learning curves (1 GB).")] = True,
    force: Annotated[
        bool, typer.Option("--force", help="Load a .pth although memory looks too small.")
    ] = False,
) -> None:
    """Convert the official file once to the table `official`; it is never needed again."""
    from nasbench_harness import console
    from nasbench_harness.tables import library
    from nasbench_harness.tables.nb201.importing import import_table

    _know(benchmark)
    with console.counting_bar("converting", "cells") as progress:
        table = library.install(
            library.official_folder(),
            lambda folder: import_table(
                file, folder, progress=progress, jobs=jobs, force=force, curves=curves
            ),
        )
    console.print_facts(_facts(table))


@data_app.command("verify", epilog="Example:  nasharness data verify nb201")
def verify(benchmark: Benchmark, json: JsonOption = False) -> None:
    """Hash the installed table again and check the known facts."""
    from nasbench_harness import console
    from nasbench_harness.tables.nb201 import open_official
    from nasbench_harness.tables.nb201.curves import LearningCurves
    from nasbench_harness.tables.nb201.verify import check_facts

    _know(benchmark)
    table = open_official()
    LearningCurves(table.folder).verify()
    checks = check_facts(table)
    if json:
        console.print_json([{"fact": fact, "holds": holds} for fact, holds in checks])
    else:
        console.print_rows(
            "", ("fact", ""), [(fact, "ok" if holds else "WRONG") for fact, holds in checks]
        )
    if not all(holds for _, holds in checks):
        raise typer.Exit(int(ExitCode.CHECK_FAILED))


@data_app.command("cite", epilog="Example:  nasharness data cite nb201 >> references.bib")
def cite(benchmark: Benchmark) -> None:
    """BibTeX of everything the table's numbers come from."""
    from nasbench_harness import console
    from nasbench_harness.tables.nb201 import sources

    _know(benchmark)
    entries = "\n\n".join(source.bibtex for source in sources.SOURCES.values()).split("\n\n")
    console.out.print("\n\n".join(dict.fromkeys(entries)), markup=False, soft_wrap=True)


def _know(benchmark: str) -> None:
    from nasbench_harness.tables.library import BENCHMARK

    if benchmark != BENCHMARK:
        raise UnknownNameError("benchmark", benchmark, [BENCHMARK])

"""`nasharness data`: install, check and cite tables and images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbench_harness.cli import completion
from nasbench_harness.cli.app import JsonOption, data_app
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.errors import ExitCode, HarnessError, UnknownNameError

if TYPE_CHECKING:
    from nasbench_harness.contracts import DataSource

BenchmarkArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A benchmark, by its name in `data list`.",
        autocompletion=completion.benchmarks,
    ),
]
Pulled = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A benchmark or a set of images; `data list` tells what can be pulled.",
        autocompletion=completion.pullable,
    ),
]
Data = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A table or a set of images, by its name in `data list`.",
        autocompletion=completion.data,
    ),
]


@data_app.command("list", cls=Command, epilog=examples("nasharness data list --json"))
def list_data(json: JsonOption = False) -> None:
    """What is installed: tables with columns and hash, images, where they are, how large."""
    from nasbench_harness import registry
    from nasbench_harness.cli import console

    rows = [_table_row(name) for name in registry.tables.names()]
    rows += [row for name in registry.data.names() if (row := _images_row(name))]
    if json:
        console.print_json(rows)
        return
    for row in rows:
        console.print_facts(row)
        console.out.print("")


def _table_row(name: str) -> dict[str, Any]:
    """A table: what is in it, or how it is installed."""
    from nasbench_harness import registry

    try:
        facts = _facts(registry.open_table(name))
    except HarnessError as error:
        facts = {"table": name, "installed": False, "how": str(error)}
    source = registry.data_of(name)
    return facts | (_terms(source, installed=bool(facts["installed"])) if source else {})


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
    if companion := getattr(table, "companion", None):
        facts |= {
            "companion": companion.provenance.source,
            "companion_sha256": companion.content_hash,
        }
    return facts | {"caveat": table.caveat}


def _images_row(name: str) -> dict[str, Any]:
    """A set of images, or a plugin that cannot be loaded; nothing for what brings tables."""
    from nasbench_harness import registry

    try:
        source = registry.open_data(name)
    except registry.PluginError as error:
        return {"images": name, "installed": False, "how": str(error)}
    return {} if source.tables else _image_facts(source)


def _image_facts(source: DataSource) -> dict[str, Any]:
    installed = source.is_installed()
    facts = {"images": source.name, "installed": installed}
    facts |= source.facts() if installed else {"how": source.how}
    return facts | _terms(source, installed=installed)


def _terms(source: DataSource, *, installed: bool) -> dict[str, Any]:
    """What it costs to get it, and on what terms, where that is known."""
    terms: dict[str, Any] = {}
    if source.size and not installed:
        terms["download_bytes"] = source.size
    if source.licence:
        terms["licence"] = source.licence
    return terms


def _installed_facts(source: DataSource) -> dict[str, Any]:
    from nasbench_harness import registry

    if source.tables:
        return _facts(registry.tables.open(source.tables[0]))
    return _image_facts(source)


@data_app.command(
    "pull",
    cls=Command,
    epilog=examples(
        "nasharness data pull nb201",
        "nasharness data pull nb201 --from ~/downloads/nb201",
        "nasharness data pull cifar10",
    ),
)
def pull(
    benchmark: Pulled,
    origin: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="A folder that has the source files already.",
            show_default="none: they are fetched",
        ),
    ] = None,
    mirror: Annotated[
        str | None,
        typer.Option(
            help="Address of a folder with the source files.", show_default="the publishers'"
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Download public data and check it: nb201 becomes the table `official`, images stay files."""
    from nasbench_harness.cli import console
    from nasbench_harness.contracts import Pullable
    from nasbench_harness.tables.bare import find_data

    source = find_data(benchmark)
    if not isinstance(source, Pullable):
        raise HarnessError(f"`{source.name}` is not pulled: {source.how} brings it.")
    with console.counting_bar("downloading", "bytes") as progress:
        source.pull(origin=origin, mirror=mirror, progress=progress)
    if json:
        console.print_json(_installed_facts(source))
        return
    console.print_facts(_installed_facts(source))
    _tell_origins(source)
    console.out.print(f"`nasharness data cite {source.name}` prints what to cite.")


def _tell_origins(source: DataSource) -> None:
    """The publications the numbers were put together from, each with its licence."""
    from nasbench_harness.cli import console

    if source.origins:
        console.out.print("\nThe numbers come from:")
    for origin in source.origins:
        console.out.print(f"  {origin.name}  {origin.place}: {origin.what}", markup=False)
        console.out.print(f"      licence: {origin.licence}", markup=False)


@data_app.command(
    "import",
    cls=Command,
    epilog=examples("nasharness data import nb201 NATS-tss-v1_0-3ffb9-simple --jobs 2"),
)
def import_file(
    benchmark: BenchmarkArgument,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="What its authors published: a file, an archive or a folder."
        ),
    ],
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Parallel readers.")] = 1,
    curves: Annotated[bool, typer.Option(help="Keep the learning curves (1 GB).")] = True,
    force: Annotated[
        bool, typer.Option("--force", help="Load a .pth although memory looks too small.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Convert the official file once to the table `official`; it is never needed again."""
    from nasbench_harness import registry
    from nasbench_harness.cli import console
    from nasbench_harness.contracts import Importable

    source = registry.open_data(benchmark) if benchmark in registry.data.names() else None
    if not isinstance(source, Importable):
        raise UnknownNameError("benchmark", benchmark, completion.importable_names())
    with console.counting_bar("converting", "cells") as progress:
        source.import_file(file, jobs=jobs, curves=curves, force=force, progress=progress)
    facts = _installed_facts(source)
    console.print_json(facts) if json else console.print_facts(facts)


@data_app.command(
    "verify",
    cls=Command,
    epilog=examples("nasharness data verify nb201", "nasharness data verify digits --json"),
)
def verify(benchmark: Data, json: JsonOption = False) -> None:
    """Hash what is installed again; for nb201 also check the known facts."""
    from nasbench_harness.cli import console
    from nasbench_harness.tables.bare import find_data

    checks = find_data(benchmark).verify()
    if json:
        console.print_json([{"fact": fact, "holds": holds} for fact, holds in checks])
    else:
        console.print_rows(
            "",
            ("", "fact"),
            [("ok" if holds else "WRONG", fact) for fact, holds in checks],
            below=(1,),
        )
    if not all(holds for _, holds in checks):
        raise typer.Exit(int(ExitCode.CHECK_FAILED))


@data_app.command(
    "cite", cls=Command, epilog=examples("nasharness data cite nb201 >> references.bib")
)
def cite(benchmark: Data, json: JsonOption = False) -> None:
    """BibTeX of everything the numbers or images come from."""
    from nasbench_harness.cli import console
    from nasbench_harness.contracts import bibtex_entries
    from nasbench_harness.tables.bare import find_data

    source = find_data(benchmark)
    entries = bibtex_entries(source.citation)
    if not entries:
        raise HarnessError(f"Nobody says what to cite of {source.what}.")
    if json:
        console.print_json({"name": benchmark, "bibtex": entries})
        return
    console.out.print("\n\n".join(entries), markup=False, soft_wrap=True)

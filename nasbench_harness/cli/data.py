"""`nasharness data`: install, check and cite tables and images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbench_harness.cli import completion
from nasbench_harness.cli.app import JsonOption, data_app
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.errors import ExitCode, UnknownNameError

if TYPE_CHECKING:
    from nasbench_harness.images.sources import ImageSource

Benchmark = Annotated[
    str,
    typer.Argument(
        help="Which benchmark; `nb201` is the only one so far.",
        autocompletion=completion.benchmarks,
    ),
]
Data = Annotated[
    str,
    typer.Argument(
        help="`nb201` for the tables; `cifar10`, `cifar100`, `svhn`, `imagenet16-120` for images.",
        autocompletion=completion.data,
    ),
]


@data_app.command("list", cls=Command, epilog=examples("nasharness data list --json"))
def list_data(json: JsonOption = False) -> None:
    """What is installed: tables with columns and hash, images, where they are, how large."""
    from nasbench_harness import registry
    from nasbench_harness.cli import console
    from nasbench_harness.errors import HarnessError
    from nasbench_harness.images import sources

    rows: list[dict[str, Any]] = []
    for name in registry.tables.names():
        try:
            rows.append(_facts(registry.open_table(name)))
        except HarnessError as error:
            rows.append({"table": name, "installed": False, "how": str(error)})
    rows.append({"images": "digits", "installed": True, "source": "scikit-learn"})
    rows += [_image_facts(sources.image_source(name)) for name in sources.published_names()]
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


def _image_facts(source: ImageSource) -> dict[str, Any]:
    """What is worth knowing of a published data set of images."""
    from nasbench_harness.images import sources

    facts: dict[str, Any] = {"images": source.name, "installed": False}
    if found := sources.find(source, sources.images_folder()):
        return facts | {
            "installed": True,
            "folder": str(found.paths[0].parent),
            "files": ", ".join(path.name for path in found.paths),
            "bytes": found.bytes,
        }
    origin = "" if source.downloadable else " --from DIR"
    return facts | {"how": f"`nasharness data pull {source.name}{origin}`"}


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
    benchmark: Data,
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
    if source := _images_or_nb201(benchmark):
        _pull_images(source, origin, mirror, json=json)
    else:
        _pull_nb201(origin, mirror, json=json)


def _pull_images(
    source: ImageSource, origin: Path | None, mirror: str | None, *, json: bool
) -> None:
    from nasbench_harness.cli import console
    from nasbench_harness.images.pull import pull as pull_images

    with console.counting_bar("downloading", "bytes") as progress:
        pull_images(source.name, origin=origin, mirror=mirror, progress=progress)
    if json:
        console.print_json(_image_facts(source))
        return
    console.print_facts(_image_facts(source))
    console.out.print(f"`nasharness data cite {source.name}` prints what to cite.")


def _pull_nb201(origin: Path | None, mirror: str | None, *, json: bool) -> None:
    from nasbench_harness.cli import console
    from nasbench_harness.spaces.nb201.tables import sources
    from nasbench_harness.spaces.nb201.tables.pull import pull as pull_nb201

    with console.counting_bar("downloading", "bytes") as progress:
        table = pull_nb201(origin=origin, mirror=mirror, progress=progress)
    if json:
        console.print_json(_facts(table))
        return
    console.print_facts(_facts(table))
    console.out.print("\nThe numbers come from:")
    for source in sources.SOURCES.values():
        console.out.print(f"  {source.name}  {source.repository}: {source.what}", markup=False)
        console.out.print(f"      licence: {source.licence}", markup=False)
    console.out.print("`nasharness data cite nb201` prints what to cite.")


@data_app.command(
    "import",
    cls=Command,
    epilog=examples("nasharness data import nb201 NATS-tss-v1_0-3ffb9-simple --jobs 2"),
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
    json: JsonOption = False,
) -> None:
    """Convert the official file once to the table `official`; it is never needed again."""
    from nasbench_harness.cli import console
    from nasbench_harness.spaces.nb201.tables.importing import import_table
    from nasbench_harness.tables import library

    _know(benchmark)
    with console.counting_bar("converting", "cells") as progress:
        table = library.install(
            library.official_folder(),
            lambda folder: import_table(
                file, folder, progress=progress, jobs=jobs, force=force, curves=curves
            ),
        )
    console.print_json(_facts(table)) if json else console.print_facts(_facts(table))


@data_app.command("verify", cls=Command, epilog=examples("nasharness data verify nb201"))
def verify(benchmark: Data, json: JsonOption = False) -> None:
    """Hash what is installed again; for nb201 also check the known facts."""
    from nasbench_harness.cli import console

    source = _images_or_nb201(benchmark)
    checks = _check_images(source) if source else _check_nb201()
    if json:
        console.print_json([{"fact": fact, "holds": holds} for fact, holds in checks])
    else:
        console.print_rows(
            "", ("fact", ""), [(fact, "ok" if holds else "WRONG") for fact, holds in checks]
        )
    if not all(holds for _, holds in checks):
        raise typer.Exit(int(ExitCode.CHECK_FAILED))


def _check_nb201() -> list[tuple[str, bool]]:
    from nasbench_harness.spaces.nb201.tables import open_official
    from nasbench_harness.spaces.nb201.tables.curves import LearningCurves
    from nasbench_harness.spaces.nb201.tables.verify import check_facts

    table = open_official()
    LearningCurves(table.folder).verify()
    return check_facts(table)


def _check_images(source: ImageSource) -> list[tuple[str, bool]]:
    from nasbench_harness.images import sources

    found = sources.find_installed(source, sources.images_folder())
    return [
        (f"MD5 of {path.name} is {file.md5}", sources.is_published(path, file))
        for path, file in zip(found.paths, found.files, strict=True)
    ]


@data_app.command(
    "cite", cls=Command, epilog=examples("nasharness data cite nb201 >> references.bib")
)
def cite(benchmark: Data, json: JsonOption = False) -> None:
    """BibTeX of everything the numbers or images come from."""
    from nasbench_harness.cli import console
    from nasbench_harness.spaces.nb201.tables import sources

    if source := _images_or_nb201(benchmark):
        bibtex = source.bibtex
    else:
        bibtex = "\n\n".join(of.bibtex for of in sources.SOURCES.values())
    entries = dict.fromkeys(bibtex.split("\n\n"))
    if json:
        console.print_json({"name": benchmark, "bibtex": list(entries)})
        return
    console.out.print("\n\n".join(entries), markup=False, soft_wrap=True)


def _images_or_nb201(name: str) -> ImageSource | None:
    """The published images of that name, or None for the benchmark."""
    from nasbench_harness.images import sources
    from nasbench_harness.tables.library import BENCHMARK

    if name == BENCHMARK:
        return None
    if name not in sources.published_names():
        raise UnknownNameError("benchmark", name, [BENCHMARK, *sources.published_names()])
    return sources.image_source(name)


def _know(benchmark: str) -> None:
    from nasbench_harness.tables.library import BENCHMARK

    if benchmark != BENCHMARK:
        raise UnknownNameError("benchmark", benchmark, [BENCHMARK])

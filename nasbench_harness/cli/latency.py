"""`nasharness latency`: tables of what layers take on a device."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbench_harness.cli.app import JsonOption, latency_app
from nasbench_harness.cli.help import OUTPUT, Command, examples
from nasbench_harness.cli.options.grouped import grouped
from nasbench_harness.cli.options.latency import (
    PUBLISHED_CHANNELS,
    PUBLISHED_CLASSES,
    PUBLISHED_SIZE,
    MeasuredNetworks,
    Measuring,
)
from nasbench_harness.errors import HarnessError

if TYPE_CHECKING:
    from nasbench_harness.contracts import NetworkShape
    from nasbench_harness.tables.latencies import LatencyTable

OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", help="Write it to this file (.json) and keep it nowhere else.",
        show_default="among the tables kept here", rich_help_panel=OUTPUT,
    ),
]  # fmt: skip
FAR = 1.25
"""From this many times on, sums of layers and whole networks are far apart: our decision."""
_SIZE = re.compile(r"([1-9]\d{0,3})(?:x([1-9]\d{0,3}))?")


@latency_app.command(
    "build",
    cls=Command,
    epilog=examples(
        "nasharness latency build --space nbmacro --dataset cifar10 --device cpu",
        "nasharness latency build --space nbmacro --dataset digits --width 8 --batch 1",
    ),
)
@grouped
def build(
    networks: MeasuredNetworks,
    measuring: Measuring,
    *,
    out: OutOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Measure every option of every layer alone, as a table that searches can hold.

    Medians of forward passes, with their spreads, of the layers of one size of network on this
    machine. A search holds it by `--cost latency:DEVICE` where exactly its networks were measured
    here, or by the name or the file of the table. A network's latency is then the sum of its
    layers; beside it a few whole networks are measured, to tell how far sums are off.
    """
    from nasbench_harness import registry
    from nasbench_harness.cli import console
    from nasbench_harness.networks.latency import measure_latencies
    from nasbench_harness.store.files import check_writable, write_json
    from nasbench_harness.tables.latencies import keep

    space, hardware = registry.open_space(networks.space), measuring.hardware
    _check_out(out)
    check_writable(out)
    with console.counting_bar("measuring", "passes") as told:
        table = measure_latencies(
            space, _shape(networks), hardware, batch=measuring.batch, passes=measuring.passes,
            whole=measuring.whole, told=told,
        )  # fmt: skip
    if out is None:
        file = keep(table)
    else:
        file = out
        write_json(out, table.model_dump(mode="json"))
    if json:
        console.print_json({"file": file, **_facts(table)})
        return
    _tell(table, file, kept=out is None)


def _check_out(out: Path | None) -> None:
    from nasbench_harness.tables.latencies import SUFFIX, LatencyError, read_latencies

    if out is None:
        return
    if out.suffix != SUFFIX:
        raise HarnessError(f"`--out {out}` must end in {SUFFIX}.")
    if not out.exists():
        return
    try:
        read_latencies(out)
    except LatencyError as error:
        raise HarnessError(
            f"{out} is there and is no latency table; move it away, or give another --out."
        ) from error


def _shape(asked: MeasuredNetworks) -> NetworkShape:
    """Of the networks that are asked for; HarnessError where options contradict each other."""
    from nasbench_harness.contracts import NetworkShape
    from nasbench_harness.training.settings import network_space

    size = network_space(asked.space).shapes.search
    channels, classes, pixels = asked.channels, asked.classes, asked.image_size
    if asked.dataset is not None:
        if (channels, classes, pixels) != (None, None, None):
            raise HarnessError(
                "Give --dataset, or --image-size, --channels and --classes: the images tell these."
            )
        from nasbench_harness.images.datasets import open_dataset

        images = open_dataset(asked.dataset)
        channels, classes = images.train.channels, len(images.classes)
        pixels = "x".join(map(str, images.train.size))
    return NetworkShape(
        classes=classes or PUBLISHED_CLASSES,
        width=asked.width or size.width,
        cells=asked.cells or size.cells,
        in_channels=channels or PUBLISHED_CHANNELS,
        image_size=_pixels(pixels or PUBLISHED_SIZE),
    )


def _pixels(text: str) -> tuple[int, int]:
    if not (found := _SIZE.fullmatch(text)):
        raise HarnessError(f"`--image-size {text}`: write pixels, such as 224, or HEIGHTxWIDTH.")
    return int(found[1]), int(found[2] or found[1])


def _facts(table: LatencyTable) -> dict[str, Any]:
    """What is worth knowing of a table, without its numbers."""
    whole = table.model_dump(mode="json", exclude={"layers", "spreads", "format"})
    return {"cost": f"latency:{table.name}", **whole}


def _tell(table: LatencyTable, file: Path, *, kept: bool) -> None:
    from nasbench_harness.cli import console

    fastest = table.additive.least()
    slowest = table.constant + sum(max(row) for row in table.layers)
    console.say(f"Latency table `{table.name}` of {table.told}.")
    console.say(
        f"Its networks take {fastest:.4g} to {slowest:.4g} ms, {table.constant:.4g} of them around"
        f" the layers; medians of {table.passes} passes spread by {_spread(table):.0%}."
    )
    if table.whole is not None:
        console.say(
            f"Sums of layers are {table.whole.ratio:.2f} times what {table.whole.networks} random"
            f" networks take as a whole (median; interquartile range {table.whole.spread:.2f})."
            f"{_doubt(table.whole.ratio)}"
        )
    name = table.name if kept else file
    console.out.print(f"\nFile: {file}", soft_wrap=True)
    console.out.print(f"Hold it by: --cost latency:{name} --target MILLISECONDS", soft_wrap=True)


def _doubt(ratio: float) -> str:
    """What to do where sums are far from networks; empty where they are not."""
    if 1 / FAR <= ratio <= FAR:
        return ""
    return (
        " Far apart, which they are where something else ran meanwhile: measure again on a quiet"
        " machine. If they stay so, hold `latency:measured`."
    )


def _spread(table: LatencyTable) -> float:
    """Median over all options of interquartile range / median."""
    from statistics import median

    pairs = zip(table.layers, table.spreads, strict=True)
    shares = [
        spread / time
        for times, spreads in pairs
        for time, spread in zip(times, spreads, strict=True)
        if time
    ]
    return median(shares) if shares else 0.0


@latency_app.command("keep", cls=Command, epilog=examples("nasharness latency keep table.json"))
def keep_table(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A latency table (.json).")],
    json: JsonOption = False,
) -> None:
    """Keep a table that was measured elsewhere, as a study from there needs it to go on."""
    from nasbench_harness.cli import console
    from nasbench_harness.study.latencies import read_to_keep
    from nasbench_harness.tables.latencies import keep

    table = read_to_keep(file)
    place = keep(table)
    if json:
        console.print_json({"file": place, **_facts(table)})
        return
    console.say(f"Kept as `latency:{table.name}`, of {table.told}.")


@latency_app.command("list", cls=Command, epilog=examples("nasharness latency list --json"))
def list_tables(json: JsonOption = False) -> None:
    """The latency tables that are kept here."""
    from nasbench_harness.cli import console
    from nasbench_harness.tables.latencies import every_kept

    tables = list(every_kept())
    if json:
        console.print_json([_facts(table) for table in tables])
        return
    if not tables:
        console.say("No latency table is kept here; `nasharness latency build` measures one.")
    for table in tables:
        sums = "" if table.whole is None else f"{table.whole.ratio:.2f} times whole networks"
        facts = {"cost": f"latency:{table.name}", "of": table.told, "sums": sums}
        console.print_facts({name: value for name, value in facts.items() if value})
        console.out.print("")

"""Latency tables that a study holds: found by device or by file, and refused where they misfit.

`latency:cpu` is the table that was measured here for exactly the networks of the search, in the
usual batches; `latency:PATH.json` is a file, which is kept beside the others when a study begins.
Trials name the table by its content, so that none is ever taken for another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nasbench_harness import registry
from nasbench_harness.contracts import NO_COST, TOGETHER, NetworkShape, SearchSpace
from nasbench_harness.errors import reason
from nasbench_harness.hardware import DeviceError, describe_machine, find_device
from nasbench_harness.process.names import user_path
from nasbench_harness.settings import Settings, by_role, named
from nasbench_harness.study.costs import LATENCY, is_of
from nasbench_harness.study.heldcost import COST
from nasbench_harness.tables.latencies import (
    SUFFIX,
    LatencyError,
    LatencyTable,
    MeasuredShape,
    keep_offered,
    kept,
    offer,
    read_latencies,
)
from nasbench_harness.tables.latency_counts import LATENCY_BATCH

if TYPE_CHECKING:
    import torch

    from nasbench_harness.study.spec import TrialSpec

DEVICES = ("cpu", "cuda", "mps")
S = TypeVar("S", bound=Settings)


def is_file(name: str) -> bool:
    """Is that cost a file with a latency table."""
    path = name.removeprefix(LATENCY)
    return name.startswith(LATENCY) and (path.endswith(SUFFIX) or "/" in path)


def offer_file(name: str, space: str) -> str:
    """The name of the table of `latency:PATH.json`, which is found by it from now on.

    It is written nowhere before `keep_named`: a study that is only planned leaves nothing.

    LatencyError for one that cannot be read, or is of another space.
    """
    file = user_path(Path(name.removeprefix(LATENCY)))
    table, opened = read_latencies(file), registry.open_space(space)
    if not is_of(table, opened):
        raise LatencyError(
            f"{file} is a latency table of {_which(table)}, and the search is of version"
            f" {opened.version} of `{space}`; {_build(space, None, table.device)}"
        )
    offer(table)
    return f"{LATENCY}{table.name}"


def read_to_keep(file: Path) -> LatencyTable:
    """The table of a file, of a space that is installed.

    LatencyError where the space has other options than the table, UnknownNameError for an unknown
    one.
    """
    table = read_latencies(file)
    if not is_of(table, registry.open_space(table.space)):
        raise LatencyError(
            f"{file} calls itself a latency table of {_which(table)}, whose options are others"
            " here; it is kept where that version is installed."
        )
    return table


def keep_named(specs: Iterable[TrialSpec]) -> None:
    """Keep the tables of files that trials name, which begin now; LatencyError if that fails."""
    held = {str(spec.roles.get(COST, NO_COST)) for spec in specs}
    names = {name.removeprefix(LATENCY) for cost in held for name in cost.split(TOGETHER)}
    try:
        keep_offered(names)
    except OSError as error:
        raise LatencyError(
            f"A latency table cannot be kept for the search ({reason(error)})."
        ) from error


def settle_latencies(method: str, settings: S, space: SearchSpace, shape: NetworkShape | None) -> S:
    """The settings with every latency table that they hold named by its content.

    `shape` is that of the networks that the search builds, None where it builds none: any shape
    will then do. LatencyError where a table is of other networks, and for a device without one.
    """
    values = by_role(type(settings), settings.model_dump(mode="json"))
    what = values.get(COST, NO_COST)
    if not isinstance(what, str) or LATENCY not in what:
        return settings
    names = what.split(TOGETHER)
    found = [_settled(name, space, shape) for name in names]
    if found == names:
        return settings
    changed = {named(type(settings), COST) or COST: TOGETHER.join(found)}
    return type(settings).build(method, {**settings.model_dump(mode="json"), **changed})


def _settled(name: str, space: SearchSpace, shape: NetworkShape | None) -> str:
    which = name.removeprefix(LATENCY)
    tables = {n: table for n, table in kept(space.name).items() if is_of(table, space)}
    if name.startswith(LATENCY) and which in tables:
        _check_fits(tables[which], shape)
        return name
    if name.startswith(LATENCY) and which in DEVICES:
        return f"{LATENCY}{_of_device(which, tables, space, shape).name}"
    return name


def _check_fits(table: LatencyTable, shape: NetworkShape | None) -> None:
    wanted = table.shape if shape is None else MeasuredShape.of(shape)
    if table.shape != wanted:
        raise LatencyError(
            f"Latency table `{table.name}` is of {table.shape}, and the networks of this search are"
            f" of {wanted}; {_build(table.space, wanted, table.device)}"
        )


def _of_device(
    device: str,
    tables: Mapping[str, LatencyTable],
    space: SearchSpace,
    shape: NetworkShape | None,
) -> LatencyTable:
    """The one table that fits; LatencyError where there is none, or several."""
    wanted = None if shape is None else MeasuredShape.of(shape)
    machine = describe_machine(_here(device))
    fits = [
        table
        for table in tables.values()
        if table.device == device
        and table.machine == machine
        and table.batch == LATENCY_BATCH
        and wanted in (None, table.shape)
    ]
    if len(fits) == 1:
        return fits[0]
    if fits:
        several = ", ".join(map(_named, fits))
        raise LatencyError(
            f"Several latency tables of `{space.name}` fit `{LATENCY}{device}`; name the one that"
            f" is meant: {several}."
        )
    networks = "" if wanted is None else f" for {wanted}"
    there = ", ".join(f"`{LATENCY}{name}`" for name in tables)
    others = f" (there are {there}, of other networks, batches or machines)" if there else ""
    raise LatencyError(
        f"There is no latency table of `{space.name}` that was measured on this machine's {device}"
        f"{networks} in batches of {LATENCY_BATCH}{others}; {_build(space.name, wanted, device)}"
    )


def _named(table: LatencyTable) -> str:
    threads = f" ({table.threads_told})" if table.threads_told else ""
    return f"`{LATENCY}{table.name}`{threads}"


def other_threads(names: Iterable[str], space: str) -> Iterator[str]:
    """What to say of these costs where the processor computed with more threads than one.

    Searches have one unless they are given more, and their number is no part of what they find.
    """
    tables = kept(space)
    for name in names:
        table = tables.get(name.removeprefix(LATENCY)) if name.startswith(LATENCY) else None
        if table is not None and table.threads > 1 and table.device == "cpu":
            yield f"`{name}` is of {table.threads_told}, whatever --threads says of the search."


def _here(device: str) -> torch.device:
    try:
        return find_device(device)
    except DeviceError as error:
        raise LatencyError(
            f"`{LATENCY}{device}` is what was measured on this machine's {device}, and it has none;"
            " hold a table by its name (`nasharness latency list`) or its file."
        ) from error


def _which(table: LatencyTable) -> str:
    return f"version {table.space_version} of space `{table.space}`"


def _build(space: str, shape: MeasuredShape | None, device: str) -> str:
    """What makes one that fits."""
    words: list[Any] = ["nasharness latency build --space", space, "--device", device]
    if shape is not None:
        height, width = shape.image_size
        size = height if height == width else f"{height}x{width}"
        words += ["--image-size", size, "--channels", shape.in_channels]
        words += ["--classes", shape.classes, "--width", shape.width, "--cells", shape.cells]
    return f"`{' '.join(map(str, words))}` measures one."

"""Latency look-up tables: what every option of every layer takes on a device, measured one by one.

A network's latency is the sum of its layers' medians and of what stands around them. A table is one
JSON file with everything that it holds for: space, device, machine, size of network and images,
batch. It is named by these and by its content, so that another measurement has another name, and a
study that names a table means this one for ever. `nasharness latency build` writes them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveInt, ValidationError

from nasbench_harness.contracts import NetworkShape
from nasbench_harness.errors import HarnessError, reason
from nasbench_harness.process.names import NoHomeError
from nasbench_harness.store.files import read_json, write_json
from nasbench_harness.tables.library import data_folder

if TYPE_CHECKING:  # numpy is not needed to find a table
    from nasbench_harness.tables.additive import AdditiveCost

SUFFIX = ".json"
_Times = Annotated[tuple[tuple[NonNegativeFloat, ...], ...], Field(min_length=1)]


class LatencyError(HarnessError):
    """A latency table that is not there, cannot be read, or is of something else."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)


class MeasuredShape(_Part):
    """The networks whose layers were measured: a `NetworkShape`."""

    classes: PositiveInt
    width: PositiveInt
    cells: PositiveInt
    in_channels: PositiveInt
    image_size: tuple[PositiveInt, PositiveInt]
    """Height and width, pixels."""

    @classmethod
    def of(cls, shape: NetworkShape) -> MeasuredShape:
        """As it is kept."""
        return cls(**vars(shape))

    def __str__(self) -> str:
        height, width = self.image_size
        channels = "1 channel" if self.in_channels == 1 else f"{self.in_channels} channels"
        return (
            f"{height}x{width} images of {channels} and {self.classes} classes, width {self.width},"
            f" cells {self.cells}"
        )


class WholeNetworks(_Part):
    """How far sums of layers are from networks that were measured as a whole."""

    networks: int
    """Drawn at random."""
    ratio: NonNegativeFloat
    """Median of sum / whole."""
    spread: NonNegativeFloat
    """Interquartile range of that."""


class LatencyTable(_Part):
    """Milliseconds of every option of every layer: medians, and interquartile ranges as spreads."""

    format: Literal["nasharness latency table 1"] = "nasharness latency table 1"
    space: str
    space_version: str
    device: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*$")]
    """`cpu`, `cuda`, `mps`."""
    machine: str
    """The processor or the GPU."""
    threads: PositiveInt
    shape: MeasuredShape
    batch: PositiveInt
    passes: PositiveInt
    """Behind each median."""
    constant: NonNegativeFloat
    """Of what stands around the layers."""
    constant_spread: NonNegativeFloat
    layers: _Times
    """[D][options]."""
    spreads: _Times
    whole: WholeNetworks | None = None

    @cached_property
    def name(self) -> str:
        """What it holds for and eight digits of its content: `cpu-8x8-w8-b24-1a2b3c4d`."""
        height, width = self.shape.image_size
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        digits = hashlib.sha256(content.encode()).hexdigest()[:8]
        return f"{self.device}-{height}x{width}-w{self.shape.width}-b{self.batch}-{digits}"

    @cached_property
    def additive(self) -> AdditiveCost:
        """The latency of whole networks."""
        from nasbench_harness.tables.additive import AdditiveCost, CostPart

        parts = [CostPart((place,), times) for place, times in enumerate(self.layers)]
        return AdditiveCost(self.constant, parts)

    @property
    def told(self) -> str:
        """What it is a table of, in words."""
        batch = "single images" if self.batch == 1 else f"batches of {self.batch}"
        where = ", ".join(filter(None, (self.machine, self.threads_told)))
        return f"space `{self.space}` on {self.device} ({where}): {self.shape}, {batch}"

    @property
    def threads_told(self) -> str:
        """Of a processor how many threads computed, in words."""
        if self.device != "cpu":
            return ""
        return "1 thread" if self.threads == 1 else f"{self.threads} threads"


def read_latencies(file: Path) -> LatencyTable:
    """A table from its file; LatencyError where it is none."""
    try:
        return LatencyTable.model_validate(read_json(file))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its content"
        raise LatencyError(
            f"{file} is no latency table: {where}: {first['msg']}; `nasharness latency build`"
            " writes one."
        ) from error
    except (OSError, ValueError) as error:
        raise LatencyError(
            f"{file} cannot be read as a latency table ({reason(error)})."
        ) from error


def folder_of(space: str) -> Path:
    """Where the tables of a space are kept."""
    return data_folder() / "latency" / space


def keep(table: LatencyTable) -> Path:
    """Put a table among those of its space; the same content is there once."""
    path = folder_of(table.space) / f"{table.name}{SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, table.model_dump(mode="json"))
    return path


_offered: dict[str, LatencyTable] = {}
"""Tables of files that a search names and that nobody has kept yet, by name."""


def offer(table: LatencyTable) -> None:
    """Count a table among those that are kept, in this process; nothing is written."""
    _offered[table.name] = table


def keep_offered(names: Collection[str]) -> None:
    """Put those of these names that were offered among the tables that are kept.

    OSError where they cannot be written.
    """
    for name in _offered.keys() & set(names):
        keep(_offered[name])
        del _offered[name]


def kept(space: str) -> dict[str, LatencyTable]:
    """All tables of a space that are kept here or offered, by name, in its order.

    What was changed by hand no longer has its name, and is none.
    """
    offered = {name: table for name, table in _offered.items() if table.space == space}
    return dict(sorted((offered | _files_of(space)).items()))


def every_kept() -> Iterator[LatencyTable]:
    """Of all spaces, without what is only offered."""
    with suppress(NoHomeError, OSError):
        for folder in sorted((data_folder() / "latency").iterdir()):
            yield from _files_of(folder.name).values()


def _files_of(space: str) -> dict[str, LatencyTable]:
    found = {}
    with suppress(NoHomeError, OSError):
        for path in sorted(folder_of(space).glob(f"*{SUFFIX}")):
            with suppress(LatencyError):
                table = _read(path, path.stat().st_mtime_ns)
                if table.name == path.stem and table.space == space:
                    found[table.name] = table
    return found


@lru_cache(maxsize=256)
def _read(path: Path, changed: int) -> LatencyTable:
    del changed  # a key: another content is read anew
    return read_latencies(path)

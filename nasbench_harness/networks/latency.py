"""Measuring the latency table of a space: every option of every layer by itself."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import torch

from nasbench_harness.contracts import Layer, Layerwise, NetworkShape, NetworkSpace, SearchSpace
from nasbench_harness.hardware import Hardware, describe_machine
from nasbench_harness.networks.timing import layer_times, network_ms
from nasbench_harness.tables.latencies import (
    LatencyError,
    LatencyTable,
    MeasuredShape,
    WholeNetworks,
)

DRAW_SEED = 0
"""Of the networks that are measured as a whole."""


def measure_latencies(  # noqa: PLR0913 - what a table holds for
    space: SearchSpace, shape: NetworkShape, hardware: Hardware, *,
    batch: int, passes: int, whole: int, told: Callable[[int, int], None] = lambda done, of: None,
) -> LatencyTable:  # fmt: skip
    """A table of networks of that shape; `whole` networks are measured beside it as they are.

    LatencyError for a space without layers by themselves; `told` hears of every pass.
    """
    _check_layerwise(space)
    device = hardware.open()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(DRAW_SEED)
        around, options = _built(space, shape)
    layers = [*around, *(layer for row in options for layer in row)]
    medians, spreads = layer_times(layers, device, batch=batch, passes=passes, told=told)
    constant = slice(0, len(around))
    ends = list(accumulate((len(row) for row in options), initial=len(around)))
    rows = [slice(start, end) for start, end in pairwise(ends)]
    table = LatencyTable(
        space=space.name,
        space_version=space.version,
        device=device.type,
        machine=describe_machine(device),
        threads=hardware.threads if device.type == "cpu" else 1,
        shape=MeasuredShape.of(shape),
        batch=batch,
        passes=passes,
        constant=_rounded(medians[constant].sum()),
        constant_spread=_rounded(spreads[constant].sum()),
        layers=tuple(tuple(map(_rounded, medians[row])) for row in rows),
        spreads=tuple(tuple(map(_rounded, spreads[row])) for row in rows),
    )
    return table.model_copy(update={"whole": _whole(space, shape, device, table, whole)})


def _check_layerwise(space: SearchSpace) -> None:
    if not isinstance(space, Layerwise) or not isinstance(space, NetworkSpace):
        raise LatencyError(
            f"Space `{space.name}` does not give its layers one by one, so that no latency table"
            " of it can be measured; hold `latency:measured`, which measures whole networks."
        )


def _built(space: Any, shape: NetworkShape) -> tuple[list[Layer], list[list[Layer]]]:
    """What stands around the layers, and every option of every layer."""
    try:
        return list(space.around(shape)), [
            [space.layer(place, option, shape) for option in range(len(decision.options))]
            for place, decision in enumerate(space.decisions)
        ]
    except ValueError as error:
        raise LatencyError(f"The networks cannot be built: {error}.") from error


def _whole(
    space: Any, shape: NetworkShape, device: torch.device, table: LatencyTable, count: int
) -> WholeNetworks | None:
    if not count:
        return None
    generator = torch.Generator().manual_seed(DRAW_SEED)
    ratios = []
    for _ in range(count):
        arch = space.sample(generator)
        with torch.random.fork_rng(devices=[]):
            network = space.network(arch, shape)
        for _ in range(2):  # the first is not counted
            taken = network_ms(network, shape, device, table.batch, table.passes)
        ratios.append(table.additive.of(arch.choices) / taken)
    low, median, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    return WholeNetworks(
        networks=count, ratio=round(float(median), 4), spread=round(float(high - low), 4)
    )


def _rounded(milliseconds: float) -> float:
    """To a tenth of a microsecond, finer than any clock's repetition."""
    return round(float(milliseconds), 4)

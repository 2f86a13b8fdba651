"""Samples of architectures: that a benchmark knows, each another network; or just drawn."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from nasbench_harness import registry
from nasbench_harness.contracts import Architecture, Benchmark, Flawed, Metric, SearchSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.images.datasets import table_dataset
from nasbench_harness.seeding import stream_seed
from nasbench_harness.tables.library import default_table, find_table
from nasbench_harness.tables.metrics import default_dataset, find_metric, value_of

TRIES = 200
"""Draws for each architecture of a sample before a space is taken for exhausted."""


def table_of(space: str, asked: str | None) -> Benchmark:
    """The benchmark that was asked for, or the space's; HarnessError where there is none."""
    table = find_table(asked or default_table(space))
    if table is None:
        raise HarnessError(
            f"Nothing says how architectures of `{space}` should rank: there is no benchmark of"
            " it; give one with `--table NAME` (`nasharness list tables`)."
        )
    if table.space != space:
        raise HarnessError(
            f"Table `{table.name}` is about space `{table.space}`, not `{space}`; give another"
            " --table, or --space."
        )
    return table


def metric_of(table: Benchmark, images: str, asked: str | None) -> Metric:
    """The column that was asked for, or what results on these images are judged by.

    Images that are no data set of any table are compared with the table's own. HarnessError where
    the table has nothing of the images' data set.
    """
    own, usual = table_dataset(images), default_dataset(table)
    known = list(dict.fromkeys(m.dataset for m in table.metrics.values() if m.report))
    if asked is not None:
        return find_metric(table, own if own in known else usual, asked)
    if own is not None and own not in known:
        raise HarnessError(
            f"Table `{table.name}` has no accuracies on {own}, only on {', '.join(known)}; give"
            " another --table, or the column to compare with as --metric."
        )
    return table.metrics[table.report_metric(own or usual)]


def sample(
    space_name: str, table: Benchmark, metric: Metric, count: int, seed: int
) -> dict[Architecture, float]:
    """`count` architectures and their numbers in the benchmark, in the order they were drawn.

    Uniform and without replacement among those that the benchmark knows and whose numbers say
    something (`Flawed`); of several that are one network (`canonical_form`, where the space tells
    it) the first that is drawn. A larger sample of the same seed begins with the smaller one.
    HarnessError where there are not so many.
    """
    space = registry.open_space(space_name)
    found: dict[Architecture, float] = {}
    networks: set[str] = set()
    for arch in _draws(space, count * TRIES, seed):
        network = str(space.describe(arch).get("canonical_form", arch))
        if network in networks or _flawed(space, arch):
            continue
        if (value := value_of(table, metric.name, arch)) is None:
            continue
        networks.add(network)
        found[arch] = value
        if len(found) == count:
            return found
    raise HarnessError(
        f"Only {len(found)} different networks of `{space_name}` were found that table"
        f" `{table.name}` knows, not {count}; give a smaller --count."
    )


def blind_draws(space: SearchSpace, number: int, seed: int) -> list[Architecture]:
    """`number` uniform draws, as somebody makes them who does not look: repeats are kept.

    A larger number of the same seed begins with the smaller one.
    """
    return list(_draws(space, number, seed, "evaluation"))


def _draws(
    space: SearchSpace, number: int, seed: int, stream: str = "calibration"
) -> Iterator[Architecture]:
    generator = torch.Generator().manual_seed(stream_seed(seed, stream))
    return (space.sample(generator) for _ in range(number))


def _flawed(space: SearchSpace, arch: Architecture) -> bool:
    return isinstance(space, Flawed) and bool(space.flaw(arch))

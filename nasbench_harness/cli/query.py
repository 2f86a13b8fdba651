"""`nasharness query`: what a table knows about an architecture."""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, Any

from nasbench_harness.cli.app import JsonOption, app
from nasbench_harness.cli.architectures import (
    ForeignArchitectureError,
    no_index,
    read_architecture,
)
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.cli.options.querying import (
    ArchArgument,
    ByOption,
    DatasetOption,
    IndexOption,
    MaxLatencyOption,
    PublishedOption,
    SpaceOption,
    TableOption,
    TopOption,
)
from nasbench_harness.cli.published import tell_all, tell_of
from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.fields.scalars import read_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nasbench_harness.contracts import Architecture, Benchmark, Metric, SearchSpace


@app.command(
    cls=Command,
    epilog=examples(
        "nasharness query '|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|'",
        "nasharness query --index 9930 --json",
        "nasharness query --top 10 --by cifar100_test_200ep --max-latency pixel3=10",
        "nasharness query DARTS_V2 --space darts",
        "nasharness query --space darts --published --dataset imagenet",
    ),
)
def query(
    arch: ArchArgument = None,
    index: IndexOption = None,
    top: TopOption = None,
    published: PublishedOption = False,
    by: ByOption = None,
    max_latency: MaxLatencyOption = None,
    dataset: DatasetOption = None,
    space: SpaceOption = None,
    table: TableOption = None,
    json: JsonOption = False,
) -> None:
    """Everything a table knows about one architecture, or the best architectures.

    In a space without a table: exact facts, and what is published of the architecture.
    """
    from nasbench_harness.cli import console

    if [arch, index, top, published or None].count(None) != 3:
        asked = "an architecture string, --index, --top or --published"
        raise HarnessError(f"Give {asked}, one of them.")
    if top is None:
        _refuse_limits(max_latency)
    if published:
        tell_all(_space_asked(space, table), dataset, json=json)
        return
    if arch is not None and table is None and (without := _without(space)):
        tell_of(without, arch, json=json)
        return
    opened = _opened(table, space, arch)
    if top is not None:
        rows = _best(opened, top, by, dataset, max_latency or [])
        console.print_json(rows) if json else _tell_best(rows, opened.metrics)
        return
    found = (
        _at(opened.space, index)
        if arch is None
        else _read(opened, arch, asked=bool(table or space))
    )
    facts = _everything(opened, found, dataset)
    console.print_json(facts) if json else _tell(facts, opened)


def _refuse_limits(limits: list[str] | None) -> None:
    if limits:
        raise HarnessError("`--max-latency` is for the best of all; add --top, or leave it out.")


def _space_asked(space: str | None, table: str | None) -> str:
    """The space somebody named, by itself or by a table of it, or the default one."""
    from nasbench_harness import registry

    return space or (registry.open_table(table).space if table else registry.default_space())


def _without(space: str | None) -> SearchSpace | None:
    """A space without a table in which something is published; None where it is another."""
    from nasbench_harness import registry
    from nasbench_harness.reports.published.cells import has_published
    from nasbench_harness.tables.library import NO_TABLE, default_table

    if space is None or not has_published(space) or default_table(space) != NO_TABLE:
        return None
    return registry.open_space(space)


def _opened(table: str | None, space: str | None, arch: str | None) -> Benchmark:
    """The table, or the default one; HarnessError where nothing is to be looked up."""
    from nasbench_harness import registry
    from nasbench_harness.tables.library import NO_TABLE, default_table

    name = table or default_table(space)
    if name == NO_TABLE:
        raise HarnessError(_without_table(arch, space or "NAME"))
    opened = registry.open_table(name)
    if space not in (None, opened.space):
        raise HarnessError(f"Table `{name}` is about space `{opened.space}`, not `{space}`.")
    return opened


def _without_table(arch: str | None, space: str = "NAME") -> str:
    """Who tells of an architecture where nothing is looked up."""
    from nasbench_harness.process.names import shell_word
    from nasbench_harness.reports.published.cells import has_published

    text = "ARCH" if arch is None else shell_word(arch)
    if has_published(space):
        return (
            f"There is no table of `{space}`; `nasharness query {text} --space {space}` tells what"
            " is published of an architecture."
        )
    return (
        "A query looks up in a table; without one,"
        f" `nasharness show arch {text} --space {space}` tells what is known of an architecture."
    )


def _read(table: Benchmark, text: str, *, asked: bool) -> Architecture:
    """The architecture; where it is one of another space, HarnessError says how to ask of it.

    `asked`: somebody named the table.
    """
    try:
        return read_architecture(table.space, text)
    except ForeignArchitectureError as error:
        if asked:
            raise
        raise HarnessError(_elsewhere(text, error.space, table)) from error


def _elsewhere(text: str, space: str, table: Benchmark) -> str:
    from nasbench_harness.tables.library import NO_TABLE, default_table

    told = f"This is an architecture of `{space}`, and table `{table.name}` is about"
    if (other := default_table(space)) == NO_TABLE:
        return f"{told} `{table.space}`. {_without_table(text, space)}"
    return f"{told} `{table.space}`; add `--table {other}`."


def _at(space: str, index: int | None) -> Architecture:
    """The architecture with an official index."""
    from nasbench_harness import registry
    from nasbench_harness.contracts import Numbered

    if not isinstance(registry.open_space(space), Numbered):
        raise HarnessError(no_index(space))
    return read_architecture(space, str(index))


def _everything(table: Benchmark, arch: Architecture, asked: str | None) -> dict[str, Any]:
    """All facts of one architecture: the space's, the table's, and its standing in a whole one.

    `asked`: the data set of the standing, where somebody named one.
    """
    from nasbench_harness import registry
    from nasbench_harness.contracts import CompleteTable
    from nasbench_harness.tables.enumeration import enumerable
    from nasbench_harness.tables.metrics import default_dataset

    space, dataset = registry.open_space(table.space), asked or default_dataset(table)
    standing_on = asked or next(iter(table.metrics.values())).dataset
    complete = isinstance(table, CompleteTable)
    judged = table.report_metric(standing_on) if asked or complete else ""  # refuses a wrong one
    numbers = _numbers(table, arch)
    facts: dict[str, Any] = {"architecture": str(arch), **space.describe(arch)}
    facts |= {cost.name: space.cost(arch, cost.name, dataset) for cost in space.costs}
    facts |= {"table": table.name, **numbers}
    if isinstance(table, CompleteTable) and not math.isnan(numbers[judged]):
        worse, better = table.standing(judged, numbers[judged])
        size = enumerable(space, "a table has a row for every one of them").size
        facts |= {f"rank_{judged}": better + 1, f"percentile_{judged}": 100 * worse / size}
    if flaw := _flaw(space, arch):
        facts["note"] = flaw
    return facts


def _numbers(table: Benchmark, arch: Architecture) -> Mapping[str, float]:
    """What the table has of it; HarnessError names both where that is nothing."""
    from nasbench_harness.contracts import CompleteTable

    try:
        return table.lookup(arch)
    except HarnessError as error:
        if isinstance(table, CompleteTable):
            raise
        raise HarnessError(
            f"Table `{table.name}` has numbers of some architectures of `{table.space}` only, and"
            f" none of `{arch}` ({str(error).rstrip('.')})."
        ) from error


def _best(
    table: Benchmark, count: int, by: str | None, dataset: str | None, limits: list[str]
) -> list[dict[str, Any]]:
    """The best architectures by one column within latency limits, best first."""
    from nasbench_harness import registry
    from nasbench_harness.contracts import CompleteTable
    from nasbench_harness.tables.enumeration import enumerable
    from nasbench_harness.tables.metrics import default_dataset, find_metric

    if not isinstance(table, CompleteTable):
        raise HarnessError(
            f"Table `{table.name}` has numbers of some architectures of `{table.space}` only, and"
            " nobody knows the best of all; ask for one by its architecture string."
        )
    space = enumerable(registry.open_space(table.space), "--top goes through every one of them")
    dataset = dataset or default_dataset(table)
    try:
        metric = find_metric(table, dataset, by).name if by else table.report_metric(dataset)
        bounds = [_limit(table, text, table.metrics[metric].dataset) for text in limits]
    except UnknownNameError as error:
        raise HarnessError(f"{error} {_missing(table.space)}".rstrip()) from error

    def fits(arch: Architecture) -> bool:
        if any(not table.value(column, arch) <= most for column, most in bounds):
            return False
        return not bounds or not _flaw(space, arch)  # fast for the wrong reason

    def worth(arch: Architecture) -> float:
        return table.value(metric, arch)

    known = (arch for arch in space.enumerate() if not math.isnan(worth(arch)))
    ranked = sorted(known, key=worth, reverse=True)
    columns = [metric, *(column for column, _ in bounds)]
    return [
        {
            "place": place,
            "index": space.describe(arch).get("index"),
            "architecture": str(arch),
            **{column: table.value(column, arch) for column in columns},
        }
        for place, arch in enumerate(islice(filter(fits, ranked), count), start=1)
    ]


def _flaw(space: SearchSpace, arch: Architecture) -> str:
    """Why numbers of the architecture say nothing; empty where they do, or nobody says."""
    from nasbench_harness.contracts import Flawed

    return space.flaw(arch) if isinstance(space, Flawed) else ""


def _limit(table: Benchmark, text: str, dataset: str) -> tuple[str, float]:
    """`pixel3=10` to the column of device and data set, and milliseconds."""
    from nasbench_harness.study.costs import column_of, device_latencies

    device, _, most = text.partition("=")
    device = device.strip()
    if device not in (known := device_latencies(table)):
        raise UnknownNameError(f"device in table `{table.name}`", device, known)
    try:
        bound = read_number(most)
    except ValueError:
        bound = -1.0
    if bound < 0:
        raise HarnessError(
            f"`--max-latency {text}`: write DEVICE=MILLISECONDS, such as `{device}=10`."
        )
    return column_of(known[device], table, dataset), bound


def _tell(facts: dict[str, Any], table: Benchmark) -> None:
    from nasbench_harness import registry
    from nasbench_harness.cli import console
    from nasbench_harness.cli.facts import lines

    costs = {cost.name: cost for cost in registry.open_space(table.space).costs}
    for line in lines(facts, table.metrics, costs):
        console.out.print(line, markup=False, soft_wrap=True)
    if missing := _missing(table.space):
        console.out.print(f"\n{missing}", markup=False, soft_wrap=True)


def _tell_best(rows: list[dict[str, Any]], metrics: Mapping[str, Metric]) -> None:
    from nasbench_harness.cli import console
    from nasbench_harness.cli.facts import number

    def shown(row: dict[str, Any]) -> list[Any]:
        return [
            number(value, metrics[name].unit) if name in metrics else value
            for name, value in row.items()
        ]

    if all(row["index"] is None for row in rows):  # the space numbers nothing
        rows = [{name: row[name] for name in row if name != "index"} for row in rows]
    headings = list(rows[0]) if rows else ["no architecture"]
    numbers = [at for at, name in enumerate(headings) if name in metrics]
    below = (headings.index("architecture"),) if rows else ()
    console.print_rows("", headings, map(shown, rows), numbers=numbers, below=below)


def _missing(space: str) -> str:
    """How to get the space's table that knows more; empty where it is installed."""
    from nasbench_harness.tables.library import preferred

    source = preferred(space)
    if source is None or source.is_installed():
        return ""
    holds = f": {source.holds}" if source.holds else ""
    what = source.what[:1].upper() + source.what[1:]
    return f"{what} is not installed{holds}. {source.how} installs it."

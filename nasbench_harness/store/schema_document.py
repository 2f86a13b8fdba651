"""The schema as a page: `-m nasbench_harness.store.schema_document` prints docs/schema.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from nasbench_harness.contracts import Column, Columns
from nasbench_harness.store.declarations import installed
from nasbench_harness.store.outcomes import SCHEMA_VERSION
from nasbench_harness.store.schema import STUDIES, TABLES, Part, Schema
from nasbench_harness.store.versions import FIRST_RELEASE
from nasbench_harness.training.schema import TRAININGS

INTRODUCTION = """\
# The tables of a study

A study leaves two tables, each as Parquet and as CSV: `trials` has one row per planned trial, \
`history` one row per recorded step of a trial. They are gathered from the trials' own folders, by \
`nasharness run` at its end and by `nasharness report`, and hold the same numbers in both forms.

- **Keys.** `trial` is the key of `trials`; `trial` and `step` are the key of `history`. Every \
`trial` of `history` is in `trials`, so that settings and results join to steps by `trial`.
- **Tidy.** One row is one thing, one column one fact with one unit and one type. Accuracies are \
percent from 0 to 100, regret is in points of accuracy, time is in seconds unless the name says \
otherwise. Of a metric that is no accuracy in percent, such as an SSIM or a negative loss, the \
columns keep their names (`accuracy` is the number of the report metric) and are in its own unit: \
`metric_quantity` and `metric_unit` say which, and rows of different ones are never averaged.
- **Missing.** What does not apply or is not known is missing (null; empty in CSV), never 0 or a \
text. A trial that failed, was stopped or has not run is a row with its `status` and without \
results. Numbers that are not finite are missing.
- **Types.** Whole numbers are floats in a column that has missing values. A setting that is a \
number for one method and text for another is text. Lists are JSON in the CSV.
- **Declared.** Whoever writes a column declares it, and stands here with it: what every study \
has, what a benchmark or a held cost adds, then kinds of problem, spaces and methods. Those of \
other packages declare theirs in the same way (`nasbench_harness.contracts.Column`); a column that \
nobody declares is kept, and `nasharness run` says so at its end.
- **Large.** A history whose journals take more than 192 MB is stored method by method, and no row \
group of its Parquet file holds steps of two methods; smaller ones are in the order of the plan. \
So some columns of one method are read without the rest: \
`pd.read_parquet("runs/study/history.parquet", columns=["trial", "step", "regret"], \
filters=[("method", "==", "random")])`.
- **Checked.** Whoever reads tables through nasbench-harness has them checked: columns, types, \
statuses, keys.

- **Judged.** `accuracy` and `regret` are those of the row's own `report_metric`; the benchmark's \
other metrics stand beside them, each with its own `regret_<metric>`. Where a method holds a cost \
down, `cost`, `target_met` and `regret_within_target` say what became of it, for every method of \
the study. An answer that exceeds the target has no regret within it. Where a method holds several \
costs, each has its own `cost_of_<cost>` and `cost_target_of_<cost>`, and `target_met` and \
`regret_within_target` are about all of them.
- **Joins.** `index` is the official index: with `table = open_table(NAME).to_pandas()`, \
`trials.merge(table, left_on="index", right_index=True)` puts all that the table knows beside each \
answer. A space without such an index has no such column; `architecture` joins as well.

With `load_results` of the package, from one study or many; it adds `study`, and `report_metric` \
to the steps. A trial that several of the studies have, as a study and its backup do, is there \
once: of its copies the first that is done, with the name of that study. Trials are told apart by \
all their settings and their seed, by no folder; copies that ended differently are refused:

```python
from nasbench_harness import load_results

trials, history = load_results("runs/study")
trials.groupby("method")["regret"].describe()
```

Of histories that do not fit into memory, `load_results("runs/study", columns=["regret"], \
methods=["NAME"])` reads the columns of `history` that are named, beside its keys, and the rows \
of these methods (`read_history` of an opened study does the same).

With pandas alone:

```python
import pandas as pd

trials = pd.read_parquet("runs/study/trials.parquet")
history = pd.read_parquet("runs/study/history.parquet")
steps = history.merge(trials[["trial", "status"]], on="trial")
```

With polars:

```python
import polars as pl

trials = pl.read_parquet("runs/study/trials.parquet")
trials.filter(pl.col("status") == "done").group_by("method").agg(pl.col("search_seconds").mean())
```

In R:

```r
trials <- arrow::read_parquet("runs/study/trials.parquet")
aggregate(search_seconds ~ method, data = subset(trials, status == "done"), FUN = mean)
```

In a name, `<...>` stands for what differs: `<metric>` for a column of the benchmark (`nasharness \
show table NAME`), `<name>` for a setting. *missing* says which rows have no value where the \
column is there; *since* is the schema version that brought it; *of*, which methods log a column.
"""

OF_TRAININGS = """\
# The tables of a folder of trainings

`nasharness train` leaves the same two tables of what it trained, under the same rules: `trials` \
has one row per planned training, `history` one row per epoch of a training.
"""

HEAD = ("column", "type", "unit", "role", "missing", "since", "meaning")
OF = "of"


def document() -> str:
    """The content of docs/schema.md: the columns of all that is installed."""
    found = installed()
    parts = [INTRODUCTION]
    for table in TABLES:
        parts.append(_title(f"`{table}`", STUDIES, table))
        parts += _groups([*STUDIES.parts, *found["kinds"], *found["spaces"]], table)
        parts += _of_methods(found["methods"], table)
    parts.append(OF_TRAININGS)
    for table in TABLES:
        parts.append(_title(f"`{table}` of trainings", TRAININGS, table))
        parts += _groups([*TRAININGS.parts, *_facts(found["spaces"])], table)
    return "\n".join([*parts, _versions()])


def _title(title: str, schema: Schema, table: str) -> str:
    return f"## {title}\n\nKey: {' and '.join(f'`{part}`' for part in schema.keys[table])}.\n"


def _groups(parts: Iterable[Part], table: str) -> Iterator[str]:
    """A table of columns for each writer that has any."""
    for part in parts:
        if columns := part.of(table):
            rows = [_row(column) for column in columns]
            yield f"### {_capital(part.writer)}\n\n{_lines(HEAD, rows)}\n"


def _of_methods(parts: Iterable[Part], table: str) -> Iterator[str]:
    """One table of all methods: several log the same."""
    loggers: dict[Column, list[str]] = {}
    for part in parts:
        for column in part.of(table):
            loggers.setdefault(column, []).append(part.writer.removeprefix("the method "))
    if loggers:
        rows = [_row(column, {OF: ", ".join(names)}) for column, names in loggers.items()]
        yield f"### Methods\n\n{_lines((HEAD[0], OF, *HEAD[1:]), rows)}\n"


def _facts(spaces: Iterable[Part]) -> list[Part]:
    """What spaces tell beside what every training has: its network is counted as it is."""
    own = {column.name for part in TRAININGS.parts for column in part.of(TABLES[0])}
    facts = [
        (part.writer, [column for column in part.of(TABLES[0]) if column.name not in own])
        for part in spaces
    ]
    return [Part(writer, Columns(columns)) for writer, columns in facts]


def _row(column: Column, more: Mapping[str, str] | None = None) -> list[str]:
    cells = (
        column.value, column.unit, column.role, column.missing, column.since, column.meaning,
    )  # fmt: skip
    return [f"`{column.name}`", *(more or {}).values(), *(str(cell) for cell in cells)]


def _lines(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(
        f"|{'|'.join(line)}|" if line[0] == "---" else f"| {' | '.join(line)} |"
        for line in map(list, lines)
    )


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _versions() -> str:
    rows = "\n".join(f"| {schema} | {release} |" for schema, release in FIRST_RELEASE.items())
    return (
        f"## Versions\n\nThis is schema version {SCHEMA_VERSION}. Folders of an older version are"
        " read as if they were of this one; a folder of a newer version is refused with the release"
        f" that reads it.\n\n| schema version | since release |\n|---|---|\n{rows}\n"
    )


if __name__ == "__main__":
    print(document(), end="")

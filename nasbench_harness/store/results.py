"""The results of studies as two data frames: what notebooks and reports look at."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nasbench_harness.contracts import Value
from nasbench_harness.process.names import printable, user_path
from nasbench_harness.store.copies import find_copies
from nasbench_harness.store.declarations import study_schema
from nasbench_harness.store.folders import folders_with, other_content
from nasbench_harness.store.outcome_columns import ACCURACY, OUTCOME_REGRET, has_regret
from nasbench_harness.store.schema import REGRET, TABLES, Schema
from nasbench_harness.store.selection import Selection
from nasbench_harness.store.studies import (
    STUDY,
    Study,
    StudyError,
    current_tables,
    open_study,
    opened_tables,
)
from nasbench_harness.store.tidy import as_text

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

DEPTH = 2
"""How many folders below a given one a study may lie: `runs/<several data sets>/<study>`."""
TRAINING = "training.json"
"""The plan of a folder of trainings."""
SHOWN = 3
_CALLER = 5
"""Frames from a warning to whoever called `nasbench_harness.load_results`."""


class Results(NamedTuple):
    """Every trial and every recorded step of one or more studies."""

    trials: pd.DataFrame
    """One row per planned trial; the key is `study` and `trial`."""
    history: pd.DataFrame
    """One row per recorded step; the key is `study`, `trial` and `step`."""


def load_results(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    columns: str | Iterable[str] | None = None,
    methods: str | Iterable[str] | None = None,
) -> Results:
    """The tables of one or more studies, each put together to one.

    `paths` are study folders, or folders with studies in them, such as `runs`. Columns are those of
    docs/schema.md and one more: `study`, the folder's name (within the given folder, or as much of
    its path as tells it from the others); `history` has the trials' `report_metric` too, which
    `accuracy` (percent) and `regret` (points) of each row are by. A column that only some studies
    have is missing in the rows of the others. Numbers stay numbers, whole numbers are
    floats where some are missing, columns of true and false are pandas' `boolean`; what is a number
    in one study and text in another becomes text.

    A trial that several of the studies have, as a study and its backup do, is there once, with the
    name of the first study that has it done: what tells trials apart are all their settings and the
    seed, not folders. StudyError if its copies ended differently.

    Of large studies `columns` names those of `history` that are wanted beside its keys, and
    `methods` the labels whose trials and steps are: nothing else is read from their files.
    UnknownNameError where no study has one.

    Tables that are missing or older than their trials, as after a run that was cut off, are
    gathered anew, in memory. StudyError if there is no study, or one that cannot be read.

        from nasbench_harness import load_results

        trials, history = load_results("runs/unas-drnas-nb201")
        trials.groupby("method")["regret"].describe()
        history.pivot_table(index="step", columns="method", values="regret")
        load_results("runs/large", columns=["entropy"], methods=["drnas"]).history
    """
    wanted = Selection.of(columns, methods)
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    studies = list(_studies([user_path(path) for path in given]))
    if not studies:
        raise StudyError("No study folders were given.")
    tables = list(_each_trial_once(studies, wanted))
    joined = [_joined([pair[i] for pair in tables]) for i in range(len(TABLES))]
    schema = study_schema(joined[0], joined[1])
    trials, history = (_frame(kind, joined[i], schema) for i, kind in enumerate(TABLES))
    return Results(trials, history[wanted.shown(history.columns)])


# --- which studies -----------------------------------------------------------------------------


def _studies(given: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """Every study once, with a name that no other has."""
    found: dict[Path, str] = {}
    for path in given:
        for folder, name in _within(path):
            found.setdefault(folder.resolve(), name)
    taken = list(found.values())
    for folder, name in found.items():
        yield name if taken.count(name) == 1 else _longer(folder, found), folder


def _within(path: Path) -> list[tuple[Path, str]]:
    """The study itself, or those below it by their paths from there."""
    if (path / STUDY).exists():
        return [(path, path.resolve().name)]
    if instead := other_content(path, STUDY):
        raise StudyError(instead)
    below, trainings = (folders_with(path, plan, DEPTH) for plan in (STUDY, TRAINING))
    told = _of_trainings(trainings) if trainings else ""
    if not below:
        nothing = f"{path} holds no study (no {STUDY} there, nor in a folder below it)."
        raise StudyError(f"{nothing} {told}".rstrip())
    if told:
        warnings.warn(told, stacklevel=_CALLER)
    return [(folder, folder.relative_to(path).as_posix()) for folder in below]


def _of_trainings(folders: Sequence[Path]) -> str:
    """That trainings are left out, and where their results are."""
    names = [str(folder) for folder in folders[:SHOWN]]
    names += [f"{len(folders) - SHOWN} more"] if len(folders) > SHOWN else []
    return (
        f"Stand-alone trainings are left out ({', '.join(names)}): their results are in trials.csv"
        " there."
    )


def _longer(folder: Path, others: Iterable[Path]) -> str:
    """As much of the end of a path as no other one ends with."""
    parts, rest = folder.parts, [other.parts for other in others if other != folder]
    count = next(
        (n for n in range(1, len(parts)) if all(o[-n:] != parts[-n:] for o in rest)), len(parts)
    )
    return "/".join(parts[-count:])


# --- their tables ------------------------------------------------------------------------------


def _each_trial_once(
    studies: Sequence[tuple[str, Path]], wanted: Selection
) -> Iterator[tuple[pa.Table, pa.Table]]:
    copies = find_copies([open_study(folder) for _, folder in studies])
    if refused := copies.refusal():
        raise StudyError(refused)
    read = current_tables if wanted.whole else _chosen(copies.studies, wanted)
    for number, (name, _) in enumerate(studies):
        left_out = copies.not_counted(number)
        tables = (_without(table, left_out) for table in read(copies.studies[number]))
        yield _tables(name, *tables)


def _chosen(
    studies: Sequence[Study], wanted: Selection
) -> Callable[[Study], tuple[pa.Table, pa.Table]]:
    """What reads the tables of a study as far as they are wanted."""
    opened = {study.folder: opened_tables(study) for study in studies}
    methods = {spec.label for study in studies for spec in study.specs}
    wanted.check(methods, {name for _, steps in opened.values() for name in steps.fields.names})

    def read(study: Study) -> tuple[pa.Table, pa.Table]:
        trials, history = opened[study.folder]
        chosen = wanted.trials(trials)
        return chosen, wanted.history(history, chosen)

    return read


def _without(table: pa.Table, trials: Collection[str]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not trials:
        return table
    there = pc.is_in(table["trial"].cast(pa.string()), pa.array(sorted(trials), pa.string()))
    return table.filter(pc.invert(there))


def _tables(name: str, trials: pa.Table, history: pa.Table) -> tuple[pa.Table, pa.Table]:
    """A study's tables with its name, and what each row is judged by."""
    import pyarrow as pa
    import pyarrow.compute as pc

    trial = history["trial"].cast(pa.string())
    judged_by = trials["report_metric"].take(pc.index_in(trial, trials["trial"].combine_chunks()))
    history = history.append_column("report_metric", judged_by)
    named = [
        table.add_column(0, "study", pa.repeat(pa.scalar(printable(name)), table.num_rows))
        for table in (trials, history)
    ]
    return named[0], named[1]


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    """All tables as one."""
    import pyarrow as pa

    return pa.concat_tables(_unified(tables), promote_options="permissive")


def _frame(kind: str, joined: pa.Table, schema: Schema) -> pd.DataFrame:
    """A table as a frame, with `accuracy` and `regret`."""
    import pyarrow as pa

    joined = joined.cast(_typed(kind, joined.schema, schema))
    frame = joined.to_pandas()
    for field in joined.schema:
        if pa.types.is_boolean(field.type):
            frame[field.name] = frame[field.name].astype("boolean")
    return with_outcomes(frame)


def _unified(tables: Sequence[pa.Table]) -> list[pa.Table]:
    """With text in the columns whose types cannot be put together."""
    import pyarrow as pa

    unified = [table.replace_schema_metadata(None) for table in tables]
    for name in dict.fromkeys(name for table in tables for name in table.column_names):
        having = [i for i, table in enumerate(unified) if name in table.column_names]
        schemas = [pa.schema([unified[i].schema.field(name)]) for i in having]
        try:
            pa.unify_schemas(schemas, promote_options="permissive")
        except pa.ArrowTypeError:
            for i in having:
                texts = pa.array(as_text(unified[i][name].to_pylist()), pa.string())
                place = unified[i].column_names.index(name)
                unified[i] = unified[i].set_column(place, name, texts)
    return unified


def _typed(kind: str, fields: pa.Schema, schema: Schema) -> pa.Schema:
    """What the schema says of columns without any value."""
    import pyarrow as pa

    types = {
        Value.TEXT: pa.string(),
        Value.WHOLE: pa.float64(),
        Value.NUMBER: pa.float64(),
        Value.FLAG: pa.bool_(),
    }
    typed = []
    for field in fields:
        column = schema.column_of(kind, field.name, fields.names)
        if column is None or not pa.types.is_null(field.type):
            typed.append(field)
            continue
        counted = column.always and column.value is Value.WHOLE
        wanted = pa.int64() if counted else types.get(column.value, field.type)
        typed.append(field.with_type(wanted))
    return pa.schema(typed)


def with_outcomes(rows: pd.DataFrame) -> pd.DataFrame:
    """With `accuracy` (percent) and `regret` (points) of each row's `report_metric`.

    Rows of studies that looked nothing up in a complete table have no regret; if all are, there is
    no such column.
    """
    import numpy as np

    metrics = rows["report_metric"]
    judged_by = [str(metric) for metric in metrics.dropna().unique()]
    if ACCURACY in rows:  # gathered, when it was known in what answers are looked up
        planned = OUTCOME_REGRET in rows
    else:
        planned = "table" not in rows or bool((rows["table"] != "").any())
    missed = has_regret(judged_by, rows.columns, complete=planned)
    wanted = (ACCURACY, OUTCOME_REGRET) if missed else (ACCURACY,)
    found = {name: np.full(len(rows), np.nan) for name in wanted}
    for metric in metrics.dropna().unique():
        here = (metrics == metric).to_numpy(dtype=bool, na_value=False)
        for name, column in ((ACCURACY, str(metric)), (OUTCOME_REGRET, f"{REGRET}{metric}")):
            if name in found and column in rows:
                values = rows[column].to_numpy(dtype=float, na_value=np.nan)
                found[name][here] = values[here]
    return rows.assign(**found)

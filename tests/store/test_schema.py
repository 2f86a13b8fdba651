"""The schema of the tables: complete, as documented, and held by whoever reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pytest

from nasbench_harness import registry
from nasbench_harness.jobs.driver import run_job
from nasbench_harness.problems.kinds import kinds
from nasbench_harness.store import studies, versions
from nasbench_harness.store.declarations import fault_of, installed, study_schema
from nasbench_harness.store.schema import STUDIES, TABLES, Schema
from nasbench_harness.store.schema_check import untold, violation
from nasbench_harness.store.schema_document import document
from nasbench_harness.store.studies import Study, StudyError
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan

Frames = dict[str, pd.DataFrame]

ON_TABLE = {
    "methods": "darts,drnas,edas[log_relax_gap=true],unas[cost=params,cost_fit_samples=20]"
    ",unas[cost=params+flops,cost_fit_samples=20],rea[cost=params],reinforce,rsws"
    ",gdas,reinmax,snas,monas,radars,twotemp",
    "steps": 3, "table": "analog", "diagnose_every": 1,
}  # fmt: skip
ON_IMAGES = {
    "methods": "darts,drnas,edas,gdas,snas,unas,rsws"
    ",radars[options=4,proposals=1,proposal_epochs=1],twotemp",
    "search": "supernet", "dataset": "digits",
    "recipe": "quick", "table": "analog", "epochs": 3, "limit": 120, "diagnose_every": 1,
    "network": {"width": 2, "cells": 1, "batch_size": 16},
}  # fmt: skip

ON_PREDICTIONS = {
    "methods": "darts,rea", "search": "surrogate", "space": "mnasnet", "table": "accel",
    "steps": 3, "diagnose_every": 1,
}  # fmt: skip


def make_study(folder: Path, given: dict[str, Any]) -> Study:
    config = build_config(None, {"seeds": "0,", **given}, [])
    folder.mkdir()
    study = studies.plan_study(folder, config.model_dump(mode="json"), plan(config))
    for spec in study.specs:
        run_job(spec, study.trials_folder / spec.trial_id)
    studies.gather(study)
    return study


class Both(NamedTuple):
    """Every built-in method on the table, those that train supernets, and some on predictions."""

    landscape: Study
    supernet: Study
    surrogate: Study

    def tables(self, of: str) -> tuple[pa.Table, pa.Table]:
        return studies.read_arrow(getattr(self, of).folder)

    def schema(self, of: str) -> Schema:
        return study_schema(*self.tables(of))

    def frames(self, of: str) -> Frames:
        return dict(zip(TABLES, studies.read_tables(getattr(self, of).folder), strict=True))


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, table_cache: Path, made_up_accel: Path
) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("studies")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NASHARNESS_DATA", str(made_up_accel))
        yield Both(
            make_study(folder / "table", ON_TABLE),
            make_study(folder / "images", ON_IMAGES),
            make_study(folder / "predictions", ON_PREDICTIONS),
        )


SEARCHES = Both._fields
WHERE = [(of, table) for of in SEARCHES for table in TABLES]


# --- complete ----------------------------------------------------------------------------------


def test_document_is_what_the_schema_says(checkout: Path) -> None:
    written = (checkout / "docs" / "schema.md").read_text(encoding="utf-8")
    assert written == document(), (
        "run `python -m nasbench_harness.store.schema_document >docs/schema.md`"
    )


@pytest.mark.parametrize("of", SEARCHES)
def test_every_column_is_declared_by_what_the_study_used(both: Both, of: str) -> None:
    assert untold(*both.tables(of)) == ""


@pytest.mark.parametrize(("of", "table"), WHERE)
def test_a_column_is_where_its_kind_says(both: Both, of: str, table: str) -> None:
    """What only the other kind of problem declares is not there."""
    names = list(both.frames(of)[table])
    kinds = installed()["kinds"]
    own = {c for p in kinds if f"`{of}`" in p.writer for c in p.of(table)}
    others = {c.name for p in kinds for c in p.of(table)} - {c.name for c in own}
    known = {c.name for p in STUDIES.parts for c in p.of(table)}
    assert {name for name in names if name in others - known} == set()


UNWRITTEN = {
    # There is no GPU, no study of these spaces, and none of several seeds in one network.
    "trials": {
        "search_gpu_days", "trained_as", "normal_depth", "normal_skips", "known_as",
        "planned_cohort",
    },
    # `analog` knows no training times, and no study here searches without training.
    # No search here compares operations or cells, or ends for its skips.
    "history": {
        "simulated_gpu_hours", "flow", "best_proxy", "validated_proxy", "settled",
        "gradient_matching", "frozen_operations", "layer_alignment", "early_stop",
    },
}  # fmt: skip


def everything() -> Schema:
    return STUDIES.with_parts(part for parts in installed().values() for part in parts)


@pytest.mark.parametrize("table", TABLES)
def test_every_declared_column_is_written(both: Both, table: str) -> None:
    found = set()
    for of in SEARCHES:
        schema, names = both.schema(of), list(both.frames(of)[table])
        found |= {column.name for n in names if (column := schema.column_of(table, n, names))}
    assert {column.name for column in everything().columns(table)} - found == UNWRITTEN[table]


@pytest.mark.parametrize(("of", "table"), WHERE)
def test_nothing_is_missing_where_the_schema_says_so(both: Both, of: str, table: str) -> None:
    frame, schema = both.frames(of)[table], both.schema(of)
    holes = {name: schema.column_of(table, name, list(frame)) for name in frame}
    missing = [name for name in frame if frame[name].isna().any()]
    assert [name for name in missing if not getattr(holes[name], "missing", "")] == []


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_of_a_released_version(table: str) -> None:
    columns = everything().columns(table)
    assert all(column.since in versions.FIRST_RELEASE for column in columns)


def test_what_is_installed_can_all_be_used_together() -> None:
    parts = [part for found in installed().values() for part in found]
    assert [fault_of(part, parts[:i]) for i, part in enumerate(parts)] == [""] * len(parts)
    assert len(parts) == len(kinds()) + len(registry.spaces.names()) + len(registry.methods.names())


# --- checked -----------------------------------------------------------------------------------


@pytest.fixture
def tables(both: Both) -> tuple[pa.Table, pa.Table]:
    return studies.read_arrow(both.landscape.folder)


Change = Callable[[pa.Table], pa.Table]


def changed(column: str, change: Callable[[list[Any]], list[Any]]) -> Change:
    def apply(table: pa.Table) -> pa.Table:
        values = pa.array(change(table[column].to_pylist()))
        return table.set_column(table.column_names.index(column), column, values)

    return apply


def first(value: Any) -> Callable[[list[Any]], list[Any]]:
    return lambda values: [value, *values[1:]]


def as_words(values: list[Any]) -> list[Any]:
    return [str(value) for value in values]


WRONG: list[tuple[str, Change, str]] = [
    ("trials", lambda t: t.drop_columns("seed"),
     r"trials.parquet has no column `seed` \(seed of the trial\)"),
    ("history", lambda t: t.drop_columns("step"), "history.parquet has no column `step`"),
    ("trials", changed("seed", as_words), "column `seed` of trials.parquet holds text, expected"
     " whole number"),
    ("trials", changed("seed", lambda v: [x + 0.5 for x in v]), "`seed` .* holds number, expected"
     " whole number"),
    ("trials", changed("rank", as_words), "`rank` .* holds text, expected whole number"),
    ("trials", changed("method", lambda v: list(range(len(v)))), "`method` .* holds whole number,"
     " expected text"),
    ("trials", changed("collapsed", as_words), "`collapsed` .* holds text, expected true or false"),
    ("trials", changed("cifar10_baseline_accuracy", as_words), "`cifar10_baseline_accuracy` .*"
     " holds text, expected number"),
    ("history", changed("probabilities", as_words), "`probabilities` .* holds text, expected list"),
    ("history", changed("valid_loss", as_words), "`valid_loss` .* holds text, expected number"),
    ("trials", changed("method", first(None)), "column `method` of trials.parquet has rows without"
     " a value"),
    ("trials", changed("status", first("odd")), "a trial of status `odd`, expected one of done,"
     " failed, interrupted, missing"),
    ("trials", lambda t: pa.concat_tables([t, t.slice(2, 1)]), "trials.parquet has more than one"
     " row of trial `edas-"),
    ("history", changed("step", lambda v: [1, 2, 2, *v[3:]]), "history.parquet has more than one"
     " row of trial `darts-s0-[0-9a-f]*` and step `2`"),
    ("history", changed("trial", first("stranger")), "steps of trial `stranger`, which"
     " trials.parquet lacks"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "said"), WRONG)
def test_what_is_wrong_is_said(
    tables: tuple[pa.Table, pa.Table], name: str, change: Change, said: str
) -> None:
    named = dict(zip(TABLES, tables, strict=True))
    assert violation(**named) == ""
    assert re.search(said, violation(**{**named, name: change(named[name])}))


FINE: list[tuple[str, Change]] = [
    ("trials", changed("rank", lambda v: [None, *(float(x) for x in v[1:])])),
    ("trials", changed("collapsed", first(None))),
    ("trials", changed("queries", lambda v: [None] * len(v))),
    ("trials", lambda t: t.append_column("mood", pa.array(["good"] * t.num_rows))),
    ("history", lambda t: t.append_column("mood", pa.array(["good"] * t.num_rows))),
    ("history", lambda t: t.append_column("temperature", pa.array([0.5] * t.num_rows))),
    ("history", lambda t: t.append_column("visits", pa.array([3] * t.num_rows))),
    ("trials", changed("noise", lambda v: ["seeds"] * len(v))),
    ("history", lambda t: t.slice(0, 0)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change"), FINE)
def test_what_may_differ_may(tables: tuple[pa.Table, pa.Table], name: str, change: Change) -> None:
    named = dict(zip(TABLES, tables, strict=True))
    assert violation(**{**named, name: change(named[name])}) == ""


def test_what_nobody_declares_is_kept_and_told_in_a_sentence(
    tables: tuple[pa.Table, pa.Table],
) -> None:
    trials, history = tables
    more = history.append_column("mood", pa.array(["good"] * history.num_rows))
    assert violation(trials, more) == ""
    assert untold(trials, more) == (
        "Nobody declares the column `mood` of history: it is kept, and whoever writes it can say"
        " what it means, with a `nasbench_harness.contracts.Column`."
    )
    also = trials.append_column("colour", pa.array(["red"] * trials.num_rows))
    assert untold(also, more).startswith(
        "Nobody declares the columns `colour` of trials and `mood` of history: they are kept, and"
    )


def test_reading_says_which_study_and_what_helps(both: Both, tmp_path: Path) -> None:
    trials, history = studies.read_tables(both.landscape.folder)
    trials.drop(columns="seed").to_parquet(tmp_path / "trials.parquet")
    history.to_parquet(tmp_path / "history.parquet")
    with pytest.raises(StudyError) as caught:
        studies.read_tables(tmp_path)
    assert str(caught.value) == (
        f"The tables of {tmp_path} are not as they should be: trials.parquet has no column `seed`"
        f" (seed of the trial); delete them and gather them anew with `nasharness report"
        f" {tmp_path}`."
    )


# --- versions ----------------------------------------------------------------------------------


def test_the_present_version_has_a_release() -> None:
    assert max(versions.FIRST_RELEASE) == studies.SCHEMA_VERSION


@pytest.mark.parametrize(
    ("schema", "facts", "said"),
    [
        (2, {"versions": {"nasbench-harness": "0.3.0"}},
         "was written by nasharness 0.3.0 with schema version 2; this one reads up to 1: install"
         " nasbench-harness>=0.3.0."),
        (2, {"versions": {"nasbench-harness": "0.3.0"},
             "last_run": {"versions": {"nasbench-harness": "0.4.0"}}},
         "was written by nasharness 0.4.0 with schema version 2; this one reads up to 1: install"
         " nasbench-harness>=0.4.0."),
        (7, {"versions": {"nasbench-harness": "not installed"}},
         "was written by nasharness with schema version 7; this one reads up to 1: install a newer"
         " nasbench-harness."),
        (7, None, "was written by nasharness with schema version 7; this one reads up to 1:"
         " install a newer nasbench-harness."),
        (0, {"versions": {"nasbench-harness": "0.0.1"}},
         "was written by nasharness 0.0.1 with schema version 0; this one reads from 1 on: install"
         " nasbench-harness<0.1.0."),
    ],
)  # fmt: skip
def test_refusal_names_what_reads_it(schema: int, facts: Any, said: str) -> None:
    assert versions.refusal(schema, facts) == said


def test_the_present_version_is_read() -> None:
    assert versions.refusal(studies.SCHEMA_VERSION, {}) == ""


@pytest.mark.parametrize("schema", ["1", None, True, [1]])
def test_no_version_is_no_version(schema: Any) -> None:
    with pytest.raises(ValueError, match="schema_version is"):
        versions.refusal(schema, {})


def test_an_older_version_is_upgraded(
    both: Both, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if version 0 had called the seed `number`."""

    def rename(trials: pa.Table, history: pa.Table) -> tuple[pa.Table, pa.Table]:
        new = ["seed" if name == "number" else name for name in trials.column_names]
        return trials.rename_columns(new), history

    trials, history = studies.read_tables(both.landscape.folder)
    old = trials.rename(columns={"seed": "number"}).assign(schema_version=0)
    old.to_parquet(tmp_path / "trials.parquet")
    history.to_parquet(tmp_path / "history.parquet")
    with pytest.raises(StudyError, match="no column `seed`"):
        studies.read_tables(tmp_path)
    monkeypatch.setitem(versions.UPGRADES, 0, rename)
    assert versions.refusal(0, {}) == ""
    assert studies.read_tables(tmp_path)[0]["seed"].tolist() == trials["seed"].tolist()
    assert studies.read_tables(both.landscape.folder)[0].equals(trials)


def test_examples_of_the_document_run(
    both: Both, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "study").symlink_to(both.landscape.folder)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", document(), re.DOTALL)
    told: dict[str, Any] = {}
    for block in blocks:
        if "polars" not in block:
            exec(block, told)
    assert len(told["steps"]) == len(told["history"]) > 0

"""Columns are declared by who writes them: what is refused, what is kept, and what is told."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from nasbench_harness import registry
from nasbench_harness.contracts import Column, Columns, Declaring, Role, Value
from nasbench_harness.store.declarations import fault_of, of_method, study_schema
from nasbench_harness.store.schema import STUDIES, Part
from nasbench_harness.store.schema_check import untold
from tests.commands import Run

LOSS = Column("loss", Value.NUMBER, Role.RECORD, "a loss", "nats")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"role": "rule"}, "column `x` has the role 'rule', expected one of identity, setting,"),
        ({"value": "float"}, "column `x` has the value 'float', expected one of text, whole num"),
        ({"name": "two words"}, "a column cannot be called 'two words'"),
        ({"name": "<everything>"}, "a column cannot be called '<everything>'"),
        ({"meaning": ""}, "column `x` must say what it means"),
        ({"meaning": "a | b"}, "column `x` must say what it means, in one line without |"),
    ],
)
def test_no_column_is_no_column(given: dict[str, Any], said: str) -> None:
    words = {"name": "x", "value": Value.TEXT, "role": Role.RECORD, "meaning": "what", **given}
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text is compared
        Column(**words)
    assert str(caught.value).startswith(said)


def test_words_do_for_values_and_roles() -> None:
    column = Column("x", "number", "cost", "what")  # type: ignore[arg-type]
    assert (column.value, column.role) == (Value.NUMBER, Role.COST)


def history(*columns: Any) -> Part:
    return Part("the method `toy`", Columns(history=columns))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ((LOSS,), ""),
        ((Column("step", "number", "record", "mine"),),  # type: ignore[arg-type]
         "The method `toy` declares the column `step` of history, which all studies have; choose"
         " another name."),
        ((Column("regret_mine", "number", "record", "mine"),),  # type: ignore[arg-type]
         "The method `toy` declares the column `regret_mine` of history, which studies that look"
         " answers up in a benchmark have; choose another name."),
        (("loss",),
         "The method `toy` declares 'loss' as a column of history; expected a"
         " `nasbench_harness.contracts.Column`."),
    ],
    ids=["sound", "of every study", "of benchmarks", "text"],
)  # fmt: skip
def test_what_cannot_be_is_said(columns: tuple[Any, ...], said: str) -> None:
    assert fault_of(history(*columns)) == said


def test_two_that_differ_are_told_and_two_that_agree_are_fine() -> None:
    other = Part("the method `rival`", Columns(history=(LOSS,)))
    same = Column("loss", Value.NUMBER, Role.RECORD, "in other words", "nats")
    assert fault_of(history(same), [other]) == ""
    percent = Column("loss", Value.NUMBER, Role.RECORD, "a loss", "percent")
    assert fault_of(history(percent), [other]) == (
        "The method `toy` declares the column `loss` of history otherwise than the method `rival`"
        " does: unit `percent` and `nats`; choose another name."
    )
    elsewhere = Part("the space `toy`", Columns(trials=(percent,)))
    assert fault_of(elsewhere, [other]) == ""


@pytest.mark.parametrize("name", registry.methods.names())
def test_methods_declare_without_torch(name: str) -> None:
    setup = registry.open_setup(name, "columns")
    assert setup is registry.setups.load(name)
    assert isinstance(setup, Declaring)
    assert of_method(name).columns.history


def test_what_is_not_installed_declares_nothing_and_hinders_nobody() -> None:
    names = {"method_name": "gone", "space": "gone", "table": "gone", "problem": "gone"}
    trials = pa.table({name: [value] for name, value in names.items()})
    steps = pa.table({"loss": [1.0]})
    schema = study_schema(trials, steps)
    assert schema.parts == STUDIES.parts
    assert untold(trials, steps).startswith("Nobody declares the column `loss` of history")


def test_the_metric_that_rows_are_judged_by_needs_no_regret() -> None:
    trials = pa.table({"report_metric": ["oneshot"], "oneshot": [50.0]})
    assert untold(trials, pa.table({"oneshot": [40.0]})) == ""


METHOD = """
from nasbench_harness.contracts import Column
from nasbench_harness.methods.random import RandomSearch

class Moody(RandomSearch):
    def step(self):
        return {**super().step(), "mood": 1.0}
"""


@pytest.fixture
def run(install_plugin: Callable[..., None], nasharness: Run) -> Run:
    """`nasharness run` of a method with these lines at its end."""

    def run(more: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        install_plugin("methods", "moody", "moody_plugin:Moody", METHOD + more)
        words = ["run", "-m", "moody", "--steps", "5", "--seeds", "2", "--no-report", "-o", "S"]
        return nasharness(*words, code=code)

    return run


def test_an_undeclared_column_is_kept_and_told_once(run: Run, tmp_path: Path) -> None:
    done = run("")
    said = "Note: Nobody declares the column `mood` of history: it is kept"
    assert done.stderr.count("Nobody declares") == done.stderr.count(said) == 1
    import pandas as pd

    assert (pd.read_parquet(tmp_path / "S" / "history.parquet")["mood"].dropna() == 1.0).all()


def test_a_declared_column_is_nothing_to_tell(run: Run) -> None:
    done = run(
        "    columns = (*RandomSearch.columns, Column('mood', 'number', 'record', 'its mood'))\n"
    )
    assert "Nobody" not in done.stderr


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("Column('mood', 'number', 'rule', 'its mood')",
         "cannot be loaded: ValueError: column `mood` has the role 'rule', expected one of"),
        ("Column('seed', 'number', 'record', 'its mood')",
         "The method `moody` declares the column `seed` of history, which all studies have"),
        ("Column('expected_accuracy', 'text', 'record', 'its mood')",
         "`expected_accuracy` of history otherwise than the kind of problem `landscape` does: value"
         " `text` and `number`"),
    ],
    ids=["role", "of every study", "differs"],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_is_written(
    run: Run, tmp_path: Path, columns: str, said: str
) -> None:
    done = run(f"    columns = ({columns},)\n", code=2)
    assert said in " ".join(done.stderr.split())
    assert not (tmp_path / "S" / "study.json").exists()

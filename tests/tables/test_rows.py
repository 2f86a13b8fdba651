"""Which architecture a row is: frames by official index, arrays in rank order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nasbench_harness import load_results
from nasbench_harness.contracts import Architecture, Column, Numbered, Role, Value
from nasbench_harness.errors import HarnessError
from nasbench_harness.jobs.driver import run_job
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.tables.analog import open_analog
from nasbench_harness.store.studies import gather, plan_study
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.tables.columns import ColumnTable
from nasbench_harness.tables.rows import Rows
from nasbench_harness.testing import ToySpace, check_space

METRIC = "cifar10_baseline_accuracy"


@pytest.fixture(scope="module")
def analog(table_cache: Path) -> ColumnTable:
    return open_analog()


@pytest.fixture(scope="module")
def frame(analog: ColumnTable) -> pd.DataFrame:
    return analog.to_pandas()


# --- the official index ------------------------------------------------------------------------


def test_every_row_of_a_frame_is_the_cell_of_its_official_index(
    analog: ColumnTable, frame: pd.DataFrame, space: NB201
) -> None:
    assert frame.index.name == "index"
    assert frame.index.tolist() == list(range(15_625))
    numbers = frame.drop(columns="architecture").to_numpy()
    for index in range(15_625):
        expected = analog.lookup(space.at_index(index))
        assert numbers[index].tolist() == list(expected.values())


def test_a_frame_begins_with_the_architecture(frame: pd.DataFrame, space: NB201) -> None:
    assert frame.columns[0] == "architecture"
    assert frame["architecture"].tolist() == [str(space.at_index(i)) for i in range(15_625)]


def test_arrays_tell_whose_numbers_they_hold(analog: ColumnTable, space: NB201) -> None:
    assert analog.index.tolist() == [space.index(arch) for arch in space.enumerate()]
    assert analog.architectures.tolist() == [str(arch) for arch in space.enumerate()]
    assert analog.column(METRIC)[analog.index == 9930].tolist() == [93.988]


def test_a_column_may_be_in_the_order_of_the_index(
    analog: ColumnTable, frame: pd.DataFrame
) -> None:
    ordered = analog.column(METRIC, order="index")
    assert ordered.tolist() == frame[METRIC].tolist() != analog.column(METRIC).tolist()
    assert not ordered.flags.writeable


def test_another_order_is_refused(analog: ColumnTable) -> None:
    with pytest.raises(HarnessError, match="order of `rank` or `index`, not `official`"):
        analog.column(METRIC, order="official")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["index", "architectures"])
def test_what_rows_are_cannot_be_changed(analog: ColumnTable, name: str) -> None:
    with pytest.raises(ValueError, match="read-only"):
        getattr(analog, name)[0] = 0


def test_a_frame_is_the_readers_own(analog: ColumnTable) -> None:
    frame = analog.to_pandas()
    frame.loc[0, METRIC] = 0.0
    assert analog.to_pandas().loc[0, METRIC] > 0


def test_nobody_pays_for_the_order_of_rows_who_does_not_ask(table_cache: Path) -> None:
    table = open_analog()
    table.column(METRIC)
    table.lookup(NB201().unrank(3))
    assert not {"official", "index", "order", "architectures"} & set(vars(table.rows))


def test_the_repr_tells_both_orders(analog: ColumnTable) -> None:
    assert "column() in rank order, to_pandas() by official index" in repr(analog)


def test_the_official_table_is_keyed_as_well(official: ColumnTable, space: NB201) -> None:
    frame = official.to_pandas()
    for index in (0, 9930, 15_624):
        arch = space.at_index(index)
        assert frame.loc[index, "architecture"] == str(arch)
        expected = official.lookup(arch)
        found = frame.loc[index].drop("architecture").to_numpy(float)
        assert np.array_equal(found, list(expected.values()), equal_nan=True)


# --- other spaces ------------------------------------------------------------------------------


class ShuffledSpace(ToySpace):
    """A toy space that numbers its architectures backwards."""

    columns = (Column("index", Value.WHOLE, Role.RESULT, "its number"),)

    def indices(self) -> Any:
        return np.arange(self.size)[::-1]

    def at_index(self, index: int) -> Architecture:
        return self.unrank(self.size - 1 - index)

    def describe(self, arch: Architecture) -> dict[str, Any]:
        return {"index": self.size - 1 - self.rank(arch)}


class TellingSpace(ToySpace):
    """One that only tells the number of each."""

    describe = ShuffledSpace.describe


@pytest.mark.parametrize("make", [ShuffledSpace, TellingSpace])
def test_any_space_that_numbers_its_architectures_is_keyed(make: type[ToySpace]) -> None:
    space = make((2, 3))
    assert isinstance(space, Numbered) == (make is ShuffledSpace)
    frame = Rows(6, space).frame({"x": np.arange(6.0)})
    assert (frame.index.name, frame.index.tolist()) == ("index", [0, 1, 2, 3, 4, 5])
    assert frame["x"].tolist() == [5, 4, 3, 2, 1, 0]
    assert frame.loc[0, "architecture"] == "1-2"


def test_a_space_without_numbers_is_keyed_by_rank() -> None:
    frame = Rows(6, ToySpace((2, 3))).frame({"x": np.arange(6.0)})
    assert (frame.index.name, frame["x"].tolist()) == ("rank", [0, 1, 2, 3, 4, 5])
    assert frame.loc[5, "architecture"] == "1-2"


def test_a_table_of_a_space_that_is_not_installed_has_ranks_alone(small_folder: Path) -> None:
    table = ColumnTable(small_folder)
    frame = table.to_pandas()
    assert (frame.index.name, list(frame)) == ("rank", list(table.metrics))
    assert table.column("fruit_test", order="index").tolist() == frame["fruit_test"].tolist()
    with pytest.raises(HarnessError, match="space is not installed here"):
        _ = table.architectures


def test_the_kit_finds_numbers_that_disagree() -> None:
    class Wrong(ShuffledSpace):
        def describe(self, arch: Architecture) -> dict[str, Any]:
            return {"index": self.rank(arch)}

    check_space(ShuffledSpace())
    with pytest.raises(AssertionError, match="describe and indices must agree"):
        check_space(Wrong())


# --- joined to the trials of a study -----------------------------------------------------------


def finished_study(folder: Path) -> Path:
    config = build_config(None, {"methods": "random", "seeds": "2", "steps": 3}, [])
    study = plan_study(folder, config.model_dump(mode="json"), plan(config))
    for spec in study.specs:
        run_job(spec, study.trials_folder / spec.trial_id)
    gather(study)
    return folder


@pytest.mark.filterwarnings("error")
def test_trials_join_by_the_official_index(frame: pd.DataFrame, tmp_path: Path) -> None:
    study = finished_study(tmp_path)
    for trials in (
        pd.read_csv(study / "trials.csv"),
        pd.read_parquet(study / "trials.parquet"),
        load_results(study).trials,
    ):
        joined = trials.merge(
            frame, left_on="index", right_index=True, suffixes=("", "_of_the_table")
        )
        assert len(joined) == len(trials) == 2
        assert (joined["architecture"] == joined["architecture_of_the_table"]).all()
        assert joined[METRIC].tolist() == pytest.approx(joined[f"{METRIC}_of_the_table"].tolist())

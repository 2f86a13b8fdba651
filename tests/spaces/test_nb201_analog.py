"""The embedded table: what it holds and what it answers."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbench_harness import registry
from nasbench_harness.contracts import CompleteTable
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.structure import is_connected

METRIC = "cifar10_baseline_accuracy"
BEST = 94.0664
CHOICES_OF_THE_BEST = (3, 3, 3, 1, 2, 3)
HEAVY = ("numpy", "pandas", "torch", "matplotlib", "analognasbench", "pkg_resources")

ranks = st.integers(0, 15_624)


def test_registry_lists_it() -> None:
    assert "analog" in registry.tables.names()


def test_is_named_and_about_nb201(table: CompleteTable) -> None:
    assert (table.name, table.space) == ("analog", "nb201")


def test_has_21_metrics(table: CompleteTable) -> None:
    assert len(table.metrics) == 21


def test_every_metric_is_of_cifar10_in_percent(table: CompleteTable) -> None:
    assert {(metric.dataset, metric.unit) for metric in table.metrics.values()} == {
        ("cifar10", "%")
    }


def test_every_metric_tells_its_meaning(table: CompleteTable) -> None:
    assert all(metric.meaning for metric in table.metrics.values())


def test_every_column_has_15625_percentages(table: CompleteTable) -> None:
    for name in table.metrics:
        column = table.column(name)
        assert column.shape == (15_625,)
        assert ((column >= 0) & (column <= 100)).all()


def test_search_and_report_share_one_accuracy_and_the_caveat_says_so(table: CompleteTable) -> None:
    assert table.search_metric("cifar10") == table.report_metric("cifar10") == METRIC
    assert "one accuracy per cell" in table.caveat
    assert "not the official benchmark" in table.caveat


def test_content_hash_is_that_of_the_released_numbers(table: CompleteTable) -> None:
    released = "a23ff023c49040a92bf13d45d65e7a49fcb1dac09d20976293a9b5cf0e7d0c5f"
    assert table.content_hash == released


def test_best_cell(table: CompleteTable, space: NB201) -> None:
    column = table.column(METRIC)
    assert column.max() == BEST
    assert int(column.argmax()) == space.rank(space.architecture(CHOICES_OF_THE_BEST))


def test_tensor_is_indexed_by_the_choices(table: CompleteTable) -> None:
    assert table.tensor(METRIC).shape == (5,) * 6
    assert table.tensor(METRIC)[CHOICES_OF_THE_BEST] == BEST


@given(ranks)
def test_value_column_lookup_and_tensor_agree(rank: int) -> None:
    space = NB201()
    table = registry.open_complete("analog")
    (arch,) = [space.architecture(np.unravel_index(rank, (5,) * 6))]  # type: ignore[arg-type]
    answers = {
        table.value(METRIC, arch),
        table.lookup(arch)[METRIC],
        float(table.column(METRIC)[rank]),
        float(table.tensor(METRIC)[arch.choices]),
        table.value(METRIC, space.unrank(rank)),
    }
    assert len(answers) == 1


def test_disconnected_cells_are_at_chance(table: CompleteTable, space: NB201) -> None:
    column = table.column(METRIC)
    dead = [space.rank(a) for a in space.enumerate() if not is_connected(a.choices)]
    assert (column[dead] == 10.0).all()


def test_arrays_are_read_only(table: CompleteTable) -> None:
    assert not table.column(METRIC).flags.writeable
    assert not table.tensor(METRIC).flags.writeable


def test_unknown_metric_gets_the_nearest_name(table: CompleteTable) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean `cifar10_qat_accuracy`"):
        table.column("cifar10_qat_acuracy")


def test_unknown_dataset_is_refused(table: CompleteTable) -> None:
    with pytest.raises(UnknownNameError, match="Known: cifar10"):
        table.report_metric("imagenet16-120")


def test_opening_and_one_answer_import_nothing_heavy(table: CompleteTable) -> None:
    code = (
        "import sys; from nasbench_harness import registry;"
        "arch = registry.open_space('nb201').unrank(0);"
        f"assert registry.open_table('analog').value({METRIC!r}, arch) == 10.0;"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""Which spaces can be listed, and of which a column of a table is a tensor as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from nasbench_harness import registry
from nasbench_harness.contracts import Architecture
from nasbench_harness.errors import HarnessError
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.study.spec import TrialSpec
from nasbench_harness.tables import enumeration
from nasbench_harness.tables.enumeration import free_product, is_product, lists, try_product
from nasbench_harness.tables.rows import rows_of
from nasbench_harness.testing import ToySpace, ToyTable, check_space, check_table
from nasbench_harness.testing.toy_networks import ToyNetworks


class Backwards(ToySpace):
    """All combinations, in another order than that of a tensor."""

    def enumerate(self) -> Iterator[Architecture]:
        return reversed(list(super().enumerate()))  # type: ignore[return-value]

    def rank(self, arch: Architecture) -> int:
        return self.size - 1 - super().rank(arch)

    def unrank(self, rank: int) -> Architecture:
        return super().unrank(self.size - 1 - rank)


class Dear(ToyNetworks):
    """Counting it takes long."""

    counted = 0

    @property
    def size(self) -> int:
        type(self).counted += 1
        return super().size


@dataclass
class NoHash(ToySpace):
    """As a plain dataclass is."""

    def __post_init__(self) -> None:
        super().__init__()


@pytest.mark.parametrize("options", [(3, 4, 2), (2,), (30, 30, 30)])
def test_combinations_in_order_are_a_product(options: tuple[int, ...]) -> None:
    assert is_product(ToySpace(options))


@pytest.mark.parametrize("options", [(3, 4, 2), (30, 30, 30)])
def test_another_order_is_none(options: tuple[int, ...]) -> None:
    assert not is_product(Backwards(options))


def test_as_many_architectures_as_combinations_are_not_enough() -> None:
    """27 of them, and 3 x 3 x 3 options."""
    space = ToyNetworks()
    assert lists(space)
    assert not is_product(space)
    with pytest.raises(HarnessError, match="`toynets` are not all the combinations"):
        free_product(space, "we do")


def test_the_default_space_says_so_and_is_one() -> None:
    assert try_product(NB201())


def test_what_a_space_says_is_believed_and_checked() -> None:
    space = Backwards()
    space.product = True  # type: ignore[attr-defined]
    assert is_product(space)
    with pytest.raises(AssertionError, match="says `product`"):
        check_space(space)


def test_a_space_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    space = NoHash()
    assert is_product(space)
    monkeypatch.setattr(enumeration, "try_product", None)
    assert is_product(space)


def test_a_default_landscape_is_planned_without_trying(
    planned: Callable[..., list[TrialSpec]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enumeration, "try_product", None)
    assert planned("darts", seeds="0,")


def test_whether_a_space_is_listed_is_told_without_its_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    space = Dear()
    assert lists(space)
    assert Dear.counted == 0
    monkeypatch.setattr(registry, "open_space", lambda name: space)
    rows_of("nb201", 27)
    assert Dear.counted == 1  # compared with the rows, which is what it is for


# --- what asks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("space", [Backwards(), ToyNetworks()])
def test_no_landscape_is_planned_where_there_is_none(
    space: Any, planned: Callable[..., list[TrialSpec]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "open_space", lambda name: space)
    table = ToyTable()
    monkeypatch.setattr(table, "space", space.name, raising=False)
    monkeypatch.setattr("nasbench_harness.study.planning.find_table", lambda name: table)
    with pytest.raises(HarnessError, match=f"`{space.name}` are not all the combinations") as told:
        planned("random", seeds="0,", random=False)
    said = str(told.value).removesuffix(" Train a supernet with `--search supernet` instead.")
    assert said.count(". ") == 0


def test_a_table_of_no_product_needs_no_tensor() -> None:
    class Listed(ToyTable):
        def tensor(self, metric: str) -> Any:
            raise AssertionError("nobody asks")

        def column(self, metric: str) -> Any:
            if metric not in self.metrics:
                raise HarnessError("unknown")
            column = self.accuracy.reshape(-1).copy()
            column.flags.writeable = False
            return column

    class Turned(Listed):
        """With rows as `Backwards` has them."""

        def column(self, metric: str) -> Any:
            column = super().column(metric)[::-1]
            column.flags.writeable = False
            return column

        def value(self, metric: str, arch: Architecture) -> float:
            return float(self.column(metric)[Backwards().rank(arch)])

        def lookup(self, arch: Architecture) -> Any:
            return {name: self.value(name, arch) for name in self.metrics}

    with pytest.raises(AssertionError, match="nobody asks"):
        check_table(Listed(), ToySpace())
    check_table(Turned(), Backwards())

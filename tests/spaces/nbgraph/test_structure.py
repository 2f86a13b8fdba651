"""Which architectures are one network."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nasbench_harness.spaces.nbgraph import structure
from nasbench_harness.spaces.nbgraph.encoding import GRAPHS, OPERATIONS, SKIP

digits = st.tuples(*[st.integers(0, 8)] * 5)


@pytest.fixture(scope="module")
def keys() -> list[int | None]:
    return structure.canonical_keys()


def test_26206_networks_and_nine_without(keys: list[int | None]) -> None:
    assert len(keys) == 59_049
    assert keys.count(None) == 9
    assert len({key for key in keys if key is not None}) == 26_206


def test_every_key_is_the_benchmarks(
    keys: list[int | None], mapping: dict[str, NDArray[np.str_]]
) -> None:
    ours = ["" if key is None else str(key) for key in keys]
    assert ours == mapping["canonical"].tolist()


def test_the_key_stands_for_itself(keys: list[int | None]) -> None:
    for key in {key for key in keys if key is not None}:
        choices = tuple(map(int, f"{key:05d}"))
        assert structure.canonical(choices) == choices


def test_order_of_branches_says_nothing() -> None:
    forms = {structure.canonical_form((0, *ops)) for ops in [(0, 1, 2, 3), (3, 1, 0, 2)]}
    assert forms == {"00123"}


def test_where_a_skip_stands_in_a_chain_says_nothing() -> None:
    chain = GRAPHS.index("0123")
    forms = {
        structure.canonical_form((chain, *(SKIP if i == at else 1 for i in range(4))))
        for at in range(4)
    }
    assert forms == {"88111"}


def test_a_skip_of_the_raw_input_to_the_output_says_nothing() -> None:
    beside = structure.canonical_form((GRAPHS.index("0000"), 0, 1, 2, SKIP))
    in_front = structure.canonical_form((GRAPHS.index("0111"), SKIP, 0, 1, 2))
    assert beside == in_front


def test_a_skip_that_adds_to_the_output_stays() -> None:
    forms = Counter(
        structure.canonical_form((GRAPHS.index("0112"), 0, 1, last, 2)) for last in (SKIP, 1)
    )
    assert len(forms) == 2
    assert "8" in structure.canonical_form((GRAPHS.index("0112"), 0, 1, SKIP, 2))[1:]


@given(digits)
def test_operations_are_kept(choices: tuple[int, ...]) -> None:
    assert sorted(structure.canonical(choices)[1:]) == sorted(choices[1:])


@given(st.integers(0, 8))
def test_skips_alone_were_never_trained(graph: int) -> None:
    choices = (graph, *[len(OPERATIONS) - 1] * 4)
    assert not structure.is_trained(choices)
    assert structure.canonical_form(choices) == ""

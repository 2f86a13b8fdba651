"""What cells compute: isomorphism classes, dead cells, collapse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.structure import (
    canonical_form,
    is_all_skip,
    is_connected,
)

NONE, SKIP, CONV1, CONV3, POOL = range(5)
EVERY_CELL = [arch.choices for arch in NB201().enumerate()]
# Edges 1<-0, 2<-0, 2<-1, 3<-0, 3<-1, 3<-2 of every path from the input to the output.
PATHS = [(3,), (0, 4), (1, 5), (0, 2, 5)]

operations = st.integers(0, 4)
cells = st.tuples(*[operations] * 6)


# --- isomorphism -------------------------------------------------------------------------------


def test_there_are_6466_isomorphism_classes() -> None:
    assert len({canonical_form(choices) for choices in EVERY_CELL}) == 6_466


def test_a_cell_without_a_path_is_flawed_and_no_other() -> None:
    space = NB201()
    flawed = [arch for arch in space.enumerate() if space.flaw(arch)]
    assert len(flawed) == 341
    assert not any(space.describe(arch)["connected"] for arch in flawed)


@given(cells)
def test_node_1_is_the_input_when_joined_by_a_skip(cell: tuple[int, ...]) -> None:
    _, b, c, d, e, f = cell
    forms = {
        canonical_form((SKIP, b, c, d, e, f)),
        canonical_form((SKIP, c, b, d, e, f)),
        canonical_form((SKIP, b, c, e, d, f)),
    }
    assert len(forms) == 1


@given(cells, operations, operations)
def test_what_leaves_a_dead_node_does_not_matter(
    cell: tuple[int, ...], after: int, later: int
) -> None:
    _, b, _, d, _, f = cell
    dead = canonical_form((NONE, b, NONE, d, NONE, f))
    assert canonical_form((NONE, b, after, d, later, f)) == dead


@given(operations, operations)
def test_a_skip_in_a_chain_may_stand_on_either_side(first: int, second: int) -> None:
    chain = canonical_form((SKIP, NONE, first, NONE, NONE, second))
    assert chain == canonical_form((first, NONE, SKIP, NONE, NONE, second))


def test_a_dead_term_is_marked_and_kept() -> None:
    assert "#" in canonical_form((CONV3, NONE, NONE, CONV3, NONE, NONE))


def test_no_two_operations_are_the_same_class() -> None:
    forms = {canonical_form((NONE, NONE, NONE, operation, NONE, NONE)) for operation in range(5)}
    assert len(forms) == 5


def test_the_order_of_a_chain_matters() -> None:
    chain = canonical_form((CONV3, NONE, POOL, NONE, NONE, SKIP))
    assert chain != canonical_form((POOL, NONE, CONV3, NONE, NONE, SKIP))


@given(cells)
def test_the_form_names_the_input_where_it_reaches_the_output(cell: tuple[int, ...]) -> None:
    assert ("0" in canonical_form(cell)) == is_connected(cell)


# --- connectivity ------------------------------------------------------------------------------


def test_341_cells_are_disconnected() -> None:
    assert sum(not is_connected(choices) for choices in EVERY_CELL) == 341


def test_a_cell_is_connected_when_some_path_has_no_none() -> None:
    for choices in EVERY_CELL:
        assert is_connected(choices) == any(
            all(choices[edge] != NONE for edge in path) for path in PATHS
        )


# --- collapse ----------------------------------------------------------------------------------


def test_only_one_cell_is_all_skip() -> None:
    assert [choices for choices in EVERY_CELL if is_all_skip(choices)] == [(SKIP,) * 6]


def test_describe_tells_index_class_connection_and_collapse() -> None:
    space = NB201()
    arch = space.architecture((SKIP,) * 6)
    assert space.describe(arch) == {
        "index": 1835,
        "canonical_form": canonical_form(arch.choices),
        "connected": True,
        "collapsed": True,
    }


@pytest.mark.parametrize("choices", [(NONE,) * 6, (CONV3, NONE, NONE, NONE, NONE, CONV3)])
def test_describe_tells_a_dead_cell(choices: tuple[int, ...]) -> None:
    space = NB201()
    assert space.describe(space.architecture(choices))["connected"] is False

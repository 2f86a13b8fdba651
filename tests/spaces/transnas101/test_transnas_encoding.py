"""How cells are written and read, and what the space tells of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbench_harness import registry
from nasbench_harness.errors import InvalidArchitectureError
from nasbench_harness.spaces.nb201.encoding import EDGES, OPERATIONS
from nasbench_harness.spaces.transnas101 import TransNAS101
from nasbench_harness.testing import check_space

SPACE = TransNAS101()
NONE, SKIP, CONV1, CONV3 = range(4)
cells = st.tuples(*[st.integers(0, 3)] * 6)


def read(text: str) -> tuple[int, ...]:
    return SPACE.parse(text).choices


def test_it_keeps_the_contract() -> None:
    check_space(SPACE)


def test_it_is_found_by_its_name() -> None:
    assert registry.open_space("transnas101").decisions == SPACE.decisions


def test_edges_and_operations_are_those_of_nas_bench_201_without_pooling() -> None:
    assert [d.name for d in SPACE.decisions] == [f"{t}<-{s}" for t, s in EDGES]
    assert {d.options for d in SPACE.decisions} == {OPERATIONS[:4]}


def test_there_are_4096_cells() -> None:
    assert SPACE.size == 4096 == len({str(arch) for arch in SPACE.enumerate()})


def test_the_authors_example_is_read_edge_by_edge() -> None:
    """README of yawen-d/TransNASBench: skip to 1; none and conv1x1 to 2; conv3x3 thrice to 3."""
    assert read("64-41414-1_02_333") == (SKIP, NONE, CONV1, CONV3, CONV3, CONV3)


@given(cells)
def test_what_is_written_is_read(choices: tuple[int, ...]) -> None:
    assert read(str(SPACE.architecture(choices))) == choices


@pytest.mark.parametrize(
    "text",
    [
        "64-41414-1_02_312", "1_02_312", "102312", " 102312 ", "'102312'", '"64-41414-1_02_312"',
        "(1, 0, 2, 3, 1, 2)", "[1, 0, 2, 3, 1, 2]", "[1 0 2 3 1 2]", "`1_02_312`",
    ],
)  # fmt: skip
def test_forms_that_people_paste(text: str) -> None:
    assert read(text) == (1, 0, 2, 3, 1, 2)


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("", 0, "from node 0 to node 1, 0 to 3, found the end"),
        ("64-41414-", 9, "from node 0 to node 1"),
        ("64-41414-4_02_312", 9, "from node 0 to node 1, 0 to 3, found `4`"),
        ("64-41414-1_03_3x2", 15, "from node 1 to node 3, 0 to 3, found `x`"),
        ("64-41414-102_312", 10, "Expected `_` before the operations that enter node 2"),
        ("1_023_12", 4, "Expected `_` before the operations that enter node 3"),
        ("10231", 5, "from node 2 to node 3, 0 to 3, found the end"),
        ("1023122", 6, "Expected the end of the cell at character 7"),
        ("64-2311-1_02_312", 3, "begins with `64-41414-`"),
        ("32-41414-1_02_312", 0, "begins with `64-41414-`"),
        ("64-41414-basic", 9, "found `b`"),
        ("(1, 0, 2)", 0, "six operations, and here are 3"),
        ("(1, 0, 2, 3, 7, 2)", 13, "from node 1 to node 3, 0 to 3, found `7`"),
        ("|none~0|", 0, "found `|`"),
    ],
)
def test_faults_are_pointed_at(text: str, at: int, said: str) -> None:
    with pytest.raises(InvalidArchitectureError) as caught:
        SPACE.parse(text)
    assert caught.value.position == at
    assert said in str(caught.value)
    assert "64-41414-a_bc_def" in str(caught.value)


def test_cells_out_of_range_are_refused() -> None:
    for choices in ((0,) * 5, (0, 0, 0, 0, 0, 4), (-1, 0, 0, 0, 0, 0)):
        with pytest.raises(ValueError, match="six numbers from 0 to 3"):
            SPACE.architecture(choices)


# --- what a cell computes ----------------------------------------------------------------------


def form(digits: str) -> str:
    return str(SPACE.describe(SPACE.parse(digits))["canonical_form"])


def test_there_are_1229_forms() -> None:
    forms = {SPACE.describe(arch)["canonical_form"] for arch in SPACE.enumerate()}
    assert len(forms) == 1_229
    assert "" in forms


def test_cells_without_a_path_have_the_empty_form_and_no_other() -> None:
    for arch in SPACE.enumerate():
        told = SPACE.describe(arch)
        assert bool(told["canonical_form"]) is told["connected"] is not bool(SPACE.flaw(arch))


def test_a_skip_between_later_nodes_leaves_nothing_behind() -> None:
    assert form("300010") == form("000300") == "nor_conv_3x3(in)"


def test_a_skip_that_leaves_the_input_does() -> None:
    """Where the map shrinks it is a factorised reduction with weights of its own."""
    assert form("100030") == "nor_conv_3x3(skip_connect(in))" != form("000300")


def test_the_order_of_a_sum_does_not_count() -> None:
    assert form("201121") == form("212011")


def test_dead_operations_do_not_count() -> None:
    assert form("000302") == form("000300")  # nothing reaches node 2
    assert form("300300") == form("000300")  # node 1 leads nowhere


def test_the_cell_of_skips_alone_is_told() -> None:
    assert SPACE.describe(SPACE.parse("111111"))["collapsed"] is True
    assert SPACE.describe(SPACE.parse("111110"))["collapsed"] is False


def test_drawing_names_every_operation() -> None:
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    SPACE.draw(SPACE.parse("123310"), axes)
    texts = {text.get_text() for text in axes.texts}
    assert {"skip", "conv 1×1", "conv 3×3", "in", "out"} <= texts
    assert len(axes.patches) == 5

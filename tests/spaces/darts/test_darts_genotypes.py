"""Genotypes in and out: what is read, and where what cannot be read is at fault."""

from __future__ import annotations

import pytest

from nasbench_harness.errors import InvalidArchitectureError
from nasbench_harness.spaces.darts import open_darts
from nasbench_harness.spaces.darts.encoding import Edge

SPACE = open_darts()
NORMAL = (
    "[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1),"
    " ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)]"
)
REDUCE = (
    "[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1),"
    " ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)]"
)
PRINTED = (
    f"Genotype(normal={NORMAL}, normal_concat=range(2, 6), reduce={REDUCE},"
    " reduce_concat=range(2, 6))"
)
"""DARTS' second cell as its code prints it."""
NUMBERED = (
    "[[(0, 3), (1, 3), (0, 3), (1, 3), (1, 3), (0, 2), (0, 2), (2, 5)],"
    " [(0, 0), (1, 0), (2, 2), (1, 0), (0, 0), (2, 2), (2, 2), (1, 0)]]"
)


@pytest.mark.parametrize(
    "text",
    [
        PRINTED,
        f"  \n{PRINTED}\n",
        PRINTED.replace("range(2, 6)", "[2, 3, 4, 5]"),
        PRINTED.replace("range(2, 6)", "[5, 4, 3, 2]"),
        PRINTED.replace("range(2, 6)", "list(range(2, 6))"),
        f"Genotype(normal={NORMAL}, reduce={REDUCE}, alphas_normal=None)",
        f"Genotype({NORMAL}, range(2, 6), {REDUCE}, range(2, 6))",
        f"{{'normal': {NORMAL}, 'reduce': {REDUCE}}}",
        PRINTED.replace("('skip_connect', 0)", "[0, 'skip_connect']"),
        f"naslib: {NUMBERED}",
        "darts-v2",
        "DARTS",
    ],
)
def test_ways_to_write_a_cell(text: str) -> None:
    cells = SPACE.cells(SPACE.parse(text))
    assert cells["normal"][3] == (Edge(0, "skip_connect"), Edge(2, "dil_conv_3x3"))
    assert cells["reduce"][1] == (Edge(1, "max_pool_3x3"), Edge(2, "skip_connect"))
    assert SPACE.parse(text) == SPACE.parse("DARTS_V2")


LEFT_OUT = NORMAL.replace("[('sep_conv_3x3', 0), ", "[")
FAULTY = {
    PRINTED.replace("dil_conv_3x3", "dil_conv_3x4"): ("dil_conv_3x4", "mean `dil_conv_3x3`"),
    PRINTED.replace("dil_conv_3x3', 2", "dil_conv_3x3', 5"): ("5)", "the inputs 0 to 4, not 5"),
    PRINTED.replace("dil_conv_3x3', 2", "dil_conv_3x3', 0"): (
        "('dil_conv_3x3', 0)",
        "Node 5 of `normal` takes input 0 twice, which only cells of `darts.variant=unas.` do",
    ),
    PRINTED.replace(NORMAL, LEFT_OUT): (LEFT_OUT, "`normal` has 7 edges, not 8, 2 a node"),
    PRINTED.replace("range(2, 6)", "range(1, 6)", 1): ("range(1", "must be all intermediate nodes"),
    PRINTED.replace("range(2, 6)", "[2, 3, 4]", 1): ("[2, 3", "must be all intermediate nodes"),
    PRINTED.replace("range(2, 6)", "['a', 2]", 1): ("['a'", "must be all intermediate nodes"),
    PRINTED.replace("range(2, 6)", "[None, 2]", 1): ("[None", "must be all intermediate nodes"),
    PRINTED.replace("('skip_connect', 0)", "('skip_connect', 0, 1, 2)", 1): (
        "('skip_connect', 0, 1, 2)",
        "a pair .*these are 4",
    ),
    PRINTED.replace("('skip_connect', 0)", "(True, False)", 1): ("(True", "a pair"),
    f"Genotype(normal={NORMAL})": ("Genotype", "`reduce` is missing"),
    f"Genotype(normal={NORMAL}, reduce={REDUCE}, other=3)": ("3)", "`other` is no part"),
    f"naslib: {NUMBERED.replace('(2, 5)', '(2, 7)')}": ("7)", "numbers from 0 to 6"),
    f" naslib : {NUMBERED.replace('(2, 5)', '(9, 5)')}": ("9, 5", "the inputs 0 to 4, not 9"),
    f"Genotype(normal=\n{NORMAL.replace('dil_conv_3x3', 'x')}, reduce={REDUCE})": ("'x'", "`x`"),
    "naslib: [[(": ("[[(", "Expected `Genotype"),
    "DARTS_V3": ("DARTS_V3", "Did you mean `DARTS_V"),
    "": ("", "Expected `Genotype"),
}


@pytest.mark.parametrize("text", FAULTY)
def test_the_first_fault_is_pointed_at(text: str) -> None:
    spot, sentence = FAULTY[text]
    with pytest.raises(InvalidArchitectureError, match=sentence) as caught:
        SPACE.parse(text)
    if not text.startswith("naslib: [[("):  # Python says where an unfinished one is at fault
        assert text[caught.value.position :].lstrip("'").startswith(spot.lstrip("'"))
    else:
        assert caught.value.position >= len("naslib: ")


def test_a_part_that_is_given_twice_is_refused() -> None:
    for text in (
        f"Genotype(normal={NORMAL}, normal={REDUCE}, reduce={REDUCE})",
        f"{{'normal': {NORMAL}, 'normal': {REDUCE}, 'reduce': {REDUCE}}}",
        f"Genotype({NORMAL}, normal={REDUCE}, reduce={REDUCE})",
    ):
        with pytest.raises(InvalidArchitectureError, match="`normal` is given twice"):
            SPACE.parse(text)


def test_operations_of_other_variants_are_refused_by_their_edge() -> None:
    with pytest.raises(InvalidArchitectureError, match="Edge 2<-0 of `normal` has no `sep_conv"):
        open_darts("s1").parse(PRINTED)
    with pytest.raises(InvalidArchitectureError, match="has other cells than published ones"):
        open_darts("single_cell").parse("DARTS_V2")


def test_an_input_may_be_taken_twice_where_the_variant_says_so() -> None:
    space = open_darts("unas")
    twice = PRINTED.replace("dil_conv_3x3', 2", "dil_conv_3x3', 0")
    assert SPACE.name != space.name
    assert space.cells(space.parse(twice))["normal"][3] == (
        Edge(0, "skip_connect"),
        Edge(0, "dil_conv_3x3"),
    )

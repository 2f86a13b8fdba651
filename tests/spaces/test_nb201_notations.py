"""Cells as other tools write them: one meaning is read, several are refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbench_harness.errors import InvalidArchitectureError
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.notations import read_cell

SPACE = NB201()
CELL = "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|skip_connect~2|"
GENOTYPE = (
    "(('nor_conv_3x3', 0),), (('none', 0), ('avg_pool_3x3', 1)),"
    " (('skip_connect', 0), ('nor_conv_1x1', 1), ('skip_connect', 2))"
)
NNI = (
    "{'0_1': 'conv_3x3', '0_2': 'none', '0_3': 'skip_connect', '1_2': 'avg_pool_3x3',"
    " '1_3': 'conv_1x1', '2_3': 'skip_connect'}"
)
NASLIB = (
    "{(1, 2): 'ReLUConvBN3x3', (1, 3): 'Zero', (1, 4): 'Identity', (2, 3): 'AvgPool1x1',"
    " (2, 4): 'ReLUConvBN1x1', (3, 4): 'Identity'}"
)
cells = st.tuples(*[st.integers(0, 4)] * 6)


def refused(text: str) -> InvalidArchitectureError:
    with pytest.raises(InvalidArchitectureError) as caught:
        SPACE.parse(text)
    assert "such as `|nor_conv_3x3~0|+|" in str(caught.value)
    assert 0 <= caught.value.position <= len(text)
    return caught.value


# --- what is read ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        CELL.replace("+", " + "),
        CELL.replace("|", " | "),
        CELL.replace("~", " ~ "),
        CELL.replace("+", "\n+\t"),
        f"'{CELL}'",
        f' "{CELL}" ',
        f"`{CELL}`",
        f"Structure(4 nodes with {CELL})",
        f"CellStructure(4 nodes with {CELL})",
        f"'Structure(4 nodes with {CELL})'",
        f"Structure(({GENOTYPE}))",
        f"Structure([{GENOTYPE}])",
        f"Structure({GENOTYPE})",
        f"[{GENOTYPE}]",
        f"({GENOTYPE})",
        f"[{GENOTYPE}]".replace("(", "[").replace(",)", "]").replace(")", "]").replace("'", '"'),
        f"[{GENOTYPE}]".replace("(('nor_conv_3x3', 0),)", "('nor_conv_3x3', 0)"),
        f"[{GENOTYPE}]".replace(
            "('none', 0), ('avg_pool_3x3', 1)", "('avg_pool_3x3', 1), ('none', 0)"
        ),
        NNI,
        NNI.replace("'", '"'),
        NNI.replace("'0_", "'cell/0_"),
        NASLIB,
        CELL.replace("nor_conv", "conv"),
        "nb201:(3, 0, 4, 1, 2, 1)",
        "NASLib: [2, 1, 0, 4, 3, 0]",
    ],
)  # fmt: skip
def test_notation_is_read(text: str) -> None:
    assert str(SPACE.parse(text)) == CELL


def test_order_of_naslib_is_its_own() -> None:
    """The example stands beside the conversion in a public user of NASLib."""
    assert str(SPACE.parse("naslib:(4, 0, 3, 1, 4, 3)")) == (
        "|avg_pool_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_1x1~2|"
    )


@given(cells, st.sampled_from([" ", "\n", "\t", "\u00a0"]), st.sampled_from("|+~"))
def test_blanks_around_the_parts_change_nothing(
    choices: tuple[int, ...], blank: str, mark: str
) -> None:
    arch = SPACE.architecture(choices)
    assert SPACE.parse(str(arch).replace(mark, f"{blank}{mark}{blank}")) == arch


@given(cells)
def test_every_cell_is_read_from_its_genotype(choices: tuple[int, ...]) -> None:
    arch = SPACE.architecture(choices)
    groups = [
        tuple((op, int(source)) for op, source in re.findall(r"(\w+)~(\d)", group))
        for group in str(arch).split("+")
    ]
    assert SPACE.parse(repr(groups)) == arch
    assert SPACE.parse(f"Structure({tuple(groups)!r})") == arch


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["(4, 0, 3, 1, 4, 3)", "[4, 0, 3, 1, 4, 3]", "[4 0 3 1 4 3]", "4,0,3,1,4,3",
             "tf:(4, 0, 3, 1, 4, 3)", "'(4, 0, 3, 1, 4, 3)'"]
)  # fmt: skip
def test_six_numbers_alone_are_refused_with_the_ways_to_say_whose(text: str) -> None:
    message = str(refused(text))
    assert "`naslib:(4, 0, 3, 1, 4, 3)`" in message
    assert "`nb201:(4, 0, 3, 1, 4, 3)`" in message


@pytest.mark.parametrize("text", ["naslib:(4, 0, 3)", "(4, 0, 3, 1, 4, 5)", "nb201:[1,2,3,4,0,10]"])
def test_numbers_that_are_no_cell_are_refused(text: str) -> None:
    assert "has six of them, each from 0 to 4" in str(refused(text))


@pytest.mark.parametrize(
    ("text", "words", "spot"),
    [
        (CELL.replace("|", "｜"), "found `｜` (U+FF5C)", "｜"),
        (CELL.replace("+", "\u200b+"), "(U+200B)", "\u200b"),
        (CELL[1:-1], "Expected `|` to open the group of node 1", "nor_conv"),
        (CELL.replace("+", ","), "Expected `+` before the group of node 2", ",|none"),
        (CELL.replace("|+|", "||"), "Expected `+` before the group of node 2", "|none"),
        (CELL.upper(), "Did you mean `nor_conv_3x3`?", "NOR_CONV_3X3"),
        (CELL.replace("none", "zeroise"), "is no NAS-Bench-201 operation", "zeroise"),
        (f"Structure(4 nodes with {CELL[:-1]})", "found the end", ")"),
        (f"[{GENOTYPE}]".replace("'none', 0", "'none', 3"), "no edge from node 3 to", "('none'"),
        (f"[{GENOTYPE}]".replace("'none', 0", "'none', 1"), "stands twice", "('avg_pool"),
        (f"[{GENOTYPE}]".replace("'none', 0", "'none', True"), "number of a node", "True"),
        (f"[{GENOTYPE}]".replace("'none', 0", "'none'"), "Expected", "'none'"),
        (NNI.replace("'2_3'", "'3_2'"), "no edge from node 3 to node 2", "'3_2'"),
        (NNI.replace("'0_3'", "'0_2'"), "from node 0 to node 2 stands twice", None),
        (NNI.replace("'conv_3x3'", "'conv3x3'"), "Did you mean `nor_conv_3x3`?", "'conv3x3'"),
        (NNI.replace("'conv_3x3'", "3"), "Expected the name of an operation", "3,"),
        ("{'0_1': 'none'}", "The edge from node 0 to node 2 is missing", "{"),
        ("['nor_conv_3x3', 'none', 'none', 'none', 'none', 'none']", "Six operations alone", "["),
        ("[", "These brackets cannot be read", None),
        ("{**{}}", "Expected an edge such as `'0_1'`", None),
        ("(é, {1}", "These brackets cannot be read", None),
    ],
)
def test_fault_is_named_and_pointed_at(text: str, words: str, spot: str | None) -> None:
    error = refused(text)
    assert words in str(error)
    if spot is not None:
        assert text.startswith(spot, error.position)


def test_fault_far_behind_is_still_shown() -> None:
    text = f"[{GENOTYPE}".ljust(700).replace("skip_connect", "skip_conect") + "]"
    shown, caret = str(refused(text)).splitlines()[-2:]
    assert len(shown) <= 202
    assert shown[caret.index("^") :].startswith("'skip_conect'")


def test_caret_counts_wide_characters_twice() -> None:
    shown, caret = str(refused("|ｎｏｎｅ~0|＋")).splitlines()[-2:]
    assert shown.startswith("  |ｎ")
    assert caret == "   ^"
    _, caret = str(refused("|none~0|＋ｘ|")).splitlines()[-2:]
    assert caret == " " * 10 + "^"


@pytest.mark.parametrize(
    "text",
    ["(" * 1900, "[" * 10**5, "Structure(" * 10**4 + ")" * 10**4, "'\"" * 10**4, "9 " * 10**5,
             "[\0]", "['\ud800']", "['\\d']", "a" * 10**6],
    ids=["parentheses", "brackets", "structures", "quotes", "numbers", "zero byte", "surrogate",
         "escape", "letters"],
)  # fmt: skip
def test_hostile_text_is_refused_shortly(text: str) -> None:
    assert len(str(refused(text))) < 1200


parts = st.sampled_from(
    ["|", "+", "~", "0", "1", " ", ",", "(", ")", "[", "]", "{", "}", ":", "'", '"', "'0_1'",
     "'none'", "none", "Structure(", "4 nodes with ", "naslib:", "nb201:", "-", "\\", "\n", "²"]
)  # fmt: skip


@given(st.text() | st.lists(parts, max_size=25).map("".join))
def test_any_text_is_a_cell_or_refused_in_words(text: str) -> None:
    position = 0
    try:
        arch = SPACE.parse(text)
    except InvalidArchitectureError as error:
        position = error.position
    else:
        assert SPACE.parse(str(arch)) == arch
    assert 0 <= position <= len(text)


@pytest.mark.parametrize(
    "text",
    ["np.array([4, 0, 3, 1, 4, 3])", "torch.tensor([4, 0, 3, 1, 4, 3], dtype=torch.int8)"],
)
def test_an_array_of_six_numbers_is_told_whose_order_to_name(text: str) -> None:
    assert "naslib:(4, 0, 3, 1, 4, 3)" in str(refused(text))


@pytest.mark.parametrize(
    "text",
    [
        "skip_connect none nor_conv_3x3 none none none",
        "skip_connect, none, nor_conv_3x3, none, none, none",
        "('skip_connect', 'none', 'nor_conv_3x3', 'none', 'none', 'none')",
    ],
)
def test_six_operations_alone_say_not_which_edges_they_are_on(text: str) -> None:
    assert "Six operations alone are no cell" in str(refused(text))


def test_operations_of_a_node_stand_in_any_order() -> None:
    ordered = "|none~0|+|none~0|skip_connect~1|+|none~0|skip_connect~1|nor_conv_1x1~2|"
    shuffled = "|none~0|+|skip_connect~1|none~0|+|nor_conv_1x1~2|none~0|skip_connect~1|"
    assert read_cell(shuffled) == read_cell(ordered)
    assert "source node 0" in str(refused(shuffled.replace("none~0|+|nor", "none~1|+|nor")))

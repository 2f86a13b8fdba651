"""How cells are written, numbered, drawn at random and derived."""

from __future__ import annotations

import re
from itertools import product

import pytest
import torch
from hypothesis import assume, example, given
from hypothesis import strategies as st

from nasbench_harness import registry
from nasbench_harness.contracts import Decision
from nasbench_harness.errors import InvalidArchitectureError
from nasbench_harness.spaces.nb201 import NB201

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
SPACE = NB201()
CELL = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|"
    "+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"
)

cells = st.tuples(*[st.integers(0, 4)] * 6)
positions = st.integers(0, len(CELL) - 1)


def fault(text: str) -> InvalidArchitectureError:
    with pytest.raises(InvalidArchitectureError) as caught:
        SPACE.parse(text)
    return caught.value


def token_start(position: int) -> int:
    """Where the bar, plus or `operation~node` of CELL around a position begins."""
    starts = [match.start() for match in re.finditer(r"[|+]|\w+~\d", CELL)]
    return max(start for start in starts if start <= position)


# --- the space ---------------------------------------------------------------------------------


def test_registry_opens_the_space_under_its_name() -> None:
    assert registry.open_space("nb201").name == "nb201"


def test_decisions_are_the_six_edges_in_string_order() -> None:
    names = [decision.name for decision in SPACE.decisions]
    assert names == ["1<-0", "2<-0", "2<-1", "3<-0", "3<-1", "3<-2"]


def test_every_decision_offers_the_five_operations_in_the_benchmarks_order() -> None:
    assert {decision.options for decision in SPACE.decisions} == {OPERATIONS}


def test_decisions_are_grouped_by_the_node_they_enter() -> None:
    assert [decision.group for decision in SPACE.decisions] == ["1", "2", "2", "3", "3", "3"]


def test_decisions_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        SPACE.decisions[0].name = "other"  # type: ignore[misc]
    assert isinstance(SPACE.decisions[0], Decision)


def test_mask_admits_everything() -> None:
    assert SPACE.mask.shape == (6, 5)
    assert SPACE.mask.dtype is torch.bool
    assert SPACE.mask.all()


# --- text and back -----------------------------------------------------------------------------


@given(cells)
def test_parse_inverts_format(choices: tuple[int, ...]) -> None:
    arch = SPACE.architecture(choices)
    assert SPACE.parse(str(arch)) == arch


def test_text_is_the_benchmarks_notation() -> None:
    assert str(SPACE.architecture((3, 3, 4, 1, 3, 1))) == CELL


def test_space_around_a_cell_is_ignored() -> None:
    assert SPACE.parse(f"  {CELL}\n") == SPACE.parse(CELL)


def test_equal_choices_are_equal_architectures() -> None:
    assert {SPACE.parse(CELL), SPACE.architecture((3, 3, 4, 1, 3, 1))} == {SPACE.parse(CELL)}


@pytest.mark.parametrize(
    "choices", [(), (0,) * 5, (0,) * 7, (0, 0, 0, 0, 0, 5), (-1, 0, 0, 0, 0, 0)]
)
def test_choices_out_of_range_are_refused(choices: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="six numbers from 0 to 4"):
        SPACE.architecture(choices)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        pytest.param("", 0, id="empty"),
        pytest.param("   ", 0, id="blank"),
        pytest.param(CELL[1:], 0, id="no opening bar"),
        pytest.param(CELL[:-1], len(CELL) - 1, id="no closing bar"),
        pytest.param(CELL + "|", len(CELL), id="one bar too many"),
        pytest.param(CELL + " again", len(CELL), id="trailing text"),
        pytest.param(CELL.replace("avg_pool_3x3", "max_pool_3x3"), 33, id="wrong operation"),
        pytest.param(CELL.replace("avg_pool_3x3", ""), 33, id="no operation"),
        pytest.param(CELL.replace("|+|", "||", 1), 16, id="no plus"),
        pytest.param(CELL.replace("~0|+", "~0+", 1), 15, id="no bar after an operation"),
        pytest.param(CELL.replace("avg_pool_3x3~1", "avg_pool_3x3"), 45, id="no source"),
        pytest.param(CELL.split("|+|skip", maxsplit=1)[0] + "|", 48, id="no third group"),
        pytest.param("nor_conv_3x3", 0, id="a bare operation"),
    ],
)  # fmt: skip
def test_fault_is_pointed_at(text: str, position: int) -> None:
    assert fault(text).position == position


@pytest.mark.parametrize("wrong", ["~0", "~2", "~9", "~x"])
def test_wrong_source_is_pointed_at(wrong: str) -> None:
    text = CELL.replace("avg_pool_3x3~1", f"avg_pool_3x3{wrong}")
    assert fault(text).position in (45, 46)  # the tilde or the number after it


def test_caret_stands_under_the_fault() -> None:
    error = fault(CELL.replace("avg_pool_3x3", "max_pool_3x3"))
    shown, caret = str(error).splitlines()[-2:]
    assert shown[caret.index("^") :].startswith("max_pool_3x3")


def test_message_counts_characters_from_one() -> None:
    assert "at character 34 " in str(fault(CELL.replace("avg_pool_3x3", "max_pool_3x3")))


def test_misspelt_operation_gets_the_nearest_name() -> None:
    error = fault(CELL.replace("skip_connect~2", "skip_conect~2"))
    assert "Did you mean `skip_connect`?" in str(error)


def test_message_of_a_long_text_stays_short() -> None:
    assert len(str(fault(CELL * 1000))) < 1000


@given(positions)
def test_missing_character_is_pointed_at(position: int) -> None:
    found = fault(CELL[:position] + CELL[position + 1 :]).position
    assert token_start(position) <= found <= position


@given(positions, st.characters())
def test_wrong_character_is_pointed_at(position: int, wrong: str) -> None:
    assume(wrong != CELL[position])
    assume(not (wrong.isspace() and position in (0, len(CELL) - 1)))
    found = fault(CELL[:position] + wrong + CELL[position + 1 :]).position
    assert token_start(position) <= found <= position + wrong.isspace()


@given(st.text())
@example("\x00")
@example("|none~0|+|none~0|none~1|+|none~0|none~1|none~２|")
def test_any_text_is_refused_in_words(text: str) -> None:
    assert 0 <= fault(text).position <= len(text)


@given(st.lists(st.sampled_from([*OPERATIONS, "|", "+", "~", "0", "1", "2", "~0|", "|+|"])))
def test_any_tokens_are_refused_in_words(tokens: list[str]) -> None:
    text = "".join(tokens)
    assert 0 <= fault(text).position <= len(text)


@given(st.lists(st.sampled_from(OPERATIONS), min_size=6, max_size=6), st.text("|+", max_size=3))
def test_what_parses_is_the_text_itself(operations: list[str], tail: str) -> None:
    a, b, c, d, e, f = operations
    text = f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|{tail}"
    if tail:
        assert fault(text).position == len(text) - len(tail)
    else:
        assert str(SPACE.parse(text)) == text


# --- numbers -----------------------------------------------------------------------------------


def test_enumerate_runs_with_the_first_edge_slowest() -> None:
    assert [a.choices for a in SPACE.enumerate()] == list(product(range(5), repeat=6))


def test_rank_is_the_position_in_enumerate() -> None:
    assert [SPACE.rank(a) for a in SPACE.enumerate()] == list(range(SPACE.size))


def test_index_inverts_at_index_for_every_cell() -> None:
    assert [SPACE.index(SPACE.at_index(i)) for i in range(15_625)] == list(range(15_625))


def test_every_cell_has_an_index_of_its_own() -> None:
    assert len({SPACE.at_index(i) for i in range(15_625)}) == 15_625


@pytest.mark.parametrize(
    ("index", "choices"),
    [(0, (4, 2, 1, 2, 1, 1)), (9, (4, 0, 0, 1, 0, 3)), (11472, (3, 0, 3, 1, 0, 1)),
     (13714, (3, 3, 3, 1, 2, 3))],
)  # fmt: skip
def test_index_is_the_benchmarks(index: int, choices: tuple[int, ...]) -> None:
    assert SPACE.at_index(index).choices == choices


@pytest.mark.parametrize("index", [-1, 15_625, 10**9])
def test_index_out_of_range_is_refused(index: int) -> None:
    with pytest.raises(IndexError, match="0 to 15624"):
        SPACE.at_index(index)


def test_numbering_leaves_the_global_generator_alone() -> None:
    import random

    from nasbench_harness.spaces.nb201 import encoding

    encoding._official_order.cache_clear()
    before = random.getstate()
    encoding.cell_at(0)
    assert random.getstate() == before


# --- neighbours --------------------------------------------------------------------------------


@given(cells)
def test_a_cell_has_24_neighbours(choices: tuple[int, ...]) -> None:
    assert len(set(SPACE.neighbours(SPACE.architecture(choices)))) == 24


@given(cells)
def test_a_neighbour_differs_in_exactly_one_decision(choices: tuple[int, ...]) -> None:
    for neighbour in SPACE.neighbours(SPACE.architecture(choices)):
        assert sum(a != b for a, b in zip(choices, neighbour.choices, strict=True)) == 1


@given(cells)
def test_neighbours_are_mutual(choices: tuple[int, ...]) -> None:
    arch = SPACE.architecture(choices)
    assert all(arch in SPACE.neighbours(neighbour) for neighbour in SPACE.neighbours(arch))


# --- derivation and sampling -------------------------------------------------------------------


@given(cells)
def test_derive_of_one_hot_is_the_cell(choices: tuple[int, ...]) -> None:
    scores = torch.nn.functional.one_hot(torch.tensor(choices), 5).double()
    assert SPACE.derive(scores).choices == choices


@given(st.lists(st.permutations([-2.0, 0.0, 0.125, 0.25, 3.0]), min_size=6, max_size=6))
def test_derive_takes_the_largest_score_of_every_edge(rows: list[list[float]]) -> None:
    assert SPACE.derive(torch.tensor(rows)).choices == tuple(row.index(3.0) for row in rows)


def test_derive_may_choose_none() -> None:
    scores = torch.eye(5)[torch.zeros(6, dtype=torch.long)]
    assert SPACE.derive(scores).choices == (0,) * 6


def test_sample_repeats_with_its_generator() -> None:
    first, second = (torch.Generator().manual_seed(7) for _ in range(2))
    drawn = [SPACE.sample(first) for _ in range(20)]
    assert drawn == [SPACE.sample(second) for _ in range(20)]


def test_sample_differs_between_seeds() -> None:
    drawn = {SPACE.sample(torch.Generator().manual_seed(seed)) for seed in range(50)}
    assert len(drawn) > 45


def test_sample_draws_every_operation_of_every_edge_alike() -> None:
    generator = torch.Generator().manual_seed(0)
    drawn = torch.tensor([SPACE.sample(generator).choices for _ in range(4000)])
    counts = torch.stack([(drawn == option).sum(dim=0) for option in range(5)])
    spread = (4000 * 0.2 * 0.8) ** 0.5
    assert ((counts - 800).abs() < 5 * spread).all()


def test_sample_draws_edges_independently() -> None:
    generator = torch.Generator().manual_seed(1)
    drawn = torch.tensor([SPACE.sample(generator).choices for _ in range(4000)]).double()
    correlation = torch.corrcoef(drawn.T) - torch.eye(6)
    assert correlation.abs().max() < 5 / 4000**0.5


def test_sample_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    SPACE.sample(torch.Generator().manual_seed(3))
    assert torch.equal(torch.get_rng_state(), before)

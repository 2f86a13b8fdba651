"""Which two edges of a node are kept, on preferences where the rules differ."""

from __future__ import annotations

import torch
from torch import Tensor

from nasbench_harness.spaces.darts import open_darts
from nasbench_harness.spaces.darts.encoding import Edge
from nasbench_harness.spaces.darts.space import DARTSSpace


def preferences(space: DARTSSpace, **rows: dict[str, float]) -> Tensor:
    """Zeros but for some operations of some edges of the normal cell, `e3_0` for 3<-0."""
    scores = torch.zeros(space.mask.shape)
    for edge, values in rows.items():
        target, source = map(int, edge.removeprefix("e").split("_"))
        place = space.variant.decision("normal", target, source)
        for name, value in values.items():
            scores[place, space.variant.options[place].index(name)] = value
    return scores


def node(space: DARTSSpace, scores: Tensor, number: int) -> tuple[Edge, Edge]:
    return space.cells(space.derive(scores))["normal"][number - 2]


def test_edges_are_ranked_by_their_best_operation_other_than_none() -> None:
    """By none the first would win, and by what all operations have together the third."""
    space = open_darts()
    scores = preferences(
        space,
        e4_0={"none": 0.9, "skip_connect": 0.1},
        e4_1={"none": 0.1, "sep_conv_3x3": 0.5, "dil_conv_3x3": 0.4},
        e4_2={"sep_conv_3x3": 0.34, "dil_conv_3x3": 0.33, "max_pool_3x3": 0.33},
        e4_3={"none": 0.6, "dil_conv_5x5": 0.4},
    )
    assert node(space, scores, 4) == (Edge(1, "sep_conv_3x3"), Edge(3, "dil_conv_5x5"))


def test_of_equals_the_lower_source_and_the_first_operation() -> None:
    space = open_darts()
    even = space.mask.float() / space.mask.sum(dim=1, keepdim=True)
    assert node(space, even, 5) == (Edge(0, "max_pool_3x3"), Edge(1, "max_pool_3x3"))


def test_an_edge_has_one_operation_however_strong_its_second() -> None:
    space = open_darts()
    scores = preferences(
        space,
        e3_0={"sep_conv_3x3": 0.5, "sep_conv_5x5": 0.45},
        e3_1={"skip_connect": 0.3},
        e3_2={"skip_connect": 0.2},
    )
    assert node(space, scores, 3) == (Edge(0, "sep_conv_3x3"), Edge(1, "skip_connect"))


def test_where_an_input_may_be_taken_twice_paths_are_ranked() -> None:
    space = open_darts("unas")
    scores = preferences(
        space,
        e3_0={"sep_conv_3x3": 0.9, "sep_conv_5x5": 0.8},
        e3_1={"skip_connect": 0.3},
    )
    assert node(space, scores, 3) == (Edge(0, "sep_conv_3x3"), Edge(0, "sep_conv_5x5"))
    scores = preferences(space, e3_0={"sep_conv_3x3": 1.6}, e3_1={"skip_connect": 0.4})
    assert node(space, scores, 3) == (Edge(0, "sep_conv_3x3"), Edge(0, "sep_conv_3x3"))

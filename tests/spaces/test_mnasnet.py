"""The space of Accel-NASBench: notation, architectures, drawing."""

from __future__ import annotations

import math

import matplotlib.pyplot as plt
import pytest
import torch

from nasbench_harness.errors import InvalidArchitectureError
from nasbench_harness.spaces.mnasnet.space import MnasNet
from nasbench_harness.testing import check_space

TEXT = "e6k3l1-e4k5l2se-e1k3l3-e6k5l3-e6k5l2-e1k3l4se-e1k3l2"
LISTS = (
    "[[6, 4, 1, 6, 6, 1, 1], [3, 5, 3, 5, 5, 3, 3], [1, 2, 3, 3, 2, 4, 2],"
    " [False, True, False, False, False, True, False]]"
)


@pytest.fixture(scope="module")
def space() -> MnasNet:
    return MnasNet()


def test_it_keeps_the_contract_of_a_space(space: MnasNet) -> None:
    check_space(space)


def test_there_are_28_decisions_and_10_to_the_11_networks(space: MnasNet) -> None:
    counts = [len(decision.options) for decision in space.decisions]
    assert len(counts) == 28
    assert math.prod(counts) == 36**6 * 48 == 104_485_552_128
    assert [d.name for d in space.decisions[20:24]] == [
        "block5_e", "block5_k", "block5_l", "block5_se",
    ]  # fmt: skip
    assert space.decisions[22].options == ("layers1", "layers2", "layers3", "layers4")


def test_a_network_is_written_block_by_block(space: MnasNet) -> None:
    arch = space.parse(TEXT)
    assert str(arch) == TEXT
    assert arch.choices[:8] == (2, 0, 0, 0, 1, 1, 1, 1)
    assert space.describe(arch) == {"depth": 17}


def test_the_lists_of_the_benchmark_s_own_example_are_read(space: MnasNet) -> None:
    assert space.parse(LISTS) == space.parse(TEXT)


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("e6k3l1", 0, "1 blocks with `-` between where there are 7"),
        (TEXT.replace("e4k5l2se", "e4k5"), 7, "a block is written e6k3l1"),
        (TEXT.replace("e1k3l3", "e2k3l3"), 16, "block2_e is one of e1, e4, e6"),
        (TEXT.replace("e6k3l1", "e6k3l4"), 0, "block0_l is one of layers1, layers2"),
        ("[[6], [3], [1], [True]]", 0, "expected four lists of 7"),
        ("[1, 2", 0, "expected four lists of 7"),
        (LISTS.replace("6, 4", "6, 5"), 0, "expected four lists of 7"),
    ],
)
def test_the_first_fault_is_pointed_at(text: str, position: int, said: str, space: MnasNet) -> None:
    with pytest.raises(InvalidArchitectureError, match=said.replace("[", r"\[")) as caught:
        space.parse(text)
    assert caught.value.position == position


def test_a_drawing_has_a_box_for_every_layer(space: MnasNet) -> None:
    figure, axes = plt.subplots()
    arch = space.sample(torch.Generator().manual_seed(0))
    space.draw(arch, axes)
    assert len(axes.patches) == space.describe(arch)["depth"]
    assert len(axes.texts) == 7
    plt.close(figure)

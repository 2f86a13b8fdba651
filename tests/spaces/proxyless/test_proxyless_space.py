"""The ProxylessNAS space: how its networks are written, and what they cost."""

from __future__ import annotations

import json

import pytest
import torch
from matplotlib.figure import Figure

from nasbench_harness.errors import InvalidArchitectureError, UnknownNameError
from nasbench_harness.spaces.proxyless import Proxyless
from nasbench_harness.spaces.proxyless.structure import skeleton, strides_kept
from nasbench_harness.testing import check_costs, check_space

SPACE = Proxyless()
UNAS = SPACE.parse("UNAS")


def test_it_keeps_the_contract_of_a_space() -> None:
    check_space(SPACE, samples=10)
    check_costs(SPACE)


def test_six_layers_have_six_options_and_fifteen_have_an_identity_before_them() -> None:
    counts = [len(decision.options) for decision in SPACE.decisions]
    assert [place + 1 for place, count in enumerate(counts) if count == 6] == [1, 5, 9, 13, 17, 21]
    assert sum(counts) == 141
    assert all(
        d.free == d.options[:1] == ("identity",) for d in SPACE.decisions if len(d.options) == 7
    )


@pytest.mark.parametrize(
    ("name", "params", "flops"),
    [("UNAS", 5_965_528, 428.02), ("ProxylessNAS-GPU", 7_119_848, 465.26)],
)
def test_published_networks_have_the_published_counts(name: str, params: int, flops: float) -> None:
    arch = SPACE.parse(name)
    assert SPACE.cost(arch, "params") == params
    assert round(SPACE.cost(arch, "flops") / 1e6, 2) == flops
    assert SPACE.describe(arch)["known_as"] == name


def test_the_network_of_unas_is_written_layer_by_layer() -> None:
    normal = [n for place, n in enumerate(str(UNAS).split("/")) if place % 4]
    assert normal == ["3x3_e3", *["identity"] * 5, *["3x3_e3"] * 6, *["7x7_e3"] * 3]
    widening = str(UNAS).split("/")[::4]
    assert widening == ["5x5_e3", "7x7_e3", "7x7_e3", "5x5_e3", "7x7_e6", "7x7_e6"]


@pytest.mark.parametrize(
    "written",
    [
        " unas ",
        json.dumps(str(UNAS).split("/")),
        repr(str(UNAS).split("/")),
        str(UNAS).replace("/", " | ").replace("identity", "id"),
        str(UNAS).replace("7x7_e3", "7x7_MBConv3").replace("identity", "zero"),
    ],
)
def test_other_ways_to_write_it_are_read(written: str) -> None:
    assert SPACE.parse(written) == UNAS


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("identity/" * 21, 0, "Layer 1 changes the width, so that it cannot be `identity`"),
        ("3x3_e3/3x3_e4", 7, "`3x3_e4` at character 8 is no option of layer 2. Did you mean"),
        ("3x3_e3/id", 9, "2 of 21 layers are there"),
        ("3x3_e3/" * 22, 147, "There are more than 21 layers"),
        ("3x5_mbconv3", 0, "is no option of layer 1"),
        ("  ", 0, "No layer is there"),
        ("UNAS2", 0, "Did you mean `UNAS`?"),
    ],
)
def test_the_first_fault_is_pointed_at(text: str, position: int, said: str) -> None:
    with pytest.raises(
        InvalidArchitectureError, match=said.replace(".", r"\.").replace("?", r"\?")
    ) as found:
        SPACE.parse(text)
    assert found.value.position == position


def test_costs_are_sums_over_the_layers_and_their_means_exact() -> None:
    generator = torch.Generator().manual_seed(0)
    for cost in SPACE.costs:
        assert cost.sum_of is not None
        added = cost.sum_of()
        archs = [SPACE.sample(generator) for _ in range(20)]
        assert all(added.of(a.choices) == SPACE.cost(a, cost.name) for a in archs)
        assert added.least() <= min(SPACE.cost(a, cost.name) for a in archs)
        one_hot = torch.stack([SPACE.weights(a).double() for a in archs])
        told = torch.tensor([SPACE.cost(a, cost.name) for a in archs], dtype=torch.float64)
        assert torch.allclose(added.expected(one_hot), told, rtol=1e-12)


@pytest.mark.parametrize("ask", [("energy", ""), ("params", "cifar10")])
def test_unknown_costs_and_data_sets_are_refused(ask: tuple[str, str]) -> None:
    with pytest.raises(UnknownNameError):
        SPACE.cost(UNAS, *ask)


# --- the skeleton ------------------------------------------------------------------------------


def test_widths_and_strides_are_the_published_ones() -> None:
    frame = skeleton(40, (224, 224))
    assert (frame.stem.outputs, frame.first.outputs, frame.tail.outputs) == (40, 24, 1728)
    layers = frame.layers
    changed = [(i + 1, one.outputs) for i, one in enumerate(layers) if one.inputs != one.outputs]
    assert changed == [(1, 32), (5, 56), (9, 112), (13, 128), (17, 256), (21, 432)]
    assert [i + 1 for i, one in enumerate(layers) if one.stride == 2] == [1, 5, 9, 17]
    assert frame.stem.stride == 2
    assert frame.tail.before == (7, 7)


@pytest.mark.parametrize(
    ("side", "kept", "left"),
    [(224, 5, 7), (97, 5, 4), (96, 4, 6), (32, 3, 4), (8, 1, 4), (3, 0, 3)],
)
def test_small_images_keep_the_last_strides(side: int, kept: int, left: int) -> None:
    frame = skeleton(40, (side, side))
    assert strides_kept(side) == kept
    strides = [frame.stem.stride, *(frame.layers[i].stride for i in (0, 4, 8, 16))]
    assert strides == [1] * (5 - kept) + [2] * kept
    assert frame.tail.before == (left, left)


def test_the_shorter_side_tells_how_many() -> None:
    assert skeleton(40, (8, 64)).tail.before == (4, 32)


def test_another_width_scales_all_and_leaves_one_channel_at_least() -> None:
    frame = skeleton(8, (8, 8))
    assert [frame.first.outputs, frame.layers[0].outputs, frame.tail.outputs] == [5, 6, 346]
    assert skeleton(1, (8, 8)).first.outputs == 1


def test_a_drawing_has_a_box_for_every_layer() -> None:
    axes = Figure().add_subplot()
    SPACE.draw(UNAS, axes)
    assert [t.get_text() for t in axes.texts].count("identity") == 5
    assert len(axes.patches) == 21 + 6

"""Its networks: stand-alone ones have the benchmark's parameters, the supernet holds them all."""

from __future__ import annotations

import itertools

import pytest
import torch

from nasbench_harness.contracts import Architecture, NetworkShape
from nasbench_harness.spaces.transnas101 import TransNAS101
from nasbench_harness.spaces.transnas101.network import LEAST_SIZE, FactorisedReduction
from nasbench_harness.testing import check_costs, check_networks
from nasbench_harness.training.settings import find_recipe, recipe_settings

SPACE = TransNAS101()
CLASSES = {"class_object": 100, "class_scene": 63}
PUBLISHED = SPACE.shapes.evaluation


def shape(classes: int = 3, size: int = 16, width: int = 4, cells: int = 2) -> NetworkShape:
    return NetworkShape(classes=classes, width=width, cells=cells, image_size=(size, size))


def parameters(arch: Architecture, published: NetworkShape) -> int:
    with torch.device("meta"):
        return sum(p.numel() for p in SPACE.network(arch, published).parameters())


def test_they_keep_the_contract() -> None:
    check_networks(SPACE)


@pytest.mark.parametrize("task", ["", *CLASSES, "jigsaw", "normal"])
def test_costs_keep_the_contract(task: str) -> None:
    check_costs(SPACE, dataset=task)


# --- parameters --------------------------------------------------------------------------------


@pytest.mark.parametrize("task", CLASSES)
def test_parameters_are_exact_where_one_edge_is_not_none(task: str) -> None:
    """Both sides are sums over the edges, so that these 19 cells tell all 4,096."""
    published = shape(CLASSES[task], 256, PUBLISHED.width, PUBLISHED.cells)
    cells = [(0,) * 6]
    cells += [
        tuple(option if place == edge else 0 for place in range(6))
        for edge, option in itertools.product(range(6), range(1, 4))
    ]
    for choices in cells:
        arch = SPACE.architecture(choices)
        assert parameters(arch, published) == SPACE.cost(arch, "params", task), arch


def test_parameters_are_exact_in_mixed_cells() -> None:
    published = shape(100, 256, PUBLISHED.width, PUBLISHED.cells)
    for digits in ("123123", "333333", "111111", "302112"):
        arch = SPACE.parse(digits)
        assert parameters(arch, published) == SPACE.cost(arch, "params", "class_object")


def test_small_images_change_no_parameter() -> None:
    arch = SPACE.parse("123123")
    sizes = {parameters(arch, shape(10, size)) for size in (8, 32, 64, 256)}
    assert len(sizes) == 1


# --- shapes ------------------------------------------------------------------------------------


def map_sizes(size: int, width: int = 4) -> list[int]:
    """Side of the map after the stem and after each cell, of one cell a module."""
    network = SPACE.network(SPACE.parse("123123"), shape(3, size, width, 1)).eval()
    sizes: list[int] = []
    for part in (network.stem, *network.cells):
        part.register_forward_hook(lambda _, __, made: sizes.append(made.shape[-1]))
    network(torch.randn(2, 3, size, size))
    return sizes


def test_maps_are_those_of_the_benchmark() -> None:
    assert map_sizes(256) == [64, 32, 32, 16, 16, 8]
    assert map_sizes(LEAST_SIZE) == [16, 8, 8, 4, 4, 2]


def test_small_images_keep_their_size_in_the_stem() -> None:
    assert map_sizes(32) == [32, 16, 16, 8, 8, 4]
    assert map_sizes(8) == [8, 4, 4, 2, 2, 1]


@pytest.mark.parametrize("size", [1, 7, 9, 65])
@pytest.mark.parametrize("digits", ["123123", "111111", "000000", "300000", "000010"])
def test_any_size_and_any_cell_gives_logits(size: int, digits: str) -> None:
    arch = SPACE.parse(digits)
    network = SPACE.network(arch, shape(5, size))
    assert network(torch.randn(4, 3, size, size)).shape == (4, 5)


@pytest.mark.parametrize("width", [1, 2, 5])
def test_narrow_networks_are_built(width: int) -> None:
    arch = SPACE.parse("123123")
    logits = SPACE.network(arch, shape(3, 16, width, 1))(torch.randn(4, 3, 16, 16))
    assert logits.shape == (4, 3)


def test_channels_of_a_published_network() -> None:
    network = SPACE.network(SPACE.parse("300000"), shape(3, 32, 64, 2))
    assert [cell.wide for cell in network.cells] == [
        128, 128, 128, 128, 256, 256, 256, 256, 512, 512,
    ]  # fmt: skip


def test_a_cell_without_a_path_answers_the_same_to_every_image() -> None:
    arch = next(arch for arch in SPACE.enumerate() if SPACE.flaw(arch) and arch.choices[0])
    logits = SPACE.network(arch, shape())(torch.randn(4, 3, 16, 16))
    assert torch.equal(logits, logits[:1].expand_as(logits))


def test_a_factorised_reduction_sees_every_pixel_of_the_two_diagonals() -> None:
    """Its first half those with even places, the second those with odd ones."""
    reduction = FactorisedReduction(1, torch.nn.BatchNorm2d(2)).eval()
    for conv in (reduction.even, reduction.odd):
        torch.nn.init.ones_(conv.weight)
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    made = reduction(x) * (1 + 1e-5) ** 0.5
    assert torch.allclose(made[0, 0], x[0, 0, ::2, ::2])
    assert torch.allclose(made[0, 1], x[0, 0, 1::2, 1::2])


# --- the supernet ------------------------------------------------------------------------------


def test_partial_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="partial channels do not fit"):
        SPACE.supernet(shape(), partial=2)


@pytest.mark.parametrize("track", [True, False])
def test_inherited_networks_give_the_supernets_logits(track: bool) -> None:
    torch.manual_seed(0)
    supernet = SPACE.supernet(shape(), track_running_stats=track)
    images = torch.randn(4, 3, 16, 16)
    supernet(images, torch.full((6, 4), 0.25))
    supernet.eval()
    for digits in ("123123", "111111", "302112", "000000", "313113"):
        arch = SPACE.parse(digits)
        chosen = SPACE.weights(arch)
        expected = supernet(images, chosen, chosen.bool())
        assert torch.allclose(SPACE.inherit(arch, supernet)(images), expected, atol=1e-5), digits


def test_the_weight_of_none_counts_for_nothing() -> None:
    torch.manual_seed(0)
    supernet = SPACE.supernet(shape()).eval()
    images, weights = torch.randn(2, 3, 16, 16), torch.rand(6, 4)
    other = weights.clone()
    other[:, 0] = 7
    assert torch.equal(supernet(images, weights), supernet(images, other))


# --- recipes -----------------------------------------------------------------------------------


def test_the_first_recipe_is_the_published_one() -> None:
    recipe = find_recipe(SPACE, None)
    settings = recipe_settings(SPACE, recipe)
    assert (settings.epochs, settings.batch_size, settings.learning_rate) == (25, 128, 0.1)
    assert (settings.width, settings.cells) == (64, 2)
    assert recipe.seeds == (666,)


def test_the_quick_recipe_is_small() -> None:
    settings = recipe_settings(SPACE, find_recipe(SPACE, "quick"))
    assert (settings.width, settings.cells) == (16, 1)

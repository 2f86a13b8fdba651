"""The stand-alone networks: where cells stand, second classifier, drop path, what is possible."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, cross_entropy

from nasbench_harness.contracts import AuxiliaryHead, DropPath, NetworkShape, SmoothedLoss
from nasbench_harness.spaces.darts import open_darts
from nasbench_harness.spaces.darts.auxiliary import AuxiliaryClassifier
from nasbench_harness.spaces.darts.encoding import INPUTS, SKIP, CellEdges, Edge
from nasbench_harness.spaces.darts.network import DiscreteCell, EvaluationNetwork, drop
from nasbench_harness.spaces.darts.places import CellPlace, is_large, places
from nasbench_harness.spaces.darts.variants import VARIANTS

SPACE = open_darts()
TINY = NetworkShape(classes=3, width=4, cells=3, in_channels=1, image_size=(8, 8))
SMALL = NetworkShape(classes=3, width=4, cells=3, image_size=(32, 32))


def network_of(shape: NetworkShape = TINY, name: str = "DARTS_V2") -> EvaluationNetwork:
    torch.manual_seed(0)
    return SPACE.network(SPACE.parse(name), shape)


def batch(shape: NetworkShape = TINY, images: int = 5) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    pixels = torch.randn(images, shape.in_channels, *shape.image_size, generator=generator)
    return pixels, torch.randint(shape.classes, (images,), generator=generator)


def sides_behind(network: EvaluationNetwork, images: Tensor) -> list[tuple[int, ...]]:
    seen: list[tuple[int, ...]] = []
    for cell in network.cells:
        cell.register_forward_hook(lambda _module, _given, made: seen.append(made.shape[1:]))
    network(images)
    return seen


# --- where cells stand --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "reducing"), [(20, [6, 13]), (14, [4, 9]), (8, [2, 5]), (3, [1, 2]), (1, [0])]
)
def test_cells_a_third_and_two_thirds_of_the_way_reduce(cells: int, reducing: list[int]) -> None:
    chain = list(places(replace(SMALL, cells=cells), 4, ("normal", "reduce")))
    assert [place.kind == "reduce" for place in chain] == [n in reducing for n in range(cells)]
    assert [place.channels for place in chain] == [
        4 * 2 ** sum(n >= reduces for reduces in reducing) for n in range(cells)
    ]


def test_networks_of_one_type_of_cell_do_not_reduce() -> None:
    chain = list(places(replace(SMALL, cells=6), 8, ("normal",)))
    assert {(place.kind, place.channels, place.stride) for place in chain} == {("normal", 4, 1)}


def test_maps_shrink_and_widen_where_cells_reduce() -> None:
    network = network_of(replace(SMALL, cells=5))
    assert sides_behind(network, batch(SMALL)[0]) == [
        (16, 32, 32), (32, 16, 16), (32, 16, 16), (64, 8, 8), (64, 8, 8),
    ]  # fmt: skip


def test_large_images_come_to_the_first_cell_at_an_eighth() -> None:
    shape = replace(SMALL, image_size=(96, 104))
    network = network_of(shape)
    first = network.cells[0]
    assert isinstance(first, DiscreteCell)
    assert first.before_last(torch.zeros(1, 4, 24, 26)).shape == (1, 4, 12, 13)
    assert sides_behind(network, batch(shape)[0])[0] == (16, 12, 13)


@pytest.mark.parametrize(("sides", "large"), [((96, 96), True), ((95, 200), False)])
def test_the_shorter_side_tells_the_stem(sides: tuple[int, int], *, large: bool) -> None:
    assert is_large(replace(SMALL, image_size=sides)) is large


# --- what is possible ---------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS)
def test_tiny_images_are_told_apart(variant: str) -> None:
    space = open_darts(variant)
    images, labels = batch()
    network = space.network(space.sample(torch.Generator().manual_seed(2)), TINY)
    network.add_auxiliary(0.4)
    loss, logits = network.loss(images, labels)
    loss.backward()
    assert logits.shape == (5, 3)
    learned = [name for name, p in network.named_parameters() if p.grad is not None]
    assert {"classifier.weight", "auxiliary.classifier.weight"} <= set(learned)


@pytest.mark.parametrize("sides", [(1, 1), (5, 9), (28, 28), (33, 32)])
@pytest.mark.parametrize("cells", [1, 2, 4])
def test_odd_and_oblong_images_pass(cells: int, sides: tuple[int, int]) -> None:
    shape = replace(TINY, cells=cells, image_size=sides)
    network = network_of(shape, "DARTS_V1")
    network.add_auxiliary(0.4)
    loss, logits = network.loss(*batch(shape))
    assert logits.shape == (5, 3)
    assert loss.isfinite()


def test_odd_widths_are_halved_nowhere_but_in_large_images() -> None:
    assert network_of(replace(TINY, width=7))(batch()[0]).shape == (5, 3)
    with pytest.raises(ValueError, match="a width of 7 channels cannot be halved; take an even"):
        network_of(replace(SMALL, width=7, image_size=(96, 96)))


# --- cells --------------------------------------------------------------------------------------


def test_a_node_is_the_sum_of_its_two_operations_and_a_cell_joins_its_nodes() -> None:
    cell = SPACE.cells(SPACE.parse("DARTS_V2"))["normal"]
    built = DiscreteCell(cell, CellPlace("normal", 5, 7, 4, False, 1)).eval()
    before_last, last = torch.randn(2, 5, 6, 6), torch.randn(2, 7, 6, 6)
    states = [built.before_last(before_last), built.last(last)]
    operations = list(built.operations)
    for node, (first, second) in enumerate(cell):
        one, other = operations[2 * node : 2 * node + 2]
        states.append(one(states[first.source]) + other(states[second.source]))
    joined = torch.cat(states[INPUTS:], dim=1)
    torch.testing.assert_close(built(before_last, last, 0.0), joined)


# --- second classifier --------------------------------------------------------------------------


def test_networks_have_what_trainings_may_ask_for() -> None:
    network = network_of()
    assert isinstance(network, AuxiliaryHead)
    assert isinstance(network, DropPath)
    assert isinstance(network, SmoothedLoss)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_that_of_both_classifiers(smoothing: float) -> None:
    network = network_of()
    network.add_auxiliary(0.4)
    network.label_smoothing = smoothing
    images, labels = batch()
    seen: list[Tensor] = []
    assert network.auxiliary is not None
    network.auxiliary.register_forward_hook(lambda _module, _given, made: seen.append(made))
    loss, logits = network.loss(images, labels)
    own, second = (
        cross_entropy(told, labels, label_smoothing=smoothing) for told in (logits, seen[0])
    )
    torch.testing.assert_close(loss, own + 0.4 * second)


def test_only_training_sees_the_second_classifier() -> None:
    network = network_of().eval()
    images, labels = batch()
    before = network(images)
    network.add_auxiliary(0.4)
    network.eval()
    loss, logits = network.loss(images, labels)
    assert logits.equal(before)
    torch.testing.assert_close(loss, cross_entropy(logits, labels))


@pytest.mark.parametrize(("side", "step", "large"), [(8, 3, False), (7, 2, True)])
def test_maps_of_published_networks_are_pooled_as_published(
    side: int, step: int, *, large: bool
) -> None:
    classifier = AuxiliaryClassifier(6, 10, large=large)
    seen: list[Tensor] = []
    classifier.features.register_forward_hook(lambda _module, given, _made: seen.append(given[0]))
    maps = torch.randn(2, 6, side, side)
    assert classifier(maps).shape == (2, 10)
    torch.testing.assert_close(seen[0], avg_pool2d(maps.relu(), 5, stride=step))


def test_parameters_of_second_classifiers() -> None:
    def parameters(module: nn.Module) -> int:
        return sum(parameter.numel() for parameter in module.parameters())

    shared = 576 * 128 + 2 * 128 + 128 * 768 * 4
    assert parameters(AuxiliaryClassifier(576, 10, large=False)) == shared + 2 * 768 + 7690
    assert parameters(AuxiliaryClassifier(576, 1000, large=True)) == shared + 769_000


# --- drop path ----------------------------------------------------------------------------------


def test_all_of_an_image_is_dropped_or_nothing_and_the_mean_stays() -> None:
    torch.manual_seed(0)
    dropped = drop(torch.ones(4000, 2, 3, 3), 0.25)
    values = dropped.flatten(1)
    assert values.eq(values[:, :1]).all()
    torch.testing.assert_close(values.unique(), torch.tensor([0.0, 1 / 0.75]))
    assert abs(float(dropped.mean()) - 1) < 0.05


def skipping() -> EvaluationNetwork:
    """Of one cell in which every edge is an identity."""
    space = open_darts("single_cell")
    node = (Edge(0, SKIP), Edge(1, SKIP))
    cells: dict[str, CellEdges] = {"normal": (node,) * 8}
    return space.network(space.architecture(cells), replace(TINY, cells=1))


def test_identities_are_never_dropped() -> None:
    network = skipping()
    images = batch()[0]
    before = network(images)
    network.drop_path = 0.99
    network.begin_epoch(0.9)
    assert network(images).equal(before)


def test_paths_are_dropped_in_proportion_to_the_epochs_and_only_in_training() -> None:
    network = network_of()
    images = batch()[0]
    whole = network(images)
    network.drop_path = 0.9
    network.begin_epoch(0.0)
    assert network(images).equal(whole)
    network.begin_epoch(0.5)
    cell = cast("DiscreteCell", network.cells[0])
    seen: list[float] = []
    cell.register_forward_pre_hook(lambda _module, given: seen.append(given[2]))
    assert not network(images).equal(whole)
    assert seen == [0.45]
    network.eval()
    assert network(images).equal(network(images))

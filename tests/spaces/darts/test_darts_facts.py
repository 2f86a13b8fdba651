"""Sizes of published networks, exactly: by formula, and of the modules themselves."""

from __future__ import annotations

import csv
import gzip
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import torch
from torch import nn

from nasbench_harness.contracts import NetworkShape
from nasbench_harness.spaces.darts import open_darts
from nasbench_harness.spaces.darts.costs import count
from nasbench_harness.spaces.darts.encoding import DILATED, SEPARABLE, SKIP, CellEdges
from nasbench_harness.spaces.darts.places import places
from nasbench_harness.spaces.darts.space import DARTSSpace
from nasbench_harness.spaces.darts.variants import VARIANTS

CIFAR = NetworkShape(classes=10, width=36, cells=20)
CIFAR100 = NetworkShape(classes=100, width=36, cells=20)
IMAGENET = NetworkShape(classes=1000, width=48, cells=14, image_size=(224, 224))
UNAS_IMAGENET = NetworkShape(classes=1000, width=46, cells=14, image_size=(224, 224))

PUBLISHED = {  # parameters, millions of multiply-adds to their last digit
    ("DARTS_V1", CIFAR): (3_169_414, 500.99),
    ("DARTS_V2", CIFAR): (3_349_342, 528.36),
    ("DARTS_V2", CIFAR100): (3_401_272, None),
    ("DARTS_V2", IMAGENET): (4_718_752, 529.91),
    ("DrNAS_cifar10", CIFAR): (4_099_294, 635.14),
    ("DrNAS_imagenet", IMAGENET): (5_726_368, 624.41),
    ("PC_DARTS_cifar", CIFAR): (3_634_678, 556.67),
    ("PC_DARTS_image", IMAGENET): (5_342_464, 581.63),
    ("UNAS_CIFAR10", CIFAR): (3_330_766, 516.30),
    ("UNAS_CIFAR100", CIFAR100): (4_067_200, None),
    ("UNAS_IMAGENET", UNAS_IMAGENET): (5_073_949, 548.60),
}


def space_of(name: str) -> DARTSSpace:
    return open_darts("unas" if name.startswith("UNAS") else "regular")


@pytest.mark.parametrize(("name", "shape"), PUBLISHED)
def test_published_networks_have_their_published_sizes(name: str, shape: NetworkShape) -> None:
    params, flops = PUBLISHED[name, shape]
    space = space_of(name)
    counted = count(space.cells(space.parse(name)), shape)
    assert counted.params == params
    assert flops is None or round(counted.flops / 1e6, 2) == flops


def test_multiply_adds_of_the_second_darts_cell() -> None:
    space = open_darts()
    assert space.cost(space.parse("DARTS_V2"), "flops", "cifar10") == 528_359_040


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_auxiliary_classifier_adds_what_it_does_in_the_authors_code() -> None:
    space = open_darts()
    network = space.network(space.parse("DARTS_V2"), CIFAR)
    assert parameters(network) == 3_349_342
    network.add_auxiliary(0.4)
    assert parameters(network) == 3_825_768


def small(classes: int = 7, side: int = 32) -> NetworkShape:
    return NetworkShape(classes=classes, width=4, cells=5, image_size=(side, side))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("side", [32, 96])
def test_formula_and_modules_agree(variant: str, side: int) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    space = open_darts(variant)
    shape = small(side=side)
    generator = torch.Generator().manual_seed(5)
    for _ in range(2):
        arch = space.sample(generator)
        network = space.network(arch, shape).eval()
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            logits = network(torch.zeros(1, 3, side, side))
        assert logits.shape == (1, 7)
        counted = count(space.cells(arch), shape)
        assert counted.params == parameters(network)
        assert 2 * counted.flops == counter.get_total_flops()


def rows(data: Path, name: str) -> Iterator[dict[str, str]]:
    with gzip.open(data / "more" / name, "rt", newline="") as file:
        yield from csv.DictReader(file)


def test_parameters_of_545_trained_networks(reference_data: Path) -> None:
    space = open_darts()
    file = "darts_once545/oncenas_dartsbench_545.csv.gz"
    seen = 0
    for row in rows(reference_data, file):
        arch = space.parse(row["architecture"])
        assert space.cost(arch, "params", "cifar10") == round(1e6 * float(row["params"]))
        seen += 1
    assert seen == 545


def learned_by_norms(cells: Mapping[str, CellEdges], shape: NetworkShape) -> int:
    """Parameters of the batch norms of all operations."""
    norms = dict.fromkeys(SEPARABLE, 2) | dict.fromkeys(DILATED, 1)
    total = 0
    for place in places(shape, 4, tuple(cells)):
        for source, operation in itertools.chain(*cells[place.kind]):
            halves = operation == SKIP and place.stride == 2 and source < 2
            total += 2 * place.channels * (norms.get(operation, 0) + halves)
    return total


def test_parameters_of_725_smaller_networks(reference_data: Path) -> None:
    """Batch norms of operations, not those before them, learn nothing in NASLib's networks."""
    space = open_darts()
    shape = NetworkShape(classes=10, width=32, cells=8)
    seen = 0
    for row in rows(reference_data, "darts_nb301_proxies/nb301_725_surrogate_and_proxies.csv.gz"):
        cells = space.cells(space.parse(f"naslib: {row['arch']}"))
        counted = count(cells, shape).params - learned_by_norms(cells, shape)
        assert counted == round(1e6 * float(row["params"]))
        seen += 1
    assert seen == 725

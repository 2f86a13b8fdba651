"""Costs of DARTS networks by formula: data sets, oblong images, no torch."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from nasbench_harness.contracts import NetworkShape
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.spaces.darts import open_darts
from nasbench_harness.spaces.darts.costs import count
from nasbench_harness.testing import check_costs

SPACE = open_darts()
V2 = SPACE.parse("DARTS_V2")


def test_costs_keep_the_contract() -> None:
    check_costs(SPACE)


@pytest.mark.parametrize(
    ("dataset", "params"),
    [("", 3_349_342), ("cifar10", 3_349_342), ("cifar100", 3_401_272), ("imagenet", 4_718_752)],
)
def test_a_data_set_has_its_classes_and_its_published_size(dataset: str, params: int) -> None:
    assert SPACE.cost(V2, "params", dataset) == params


def test_variants_have_sizes_of_their_own() -> None:
    wide = open_darts("wide")
    shape = NetworkShape(classes=10, width=18, cells=4)
    arch = wide.parse("DARTS_V2")
    assert wide.cost(arch, "params", "cifar10") == count(wide.cells(arch), shape).params


@pytest.mark.parametrize("sides", [(33, 20), (97, 130)])
def test_oblong_images_are_counted_as_they_are(sides: tuple[int, int]) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    shape = NetworkShape(classes=3, width=4, cells=4, in_channels=2, image_size=sides)
    network = SPACE.network(V2, shape).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, 2, *sides))
    counted = count(SPACE.cells(V2), shape)
    assert 2 * counted.flops == counter.get_total_flops()
    assert counted.params == sum(parameter.numel() for parameter in network.parameters())


def test_size_of_images_costs_multiply_adds_alone() -> None:
    small = NetworkShape(classes=3, width=4, cells=4, image_size=(8, 8))
    large = replace(small, image_size=(16, 16))
    one, other = (count(SPACE.cells(V2), shape) for shape in (small, large))
    assert one.params == other.params
    features = 4 * 16 * 3  # of the classifier, which sees means
    assert 4 * (one.flops - features) == other.flops - features


@pytest.mark.parametrize(("what", "dataset"), [("latency", "cifar10"), ("params", "svhn")])
def test_what_is_not_known_is_told(what: str, dataset: str) -> None:
    with pytest.raises(UnknownNameError, match=r"of `darts` called `(latency|svhn)`"):
        SPACE.cost(V2, what, dataset)


def test_costs_need_no_torch() -> None:
    code = (
        "import sys; from nasbench_harness.spaces.darts import open_darts; s = open_darts();"
        "a = s.parse('DARTS_V2'); s.describe(a); s.cost(a, 'flops', 'imagenet');"
        "print([n for n in ('numpy', 'pandas', 'torch', 'matplotlib') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""Parameters and multiply-adds, derived here once more from the network itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbench_harness.errors import UnknownNameError
from nasbench_harness.spaces.nb201 import NB201

SPACE = NB201()
CLASSES = {"cifar10": 10, "cifar100": 100, "imagenet16-120": 120}
SIDE = {"cifar10": 32, "cifar100": 32, "imagenet16-120": 16}
NONE, SKIP, CONV1, CONV3, POOL = range(5)
RESNET_LIKE = (CONV3, NONE, CONV3, SKIP, NONE, SKIP)

cells = st.tuples(*[st.integers(0, 4)] * 6)
datasets = st.sampled_from(sorted(CLASSES))


def convolutions(choices: tuple[int, ...]) -> Iterator[tuple[int, int, int, int]]:
    """(channels in, channels out, kernel, halvings of the image) of every convolution."""
    yield 3, 16, 3, 0
    for stage, channels in enumerate((16, 32, 64)):
        if stage:
            half = channels // 2
            yield half, channels, 3, stage
            yield channels, channels, 3, stage
            yield half, channels, 1, stage
        for _ in range(5):
            for choice in choices:
                if choice in (CONV1, CONV3):
                    yield channels, channels, 1 if choice == CONV1 else 3, stage


def params(choices: tuple[int, ...], dataset: str) -> int:
    """Convolutions, two numbers per batch-norm channel, and the classifier."""
    weights = sum(a * b * k * k for a, b, k, _ in convolutions(choices))
    # Every convolution is followed by a batch norm but the two shortcuts that halve the image.
    norms = sum(2 * b for a, b, k, _ in convolutions(choices) if not (k == 1 and a != b))
    last_norm, classifier = 2 * 64, 64 * CLASSES[dataset] + CLASSES[dataset]
    return weights + norms + last_norm + classifier


def flops(choices: tuple[int, ...], dataset: str) -> int:
    """Multiply-adds of convolutions and classifier."""
    side = SIDE[dataset]
    conv = sum(a * b * k * k * (side >> h) ** 2 for a, b, k, h in convolutions(choices))
    return conv + 64 * CLASSES[dataset] + CLASSES[dataset]


@given(cells, datasets)
def test_params_are_those_of_the_network(choices: tuple[int, ...], dataset: str) -> None:
    arch = SPACE.architecture(choices)
    assert SPACE.cost(arch, "params", dataset) == params(choices, dataset)


@given(cells, datasets)
def test_flops_are_those_of_the_network(choices: tuple[int, ...], dataset: str) -> None:
    arch = SPACE.architecture(choices)
    assert SPACE.cost(arch, "flops", dataset) == flops(choices, dataset)


def test_params_of_the_resnet_like_cell_are_as_published() -> None:
    assert SPACE.cost(SPACE.architecture(RESNET_LIKE), "params", "cifar10") == 559_386


def test_flops_of_the_resnet_like_cell_are_as_published() -> None:
    cost = SPACE.cost(SPACE.architecture(RESNET_LIKE), "flops", "cifar10")
    assert round(cost / 1e6, 2) == 78.56


def test_flops_of_index_0_are_as_the_benchmark_records() -> None:
    assert SPACE.cost(SPACE.at_index(0), "flops", "cifar10") / 1e6 == pytest.approx(15.64737)


@given(cells, st.permutations(range(6)), datasets)
def test_where_a_convolution_stands_costs_nothing(
    choices: tuple[int, ...], order: list[int], dataset: str
) -> None:
    arch, shuffled = (SPACE.architecture(c) for c in (choices, [choices[i] for i in order]))
    for what in (cost.name for cost in SPACE.costs):
        assert SPACE.cost(arch, what, dataset) == SPACE.cost(shuffled, what, dataset)


@pytest.mark.parametrize("what", ["params", "flops"])
@pytest.mark.parametrize("dataset", sorted(CLASSES))
def test_skips_pools_and_nothing_are_free(what: str, dataset: str) -> None:
    free = {
        SPACE.cost(SPACE.architecture((operation,) * 6), what, dataset)
        for operation in (NONE, SKIP, POOL)
    }
    assert len(free) == 1


def test_unknown_cost_gets_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean `params`"):
        SPACE.cost(SPACE.at_index(0), "param", "cifar10")


def test_unknown_cost_without_a_near_name_lists_the_known() -> None:
    with pytest.raises(UnknownNameError, match=r"latency.*Known: flops, params"):
        SPACE.cost(SPACE.at_index(0), "latency", "cifar10")


def test_unknown_dataset_gets_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean `imagenet16-120`"):
        SPACE.cost(SPACE.at_index(0), "params", "imagenet16_120")

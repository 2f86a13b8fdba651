"""FreeDARTS and FreeFlow: what flows through untrained supernets, exactly."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, batch_norm, conv2d, relu

from nasbench_harness import registry
from nasbench_harness.contracts import NetworkShape
from nasbench_harness.errors import HarnessError
from nasbench_harness.images.parts import ImageDataset, Images
from nasbench_harness.methods.freedarts import FreeDARTS, FreeDARTSSettings
from nasbench_harness.networks.untrained import synaptic_flow
from nasbench_harness.problems.supernet.network_settings import NetworkSettings
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.encoding import EDGES, OPERATIONS
from nasbench_harness.spaces.nb201.skeleton import STAGES, Reduction
from nasbench_harness.testing import ToySpace, ToyUntrained, check_searcher

CELLS, SIDE = 2, 8
IMAGE = (3, SIDE, SIDE)
SHAPE = NetworkShape(classes=3, width=4, cells=CELLS, image_size=(SIDE, SIDE))
CODE = FreeDARTSSettings()
FREEFLOW = FreeDARTSSettings(weights="gates", norms=False, pruning="iterative")


@pytest.fixture
def supernet() -> Any:
    """Without a classifier's bias, which no edge brings."""
    with torch.random.fork_rng():
        torch.manual_seed(2)
        network: Any = NB201().supernet(SHAPE)
    nn.init.zeros_(network.head.classifier.bias)
    return network


def searched(seed: int = 0, noise: int = 0, steps: int = 4, **network: Any) -> WeightSharing:
    """A problem of a few images, two batches of either half; `noise` chooses them."""
    generator = torch.Generator().manual_seed(noise)
    pixels = torch.randint(0, 256, (16, 3, SIDE, SIDE), generator=generator).to(torch.uint8)
    labels = torch.randint(0, 3, (16,), generator=generator)
    images = ImageDataset(
        name="noise", train=Images(pixels, labels), valid=None, test=None,
        classes=("a", "b", "c"), mean=(0.5,) * 3, std=(0.3,) * 3, padding=1, flip=True,
        digest="noise", table_dataset=None,
    )  # fmt: skip
    chosen = {"width": 4, "cells": 1, "batch_size": 4, "split": "halves", **network}
    settings = NetworkSettings.build("network", chosen)
    return WeightSharing(NB201(), images, settings, steps=steps, epochs=-(-steps // 2), seed=seed)


# --- the score, written out again ---------------------------------------------------------------


def total(supernet: Any, alpha: Tensor, norms: bool) -> Tensor:
    """R as a function of alpha, edge by edge and operation by operation."""

    def normed(x: Tensor) -> Tensor:
        return batch_norm(x, None, None, training=True) if norms else x

    def convolved(layer: nn.Conv2d, x: Tensor, stride: int = 1) -> Tensor:
        weight = layer.weight.double().abs()
        return conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2)

    def cell(block: Any, x: Tensor) -> Tensor:
        nodes = [x, *[torch.zeros_like(x)] * 3]
        for edge, (target, source) in enumerate(EDGES):
            before, place = nodes[source], target - source - 1
            for kind, kernel in (("nor_conv_1x1", block.conv1), ("nor_conv_3x3", block.conv3)):
                weight = kernel[source].kernel(place).double().abs()
                brought = conv2d(relu(before), weight, padding=weight.shape[-1] // 2)
                nodes[target] = nodes[target] + alpha[edge, OPERATIONS.index(kind)] * normed(
                    brought
                )
            pooled = avg_pool2d(before, 3, 1, 1, count_include_pad=False)
            nodes[target] = nodes[target] + alpha[edge, 1] * before + alpha[edge, 4] * pooled
        return nodes[3]

    x = normed(convolved(supernet.stem[0], torch.ones(1, *IMAGE, dtype=torch.float64)))
    for _, block in supernet.blocks():
        if not isinstance(block, Reduction):
            x = cell(block, x)
            continue
        main = normed(convolved(block.conv_a, relu(x), 2))
        main = normed(convolved(block.conv_b, relu(main)))
        x = main + convolved(block.shortcut, avg_pool2d(x, 2, 2))
    features = relu(normed(x)).mean(dim=(2, 3))
    return (features @ supernet.head.classifier.weight.double().abs().T).sum()


@pytest.mark.parametrize("norms", [True, False])
def test_flow_and_gradient_are_those_of_the_formula(supernet: Any, norms: bool) -> None:
    generator = torch.Generator().manual_seed(5)
    alpha = torch.randn(6, 5, dtype=torch.float64, generator=generator).abs().requires_grad_()
    expected = total(supernet, alpha, norms)
    (gradient,) = torch.autograd.grad(expected, alpha)
    flow, found = synaptic_flow(supernet, alpha, IMAGE, norms=norms)
    assert flow.dtype is torch.float64
    assert float(flow) == pytest.approx(float(expected.detach()), rel=1e-10)
    assert torch.allclose(found, gradient, rtol=1e-10, atol=1e-10 * float(gradient.abs().max()))


def test_what_flows_is_conserved_in_every_cut(supernet: Any) -> None:
    """Gates are shared by the cells, which follow each other: each brings R once."""
    gates = torch.ones(6, 5, dtype=torch.float64)
    flow, gradient = synaptic_flow(supernet, gates, IMAGE, norms=False)
    assert float(flow) > 0
    assert (gradient >= 0).all()
    assert (gradient[:, 0] == 0).all()  # none
    for second, third in product((False, True), repeat=2):
        below = {0} | ({1} if second else set()) | ({2} if third else set())
        cut = [e for e, (to, of) in enumerate(EDGES) if of in below and to not in below]
        back = [e for e, (to, of) in enumerate(EDGES) if of not in below and to in below]
        passing = gradient[cut].sum() - gradient[back].sum()
        assert float(passing) == pytest.approx(STAGES * CELLS * float(flow), rel=1e-12)


def test_the_supernet_stays_as_it_was(supernet: Any) -> None:
    before = {name: value.clone() for name, value in supernet.state_dict().items()}
    synaptic_flow(supernet, torch.ones(6, 5), IMAGE, norms=True)
    assert all(torch.equal(before[name], value) for name, value in supernet.state_dict().items())
    assert all(p.requires_grad and p.grad is None for p in supernet.parameters())
    assert supernet.training


SMALL = {
    "nb201": (4, 1), "darts": (4, 3), "nbmacro": (4, 1), "transnas101": (8, 1), "proxyless": (4, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", SMALL)
def test_without_norms_twice_the_stem_is_twice_the_flow(name: str) -> None:
    """In the supernets of every space; a norm that is left would take the two away."""
    space: Any = registry.open_space(name)
    width, cells = SMALL[name]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = space.supernet(
            NetworkShape(classes=3, width=width, cells=cells, image_size=(32, 32))
        )
    for part in network.modules():
        if isinstance(part, nn.Linear):
            nn.init.zeros_(part.bias)
    weights = space.mask.double()
    flow, gradient = synaptic_flow(network, weights, (3, 32, 32), norms=False)
    assert float(flow) > 0
    next(p for p in network.parameters() if p.dim() == 4).data.mul_(2)
    twice, of_twice = synaptic_flow(network, weights, (3, 32, 32), norms=False)
    assert float(twice) == pytest.approx(2 * float(flow), rel=1e-10)
    assert torch.allclose(of_twice, 2 * gradient, rtol=1e-10)


# --- the searches --------------------------------------------------------------------------------


def taken(problem: Any, settings: FreeDARTSSettings, seed: int = 0) -> FreeDARTS:
    """A search after its first step."""
    search = FreeDARTS(problem, settings, seed)
    problem.advance()
    search.step()
    return search


def test_the_authors_code_is_alpha_times_gradient_and_the_best_of_every_edge() -> None:
    problem = searched()
    search = taken(problem, CODE)
    drawn = torch.randn(6, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    alpha = 1e-3 * drawn.abs()
    _, gradient = problem.flow(alpha, norms=True)
    expected = (alpha * gradient).abs()
    assert search.saliency is not None
    assert torch.allclose(search.saliency, expected, rtol=1e-10)
    assert search.architecture().choices == tuple(expected.argmax(dim=1).tolist())


def test_alpha_may_keep_its_sign() -> None:
    search = FreeDARTS(searched(), FreeDARTSSettings(absolute=False), 0)
    assert (search.weights < 0).any()
    assert torch.equal(search.weights.abs(), FreeDARTS(searched(), CODE, 0).weights)


@pytest.mark.parametrize("settings", [CODE, FREEFLOW])
def test_no_image_and_no_label_is_read(settings: FreeDARTSSettings) -> None:
    ways = [taken(searched(noise=noise), settings).scores() for noise in (0, 1)]
    assert torch.equal(*ways)


def test_the_least_of_all_is_removed_until_one_is_left() -> None:
    """The same by hand, on a product whose parts are known."""
    problem = ToyUntrained(ToySpace())
    search = FreeDARTS(problem, FREEFLOW, 0)
    removed: list[int] = []
    score = search.score

    def counted(kept: Tensor) -> tuple[float, Tensor]:
        removed.append(int((~kept & search.mask).sum()))
        return score(kept)

    search.score = counted  # type: ignore[method-assign]
    search.step()
    assert removed == list(range(int(search.mask.sum()) - len(search.mask) + 1))
    assert search.saliency is not None
    assert ((search.saliency > 0).sum(dim=1) == 1).all()
    values = problem._values.abs().masked_fill(~search.mask, 0)
    assert search.architecture() == problem.space.derive(values)


def test_none_is_never_the_answer_of_freeflow() -> None:
    assert 0 not in taken(searched(), FREEFLOW).architecture().choices


def test_scores_are_over_the_mean_of_the_same_option() -> None:
    search = FreeDARTS(searched(), FreeDARTSSettings(per_operation=True), 0)
    kept = search.mask.clone()
    kept[0, 1] = False
    saliency = torch.arange(30.0, dtype=torch.float64).view(6, 5) * kept
    compared = search.compared(saliency, kept)
    means = saliency.sum(dim=0) / kept.sum(dim=0)
    assert torch.allclose(compared, saliency / means)


def test_a_flow_that_is_no_number_is_refused() -> None:
    problem: Any = searched()
    problem.supernet.head.classifier.weight.data.fill_(torch.inf)
    with pytest.raises(HarnessError, match="is no finite number"):
        taken(problem, FREEFLOW)


def test_norms_need_more_than_one_value() -> None:
    with torch.random.fork_rng():
        network = NB201().supernet(SHAPE)
    with pytest.raises(HarnessError, match="4x4 pixels cannot pass the batch norms"):
        synaptic_flow(network, torch.ones(6, 5), (3, 4, 4), norms=True)


Make = Callable[[], WeightSharing]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("freedarts", {}),
        ("freedarts", {"weights": "gates", "norms": False, "pruning": "iterative"}),
        ("proxy", {"candidates": 3, "name": "nwot"}),
    ],
)
def test_they_keep_the_contract_on_a_supernet(name: str, settings: dict[str, Any]) -> None:
    method = registry.methods.load(name)
    built = method.Settings.build(name, settings)
    check_searcher(method, built, make_problem=searched, steps=4)

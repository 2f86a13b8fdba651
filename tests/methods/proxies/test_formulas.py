"""Each proxy beside its formula, computed another way on a network that is small enough for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, relu

from nasbench_harness import registry
from nasbench_harness.contracts import Probe
from nasbench_harness.networks.untrained import proxy_score

IMAGES, CHANNELS, SIDE, CLASSES, WIDTH = 6, 2, 4, 3, 4
EXACT = 1e-10


class Small(nn.Module):
    """Two convolutions with norms, a ReLU before each of the last two layers, a global pool."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(CHANNELS, WIDTH, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(WIDTH)
        self.second = nn.Conv2d(WIDTH, WIDTH, 1, bias=False)
        self.act = nn.ReLU()
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.second(relu(self.norm(self.first(x))))
        logits: Tensor = self.head(self.act(x).mean(dim=(2, 3)))
        return logits


WEIGHTS = ("first.weight", "second.weight", "head.weight")


@pytest.fixture
def network() -> Small:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return Small().double()


@pytest.fixture
def batch() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(4)
    images = torch.randn(IMAGES, CHANNELS, SIDE, SIDE, dtype=torch.float64, generator=generator)
    return images, torch.tensor([0, 1, 2, 0, 1, 0])


Score = Callable[[str], float]


@pytest.fixture
def score(network: Small, batch: tuple[Tensor, Tensor]) -> Score:
    return lambda name: proxy_score(registry.open_proxy(name), network, batch, seed=9)


def flat(network: Small) -> Tensor:
    """All weights that count, one after the other."""
    own = dict(network.named_parameters())
    return torch.cat([own[name].detach().flatten() for name in WEIGHTS])


def loss_of(network: Small, batch: tuple[Tensor, Tensor]) -> Callable[[Tensor], Tensor]:
    """The loss as a function of the flat weights alone."""
    own = dict(network.named_parameters())
    sizes = [own[name].numel() for name in WEIGHTS]

    def loss(values: Tensor) -> Tensor:
        parts = dict(zip(WEIGHTS, values.split(sizes), strict=True))
        shaped = {name: part.view_as(own[name]) for name, part in parts.items()}
        x = torch.conv2d(batch[0], shaped["first.weight"], padding=1)
        mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True, correction=0)
        x = torch.conv2d(relu((x - mean) / (var + 1e-5).sqrt()), shaped["second.weight"])
        return cross_entropy(
            relu(x).mean((2, 3)) @ shaped["head.weight"].T + own["head.bias"], batch[1]
        )

    return loss


def test_params_and_flops_by_hand(score: Score) -> None:
    assert score("params") == 9 * 2 * 4 + 2 * 4 + 4 * 4 + 4 * 3 + 3
    assert score("flops") == 16 * (9 * 2 * 4 + 4 * 4) + 4 * 3


def test_l2_norm(score: Score, network: Small) -> None:
    norms = [math.sqrt(sum(w**2 for w in network.get_parameter(n).flatten().tolist()))
             for n in WEIGHTS]  # fmt: skip
    assert score("l2_norm") == pytest.approx(sum(norms), rel=EXACT)


def test_grad_norm(score: Score, network: Small, batch: tuple[Tensor, Tensor]) -> None:
    gradient = torch.func.grad(loss_of(network, batch))(flat(network))
    parts = gradient.split([network.get_parameter(name).numel() for name in WEIGHTS])
    assert score("grad_norm") == pytest.approx(
        float(sum(p.norm() for p in parts).detach()), rel=EXACT
    )


def test_snip_is_the_gradient_in_masks(
    score: Score, network: Small, batch: tuple[Tensor, Tensor]
) -> None:
    weights, loss = flat(network), loss_of(network, batch)
    masks = torch.func.grad(lambda m: loss(weights * m))(torch.ones_like(weights))
    assert score("snip") == pytest.approx(float(masks.abs().sum().detach()), rel=EXACT)


def test_grasp_by_the_whole_hessian(
    score: Score, network: Small, batch: tuple[Tensor, Tensor]
) -> None:
    weights, loss = flat(network), loss_of(network, batch)
    gradient, hessian = torch.func.grad(loss)(weights), torch.func.hessian(loss)(weights)
    assert score("grasp") == pytest.approx(float(-weights @ hessian @ gradient), rel=EXACT)


def test_fisher_is_half_the_squared_gradient_in_masks_of_channels(
    score: Score, network: Small, batch: tuple[Tensor, Tensor]
) -> None:
    def loss(first: Tensor, second: Tensor, head: Tensor) -> Tensor:
        x = network.first(batch[0]) * first[..., None, None]
        mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True, correction=0)
        x = network.second(relu((x - mean) / (var + 1e-5).sqrt())) * second[..., None, None]
        return cross_entropy(network.head(relu(x).mean((2, 3))) * head, batch[1])

    sizes = (WIDTH, WIDTH, CLASSES)
    masks = tuple(torch.ones(IMAGES, n, dtype=torch.float64) for n in sizes)
    found = torch.func.grad(loss, argnums=(0, 1, 2))(*masks)
    expected = sum(0.5 * float(d.square().mean(dim=0).sum()) for d in found)
    assert score("fisher") == pytest.approx(expected, rel=EXACT)


def test_synflow_is_the_sum_over_paths(score: Score, network: Small) -> None:
    """Every layer's sum of w dR/dw is what all paths bring together, without the bias."""
    first, second, head = (network.get_parameter(n).detach().abs().numpy() for n in WEIGHTS)
    at_pixel = np.zeros((WIDTH, SIDE, SIDE))
    for y in range(SIDE):
        for x in range(SIDE):
            for dy in (-1, 0, 1):
                for dx in (-1, 0, 1):
                    if 0 <= y + dy < SIDE and 0 <= x + dx < SIDE:
                        at_pixel[:, y, x] += first[:, :, dy + 1, dx + 1].sum(axis=1)
    brought = head @ second[:, :, 0, 0] @ at_pixel.mean(axis=(1, 2))
    assert score("synflow") == pytest.approx(math.log(len(WEIGHTS) * brought.sum()), rel=EXACT)


def test_nwot_counts_units_that_agree(
    score: Score, network: Small, batch: tuple[Tensor, Tensor]
) -> None:
    normed = network.norm(network.first(batch[0]))
    maps = [normed, network.second(relu(normed))]
    codes = np.concatenate([(m > 0).flatten(1).numpy() for m in maps], axis=1)
    kernel = [[int((a == b).sum()) for b in codes] for a in codes]
    assert score("nwot") == pytest.approx(np.linalg.slogdet(kernel).logabsdet, rel=EXACT)


@pytest.fixture
def jacobians(network: Small, batch: tuple[Tensor, Tensor]) -> Any:
    """[B, C * H * W] of the sum of all logits."""
    whole = torch.autograd.functional.jacobian(lambda x: network(x).sum(), batch[0])
    return whole.flatten(1).numpy()


def test_jacov(score: Score, jacobians: Any) -> None:
    eigenvalues = np.linalg.eigvalsh(np.corrcoef(jacobians)) + 1e-5
    expected = -np.sum(np.log(eigenvalues) + 1 / eigenvalues)
    assert score("jacov") == pytest.approx(expected, rel=EXACT)


def of_class(jacobians: Any, labels: Tensor, label: int) -> float:
    rows = jacobians[(labels == label).numpy()]
    return float(np.log(np.abs(np.atleast_2d(np.corrcoef(rows))) + 1e-5).sum())


def test_epe_nas(score: Score, jacobians: Any, batch: tuple[Tensor, Tensor]) -> None:
    """Class 2 has a single image."""
    expected = sum(abs(of_class(jacobians, batch[1], label)) for label in range(CLASSES))
    assert score("epe_nas") == pytest.approx(expected, rel=EXACT)


def test_epe_nas_of_many_classes_compares_them(batch: tuple[Tensor, Tensor]) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Small()
        network.head = nn.Linear(WIDTH, 101)
        network.double()
    whole = torch.autograd.functional.jacobian(lambda x: network(x).sum(), batch[0])
    rows = whole.flatten(1).numpy()
    s = [of_class(rows, batch[1], label) / n for label, n in ((0, 3), (1, 2), (2, 1))]
    expected = sum(abs(a - b) for a in s for b in s) / 3
    found = proxy_score(registry.open_proxy("epe_nas"), network, batch, 0)
    assert found == pytest.approx(expected, rel=EXACT)


def test_zen(score: Score, batch: tuple[Tensor, Tensor]) -> None:
    generator = torch.Generator().manual_seed(9)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    first, second = normal(WIDTH, CHANNELS, 3, 3), normal(WIDTH, WIDTH, 1, 1)
    x = normal(*batch[0].shape)
    running, features = torch.ones(WIDTH, dtype=torch.float64), []
    for images in (x, x + 0.01 * normal(*batch[0].shape)):
        maps = torch.conv2d(images, first, padding=1)
        running = 0.9 * running + 0.1 * maps.var((0, 2, 3))
        mean, var = maps.mean((0, 2, 3)), maps.var((0, 2, 3), correction=0)
        normed = (maps - mean.view(-1, 1, 1)) / (var.view(-1, 1, 1) + 1e-5).sqrt()
        features.append(relu(torch.conv2d(relu(normed), second)))
    distance = (features[0] - features[1]).abs().sum((1, 2, 3)).mean()
    expected = math.log(distance) + 0.5 * math.log(running.mean())
    assert score("zen") == pytest.approx(expected, rel=EXACT)


def test_what_is_scored_stays_as_it_was(network: Small, batch: tuple[Tensor, Tensor]) -> None:
    """Weights, statistics, mode, images and global random numbers; and again is the same."""
    before = {name: value.clone() for name, value in network.state_dict().items()}
    images, state = batch[0].clone(), torch.get_rng_state()
    network.eval()
    for name in registry.proxies.names():
        proxy = registry.open_proxy(name)
        first = proxy_score(proxy, network, batch, 1)
        assert first == proxy_score(proxy, network, batch, 1), name
    assert all(torch.equal(before[n], value) for n, value in network.state_dict().items())
    assert torch.equal(images, batch[0])
    assert not batch[0].requires_grad
    assert torch.equal(state, torch.get_rng_state())
    assert not network.training


class Dead(nn.Module):
    """Nothing of an image reaches its logits, and it has no ReLU and no pool."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(CHANNELS, WIDTH, 1)
        self.head = nn.Linear(1, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.conv(x).new_zeros(len(x), 1))
        return logits


@pytest.mark.parametrize("name", ["synflow", "zen", "nwot", "jacov", "epe_nas"])
def test_a_network_without_a_number_has_none(name: str, batch: tuple[Tensor, Tensor]) -> None:
    found = proxy_score(registry.open_proxy(name), Dead().double(), batch, 0)
    assert not math.isfinite(found)


@pytest.mark.parametrize("name", ["snip", "grad_norm", "grasp", "fisher"])
def test_weights_that_have_no_part_count_nothing(name: str, batch: tuple[Tensor, Tensor]) -> None:
    found = proxy_score(registry.open_proxy(name), Dead().double(), batch, 0)
    assert math.isfinite(found)


def test_a_probe_is_a_copy_of_its_own(network: Small, batch: tuple[Tensor, Tensor]) -> None:
    from nasbench_harness.contracts import Proxy

    seen: list[Probe] = []
    proxy_score(Proxy("x", lambda probe: seen.append(probe) or 0.0, "nothing"), network, batch, 0)
    assert seen[0].network is not network
    assert seen[0].images is not batch[0]
    assert seen[0].network.training

"""Networks of the ProxylessNAS space: their size, the supernet, training."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from nasbench_harness.contracts import Layerwise, NetworkShape
from nasbench_harness.spaces.proxyless import Proxyless
from nasbench_harness.spaces.proxyless.training import SIZE
from nasbench_harness.testing import check_networks, check_study, check_training
from nasbench_harness.training.settings import find_recipe, recipe_settings
from tests.counting import multiply_adds, parameters

SPACE = Proxyless()
PUBLISHED = NetworkShape(classes=1000, width=SIZE.width, cells=1, image_size=(224, 224))
TINY = NetworkShape(classes=3, width=4, cells=1, image_size=(8, 8))
DEEP = "/".join(["3x3_e3", "identity", "5x5_e6", "7x7_e3"] * 5 + ["7x7_e6"])


def test_networks_keep_the_contract() -> None:
    check_networks(SPACE, samples=2)
    check_networks(SPACE, image_size=8, samples=2)


def test_random_networks_have_the_parameters_that_the_formula_tells() -> None:
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        arch = SPACE.sample(generator)
        with torch.device("meta"):
            network = SPACE.network(arch, PUBLISHED)
        assert parameters(network) == SPACE.cost(arch, "params")


@pytest.mark.parametrize("text", ["UNAS", "ProxylessNAS-GPU", DEEP])
def test_multiply_adds_are_those_of_an_image_of_224_pixels(text: str) -> None:
    arch = SPACE.parse(text)
    with torch.device("meta"):
        network, images = SPACE.network(arch, PUBLISHED), torch.zeros(1, 3, 224, 224)
    assert multiply_adds(network, images) == SPACE.cost(arch, "flops")


def test_the_supernet_has_the_published_size() -> None:
    with torch.device("meta"):
        supernet = SPACE.supernet(PUBLISHED)
    assert parameters(supernet) == 27_684_320


def test_it_is_made_of_relu6_and_norms_with_an_epsilon_of_a_thousandth() -> None:
    modules = list(SPACE.supernet(TINY).modules())
    assert {m.eps for m in modules if isinstance(m, nn.BatchNorm2d)} == {1e-3}
    assert not any(type(m) is nn.ReLU for m in modules)
    dropped = [m.p for m in modules if isinstance(m, nn.Dropout)]
    assert dropped == [0.1] * 15


def test_only_layers_of_one_width_add_their_input() -> None:
    """Also where small widths make neighbours alike."""
    narrow = NetworkShape(classes=3, width=1, cells=1, image_size=(8, 8))
    network = SPACE.network(SPACE.parse("/".join(["3x3_e3"] * 21)), narrow)
    added = [place + 1 for place, layer in enumerate(network.layers) if not layer.residual]
    assert added == [1, 5, 9, 13, 17, 21]


def test_depth_is_not_to_choose() -> None:
    deep = NetworkShape(classes=3, width=4, cells=2)
    for build in (SPACE.supernet, lambda shape: SPACE.network(SPACE.parse("UNAS"), shape)):
        with pytest.raises(ValueError, match="21 layers, so cells is 1, not 2"):
            build(deep)
    with pytest.raises(ValueError, match="pass all of their channels"):
        SPACE.supernet(TINY, partial=2)


@pytest.mark.parametrize("track", [True, False])
@pytest.mark.parametrize("text", ["UNAS", DEEP])
def test_an_architecture_inherits_what_it_has_in_the_supernet(text: str, track: bool) -> None:
    """As evaluated: in training the supernet drops out what identities pass on."""
    torch.manual_seed(0)
    supernet = SPACE.supernet(TINY, track_running_stats=track)
    images, arch = torch.randn(4, 3, 8, 8), SPACE.parse(text)
    supernet(images, SPACE.mask / 7)  # moves the statistics
    chosen = SPACE.weights(arch)
    network = SPACE.inherit(arch, supernet.eval())
    with torch.no_grad():
        expected = supernet(images, chosen, chosen.bool())
        assert torch.allclose(network(images), expected, atol=1e-5)


def test_layers_one_by_one_are_the_network() -> None:
    """What is measured alone reads what it would read in the network."""
    assert isinstance(SPACE, Layerwise)
    arch = SPACE.parse(DEEP)
    stem, head = SPACE.around(TINY)
    layers = [SPACE.layer(place, choice, TINY) for place, choice in enumerate(arch.choices)]
    x = torch.zeros(2, *stem.inputs)
    for layer in (stem, *layers, head):
        assert tuple(x.shape[1:]) == layer.inputs
        x = layer.module(x)
    assert x.shape == (2, 3)
    alone = sum(parameters(layer.module) for layer in (stem, *layers, head))
    assert alone == parameters(SPACE.network(arch, TINY))


# --- training ----------------------------------------------------------------------------------


def test_the_recipe_scales_the_rate_to_its_batch() -> None:
    settings = recipe_settings(SPACE, find_recipe(SPACE, None))
    assert settings.learning_rate == 0.025 * settings.batch_size / 64
    assert (settings.epochs, settings.weight_decay, settings.width) == (300, 5e-5, 40)


def test_an_architecture_is_trained_on_images() -> None:
    check_training(
        "UNAS", space="proxyless", dataset="digits", limit=33, epochs=2, batch_size=16, width=2
    )  # fmt: skip


def test_a_supernet_is_searched_on_images() -> None:
    check_study(
        "unas", space="proxyless", search="supernet", dataset="digits", recipe="quick",
        limit=40, epochs=2, network={"width": 2, "batch_size": 10}, seeds=1,
    )  # fmt: skip

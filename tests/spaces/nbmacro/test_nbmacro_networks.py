"""NAS-Bench-Macro's networks: their size, the supernet, training."""

from __future__ import annotations

import pytest
import torch

from nasbench_harness import registry
from nasbench_harness.contracts import NetworkShape
from nasbench_harness.spaces.nbmacro import NBMacro
from nasbench_harness.spaces.nbmacro.shared_weights import MacroSupernet
from nasbench_harness.spaces.nbmacro.training import SIZE
from nasbench_harness.spaces.shared.inverted import SteadyNorm
from nasbench_harness.study import recipes
from nasbench_harness.testing import check_networks, check_study, check_training
from nasbench_harness.training.settings import find_recipe, is_tabled, recipe_settings
from tests.counting import multiply_adds, parameters

SPACE = NBMacro()
PUBLISHED = NetworkShape(classes=10, width=SIZE.width, cells=SIZE.cells)
TINY = NetworkShape(classes=3, width=4, cells=1, image_size=(8, 8))


def test_networks_keep_the_contract() -> None:
    check_networks(SPACE)
    check_networks(SPACE, image_size=8)


# --- size --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["00000000", "11111111", "22222222", "22212220", "01201201", "10210210", "02102101"]
)
def test_the_network_costs_what_the_formula_tells(text: str) -> None:
    arch = SPACE.parse(text)
    network = SPACE.network(arch, PUBLISHED)
    assert parameters(network) == SPACE.cost(arch, "params")
    assert multiply_adds(network, torch.zeros(1, 3, 32, 32)) == SPACE.cost(arch, "flops")


def test_every_option_of_every_layer_costs_what_the_formula_tells() -> None:
    """Both are sums over layers, so that these 17 networks tell of all 6,561."""
    texts = {"0" * layer + option + "0" * (7 - layer) for layer in range(8) for option in "012"}
    assert len(texts) == 17
    for arch in map(SPACE.parse, sorted(texts)):
        assert parameters(SPACE.network(arch, PUBLISHED)) == SPACE.cost(arch, "params")


def test_each_stage_halves_the_image_and_doubles_the_channels() -> None:
    network, sizes = SPACE.network(SPACE.parse("02101200"), PUBLISHED), []
    x = network.stem(torch.zeros(1, 3, 32, 32))
    for layer in network.layers:
        x = layer(x)
        sizes.append(tuple(x.shape[1:]))
    assert sizes == [(64, 16, 16)] * 2 + [(128, 8, 8)] * 3 + [(256, 4, 4)] * 3
    assert network.tail(x).shape[1] == 1280


def test_an_identity_within_a_stage_changes_nothing_wherever_it_stands() -> None:
    one, other = (
        SPACE.network(SPACE.parse(text), TINY).eval() for text in ("00101002", "00110020")
    )
    moved = {"layers.3.": "layers.4.", "layers.6.": "layers.7."}  # of `one`, none is in layers 3, 6
    state = {}
    for name, value in other.state_dict().items():
        new = next((name.replace(old, new) for old, new in moved.items() if old in name), name)
        state[new] = value
    one.load_state_dict(state)
    images = torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        assert torch.equal(one(images), other(images))


def test_depth_is_not_to_choose() -> None:
    deep = NetworkShape(classes=3, width=4, cells=2)
    for build in (SPACE.supernet, lambda shape: SPACE.network(SPACE.parse("00000000"), shape)):
        with pytest.raises(ValueError, match="eight layers, so cells is 1, not 2"):
            build(deep)


# --- the supernet ------------------------------------------------------------------------------


def test_only_active_options_are_computed() -> None:
    supernet = SPACE.supernet(TINY)
    ran: list[tuple[int, int]] = []
    for place, options in enumerate(supernet.layers):
        for option, module in enumerate(options):
            module.register_forward_hook(lambda *_, at=(place, option): ran.append(at))
    arch = SPACE.parse("01201201")
    supernet(torch.randn(2, 3, 8, 8), SPACE.weights(arch), SPACE.weights(arch).bool())
    assert ran == list(enumerate(arch.choices))


@pytest.mark.parametrize("track", [True, False])
@pytest.mark.parametrize("text", ["00000000", "12012012", "22212220"])
def test_an_architecture_inherits_what_it_has_in_the_supernet(text: str, track: bool) -> None:
    torch.manual_seed(0)
    supernet = SPACE.supernet(TINY, track_running_stats=track)
    images, arch = torch.randn(4, 3, 8, 8), SPACE.parse(text)
    uniform = torch.full((8, 3), 1 / 3)
    supernet(images, uniform)  # moves the statistics
    chosen = SPACE.weights(arch)
    network = SPACE.inherit(arch, supernet)
    for mode in (True, False):
        supernet.train(mode)
        network.train(mode)
        with torch.no_grad():
            expected = supernet(images, chosen, chosen.bool())
            assert torch.allclose(network(images), expected, atol=1e-6)


def test_partial_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="pass all of their channels"):
        SPACE.supernet(TINY, partial=2)


@pytest.mark.parametrize("track", [True, False])
def test_one_image_of_eight_pixels_is_trained_on(track: bool) -> None:
    """The last batch of an epoch may be one image, and its map one pixel."""
    torch.manual_seed(0)
    supernet = MacroSupernet(TINY, track_running_stats=track)
    logits = supernet(torch.randn(1, 3, 8, 8), torch.full((8, 3), 1 / 3))
    logits.square().sum().backward()
    assert logits.isfinite().all()


def test_a_single_value_is_normalised_as_in_evaluation() -> None:
    norm, x = SteadyNorm(2), torch.tensor([3.0, -1.0]).view(1, 2, 1, 1)
    with torch.no_grad():
        norm.running_mean.copy_(torch.tensor([1.0, 0.0]))
        norm.weight.copy_(torch.tensor([2.0, 0.5]))
        norm.bias.fill_(0.25)
    trained = norm.train()(x)
    assert torch.allclose(trained, norm.eval()(x))
    assert torch.equal(norm.running_mean, torch.tensor([1.0, 0.0]))
    bare = SteadyNorm(2, track_running_stats=False).train()
    assert torch.equal(bare(x), torch.zeros_like(x))


# --- training ----------------------------------------------------------------------------------


def test_the_recipe_is_the_published_one() -> None:
    recipe = find_recipe(SPACE, None)
    settings = recipe_settings(SPACE, recipe)
    assert is_tabled(SPACE, settings) is recipe
    assert (settings.epochs, settings.batch_size, settings.width) == (50, 256, 32)
    assert (settings.learning_rate, settings.momentum, settings.weight_decay) == (0.1, 0.9, 5e-4)
    assert not settings.nesterov
    assert recipe.seeds == (0, 1, 2)


def test_an_architecture_is_trained_on_images() -> None:
    """Small ones; the last batch of an epoch is one image."""
    check_training(
        "22212220", space="nbmacro", dataset="digits", limit=57, epochs=2, batch_size=28, width=2
    )  # fmt: skip


def test_a_supernet_is_searched_on_images() -> None:
    small = {"width": 2, "batch_size": 20}
    check_study(
        "darts,drnas", space="nbmacro", search="supernet", dataset="digits", recipe="quick",
        limit=80, epochs=2, network=small, seeds=1,
    )  # fmt: skip


@pytest.mark.parametrize("method", registry.methods.names())
def test_every_method_has_a_recipe_for_the_space(method: str) -> None:
    """On the table, and on images where it does not ask for trained networks."""
    setup = registry.open_setup(method)
    on_tables = {"landscape": "landscape"} if "landscape" in setup.recipes else {}
    kinds = on_tables | ({} if setup.queries else {"supernet": "quick"})
    for kind, name in kinds.items():
        recipe = recipes.find_recipe(method, name, SPACE.name, kind).recipe
        assert recipe.kind in (None, kind)
        assert recipe.space in (None, SPACE.name)

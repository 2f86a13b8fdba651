"""Does a space that builds networks keep the contract of `NetworkSpace` and `Supernet`."""

from __future__ import annotations

import math
import re
import time
from typing import Any

import torch

from nasbench_harness.contracts import (
    Architecture,
    Cost,
    EpochAware,
    GroupingSpace,
    Layerwise,
    NetworkShape,
    NetworkSize,
    NetworkSpace,
    PlainlyWritten,
    TrainingLoss,
    Widening,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.testing.grouped import check_grouped
from nasbench_harness.testing.layers import check_layers
from nasbench_harness.training.settings import find_recipe, recipe_settings

DEAR_SECONDS = 0.005
"""A cost that takes longer is not one that all architectures can be asked for."""


def check_networks(
    space: Any, *, image_size: int = 16, width: int = 4, cells: int = 1, samples: int = 5
) -> None:
    """Does a space that builds networks keep the contract of `NetworkSpace` and `Supernet`.

    It names its sizes and training recipes. Logits have the shape asked for; they are
    differentiable in the weights and, but for within `frozen()`, in the parameters; weights may
    come one per example; options that are not active do not count; a state that is loaded gives the
    same network; an architecture's weights give what the stand-alone network with inherited weights
    gives. Partial channels, where there are some, widen as they should if they can. Passes are
    compared with the same random numbers, those of networks that drop out also as evaluated. What
    networks can beside that (`TrainingLoss`, `EpochAware`) is tried as a training does, and layers
    that a space gives one by one (`Layerwise`) must be the networks'; a wide network of several
    supernets (`GroupingSpace`) is, for each, what it is alone. All of it on images of
    `image_size` pixels with two channels, in networks of `width` and `cells`.
    """
    complete = isinstance(space, NetworkSpace)
    assert complete, "a `NetworkSpace` has all members of the contract"
    _check_sizes(space)
    shape = NetworkShape(
        classes=3, width=width, cells=cells, in_channels=2, image_size=(image_size, image_size)
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        images, mixed = torch.randn(4, 2, image_size, image_size), space.supernet(shape)
        _check_mixture(space, mixed, images)
        _check_restored(space, shape, mixed, images)
        _check_channels(space, shape, images)
        _check_training(mixed, images, (_uniform(space),))
        generator = torch.Generator().manual_seed(0)
        for _ in range(samples):
            arch = space.sample(generator)
            _check_active(space, mixed, arch, images)
            _check_inherited(space, mixed, arch, images)
            _check_training(space.network(arch, shape), images, ())
        drawn = [space.sample(generator) for _ in range(samples)]
        if isinstance(space, Layerwise):
            check_layers(space, shape, drawn)
        if isinstance(space, GroupingSpace):
            check_grouped(space, shape)
        if isinstance(space, PlainlyWritten):
            _check_logits(space, space.plain_supernet(shape), images)


def _check_logits(space: Any, plain: torch.nn.Module, images: torch.Tensor) -> None:
    weights = _uniform(space).requires_grad_()
    logits = plain(images, weights)
    assert logits.shape == (len(images), 3), "`plain_supernet` gives [B, classes]"
    logits.sum().backward()
    assert weights.grad is not None, "`plain_supernet` is differentiable in the weights"


def check_costs(space: Any, *, dataset: str = "", samples: int = 3) -> None:
    """Are the costs of a space what the contract of `Cost` says, on a benchmark's `dataset`."""
    names = [cost.name for cost in space.costs if isinstance(cost, Cost)]
    assert len(names) == len(space.costs), "every one of `costs` is a `Cost`"
    assert len(set(names)) == len(names), "costs have names of their own"
    generator = torch.Generator().manual_seed(0)
    for cost in space.costs:
        assert re.fullmatch(r"[\w.:-]+", cost.name), f"`{cost.name}` cannot be a cost's name"
        assert cost.name != "none", "`none` means that no cost is held"
        assert cost.unit, f"`{cost.name}` must tell its unit"
        assert cost.meaning, f"`{cost.name}` must tell what it is"
        assert cost.scale > 0, f"`{cost.name}` must have a scale above 0"
        assert not cost.measured, f"`{cost.name}` is of the space, so that no metric holds it"
        for _ in range(samples):
            _check_cost(space, cost, space.sample(generator), dataset)
    _check_unknown_cost(space, space.sample(generator), dataset)


def _check_cost(space: Any, cost: Cost, arch: Architecture, dataset: str) -> None:
    started = time.perf_counter()
    value = space.cost(arch, cost.name, dataset)
    taken = time.perf_counter() - started
    assert space.cost(arch, cost.name, dataset) == value or not cost.of_all, (
        f"`{cost.name}` of {arch} must be the same every time, or say `of_all=False`"
    )
    assert isinstance(value, int | float), f"`{cost.name}` must be a number"
    if cost.sum_of is not None:
        added = cost.sum_of().of(arch.choices)
        assert math.isclose(added, value, rel_tol=1e-9), (
            f"`{cost.name}` of {arch} is {value}, and the sum that it is told to be is {added}"
        )
    assert value >= 0, f"`{cost.name}` must not be negative"
    assert taken < DEAR_SECONDS or not cost.of_all, (
        f"`{cost.name}` takes {1000 * taken:.0f} ms, too long to be asked of all architectures;"
        " say `of_all=False`"
    )


def _check_unknown_cost(space: Any, arch: Architecture, dataset: str) -> None:
    try:
        space.cost(arch, "no such cost", dataset)
    except HarnessError:
        return
    raise AssertionError("an unknown cost must raise a HarnessError")


def _check_sizes(space: Any) -> None:
    for name in ("search", "evaluation"):
        size = getattr(space.shapes, name, None)
        assert isinstance(size, NetworkSize), f"shapes.{name} must be a `NetworkSize`"
        assert min(size.width, size.cells) >= 1, f"shapes.{name} must be positive"
    assert space.training_recipes, "a space with networks tells how one is trained on its own"
    for name in space.training_recipes:
        recipe = find_recipe(space, name)
        recipe_settings(space, recipe)  # a HarnessError names the setting that is wrong
        assert recipe.text, f"training recipe `{name}` must say where it is from"
        assert recipe.seeds, f"training recipe `{name}` must have a seed"


def _uniform(space: Any) -> torch.Tensor:
    weights: torch.Tensor = space.mask / space.mask.sum(dim=1, keepdim=True)
    return weights


def _check_mixture(space: Any, mixed: Any, images: torch.Tensor) -> None:
    weights = _uniform(space).requires_grad_()
    logits = mixed(images, weights)
    assert logits.shape == (4, 3), "a network gives logits [B, classes]"
    logits.square().sum().backward()
    assert weights.grad is not None, "logits must be differentiable in the weights"
    parameters = list(mixed.parameters())
    assert any(p.grad is not None for p in parameters), "and in the network's parameters"
    each = weights.detach().expand(4, *space.mask.shape)
    same = _agree(images, (mixed, (weights,)), (mixed, (each,)))
    assert same, "weights may be [D, K] or [B, D, K]"
    _check_frozen(mixed, images, weights)


def _check_frozen(mixed: Any, images: torch.Tensor, weights: torch.Tensor) -> None:
    mixed.zero_grad()
    with mixed.frozen():
        logits = mixed(images, weights)
    logits.square().sum().backward()
    grads = [p.grad for p in mixed.parameters()]
    assert all(g is None or not g.any() for g in grads), "frozen() leaves the parameters out"


def _check_active(space: Any, mixed: Any, arch: Architecture, images: torch.Tensor) -> None:
    """What is not active counts as of weight 0, and gets no gradient."""
    active = space.weights(arch).bool()
    weights = _uniform(space).requires_grad_()
    weighed = (_uniform(space) * active,)
    assert _agree(images, (mixed, weighed), (mixed, (weights, active))), (
        f"of {arch}: options that are not active must count as of weight 0"
    )
    if not (logits := mixed(images, weights, active)).requires_grad:
        return  # nothing reaches the output
    (gradient,) = torch.autograd.grad(logits.square().sum(), weights, allow_unused=True)
    assert gradient is None or not gradient[~active].any(), (
        f"of {arch}: options that are not active must get no gradient"
    )


def _check_restored(
    space: Any, shape: NetworkShape, mixed: Any, images: torch.Tensor, partial: int = 1
) -> None:
    """A fresh supernet with the state of another is that one."""
    other = space.supernet(shape, partial=partial)
    other.load_state_dict(mixed.state_dict())
    other.train(mixed.training)
    expected, found = (_outputs(net, images, (_uniform(space),)) for net in (mixed, other))
    assert torch.equal(expected, found), "a network must be all that is in its state_dict()"


def _check_channels(space: Any, shape: NetworkShape, images: torch.Tensor) -> None:
    """Half of the channels, then all where it can be widened; where it has no such it refuses."""
    try:
        mixed = space.supernet(shape, partial=2)
    except (ValueError, HarnessError):
        return
    logits = mixed(images, _uniform(space))
    assert logits.shape == (4, 3), "with partial channels a network gives logits [B, classes], too"
    _check_restored(space, shape, mixed, images, partial=2)
    widens = isinstance(mixed, Widening)
    if not widens:
        return  # its channels stay as they were built
    for grown in mixed.use_channels(1, torch.Generator().manual_seed(0)):
        assert any(grown.new is parameter for parameter in mixed.parameters()), (
            "use_channels() must tell the parameters that are new in the network"
        )
        assert grown.grow(grown.old.detach()).shape == grown.new.shape, (
            "what use_channels() tells must grow a momentum to the shape of the new parameter"
        )
    assert mixed(images, _uniform(space)).shape == (4, 3), "widened it gives logits [B, classes]"


def _check_inherited(space: Any, mixed: Any, arch: Architecture, images: torch.Tensor) -> None:
    chosen = space.weights(arch)
    network = space.inherit(arch, mixed)
    assert _agree(images, (network, ()), (mixed, (chosen, chosen.bool()))), (
        f"its weights must give what the network of {arch} gives with inherited weights"
    )


# --- what a network may do beside that ---------------------------------------------------------


def _check_training(network: Any, images: torch.Tensor, mixing: tuple[torch.Tensor, ...]) -> None:
    network.train()
    if isinstance(network, EpochAware):
        _check_epochs(network, images, mixing)
    if isinstance(network, TrainingLoss):
        _check_loss(network, images, mixing)
    network.zero_grad()


def _check_loss(network: Any, images: torch.Tensor, mixing: tuple[torch.Tensor, ...]) -> None:
    found = network.loss(images, torch.zeros(len(images), dtype=torch.long), *mixing)
    assert isinstance(found, tuple), "loss() gives the mean loss and the logits"
    assert len(found) == 2, "loss() gives the mean loss and the logits"
    loss, logits = found
    assert loss.shape == (), "loss() gives the mean over the batch, []"
    assert logits.shape == (4, 3), "loss() gives logits [B, classes]"
    network.zero_grad()
    loss.backward()
    grads = [p.grad for p in network.parameters()]
    assert any(g is not None and g.any() for g in grads), "loss() must be differentiable"


def _check_epochs(network: Any, images: torch.Tensor, mixing: tuple[torch.Tensor, ...]) -> None:
    """What an epoch changes follows from its fraction, draws nothing, and ends with training."""
    before = torch.get_rng_state()
    network.begin_epoch(0.9)
    assert torch.equal(torch.get_rng_state(), before), "begin_epoch() must draw nothing"
    late = _outputs(network, images, mixing)
    network.begin_epoch(0.0)
    early = _outputs(network, images, mixing)
    network.begin_epoch(0.9)
    again = _outputs(network, images, mixing)
    assert torch.equal(late, again), "begin_epoch() must depend on its fraction alone"
    network.begin_epoch(0.0)
    assert torch.equal(early, _outputs(network, images, mixing)), (
        "begin_epoch() must depend on its fraction alone"
    )
    network.eval()
    network.begin_epoch(0.9)
    first, second = (_outputs(network, images, mixing, seed) for seed in (0, 1))
    assert torch.equal(first, second), "what is evaluated must not be left to chance"
    network.begin_epoch(0.0)
    network.train()


_Pass = tuple[Any, tuple[torch.Tensor, ...]]
"""A network, and what it is given beside the images."""


def _agree(images: torch.Tensor, one: _Pass, other: _Pass) -> bool:
    """Do two passes give the same logits, of networks that drop out at least when evaluated.

    These may draw in another order, as what is not computed draws nothing.
    """
    if _close(images, one, other):
        return True
    if not any(_draws(images, given) for given in (one, other)):
        return False
    networks = [network for network, _ in (one, other)]
    modes = [network.training for network in networks]
    for network in networks:
        network.eval()
    same = _close(images, one, other)
    for network, mode in zip(networks, modes, strict=True):
        network.train(mode)
    return same


def _close(images: torch.Tensor, *passes: _Pass) -> bool:
    first, second = (_outputs(network, images, mixing) for network, mixing in passes)
    return torch.allclose(first, second, atol=1e-4)


def _draws(images: torch.Tensor, given: _Pass) -> bool:
    """Do its logits follow from chance."""
    network, mixing = given
    first, second = (_outputs(network, images, mixing, seed) for seed in (0, 1))
    return not torch.equal(first, second)


@torch.no_grad()
def _outputs(
    network: Any, images: torch.Tensor, mixing: tuple[torch.Tensor, ...], seed: int = 0
) -> torch.Tensor:
    """Logits from a copy of what chance there is, so that passes can be compared."""
    statistics = {name: value.clone() for name, value in network.named_buffers()}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        logits: torch.Tensor = network(images, *mixing)
    for name, value in network.named_buffers():
        value.copy_(statistics[name])
    return logits

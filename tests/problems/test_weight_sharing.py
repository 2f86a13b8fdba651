"""The weight-sharing problem: what the contract asks, and what the papers' codes do."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn.functional import cross_entropy, one_hot

from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.drnas import DrNAS
from nasbench_harness.networks.meters import DivergedError
from nasbench_harness.networks.schedules import cosine
from nasbench_harness.problems.supernet import unrolled, weight_sharing
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing
from nasbench_harness.spaces.nb201 import NB201, shared_weights

Build = Callable[..., WeightSharing]


def uniform() -> Tensor:
    return torch.full((6, 5), 0.2)


def mixture(seed: int = 0) -> Tensor:
    return torch.rand(6, 5, generator=torch.Generator().manual_seed(seed)).softmax(-1)


def weights_of(problem: WeightSharing) -> list[Tensor]:
    return [p.detach().clone() for p in problem.supernet.parameters()]


def through_file(state: Any) -> Any:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


def same(one: list[Tensor], other: list[Tensor]) -> bool:
    return all(map(torch.equal, one, other))


def test_losses_are_per_example_and_repeat_within_a_step(supernet_problem: Build) -> None:
    problem = supernet_problem()
    problem.advance()
    first = problem.losses(uniform(), "valid")
    assert first.shape == (16,)
    assert torch.equal(first, problem.losses(uniform(), "valid"))
    assert not torch.equal(first, problem.losses(uniform(), "train"))
    problem.advance()
    assert not torch.equal(first, problem.losses(uniform(), "valid"))


def test_losses_leave_the_network_weights_alone(supernet_problem: Build) -> None:
    """Fidelity tests 9.2.2 and 9.3.8: the architecture step neither moves w nor its gradient."""
    problem = supernet_problem()
    problem.advance()
    before = weights_of(problem)
    point = mixture().requires_grad_()
    problem.losses(point, "valid").mean().backward()
    assert point.grad is not None
    assert same(before, weights_of(problem))
    assert all(p.grad is None for p in problem.supernet.parameters())


def test_evaluated_losses_are_those_of_running_statistics_and_leave_no_trace(
    supernet_problem: Build,
) -> None:
    problem = supernet_problem()
    problem.advance()
    problem.fit(uniform())
    before = [b.clone() for b in problem.supernet.buffers()]
    found = problem.evaluated_losses(mixture(), "train")
    with problem.evaluating("running"), torch.no_grad():
        images, labels = problem._batch["train"]
        wanted = cross_entropy(problem.supernet(images, mixture()), labels, reduction="none")
    torch.testing.assert_close(found, wanted)
    point = mixture().requires_grad_()
    problem.evaluated_losses(point, "train").mean().backward()
    assert point.grad is not None
    assert problem.supernet.training
    assert same(before, list(problem.supernet.buffers()))
    assert not torch.allclose(found, problem.losses(mixture(), "train"), atol=1e-3)


def test_edges_stay_weighed_where_the_network_is_built_anew(supernet_problem: Build) -> None:
    problem = supernet_problem()
    problem.use_edge_weights()
    problem.use_channels(2)
    assert problem.supernet.weighs_edges
    assert problem.supernet.stages[0][0].weighs_edges  # type: ignore[index,union-attr]
    other = supernet_problem()
    other.use_edge_weights()
    other.load_state_dict(through_file(problem.state_dict()))
    assert other.supernet.weighs_edges


def test_a_network_without_nodes_cannot_weigh_edges(supernet_problem: Build) -> None:
    problem = supernet_problem()
    problem.supernet = torch.nn.Linear(2, 2)
    with pytest.raises(HarnessError, match="no edges that could be weighed"):
        problem.use_edge_weights()


def test_fit_moves_the_network_weights_only(supernet_problem: Build) -> None:
    problem = supernet_problem()
    problem.advance()
    before = weights_of(problem)
    point = mixture().requires_grad_()
    log = problem.fit(point)
    assert point.grad is None
    assert not same(before, weights_of(problem))
    assert log["train_loss"] > 0


def test_fit_of_one_operation_an_edge_leaves_the_others_alone(supernet_problem: Build) -> None:
    problem = supernet_problem()
    problem.advance()
    problem.fit(uniform())  # there is momentum that could move an idle weight
    branch = problem.supernet.stages[0][0].conv1[0]  # type: ignore[index,union-attr]
    before = branch.weight.detach().clone()
    conv3 = one_hot(torch.full((6,), 3), 5).float()
    problem.advance()
    problem.fit(conv3, conv3.bool())
    assert torch.equal(before, branch.weight)


def test_a_step_of_sgd_is_torchs(supernet_problem: Build) -> None:
    """Clip by norm, weight decay, momentum: as the published codes train w."""
    problem = supernet_problem(clip_norm=0.5, weight_decay=1e-2)
    problem.advance()
    parameters = list(problem.supernet.parameters())
    loss = problem._logits(uniform(), "train", None)
    gradients = torch.autograd.grad(cross_entropy(loss, problem._batch["train"][1]), parameters)
    norm = torch.stack([g.norm() for g in gradients]).norm()
    factor = min(1.0, 0.5 / (float(norm) + 1e-6))
    expected = [
        p.detach() - 0.05 * (factor * g + 1e-2 * p.detach())
        for p, g in zip(parameters, gradients, strict=True)
    ]
    problem.fit(uniform())
    for found, wanted in zip(problem.supernet.parameters(), expected, strict=True):
        torch.testing.assert_close(found.detach(), wanted, atol=1e-6, rtol=1e-4)


def test_learning_rate_follows_a_cosine_over_epochs(supernet_problem: Build) -> None:
    problem = supernet_problem(steps=24, epochs=4)
    rates = []
    for _ in range(24):
        problem.advance()
        rates.append(problem._optimizer.param_groups[0]["lr"])
    per_epoch = problem.steps_per_epoch
    assert rates[::per_epoch] == [cosine(0.05, 0.001, epoch, 4) for epoch in range(4)]
    assert len(set(rates)) == 4


def test_optimizer_is_renewed_where_the_recipe_says_so(supernet_problem: Build) -> None:
    problem = supernet_problem(optimizer="adam", reset_optimizer_epoch=2)
    for _ in range(2 * problem.steps_per_epoch):
        problem.advance()
        problem.fit(uniform())
    assert problem._optimizer.state
    problem.advance()
    assert not problem._optimizer.state


def test_progress_counts_passes_over_the_training_half(supernet_problem: Build) -> None:
    problem = supernet_problem(steps=24, epochs=4)
    assert problem.steps_per_epoch == 100 // 16
    for _ in range(problem.steps_per_epoch + 1):
        problem.advance()
    assert problem.progress.epoch == 1
    assert problem.progress.step == problem.steps_per_epoch


def test_score_of_an_architecture_is_that_of_its_network(
    supernet_problem: Build, space: NB201
) -> None:
    """Fidelity test 9.4.2: clamped supernet and pruned network agree exactly."""
    problem = supernet_problem(evaluation="running")
    for _ in range(6):
        problem.advance()
        problem.fit(uniform())
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        arch = space.sample(generator)
        network = space.inherit(arch, problem.supernet).eval()
        held_out = problem.held_out
        with torch.no_grad():
            guesses = network(problem.augment.test(held_out.pixels)).argmax(dim=1)
        right = (guesses == held_out.labels).float().mean().item()
        assert problem.score(arch) == pytest.approx(100 * right)


def test_observing_leaves_no_trace(supernet_problem: Build) -> None:
    watched, other = supernet_problem(), supernet_problem()
    for problem in (watched, other):
        for _ in range(3):
            problem.advance()
            problem.fit(uniform())
            if problem is watched:
                problem.observe(uniform(), problem.space.derive(uniform()))
    assert same(weights_of(watched), weights_of(other))
    for (name, one), (_, two) in zip(
        watched.supernet.state_dict().items(), other.supernet.state_dict().items(), strict=True
    ):
        assert torch.equal(one, two), name


def test_observation_tells_the_gap(supernet_problem: Build) -> None:
    problem = supernet_problem()
    problem.advance()
    problem.fit(uniform())
    skips = one_hot(torch.full((6,), 1), 5).double()
    seen = problem.observe(skips, problem.space.derive(skips))
    assert seen["discretisation_gap"] == 0
    assert seen["skip_connections"] == 6
    assert 0 <= seen["mean_train_accuracy"] <= 100


def test_global_random_state_is_left_alone(supernet_problem: Build) -> None:
    before = torch.get_rng_state()
    problem = supernet_problem()
    problem.advance()
    problem.fit(uniform())
    assert torch.equal(before, torch.get_rng_state())


def test_images_that_are_not_augmented_are_those_of_tests(supernet_problem: Build) -> None:
    problem = supernet_problem(augmentation="none")
    problem.advance()
    (images, labels) = problem._batch["valid"]
    held_out = problem.augment.test(problem._held_out.pixels)
    same = (images[:, None] == held_out[None]).flatten(2).all(dim=2)
    assert torch.all(same.any(dim=1))
    assert torch.equal(problem._held_out.labels[same.int().argmax(dim=1)], labels)
    augmented = supernet_problem()
    augmented.advance()
    assert torch.equal(augmented._batch["valid"][1], labels)
    assert not torch.equal(augmented._batch["valid"][0], images)


def test_no_square_is_cut_out_of_what_is_not_augmented(supernet_problem: Build) -> None:
    with pytest.raises(HarnessError, match="set cutout to 0"):
        supernet_problem(augmentation="none", cutout=2)


def test_seed_decides_network_and_batches(supernet_problem: Build) -> None:
    one, again, other = supernet_problem(seed=1), supernet_problem(seed=1), supernet_problem(seed=2)
    for problem in (one, again, other):
        problem.advance()
    losses = [p.losses(uniform(), "train") for p in (one, again, other)]
    assert torch.equal(losses[0], losses[1])
    assert not torch.equal(losses[0], losses[2])


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_state_goes_on_identically(supernet_problem: Build, optimizer: str) -> None:
    problem, fresh = (supernet_problem(seed=s, optimizer=optimizer) for s in (0, 5))
    for _ in range(8):
        problem.advance()
        problem.fit(mixture())
    fresh.load_state_dict(through_file(problem.state_dict()))
    for _ in range(8):
        for p in (problem, fresh):
            p.advance()
            p.fit(mixture())
    assert same(weights_of(problem), weights_of(fresh))
    arch = problem.space.derive(mixture())
    assert problem.observe(mixture(), arch) == fresh.observe(mixture(), arch)


# --- second order ------------------------------------------------------------------------------


def exact_unrolled(problem: WeightSharing, weights: Tensor) -> Tensor:
    """Through the look-ahead step by double backward (the slow path of the supernet can)."""
    point = weights.clone().requires_grad_()
    per_example = point.expand(
        16, 6, 5
    )  # this way nothing runs that cannot be differentiated twice
    names = [name for name, _ in problem.supernet.named_parameters()]
    parameters = list(problem.supernet.parameters())
    (images, labels), (held, held_labels) = (problem._batch[s] for s in ("train", "valid"))

    def loss(values: list[Tensor], x: Tensor, y: Tensor) -> Tensor:
        changed = dict(zip(names, values, strict=True))
        return cross_entropy(functional_call(problem.supernet, changed, (x, per_example)), y)

    gradients = torch.autograd.grad(loss(parameters, images, labels), parameters, create_graph=True)
    rate, s = problem._optimizer.param_groups[0]["lr"], problem.settings
    ahead = [
        p - rate * (s.momentum * problem._optimizer.state[p]["momentum_buffer"]
                    + g + s.weight_decay * p)
        for p, g in zip(parameters, gradients, strict=True)
    ]  # fmt: skip
    (gradient,) = torch.autograd.grad(loss(ahead, held, held_labels), point)
    return gradient


def test_second_order_equals_double_backward(
    supernet_problem: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fidelity test 9.2.1. A small difference in float64: a ReLU network has kinks, over which
    the published one (0.01 along the gradient) averages and a derivative does not."""
    monkeypatch.setattr(unrolled, "EPSILON", 1e-7)
    problem = supernet_problem(learning_rate=0.1)
    problem.supernet.double()
    problem._optimizer = problem._make_optimizer()
    weights = mixture().double()
    for _ in range(3):
        advance_in_double(problem)
        problem.fit(weights)
    advance_in_double(problem)
    before = weights_of(problem)
    exact = exact_unrolled(problem, weights)
    found = problem.unrolled_gradient(weights)
    assert same(before, weights_of(problem))
    point = weights.clone().requires_grad_()
    (first,) = torch.autograd.grad(problem.losses(point, "valid").mean(), point)
    assert (exact - first).norm() > 0.1 * first.norm()
    assert (found - exact).norm() < 1e-3 * (exact - first).norm()


def advance_in_double(problem: WeightSharing) -> None:
    problem.advance()
    problem._batch = {split: (x.double(), y) for split, (x, y) in problem._batch.items()}


def test_second_order_without_a_step_is_first_order(supernet_problem: Build) -> None:
    problem = supernet_problem(learning_rate=1e-12, learning_rate_min=0.0)
    problem.advance()
    point = mixture().requires_grad_()
    (first,) = torch.autograd.grad(problem.losses(point, "valid").mean(), point)
    torch.testing.assert_close(problem.unrolled_gradient(mixture()), first, atol=1e-6, rtol=1e-4)


def test_second_order_has_the_momentum_term(supernet_problem: Build) -> None:
    problem = supernet_problem()
    problem.advance()
    without = problem.unrolled_gradient(mixture())
    for p in problem.supernet.parameters():
        problem._optimizer.state[p]["momentum_buffer"].add_(1.0)
    assert not torch.allclose(problem.unrolled_gradient(mixture()), without, rtol=1e-2)


# --- partial channels --------------------------------------------------------------------------


def test_channels_widen_with_their_momenta(supernet_problem: Build) -> None:
    problem = supernet_problem(width=8)
    problem.use_channels(4)
    for _ in range(2):
        problem.advance()
        problem.fit(uniform())
    stem = problem.supernet.stem[0].weight  # type: ignore[index]
    momentum = problem._optimizer.state[stem]["momentum_buffer"].clone()
    problem.use_channels(2)
    assert torch.equal(problem._optimizer.state[stem]["momentum_buffer"], momentum)
    for parameter in problem.supernet.parameters():
        assert problem._optimizer.state[parameter]["momentum_buffer"].shape == parameter.shape
    problem.advance()
    problem.fit(uniform())


def test_a_search_that_would_widen_fixed_channels_is_refused_before_its_first_step(
    supernet_problem: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fixed(shared_weights.CellSupernet):
        use_channels = None  # type: ignore[assignment]

    monkeypatch.setattr(shared_weights, "CellSupernet", Fixed)
    problem = supernet_problem(width=8)
    DrNAS(problem, DrNAS.Settings(partial_channels=[4]), 0)
    DrNAS(problem, DrNAS.Settings(partial_channels=[4, 4]), 0)
    with pytest.raises(HarnessError, match="supernet of `nb201` cannot let more channels through"):
        DrNAS(problem, DrNAS.Settings(partial_channels=[4, 2]), 0)
    problem.advance()
    with pytest.raises(HarnessError, match="cannot let more channels through"):
        problem.use_channels(2)


def test_widened_state_goes_on_identically(supernet_problem: Build) -> None:
    problem, fresh = supernet_problem(width=8), supernet_problem(width=8, seed=3)
    for p in (problem, fresh):
        p.use_channels(4)
    problem.advance()
    problem.fit(uniform())
    problem.use_channels(2)
    fresh.load_state_dict(through_file(problem.state_dict()))
    for p in (problem, fresh):
        p.advance()
        p.fit(uniform())
    assert same(weights_of(problem), weights_of(fresh))


# --- precision, costs and faults ---------------------------------------------------------------


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_lower_precision_learns_in_fp32_weights(supernet_problem: Build, precision: str) -> None:
    problem, exact = supernet_problem(precision=precision), supernet_problem()
    gradients = []
    for p in (problem, exact):
        p.advance()
        point = mixture().requires_grad_()
        p.losses(point, "valid").mean().backward()
        gradients.append(point.grad)
        p.fit(mixture())
    assert all(p.dtype == torch.float32 for p in problem.supernet.parameters())
    low, high = (g.flatten() for g in gradients if g is not None)
    assert torch.cosine_similarity(low, high, dim=0) > 0.9
    assert low.norm().item() == pytest.approx(high.norm().item(), rel=0.3)
    moved = zip(weights_of(problem), weights_of(exact), strict=True)
    assert all(torch.allclose(one, other, atol=0.02) for one, other in moved)


def test_compiled_supernet_gives_the_same(
    supernet_problem: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Traced whole, with another backend: generating code takes minutes on a CPU."""
    monkeypatch.setitem(weight_sharing.BACKENDS, "inductor", "aot_eager")
    compiled, plain = (supernet_problem(compile_mode=mode) for mode in ("inductor", "none"))
    gradients = []
    for problem in (compiled, plain):
        problem.advance()
        point = mixture().requires_grad_()
        problem.losses(point, "valid").mean().backward()
        gradients.append(point.grad)
        problem.fit(mixture())
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-5, rtol=1e-4)
    for one, other in zip(weights_of(compiled), weights_of(plain), strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@CUDA
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("compile_mode", ["none", "graph", "inductor"])
def test_cuda_search_learns(space: NB201, digits: Any, precision: str, compile_mode: str) -> None:
    from nasbench_harness.problems.supernet.network_settings import NetworkSettings

    settings = NetworkSettings.build(
        "network", {"width": 8, "cells": 1, "batch_size": 32, "split": "halves"},
        {"learning_rate": 0.05, "precision": precision},
    )  # fmt: skip
    problem = WeightSharing(
        space, digits, settings, steps=60, epochs=20, device="cuda", compile_mode=compile_mode
    )
    for _ in range(60):
        problem.advance()
        point = uniform().cuda().requires_grad_()
        problem.losses(point, "valid").mean().backward()
        problem.fit(point.detach())
    arch = problem.space.derive(uniform())
    assert problem.observe(uniform(), arch)["mean_train_accuracy"] > 30


@CUDA
def test_no_step_waits_for_the_device(space: NB201, digits: Any) -> None:
    from nasbench_harness.problems.supernet.network_settings import NetworkSettings

    settings = NetworkSettings(width=8, cells=1, batch_size=32, split="halves")
    problem = WeightSharing(space, digits, settings, steps=60, epochs=20, device="cuda")
    point = uniform().cuda().requires_grad_()
    for step in range(6):
        torch.cuda.set_sync_debug_mode("error" if step > 2 else "default")
        try:
            problem.advance()
            problem.losses(point, "valid").mean().backward()
            problem.fit(point.detach())
        finally:
            torch.cuda.set_sync_debug_mode("default")


def test_measured_latency_is_measured_once(supernet_problem: Build, space: NB201) -> None:
    problem = supernet_problem()
    arch = space.at_index(1462)
    first = problem.cost(arch, "latency:measured")
    assert first > 0
    assert problem.cost(arch, "latency:measured") == first
    assert problem.cost(arch, "params") == space.cost(arch, "params", "cifar10")


def test_diverged_loss_names_the_step(supernet_problem: Build) -> None:
    problem = supernet_problem()
    for step in range(4):
        problem.advance()
        if step == 2:
            with torch.no_grad():
                next(problem.supernet.parameters()).fill_(torch.nan)
        problem.fit(uniform())
    with pytest.raises(DivergedError, match="since step 3"):
        problem.check()


def test_batches_larger_than_a_half_are_refused(supernet_problem: Build) -> None:
    with pytest.raises(HarnessError, match="batch"):
        supernet_problem(batch_size=101)


def test_real_cifar_images_are_searched_on(
    reference_data: Path, tmp_path: Path, space: NB201
) -> None:
    import tarfile

    from nasbench_harness.images.datasets import open_dataset
    from nasbench_harness.problems.supernet.network_settings import NetworkSettings

    with tarfile.open(reference_data / "cifar10" / "cifar10-jpeg-small.tar") as archive:
        archive.extractall(tmp_path, filter="data")
    dataset = open_dataset(f"folder:{tmp_path}")
    assert dataset.table_dataset == "cifar10"
    settings = NetworkSettings(width=4, cells=1, batch_size=64, split="halves", learning_rate=0.05)
    problem = WeightSharing(space, dataset, settings, steps=16, epochs=2)
    losses: list[Any] = []
    for _ in range(14):
        problem.advance()
        losses.append(float(problem.fit(uniform())["train_loss"]))
    assert sum(losses[-3:]) < sum(losses[:3])


@pytest.mark.parametrize("factors", [[4, 2], [3, 2]])
def test_a_width_that_no_stage_divides_is_refused_with_the_way_out(
    supernet_problem: Build, factors: list[int]
) -> None:
    """The first stage's and a later one's alike."""
    settings = DrNAS.Settings(partial_channels=factors)
    with pytest.raises(HarnessError, match="choose a `--width` that"):
        DrNAS(supernet_problem(width=6 if factors[0] == 4 else 8), settings, seed=0)

"""The exact oracle: values, gradients, noise, and its reference numbers."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from nasbench_harness import registry
from nasbench_harness.contracts import Split
from nasbench_harness.problems.landscape.joint import JointLandscape
from nasbench_harness.problems.landscape.kind import KIND
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.testing import TOY_METRIC, ToySpace, ToyTable, toy_problem


@pytest.fixture
def analog() -> Landscape:
    table = registry.open_table("analog")
    metric = table.search_metric("cifar10")
    return Landscape(
        registry.open_space("nb201"), table, metric=metric, dataset="cifar10", steps=10, epochs=5
    )


def test_uniform_weights_give_the_table_mean(analog: Landscape) -> None:
    column = registry.open_table("analog").column("cifar10_baseline_accuracy")
    uniform = torch.full((6, 5), 0.2, dtype=torch.float64)
    assert analog.score(uniform) == pytest.approx(column.mean(), abs=1e-9)


def test_one_hot_weights_give_the_entry(analog: Landscape) -> None:
    arch = analog.space.sample(torch.Generator().manual_seed(0))
    weights = torch.nn.functional.one_hot(torch.tensor(arch.choices), 5).double()
    assert analog.score(weights) == pytest.approx(analog.score(arch), abs=1e-10)
    assert analog.losses(weights, "valid").item() == pytest.approx(-analog.score(arch) / 100)


@pytest.mark.parametrize("options", [(4, 4, 4), (3, 4, 2), (2, 5), (2, 3, 2, 4, 3)])
def test_value_and_gradient_match_brute_force(options: tuple[int, ...]) -> None:
    table = torch.tensor(ToyTable(options).tensor(TOY_METRIC)) / 100
    problem = toy_problem(options=options)
    weights = torch.rand(7, len(options), max(options), dtype=torch.float64).requires_grad_()
    found = problem.losses(weights, "valid")
    letters = "abcde"[: len(options)]
    factors = [weights[:, d, :k] for d, k in enumerate(options)]
    subscripts = letters + "," + ",".join(f"n{letter}" for letter in letters) + "->n"
    truth = -torch.einsum(subscripts, table, *factors)
    assert torch.allclose(found, truth, atol=1e-13)
    ours = torch.autograd.grad(found.square().sum(), weights)[0]
    theirs = torch.autograd.grad(truth.square().sum(), weights)[0]
    assert torch.allclose(ours, theirs, atol=1e-13)


def test_a_missing_number_counts_as_the_worst() -> None:
    table = ToyTable((2, 3))
    whole = Landscape(ToySpace((2, 3)), table, metric=TOY_METRIC, dataset="toy", steps=1, epochs=1)
    weights = torch.rand(2, 3, dtype=torch.float64)
    before = float(whole.losses(weights, "valid"))
    worst, lost = table.accuracy.min(), table.accuracy[1, 2]
    table.accuracy[1, 2] = float("nan")
    holed = Landscape(ToySpace((2, 3)), table, metric=TOY_METRIC, dataset="toy", steps=1, epochs=1)
    share = float(weights[0, 1] * weights[1, 2])
    changed = before - share * (worst - lost) / 100
    assert float(holed.losses(weights, "valid")) == pytest.approx(changed, abs=1e-14)


def test_gradient_passes_the_numerical_check() -> None:
    problem = toy_problem()
    weights = torch.rand(3, 4, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda w: problem.losses(w, "valid"), weights)


def test_a_batch_is_its_examples_one_by_one() -> None:
    problem = toy_problem(batch_size=3)
    weights = torch.rand(3, 3, 4, dtype=torch.float64)
    single = torch.stack([problem.losses(w, "train")[0] for w in weights])
    assert torch.allclose(problem.losses(weights, "train"), single)


# --- options that are not active ---------------------------------------------------------------


def kept(options: tuple[int, ...], seed: int) -> Tensor:
    """Which options are active: some of every decision, not all of them."""
    generator = torch.Generator().manual_seed(seed)
    active = torch.rand(len(options), max(options), generator=generator) < 0.6
    for decision, count in enumerate(options):
        active[decision, seed % count] = True
        active[decision, count:] = False
    assert not active.all()
    return active


@pytest.mark.parametrize("seed", range(6))
def test_inactive_options_are_left_out_of_value_and_gradient(seed: int) -> None:
    """By going through all architectures of active options."""
    options = (3, 4, 2)
    problem, active = toy_problem(options=options), kept(options, seed)
    weights = torch.rand(3, 4, dtype=torch.float64).requires_grad_()
    table = torch.tensor(ToyTable(options).tensor(TOY_METRIC)) / 100
    truth = -sum(
        table[cell] * torch.stack([weights[d, k] for d, k in enumerate(cell)]).prod()
        for cell in product(*map(range, options))
        if all(active[d, k] for d, k in enumerate(cell))
    )
    (expected,) = torch.autograd.grad(truth, weights)
    found = problem.losses(weights, "valid", active)
    (gradient,) = torch.autograd.grad(found.sum(), weights)
    assert torch.allclose(found, truth.expand(1), atol=1e-12)
    assert torch.allclose(gradient, expected, atol=1e-12)
    assert not gradient[~active].any()


def test_joint_runs_leave_inactive_options_out_each_its_own() -> None:
    problems = [toy_problem(seed=1, batch_size=1) for _ in range(3)]
    joint = JointLandscape(problems)
    active = torch.stack([kept((3, 4, 2), seed) for seed in range(3)])
    for shape in ((3, 3, 4), (3, 5, 3, 4)):
        weights = torch.rand(shape, dtype=torch.float64).requires_grad_()
        for given in (active, active[0]):
            found = joint.losses(weights, "valid", given)
            (gradient,) = torch.autograd.grad(found.sum(), weights)
            for run, problem in enumerate(problems):
                own = weights[run].detach().requires_grad_()
                one = given[run] if given.ndim == 3 else given
                alone = problem.losses(own, "valid", one)
                assert torch.equal(found[run], alone.detach())
                assert torch.equal(gradient[run], torch.autograd.grad(alone.sum(), own)[0])


def test_all_options_active_is_as_if_nobody_said_so() -> None:
    problem = toy_problem(options=(4, 4, 4))
    weights = torch.rand(3, 4, dtype=torch.float64).requires_grad_()
    found = problem.losses(weights, "valid", torch.ones(3, 4, dtype=torch.bool))
    plain = problem.losses(weights, "valid")
    assert torch.equal(found, plain)
    assert torch.equal(*(torch.autograd.grad(v.sum(), weights)[0] for v in (found, plain)))


def test_noise_is_held_within_a_step_and_fresh_in_the_next() -> None:
    problem = toy_problem(noise=1.0)
    arch = problem.space.architecture([0, 0, 0])
    problem.advance()
    first = problem.score(arch)
    assert problem.score(arch) == first
    problem.advance()
    assert problem.score(arch) != first


def test_noise_has_the_given_spread_in_points() -> None:
    problem = toy_problem(noise=2.0, steps=10_000)
    arch = problem.space.architecture([1, 2, 0])
    scores = []
    for _ in range(4_000):
        problem.advance()
        scores.append(problem.score(arch))
    drawn = torch.tensor(scores)
    assert drawn.std().item() == pytest.approx(2.0, rel=0.05)
    assert drawn.mean().item() == pytest.approx(toy_problem().score(arch), abs=0.15)


def test_observed_accuracy_is_free_of_noise() -> None:
    noisy, clean = toy_problem(noise=5.0), toy_problem()
    noisy.advance()
    weights = torch.full((3, 4), 0.25, dtype=torch.float64)
    seen, unseen = (one.observe(weights, one.space.unrank(0)) for one in (noisy, clean))
    assert seen["expected_accuracy"] == unseen["expected_accuracy"]


def test_steps_map_to_epochs(analog: Landscape) -> None:
    epochs = []
    for _ in range(10):
        analog.advance()
        epochs.append(analog.progress.epoch)
    assert epochs == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_queries_count_architectures_only() -> None:
    problem = toy_problem()
    problem.score(torch.full((3, 4), 0.25, dtype=torch.float64))
    assert problem.queries == 0
    problem.score(problem.space.architecture([0, 0, 0]))
    assert problem.queries == 1


def test_state_brings_back_the_noise() -> None:
    problem, other = toy_problem(noise=1.0), toy_problem(noise=1.0, seed=0)
    for _ in range(5):
        problem.advance()
    other.load_state_dict(problem.state_dict())
    problem.advance()
    other.advance()
    arch = problem.space.architecture([0, 1, 1])
    assert problem.score(arch) == other.score(arch)
    assert problem.progress == other.progress


def test_expectation_is_multilinear() -> None:
    """f is linear in every row: the value at a mean of two rows is the mean of the values."""
    problem = toy_problem()
    generator = torch.Generator().manual_seed(0)
    weights = torch.rand(2, 3, 4, dtype=torch.float64, generator=generator)
    weights[1, 1:] = weights[0, 1:]
    middle = problem.losses(weights.mean(0), "valid")
    assert torch.allclose(middle, problem.losses(weights, "valid").mean())


def test_a_landscape_of_one_s_own_is_never_joined() -> None:
    """Its losses may be others than the table's, which is all that joined runs would ask."""

    class Tilted(Landscape):
        def losses(self, weights: Tensor, split: Split, active: Tensor | None = None) -> Tensor:
            return -super().losses(weights, split, active)

    plain = toy_problem()
    assert KIND.joins(plain)
    plain.__class__ = Tilted
    assert not KIND.joins(plain)


def test_problems_of_a_kind_s_own_class_are_not_joined(analog: Landscape) -> None:
    """The joint landscape would compute other losses than theirs."""

    class Steeper(Landscape):
        def expected(self, weights: Tensor) -> Tensor:
            return 2 * super().expected(weights)

    class Kind(type(KIND)):  # type: ignore[misc]
        def problem(self) -> type:
            return Steeper

    about: dict[str, Any] = {"dataset": "cifar10", "steps": 2, "epochs": 2}
    table = registry.open_complete("analog")
    space: Any = registry.open_space("nb201")
    steeper = Steeper(space, table, metric=table.search_metric("cifar10"), **about)
    assert Kind().joins(analog)
    assert not Kind().joins(steeper)

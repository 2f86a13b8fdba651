"""The fitted polynomial as an objective: by going through all architectures of small spaces."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from torch import Tensor

from nasbench_harness.contracts import Fitted, HeldOut, Metric, Polynomial
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.darts import DARTS
from nasbench_harness.methods.reinforce import REINFORCE
from nasbench_harness.problems.estimators import diagnose
from nasbench_harness.problems.surrogate.expectation import expectation, form_of
from nasbench_harness.problems.surrogate.joint import JointSurrogate
from nasbench_harness.problems.surrogate.kind import KIND
from nasbench_harness.problems.surrogate.objective import Surrogate
from nasbench_harness.testing import ToySpace, check_table

OPTIONS = (3, 4, 2, 3)
METRIC, SECONDS = "predicted", "measured"
FACTS = HeldOut(100, mae=0.3, rmse=0.4, r2=0.98, spearman=0.99, best_mae=0.35, noise=0.2)


def polynomial(options: tuple[int, ...] = OPTIONS, seed: int = 0) -> Polynomial:
    """Random terms, whose padding is 0."""
    draw = np.random.default_rng(seed)
    there = np.arange(max(options)) < np.array(options)[:, None]
    single = draw.normal(size=there.shape) * there
    pairs = draw.normal(size=(*there.shape, *there.shape))
    pairs *= there[:, :, None, None] * there
    pairs += pairs.transpose(2, 3, 0, 1)
    for place in range(len(options)):
        pairs[place, :, place] = 0
    return Polynomial(60.0, single, pairs)


class FittedTable:
    """A benchmark of the toy space that predicts."""

    name, space, version, caveat, content_hash = "fitted", "toy", "1", "Made up.", "fitted-0"

    def __init__(self, options: tuple[int, ...] = OPTIONS) -> None:
        self.polynomials = {METRIC: polynomial(options)}
        self.metrics = {
            METRIC: Metric(METRIC, "random", "%", "toy", "test", None, True, True),
            SECONDS: Metric(SECONDS, "of some", "%", "toy", "test", None, False, False),
        }

    def polynomial(self, metric):
        if metric not in self.polynomials:
            raise HarnessError(f"`{metric}` is not predicted.")
        return self.polynomials[metric]

    def held_out(self, metric):
        self.polynomial(metric)
        return FACTS

    def value(self, metric, arch):
        if metric not in self.metrics:
            raise HarnessError(f"There is no metric `{metric}`.")
        return self.polynomial(metric).at(arch.choices) if metric == METRIC else float("nan")

    def lookup(self, arch):
        return {metric: self.value(metric, arch) for metric in self.metrics}

    def search_metric(self, dataset, *, queries=False):
        return METRIC

    def report_metric(self, dataset):
        return METRIC

    def training_seconds(self, metric, arch):
        return None


def problem(batch_size: int = 1, options: tuple[int, ...] = OPTIONS) -> Surrogate:
    table = FittedTable(options)
    return Surrogate(
        ToySpace(options), table, metric=METRIC, dataset="toy", steps=10, epochs=10,
        batch_size=batch_size,
    )  # fmt: skip


def enumerated(weights: Tensor, options: tuple[int, ...] = OPTIONS) -> Tensor:
    """f(weights) of [N, D, K] as the sum over all architectures."""
    of = polynomial(options)
    return sum(
        of.at(cell) * torch.stack([weights[:, d, k] for d, k in enumerate(cell)]).prod(dim=0)
        for cell in product(*map(range, options))
    )


@pytest.mark.parametrize("options", [(2,), (2, 3), OPTIONS, (3, 1, 2)])
def test_value_and_gradient_are_those_of_all_architectures(options: tuple[int, ...]) -> None:
    mask = torch.arange(max(options)) < torch.tensor(options)[:, None]
    weights = torch.rand(5, *mask.shape, dtype=torch.float64) * mask
    weights[0] /= weights[0].sum(dim=-1, keepdim=True)  # and others that are no probabilities
    weights.requires_grad_()
    found = expectation(form_of(polynomial(options), mask, 1.0), weights)
    truth = enumerated(weights, options)
    assert torch.allclose(found, truth, rtol=1e-12, atol=1e-12)
    ours = torch.autograd.grad(found.square().sum(), weights)[0]
    theirs = torch.autograd.grad(truth.square().sum(), weights)[0]
    assert torch.allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def test_gradient_passes_the_numerical_check() -> None:
    weights = torch.rand(4, 4, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda w: problem().losses(w, "valid"), weights)


def test_a_decision_without_weight_gets_the_gradient_that_it_would_have() -> None:
    """Where a row is 0 the value is 0, and yet every option of it is worth something."""
    weights = torch.rand(1, 4, 4, dtype=torch.float64)
    for rows in ([1], [1, 2]):
        weights[:, rows] = 0
        point = weights.clone().requires_grad_()
        form = problem().form
        (ours,) = torch.autograd.grad(expectation(form, point).sum(), point)
        (theirs,) = torch.autograd.grad(enumerated(point).sum() / 100, point)
        assert torch.allclose(ours, theirs, atol=1e-13)
    assert not ours.any()


def test_one_hot_weights_give_the_prediction_of_the_architecture() -> None:
    one = problem()
    for arch in list(one.space.enumerate())[::7]:
        expected = polynomial().at(arch.choices)
        assert one.score(one.space.weights(arch).double()) == pytest.approx(expected, abs=1e-12)
        assert one.query(arch) == pytest.approx(expected, abs=1e-12)
    assert one.queries == len(list(one.space.enumerate())[::7])


def test_what_is_padded_counts_for_nothing() -> None:
    one = problem()
    weights = torch.rand(4, 4, dtype=torch.float64)
    padded = weights.masked_fill(~one.space.mask, 0.0).requires_grad_()
    weights.requires_grad_()
    found = one.losses(weights, "valid")
    assert torch.equal(found, one.losses(padded, "valid"))
    (gradient,) = torch.autograd.grad(found.sum(), weights)
    assert not gradient[~one.space.mask].any()


# --- options that are not active, and several runs at a time -------------------------------------


def kept(seed: int) -> Tensor:
    """Which options are active: some of every decision, not all of them."""
    generator = torch.Generator().manual_seed(seed)
    active = torch.rand(4, 4, generator=generator) < 0.5
    for decision, count in enumerate(OPTIONS):
        active[decision, seed % count] = True
        active[decision, count:] = False
    return active


@pytest.mark.parametrize("seed", range(4))
def test_inactive_options_are_left_out_of_value_and_gradient(seed: int) -> None:
    active = kept(seed)
    weights = torch.rand(1, 4, 4, dtype=torch.float64).requires_grad_()
    truth = -enumerated(weights * active) / 100
    (expected,) = torch.autograd.grad(truth.sum(), weights)
    found = problem().losses(weights, "valid", active)
    (gradient,) = torch.autograd.grad(found.sum(), weights)
    assert torch.allclose(found, truth, atol=1e-13)
    assert torch.allclose(gradient, expected, atol=1e-13)
    assert not gradient[:, ~active].any()


def test_joint_runs_are_the_single_ones_bit_for_bit() -> None:
    problems = [problem() for _ in range(3)]
    joint = JointSurrogate(problems)
    active = torch.stack([kept(seed) for seed in range(3)])
    for shape in ((3, 4, 4), (3, 5, 4, 4)):
        weights = torch.rand(shape, dtype=torch.float64).requires_grad_()
        for given in (None, active, active[0]):
            found = joint.losses(weights, "valid", given)
            (gradient,) = torch.autograd.grad(found.sum(), weights)
            for run, alone in enumerate(problems):
                own = weights[run].detach().requires_grad_()
                one = given[run] if given is not None and given.ndim == 3 else given
                loss = alone.losses(own, "valid", one)
                assert torch.equal(found[run], loss.detach())
                assert torch.equal(gradient[run], torch.autograd.grad(loss.sum(), own)[0])


def test_only_problems_of_one_sample_a_step_join() -> None:
    assert KIND.joins(problem())
    assert not KIND.joins(problem(batch_size=2))


# --- what else a search asks ----------------------------------------------------------------------


def test_exact_and_estimated_gradients_agree_for_an_exact_method() -> None:
    one = problem()
    searcher = DARTS(one, DARTS.Settings(), 0)
    one.advance()
    told = diagnose(searcher, one)
    assert told["gradient_bias"] == pytest.approx(0, abs=1e-12)
    assert told["gradient_cosine"] == pytest.approx(1)


def test_the_state_goes_on_where_it_was() -> None:
    first, second = problem(), problem()
    for _ in range(3):
        first.advance()
    first.query(first.space.sample(torch.Generator()))
    second.load_state_dict(first.state_dict())
    assert second.progress == first.progress
    assert second.conclude(first.space.sample(torch.Generator())) == {"queries": 1.0}


def test_a_method_that_queries_is_told_predictions() -> None:
    one = problem()
    searcher = REINFORCE(one, REINFORCE.Settings(), 0)
    for _ in range(5):
        one.advance()
        searcher.step()
    assert one.queries == 5


def test_the_toy_benchmark_is_one_that_is_fitted() -> None:
    table = FittedTable()
    assert isinstance(table, Fitted)
    check_table(table, ToySpace(OPTIONS))

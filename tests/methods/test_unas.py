"""UNAS: an unbiased estimator, whatever its control variate, and a quieter one than REINFORCE."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from scipy.stats import chisquare
from torch import Tensor

from nasbench_harness.methods.shared import factorised, relaxations
from nasbench_harness.methods.shared.costs import fit_linear, linear
from nasbench_harness.methods.shared.relaxations import Sample, condition, draw
from nasbench_harness.methods.unas import UNAS, UNASSettings
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.problems.supernet.network_settings import NetworkSettings
from nasbench_harness.testing import ToyTable, toy_problem

OPTIONS = (4, 4, 4)
BATCH, STEPS = 100, 1_000  # 1e5 architecture samples
EXACT = {"gap_weight": 0.0, "weight_decay": 0.0, "uniform_clamp": 1e-12}


@pytest.fixture
def searcher(alpha: Tensor) -> Callable[..., UNAS]:
    def make(cls: type[UNAS] = UNAS, batch: int = BATCH, **settings: Any) -> UNAS:
        problem = toy_problem(options=OPTIONS, steps=100_000, batch_size=batch, seed=3)
        made = cls(problem, UNASSettings(**{**EXACT, **settings}), seed=4)
        made.alpha.data.copy_(alpha)
        return made

    return make


@pytest.fixture
def z_of(
    exact_gradient: Tensor, gradients: Callable[..., Tensor],
    z_scores: Callable[[Tensor, Tensor], Tensor],
) -> Callable[..., float]:  # fmt: skip
    """Largest distance of the mean gradient from the enumerated one, in standard errors."""

    def distance(made: UNAS, truth: Tensor | None = None) -> float:
        samples = gradients(made, made.problem, STEPS)
        return float(z_scores(samples, exact_gradient if truth is None else truth).max())

    return distance


@pytest.mark.parametrize("temperature", [0.1, 0.4, 1.0])
def test_unbiased(
    temperature: float, searcher: Callable[..., UNAS], z_of: Callable[..., float]
) -> None:
    assert z_of(searcher(temperature=temperature)) < 3


@pytest.mark.parametrize("control_variate", ["none", "baseline"])
def test_reinforce_is_unbiased(
    control_variate: str, searcher: Callable[..., UNAS], z_of: Callable[..., float]
) -> None:
    assert z_of(searcher(control_variate=control_variate)) < 3


def test_unbiased_with_a_wrong_control_variate(
    searcher: Callable[..., UNAS], z_of: Callable[..., float]
) -> None:
    class Wrong(UNAS):
        def objective(self, weights: Tensor, active: Tensor | None = None) -> Tensor:
            loss = super().objective(weights, active)
            return 2 * loss + torch.sin(3 * loss) if torch.is_grad_enabled() else loss

    assert z_of(searcher(Wrong)) < 3


def test_unbiased_with_softened_logits(
    alpha: Tensor, expected_loss: Callable[[Tensor], Tensor],
    searcher: Callable[..., UNAS], z_of: Callable[..., float],
) -> None:  # fmt: skip
    leaf = alpha.clone().requires_grad_()
    floored = leaf.softmax(-1) + 0.08
    p = floored / floored.sum(-1, keepdim=True)
    (truth,) = torch.autograd.grad(expected_loss(p), leaf)
    assert z_of(searcher(probability_floor=0.08), truth) < 3


def test_negative_control_differentiating_v(
    searcher: Callable[..., UNAS], z_of: Callable[..., float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the stop-gradient on v the estimator is biased, and the test above would see it."""

    def leaky(p: Tensor, log_u: Tensor, discrete: Tensor) -> Tensor:
        chosen = discrete.bool()
        log_v_chosen = (discrete * log_u / p).sum(-1, keepdim=True)
        log_v = torch.where(chosen, log_v_chosen, log_u - p * log_v_chosen)
        return torch.where(chosen, -(-log_v).log(), -(-log_v / p - log_v_chosen).log())

    monkeypatch.setattr(relaxations, "condition", leaky)
    assert z_of(searcher()) > 6


def test_negative_control_soft_sample_in_log_p(
    searcher: Callable[..., UNAS], z_of: Callable[..., float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def soft(log_p: Tensor, uniforms: Tensor, temperature: float) -> Sample:
        sample = draw(log_p, uniforms, temperature)
        chosen = (sample.soft.detach() * log_p).sum(dim=(-2, -1))
        return Sample(sample.discrete, sample.soft, chosen)

    monkeypatch.setattr(factorised, "draw", soft)
    assert z_of(searcher()) > 6


def test_control_variate_lowers_the_variance(
    searcher: Callable[..., UNAS], gradients: Callable[..., Tensor]
) -> None:
    def variance(**settings: Any) -> float:
        made = searcher(batch=1, **settings)
        return float(gradients(made, made.problem, 1_500).var(dim=0).sum())

    reinforce = variance(control_variate="none")
    assert variance(temperature=0.4) < 0.8 * reinforce


def test_discrete_samples_follow_p(alpha: Tensor) -> None:
    log_p = alpha.log_softmax(-1)
    uniforms = torch.rand(
        50_000, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    counts = draw(log_p, uniforms, 0.4).discrete.sum(0)
    for row, p in zip(counts, log_p.exp(), strict=True):
        assert chisquare(row.numpy(), (p * 50_000).numpy()).pvalue > 1e-3


def test_conditioned_sample_equals_the_sample_in_value(alpha: Tensor) -> None:
    log_p = alpha.log_softmax(-1)
    uniforms = torch.rand(
        1_000, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    perturbed = log_p - (-uniforms.log()).log()
    discrete = draw(log_p, uniforms, 0.4).discrete
    assert torch.allclose(condition(log_p.exp(), uniforms.log(), discrete), perturbed, atol=1e-9)


def test_chosen_option_of_the_conditioned_sample_has_no_gradient(alpha: Tensor) -> None:
    p = alpha.softmax(-1).requires_grad_()
    uniforms = torch.rand(1, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    discrete = draw(p.detach().log(), uniforms, 0.4).discrete
    conditioned = condition(p, uniforms.log(), discrete)
    (gradient,) = torch.autograd.grad((conditioned * discrete).sum(), p)
    assert torch.all(gradient == 0)


def test_options_that_do_not_exist_are_never_drawn() -> None:
    made = UNAS(toy_problem(options=(3, 2)), UNASSettings(), seed=0)
    sample = made.sample(500)
    assert torch.all(sample.discrete[:, 1, 2] == 0)
    assert torch.all(sample.soft[:, 1, 2].abs() < 1e-12)
    (sample.soft.sum() + sample.log_p.sum()).backward()
    assert made.alpha.grad is not None
    assert torch.isfinite(made.alpha.grad).all()


class TwoTables(Landscape):
    """Train and validation loss from different tables, different per example."""

    def losses(self, weights: Tensor, split: str, active: Tensor | None = None) -> Tensor:
        loss = super().losses(weights, "train")
        return loss if split == "train" else loss + torch.linspace(-0.2, 0.3, len(loss))


def two_tables() -> TwoTables:
    problem = toy_problem(options=OPTIONS, batch_size=4, steps=100)
    problem.__class__ = TwoTables
    return problem  # type: ignore[return-value]


def test_gap_is_taken_per_example() -> None:
    problem = two_tables()
    made = UNAS(problem, UNASSettings(gap_weight=0.5), seed=0)
    weights = made.sample(4).discrete
    train, valid = problem.losses(weights, "train"), problem.losses(weights, "valid")
    assert torch.allclose(made.objective(weights), train + 0.5 * (valid - train).abs())


def test_gap_of_the_batch_means_differs() -> None:
    problem = two_tables()
    per_example = UNAS(problem, UNASSettings(gap="per_example"), seed=0)
    of_means = UNAS(problem, UNASSettings(gap="batch_mean"), seed=0)
    weights = per_example.sample(4).discrete
    train, valid = problem.losses(weights, "train"), problem.losses(weights, "valid")
    expected = train + 0.5 * (valid.mean() - train.mean()).abs()
    assert torch.allclose(of_means.objective(weights), expected)
    assert per_example.objective(weights).mean() > of_means.objective(weights).mean() + 0.01


@pytest.mark.parametrize(
    ("step", "expected"), [(0, 0.0), (15_000, 0.05), (30_000, 0.1), (90_000, 0.1)]
)
def test_cost_weight_ramps_up(step: int, expected: float) -> None:
    problem = toy_problem(steps=100_000)
    problem._step = step
    assert UNAS(problem, UNASSettings(), seed=0).cost_coefficient() == pytest.approx(expected)


def test_cost_below_the_target_is_free() -> None:
    problem = toy_problem(steps=10)
    problem._step = 9
    made = UNAS(problem, UNASSettings(cost="params", cost_target=1e6, cost_ramp=1), seed=0)
    assert made.cost_surrogate().item() == 0.0


def test_cost_model_recovers_a_linear_cost() -> None:
    made = UNAS(toy_problem(options=OPTIONS), UNASSettings(cost="params"), seed=0)
    drawn = made.sample(2_000).discrete
    (cost,) = made.cost.parts
    model = fit_linear(drawn, cost.measure, ridge=1e-9)
    assert all(abs(float(linear(model, z)) - cost.measure(z)) < 1e-6 for z in drawn[:50])


def test_cost_gradient_is_unbiased(
    alpha: Tensor, searcher: Callable[..., UNAS], gradients: Callable[..., Tensor],
    z_scores: Callable[[Tensor, Tensor], Tensor],
) -> None:  # fmt: skip
    """With the loss switched off what is left is the gradient of kappa E[relu(cost - target)]."""

    class OnlyCost(UNAS):
        def objective(self, weights: Tensor, active: Tensor | None = None) -> Tensor:
            return 0.0 * super().objective(weights, active)

    made = searcher(OnlyCost, batch=1, cost="params", cost_target=2.0, cost_ramp=1)
    made.problem._step = 10
    leaf = alpha.clone().requires_grad_()
    p = leaf.softmax(-1)
    space = made.problem.space
    expected = torch.zeros((), dtype=torch.float64)
    for arch in space.enumerate():
        probability = math.prod(p[d, k] for d, k in enumerate(arch.choices))
        expected = expected + probability * max(space.cost(arch, "params", "toy") / 1e6 - 2.0, 0)
    (truth,) = torch.autograd.grad(0.1 * expected, leaf)
    assert z_scores(gradients(made, made.problem, 6_000), truth).max() < 3


def test_warm_up_trains_network_weights_only() -> None:
    problem = toy_problem(steps=10)
    made = UNAS(problem, UNASSettings(warmup_epochs=4), seed=0)
    for _ in range(4):
        problem.advance()
        made.step()
    assert torch.all(made.alpha == 0)
    problem.advance()
    made.step()
    assert torch.any(made.alpha != 0)


def test_learning_rate_follows_a_cosine() -> None:
    problem = toy_problem(steps=10)
    made = UNAS(problem, UNASSettings(), seed=0)
    rates = []
    for _ in range(10):
        problem.advance()
        made.step()
        rates.append(made.optimizer.param_groups[0]["lr"])
    assert rates[0] == pytest.approx(1e-3)
    assert rates[5] == pytest.approx((1e-3 + 3e-4) / 2)
    assert rates == sorted(rates, reverse=True)


def test_reinforce_baseline_is_nearly_the_last_loss() -> None:
    problem = toy_problem(steps=10)
    made = UNAS(problem, UNASSettings(control_variate="baseline", gap_weight=0.0), seed=0)
    assert made.baseline == 0.0
    problem.advance()
    loss = float(made.step()["discrete_loss"])
    assert float(made.baseline) == pytest.approx(0.9 * loss)


def test_toy_table_is_not_flat() -> None:
    """The unbiasedness tests mean something only where architectures differ."""
    assert ToyTable(OPTIONS, seed=3).accuracy.std() > 10


@pytest.fixture
def watched() -> tuple[Landscape, list[tuple[Any, ...]]]:
    """A problem that remembers what it was asked."""
    problem = toy_problem(options=OPTIONS, batch_size=4, steps=100)
    asked: list[tuple[Any, ...]] = []
    losses = problem.losses

    def remember(weights: Tensor, split: str, active: Tensor | None = None) -> Tensor:
        asked.append((split, weights.detach().clone(), weights.requires_grad, active))
        return losses(weights, split, active)  # type: ignore[arg-type]

    problem.losses = remember  # type: ignore[method-assign]
    problem.fit = lambda weights, *_: asked.append(("fit", weights)) or {}  # type: ignore[method-assign,func-returns-value]
    return problem, asked


@pytest.mark.parametrize("sample_per", ["batch", "example"])
def test_one_sample_serves_both_splits_and_the_network(
    sample_per: Any, watched: tuple[Landscape, list[tuple[Any, ...]]]
) -> None:
    problem, asked = watched
    made = UNAS(problem, UNASSettings(sample_per=sample_per), seed=0)
    problem.advance()
    made.step()
    (_, hard, *_), (_, hard_again, *_), (_, soft, *_), (_, soft_again, *_), (_, fitted) = asked
    assert [entry[0] for entry in asked] == ["train", "valid", "train", "valid", "fit"]
    assert hard.shape == ((3, 4) if sample_per == "batch" else (4, 3, 4))
    assert torch.equal(hard, hard_again)
    assert torch.equal(soft, soft_again)
    assert torch.equal(soft, fitted)
    assert torch.equal(soft.argmax(-1), hard.argmax(-1))


def test_discrete_pass_of_a_batch_names_the_only_operation_of_each_edge(
    watched: tuple[Landscape, list[tuple[Any, ...]]],
) -> None:
    problem, asked = watched
    made = UNAS(problem, UNASSettings(sample_per="batch"), seed=0)
    problem.advance()
    made.step()
    for _, weights, differentiable, active in asked[:4]:
        if differentiable:
            assert active is None
        else:
            assert torch.equal(active, weights.bool())
            assert active.sum(-1).tolist() == [1, 1, 1]


def test_published_settings() -> None:
    recipe = UNAS.recipes["nb201"]
    settings = UNASSettings(**recipe.settings)
    assert (settings.learning_rate, settings.learning_rate_min) == (1e-3, 3e-4)
    assert (settings.weight_decay, settings.temperature, settings.gap_weight) == (1e-6, 0.4, 0.5)
    assert (settings.warmup_epochs, recipe.epochs, settings.sample_per) == (15, 100, "batch")
    network = NetworkSettings.build("unas", recipe.network)
    assert (network.optimizer, network.learning_rate, network.learning_rate_min) == (
        "adam", 3e-4, 1e-4,
    )  # fmt: skip
    assert (network.weight_decay, network.train_share) == (3e-4, 0.9)
    assert network.reset_optimizer_epoch == settings.warmup_epochs


def test_measured_latency_is_a_cost() -> None:
    assert UNASSettings(cost="latency:measured").cost == "latency:measured"


# --- several costs -----------------------------------------------------------------------------


def holding(form: str, costs: str, targets: float | list[float]) -> UNAS:
    settings = UNASSettings(
        cost=costs, cost_target=targets, cost_form=form, cost_ramp=5, cost_fit_samples=40,
        learning_rate=0.1, gap_weight=0.0,
    )  # fmt: skip
    return UNAS(toy_problem(options=OPTIONS, steps=40), settings, seed=0)


def advanced(made: UNAS, steps: int) -> UNAS:
    for _ in range(steps):
        made.problem.advance()
        made.step()
    return made


@pytest.mark.usefixtures("two_costs")
@pytest.mark.parametrize("form", ["published", "scaled"])
def test_a_search_with_two_costs_goes_on_where_it_stopped(form: str) -> None:
    whole = advanced(holding(form, "params+used", [2.0, 1.0]), 20)
    half = advanced(holding(form, "params+used", [2.0, 1.0]), 10)
    again = holding(form, "params+used", [2.0, 1.0])
    again.load_state_dict(half.state_dict())
    for _ in range(10):
        again.problem.advance()
    assert torch.equal(advanced(again, 10).scores(), whole.scores())


@pytest.mark.usefixtures("two_costs")
def test_a_checkpoint_of_one_cost_is_what_it_was() -> None:
    state = advanced(holding("scaled", "params", 2.0), 3).state_dict()
    assert {"cost_model", "cost_error", "cost_spreads"} <= set(state)
    assert "costs" not in state
    several = advanced(holding("scaled", "params+used", 2.0), 3).state_dict()
    assert [set(one) for one in several["costs"]] == [
        {"cost_model", "cost_error", "cost_spreads"}
    ] * 2


@pytest.mark.usefixtures("two_costs")
@pytest.mark.parametrize("form", ["published", "scaled"])
def test_costs_add_up(form: str) -> None:
    """The term of two is the sum of those of each, over all architectures and under p."""
    both = advanced(holding(form, "params+used", [2.0, 1.0]), 1)
    both.prepare_cost()
    each = [holding(form, "params", 2.0), holding(form, "used", 1.0)]
    for made, part in zip(each, both.cost.parts, strict=True):
        made.cost.load_state_dict(part.state_dict())
    p = both.log_probabilities().exp()
    expected = sum(made.cost.expected_excess(p) for made in each)
    assert torch.allclose(both.cost.expected_excess(p), torch.as_tensor(expected))
    for z in both.sample(30).discrete:
        assert both.cost.excess(z) == pytest.approx(sum(made.cost.excess(z) for made in each))


@pytest.mark.usefixtures("two_costs")
def test_each_model_of_several_is_logged() -> None:
    made = holding("published", "params+used", [2.0, 1.0])
    made.problem.advance()
    log = made.step()
    assert {"cost_model_error_params", "cost_model_error_used"} <= set(log)
    assert "cost_model_error" not in log

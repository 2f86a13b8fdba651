"""UNAS as its authors run it: schedules after the warm-up, negligible options left out."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from nasbench_harness.methods.shared.relaxations import draw
from nasbench_harness.methods.unas import UNAS, UNASSettings
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.problems.supernet.network_settings import NetworkSettings
from nasbench_harness.spaces.darts.variants import DARTS_OPERATIONS, UNAS_OPERATIONS
from nasbench_harness.study.recipes import find_recipe
from nasbench_harness.testing import TOY_METRIC, ToyTable, toy_problem

AUTHORS = ("nb201", "nb201_per_example")
YOUNGER = (
    *("darts", "darts_quick", "proxyless", "imagenet", "imagenet_own", "darts_bench_quick"),
    *(f"darts_bench{on}" for on in ("", "_deep", "_deep_no_skip", "_deep_all_skip")),
)
EXACT = {"gap_weight": 0.0, "weight_decay": 0.0, "uniform_clamp": 1e-12}


def stepped(epochs: int, **settings: Any) -> tuple[UNAS, list[dict[str, Any]], list[float]]:
    """A search of one step an epoch: what it logged, and Adam's rate in every step."""
    problem = toy_problem(options=(3, 3), steps=epochs)
    made = UNAS(problem, UNASSettings(**settings), seed=0)
    logs, rates = [], []
    for _ in range(epochs):
        problem.advance()
        logs.append(dict(made.step()))
        rates.append(made.optimizer.param_groups[0]["lr"])
    return made, logs, rates


# --- schedules ---------------------------------------------------------------------------------


def joint_rates(epochs: int) -> list[float]:
    """Of an Adam under torch's scheduler, which is made when the warm-up is over."""
    adam = torch.optim.Adam([torch.zeros(1, requires_grad=True)], 1e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(adam, float(epochs), eta_min=3e-4)
    rates = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an optimiser that takes no steps
        for _ in range(epochs):
            rates.append(adam.param_groups[0]["lr"])
            scheduler.step()
    return rates


@pytest.mark.parametrize(("epochs", "warmup"), [(100, 15), (20, 3), (6, 0)])
def test_the_cosine_of_the_logits_begins_after_the_warm_up(epochs: int, warmup: int) -> None:
    _, _, rates = stepped(epochs, warmup_epochs=warmup, schedules="after_warmup")
    assert rates[warmup:] == pytest.approx(joint_rates(epochs - warmup), rel=0, abs=1e-12)


def test_the_cosine_of_the_logits_counts_the_warm_up_by_default() -> None:
    _, _, rates = stepped(20, warmup_epochs=3)
    assert rates[3:] == pytest.approx(joint_rates(20)[3:], rel=0, abs=1e-12)


COST = {"cost": "params", "cost_fit_samples": 20, "cost_weight": 0.1, "cost_ramp": 8}


def test_the_ramp_of_the_cost_counts_steps_of_the_logits() -> None:
    _, logs, _ = stepped(16, warmup_epochs=5, schedules="after_warmup", **COST)
    assert all("cost_weight" not in log for log in logs[:5])
    expected = [0.1 * min(step / 8, 1.0) for step in range(11)]
    assert [log["cost_weight"] for log in logs[5:]] == pytest.approx(expected, abs=1e-12)


def test_the_ramp_counts_the_warm_up_by_default() -> None:
    _, logs, _ = stepped(16, warmup_epochs=5, **COST)
    expected = [0.1 * min(step / 8, 1.0) for step in range(5, 16)]
    assert [log["cost_weight"] for log in logs[5:]] == pytest.approx(expected, abs=1e-12)


def test_a_resumed_search_goes_on_with_the_ramp() -> None:
    settings = UNASSettings(warmup_epochs=2, schedules="after_warmup", **COST)
    made, _, _ = stepped(6, **settings.model_dump())
    fresh = UNAS(toy_problem(options=(3, 3), steps=6), settings, seed=1)
    fresh.load_state_dict(made.state_dict())
    assert fresh.cost_coefficient() == made.cost_coefficient() == pytest.approx(0.1 * 4 / 8)


def test_states_of_earlier_versions_can_be_gone_on_with() -> None:
    made, _, _ = stepped(4)
    state = made.state_dict()
    del state["updates"]
    fresh = UNAS(toy_problem(options=(3, 3), steps=4), UNASSettings(), seed=1)
    fresh.load_state_dict(state)
    assert torch.equal(fresh.alpha, made.alpha)


# --- options of hardly any weight --------------------------------------------------------------


def searcher(**settings: Any) -> UNAS:
    return UNAS(toy_problem(options=(4, 4)), UNASSettings(**settings), seed=0)


SOFT = torch.tensor([[[0.60, 0.36, 0.03, 0.01], [0.049, 0.05, 0.051, 0.85]]])


def test_what_is_below_is_left_out_and_the_rest_stays_as_it_is() -> None:
    left = searcher(least_weight=0.05).heavy(SOFT)
    assert left.tolist() == torch.tensor([[[0.6, 0.36, 0, 0], [0, 0.05, 0.051, 0.85]]]).tolist()


def test_the_largest_of_a_batch_decides() -> None:
    """An option that one example wants is computed for all of them."""
    batch = torch.cat([SOFT, SOFT.flip(-1)])
    left = searcher(least_weight=0.05).heavy(batch)
    assert torch.equal(left[:, 0], torch.tensor([[0.6, 0.36, 0.03, 0.01], [0.01, 0.03, 0.36, 0.6]]))
    assert torch.equal(left[:, 1, 1:3], batch[:, 1, 1:3])


def test_what_is_left_out_has_no_gradient() -> None:
    soft = SOFT.clone().requires_grad_()
    searcher(least_weight=0.05).heavy(soft).sum().backward()
    assert soft.grad is not None
    assert soft.grad.tolist() == [[[1, 1, 0, 0], [0, 1, 1, 1]]]


def test_nothing_is_left_out_by_default() -> None:
    assert searcher().heavy(SOFT) is SOFT


@pytest.mark.parametrize("sample_per", ["batch", "example"])
def test_logits_and_network_see_the_same_mixture(sample_per: Any) -> None:
    """And the pass over z, the cost's linear model and log p know nothing of it."""
    problem = toy_problem(options=(4, 4, 4), batch_size=4, steps=50)
    made = UNAS(problem, UNASSettings(sample_per=sample_per, least_weight=0.3), seed=0)
    asked: list[Tensor] = []
    losses = problem.losses

    def remember(weights: Tensor, split: Any, active: Tensor | None = None) -> Tensor:
        asked.append(weights.detach().clone())
        return losses(weights, split, active)

    problem.losses = remember  # type: ignore[method-assign]
    problem.fit = lambda weights, *_: asked.append(weights) or {}  # type: ignore[method-assign,func-returns-value]
    left_out = 0
    for _ in range(10):
        asked.clear()
        problem.advance()
        made.step()
        hard, _, soft, soft_again, fitted = asked
        assert torch.equal(soft, soft_again)
        assert torch.equal(soft, fitted)
        assert set(hard.unique().tolist()) == {0.0, 1.0}
        largest = soft if sample_per == "batch" else soft.amax(dim=0)
        assert torch.all((largest == 0) | (largest >= 0.3))
        left_out += int((largest == 0).sum())
    assert left_out > 0


def test_the_gradient_is_that_of_the_formula_sample_by_sample() -> None:
    """[L(z) - c] grad log p + grad c(zeta) - grad c(zeta~), c without the negligible options."""
    table = -torch.tensor(ToyTable((4, 4), seed=0).tensor(TOY_METRIC)) / 100
    problem = toy_problem(options=(4, 4), steps=50, seed=0)
    settings = {**EXACT, "sample_per": "batch", "least_weight": 0.2}
    made = UNAS(problem, UNASSettings(**settings), seed=0)
    logits = torch.randn(2, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    made.alpha.data.copy_(logits)

    def loss(weights: Tensor) -> Tensor:
        return torch.einsum("ab,a,b->", table, *weights)

    def kept(soft: Tensor) -> Tensor:
        return torch.where(soft.detach() < 0.2, torch.zeros_like(soft), soft)

    problem.advance()
    for _ in range(20):
        state = made.generator.get_state()
        found = made.estimate()
        made.generator.set_state(state)
        leaf = logits.clone().requires_grad_()
        uniforms = made.uniform((1, 2, 4)).clamp(1e-12, 1 - 1e-12)
        sample = draw(leaf.log_softmax(-1), uniforms, made.settings.temperature)
        control = loss(kept(sample.soft[0]))
        log_p = (sample.discrete[0] * leaf.log_softmax(-1)).sum()
        surrogate = (loss(sample.discrete[0]) - control).detach() * log_p + control
        (expected,) = torch.autograd.grad(surrogate, leaf)
        assert torch.allclose(found, expected, rtol=0, atol=1e-12)


# --- what the estimator expects ----------------------------------------------------------------

TWO = (2, 1)  # a single decision that is one
LOSSES = -torch.tensor(ToyTable(TWO, seed=1).tensor(TOY_METRIC))[:, 0] / 100
LOGITS = torch.tensor([[0.7, -0.2], [0.0, 0.0]], dtype=torch.float64)


def of_two(**settings: Any) -> tuple[UNAS, Landscape]:
    problem = toy_problem(options=TWO, steps=100_000, seed=1)
    made = UNAS(problem, UNASSettings(**{**EXACT, "sample_per": "batch", **settings}), seed=4)
    made.alpha.data.copy_(LOGITS)
    return made, problem


def expectation(least: float, temperature: float) -> tuple[Tensor, Tensor]:
    """Of the estimator for two options, in closed form; and the gradient of E[L(z)].

    The soft sample is sigmoid(s), s = (logit p + logistic noise) / temperature. The control variate
    jumps where an option falls below `least`, and what pathwise gradients do not see of a jump is
    its height times the change of the probability to be beyond it. The second sample, conditioned
    on z, gives back the same but for the change of p(z) itself:
    the bias is - sum over jumps of height * sum over z of P(beyond | z) * grad p(z).
    """
    leaf = LOGITS.clone().requires_grad_()
    p = leaf.softmax(-1)[0]
    (truth,) = torch.autograd.grad((p * LOSSES).sum(), leaf, retain_graph=True)
    edge = math.log((1 - least) / least)
    logit = float(LOGITS[0, 0] - LOGITS[0, 1])
    one, other = p.detach().tolist()

    def beyond(s: float) -> float:
        return 1 / (1 + math.exp(temperature * s - logit))

    jumps = (
        (-least * float(LOSSES[1]), (beyond(edge) / one, 0.0)),  # the second option goes
        (least * float(LOSSES[0]), (1.0, (beyond(-edge) - one) / other)),  # the first one comes
    )
    missing = sum(height * (p * p.new_tensor(given)).sum() for height, given in jumps)
    assert isinstance(missing, Tensor)
    (bias,) = torch.autograd.grad(-missing, leaf)
    return (truth + bias)[0], truth[0]


def test_with_a_least_weight_the_estimator_expects_what_the_formula_says(
    gradients: Callable[..., Tensor], z_scores: Callable[[Tensor, Tensor], Tensor]
) -> None:
    """Which is not quite the gradient of E[L(z)]: the threshold makes the control variate jump."""
    made, problem = of_two(least_weight=0.4, temperature=0.4)
    expected, truth = expectation(0.4, 0.4)
    samples = gradients(made, problem, 3_000)[:, 0]
    assert z_scores(samples, expected).max() < 3
    assert z_scores(samples, truth).max() > 6


def test_the_authors_threshold_biases_by_little() -> None:
    expected, truth = expectation(0.05, 0.4)
    assert 0 < (expected - truth).norm() < 0.05 * truth.norm()


# --- recipes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", AUTHORS)
def test_published_schedules_and_threshold(recipe: str) -> None:
    chosen = UNAS.recipes[recipe]
    settings = UNASSettings(**chosen.settings)
    network = NetworkSettings.build("network", chosen.network)
    assert (settings.schedules, settings.least_weight) == ("after_warmup", 0.05)
    assert network.constant_epochs == network.reset_optimizer_epoch == settings.warmup_epochs == 15
    assert (chosen.rates_for_batch, network.batch_size) == (64, 64)
    assert "[C]" in chosen.source
    assert "[D]" in chosen.source


def test_the_recipe_for_layers_is_the_authors_last_column() -> None:
    chosen = UNAS.recipes["proxyless"]
    settings = UNASSettings(**chosen.settings)
    network = NetworkSettings.build("network", chosen.network)
    assert (chosen.epochs, settings.warmup_epochs) == (20 + 15, 20)
    assert network.constant_epochs == network.reset_optimizer_epoch == 20
    assert (network.batch_size, network.train_share) == (8 * 24, 0.9)
    assert network.augmentation == "none"
    rates = network.learning_rate, network.learning_rate_min
    assert (network.optimizer, *rates) == ("adam", 3e-4, 1e-4)
    assert (settings.learning_rate, settings.learning_rate_min) == (1e-3, 3e-4)
    estimator = settings.temperature, settings.probability_floor, settings.gap_weight
    assert estimator == (0.4, 0.08, 0.5)
    assert (settings.sample_per, settings.schedules) == ("batch", "after_warmup")
    assert (settings.cost, settings.cost_weight, settings.cost_ramp) == ("none", 0.1, 30_000)
    assert chosen.rates_for_batch is None


@pytest.mark.parametrize(
    ("space", "width", "operations"),
    [("darts", 3 * 16, DARTS_OPERATIONS), ("darts[variant=unas]", 16, UNAS_OPERATIONS)],
)
def test_the_recipe_for_cells_on_imagenet_is_the_authors_middle_column(
    space: str, width: int, operations: tuple[str, ...]
) -> None:
    """Networks of the variant have three times as many channels for large images by themselves."""
    chosen = find_recipe("unas", "imagenet", space, "supernet").recipe
    settings = UNASSettings(**chosen.settings)
    network = NetworkSettings.build("network", chosen.network)
    assert (chosen.epochs, settings.warmup_epochs) == (5 + 15, 5)
    assert network.constant_epochs == network.reset_optimizer_epoch == 5
    assert (network.batch_size, network.train_share) == (8 * 24, 0.9)
    assert (network.width, network.cells, network.augmentation) == (width, 14, "none")
    rates = network.learning_rate, network.learning_rate_min, network.weight_decay
    assert (network.optimizer, *rates) == ("adam", 3e-4, 1e-4, 3e-4)
    assert (settings.learning_rate, settings.learning_rate_min) == (1e-3, 3e-4)
    estimator = settings.temperature, settings.probability_floor, settings.gap_weight
    assert estimator == (0.4, 0.08, 0.5)
    assert (settings.sample_per, settings.schedules) == ("batch", "after_warmup")
    assert (settings.least_weight, settings.duplicate_weight) == (0.05, 0.2)
    assert (settings.cost, chosen.rates_for_batch) == ("none", None)
    left = [name for name in operations if name not in settings.excluded]
    assert sorted(left) == sorted(UNAS_OPERATIONS[:5])


@pytest.mark.parametrize(
    "recipe", [name for name in UNAS.recipes if name not in (*AUTHORS, *YOUNGER)]
)
def test_other_recipes_are_as_they_were(recipe: str) -> None:
    chosen = UNAS.recipes[recipe]
    settings = UNASSettings(**chosen.settings)
    assert not {"schedules", "least_weight"} & set(settings.identity())
    assert chosen.rates_for_batch is None

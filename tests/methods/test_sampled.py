"""GDAS, ReinMax and SNAS on a table: mean and variance of their gradients, exactly.

Rows have two options, so that Gumbel samples are integrated and draws enumerated.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from nasbench_harness import registry
from nasbench_harness.methods.shared.relaxations import masked_softmax
from nasbench_harness.problems.estimators import compare
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.testing import TOY_METRIC, ToyTable, toy_problem
from tests.methods.gumbels import integral, moments, share, slope

OPTIONS = (2, 2)
ALPHA = torch.tensor([[0.9, -0.3], [-0.4, 0.3]], dtype=torch.float64)
GAPS = ALPHA[:, 0] - ALPHA[:, 1]
WARM = {"temperature_start": 1.0, "temperature_end": 1.0}
COLD = {"temperature_start": 0.5, "temperature_end": 0.5}
SIGNS = torch.tensor([1.0, -1.0], dtype=torch.float64)


@pytest.fixture(scope="module")
def table() -> Tensor:
    """Minus the accuracies, as fractions: [2, 2]."""
    return -torch.tensor(ToyTable(OPTIONS, seed=3).tensor(TOY_METRIC)) / 100


def standing(name: str, settings: dict[str, Any], alpha: Tensor = ALPHA) -> Any:
    """A searcher in its first step, with alpha as told."""
    problem = toy_problem(options=OPTIONS, steps=100, seed=3)
    method = registry.methods.load(name)
    unchosen = {"unchosen": "exact"} if name != "snas" else {"levels": "two"}
    searcher = method(problem, method.Settings.build(name, {**unchosen, **settings}), 0)
    problem.advance()
    searcher.alpha.data.copy_(alpha)
    return searcher


def differences(table: Tensor, others: Tensor) -> Tensor:
    """Loss with the first option less that with the second, [2, ...]: a row a decision.

    `others` [2, ...] is how much of the first option the other decision has.
    """
    first = torch.stack([table[0] - table[1], table[:, 0] - table[:, 1]])
    both = torch.stack([others[1], others[0]])
    return first[:, :1] * both + first[:, 1:] * (1 - both)


def test_noise_that_is_integrated_is_what_is_drawn() -> None:
    """P(argmax) is p, and the mean of a soft sample the closed form."""
    p = ALPHA.softmax(dim=-1)[:, 0]
    for gap, chance, mean in zip(GAPS.tolist(), p, share(GAPS), strict=True):
        assert integral(gap, lambda s: (s > 0.5).double(), 1.0) == pytest.approx(float(chance))
        assert integral(gap, lambda s: s, 1.0) == pytest.approx(float(mean), abs=1e-13)


# --- GDAS --------------------------------------------------------------------------------------


def test_gdas_follows_the_slope_of_its_samples(table: Tensor) -> None:
    """E = J_tau' grad f(p), J_tau the derivative of E[zeta]: what makes it biased."""
    searcher = standing("gdas", WARM)
    mean, _ = moments(searcher)
    p = ALPHA.softmax(dim=-1)[:, 0]
    rows = (slope(GAPS) * differences(table, p.unsqueeze(1)).squeeze(1)).unsqueeze(1)
    assert torch.allclose(mean, rows * SIGNS, atol=1e-11)
    exact = (p * (1 - p)).unsqueeze(1) * differences(table, p.unsqueeze(1)) * SIGNS
    assert torch.allclose(searcher.exact(), exact, atol=1e-13)
    assert float((mean - exact).norm() / exact.norm()) > 0.15


@pytest.mark.parametrize("settings", [WARM, COLD])
def test_the_variance_of_gdas(settings: dict[str, float], table: Tensor) -> None:
    tau = settings["temperature_start"]
    _, square = moments(standing("gdas", settings))
    p = ALPHA.softmax(dim=-1)[:, 0]
    corners = torch.tensor([[1.0, 0.0], [1.0, 0.0]], dtype=torch.float64)
    chances = torch.stack([p, 1 - p], dim=1).flip(0)  # of the other decision's draw
    losses = (differences(table, corners).square() * chances).sum(dim=1)
    slopes = [integral(gap, lambda s: (s * (1 - s) / tau) ** 2, tau) for gap in GAPS.tolist()]
    expected = (losses * torch.stack(slopes)).unsqueeze(1).expand(2, 2)
    assert torch.allclose(square, expected, atol=1e-11)


def test_gdas_is_less_biased_the_colder_it_is_and_louder() -> None:
    def told(temperature: float) -> tuple[float, float]:
        at = {"temperature_start": temperature, "temperature_end": temperature}
        searcher = standing("gdas", at)
        mean, square = moments(searcher)
        exact = searcher.exact()
        spread = (square - mean.square()).sum()
        return float((mean - exact).norm() / exact.norm()), float(spread)

    (warm, quiet), (cold, loud) = told(1.0), told(0.5)
    assert cold < 0.5 * warm
    assert loud > 2 * quiet


def test_a_hot_gdas_has_hardly_a_gradient_left() -> None:
    searcher = standing("gdas", {"temperature_start": 10.0})
    mean, _ = moments(searcher)
    assert float(mean.norm() / searcher.exact().norm()) < 0.2


# --- SNAS --------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [WARM, COLD])
def test_snas_is_the_gradient_at_the_mean_of_its_samples(
    settings: dict[str, float], table: Tensor
) -> None:
    """E = J_tau' grad f(q), q = E[zeta]: rows are independent and f is linear in each."""
    tau = settings["temperature_start"]
    mean, square = moments(standing("snas", settings))
    gaps = GAPS.tolist()
    q = torch.stack([integral(gap, lambda s: s, tau) for gap in gaps])
    slopes = torch.stack([integral(gap, lambda s: s * (1 - s) / tau, tau) for gap in gaps])
    if tau == 1:
        assert torch.allclose(q, share(GAPS), atol=1e-12)
        assert torch.allclose(slopes, slope(GAPS), atol=1e-12)
    rows = slopes.unsqueeze(1) * differences(table, q.unsqueeze(1))
    assert torch.allclose(mean, rows * SIGNS, atol=1e-11)
    steep = torch.stack([integral(gap, lambda s: (s * (1 - s) / tau) ** 2, tau) for gap in gaps])
    losses = torch.stack([
        integral(gaps[1], lambda s: differences(table, torch.stack([s, s]))[0] ** 2, tau),
        integral(gaps[0], lambda s: differences(table, torch.stack([s, s]))[1] ** 2, tau),
    ])  # fmt: skip
    assert torch.allclose(square, (steep * losses).unsqueeze(1).expand(2, 2), atol=1e-11)


# --- ReinMax and the straight-through estimator --------------------------------------------------


def enumerated(searcher: Any) -> tuple[Tensor, Tensor]:
    """Mean and second moment of the estimates over all draws."""
    p, alpha = searcher.scores(), searcher.alpha.detach()
    mean, square = torch.zeros_like(alpha), torch.zeros_like(alpha)
    for choices in itertools.product(*(range(k) for k in searcher.mask.sum(dim=-1).tolist())):
        drawn = torch.nn.functional.one_hot(torch.tensor(choices), alpha.shape[1]).double()
        searcher.perturbed = lambda drawn=drawn: drawn
        chance = (p * drawn).sum(dim=-1).prod()
        estimate = searcher.estimate()
        mean += chance * estimate
        square += chance * estimate.square()
    return mean, square


def ragged(estimator: str, temperature: float = 1.0) -> tuple[Any, Landscape]:
    """Three decisions with 3, 4 and 2 options."""
    problem = toy_problem(options=(3, 4, 2), steps=100, seed=3)
    method = registry.methods.load("reinmax")
    settings = method.Settings(
        estimator=estimator, unchosen="exact", temperature_start=temperature,
        temperature_end=temperature, init_scale=1.0,
    )  # fmt: skip
    searcher = method(problem, settings, 1)
    problem.advance()
    return searcher, problem


@pytest.mark.parametrize("estimator", ["reinmax", "straight_through"])
def test_both_are_unbiased_where_the_loss_is_linear_in_every_decision(estimator: str) -> None:
    """A table is, so that on it both are exact in expectation at temperature 1."""
    searcher, _ = ragged(estimator)
    mean, _ = enumerated(searcher)
    assert torch.allclose(mean, searcher.exact(), atol=1e-14)


@pytest.mark.parametrize("temperature", [0.5, 2.0, 10.0])
def test_at_other_temperatures_both_are_biased_as_worked_out(temperature: float) -> None:
    """With t = softmax(alpha / tau) and J(x) = diag(x) - x x' the means are, of each decision,

    J(t) grad f(p) / tau, and (diag(t) - (t t' + t p' + p t' - p p') / 2) grad f(p) of ReinMax.
    """
    for estimator in ("straight_through", "reinmax"):
        searcher, problem = ragged(estimator, temperature)
        p = searcher.scores().requires_grad_()
        (slopes,) = torch.autograd.grad(problem.losses(p, "valid").mean(), p)
        p = p.detach()
        t = masked_softmax(searcher.alpha.detach() / temperature, searcher.mask)

        def outer(a: Tensor, b: Tensor) -> Tensor:
            return a.unsqueeze(2) * b.unsqueeze(1)

        if estimator == "reinmax":
            crossed = (outer(t, t) + outer(t, p) + outer(p, t) - outer(p, p)) / 2
            way = torch.diag_embed(t) - crossed
        else:
            way = (torch.diag_embed(t) - outer(t, t)) / temperature
        expected = (way @ slopes.unsqueeze(2)).squeeze(2)
        mean, _ = enumerated(searcher)
        assert torch.allclose(mean, expected, atol=1e-14)
        exact = searcher.exact()
        assert float((mean - exact).norm() / exact.norm()) > 0.05


def test_variance_of_the_straight_through_estimator(table: Tensor) -> None:
    """J(p) is fixed; what varies is the other decision."""
    _, square = enumerated(standing("reinmax", {**WARM, "estimator": "straight_through"}))
    p = ALPHA.softmax(dim=-1)[:, 0]
    corners = torch.tensor([[1.0, 0.0], [1.0, 0.0]], dtype=torch.float64)
    chances = torch.stack([p, 1 - p], dim=1).flip(0)
    losses = (differences(table, corners).square() * chances).sum(dim=1)
    expected = ((p * (1 - p)) ** 2 * losses).unsqueeze(1).expand(2, 2)
    assert torch.allclose(square, expected, atol=1e-14)


def test_variance_of_reinmax(table: Tensor) -> None:
    """2 J(q) - J(p) / 2 with q half the draw: at p + draw, for two options, in numbers."""
    _, square = enumerated(standing("reinmax", WARM))
    p = ALPHA.softmax(dim=-1)[:, 0]
    corners = torch.tensor([[1.0, 0.0], [1.0, 0.0]], dtype=torch.float64)
    draws = torch.stack([p, 1 - p], dim=1)
    losses = (differences(table, corners).square() * draws.flip(0)).sum(dim=1)
    q = (p.unsqueeze(1) + torch.tensor([1.0, 0.0])) / 2
    factors = 2 * q * (1 - q) - (p * (1 - p) / 2).unsqueeze(1)
    expected = (losses * (factors.square() * draws).sum(dim=1)).unsqueeze(1).expand(2, 2)
    assert torch.allclose(square, expected, atol=1e-14)


# --- what they have in common --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gdas", "reinmax", "snas"])
def test_a_step_follows_the_estimate(name: str) -> None:
    searcher = standing(name, {})
    state = searcher.state_dict()
    if name == "snas":
        estimate = searcher.estimate()
    else:
        searcher.choose()  # of the network weights, which come first
        estimate = searcher.estimate()
    searcher.load_state_dict(state)
    searcher.optimizer.step = lambda: None
    searcher.step()
    assert torch.equal(searcher.alpha.grad, estimate)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("gdas", 10.0, 0.1), ("reinmax", 10.0, 0.1), ("snas", 1.0, 0.0397)],
)
def test_temperatures_of_the_first_and_the_last_epoch(name: str, first: float, last: float) -> None:
    """SNAS' would be reached an epoch later."""
    searcher = standing(name, {})
    steps = [float(searcher.step()["temperature"])]
    while searcher.problem.progress.step < 99:
        searcher.problem.advance()
        steps.append(float(searcher.step()["temperature"]))
    assert (steps[0], steps[-1]) == (first, pytest.approx(last))
    assert steps == sorted(steps, reverse=True)


def test_snas_as_drnas_authors_run_it_ends_near_one() -> None:
    recipe = registry.open_setup("snas").recipes["nb201"]
    searcher = standing("snas", dict(recipe.settings))
    assert searcher.temperature == 10.0
    for _ in range(99):
        searcher.problem.advance()
    assert searcher.temperature == pytest.approx(1.09)


def test_levels_are_the_same_where_nothing_is_trained() -> None:
    """On a table the single level's one pass has the gradient of the other's."""
    alphas = []
    for levels in ("single", "two"):
        searcher = standing("snas", {"levels": levels})
        searcher.step()
        alphas.append(searcher.alpha.detach().clone())
    assert torch.allclose(*alphas, atol=1e-12)


def test_compare_knows_who_is_biased() -> None:
    """The diagnosis of `--diagnose` tells ReinMax from GDAS."""
    told = {}
    for name in ("gdas", "reinmax"):
        searcher = standing(name, WARM)
        estimates = torch.stack([searcher.estimate() for _ in range(1000)])
        told[name] = compare(estimates, searcher.exact())
    assert told["gdas"]["gradient_bias"] > 4 * told["gdas"]["gradient_bias_error"]
    assert told["reinmax"]["gradient_bias"] < 3 * told["reinmax"]["gradient_bias_error"]

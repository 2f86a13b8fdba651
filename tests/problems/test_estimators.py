"""The diagnosis of gradient estimators: what it says, and that it leaves no trace."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from nasbench_harness import registry
from nasbench_harness.contracts import GradientEstimator, held_down
from nasbench_harness.jobs.driver import run_job
from nasbench_harness.problems.estimators import DRAWS, compare, diagnose
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.problems.points import recorded_steps
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.testing import TOY_METRIC, ToyTable, toy_problem

OPTIONS = (3, 4, 2)
COLUMNS = {"gradient_bias", "gradient_bias_error", "gradient_variance", "gradient_cosine"}
ONE = {"temperature_start": 1.0, "temperature_end": 1.0}
UNBIASED: list[tuple[str, dict[str, Any]]] = [
    ("drnas", {"anchor": "none"}),
    ("drnas", {"anchor": "kl", "anchor_weight": 0.05}),
    ("drnas", {"anchor": "none", "kept_options": [2], "init_scale": 1.0}),
    ("unas", {}),
    ("unas", {"sample_per": "batch", "gap_weight": 0.0}),
    ("unas", {"control_variate": "none"}),
    ("unas", {"control_variate": "baseline"}),
    ("unas", {"entropy_weight": 0.2, "probability_floor": 0.1}),
    ("unas", {"cost": "params", "cost_target": 2.0, "cost_ramp": 1, "cost_fit_samples": 20}),
    (
        "unas",
        {"cost": "params+used", "cost_target": [2.0, 1.0], "cost_ramp": 1, "cost_fit_samples": 20},
    ),
    (
        "unas",
        {
            "cost": "params+used",
            "cost_target": [2.0, 1.0],
            "cost_ramp": 1,
            "cost_form": "scaled",
            "cost_samples": 4,
            "cost_fit_samples": 40,
        },
    ),
    ("edas", {}),
    ("edas", {"edge_policy": "uniform", "entropy_weight": 0.1}),
    ("reinmax", {"unchosen": "exact", **ONE}),
    ("reinmax", {"unchosen": "exact", "estimator": "straight_through", **ONE}),
]
Trained = tuple[Any, Landscape]
pytestmark = pytest.mark.usefixtures("two_costs")


def trained(name: str, settings: Mapping[str, Any], *, steps: int = 6, noise: float = 0) -> Trained:
    """A searcher some large steps into a search of a ragged toy landscape."""
    problem = toy_problem(options=OPTIONS, steps=100, batch_size=3, noise=noise, seed=3)
    method = registry.methods.load(name)
    learning = {"learning_rate": 0.3} if "learning_rate" in method.Settings.model_fields else {}
    searcher = method(problem, method.Settings(**{**learning, **settings}), 5)
    for _ in range(steps):
        problem.advance()
        searcher.step()
    return searcher, problem


def drawn(searcher: Any, count: int = 2_000) -> Tensor:
    return torch.stack([searcher.estimate() for _ in range(count)])


def z_scores(estimates: Tensor, truth: Tensor) -> Tensor:
    error = estimates.std(dim=0) / len(estimates) ** 0.5
    return ((estimates.mean(dim=0) - truth).abs() / error.clamp(min=1e-12)).flatten()


def enumerated(searcher: Any, problem: Landscape, p_of: Callable[[Tensor], Tensor]) -> Tensor:
    """Gradient in alpha of the expectation over all architectures of minus the accuracy."""
    alpha = searcher.alpha.detach().clone().requires_grad_()
    table = torch.tensor(ToyTable(OPTIONS, seed=3).tensor(TOY_METRIC)) / 100
    rows = [row[:count] for row, count in zip(p_of(alpha), OPTIONS, strict=True)]
    loss = -torch.einsum("abc,a,b,c->", table, *rows)
    (gradient,) = torch.autograd.grad(loss, alpha)
    return gradient


def softmax(alpha: Tensor) -> Tensor:
    there = torch.arange(max(OPTIONS)) < torch.tensor(OPTIONS).unsqueeze(1)
    return alpha.masked_fill(~there, -torch.inf).softmax(-1)


def dirichlet_mean(alpha: Tensor) -> Tensor:
    there = torch.arange(max(OPTIONS)) < torch.tensor(OPTIONS).unsqueeze(1)
    beta = (torch.nn.functional.elu(alpha) + 1) * there
    return beta / beta.sum(-1, keepdim=True)


@pytest.mark.parametrize(
    ("name", "settings", "p_of", "scale"),
    [
        ("darts", {}, softmax, 1),
        ("darts", {"order": "second"}, softmax, 1),
        ("drnas", {"anchor": "l2"}, dirichlet_mean, 1),
        ("unas", {}, softmax, 1),
        ("edas", {"clamp": "argmax"}, softmax, 1),
        ("reinforce", {}, softmax, 100),
        ("gdas", {"unchosen": "exact"}, softmax, 1),
        ("reinmax", {"unchosen": "exact"}, softmax, 1),
        ("snas", {"levels": "two"}, softmax, 1),
    ],
)
def test_the_exact_gradient_is_the_enumerated_one(
    name: str, settings: dict[str, Any], p_of: Callable[[Tensor], Tensor], scale: int
) -> None:
    searcher, problem = trained(name, settings)
    assert torch.allclose(
        searcher.exact(), scale * enumerated(searcher, problem, p_of), atol=1e-12 * scale
    )


@pytest.mark.parametrize(
    ("costs", "targets"), [("params", 2.0), ("params+used", [2.0, 1.0]), ("used+params", 1.5)]
)
def test_the_exact_cost_is_the_enumerated_one(costs: str, targets: float | list[float]) -> None:
    cost = {"cost": costs, "cost_target": targets, "cost_ramp": 1, "cost_fit_samples": 20}
    searcher, problem = trained("unas", cost)
    alpha = searcher.alpha.detach().clone().requires_grad_()
    p = softmax(alpha)
    expected = torch.zeros((), dtype=torch.float64)
    for arch in problem.space.enumerate():
        chance = torch.stack([p[d, k] for d, k in enumerate(arch.choices)]).prod()
        excess = sum(
            max(problem.costs[name].shown(problem.cost(arch, name)) - free, 0.0)
            for name, free in held_down(costs, targets)
        )
        expected = expected + searcher.cost_coefficient() * excess * chance
    (truth,) = torch.autograd.grad(expected, alpha)
    assert float(truth.abs().max()) > 1e-3
    without = enumerated(searcher, problem, softmax)
    assert torch.allclose(searcher.exact(), without + truth, atol=1e-12)


@pytest.mark.parametrize(("name", "settings"), UNBIASED)
def test_what_is_unbiased_is_found_so(name: str, settings: dict[str, Any]) -> None:
    searcher, _ = trained(name, settings)
    assert float(z_scores(drawn(searcher), searcher.exact()).max()) < 4


@pytest.mark.parametrize(
    ("name", "settings"), [("gdas", {"unchosen": "exact", **ONE}), ("snas", {"levels": "two"})]
)
def test_gumbel_softmax_is_biased(name: str, settings: dict[str, Any]) -> None:
    searcher, _ = trained(name, settings)
    assert float(z_scores(drawn(searcher), searcher.exact()).max()) > 6


@pytest.mark.parametrize(
    "settings", [{"clamp": "argmax"}, {"clamp_temperature_start": 6.0, "clamp_temperature_end": 6}]
)
def test_clamps_that_do_not_follow_the_distribution_are_biased(settings: dict[str, Any]) -> None:
    searcher, _ = trained("edas", settings)
    assert float(z_scores(drawn(searcher), searcher.exact()).max()) > 6


def test_the_baseline_of_reinforce_shrinks_its_gradient() -> None:
    """The moving average knows the reward it is subtracted from, so that a share is lost."""
    searcher, _ = trained("reinforce", {"learning_rate": 0.05}, steps=2)
    estimates = drawn(searcher, 4_000)
    _, weight = searcher.baseline.moved(0.0)
    left = 1 - (1 - searcher.settings.baseline_momentum) / weight
    assert 0.5 < left < 0.9
    assert float(z_scores(estimates, left * searcher.exact()).max()) < 4
    assert float(z_scores(estimates, searcher.exact()).max()) > 6


@pytest.mark.parametrize("order", ["first", "second"])
def test_darts_has_neither_bias_nor_variance(order: str) -> None:
    found = diagnose(*trained("darts", {"order": order}))
    assert found["gradient_bias"] < 1e-12
    assert found["gradient_variance"] < 1e-24
    assert found["gradient_cosine"] == pytest.approx(1)


def test_a_fresh_estimate_is_what_a_step_would_follow() -> None:
    """The gradient of the next step, seen by the optimiser, is the estimate from the same state."""
    for name in ("drnas", "unas", "darts", "reinforce"):
        searcher, _ = trained(name, {})
        state = searcher.state_dict()
        estimate = searcher.estimate()
        searcher.load_state_dict(state)
        searcher.optimizer.step = lambda: None
        searcher.step()
        assert torch.allclose(searcher.alpha.grad, estimate, atol=1e-14), name


def test_bias_error_variance_and_cosine_by_hand() -> None:
    exact = torch.tensor([[3.0, 4.0]], dtype=torch.float64)
    around = torch.tensor([[[1.0, 0.0]], [[-1.0, 0.0]], [[0.0, 2.0]], [[0.0, -2.0]]]).double()
    found = compare(exact + 1 + around, exact)
    variance = (1 + 1 + 4 + 4) / 3
    assert found == {
        "gradient_bias": pytest.approx(2**0.5 / 5),
        "gradient_bias_error": pytest.approx((variance / 4) ** 0.5 / 5),
        "gradient_variance": pytest.approx(variance / 25),
        "gradient_cosine": pytest.approx((4 * 3 + 5 * 4) / (41**0.5 * 5)),
    }


def test_the_error_says_how_far_chance_alone_goes() -> None:
    """Of an unbiased estimator the squared distance is, on average, the squared error."""
    searcher, _ = trained("drnas", {"anchor": "none"})
    ratios = []
    for _ in range(40):
        found = compare(drawn(searcher, DRAWS), searcher.exact())
        ratios.append((found["gradient_bias"] / found["gradient_bias_error"]) ** 2)
    assert sum(ratios) / len(ratios) == pytest.approx(1, abs=0.4)


def state_of(searcher: Any, problem: Landscape) -> Any:
    state = {"searcher": searcher.state_dict(), "problem": problem.state_dict()}
    return json.dumps(state, default=lambda tensor: tensor.tolist(), sort_keys=True)


@pytest.mark.parametrize(
    ("name", "settings"), [*UNBIASED, ("darts", {}), ("reinforce", {}), ("snas", {})]
)
def test_a_diagnosed_search_goes_on_as_one_that_is_not(name: str, settings: dict[str, Any]) -> None:
    (plain, alone), (asked, watched) = (
        trained(name, settings, steps=0, noise=0.5) for _ in range(2)
    )
    assert isinstance(asked, GradientEstimator)
    for _ in range(5):
        for searcher, problem in ((plain, alone), (asked, watched)):
            problem.advance()
            searcher.step()
        assert set(diagnose(asked, watched)) == COLUMNS
        assert state_of(plain, alone) == state_of(asked, watched)
        assert alone.score(torch.ones(3, 4).double()) == watched.score(torch.ones(3, 4).double())


@pytest.mark.parametrize("name", ["random", "rea", "rsws"])
def test_methods_without_a_gradient_have_no_diagnosis(name: str) -> None:
    assert diagnose(*trained(name, {}, steps=2)) == {}


# --- in a trial --------------------------------------------------------------------------------


def history(folder: Path, methods: str, **given: Any) -> list[dict[str, Any]]:
    config = build_config(None, {"methods": methods, "seeds": 1, "random": False, **given}, [])
    (spec,) = plan(config)
    assert run_job(spec, folder).status == "done"
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


def test_a_trial_is_diagnosed_every_so_many_recorded_steps_and_at_the_last(tmp_path: Path) -> None:
    rows = history(tmp_path, "drnas", steps=150, diagnose_every=20)
    diagnosed = [row["step"] for row in rows if set(row) >= COLUMNS]
    recorded = recorded_steps(150)
    assert diagnosed == sorted({*recorded[::20], 150})
    assert diagnosed[0] == 1
    assert all(not COLUMNS & set(row) for row in rows if row["step"] not in diagnosed)


@pytest.mark.parametrize("methods", ["unas[cost=params,cost_fit_samples=40]", "edas", "reinforce"])
def test_the_rest_of_the_history_is_the_same(methods: str, tmp_path: Path) -> None:
    plain = history(tmp_path / "plain", methods, steps=40, noise=0.2)
    diagnosed = history(tmp_path / "diagnosed", methods, steps=40, noise=0.2, diagnose_every=3)
    for row in [*plain, *diagnosed]:
        for column in {"seconds", *COLUMNS}:
            row.pop(column, None)
    assert plain == diagnosed


def test_a_trial_that_is_not_diagnosed_keeps_its_name() -> None:
    def specs(every: int) -> list[Any]:
        return plan(build_config(None, {"methods": "drnas", "diagnose_every": every}, []))

    assert {spec.diagnose_every for spec in specs(4)} == {4}
    plain, diagnosed = specs(0)[0], specs(4)[0]
    assert plain.trial_id != diagnosed.trial_id
    assert plain.trial_id == replace(diagnosed, diagnose_every=0).trial_id

"""A cost in units of the loss: what it penalises, what it leaves alone, how far it gets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from nasbench_harness.contracts import held_down
from nasbench_harness.methods.setups.unas import UNASSettings, UNASSetup
from nasbench_harness.methods.shared.costs import LinearCost
from nasbench_harness.methods.shared.scaledcost import CHARGE, ScaledCost, interquartile
from nasbench_harness.methods.shared.schedules import fading, growth
from nasbench_harness.methods.unas import UNAS
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.testing import toy_problem

FORM = {"cost_form", "cost_share", "cost_growth", "cost_entropy", "cost_rate", "cost_samples"}


def searcher(target: float = 2.0, **changes: Any) -> UNAS:
    problem = toy_problem(steps=100)
    given = {"cost": "params", "cost_form": "scaled", "cost_target": target, "gap_weight": 0.0}
    return UNAS(problem, UNASSettings(**{**given, "cost_fit_samples": 200, **changes}), seed=0)


# --- the penalty -------------------------------------------------------------------------------


def test_quartiles_are_what_is_between_a_quarter_and_three() -> None:
    assert interquartile([0.0, 1.0, 2.0, 3.0, 4.0]) == 2.0
    assert interquartile([7.0, 7.0]) == 1.0


def test_the_penalty_is_in_units_of_the_loss() -> None:
    cost = ScaledCost(toy_problem(), "params", target=3.0)
    cost.loss_spread, cost.cost_spread = 0.05, 4.0
    told = torch.tensor([1.0, 3.0, 3.000001, 7.0], dtype=torch.float64)
    expected = [0.0, 0.0, 0.05 * CHARGE, 0.05 * (1 + CHARGE)]
    assert cost.penalty(told).tolist() == pytest.approx(expected, abs=1e-6)


def test_the_unit_of_a_cost_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target and costs in thousandths are the same search; the published form's another."""

    def found(scale: float, form: str) -> torch.Tensor:
        with monkeypatch.context() as patch:
            own = LinearCost.of
            patch.setattr(LinearCost, "of", lambda self, arch: scale * own(self, arch))
            made = searcher(2.0 * scale, cost_form=form, cost_ramp=10, learning_rate=0.1)
            for _ in range(60):
                made.problem.advance()
                made.step()
            return made.scores()

    # the ridge of the linear model is not free of a unit: it is the control variate alone
    assert torch.allclose(found(1.0, "scaled"), found(1000.0, "scaled"), atol=0.02)
    assert not torch.allclose(found(1.0, "published"), found(1000.0, "published"), atol=0.02)


def test_the_gradient_is_that_of_the_expected_penalty() -> None:
    """Mean of many estimates against the sum over the whole space, by autograd."""
    made = searcher(cost_ramp=1, cost_samples=256)
    for _ in range(3):
        made.problem.advance()
    made.alpha.data += torch.linspace(-0.5, 0.5, made.alpha.numel()).reshape(made.alpha.shape)
    made.prepare_cost()
    p = made.log_probabilities().exp()
    exact = made.gradient(made.cost_coefficient() * made.cost.expected_excess(p))
    draws = torch.stack([made.gradient(made.cost_surrogate()) for _ in range(100)])
    error = draws.std(dim=0) / 10
    assert ((draws.mean(dim=0) - exact).abs() <= 4.5 * error + 1e-12).all()
    assert float(exact.abs().max()) > 3 * float(error.max())


# --- schedules ---------------------------------------------------------------------------------


def test_a_weight_grows_by_the_same_share_every_step() -> None:
    grown = [growth(16.0, step, 4) for step in range(-1, 6)]
    assert grown == pytest.approx([1, 1, 2, 4, 8, 16, 16])
    assert [growth(16.0, -1, 0), growth(16.0, 0, 0)] == [1, 16]


def test_a_bonus_fades_along_a_line() -> None:
    assert [fading(2.0, step, 4) for step in range(6)] == [2, 1.5, 1, 0.5, 0, 0]


def test_weight_and_bonus_meet_at_four_fifths_of_the_search() -> None:
    made = searcher(cost_ramp=10, cost_share=0.5, cost_growth=8.0)
    weights, bonuses = {}, {}
    for step in range(100):
        made.problem.advance()
        weights[step], bonuses[step] = made.cost_coefficient(), made.entropy_coefficient()
    assert weights[10] == pytest.approx(0.5)
    assert weights[80] == weights[99] == pytest.approx(4.0)
    assert bonuses[0] == pytest.approx(0.2 * made.cost.loss_spread)  # type: ignore[attr-defined]
    assert bonuses[79] > 0 == bonuses[80]


# --- what it leaves alone ----------------------------------------------------------------------


def test_the_published_form_is_the_default() -> None:
    assert UNASSettings().cost_form == "published"
    recipes = UNASSetup.recipes
    scaled = {name for name in recipes if recipes[name].settings.get("cost_form") == "scaled"}
    assert scaled == {"landscape"}


def test_trials_without_a_cost_keep_their_names() -> None:
    assert not FORM & set(UNASSettings(cost_form="scaled", cost_growth=2.0).identity())
    held = UNASSettings(cost="params", cost_form="scaled", cost_growth=2.0).identity()
    assert FORM & set(held) == {"cost_form", "cost_growth"}
    assert not FORM & set(UNASSettings(cost="params").identity())


def test_the_published_form_can_be_asked_for() -> None:
    given = {"methods": "unas[cost_form=published]", "cost": "params", "target": 0.5}
    config = build_config(None, {**given, "seeds": "1", "table": "analog", "random": False}, [])
    (spec,) = plan(config)
    assert not FORM & set(spec.settings)


# --- how far it gets ---------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cost", "target"),
    [("params", 0.35), ("params", 0.5), ("params", 0.7), ("params+flops", [0.5, 70.0]),
     ("flops+params", [110.0, 0.5])],
)  # fmt: skip
def test_answers_keep_the_target_and_are_near_the_best(
    table: Any, space: Any, cost: str, target: float | list[float]
) -> None:
    accuracy = table.column("cifar10_baseline_accuracy")
    kept = np.ones(space.size, dtype=bool)
    for name, free in held_down(cost, target):
        spent = [space.cost(arch, name) / 1e6 for arch in space.enumerate()]
        kept &= np.array(spent) <= free
    recipe = UNASSetup.recipes["landscape"].settings
    for seed in range(3):
        problem = Landscape(
            space, table, metric="cifar10_baseline_accuracy", dataset="cifar10",
            steps=2000, epochs=100,
        )  # fmt: skip
        settings = UNASSettings(**{**recipe, "cost": cost, "cost_target": target})
        made = UNAS(problem, settings, seed)
        for _ in range(2000):
            problem.advance()
            made.step()
        rank = space.rank(made.architecture())
        assert kept[rank]
        assert accuracy[rank] >= accuracy[kept].max() - 0.3

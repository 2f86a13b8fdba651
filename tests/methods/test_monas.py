"""MONAS: its rewards, its controller, and what it refuses before it runs."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, Cost, SearchOutline
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.monas import MONAS, MONASSettings
from nasbench_harness.methods.setups.monas import if_accurate, if_below, mixed, scaled
from nasbench_harness.methods.shared.controller import Controller
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.spaces.darts import open_darts
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.testing import ToyProblem, ToySpace, toy_problem

OPTIONS = (2, 3, 2)
ENERGY = Cost("energy:toy", "energy", "mJ")
LATENCY = Cost("latency:toy", "latency", "ms")


class Metered(Landscape):
    """A device takes 2 mJ and a millisecond for every step, and 1 mJ and 1 ms anyway."""

    @property
    def costs(self) -> Mapping[str, Cost]:
        return {**super().costs, ENERGY.name: ENERGY, LATENCY.name: LATENCY}

    def cost(self, arch: Architecture, what: str) -> float:
        steps = sum(arch.choices)
        known = {ENERGY.name: 1.0 + 2.0 * steps, LATENCY.name: 1.0 + steps}
        return known[what] if what in known else super().cost(arch, what)


def metered(**given: Any) -> Any:
    problem = toy_problem(options=OPTIONS, **given)
    problem.__class__ = Metered
    return problem


class Cells(ToyProblem):
    """Of a space whose networks read the images that it was published with."""

    def cost(self, arch: Architecture, what: str) -> float:
        return self.space.cost(arch, what, "")


def searcher(problem: Any = None, **settings: Any) -> MONAS:
    return MONAS(problem or metered(), MONASSettings(**settings), seed=0)


# --- the rewards -------------------------------------------------------------------------------


def test_mixed_reward() -> None:
    assert mixed(0.75, 0.5, 0.5) == 0.125
    assert mixed(0.75, 0.5, 1.0) == 0.75
    assert mixed(0.75, 0.5, 0.0) == -0.5


def test_the_accuracy_that_is_asked_for_is_enough() -> None:
    assert if_accurate(70.0, 0.25, least=70.0) == 0.75
    assert if_accurate(math.nextafter(70.0, 0.0), 0.25, least=70.0) == 0.0
    assert if_accurate(math.nan, 0.25, least=70.0) == 0.0


def test_power_at_its_limit_is_too_much() -> None:
    assert if_below(0.9, 5.0, limit=5.0) == 0.0
    assert if_below(0.9, math.nextafter(5.0, 0.0), limit=5.0) == 0.9
    assert if_below(0.9, math.nan, limit=5.0) == 0.0


def test_costs_are_scaled_by_the_least_and_the_largest() -> None:
    assert [scaled(cost, 2.0, 6.0) for cost in (2.0, 3.0, 6.0)] == [0.0, 0.25, 1.0]
    assert scaled(9.0, 2.0, 6.0) == 1.0  # of a range that somebody gave
    assert scaled(math.nan, 2.0, 6.0) == 1.0
    assert scaled(3.0, 3.0, 3.0) == 0.0


def test_rewards_are_of_the_energy_of_all_architectures() -> None:
    space = ToySpace(OPTIONS)
    least, largest = space.architecture([0, 0, 0]), space.architecture([1, 2, 1])
    search = searcher(cost=ENERGY.name, accuracy_weight=0.25)
    assert search.cost_range == (1.0, 9.0)
    assert search.reward(least, 80.0) == 0.25 * 0.8
    assert search.reward(largest, 80.0) == 0.25 * 0.8 - 0.75
    search = searcher(cost=ENERGY.name, reward="acc_constraint", least_accuracy=60.0)
    assert search.reward(space.architecture([1, 0, 0]), 60.0) == 0.75  # 3 mJ
    assert search.reward(space.architecture([1, 0, 0]), 59.999) == 0.0


def test_power_is_energy_over_latency() -> None:
    arch = ToySpace(OPTIONS).architecture([1, 2, 0])
    search = searcher(cost=ENERGY.name, reward="power_constraint", power_limit=7 / 4)
    assert search.power(arch) == 7 / 4  # mJ / ms
    assert search.reward(arch, 50.0) == 0.0
    search = searcher(cost=ENERGY.name, reward="power_constraint", power_limit=1.76)
    assert search.reward(arch, 50.0) == 0.5


def test_a_cost_at_its_target_is_too_much_for_the_reward() -> None:
    arch = ToySpace(OPTIONS).architecture([1, 2, 0])
    assert searcher(reward="cost_constraint", cost_target=3.0).reward(arch, 50.0) == 0.0
    assert searcher(reward="cost_constraint", cost_target=3.1).reward(arch, 50.0) == 0.5


# --- the controller ----------------------------------------------------------------------------


def all_choices() -> list[tuple[int, ...]]:
    return list(product(*map(range, OPTIONS)))


def test_the_controller_is_fed_zeros_and_then_what_it_chose() -> None:
    controller = Controller(OPTIONS, 5, torch.Generator().manual_seed(0))
    inputs: list[list[float]] = []
    controller.cell.register_forward_pre_hook(lambda _, given: inputs.append(given[0][0].tolist()))
    controller.log_p([1, 2, 0])
    assert inputs == [[0, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_probabilities_of_all_architectures_sum_to_1() -> None:
    controller = Controller(OPTIONS, 5, torch.Generator().manual_seed(0))
    total = sum(float(controller.log_p(z).detach().sum().exp()) for z in all_choices())
    assert total == pytest.approx(1.0, abs=1e-12)


def test_choices_depend_on_those_before() -> None:
    controller = Controller(OPTIONS, 5, torch.Generator().manual_seed(0))
    given = [controller.log_p([first, 0, 0])[1] for first in (0, 1)]
    assert abs(float((given[0] - given[1]).detach())) > 1e-3


def test_draws_come_with_their_probabilities() -> None:
    controller = Controller(OPTIONS, 5, torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    for _ in range(5):
        choices, log_p = controller.sample(generator)
        assert torch.equal(log_p, controller.log_p(choices))


def flat_gradient(search: MONAS, loss: Tensor) -> Tensor:
    gradients = torch.autograd.grad(loss, list(search.controller.parameters()))
    return torch.cat([gradient.flatten() for gradient in gradients])


def test_the_policy_gradient_is_that_of_the_expected_reward() -> None:
    """Enumerated: the mean of what a step follows, under any baseline."""
    search = searcher(cost=ENERGY.name, hidden=4)
    table = {z: search.reward(search.drawn(z), 10.0 * k + 5) for k, z in enumerate(all_choices())}
    expected = sum(-reward * search.controller.log_p(z).sum().exp() for z, reward in table.items())
    assert isinstance(expected, Tensor)
    followed = torch.zeros(())
    for z, reward in table.items():
        log_p = search.controller.log_p(z)
        p = float(log_p.detach().sum().exp())
        followed = followed + p * flat_gradient(search, search.loss(log_p, reward - 0.3))
    assert (followed - flat_gradient(search, expected)).abs().max() < 1e-10
    assert followed.abs().max() > 1e-3


def test_the_first_advantage_is_zero_and_moves_nothing() -> None:
    problem = metered()
    search = searcher(problem)
    before = [parameter.clone() for parameter in search.controller.parameters()]
    problem.advance()
    search.step()
    after = list(search.controller.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    problem.advance()
    search.step()
    assert not all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"cost": ENERGY.name, "reward": "power_constraint", "power_limit": 9.0},
        {"reward": "acc_constraint", "least_accuracy": 1.0},
        {"reward": "cost_constraint", "cost_target": 9.0},
    ],
    ids=lambda settings: settings.get("reward", "mixed"),
)
def test_an_unknown_accuracy_spoils_nothing(settings: dict[str, Any]) -> None:
    problem = metered(steps=30)
    query, asked = problem.query, []

    def sometimes(arch: Architecture) -> float:
        asked.append(arch)
        return math.nan if len(asked) % 3 == 1 else query(arch)

    problem.query = sometimes
    search = searcher(problem, **settings)
    run(search, problem, 30)
    assert all(bool(weights.isfinite().all()) for weights in search.controller.parameters())
    assert math.isfinite(search.baseline.average)
    assert math.isfinite(search.best_score)
    assert search.architecture() in [arch for n, arch in enumerate(asked) if n % 3]


# --- answers, fronts, states -------------------------------------------------------------------


def run(search: MONAS, problem: Any, steps: int) -> list[dict[str, float]]:
    logs = []
    for _ in range(steps):
        problem.advance()
        logs.append({name: float(value) for name, value in search.step().items()})
    return logs


def test_the_answer_has_the_highest_reward() -> None:
    problem = metered(steps=40)
    search = searcher(problem, cost=ENERGY.name)
    best = max(log["reward"] for log in run(search, problem, 40))
    answer = search.architecture()
    assert search.reward(answer, problem.query(answer)) == best


def test_a_target_comes_before_the_reward() -> None:
    problem = metered(steps=60)
    search = searcher(problem, accuracy_weight=1.0, cost_target=1.0)
    run(search, problem, 60)
    assert sum(search.architecture().choices) <= 1
    assert any(sum(arch.choices) > 1 for arch in search.front())


def test_the_front_is_what_nothing_else_dominates() -> None:
    problem = metered(steps=200)
    search = searcher(problem, cost=ENERGY.name, learning_rate=1e-6)
    run(search, problem, 200)
    every = [ToySpace(OPTIONS).architecture(z) for z in all_choices()]
    points = {z.text: (problem.query(z), problem.cost(z, ENERGY.name)) for z in every}
    true = {
        text for text, (score, cost) in points.items()
        if not any(s >= score and c <= cost and (s, c) != (score, cost)
                   for s, c in points.values())
    }  # fmt: skip
    assert {arch.text for arch in search.front()} == true


def test_a_search_goes_on_bit_for_bit() -> None:
    problem = metered(steps=20)
    search = searcher(problem, cost=ENERGY.name)
    run(search, problem, 10)
    file = io.BytesIO()
    torch.save({"search": search.state_dict(), "problem": problem.state_dict()}, file)
    rest = run(search, problem, 10)
    file.seek(0)
    state = torch.load(file, weights_only=True)
    problem = metered(steps=20)
    resumed = MONAS(problem, MONASSettings(cost=ENERGY.name), seed=9)
    problem.load_state_dict(state["problem"])
    resumed.load_state_dict(state["search"])
    assert run(resumed, problem, 10) == rest
    for name, value in search.controller.state_dict().items():
        assert torch.equal(value, resumed.controller.state_dict()[name])


# --- what it refuses ---------------------------------------------------------------------------


def outline(space: Any, *costs: Cost) -> SearchOutline:
    return SearchOutline(space, {cost.name: cost for cost in (*costs, *space.costs)}, epochs=100)


def refused(space: Any, *costs: Cost, **settings: Any) -> str:
    with pytest.raises(HarnessError) as told:
        MONAS.check_search(MONASSettings(**settings), outline(space, *costs))
    return str(told.value)


def test_a_space_that_cannot_be_listed_needs_a_range() -> None:
    """10^18 cells: the controller does not mind, the scale of the cost does."""
    space = open_darts()
    assert "`darts` cannot be listed" in refused(space)
    assert "monas[cost_range=[least,largest]]" in refused(space)
    problem = Cells(space)
    with pytest.raises(HarnessError, match="cannot be listed"):
        MONAS(problem, MONASSettings(), seed=0)
    MONAS.check_search(MONASSettings(cost_range=[0.1, 2.0]), outline(space))
    search = MONAS(problem, MONASSettings(cost_range=[0.1, 2.0]), seed=0)
    logs = run(search, problem, 3)
    assert all(-0.5 <= log["reward"] <= 0.5 for log in logs)


def test_rewards_that_scale_nothing_need_no_range() -> None:
    settings = MONASSettings(reward="cost_constraint", cost_target=3.0)
    MONAS.check_search(settings, outline(open_darts()))


def test_power_needs_energy_and_latency_of_one_device() -> None:
    power = {"reward": "power_constraint", "power_limit": 1.0}
    told = refused(ToySpace(), ENERGY, LATENCY, **power)
    assert "of `params` not both are known" in told
    assert "energy:toy" in told
    assert "nothing here has both" in refused(NB201(), cost="energy:toy", **power)
    assert "nothing here has both" in refused(ToySpace(), ENERGY, cost="energy:toy", **power)
    MONAS.check_search(
        MONASSettings(cost="energy:toy", **power), outline(ToySpace(), ENERGY, LATENCY)
    )


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"reward": "acc_constraint"}, "needs a least_accuracy above 0"),
        ({"reward": "power_constraint"}, "needs a power_limit above 0"),
        ({"reward": "cost_constraint"}, "needs a cost_target above 0"),
        ({"cost": "none"}, "the reward needs a cost"),
        ({"cost_range": [3.0, 1.0]}, "the least first"),
        ({"reward": "speed"}, "mixed"),
    ],
)
def test_a_reward_without_its_number_is_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(HarnessError, match=told):
        MONASSettings.build("monas", settings)

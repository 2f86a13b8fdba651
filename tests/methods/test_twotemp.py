"""Two temperatures: hard forward, soft backward; complexity; fresh weights; what is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, FreshWeights, NetworkWeights, SearchOutline
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.shared.elements import cost_shares
from nasbench_harness.methods.twotemp import TwoTemperature, TwoTemperatureSettings
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.testing import ToyProblem, ToySpace, ToyTrained, toy_problem
from tests.methods.tiny_supernet import supernet

TRAINED = {"weights": "trained"}


class Cells(ToyProblem):
    """Of a space whose networks read the images that it was published with."""

    def cost(self, arch: Architecture, what: str) -> float:
        return self.space.cost(arch, what, "")


def sigma(x: Tensor) -> Tensor:
    return 1 / (1 + (-x).exp())


def search(problem: object, phi: Tensor, **settings: object) -> TwoTemperature:
    found = TwoTemperature(problem, TwoTemperatureSettings(**settings), seed=0)  # type: ignore
    found.alpha.data.copy_(phi)
    return found


# --- the gradient ------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.05, 0.7, 1.0, 3.0])
def test_at_one_temperature_it_is_the_exact_gradient(
    problem: Landscape, alpha: Tensor, expected_loss: Callable[[Tensor], Tensor], temperature: float
) -> None:
    found = search(
        problem, alpha, hard_temperature=temperature, soft_temperature=temperature,
        complexity_weight=0.3, **TRAINED,
    )  # fmt: skip
    problem.advance()
    phi = alpha.clone().requires_grad_()
    gates = sigma(phi / temperature)
    loss = expected_loss(gates) + 0.3 * (gates * found.shares).sum()
    (exact,) = torch.autograd.grad(loss, phi)
    assert torch.allclose(found.estimate(), exact, rtol=1e-10, atol=1e-14)
    assert torch.allclose(found.exact(), exact, rtol=1e-10, atol=1e-14)


def test_forward_at_the_hard_and_backward_at_the_soft_temperature(
    problem: Landscape, alpha: Tensor, expected_loss: Callable[[Tensor], Tensor]
) -> None:
    """[dL/ds_i at sigma(phi / T_h) + lambda c_i] sigma'(phi_i / T_s) / T_s."""
    hard, soft, weight = 0.4, 2.0, 0.25
    found = search(
        problem, alpha, hard_temperature=hard, soft_temperature=soft, complexity_weight=weight,
        **TRAINED,
    )  # fmt: skip
    problem.advance()
    gates = sigma(alpha / hard).requires_grad_()
    (slope,) = torch.autograd.grad(expected_loss(gates), gates)
    at_soft = sigma(alpha / soft)
    expected = (slope + weight * found.shares) * at_soft * (1 - at_soft) / soft
    assert torch.allclose(found.estimate(), expected, rtol=1e-12, atol=1e-15)
    assert not torch.allclose(found.exact(), expected, rtol=0.1)
    assert torch.equal(found.gates().detach(), found.hard())
    assert torch.allclose(found.hard(), sigma(alpha / hard), rtol=1e-14)


def test_gates_are_nearly_hard_in_the_forward_pass() -> None:
    found = search(toy_problem(), torch.tensor([[0.3, -0.3, 0.0, 9.0]] * 3), **TRAINED)
    hard = found.hard()[1]
    assert hard[0] > 0.99
    assert hard[1] < 0.01
    assert hard[2] == 0.5


def test_a_mean_weighs_every_decision_as_one() -> None:
    found = search(
        toy_problem(), torch.tensor([[0.3, -0.3, 0.3, 9.0]] * 3), mixing="mean", **TRAINED
    )
    rows = found.mixture()
    assert torch.allclose(rows.sum(-1), torch.ones(3, dtype=rows.dtype), atol=1e-14)
    assert rows[1, 0] == rows[1, 2]
    closed = search(toy_problem(), torch.full((3, 4), -90.0), mixing="mean", **TRAINED)
    assert closed.mixture().isfinite().all()
    assert not closed.mixture()[~closed.mask].any()


# --- complexity --------------------------------------------------------------------------------


def test_an_option_s_share_is_what_it_costs_of_all() -> None:
    """In the toy space an option costs as many steps as its number."""
    problem = ToyProblem(ToySpace((3, 4, 2)))
    expected = torch.tensor([[0.0, 1, 2, 0], [0, 1, 2, 3], [0, 1, 0, 0]]) / 10
    assert torch.allclose(cost_shares(problem, "params", problem.space.mask).float(), expected)


def test_shares_of_nb201_are_those_of_its_convolutions() -> None:
    """Each edge of a cell counts alike; 3x3 has nine times the weights of 1x1, and norms more."""
    space = NB201()
    shares = cost_shares(Cells(space), "params", space.mask)
    none, skip, conv1, conv3, pool = shares[0].tolist()
    assert (none, skip, pool) == (0, 0, 0)
    assert 8 < conv3 / conv1 < 9
    assert torch.allclose(shares, shares[:1].expand(6, 5))
    assert float(shares.sum()) == pytest.approx(1.0)


def test_a_heavy_penalty_closes_what_costs() -> None:
    problem = ToyTrained(ToySpace((3, 4, 2)), steps=300)
    settings = TwoTemperatureSettings(learning_rate=0.1, complexity_weight=1e3, **TRAINED)
    found = TwoTemperature(problem, settings, seed=0)
    for _ in range(100):
        problem.advance()
        log = found.step()
    costly = found.shares > 0
    assert (found.alpha.detach()[costly] < 0).all()
    assert float(log["complexity"]) < 1e-6
    assert found.architecture().choices == (0, 0, 0)


# --- weights -----------------------------------------------------------------------------------


def test_fresh_weights_before_every_step_and_none_is_trained() -> None:
    problem = supernet()
    found = TwoTemperature(problem, TwoTemperatureSettings(), seed=0)
    seen = [{k: v.clone() for k, v in problem.supernet.state_dict().items()}]
    for _ in range(2):
        problem.advance()
        log = found.step()
        assert "train_loss" not in log
        seen.append({k: v.clone() for k, v in problem.supernet.state_dict().items()})
    weights = [k for k in seen[0] if k.endswith("weight") and seen[0][k].dim() == 4]
    assert weights
    for name in weights:
        assert not torch.equal(seen[0][name], seen[1][name])
        assert not torch.equal(seen[1][name], seen[2][name])


def test_fresh_weights_are_those_of_the_seed_also_after_an_interruption() -> None:
    problem, other = supernet(), supernet()
    state = torch.get_rng_state()
    for _ in range(3):
        problem.renew_weights()
    assert torch.equal(torch.get_rng_state(), state)
    other.advance()
    other.renew_weights()
    resumed = supernet()
    resumed.load_state_dict(other.state_dict())
    for _ in range(2):
        resumed.renew_weights()
    for name, value in problem.supernet.state_dict().items():
        assert torch.equal(value, resumed.supernet.state_dict()[name])


def test_trained_weights_are_trained() -> None:
    problem = supernet()
    found = TwoTemperature(problem, TwoTemperatureSettings(weights="trained"), seed=0)
    problem.advance()
    assert "train_loss" in found.step()


def test_what_it_needs() -> None:
    requires = TwoTemperature.requires
    assert requires(TwoTemperatureSettings()) == (NetworkWeights, FreshWeights)
    assert requires(TwoTemperatureSettings(weights="trained")) == (NetworkWeights,)
    assert requires(TwoTemperatureSettings(weights="trained", mixing="mean")) == ()


def test_an_unknown_complexity_is_refused() -> None:
    space = NB201()
    outline = SearchOutline(space, {cost.name: cost for cost in space.costs}, epochs=10)
    with pytest.raises(HarnessError, match=r"`parms`.*Did you mean `params`"):
        TwoTemperature.check_search(TwoTemperatureSettings(complexity="parms"), outline)
    TwoTemperature.check_search(
        TwoTemperatureSettings(complexity="parms", complexity_weight=0.0), outline
    )


# --- what is kept ------------------------------------------------------------------------------


def test_the_strongest_open_gate_is_kept_and_none_where_all_are_closed() -> None:
    phi = torch.full((6, 5), -1.0)
    phi[0, 2], phi[0, 3] = 1.0, 1.1
    phi[1, 0], phi[1, 1] = 0.2, 0.1
    phi[2, 4] = 1e-6
    found = search(Cells(NB201()), phi, **TRAINED)
    names = [
        decision.options[choice]
        for decision, choice in zip(NB201().decisions, found.architecture().choices, strict=True)
    ]
    assert names == ["nor_conv_3x3", "none", "avg_pool_3x3", "none", "none", "none"]


def test_without_none_the_strongest_gate_is_kept_even_if_closed() -> None:
    found = search(ToyProblem(ToySpace()), torch.tensor([[-1.0, -0.5, -2, -9]] * 3), **TRAINED)
    assert found.architecture().choices == (1, 1, 1)


def test_gates_that_are_told_are_those_above_one_half() -> None:
    problem = toy_problem()
    found = search(problem, torch.tensor([[1.0, -1.0, 1.0, 9.0]] * 3), **TRAINED)
    problem.advance()
    assert float(found.step()["open_gates"]) == 2 + 3 + 1

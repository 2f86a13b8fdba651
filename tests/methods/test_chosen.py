"""Supernets that run one drawn operation an edge, and what gradient the others have."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from torch import Tensor

from nasbench_harness import registry
from nasbench_harness.contracts import NetworkSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.encoding import EDGES as NODES_OF_EDGES
from nasbench_harness.spaces.nb201.shared_weights import Branch, MixedCell
from tests.methods.tiny_supernet import EDGES, supernet

NAMES = ("gdas", "reinmax")
OPTIONS = 5


def started(name: str, **settings: Any) -> tuple[Any, WeightSharing]:
    method, problem = registry.methods.load(name), supernet()
    searcher = method(problem, method.Settings.build(name, settings), 0)
    problem.advance()
    return searcher, problem


@pytest.fixture
def drawn() -> Tensor:
    """A draw in which every operation occurs: skip, 3x3, 1x1, none, 3x3, pool."""
    return torch.nn.functional.one_hot(torch.tensor([1, 3, 2, 0, 3, 4]), OPTIONS).float()


def gradient(problem: WeightSharing, unchosen: str, drawn: Tensor) -> Tensor:
    """Of the validation loss in the weights of a draw, [6, 5]."""
    searcher, _ = started("gdas", unchosen=unchosen)
    searcher.problem = problem
    leaf = drawn.clone().requires_grad_()
    (found,) = torch.autograd.grad(searcher.loss_at(leaf), leaf)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_draw_is_one_hot_exactly(name: str) -> None:
    searcher, _ = started(name, init_scale=2.0)
    for _ in range(20):
        value = searcher.choose()
        assert value.requires_grad
        assert set(value.detach().flatten().tolist()) == {0.0, 1.0}
        assert torch.all(value.detach().sum(dim=-1) == 1)


@pytest.mark.parametrize("unchosen", ["summed", "none", "exact"])
def test_the_loss_is_that_of_the_derived_network(unchosen: str, drawn: Tensor) -> None:
    searcher, problem = started("gdas", unchosen=unchosen)
    arch = NB201().derive(drawn)
    images, labels = problem._batch["valid"]
    alone = cast("NetworkSpace", problem.space).inherit(arch, problem.supernet).train()
    expected = torch.nn.functional.cross_entropy(alone(images), labels)
    assert float(searcher.loss_at(drawn).detach()) == pytest.approx(
        float(expected.detach()), abs=1e-5
    )


@pytest.fixture
def convolved(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The edge positions whose convolutions have run."""
    run: list[int] = []
    one = Branch.one

    def counted(self: Branch, x: Tensor, edge: int, scale: Tensor) -> Tensor:
        run.append(edge)
        return one(self, x, edge, scale)

    monkeypatch.setattr(Branch, "one", counted)
    return run


@pytest.mark.parametrize("unchosen", ["summed", "none"])
def test_one_operation_an_edge_is_run(unchosen: str, drawn: Tensor, convolved: list[int]) -> None:
    searcher, problem = started("gdas", unchosen=unchosen)
    cells = sum(isinstance(module, MixedCell) for module in problem.supernet.modules())
    searcher.loss_at(drawn.requires_grad_())
    assert len(convolved) == 3 * cells  # of six edges three have a convolution
    convolved.clear()
    searcher.choose = lambda: drawn
    searcher.fit()
    assert len(convolved) == 3 * cells


def test_options_that_were_not_drawn_have_the_summed_gradient_of_the_node(
    drawn: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As that of a number added to the node's map in every cell, by hand."""
    _, problem = started("gdas")
    found = gradient(problem, "summed", drawn)
    added = torch.zeros(4, requires_grad=True)
    plain = MixedCell._node

    def node(self: MixedCell, brought: Any, place: int, *others: Any) -> Tensor:
        return plain(self, brought, place, *others) + added[place]

    monkeypatch.setattr(MixedCell, "_node", node)
    loss = problem.losses(drawn, "valid", drawn.bool()).mean()
    (of_nodes,) = torch.autograd.grad(loss, added)
    assert of_nodes[1:].abs().min() > 0
    for edge, (target, _) in enumerate(NODES_OF_EDGES):
        others = found[edge][drawn[edge] == 0]
        assert torch.allclose(others, of_nodes[target].expand_as(others), rtol=1e-4, atol=1e-7)


def test_the_drawn_option_has_its_own_gradient_either_way(drawn: Tensor) -> None:
    _, problem = started("gdas")
    found = {how: gradient(problem, how, drawn) for how in ("summed", "none", "exact")}
    chosen = drawn.bool()
    assert torch.allclose(found["summed"][chosen], found["none"][chosen], atol=1e-6)
    assert torch.allclose(found["exact"][chosen], found["none"][chosen], atol=1e-5)
    assert torch.all(found["none"][~chosen] == 0)
    assert torch.all(found["exact"][~chosen][1:].abs().sum() > 0)
    assert not torch.allclose(found["exact"], found["summed"], atol=1e-3)


def test_what_is_drawn_is_known_to_the_host() -> None:
    """Alpha and draws are kept there, whatever the network is on."""
    for name in NAMES:
        searcher, problem = started(name)
        problem.device = torch.device("meta")
        made = type(searcher)(problem, searcher.settings, 0)
        assert {made.alpha.device.type, made.choose().device.type} == {"cpu"}


def test_a_network_without_such_maps_is_refused() -> None:
    searcher, problem = started("gdas")
    bare = torch.nn.Linear(1, 1)
    problem.supernet = bare
    with pytest.raises(HarnessError, match="cannot add numbers to its maps"):
        searcher.loss_at(searcher.choose())


def test_shifts_end_with_the_pass(drawn: Tensor) -> None:
    _, problem = started("gdas")
    before = problem.losses(drawn, "valid", drawn.bool())
    shifts = torch.full((EDGES,), 0.5)
    with problem.supernet.shifted(shifts):  # type: ignore[operator]
        within = problem.losses(drawn, "valid", drawn.bool())
    assert not torch.allclose(before, within, atol=1e-3)
    assert torch.allclose(before, problem.losses(drawn, "valid", drawn.bool()), atol=1e-5)


# --- SNAS on one level ---------------------------------------------------------------------------


def test_one_pass_has_both_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of alpha is that of the train loss, from the pass that trains the weights."""
    searcher, problem = started("snas", temperature_start=1.0)
    state = searcher.state_dict()
    zeta = searcher.sample()
    (expected,) = torch.autograd.grad(problem.losses(zeta, "train").mean(), searcher.alpha)
    searcher.load_state_dict(state)
    passes = []
    forward = problem.supernet.forward
    monkeypatch.setattr(
        problem.supernet, "forward", lambda *given: passes.append(1) or forward(*given)
    )
    before = [p.detach().clone() for p in problem.supernet.parameters()]
    log = searcher.step()
    assert len(passes) == 1
    assert torch.allclose(searcher.alpha.grad, expected, atol=1e-6)
    pairs = zip(before, problem.supernet.parameters(), strict=True)
    assert any(not torch.equal(old, new) for old, new in pairs)
    assert float(log["train_loss"]) > 0


def test_the_network_is_trained_as_by_a_step_without_the_gradient() -> None:
    trained = []
    for both in (True, False):
        _, problem = started("snas")
        weights = torch.full((EDGES, OPTIONS), 0.2)
        if both:
            problem.fit_gradient(weights)
        else:
            problem.fit(weights)
        trained.append(torch.cat([p.detach().flatten() for p in problem.supernet.parameters()]))
    assert torch.allclose(*trained, atol=1e-7)


def test_a_checkpoint_of_another_kind_of_device_is_refused_with_a_sentence() -> None:
    searcher, _ = started("gdas")
    state = searcher.state_dict()
    state["generator"] = state["generator"][:16]  # as long as that of CUDA
    with pytest.raises(HarnessError, match="drawn on another kind of device than `cpu`"):
        searcher.load_state_dict(state)

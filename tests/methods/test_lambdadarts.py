"""Lambda-DARTS: the alignment of cells, its direction, and the step of w that raises it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from nasbench_harness.contracts import CellWeights
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.lambdadarts import LambdaDARTS, LambdaDARTSSettings
from nasbench_harness.methods.setups.lambdadarts import compared_cells
from nasbench_harness.methods.shared.alignment import (
    CellAlignment,
    cosine_alignment,
    sign_alignment,
)
from nasbench_harness.problems.supernet.network_settings import NetworkSettings
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing
from nasbench_harness.spaces.darts import open_darts
from nasbench_harness.spaces.proxyless import Proxyless
from nasbench_harness.testing import ToyParts, ToySpace
from tests.methods.tiny_supernet import STEPS, supernet, tiny_images

GRADIENTS = torch.randn(4, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def by_pairs(gradients: Tensor, signs: bool = False) -> Tensor:
    """The mean over pairs of cells, written out."""
    found = []
    for one, other in itertools.combinations(gradients, 2):
        size = one.abs() @ other.abs() if signs else one.norm() * other.norm()
        found.append(one @ other / size)
    return torch.stack(found).mean()


# --- the alignment -------------------------------------------------------------------------------


@pytest.mark.parametrize(("score", "signs"), [(cosine_alignment, False), (sign_alignment, True)])
def test_alignment_is_a_mean_over_pairs(score: Any, signs: bool) -> None:
    assert abs(float(score(GRADIENTS)[0] - by_pairs(GRADIENTS, signs))) < 1e-12


@pytest.mark.parametrize(("score", "signs"), [(cosine_alignment, False), (sign_alignment, True)])
def test_direction_is_the_derivative_by_autograd(score: Any, signs: bool) -> None:
    point = GRADIENTS.clone().requires_grad_()
    (expected,) = torch.autograd.grad(by_pairs(point, signs), point)
    assert torch.allclose(score(GRADIENTS)[1], expected, atol=1e-12)


def test_direction_is_the_formula_of_the_notes() -> None:
    """2 / (L (L - 1)) / |g_l| (I - u_l u_l') sum_m u_m."""
    units = GRADIENTS / GRADIENTS.norm(dim=1, keepdim=True)
    for cell, (gradient, unit) in enumerate(zip(GRADIENTS, units, strict=True)):
        apart = torch.eye(7, dtype=torch.float64) - torch.outer(unit, unit)
        expected = 2 / (4 * 3) / gradient.norm() * apart @ units.sum(dim=0)
        assert torch.allclose(cosine_alignment(GRADIENTS)[1][cell], expected, atol=1e-12)


@pytest.mark.parametrize("score", [cosine_alignment, sign_alignment])
def test_a_cell_without_gradient_agrees_with_none(score: Any) -> None:
    gradients = GRADIENTS.clone()
    gradients[2] = 0.0
    value, direction = score(gradients)
    assert bool(direction.isfinite().all())
    assert not direction[2].any()
    assert torch.isfinite(value)


@pytest.mark.parametrize("score", [cosine_alignment, sign_alignment])
def test_cells_that_agree_have_alignment_one_and_nowhere_to_go(score: Any) -> None:
    value, direction = score(GRADIENTS[:1].expand(3, -1))
    assert abs(float(value) - 1) < 1e-12
    assert direction.abs().max() < 1e-12


def test_cells_of_another_type_have_direction_zero() -> None:
    """Three cells of the first type around two that mix by other decisions."""
    cells = [[0, 1], [2, 3], [0, 1], [2, 3], [0, 1]]
    generator = torch.Generator().manual_seed(1)
    gradients = torch.randn(5, 4, 3, generator=generator, dtype=torch.float64)
    value, direction = CellAlignment(compared_cells(cells), cells[0], cosine_alignment)(gradients)
    own = gradients[[0, 2, 4], :2].flatten(1)
    expected, moved = cosine_alignment(own)
    assert torch.equal(value, expected)
    assert torch.equal(direction[[0, 2, 4], :2], moved.view(3, 2, 3))
    assert not direction[[1, 3]].any()
    assert not direction[:, 2:].any()


# --- the step ------------------------------------------------------------------------------------


def searching(problem: Any, epoch: int, **settings: Any) -> LambdaDARTS:
    """In the first step of that epoch."""
    searcher = LambdaDARTS(problem, LambdaDARTSSettings(**settings), seed=0)
    while problem.progress.epoch < epoch or problem._step < 0:
        problem.advance()
    return searcher


@pytest.mark.parametrize("alignment", ["cosine", "signcorr"])
def test_the_step_of_w_is_that_of_autograd(alignment: Any) -> None:
    """A toy in float64: w descends L_train - lambda_t Lambda, whose gradient is taken exactly."""
    problem = ToyParts(ToySpace(), steps=11)
    with torch.no_grad():  # or both cells would weigh alike and always agree
        problem.trained.copy_(torch.randn(3, 4, generator=torch.Generator().manual_seed(2)))
    searcher = searching(problem, 5, layer_weight=20.0, alignment=alignment)
    weights = searcher.relaxed().detach()
    shifts = torch.zeros(2, 3, 4, dtype=torch.float64, requires_grad=True)
    loss = problem._shifted(weights, shifts)
    (gradients,) = torch.autograd.grad(loss, shifts, create_graph=True)
    score = by_pairs(gradients.flatten(1), alignment == "signcorr")
    assert score.item() < 0.99
    (expected,) = torch.autograd.grad(loss - 10.0 * score, problem.trained)
    log = searcher.train(weights)
    assert problem.trained.grad is not None
    assert torch.allclose(problem.trained.grad, expected, atol=1e-7)
    assert abs(float(log["layer_alignment"]) - score.item()) < 1e-12


def test_steps_raise_the_alignment() -> None:
    """The minus sign: with a large weight the cells come to agree."""
    found = []
    for weight in (0.0, 30.0):
        problem = ToyParts(ToySpace(), steps=40, seed=3)
        with torch.no_grad():
            problem.trained.copy_(torch.randn(3, 4, generator=torch.Generator().manual_seed(2)))
        searcher = LambdaDARTS(problem, LambdaDARTSSettings(layer_weight=weight), seed=0)
        for _ in range(40):
            problem.advance()
            log = searcher.step()
        found.append(float(log["layer_alignment"]))
    assert found[1] > found[0] + 0.01


def test_the_weight_grows_along_a_line_from_the_first_epoch_to_the_last() -> None:
    problem = ToyParts(ToySpace(), steps=5)
    searcher = LambdaDARTS(problem, LambdaDARTSSettings(layer_weight=0.5), seed=0)
    weights = []
    for _ in range(5):
        problem.advance()
        weights.append(searcher.weight)
    assert weights == pytest.approx([0.0, 0.125, 0.25, 0.375, 0.5], abs=1e-15)


def in_float64(problem: WeightSharing) -> WeightSharing:
    problem.dtype = torch.float64
    problem.supernet.double()
    batch = {split: (x.double(), y) for split, (x, y) in problem._batch.items()}
    problem._batch = batch
    return problem


def test_on_a_supernet_it_is_the_gradient_of_autograd_too() -> None:
    """In float64, with weights per example, whose passes can be differentiated twice.

    By so small a shift that no ReLU switches in between, which a derivative does not see.
    """
    rate = 0.5
    problem = supernet(
        momentum=0.0, weight_decay=0.0, clip_norm=0.0, learning_rate=rate, learning_rate_min=rate
    )
    searcher = searching(problem, 1, layer_weight=3.0, shift=1e-8)
    in_float64(problem)
    net: Any = problem.supernet
    weights = searcher.relaxed().detach().double().expand(4, -1, -1)
    parameters = list(net.parameters())
    before = [p.detach().clone() for p in parameters]
    shifts = torch.zeros(3, 6, 5, dtype=torch.float64, requires_grad=True)
    images, labels = problem._batch["train"]
    with net.shifted_cells(shifts):
        loss = cross_entropy(net(images, weights), labels)
    (gradients,) = torch.autograd.grad(loss, shifts, create_graph=True)
    objective = loss - 3.0 * by_pairs(gradients.flatten(1))
    expected = torch.autograd.grad(objective, parameters)
    plain = torch.autograd.grad(cross_entropy(net(images, weights), labels), parameters)
    searcher.train(weights)
    for old, new, gradient, without in zip(before, parameters, expected, plain, strict=True):
        found = (old - new.detach()) / rate
        assert torch.allclose(found, gradient, atol=1e-4)
        if old.dim() == 4 and old.shape[-1] == 1 and len(old) != 4:  # a cell's own
            assert (gradient - without).abs().max() > 0


@pytest.mark.parametrize(("epoch", "passes"), [(0, 1), (1, 3)])
def test_it_costs_two_passes_where_the_weight_is_not_zero(epoch: int, passes: int) -> None:
    problem = supernet()
    searcher = searching(problem, epoch)
    seen: list[int] = []
    problem.supernet.register_forward_hook(lambda *_: seen.append(1))
    searcher.train(searcher.relaxed().detach())
    assert len(seen) == passes


def test_without_weight_it_is_darts() -> None:
    from nasbench_harness.methods.darts import DARTS, DARTSSettings

    ends = []
    for method, settings in (
        (DARTS, DARTSSettings()),
        (LambdaDARTS, LambdaDARTSSettings(layer_weight=0.0)),
    ):
        problem = supernet()
        searcher: Any = method(problem, settings, 3)  # type: ignore[arg-type]
        for _ in range(STEPS):
            problem.advance()
            searcher.step()
        ends.append((searcher.alpha.detach(), problem.supernet.state_dict()))
    assert torch.allclose(ends[0][0], ends[1][0], atol=1e-7)
    for name, value in ends[0][1].items():
        assert torch.allclose(value, ends[1][1][name], atol=1e-5)


# --- what cannot be ------------------------------------------------------------------------------


def problem_of(space: Any, **network: Any) -> WeightSharing:
    settings = NetworkSettings.build("network", {"width": 4, "batch_size": 4, **network})
    return WeightSharing(space, tiny_images(), settings, steps=4, epochs=1, seed=0, device="cpu")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: problem_of(Proxyless(), cells=1, width=8), "no cells that share mixing weights"),
        (lambda: problem_of(open_darts(), cells=3), "fewer than two cells of a type"),
        (lambda: supernet(precision="bf16"), "are lost in bf16; search with `--precision fp32`"),
    ],
)
def test_networks_without_such_cells_are_refused_in_a_sentence(make: Any, said: str) -> None:
    with pytest.raises(HarnessError, match=said):
        LambdaDARTS(make(), LambdaDARTSSettings(), seed=0)


def test_it_needs_weights_of_cells() -> None:
    assert LambdaDARTS.requires(LambdaDARTSSettings()) == (CellWeights,)

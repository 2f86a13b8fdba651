"""1x1 convolutions folded with their norms against convolving and norming, in float64."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from nasbench_harness.contracts import NetworkShape
from nasbench_harness.spaces.nb201 import folding, leaving
from nasbench_harness.spaces.nb201.shared_weights import CellSupernet

SHAPE = NetworkShape(classes=4, width=4, cells=1, image_size=(8, 8))


def passed(
    monkeypatch: pytest.MonkeyPatch, folded_rows: int, *, track: bool = True, training: bool = True
) -> list[Tensor]:
    """Loss, all gradients and all statistics of a pass in either way."""
    monkeypatch.setattr(leaving, "FOLDED_ROWS", folded_rows)
    torch.manual_seed(0)
    supernet = CellSupernet(SHAPE, track_running_stats=track).double()
    images, labels = torch.randn(16, 3, 8, 8).double(), torch.randint(4, (16,))
    weights = torch.randn(6, 5).double().softmax(-1).requires_grad_()
    with torch.no_grad():
        supernet(images + 1, weights.detach())  # statistics are those of other images
    supernet.train(training)
    loss = cross_entropy(supernet(images, weights), labels)
    loss.backward()
    assert weights.grad is not None
    gradients = [p.grad for p in supernet.parameters() if p.grad is not None]
    assert len(gradients) == len(list(supernet.parameters()))
    return [loss.detach(), weights.grad, *gradients, *supernet.buffers()]


@pytest.mark.parametrize(
    ("track", "training"),
    [(True, True), (False, True), (True, False)],
    ids=["running", "batch", "evaluated"],
)
def test_losses_gradients_and_statistics_are_the_same(
    monkeypatch: pytest.MonkeyPatch, track: bool, training: bool
) -> None:
    convolved = passed(monkeypatch, 10**9, track=track, training=training)
    folded = passed(monkeypatch, 0, track=track, training=training)
    for ours, wanted in zip(folded, convolved, strict=True):
        torch.testing.assert_close(ours, wanted, atol=1e-12, rtol=1e-11)
    assert any(
        not torch.equal(ours, wanted) for ours, wanted in zip(folded, convolved, strict=True)
    )


def test_a_gradient_of_the_mixing_weights_alone_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = []
    for rows in (10**9, 0):
        monkeypatch.setattr(leaving, "FOLDED_ROWS", rows)
        torch.manual_seed(1)
        supernet = CellSupernet(SHAPE).double()
        weights = torch.randn(6, 5).double().softmax(-1).requires_grad_()
        with supernet.frozen():
            loss = supernet(torch.randn(8, 3, 8, 8).double(), weights).pow(2).mean()
        loss.backward()
        assert all(parameter.grad is None for parameter in supernet.parameters())
        assert weights.grad is not None
        found.append(weights.grad)
    torch.testing.assert_close(found[1], found[0], atol=1e-12, rtol=1e-11)


def test_channels_without_any_spread_give_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounding must not bring a variance below zero."""
    monkeypatch.setattr(leaving, "FOLDED_ROWS", 0)
    supernet = CellSupernet(SHAPE)
    weights = torch.full((6, 5), 0.2, requires_grad=True)
    images = torch.full((8, 3, 8, 8), 1e4)
    supernet(images, weights).sum().backward()
    assert weights.grad is not None
    assert torch.isfinite(weights.grad).all()


def test_small_maps_and_rounded_ones_are_convolved() -> None:
    large = torch.zeros(16, 2, 16, 16)
    assert leaving._folds(large)
    assert leaving._folds(large.double())
    assert not leaving._folds(large.bfloat16())
    assert not leaving._folds(large[:15])


@pytest.mark.parametrize("rows", [1, 15, 24, 48])
def test_sums_by_parts_are_those_of_the_whole(rows: int) -> None:
    """However many rows there are."""
    torch.manual_seed(0)
    a, b = torch.randn(rows, 5).double(), torch.randn(rows, 3).double()
    torch.testing.assert_close(folding._products(a, b), a.T @ b, atol=1e-12, rtol=1e-12)
    torch.testing.assert_close(folding._sums(a), a.sum(dim=0), atol=1e-12, rtol=1e-12)

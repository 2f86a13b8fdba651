"""DARTS against exact gradients and the reference ascents."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from nasbench_harness.contracts import UnrolledGradient
from nasbench_harness.methods.darts import DARTS, DARTSSettings
from nasbench_harness.problems.landscape import Landscape


@pytest.mark.parametrize("order", ["first", "second"])
def test_gradient_is_exact(
    order: str, problem: Landscape, alpha: Tensor, exact_gradient: Tensor,
    gradients: Callable[..., Tensor],
) -> None:  # fmt: skip
    searcher = DARTS(problem, DARTSSettings(order=order), seed=0)  # type: ignore[arg-type]
    searcher.alpha.data.copy_(alpha)
    assert torch.allclose(gradients(searcher, problem, 1)[0], exact_gradient, atol=1e-14)


def test_rows_of_the_gradient_sum_to_zero(
    problem: Landscape, alpha: Tensor, gradients: Callable[..., Tensor]
) -> None:
    searcher = DARTS(problem, DARTSSettings(), seed=0)
    searcher.alpha.data.copy_(alpha)
    assert gradients(searcher, problem, 1)[0].sum(-1).abs().max() < 1e-15


def test_second_order_asks_for_the_capability() -> None:
    assert DARTS.requires(DARTSSettings(order="second")) == (UnrolledGradient,)
    assert DARTS.requires(DARTSSettings()) == ()


@pytest.mark.parametrize(
    ("arch_first", "expected"), [(True, ["arch", "fit"]), (False, ["fit", "arch"])]
)
def test_order_of_the_two_updates_is_the_recipe_s(
    arch_first: bool, expected: list[str], problem: Landscape, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    searcher = DARTS(problem, DARTSSettings(arch_before_weight=arch_first), seed=0)
    monkeypatch.setattr(problem, "fit", lambda *_: calls.append("fit") or {})
    monkeypatch.setattr(searcher, "update_alpha", lambda: calls.append("arch") or {})
    problem.advance()
    searcher.step()
    assert calls == expected


def test_published_settings() -> None:
    nb201 = DARTSSettings(**DARTS.recipes["nb201"].settings)
    assert (nb201.learning_rate, nb201.beta1, nb201.beta2) == (3e-4, 0.5, 0.999)
    assert (nb201.weight_decay, nb201.init_scale) == (1e-3, 1e-3)
    assert nb201.arch_before_weight is False
    assert DARTS.recipes["nb201"].epochs == 50

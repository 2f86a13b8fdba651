"""DARTS against exact gradients and the reference ascents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from nasbench_harness.contracts import UnrolledGradient
from nasbench_harness.methods.darts import DARTS, DARTSSettings
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.problems.supernet.network_settings import NetworkSettings


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
    ("settings", "expected"),
    [
        ({"arch_before_weight": True}, ["arch", "fit"]),
        ({"arch_before_weight": False}, ["fit", "arch"]),
        ({"arch_before_weight": False, "order": "second"}, ["fit", "arch"]),
        (DARTS.recipes["nb201"].settings, ["fit", "arch"]),
        ({**DARTS.recipes["nb201"].settings, "order": "second"}, ["arch", "fit"]),
    ],
    ids=str,
)
def test_order_of_the_two_updates_is_the_recipe_s(
    settings: Mapping[str, Any], expected: list[str], problem: Landscape,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    calls: list[str] = []
    searcher = DARTS(problem, DARTSSettings(**settings), seed=0)
    monkeypatch.setattr(problem, "fit", lambda *_: calls.append("fit") or {})
    monkeypatch.setattr(searcher, "update_alpha", lambda: calls.append("arch") or {})
    problem.advance()
    searcher.step()
    assert calls == expected


def test_second_order_records_the_loss_without_a_graph(problem: Landscape, alpha: Tensor) -> None:
    searcher = DARTS(problem, DARTSSettings(order="second"), seed=0)
    searcher.alpha.data.copy_(alpha)
    recorded: list[bool] = []
    losses = problem.losses

    def watched(*given: Any) -> Tensor:
        recorded.append(torch.is_grad_enabled() and given[0].requires_grad)
        return losses(*given)

    problem.losses = watched  # type: ignore[method-assign]
    problem.unrolled_gradient = torch.zeros_like  # type: ignore[method-assign]
    problem.advance()
    log = searcher.step()
    assert recorded == [False]
    assert log["valid_loss"] == losses(alpha.softmax(-1), "valid").mean()


def test_published_settings() -> None:
    nb201 = DARTSSettings(**DARTS.recipes["nb201"].settings)
    assert (nb201.learning_rate, nb201.beta1, nb201.beta2) == (3e-4, 0.5, 0.999)
    assert (nb201.weight_decay, nb201.init_scale) == (1e-3, 1e-3)
    assert {name: recipe.epochs for name, recipe in DARTS.recipes.items()} == {
        "landscape": 100, "nb201": 50, "nats": 100, "drnas": 100, "darts": 50, "quick": 10,
        "darts_quick": 10, "darts_bench_quick": 10,
        **{f"darts_bench{on}": 100 for on in ("", "_deep", "_deep_no_skip", "_deep_all_skip")},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("recipe", "nesterov", "weight_decay", "clip_norm", "split", "track"),
    [
        ("nb201", True, 5e-4, 5.0, "published", True),
        ("nats", True, 5e-4, 0.0, "published", False),
        ("drnas", False, 3e-4, 5.0, "halves", True),
        ("darts", False, 3e-4, 5.0, "halves", True),
    ],
)
def test_published_training_of_the_network(
    recipe: str, nesterov: bool, weight_decay: float, clip_norm: float, split: str, track: bool
) -> None:
    network = NetworkSettings.build("darts", DARTS.recipes[recipe].network)
    assert (network.learning_rate, network.learning_rate_min) == (0.025, 0.001)
    assert (network.batch_size, network.momentum, network.optimizer) == (64, 0.9, "sgd")
    assert (network.nesterov, network.weight_decay) == (nesterov, weight_decay)
    assert (network.clip_norm, network.split) == (clip_norm, split)
    assert network.track_running_stats is track

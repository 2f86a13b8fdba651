"""The same method files on a real, tiny supernet: shared weights, images, gradients in float32."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from nasbench_harness import registry
from nasbench_harness.contracts import NetworkSpace
from nasbench_harness.images.augment import Augment
from nasbench_harness.methods.darts import DARTS, DARTSSettings
from nasbench_harness.methods.edas import EDAS, EDASSettings
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing
from nasbench_harness.testing import check_searcher
from tests.methods.tiny_supernet import BATCH, EDGES, STEPS, supernet, tiny_images

CASES = [
    ("darts", {}),
    ("darts", {"order": "second"}),
    ("darts", {"arch_before_weight": False}),
    ("drnas", {}),
    ("drnas", {"anchor": "kl", "kept_options": [5, 3]}),
    ("drnas", {"partial_channels": [4, 2], "kept_options": [5, 3], "warmup_epochs": 0}),
    ("pcdarts", {"partial_channels": [2], "warmup_epochs": 1}),
    ("pcdarts", {"partial_channels": [4, 2], "warmup_epochs": 0, "perturbation": "random"}),
    ("sdarts", {}),
    ("sdarts", {"perturbation": "adversarial", "perturbation_steps": 2}),
    ("fairdarts", {}),
    ("betadarts", {}),
    ("dartsminus", {}),
    ("dartsminus", {"edge_normalisation": True, "excluded": ("skip_connect",)}),
    ("oles", {"window": 2, "threshold": 0.6, "added_gradients": True}),
    ("oles", {"window": 2, "partial_channels": [4, 2], "warmup_epochs": 0}),
    ("lambdadarts", {"layer_weight": 5.0}),
    ("lambdadarts", {"alignment": "signcorr", "kept_options": [5, 3]}),
    ("drnas", {"skip_dropout": [0.1, 0.4], "kept_options": [5, 3], "kept_skips": 2}),
    ("sdarts", {"skip_dropout": 0.4, "stop_above_skips": 0, "arch_before_weight": False}),
    ("unas", {"sample_per": "batch"}),
    ("unas", {"sample_per": "example"}),
    ("unas", {"sample_per": "batch", "cost": "flops", "cost_fit_samples": 50, "cost_ramp": 3}),
    ("unas", {"sample_per": "batch", "arch_samples": 2, "least_weight": 0.2, "gap": "batch_mean"}),
    ("unas", {"sample_per": "example", "arch_samples": 2, "least_weight": 0.2}),
    ("edas", {}),
    ("edas", {"skip_drop": 0.3, "log_relax_gap": True, "entropy_weight": 0.1}),
    ("edas", {"scoring": "one_hot"}),
    ("edas", {"trained_on": "relaxed", "skip_drop": 0.3}),
    ("gdas", {}),
    ("gdas", {"unchosen": "none", "arch_before_weight": True}),
    ("gdas", {"unchosen": "exact"}),
    ("reinmax", {}),
    ("reinmax", {"estimator": "straight_through", "unchosen": "none"}),
    ("snas", {}),
    ("snas", {"levels": "two"}),
    ("rsws", {"candidates": 3}),
    ("dartspt", {"training_epochs": 1}),
    ("dartspt", {"training_epochs": 0, "fixed_alpha": True, "perturbation": "random"}),
    ("zerocostpt", {"proposals": 1, "validation_rounds": 3}),
    ("random", {"ask": False}),
]


@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
def test_methods_keep_the_contract_on_a_supernet(name: str, settings: dict[str, Any]) -> None:
    method = registry.methods.load(name)
    built = method.Settings.build(name, settings)
    assert all(isinstance(supernet(), capability) for capability in method.requires(built))
    check_searcher(method, built, make_problem=supernet, steps=STEPS)


def test_a_fresh_optimiser_after_the_warm_up_is_resumed_too() -> None:
    method = registry.methods.load("unas")
    make_problem = partial(
        supernet, optimizer="adam", learning_rate=3e-4, reset_optimizer_epoch=1, train_share=0.5
    )
    settings = method.Settings(sample_per="batch", warmup_epochs=1)
    check_searcher(method, settings, make_problem=make_problem, steps=STEPS)


@pytest.fixture
def start() -> Callable[..., tuple[Any, WeightSharing]]:
    """A method on a fresh supernet, in the middle of its first step."""

    def started(name: str, **settings: Any) -> tuple[Any, WeightSharing]:
        method, problem = registry.methods.load(name), supernet()
        searcher = method(problem, method.Settings.build(name, settings), 0)
        problem.advance()
        return searcher, problem

    return started


UPDATES = [
    ("darts", {}, lambda made: made.update_alpha()),
    ("darts", {"order": "second"}, lambda made: made.update_alpha()),
    ("dartspt", {}, lambda made: made.update_alpha()),
    ("drnas", {}, lambda made: made.update_alpha()),
    ("edas", {}, lambda made: made.update_rows([2])),
    ("gdas", {}, lambda made: made.update_alpha()),
    ("reinmax", {}, lambda made: made.update_alpha()),
    ("snas", {"levels": "two"}, lambda made: made.update_alpha()),
    ("unas", {"sample_per": "batch"}, lambda made: made.update_logits(made.sample(1))),
    ("unas", {}, lambda made: made.update_logits(made.sample(BATCH))),
]


@pytest.mark.parametrize(("name", "settings", "update"), UPDATES)
def test_an_architecture_step_leaves_the_network_alone(
    name: str, settings: dict[str, Any], update: Callable[[Any], object],
    start: Callable[..., tuple[Any, WeightSharing]],
) -> None:  # fmt: skip
    searcher, problem = start(name, **settings)
    before = [p.detach().clone() for p in problem.supernet.parameters()]
    alpha = searcher.alpha.detach().clone()
    update(searcher)
    assert not torch.equal(searcher.alpha, alpha)
    for parameter, value in zip(problem.supernet.parameters(), before, strict=True):
        assert torch.equal(parameter, value)
        assert parameter.grad is None or not parameter.grad.any()


@pytest.mark.parametrize(
    "name",
    [
        *("darts", "drnas", "edas", "gdas", "reinmax", "snas", "unas", "rsws"),
        *("pcdarts", "sdarts", "fairdarts", "betadarts", "dartsminus", "dartspt", "oles"),
        "lambdadarts",
    ],
)
def test_a_step_trains_the_network(
    name: str, start: Callable[..., tuple[Any, WeightSharing]]
) -> None:
    searcher, problem = start(name)
    before = problem.supernet.head.classifier.weight.detach().clone()  # type: ignore[union-attr]
    log = searcher.step()
    assert not torch.equal(problem.supernet.head.classifier.weight, before)  # type: ignore[union-attr]
    assert float(log["train_loss"]) > 0


def test_at_most_one_row_moves_at_a_time(start: Callable[..., tuple[Any, WeightSharing]]) -> None:
    """None where the clamped edges leave the relaxed one without a way to the output."""
    searcher, problem = start("edas")
    moved = []
    for _ in range(2 * EDGES):
        before = searcher.alpha.detach().clone()
        searcher.step()
        moved.append(int((searcher.alpha != before).any(dim=-1).sum()))
        problem.advance()
    assert max(moved) == 1
    assert sum(moved) > EDGES


def test_a_network_that_nothing_passes_moves_no_row(
    start: Callable[..., tuple[Any, WeightSharing]], monkeypatch: pytest.MonkeyPatch
) -> None:
    searcher, _ = start("edas")
    none = torch.zeros(EDGES, 5)
    none[:, 0] = 1.0
    monkeypatch.setattr(searcher, "clamp", lambda: none)
    monkeypatch.setattr(searcher, "next_edge", lambda _: 0)  # the edge into node 1, a dead end here
    log = searcher.step()
    assert torch.all(searcher.alpha == 0)
    assert float(log["valid_loss"]) > 0


@pytest.mark.parametrize(("rate", "same"), [(1e-7, True), (0.025, False)])
def test_second_order_looks_as_far_ahead_as_the_network_steps(rate: float, same: bool) -> None:
    gradients = []
    for order in ("first", "second"):
        problem = supernet(learning_rate=rate)
        searcher = DARTS(problem, DARTSSettings(order=order), 0)  # type: ignore[arg-type]
        problem.advance()
        searcher.update_alpha()
        assert searcher.alpha.grad is not None
        gradients.append(searcher.alpha.grad.clone())
    assert torch.allclose(*gradients, atol=1e-5, rtol=1e-3) is same


# --- EDAS: nothing is lost at derivation -------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_clamped_supernet_is_the_pruned_network(seed: int) -> None:
    """Section 9.4 of the methods: the supernet at the mode and the derived network agree."""
    problem = supernet(evaluation="running", learning_rate=0.1)
    searcher = EDAS(problem, EDASSettings(learning_rate=0.3), seed)
    for _ in range(STEPS):
        problem.advance()
        searcher.step()
    derived = searcher.architecture()
    pruned = cast("NetworkSpace", problem.space).inherit(derived, problem.supernet).eval()
    images = problem.held_out
    pixels = Augment(tiny_images(), device="cpu").test(images.pixels)
    weights = torch.nn.functional.one_hot(torch.tensor(derived.choices), 5).float()
    problem.supernet.eval()
    with torch.no_grad():
        clamped: Tensor = problem.supernet(pixels, weights, weights.bool())
        logits: Tensor = pruned(pixels)
    assert torch.allclose(clamped, logits, atol=1e-5)
    accuracy = 100 * float((logits.argmax(1) == images.labels).float().mean())
    assert problem.score(derived) == pytest.approx(accuracy, abs=1e-4)


def test_a_decided_edas_loses_nothing(start: Callable[..., tuple[Any, WeightSharing]]) -> None:
    searcher, problem = start("edas")
    for row in searcher.rows:
        row.data[3] = 1e4
    searcher.alpha.data.copy_(torch.stack(list(searcher.rows)))
    assert problem.score(searcher.scores()) == problem.score(searcher.architecture())

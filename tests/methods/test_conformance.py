"""Every built-in method passes the kit that plugin authors run."""

from __future__ import annotations

from functools import partial

import pytest

from nasbench_harness import registry
from nasbench_harness.testing import check_searcher, toy_problem

BUILT_IN = ("darts", "drnas", "edas", "random", "rea", "reinforce", "unas")


def test_the_built_in_methods_are_registered() -> None:
    assert set(BUILT_IN) <= set(registry.methods.names())


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("recipe", ["landscape", "nb201"])
def test_method_keeps_the_contract(name: str, recipe: str) -> None:
    method = registry.methods.load(name)
    settings = method.Settings.build(name, method.recipes[recipe].settings)
    check_searcher(method, settings, make_problem=partial(toy_problem, noise=0.5, batch_size=3))


VARIANTS = [
    ("darts", {"order": "second"}),
    ("darts", {"arch_before_weight": False}),
    ("drnas", {"anchor": "kl", "scores": "mean"}),
    ("drnas", {"warmup_epochs": 3, "concentration_floor": 1e-3}),
    ("unas", {"control_variate": "baseline"}),
    ("unas", {"control_variate": "none", "entropy_weight": 0.1}),
    ("unas", {"sample_per": "batch", "gap": "batch_mean"}),
    ("unas", {"cost": "params", "cost_target": 1.0, "cost_ramp": 5, "probability_floor": 0.08}),
    ("edas", {"edge_policy": "uniform", "clamp": "argmax"}),
    ("edas", {"edge_policy": "entropy", "entropy_weight": 0.1, "warmup_fraction": 0.2}),
    ("edas", {"clamp": "eps_argmax"}),
    ("rea", {"population": 3, "tournament": 2}),
    ("reinforce", {"answer": "mode"}),
]


@pytest.mark.parametrize(("name", "settings"), VARIANTS, ids=str)
def test_variants_keep_the_contract(name: str, settings: dict[str, object]) -> None:
    method = registry.methods.load(name)
    check_searcher(method, method.Settings.build(name, settings), steps=24)

"""Every built-in method passes the kit that plugin authors run."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from nasbench_harness import registry
from nasbench_harness.contracts import Problem, Searcher
from nasbench_harness.problems.supernet.network_settings import NetworkSettings
from nasbench_harness.study import recipes
from nasbench_harness.testing import (
    ToyParts,
    ToySpace,
    ToyTrained,
    ToyUntrained,
    check_searcher,
    toy_problem,
)

FAMILY = (
    "betadarts", "dartsminus", "dartspt", "fairdarts", "lambdadarts", "oles", "pcdarts", "sdarts",
)  # fmt: skip
BUILT_IN = (
    "darts", "drnas", "edas", "freedarts", "gdas", "monas", "proxy", "radars", "random", "rea",
    "reinforce", "reinmax", "rsws", "snas", "twotemp", "unas", "zerocostpt", *FAMILY,
)  # fmt: skip
UNTRAINED = ("freedarts", "proxy", "zerocostpt")
"""Methods that need networks, and so no table."""
NO_TABLE = ("dartsminus", "fairdarts", "lambdadarts", "oles", "pcdarts", "sdarts")
"""Of which nothing is left on a table: what they change are networks."""


RECIPES = [(name, recipe) for name in BUILT_IN for recipe in registry.methods.load(name).recipes]


def settings_of(method: type[Searcher], recipe: str) -> Any:
    """Without the names of operations that a toy has not."""
    settings = dict(method.recipes[recipe].settings)
    settings.pop("excluded", None)
    return method.Settings.build(recipe, settings)


def meets(problem: Problem, capabilities: Any) -> bool:
    return all(isinstance(problem, capability) for capability in capabilities)


def test_the_built_in_methods_are_registered() -> None:
    assert set(BUILT_IN) <= set(registry.methods.names())


@pytest.mark.parametrize(("name", "recipe"), RECIPES)
def test_method_keeps_the_contract(name: str, recipe: str) -> None:
    method = registry.methods.load(name)
    settings = settings_of(method, recipe)
    make_problem = partial(toy_problem, noise=0.5, batch_size=3)
    if name in UNTRAINED:
        make_problem = partial(ToyUntrained, ToySpace(), batch_size=3)
    elif name in NO_TABLE:
        make_problem = partial(ToyParts, ToySpace(free=("o0",)), batch_size=3)
    elif not meets(make_problem(), method.requires(settings)):
        # a landscape has neither channels, maps nor network weights
        assert name in ("drnas", "gdas", "reinmax", "twotemp")
        assert recipe in (
            "nb201_progressive", "darts", "imagenet", "nb201", "nats", "nb201_quick",
        ) or name == "twotemp"  # fmt: skip
        make_problem = partial(ToyTrained, ToySpace(), batch_size=3)
    check_searcher(method, settings, make_problem=make_problem)


@pytest.mark.parametrize(("name", "recipe"), RECIPES)
def test_networks_of_recipes_are_understood(name: str, recipe: str) -> None:
    network = registry.methods.load(name).recipes[recipe].network
    NetworkSettings.build(name, network)


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_method_has_a_recipe_for_each_study(name: str) -> None:
    if name in UNTRAINED:
        assert recipes.published(name, "nb201", "supernet")
        assert "quick" in registry.methods.load(name).recipes
        return
    found = set(registry.methods.load(name).recipes)
    assert {"nb201", "quick"} <= found
    assert ("landscape" in found) == (name not in NO_TABLE)


VARIANTS = [
    ("darts", {"order": "second"}),
    ("darts", {"arch_before_weight": False}),
    ("drnas", {"anchor": "kl", "scores": "mean"}),
    ("drnas", {"warmup_epochs": 3, "concentration_floor": 1e-3}),
    ("drnas", {"kept_options": [4, 2], "warmup_epochs": 2}),
    ("drnas", {"clip_norm": 1e-3, "anchor": "kl"}),
    ("drnas", {"kept_options": [4, 3, 1], "anchor": "kl", "scores": "mean"}),
    ("unas", {"control_variate": "baseline"}),
    ("unas", {"control_variate": "none", "entropy_weight": 0.1}),
    ("unas", {"sample_per": "batch", "gap": "batch_mean"}),
    ("unas", {"cost": "params", "cost_target": 1.0, "cost_ramp": 5, "probability_floor": 0.08}),
    ("edas", {"edge_policy": "uniform", "clamp": "argmax"}),
    ("edas", {"edge_policy": "entropy", "entropy_weight": 0.1, "warmup_fraction": 0.2}),
    ("edas", {"clamp": "eps_argmax"}),
    ("edas", {"skip_drop": 0.3, "log_relax_gap": True}),
    ("edas", {"scoring": "one_hot", "log_relax_gap": True, "entropy_weight": 0.1}),
    ("monas", {"accuracy_weight": 0.9, "cost_range": [0.0, 4.0], "cost_target": 2.0}),
    ("monas", {"reward": "acc_constraint", "least_accuracy": 60.0, "hidden": 3}),
    ("monas", {"reward": "cost_constraint", "cost_target": 2.5}),
    ("radars", {"proposals": 2, "proposal_epochs": 1, "final": "drnas"}),
    ("radars", {"proposals": 1, "proposal_epochs": 3, "options": 1}),
    ("twotemp", {"weights": "trained", "complexity_weight": 0.0, "init_scale": 1.0}),
    ("twotemp", {"weights": "trained", "mixing": "mean", "soft_temperature": 0.5}),
    ("freedarts", {"weights": "gates", "pruning": "iterative", "per_operation": True}),
    ("proxy", {"candidates": 2, "name": "nwot"}),
    ("gdas", {"unchosen": "exact", "temperature_start": 1.0}),
    ("gdas", {"unchosen": "none", "arch_before_weight": True, "temperature_reached": False}),
    ("reinmax", {"unchosen": "exact"}),
    ("reinmax", {"unchosen": "none", "estimator": "straight_through"}),
    ("snas", {}),
    ("snas", {"levels": "two", "clip_norm": 1e-3}),
    ("pcdarts", {"warmup_epochs": 4, "partial_channels": [4, 2]}),
    ("sdarts", {"perturbation": "adversarial"}),
    ("fairdarts", {"threshold": 0.5, "kept_options": [4, 2]}),
    ("betadarts", {"edge_normalisation": True, "perturbation": "random"}),
    ("dartsminus", {"arch_before_weight": False, "perturbation": "adversarial"}),
    ("dartspt", {"training_epochs": 8, "edge_normalisation": True}),
    ("dartspt", {"training_epochs": 0, "fixed_alpha": True, "perturbation": "adversarial"}),
    ("zerocostpt", {"proposals": 2, "validation_rounds": 5}),
    ("zerocostpt", {"proposals": 9, "validation_rounds": 0, "proxy": "zen"}),
    ("oles", {"window": 3}),
    ("oles", {"window": 2, "exact_counter": True, "arch_before_weight": False}),
    ("oles", {"window": 3, "added_gradients": True, "edge_normalisation": True}),
    ("lambdadarts", {"layer_weight": 50.0}),
    ("lambdadarts", {"alignment": "signcorr", "perturbation": "random"}),
    ("drnas", {"kept_skips": 1, "skip_cells": "all", "skip_dropout": 0.3}),
    ("sdarts", {"stop_above_skips": 0}),
    ("pcdarts", {"skip_dropout": 0.3, "kept_skips": 0, "stop_above_skips": 1, "warmup_epochs": 2}),
    ("random", {"ask": False}),
    ("rea", {"population": 3, "tournament": 2}),
    ("reinforce", {"answer": "mode"}),
    ("rsws", {"candidates": 7}),
]


@pytest.mark.parametrize(("name", "settings"), VARIANTS, ids=str)
def test_variants_keep_the_contract(name: str, settings: dict[str, object]) -> None:
    method = registry.methods.load(name)
    check_searcher(method, method.Settings.build(name, settings), steps=24)

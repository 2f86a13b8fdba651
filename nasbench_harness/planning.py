"""From a study to its trials: everything that can be wrong with a study is found here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nasbench_harness import registry
from nasbench_harness.config import MethodChoice, StudyConfig
from nasbench_harness.contracts import Recipe, Searcher
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.notation import ConfigError
from nasbench_harness.trial import TrialSpec

STEPS_PER_EPOCH = 391
"""Batches of 64 in the 25,000 CIFAR-10 training images of a search."""


def plan(config: StudyConfig) -> list[TrialSpec]:
    """Every trial of the study, seed by seed."""
    space, table = registry.open_space(config.space), registry.open_table(config.table)
    if table.space != space.name:
        raise ConfigError(
            f"Table `{table.name}` is about space `{table.space}`, not `{space.name}`."
        )
    shared: dict[str, Any] = {
        "recipe": config.recipe,
        "space": space.name,
        "space_version": space.version,
        "table": table.name,
        "table_hash": table.content_hash,
        "problem": config.search,
        "dataset": config.dataset,
        "search_metric": table.search_metric(config.dataset),
        "report_metric": table.report_metric(config.dataset),
        "batch_size": config.batch_size,
        "noise": config.noise,
    }
    methods = [_resolve(choice, config) for choice in config.choices]
    specs = [
        TrialSpec(**shared, **method, seed=seed) for seed in config.seeds for method in methods
    ]
    _refuse_twins(specs)
    return specs


def _resolve(choice: MethodChoice, config: StudyConfig) -> dict[str, Any]:
    method: type[Searcher] = registry.methods.load(choice.name)
    recipe = find_recipe(choice.name, method, config.recipe)
    settings = method.Settings.build(choice.name, recipe.settings, choice.settings)
    _check_capabilities(choice.name, method, settings)
    dumped = settings.model_dump(mode="json")
    return {
        "method": choice.name,
        "method_version": method.version,
        "settings": dumped,
        "overrides": {name: dumped[name] for name in choice.settings},
        "steps": config.steps or recipe.steps or recipe.epochs * STEPS_PER_EPOCH,
        "epochs": recipe.epochs,
    }


def find_recipe(name: str, method: type[Searcher], recipe: str) -> Recipe:
    """A method's recipe by name."""
    if recipe not in method.recipes:
        raise UnknownNameError(f"recipe of `{name}`", recipe, method.recipes)
    return method.recipes[recipe]


def _check_capabilities(name: str, method: type[Searcher], settings: Any) -> None:
    from nasbench_harness.problems.landscape import Landscape

    for capability in method.requires(settings):
        if not all(hasattr(Landscape, attribute) for attribute in _members(capability)):
            raise ConfigError(
                f"`{name}` with these settings needs a problem that can {capability.__name__},"
                " and a landscape cannot."
            )


def _members(protocol: type) -> list[str]:
    return [name for name in vars(protocol) if not name.startswith("_")]


def _refuse_twins(specs: Sequence[TrialSpec]) -> None:
    seen: dict[str, TrialSpec] = {}
    for spec in specs:
        twin = seen.setdefault(spec.fingerprint, spec)
        if twin is not spec:
            raise ConfigError(
                f"`{twin.label}` and `{spec.label}` are the same setting; leave one of them out."
            )

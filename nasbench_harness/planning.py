"""From a study to its trials: everything that can be wrong with a study is found here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nasbench_harness import registry
from nasbench_harness.config import MethodChoice, StudyConfig
from nasbench_harness.contracts import Recipe, Searcher, Table
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.notation import ConfigError
from nasbench_harness.tables.metrics import devices, find_metric
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
        "report_metric": _report_metric(table, config),
        "batch_size": config.batch_size,
        "noise": config.noise,
    }
    methods = [_resolve(choice, config, table) for choice in config.choices]
    specs = [
        TrialSpec(**shared, **method, seed=seed) for seed in config.seeds for method in methods
    ]
    _refuse_twins(specs)
    return specs


def _resolve(choice: MethodChoice, config: StudyConfig, table: Table) -> dict[str, Any]:
    method: type[Searcher] = registry.methods.load(choice.name)
    recipe = find_recipe(choice.name, method, config.recipe)
    settings = method.Settings.build(choice.name, recipe.settings, choice.settings)
    _check_capabilities(choice.name, method, settings)
    dumped = settings.model_dump(mode="json")
    _check_cost(choice.name, dumped.get("cost", "none"), table)
    metric = _search_metric(table, config, queries=method.queries)
    _check_noise(config, table, metric)
    return {
        "method": choice.name,
        "method_version": method.version,
        "settings": dumped,
        "search_metric": metric,
        "overrides": {name: dumped[name] for name in choice.settings},
        "steps": config.steps or recipe.steps or recipe.epochs * STEPS_PER_EPOCH,
        "epochs": recipe.epochs,
    }


def find_recipe(name: str, method: type[Searcher], recipe: str) -> Recipe:
    """A method's recipe by name."""
    if recipe not in method.recipes:
        raise UnknownNameError(f"recipe of `{name}`", recipe, method.recipes)
    return method.recipes[recipe]


# --- metrics -----------------------------------------------------------------------------------


def _search_metric(table: Table, config: StudyConfig, *, queries: bool) -> str:
    """What searches look at; a metric that is for reporting only where that is allowed."""
    if config.search_metric is None:
        return table.search_metric(config.dataset, queries=queries)
    metric = find_metric(table, config.dataset, config.search_metric)
    if not metric.search and not config.allow_test_search:
        raise ConfigError(
            f"`{metric.name}` is no metric to search on: a search that looks at what it is judged"
            " by is an oracle study. `--allow-test-search` runs it all the same and the report"
            " will say so."
        )
    return metric.name


def _report_metric(table: Table, config: StudyConfig) -> str:
    if config.report_metric is None:
        return table.report_metric(config.dataset)
    return find_metric(table, config.dataset, config.report_metric).name


def _check_noise(config: StudyConfig, table: Table, metric: str) -> None:
    from nasbench_harness.problems.landscape import run_metrics

    if config.noise == "seeds" and not run_metrics(table, metric):
        raise ConfigError(
            f"Table `{table.name}` has no single runs behind `{metric}`, so that --noise seeds has"
            " nothing to draw from; choose another --search-metric or Gaussian noise."
        )


def _check_cost(method: str, cost: str, table: Table) -> None:
    from nasbench_harness.problems.landscape import LATENCY_COST

    device = cost.removeprefix(LATENCY_COST)
    if cost.startswith(LATENCY_COST) and device not in (known := devices(table)):
        raise UnknownNameError(f"device in table `{table.name}` for `{method}`", device, known)


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

"""From a study to its trials: everything that can be wrong with a study is found here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from nasbench_harness import registry
from nasbench_harness.config import MethodChoice, StudyConfig
from nasbench_harness.contracts import Recipe, Searcher, Table
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.hardware import Hardware
from nasbench_harness.notation import ConfigError
from nasbench_harness.places import OnImages, OnTable
from nasbench_harness.spec import TrialSpec
from nasbench_harness.tables.metrics import devices, find_metric


def plan(config: StudyConfig, hardware: Hardware | None = None) -> list[TrialSpec]:
    """Every trial of the study, seed by seed; `hardware` tells where images are."""
    space, table = registry.open_space(config.space), registry.open_table(config.table)
    if table.space != space.name:
        raise ConfigError(
            f"Table `{table.name}` is about space `{table.space}`, not `{space.name}`."
        )
    place = (
        OnImages(config, space, hardware or Hardware())
        if config.search == "supernet"
        else OnTable(config)
    )
    dataset = place.dataset(table)
    shared: dict[str, Any] = {
        "recipe": config.recipe,
        "space": space.name,
        "space_version": space.version,
        "table": table.name,
        "table_hash": table.content_hash,
        "problem": config.search,
        "dataset": dataset,
        "report_metric": _report_metric(table, config, dataset),
        "noise": config.noise,
        **place.shared(),
    }
    methods = [_resolve(choice, config, table, place) for choice in config.choices]
    specs = [
        TrialSpec(**shared, **method, seed=seed) for seed in config.seeds for method in methods
    ]
    _refuse_twins(specs)
    return specs


def _resolve(
    choice: MethodChoice, config: StudyConfig, table: Table, place: OnTable | OnImages
) -> dict[str, Any]:
    method: type[Searcher] = registry.methods.load(choice.name)
    recipe = find_recipe(choice.name, method, place.recipe(choice, config))
    settings = method.Settings.build(choice.name, recipe.settings, choice.settings)
    _check_capabilities(choice.name, method, settings, place.problem())
    dumped = settings.model_dump(mode="json")
    _check_cost(choice.name, dumped.get("cost", "none"), table, measured=place.measures)
    resolved = {
        "method": choice.name,
        "method_version": method.version,
        "settings": dumped,
        "overrides": {name: dumped[name] for name in choice.settings},
        **place.resolve(table, method, recipe),
    }
    if dumped.get("warmup_epochs", 0) >= resolved["epochs"]:
        raise ConfigError(
            f"`{choice.name}` leaves the architecture alone for {dumped['warmup_epochs']} epochs"
            f" and the search has {resolved['epochs']}; give it more --epochs, or fewer"
            f" warm-up epochs with `--set {choice.name}.warmup_epochs=...`."
        )
    return resolved


def find_recipe(name: str, method: type[Searcher], recipe: str) -> Recipe:
    """A method's recipe by name."""
    if recipe not in method.recipes:
        raise UnknownNameError(f"recipe of `{name}`", recipe, method.recipes)
    return method.recipes[recipe]


# --- metrics -----------------------------------------------------------------------------------


def _report_metric(table: Table, config: StudyConfig, dataset: str) -> str:
    if config.report_metric is None:
        return table.report_metric(dataset)
    return find_metric(table, dataset, config.report_metric).name


def _check_cost(method: str, cost: str, table: Table, *, measured: bool) -> None:
    from nasbench_harness.problems.costs import LATENCY, MEASURED

    if not cost.startswith(LATENCY):
        return
    known = devices(table) + ([MEASURED] if measured else [])
    if (device := cost.removeprefix(LATENCY)) not in known:
        raise UnknownNameError(f"device in table `{table.name}` for `{method}`", device, known)


def _check_capabilities(name: str, method: type[Searcher], settings: Any, problem: type) -> None:
    for capability in method.requires(settings):
        if not all(hasattr(problem, attribute) for attribute in _members(capability)):
            kind = problem.kind  # type: ignore[attr-defined]
            raise ConfigError(
                f"`{name}` with these settings needs a problem with {_said(capability)}, and a"
                f" {kind} has none; leave the method out or change its settings."
            )


def _said(capability: type) -> str:
    """`PartialChannels` to `partial channels`."""
    return re.sub(r"(?<!^)([A-Z])", r" \1", capability.__name__).lower()


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

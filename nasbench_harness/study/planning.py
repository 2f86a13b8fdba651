"""From a study to its trials: everything that can be wrong with a study is found here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from nasbench_harness import registry
from nasbench_harness.contracts import (
    Benchmark,
    CohortPlan,
    Kind,
    NetworkPlan,
    Plan,
    Recipe,
    SearchOutline,
    Setup,
)
from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.hardware import Hardware
from nasbench_harness.problems.kinds import kinds, open_kind
from nasbench_harness.settings import Settings, by_role, named, roles
from nasbench_harness.study.capabilities import (
    check_capabilities,
    check_network,
    check_search,
    check_settings,
    check_supernet,
)
from nasbench_harness.study.choice import MethodChoice
from nasbench_harness.study.cost_checks import check_costs
from nasbench_harness.study.costs import named_costs
from nasbench_harness.study.keys import BASELINE, StudyConfig
from nasbench_harness.study.latencies import settle_latencies
from nasbench_harness.study.notation import ConfigError
from nasbench_harness.study.recipes import RECIPE, NamedRecipe, find_recipe
from nasbench_harness.study.smallest import check_metrics
from nasbench_harness.study.spec import TrialSpec
from nasbench_harness.tables.library import find_table
from nasbench_harness.tables.metrics import find_metric

if TYPE_CHECKING:
    from nasbench_harness.images.parts import ImageDataset

WARMUP, TRAINING, STAGES = "warmup", "training", "stages"
"""Roles of settings: epochs without the architecture, epochs without decisions, and values per
stage; a warm-up restarts in each."""


def plan(
    config: StudyConfig,
    hardware: Hardware | None = None,
    opened: Callable[[ImageDataset], None] = lambda images: None,
) -> list[TrialSpec]:
    """Every trial of the study, seed by seed.

    `hardware` tells where images are, `opened` is called with them.
    """
    space, table = registry.open_space(config.space), find_table(config.table)
    if table is not None and table.space != space.name:
        raise ConfigError(
            f"Table `{table.name}` is about space `{table.space}`, not `{space.name}`."
        )
    kind = open_kind(config.search)
    check_metrics(config.smallest_difference, table, kind)
    place = kind.plan(config, _options(config, kind), space, hardware or Hardware(), opened)
    shared: dict[str, Any] = {
        "space": space.name,
        "space_version": space.version,
        "problem": config.search,
        "search_metric": "",
        **_judged(config, table, kind, place),
        "noise": 0.0,
        "diagnose_every": config.diagnose_every,
        **place.shared(),
    }
    methods = [_resolve(choice, config, table, kind, place) for choice in config.choices]
    _refuse_if_none_can_run(methods, kind)
    specs = [
        TrialSpec(**{**shared, **method}, seed=seed) for seed in config.seeds for method in methods
    ]
    _refuse_twins(specs)
    return specs


def _options(config: StudyConfig, kind: Kind) -> Any:
    """The options of the study's kind; ConfigError where those of another are given."""
    own = kind.Options.model_fields
    for other in kinds():
        given = {
            name: value
            for name, field in other.Options.model_fields.items()
            if name not in own and (value := getattr(config, name)) != field.default
        }
        if given and (refusal := other.elsewhere(given, kind)):
            raise ConfigError(refusal)
    return kind.Options.build(kind.name, {name: getattr(config, name) for name in own})


def _study_recipe(choice: MethodChoice, config: StudyConfig, kind: Kind, place: Plan) -> str:
    """The study's; for the baseline that nobody asked for the kind's where it has no such."""
    asked_for = any(method.name == choice.name for method in config.methods)
    if asked_for or place.recipe(choice.name):
        return config.recipe
    try:
        find_recipe(choice.name, config.recipe, config.space, kind.name)
    except HarnessError:
        return kind.recipe
    return config.recipe


def _resolve(
    choice: MethodChoice, config: StudyConfig, table: Benchmark | None, kind: Kind, place: Plan
) -> dict[str, Any]:
    method = registry.open_setup(choice.name, "queries", "requires")
    given = dict(choice.settings)
    of_study = _study_recipe(choice, config, kind, place)
    asked = given.pop(RECIPE, None) or place.recipe(choice.name) or of_study
    found = _found_recipe(choice.name, asked, given, config.space, kind)
    recipe = found.recipe
    resolved = place.resolve(table, method, recipe)
    shrunk = _shrunk_phases(method, recipe, resolved["epochs"])
    rates = place.rates(method, recipe)
    settings = method.Settings.build(choice.name, recipe.settings, rates, shrunk, given)
    network = place.resolve_network(recipe, _roles(settings))
    space = registry.open_space(config.space)
    check_settings(choice.name, settings, space)
    shape = None
    if isinstance(place, NetworkPlan):
        shape = place.shape(network["network"])
        check_supernet(choice.name, method, settings, space, shape)
    settings = settle_latencies(choice.name, settings, space, shape)
    dumped = settings.model_dump(mode="json")
    check_costs(choice.name, settings, space, table, kind)
    _check_warmup(choice.name, method, dumped, resolved["epochs"])
    _check_training(choice.name, method, dumped, resolved["epochs"])
    outline = SearchOutline(
        space, named_costs(space, table, measured=kind.measures), resolved["epochs"]
    )
    if isinstance(place, NetworkPlan):
        check_network(choice.name, method, settings, place, network["network"])
        outline = _with_network(outline, place, network)
    check_search(method, settings, outline)
    return {
        "method": choice.name,
        "method_version": method.version,
        "recipe": found.recorded(asked, of_study),
        "settings": settings.identity(),
        "overrides": {key: dumped.get(key, value) for key, value in choice.settings.items()},
        **resolved,
        **network,
        **_joined(choice.name, method, settings, place, network),
    }


def _joined(
    name: str, method: Any, settings: Any, place: Plan, network: Mapping[str, Any]
) -> dict[str, Any]:
    """What a trial has of a cohort that is asked for."""
    if not isinstance(place, CohortPlan):
        return {}
    return place.joined(name, method, settings, network.get("network", {}))


def _with_network(
    outline: SearchOutline, place: NetworkPlan, network: Mapping[str, Any]
) -> SearchOutline:
    """What is known of a trial's network as well."""
    settings = network["network"]
    return replace(
        outline,
        step_bytes=place.step_bytes(settings),
        batch_size=network["batch_size"],
        cell_decisions=partial(place.cell_decisions, settings),
    )


def _found_recipe(
    method: str, asked: str, given: Mapping[str, Any], space: str, kind: Kind
) -> NamedRecipe:
    """Where there is none, what the method needs and problems of this kind lack says more."""
    try:
        return find_recipe(method, asked, space, kind.name)
    except UnknownNameError:
        if asked == kind.recipe:
            setup = registry.open_setup(method, "requires")
            check_capabilities(method, setup, setup.Settings.build(method, given), kind)
        raise


def _roles(settings: Settings) -> dict[str, Any]:
    return by_role(type(settings), settings.model_dump(mode="json"))


def _shrunk_phases(method: type[Setup], recipe: Recipe, epochs: int) -> dict[str, int]:
    """A recipe's first epochs in a search of fewer keep their share (our own decision).

    Those that only train leave one for what they train for.
    """
    if epochs >= recipe.epochs:
        return {}
    found = {}
    for role, most in ((WARMUP, epochs), (TRAINING, epochs - 1)):
        name = named(method.Settings, role)
        if name and (phase := recipe.settings.get(name, 0)):
            found[name] = min(round(phase * epochs / recipe.epochs), most)
    return found


def _check_warmup(name: str, method: type[Setup], settings: Mapping[str, Any], epochs: int) -> None:
    """A warm-up that is as long as the search, or as one of its stages, would search nothing."""
    staged = (settings[setting] for setting in roles(method.Settings).get(STAGES, ()))
    stages = max([1, *(len(value) for value in staged if isinstance(value, list))])
    setting = named(method.Settings, WARMUP)
    warmup = settings[setting] if setting else 0
    if warmup and warmup >= epochs // stages:
        where = _epochs(epochs // stages)
        where = f"{stages} stages of {where}" if stages > 1 else where
        raise ConfigError(
            f"`{name}` leaves the architecture alone for {_epochs(warmup)} and the search has"
            f" {where}; give it more --epochs, or fewer warm-up epochs with"
            f" `--set {name}.{setting}=...`."
        )


def _check_training(
    name: str, method: type[Setup], settings: Mapping[str, Any], epochs: int
) -> None:
    """A training that is as long as the search would decide nothing."""
    setting = named(method.Settings, TRAINING)
    if setting and settings[setting] >= epochs:
        raise ConfigError(
            f"`{name}` only trains for {_epochs(settings[setting])} before it decides anything, and"
            f" the search has {_epochs(epochs)}; give it more --epochs, or train for fewer with"
            f" `--set {name}.{setting}=...`."
        )


def _epochs(number: int) -> str:
    return "1 epoch" if number == 1 else f"{number} epochs"


# --- what answers are judged by ----------------------------------------------------------------


def _judged(
    config: StudyConfig, table: Benchmark | None, kind: Kind, place: Plan
) -> dict[str, str]:
    """What answers are looked up in and judged by; without a benchmark by what is concluded."""
    if table is None:
        return {"table": "", "table_hash": "", "dataset": "", "report_metric": _own(config, kind)}
    dataset = place.dataset(table)
    asked = config.report_metric
    metric = find_metric(table, dataset, asked).name if asked else table.report_metric(dataset)
    facts = {"table": table.name, "table_hash": table.content_hash}
    return facts | {"dataset": dataset, "report_metric": metric}


def _own(config: StudyConfig, kind: Kind) -> str:
    """What the kind's problems conclude by themselves."""
    if not kind.concludes:
        raise ConfigError(
            f"A {kind.name} says nothing of its answers by itself, so that it needs a benchmark to"
            f" look them up in; give one of space `{config.space}` with `--table NAME`"
            " (`nasharness list tables`)."
        )
    if config.report_metric not in (None, kind.concludes):
        raise ConfigError(
            f"`{config.report_metric}` cannot be what results are judged by: nothing is looked up"
            f" in a benchmark, and so they are judged by `{kind.concludes}`; leave --report-metric"
            " out, or give a --table that has it."
        )
    return kind.concludes


def _refuse_if_none_can_run(methods: Sequence[Mapping[str, Any]], kind: Kind) -> None:
    """A method that needs what the problem lacks fails its own trials; all of them, the study."""
    refusals = []
    for resolved in methods:
        method = registry.open_setup(resolved["method"], "requires")
        settings = method.Settings.build(resolved["method"], resolved["settings"])
        try:
            check_capabilities(resolved["method"], method, settings, kind)
        except ConfigError as error:
            refusals.append(error)
    asked = [resolved for resolved in methods if resolved["method"] != BASELINE]
    if refusals and len(refusals) >= len(asked):
        raise refusals[0]


def _refuse_twins(specs: Sequence[TrialSpec]) -> None:
    seen: dict[str, TrialSpec] = {}
    for spec in specs:
        twin = seen.setdefault(spec.fingerprint, spec)
        if twin is not spec:
            both = f"`{twin.label}` and `{spec.label}` are the same setting"
            if twin.label == spec.label:
                both = f"`{spec.label}` is given twice, and both are the same setting"
            raise ConfigError(f"{both}; leave one of them out.")

"""From a study to its trials: everything that can be wrong with a study is found here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nasbench_harness import registry
from nasbench_harness.contracts import Kind, Plan, Recipe, Setup, Table
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.hardware import Hardware
from nasbench_harness.problems.kinds import kinds, open_kind
from nasbench_harness.settings import by_role, named, roles
from nasbench_harness.study.capabilities import check_capabilities
from nasbench_harness.study.choice import MethodChoice
from nasbench_harness.study.config import BASELINE, StudyConfig
from nasbench_harness.study.heldcost import COST, LATENCY, MEASURED, NONE
from nasbench_harness.study.notation import ConfigError
from nasbench_harness.study.recipes import RECIPE, find_recipe
from nasbench_harness.study.spec import TrialSpec
from nasbench_harness.tables.metrics import OTHERS, devices, find_metric, latency_metric

if TYPE_CHECKING:
    from nasbench_harness.images.parts import ImageDataset

WARMUP, STAGES = "warmup", "stages"
"""Roles of settings: epochs without the architecture, and values per stage; a warm-up restarts in
each."""


def plan(
    config: StudyConfig,
    hardware: Hardware | None = None,
    opened: Callable[[ImageDataset], None] = lambda images: None,
) -> list[TrialSpec]:
    """Every trial of the study, seed by seed.

    `hardware` tells where images are, `opened` is called with them.
    """
    space, table = registry.open_space(config.space), registry.open_table(config.table)
    if table.space != space.name:
        raise ConfigError(
            f"Table `{table.name}` is about space `{table.space}`, not `{space.name}`."
        )
    kind = open_kind(config.search)
    place = kind.plan(config, _options(config, kind), space, hardware or Hardware(), opened)
    dataset = place.dataset(table)
    shared: dict[str, Any] = {
        "recipe": config.recipe,
        "space": space.name,
        "space_version": space.version,
        "table": table.name,
        "table_hash": table.content_hash,
        "problem": config.search,
        "dataset": dataset,
        "search_metric": "",
        "report_metric": _report_metric(table, config, dataset),
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


def _resolve(
    choice: MethodChoice, config: StudyConfig, table: Table, kind: Kind, place: Plan
) -> dict[str, Any]:
    method = registry.open_setup(choice.name, "queries")
    given = dict(choice.settings)
    asked = given.pop(RECIPE, None) or place.recipe(choice.name) or config.recipe
    recipe = find_recipe(choice.name, asked, config.space, kind.name).recipe
    resolved = place.resolve(table, method, recipe)
    shrunk = _shrunk_warmup(method, recipe, resolved["epochs"])
    rates = place.rates(method, recipe)
    settings = method.Settings.build(choice.name, recipe.settings, rates, shrunk, given)
    dumped = settings.model_dump(mode="json")
    held = by_role(method.Settings, dumped).get(COST, NONE)
    _check_cost(choice.name, held, table, measured=kind.measures)
    _check_warmup(choice.name, method, dumped, resolved["epochs"])
    return {
        "method": choice.name,
        "method_version": method.version,
        "settings": settings.identity(),
        "overrides": {key: dumped.get(key, value) for key, value in choice.settings.items()},
        **resolved,
        **place.resolve_network(recipe, by_role(method.Settings, dumped)),
    }


def _shrunk_warmup(method: type[Setup], recipe: Recipe, epochs: int) -> dict[str, int]:
    """A recipe's warm-up in a search of fewer epochs keeps its share (our own decision)."""
    name = named(method.Settings, WARMUP)
    warmup = recipe.settings.get(name, 0) if name else 0
    if name is None or not warmup or epochs >= recipe.epochs:
        return {}
    return {name: round(warmup * epochs / recipe.epochs)}


def _check_warmup(name: str, method: type[Setup], settings: Mapping[str, Any], epochs: int) -> None:
    """A warm-up that is as long as the search, or as one of its stages, would search nothing."""
    staged = (settings[setting] for setting in roles(method.Settings).get(STAGES, ()))
    stages = max([1, *(len(value) for value in staged if isinstance(value, list))])
    setting = named(method.Settings, WARMUP)
    warmup = settings[setting] if setting else 0
    if warmup and warmup >= epochs // stages:
        where = (
            f"{stages} stages of {epochs // stages} epochs" if stages > 1 else f"{epochs} epochs"
        )
        raise ConfigError(
            f"`{name}` leaves the architecture alone for {warmup} epochs and the search has"
            f" {where}; give it more --epochs, or fewer warm-up epochs with"
            f" `--set {name}.{setting}=...`."
        )


# --- metrics -----------------------------------------------------------------------------------


def _report_metric(table: Table, config: StudyConfig, dataset: str) -> str:
    if config.report_metric is None:
        return table.report_metric(dataset)
    return find_metric(table, dataset, config.report_metric).name


def _check_cost(method: str, cost: str, table: Table, *, measured: bool) -> None:
    """A latency must be one that the table has, and has of every architecture."""
    if not isinstance(cost, str) or not cost.startswith(LATENCY):
        return
    known = devices(table) + ([MEASURED] if measured else [])
    if (device := cost.removeprefix(LATENCY)) not in known:
        raise UnknownNameError(
            f"device in table `{table.name}` for `{method}`", device, known, OTHERS
        )
    if device == MEASURED:
        return
    column = table.column(latency_metric(device))
    if holes := int((column != column).sum()):  # noqa: PLR0124 - NaN
        raise ConfigError(
            f"Table `{table.name}` has no {cost} of {holes:,} of its {len(column):,} architectures,"
            f" so that `{method}` cannot hold it down; choose another device"
            f" ({', '.join(other for other in known if other != device) or 'there is none'})."
        )


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

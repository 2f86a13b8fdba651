"""What a study is: parsed from the command line or YAML, validated, defaulted, hashed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from nasbench_harness import registry
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.fields import faults
from nasbench_harness.fields.declared import as_declared
from nasbench_harness.fields.scalars import LARGEST, shown
from nasbench_harness.fields.yaml_text import YAMLTextError, read_yaml_file
from nasbench_harness.problems.kinds import open_kind
from nasbench_harness.study.canonical import canonical_network, canonical_settings
from nasbench_harness.study.choice import MethodChoice
from nasbench_harness.study.cost_options import COST_OPTION, TARGET_OPTION, hold, read_options
from nasbench_harness.study.heldcost import NONE
from nasbench_harness.study.notation import (
    ConfigError,
    check_seed_count,
    parse_methods,
    parse_pairs,
    read_seeds,
)
from nasbench_harness.tables.library import default_table

DEFAULT_SEEDS = 10
BASELINE = "random"
ALL_DATASETS = "all"
"""`--dataset all`: one study per data set."""
AUTO = "auto"
RECIPE = "recipe"
"""`drnas[recipe=nb201_progressive]`: a recipe for this method alone."""
PAPER = "paper"
"""The recipe that is published for the space."""
NETWORK = "network"
"""`--set network.width=8` sets the supernet of every method."""
CHECK = "check"
"""A section of the study file that is for `nasharness check` alone."""


class StudyConfig(BaseModel):
    """Methods x seeds on one space and table. Where trials run is no part of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    methods: tuple[MethodChoice, ...] = Field(min_length=1)
    space: str = "nb201"
    table: str = Field(default_factory=default_table)
    search: Literal["landscape", "supernet"] = "landscape"
    """On the table itself, or on a supernet trained on images."""
    dataset: str = "cifar10"
    """Of the table; for a supernet the images: also `digits` or `folder:PATH`."""
    recipe: str = "landscape"
    """A recipe of every method; `paper` is the one published for the space, the supernet's
    default."""
    seeds: tuple[Annotated[int, Field(ge=0, le=LARGEST)], ...] = Field(
        default=tuple(range(DEFAULT_SEEDS)), min_length=1
    )
    steps: int | None = Field(default=None, ge=1)
    """Search steps; None takes each method's own from the recipe."""
    epochs: int | None = Field(default=None, ge=1)
    """Passes over the training half of the images; None takes each recipe's own."""
    limit: int | None = Field(default=None, ge=1)
    """Use only so many training images, as many of each class as possible."""
    image_size: int | None = Field(default=None, ge=1, le=1024)
    """Side that the images of a folder are resized to, pixels."""
    image_layout: Literal["parts", "classes"] | None = None
    """What the folders in a folder of images are: parts such as train and test, or the classes;
    None (or `auto`) where it can be told."""
    network: dict[str, Any] = Field(default_factory=dict)
    """What is changed of every recipe's supernet and its training."""
    diagnose_every: int = Field(default=0, ge=0)
    """Diagnose every so many epochs, on landscapes recorded steps; 0: never."""
    noise: Annotated[float, Field(ge=0)] | Literal["seeds"] = 0.0
    """Points of Gaussian noise on every evaluation, or `seeds`: one of the table's runs."""
    search_metric: str | None = None
    """What searches look at: a column, or `valid@200`; None follows the table."""
    report_metric: str | None = None
    """What results are judged by: a column, or `test@200`; None follows the table."""
    allow_test_search: bool = False
    """Let a search look at a metric that is for reporting."""
    batch_size: int = Field(default=1, ge=1)
    """Architecture samples per step, for methods that draw one per example."""
    random: bool = True
    """Add random search, the line to beat."""

    @field_validator("*", mode="before")
    @classmethod
    def _read_as_declared(cls, value: Any, info: ValidationInfo) -> Any:
        return as_declared(cls.model_fields[str(info.field_name)].annotation, value)

    @field_validator("methods", mode="before")
    @classmethod
    def _read_methods(cls, value: Any) -> Any:
        if isinstance(value, str):
            return parse_methods(value)
        if isinstance(value, Sequence):
            return [
                choice
                for entry in value
                for choice in (parse_methods(entry) if isinstance(entry, str) else [entry])
            ]
        return value

    @field_validator("image_layout", mode="before")
    @classmethod
    def _read_layout(cls, value: Any) -> Any:
        return None if value == AUTO else value

    @field_validator("seeds", mode="before")
    @classmethod
    def _read_seeds(cls, value: Any) -> Any:
        return read_seeds(value)

    @model_validator(mode="before")
    @classmethod
    def _recipe_of_search(cls, values: Any) -> Any:
        name = values.get("search") if isinstance(values, dict) else None
        if isinstance(name, str) and name in registry.problems.names():
            return {"recipe": open_kind(name).recipe, **values}
        return values

    @property
    def choices(self) -> tuple[MethodChoice, ...]:
        """The methods, with random search unless it is switched off."""
        if not self.random or any(choice.name == BASELINE for choice in self.methods):
            return self.methods
        return (*self.methods, MethodChoice(name=BASELINE))


def settled(config: StudyConfig) -> StudyConfig:
    """The same study in the one spelling of its settings, its images found from everywhere."""
    methods = tuple(
        MethodChoice(name=choice.name, settings=canonical_settings(choice.name, choice.settings))
        for choice in config.methods
    )
    changes: dict[str, Any] = {"methods": methods, NETWORK: canonical_network(config.network)}
    changes |= open_kind(config.search).settled(config)
    return config.model_copy(update=changes)


# --- reading -----------------------------------------------------------------------------------


def build_config(path: Path | None, given: Mapping[str, Any], sets: Sequence[str]) -> StudyConfig:
    """Merge a YAML file, command-line options (they win) and `--set method.key=value` pairs."""
    written = read_yaml(path) if path else {}
    merged = {**written, **given}
    merged.pop(CHECK, None)
    if "methods" not in merged:
        raise ConfigError("No methods given; try `--methods unas,drnas` or `--config study.yaml`.")
    of_network = [text for text in sets if text.startswith(f"{NETWORK}.")]
    network = _network(merged, written, given) | _network_sets(of_network)
    cost, target = merged.pop(COST_OPTION, None), merged.pop(TARGET_OPTION, None)
    config = _validate({**merged, NETWORK: network})
    check_seed_count(len(config.seeds))
    others = [text for text in sets if text not in of_network]
    methods = _apply_sets(config.methods, others)
    return with_cost(config.model_copy(update={"methods": methods}), cost, target)


def _network(merged: dict[str, Any], *layers: Mapping[str, Any]) -> dict[str, Any]:
    """What `layers` say of the supernet, later ones winning; takes `batch_size` out of `merged`."""
    network: dict[str, Any] = {}
    batches = merged.get("search") == "supernet" and "batch_size" in merged
    for layer in layers:
        own = layer.get(NETWORK) or {}
        if not isinstance(own, Mapping):
            raise ConfigError(f"`{NETWORK}` cannot be {shown(own)}: write `name: value` below it.")
        if batches and "batch_size" in layer:
            network["batch_size"] = layer["batch_size"]
        network |= own
    if batches:
        del merged["batch_size"]
    return network


def _network_sets(sets: Iterable[str]) -> dict[str, Any]:
    """The settings of the supernet among the `--set` options."""
    pairs = parse_pairs(sets, "--set")
    return {name.removeprefix(f"{NETWORK}."): value for name, value in pairs.items()}


def split_datasets(config: StudyConfig, folder: Path) -> Iterator[tuple[StudyConfig, Path]]:
    """The study itself, or with `dataset: all` one study per data set in a folder of its own."""
    if config.dataset != ALL_DATASETS:
        yield config, folder
        return
    table = registry.open_table(config.table)
    for dataset in dict.fromkeys(m.dataset for m in table.metrics.values() if m.report):
        yield config.model_copy(update={"dataset": dataset}), folder / dataset


def with_cost(config: StudyConfig, cost: Any, target: Any) -> StudyConfig:
    """Set `cost` and `cost_target` of every method that takes a cost and says nothing itself."""
    cost, target = read_options(cost, target)
    if cost is None and target is None:
        return config

    def of_recipe(choice: MethodChoice) -> str:
        shared = config.space if config.recipe == PAPER else config.recipe
        known = registry.methods.load(choice.name).recipes.get(choice.settings.get(RECIPE, shared))
        return str(known.settings.get("cost", NONE)) if known else NONE

    methods = hold(config.methods, cost, target, of_recipe)
    return config.model_copy(update={"methods": methods})


def read_yaml(path: Path) -> dict[str, Any]:
    """The keys of a study file; ConfigError if it cannot be read."""
    try:
        content = read_yaml_file(path)
    except YAMLTextError as error:
        raise ConfigError(str(error)) from error
    if not isinstance(content, dict):
        raise ConfigError(f"The config {path} must hold `key: value` lines.")
    return content


def _validate(values: Mapping[str, Any]) -> StudyConfig:
    try:
        return StudyConfig.model_validate(values)
    except ValidationError as error:
        further = (COST_OPTION, TARGET_OPTION)
        raise ConfigError(faults.sentences(error, StudyConfig, MethodChoice, further)) from error


def _apply_sets(choices: Sequence[MethodChoice], sets: Iterable[str]) -> tuple[MethodChoice, ...]:
    updated = list(choices)
    for key, value in parse_pairs(sets, "--set").items():
        method, dot, name = key.partition(".")
        if not dot:
            raise ConfigError(f"`--set {key}=...`: write `--set method.setting=value`.")
        matching = [i for i, choice in enumerate(updated) if choice.name == method]
        if not matching:
            raise UnknownNameError("method in this study", method, {c.name for c in choices})
        for i in matching:
            settings = {**updated[i].settings, name: value}
            updated[i] = MethodChoice(name=method, settings=settings)
    return tuple(updated)

"""What a study is: parsed from the command line or YAML, validated, defaulted, hashed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from nasbench_harness import registry
from nasbench_harness.cost_options import COST_OPTION, TARGET_OPTION, hold, read_options
from nasbench_harness.errors import UnknownNameError, nearest
from nasbench_harness.heldcost import NONE
from nasbench_harness.notation import ConfigError, parse_methods, parse_pair, parse_seeds
from nasbench_harness.spec import method_label
from nasbench_harness.tables.library import default_table

DEFAULT_SEEDS = 10
BASELINE = "random"
LONGEST_NAME = 100
ALL_DATASETS = "all"
RECIPE = "recipe"
"""`drnas[recipe=nb201_progressive]`: a recipe for this method alone."""
PAPER = "paper"
"""The recipe that is published for the space."""
NETWORK = "network"
"""`--set network.width=8` sets the supernet of every method."""
CHECK = "check"
"""A section of the study file that is for `nasharness check` alone."""
_NAMED = (
    "search", "table", "dataset", "recipe", "steps", "epochs", "limit", "image_size", "network",
    "noise", "batch_size", "search_metric", "report_metric",
)  # fmt: skip


class MethodChoice(BaseModel):
    """A method with what the user changed of its recipe."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    settings: dict[str, Any] = Field(default_factory=dict)

    @property
    def label(self) -> str:
        """How tables name the row."""
        return method_label(self.name, self.settings)


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
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(
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

    @field_validator("seeds", mode="before")
    @classmethod
    def _read_seeds(cls, value: Any) -> Any:
        if isinstance(value, str | int):
            return parse_seeds(str(value))
        return list(dict.fromkeys(value)) if isinstance(value, list) else value

    @model_validator(mode="before")
    @classmethod
    def _recipe_of_search(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("search") == "supernet":
            return {"recipe": "paper", **values}
        return values

    @property
    def choices(self) -> tuple[MethodChoice, ...]:
        """The methods, with random search unless it is switched off."""
        if not self.random or any(choice.name == BASELINE for choice in self.methods):
            return self.methods
        return (*self.methods, MethodChoice(name=BASELINE))

    @property
    def name(self) -> str:
        """A readable folder name that differs where the results would."""
        parts = [choice.label for choice in self.methods] + [self.space]
        defaults = StudyConfig(methods=self.methods, search=self.search)
        if self.search != "landscape":
            parts.append(self.search)
        for field in _NAMED:
            value = getattr(self, field)
            if value != getattr(defaults, field):
                parts.append(f"{field.replace('_', '-')}-{_short(value)}")
        name = re.sub(r"[^A-Za-z0-9.=_-]+", "_", "-".join(parts)).strip("_")
        if len(name) <= LONGEST_NAME:
            return name
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        return f"{name[:LONGEST_NAME]}-{digest}"


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return "-".join(f"{name}={inner}" for name, inner in sorted(value.items()))
    return str(value).rstrip("/").rpartition("/")[2] if "/" in str(value) else str(value)


# --- reading -----------------------------------------------------------------------------------


def build_config(path: Path | None, given: Mapping[str, Any], sets: Sequence[str]) -> StudyConfig:
    """Merge a YAML file, command-line options (they win) and `--set method.key=value` pairs."""
    merged = {**(read_yaml(path) if path else {}), **given}
    merged.pop(CHECK, None)
    if "methods" not in merged:
        raise ConfigError("No methods given; try `--methods unas,drnas` or `--config study.yaml`.")
    network = dict(merged.get(NETWORK) or {}) | dict(_network_sets(sets))
    if merged.get("search") == "supernet" and "batch_size" in merged:
        network.setdefault("batch_size", merged.pop("batch_size"))
    cost, target = merged.pop(COST_OPTION, None), merged.pop(TARGET_OPTION, None)
    config = _validate({**merged, NETWORK: network})
    others = [text for text in sets if not text.startswith(f"{NETWORK}.")]
    methods = _apply_sets(config.methods, others)
    return with_cost(config.model_copy(update={"methods": methods}), cost, target)


def restore_config(saved: Mapping[str, Any]) -> StudyConfig:
    """The config a study was planned with, from what its folder says."""
    return _validate(saved)


def _network_sets(sets: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """The settings of the supernet among the `--set` options."""
    for text in sets:
        if text.startswith(f"{NETWORK}."):
            yield parse_pair(text.removeprefix(f"{NETWORK}."))


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
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The config {path} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"The config {path} is no UTF-8 text.") from error
    except yaml.YAMLError as error:
        raise ConfigError(
            f"The config {path} is no YAML: {' '.join(str(error).split())}"
        ) from error
    if not isinstance(content, dict):
        raise ConfigError(f"The config {path} must hold `key: value` lines.")
    return content


def _validate(values: Mapping[str, Any]) -> StudyConfig:
    try:
        return StudyConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(" ".join(_sentence(fault) for fault in error.errors())) from error


def _sentence(fault: Any) -> str:
    where = [str(part) for part in fault["loc"]]
    name = where[0] if where else "the study"
    if fault["type"] == "extra_forbidden":
        study = [*StudyConfig.model_fields, COST_OPTION, TARGET_OPTION]
        known = list(MethodChoice.model_fields) if len(where) > 1 else study
        hint = nearest(where[-1], known)
        suggestion = f" Did you mean `{hint}`?" if hint else ""
        owner = "An entry of `methods`" if len(where) > 1 else "A study"
        return f"{owner} has no key `{where[-1]}`.{suggestion}"
    if fault["type"] == "too_short":
        return f"`{name}` is empty; a study needs at least one."
    if fault["type"] in ("tuple_type", "model_type"):
        return f"`{name}` cannot be {fault['input']!r}: expected a list."
    return f"`{name}` cannot be {fault['input']!r}: {fault['msg']}."


def _apply_sets(choices: Sequence[MethodChoice], sets: Iterable[str]) -> tuple[MethodChoice, ...]:
    updated = list(choices)
    for text in sets:
        key, value = parse_pair(text)
        method, dot, name = key.partition(".")
        if not dot:
            raise ConfigError(f"`--set {text}`: write `--set method.setting=value`.")
        matching = [i for i, choice in enumerate(updated) if choice.name == method]
        if not matching:
            raise UnknownNameError("method in this study", method, {c.name for c in choices})
        for i in matching:
            settings = {**updated[i].settings, name: value}
            updated[i] = MethodChoice(name=method, settings=settings)
    return tuple(updated)

"""What a study is: parsed from the command line or YAML, validated, defaulted, hashed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from nasbench_harness import registry
from nasbench_harness.contracts import Recipe, Searcher
from nasbench_harness.errors import HarnessError, UnknownNameError, nearest
from nasbench_harness.trial import TrialSpec, method_label

DEFAULT_SEEDS = 10
BASELINE = "random"
_NO_SETTINGS: Mapping[str, Any] = {}


class ConfigError(HarnessError):
    """A study that cannot be understood."""


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

    model_config = ConfigDict(frozen=True, extra="forbid")

    methods: tuple[MethodChoice, ...] = Field(min_length=1)
    space: str = "nb201"
    table: str = "analog"
    search: Literal["landscape"] = "landscape"
    dataset: str = "cifar10"
    recipe: str = "landscape"
    seeds: tuple[int, ...] = tuple(range(DEFAULT_SEEDS))
    steps: int | None = Field(default=None, ge=1)
    """Search steps; None takes each method's own from the recipe."""
    noise: float = Field(default=0.0, ge=0)
    """Points of Gaussian noise on every evaluation."""
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
        return parse_seeds(str(value)) if isinstance(value, str | int) else value

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
        defaults = StudyConfig(methods=self.methods)
        for field in ("table", "dataset", "recipe", "steps", "noise", "batch_size"):
            value = getattr(self, field)
            if value != getattr(defaults, field):
                parts.append(f"{field.replace('_', '-')}-{value}")
        return re.sub(r"[^A-Za-z0-9.=_-]+", "_", "-".join(parts)).strip("_")[:120]


# --- reading -----------------------------------------------------------------------------------


def build_config(path: Path | None, given: Mapping[str, Any], sets: Iterable[str]) -> StudyConfig:
    """Merge a YAML file, command-line options (they win) and `--set method.key=value` pairs."""
    merged = {**(_read_yaml(path) if path else {}), **given}
    if "methods" not in merged:
        raise ConfigError("No methods given; try `--methods unas,drnas` or `--config study.yaml`.")
    config = _validate(merged)
    return config.model_copy(update={"methods": _apply_sets(config.methods, sets)})


def parse_methods(text: str) -> list[dict[str, Any]]:
    """`unas[temperature=0.4],drnas` to names with settings."""
    choices = []
    for part in _split(text):
        match = re.fullmatch(r"([\w.-]+)(?:\[(.*)\])?", part)
        if not match:
            raise ConfigError(
                f"`{part}` is no method; write `name` or `name[setting=value,setting=value]`."
            )
        name, inside = match.groups()
        choices.append({"name": name, "settings": dict(map(_pair, _split(inside or "")))})
    return choices


def parse_seeds(text: str) -> tuple[int, ...]:
    """`10` (the first ten), `0-9`, or `3,7`; a single seed is `3,`."""
    seeds: list[int] = []
    try:
        if re.fullmatch(r"\d+", text):
            seeds = list(range(int(text)))
        else:
            for part in filter(None, text.split(",")):
                first, _, last = part.strip().partition("-")
                seeds.extend(range(int(first), int(last or first) + 1))
    except ValueError:
        seeds = []
    if not seeds:
        raise ConfigError(
            f"`{text}` names no seeds; write how many (`10`), a range (`0-9`) or a list (`3,7`;"
            " `3,` for one)."
        )
    return tuple(dict.fromkeys(seeds))


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The config {path} cannot be read ({error.strerror}).") from error
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
    name = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        hint = nearest(name, StudyConfig.model_fields)
        suggestion = f" Did you mean `{hint}`?" if hint else ""
        return f"A study has no setting `{name}`.{suggestion}"
    if isinstance(error := fault.get("ctx", {}).get("error"), ConfigError):
        return str(error)
    return f"`{name}` cannot be {fault['input']!r}: {fault['msg']}."


def _split(text: str) -> list[str]:
    """Split at commas outside brackets; empty parts are dropped."""
    parts = re.split(r",(?![^\[]*\])", text)
    return [part.strip() for part in parts if part.strip()]


def _pair(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise ConfigError(f"`{text}` is no `setting=value`.")
    return name.strip(), _value(value)


def _value(text: str) -> Any:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    try:  # YAML 1.1 reads 1e-3 as text
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _apply_sets(choices: Sequence[MethodChoice], sets: Iterable[str]) -> tuple[MethodChoice, ...]:
    updated = list(choices)
    for text in sets:
        key, value = _pair(text)
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


# --- resolving ---------------------------------------------------------------------------------


def plan(config: StudyConfig) -> list[TrialSpec]:
    """Every trial of the study; all that can be wrong with it is found here."""
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


STEPS_PER_EPOCH = 391
"""Batches of 64 in the 25,000 CIFAR-10 training images of a search."""


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

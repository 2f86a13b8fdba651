"""How a study is read: from a file, the options of a command line, and `--set`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nasbench_harness import registry
from nasbench_harness.contracts import NO_COST
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.fields import faults
from nasbench_harness.fields.scalars import shown
from nasbench_harness.fields.yaml_text import YAMLTextError, line_of, read_yaml_file
from nasbench_harness.hardware import Hardware
from nasbench_harness.problems.kinds import held, kinds, open_kind
from nasbench_harness.settings import by_role
from nasbench_harness.study.canonical import canonical_held, canonical_settings
from nasbench_harness.study.choice import MethodChoice
from nasbench_harness.study.cost_options import COST_OPTION, TARGET_OPTION, hold, read_options
from nasbench_harness.study.every import Every, asks_for_every, expanded
from nasbench_harness.study.heldcost import COST
from nasbench_harness.study.keys import (
    ALL_DATASETS,
    BASELINE,
    CHECK,
    DEFAULT_SEEDS,
    IMAGES,
    SUITE,
    CommonConfig,
    StudyConfig,
)
from nasbench_harness.study.notation import ConfigError, check_seed_count, parse_pairs
from nasbench_harness.study.recipes import RECIPE, find_recipe
from nasbench_harness.tables.library import find_table

__all__ = [
    "ALL_DATASETS", "BASELINE", "CHECK", "DEFAULT_SEEDS", "IMAGES", "SUITE", "CommonConfig",
    "StudyConfig", "build_config", "read_yaml", "settled", "split_datasets", "with_cost",
]  # fmt: skip


def settled(config: StudyConfig) -> StudyConfig:
    """The same study in the one spelling of its settings, its images found from everywhere."""
    methods = tuple(
        MethodChoice(name=choice.name, settings=canonical_settings(choice.name, choice.settings))
        for choice in config.methods
    )
    changes: dict[str, Any] = {"methods": methods}
    changes |= {name: canonical_held(name, getattr(config, name)) for name in held()}
    changes |= open_kind(config.search).settled(config)
    return config.model_copy(update=changes)


# --- reading -----------------------------------------------------------------------------------


def build_config(  # noqa: PLR0913 - what a study is asked for with, and who is told
    path: Path | None,
    given: Mapping[str, Any],
    sets: Sequence[str],
    problem: Mapping[str, Any] | None = None,
    *,
    hardware: Hardware | None = None,
    told: Callable[[Every], None] = lambda every: None,
) -> StudyConfig:
    """Merge a YAML file, command-line options (they win) and `--set method.key=value` pairs.

    `problem` is what a suite says of one of its problems, which all of these change. `told` hears
    what `all` among the methods comes to; `hardware` says where images are, to find out.
    """
    written = read_yaml(path) if path else {}
    _refuse_unknown(path, written, given)
    merged = {**(problem or {}), **written, **given}
    merged.pop(CHECK, None)
    if (suite := merged.pop(SUITE, None)) is not None and problem is None:
        raise ConfigError(
            f"The suite {shown(suite)} is several studies, and one is asked for here;"
            " `nasharness run` takes a suite."
        )
    if "methods" not in merged:
        some = ",".join(registry.methods.names()[:2])
        raise ConfigError(f"No methods given; try `--methods {some}` or `--config study.yaml`.")
    owners = {text: text.partition(".")[0] for text in sets}
    of_options = [text for text, owner in owners.items() if owner in held()]
    options = _held(merged, (problem or {}, written, given), of_options)
    cost, target = merged.pop(COST_OPTION, None), merged.pop(TARGET_OPTION, None)
    config = _validate({**merged, **options})
    check_seed_count(len(config.seeds))
    others = [text for text in sets if text not in of_options]
    if asks_for_every(config.methods):
        config, every = expanded(config, hardware)
        told(every)
    methods = _apply_sets(config.methods, others)
    return with_cost(config.model_copy(update={"methods": methods}), cost, target)


def _refuse_unknown(
    path: Path | None, written: Mapping[str, Any], given: Mapping[str, Any]
) -> None:
    """ConfigError for keys that no study has, with their place in the file."""
    known = {*StudyConfig.model_fields, COST_OPTION, TARGET_OPTION, CHECK, SUITE}
    known |= {key for kind in kinds() for key in kind.absorbed}
    faulty = []
    for name in written:
        if path and name not in known:
            line = line_of(path, name)
            faulty.append(faults.no_key(f"The config {path} (line {line})", name, known))
    faulty += [_no_key(name, given[name], known) for name in given if name not in known]
    if faulty:
        raise ConfigError(" ".join(faulty))


def _no_key(name: str, value: Any, known: Iterable[str]) -> str:
    """Keys are those of a study file; where one of these holds such a setting, how to write it."""
    for owner, settings in held().items():
        if name in settings.model_fields:
            return (
                f"A study has no key `{name}`, which is a setting of its key `{owner}`: write"
                f" {owner}={{{json.dumps(name)}: {value!r}}}, as a study file has `{owner}:` with"
                f" `{name}: {value}` below it."
            )
    return faults.no_key("A study", name, known)


def _held(
    merged: dict[str, Any], layers: Iterable[Mapping[str, Any]], sets: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """The options that hold settings: what `layers` say of them, later ones winning, then `sets`.

    Takes what the kind of problem absorbs out of `merged`.
    """
    options: dict[str, dict[str, Any]] = {name: {} for name in held()}
    search = merged.get("search", registry.default_problem())
    kind = next((kind for kind in kinds() if kind.name == search), None)
    absorbed = kind.absorbed if kind else {}
    for layer in layers:
        for key, name in absorbed.items():
            options[name] |= {key: layer[key]} if key in layer else {}
        for name in options:
            own = layer.get(name) or {}
            if not isinstance(own, Mapping):
                raise ConfigError(f"`{name}` cannot be {shown(own)}: write `name: value` below it.")
            options[name] |= own
    for key, value in parse_pairs(sets, "--set").items():
        owner, _, name = key.partition(".")
        options[owner][name] = value
    for key in absorbed:
        merged.pop(key, None)
    return options


def split_datasets(config: StudyConfig, folder: Path) -> Iterator[tuple[StudyConfig, Path]]:
    """The study itself, or with `dataset: all` one study per data set in a folder of its own."""
    if config.dataset != ALL_DATASETS:
        yield config, folder
        return
    table = find_table(config.table)
    if table is None:
        raise ConfigError(
            f"`{ALL_DATASETS}` are the data sets of a benchmark, and this study has none; name one"
            " data set, or give a benchmark with `--table NAME` (`nasharness list tables`)."
        )
    for dataset in dict.fromkeys(m.dataset for m in table.metrics.values() if m.report):
        yield config.model_copy(update={"dataset": dataset}), folder / dataset


def with_cost(config: StudyConfig, cost: Any, target: Any) -> StudyConfig:
    """Set cost and target of every method that takes a cost and says nothing itself."""
    cost, target = read_options(cost, target, config.space)
    if cost is None and target is None:
        return config

    def of_recipe(choice: MethodChoice) -> str:
        asked = choice.settings.get(RECIPE, config.recipe)
        try:
            recipe = find_recipe(choice.name, asked, config.space, config.search).recipe
        except UnknownNameError:  # told by planning
            return NO_COST
        settings = registry.open_setup(choice.name).Settings
        return str(by_role(settings, recipe.settings).get(COST, NO_COST))

    methods = hold(config.methods, cost, target, config.space, of_recipe)
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

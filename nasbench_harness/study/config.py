"""What a study is: parsed from the command line or YAML, validated, defaulted, hashed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)

from nasbench_harness import registry
from nasbench_harness.contracts import NO_COST
from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.fields import faults
from nasbench_harness.fields.declared import as_declared
from nasbench_harness.fields.scalars import LARGEST, shown
from nasbench_harness.fields.yaml_text import YAMLTextError, line_of, read_yaml_file
from nasbench_harness.problems.kinds import held, kind_names, kinds, open_kind
from nasbench_harness.settings import by_role
from nasbench_harness.study.canonical import canonical_held, canonical_settings
from nasbench_harness.study.choice import MethodChoice
from nasbench_harness.study.cost_options import (
    COST_OPTION,
    TARGET_OPTION,
    held_by,
    hold,
    read_options,
)
from nasbench_harness.study.heldcost import COST
from nasbench_harness.study.notation import (
    ConfigError,
    check_seed_count,
    parse_methods,
    parse_pairs,
    read_seeds,
)
from nasbench_harness.study.recipes import RECIPE, find_recipe
from nasbench_harness.study.smallest import Said, read_smallest
from nasbench_harness.tables.library import NO_TABLE, default_table, find_table
from nasbench_harness.tables.metrics import USUAL_DATASET, default_dataset

DEFAULT_SEEDS = 10
BASELINE = "random"
ALL_DATASETS = "all"
"""`--dataset all`: one study per data set."""
CHECK = "check"
"""A section of the study file that is for `nasharness check` alone."""
IMAGES = "data_dir"
"""What a kind of problem `uses` that searches on images: the folder where they lie."""
SUITE = "suite"
"""A key that stands for the problems of a suite, see `suites`: several studies."""


class CommonConfig(BaseModel):
    """What every study says, whatever it searches on."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    methods: tuple[MethodChoice, ...] = Field(min_length=1)
    space: str = Field(default_factory=registry.default_space)
    table: str = ""
    """A benchmark by name, or `none`; where nothing is said, the default one of the space."""
    search: str = registry.default_problem()
    """The kind of problem."""
    dataset: str = USUAL_DATASET
    """Of the table, its own if nobody says it; of images also `digits` or `folder:PATH`."""
    recipe: str = open_kind(registry.default_problem()).recipe
    """A recipe of every method; `paper` is the one published for the space."""
    seeds: tuple[Annotated[int, Field(ge=0, le=LARGEST)], ...] = Field(
        default=tuple(range(DEFAULT_SEEDS)), min_length=1
    )
    steps: int | None = Field(default=None, ge=1)
    """Search steps; None takes each method's own from the recipe."""
    diagnose_every: int = Field(default=0, ge=0)
    """Diagnose every so many epochs or recorded steps; 0: never."""
    report_metric: str | None = None
    """What results are judged by: a column, or `test@200`; None follows the benchmark."""
    batch_size: int = Field(default=1, ge=1)
    """Architecture samples per step, for methods that draw one per example."""
    random: bool = True
    """Add random search, the line to beat."""
    smallest_difference: Said | None = None
    """Points (or the metric's own unit) below which a difference is of no interest, of all or by
    metric; None: as the benchmark has it."""
    fixed: bool | None = None
    """Judge it once, on all that is planned, and never extend it; None: as it is planned so far."""

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

    @field_validator("seeds", mode="before")
    @classmethod
    def _read_seeds(cls, value: Any) -> Any:
        return read_seeds(value)

    @field_validator("smallest_difference", mode="before")
    @classmethod
    def _read_smallest(cls, value: Any) -> Any:
        return read_smallest(value)

    @field_validator("space", mode="after")
    @classmethod
    def _name_space(cls, value: str) -> str:
        return registry.canonical_space(value)

    @field_validator("table", mode="before")
    @classmethod
    def _read_table(cls, value: Any) -> Any:
        return "" if value is None else value

    @model_validator(mode="after")
    def _default_table(self) -> Self:
        """Nobody has said it, and so it is none of the fields that are set."""
        if not self.table:
            try:
                self.__dict__["table"] = default_table(self.space)
            except HarnessError:  # there is no such space, which is told where it is opened
                self.__dict__["table"] = NO_TABLE
        return self

    @model_validator(mode="after")
    def _default_dataset(self) -> Self:
        """That of the table, where it is the table's; what is wrong with one is told elsewhere."""
        if "dataset" not in self.model_fields_set:
            with contextlib.suppress(HarnessError):
                if IMAGES in open_kind(self.search).uses:
                    return self
                if (table := find_table(self.table)) is not None:
                    self.__dict__["dataset"] = default_dataset(table)
        return self

    @model_validator(mode="before")
    @classmethod
    def _recipe_of_search(cls, values: Any) -> Any:
        name = values.get("search") if isinstance(values, dict) else None
        if isinstance(name, str) and name in registry.problems.names():
            return {"recipe": open_kind(name).recipe, **values}
        return values

    @property
    def choices(self) -> tuple[MethodChoice, ...]:
        """The methods, with random search unless it is switched off.

        One that holds a cost is another method: what all are compared with holds none.
        """
        if not self.random or any(_is_baseline(choice) for choice in self.methods):
            return self.methods
        return (*self.methods, MethodChoice(name=BASELINE))


def _is_baseline(choice: MethodChoice) -> bool:
    return choice.name == BASELINE and held_by(choice) == NO_COST


def _options_of_kinds() -> tuple[type, ...]:
    """The options of every kind, none of them twice or within another's."""
    every = [kind.Options for kind in kinds()]
    own = (one for one in every if not any(o is not one and issubclass(o, one) for o in every))
    return tuple(dict.fromkeys(own))


if TYPE_CHECKING:

    class StudyConfig(CommonConfig):
        """Methods x seeds on one space and table. Where trials run is no part of it.

        Beside its own keys it has the options of every kind of problem that is installed.
        """

        def __getattr__(self, option: str) -> Any: ...

else:
    StudyConfig = create_model(
        "StudyConfig",
        __base__=(CommonConfig, *_options_of_kinds()),
        __module__=__name__,
        __doc__="Methods x seeds on one space and table, with the options of every kind.",
        search=(Literal[tuple(kind_names())], registry.default_problem()),
    )


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


def build_config(
    path: Path | None,
    given: Mapping[str, Any],
    sets: Sequence[str],
    problem: Mapping[str, Any] | None = None,
) -> StudyConfig:
    """Merge a YAML file, command-line options (they win) and `--set method.key=value` pairs.

    `problem` is what a suite says of one of its problems, which all of these change.
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

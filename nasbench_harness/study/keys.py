"""What a study says: its keys, validated and defaulted."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)

from nasbench_harness import registry
from nasbench_harness.contracts import NO_COST
from nasbench_harness.errors import HarnessError
from nasbench_harness.fields.declared import as_declared
from nasbench_harness.fields.scalars import LARGEST
from nasbench_harness.problems.kinds import kind_names, kinds, open_kind
from nasbench_harness.study.choice import MethodChoice
from nasbench_harness.study.cost_options import held_by
from nasbench_harness.study.notation import parse_methods, read_seeds
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

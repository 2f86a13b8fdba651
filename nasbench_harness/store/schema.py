"""The schema of tables: what every folder and every study has, and how the rest is put beside it.

Whoever writes a column declares it, see `contracts.columns`; `store.declarations` asks them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from nasbench_harness.contracts.columns import METRIC, Column, Columns, Role, Value

REGRET = "regret_"
TABLES = ("trials", "history")

_T, _W, _N, _F, _L, _ANY = Value
_ID, _SET, _STATUS, _RESULT, _COST, _RECORD = Role
UNDONE = "not done"


def named(name: str, value: Value, meaning: str) -> Column:
    """A column that tells rows apart, in every one of them."""
    return Column(name, value, _ID, meaning, always=True)


def setting(name: str, value: Value, meaning: str, unit: str = "") -> Column:
    """What was asked for, in every row."""
    return Column(name, value, _SET, meaning, unit, always=True)


def result(
    name: str, value: Value, meaning: str, unit: str = "", role: Role = Role.RESULT
) -> Column:
    """What is known of trials that are done."""
    return Column(name, value, role, meaning, unit, missing=UNDONE)


# --- folders of jobs ---------------------------------------------------------------------------

STATUS = (
    Column("status", _T, _STATUS, "`done`, `failed`, `interrupted` or `missing`", always=True),
    Column("error", _T, _STATUS, "why it is not done, in a sentence; empty if it is", always=True),
)
SCHEMA_COLUMN = named("schema_version", _W, "version of this schema the row was written with")
SPACE = named("space", _T, "search space")
DEVICE = result("device", _T, "`cpu`, or the GPU's name", role=_COST)
PEAK_MEMORY = result(
    "peak_memory_mb", _N, "most memory of the GPU, or of the process", "MB (10^6)", _COST
)

_OF_METRIC, _POINTS = "percent, or its own", "points, or its own"
"""Units of what a metric tells, and of what is missing to its best: see `metric_unit`."""
FRONT = "front"
"""Column of trials whose method knows more answers than one."""
QUANTITY, UNIT = "metric_quantity", "metric_unit"
"""Columns of trials that are judged by something else than an accuracy in percent."""

# --- every study -------------------------------------------------------------------------------

_SHARE = "without recording; of searches that are stepped together each one's share"
EVERY_STUDY = Columns(
    trials=(
        named("trial", _T, "name of the trial and of its folder; the key of this table"),
        named("method", _T, "method with what was changed of its recipe, as"
              " `NAME[setting=value]`"),
        named("seed", _W, "seed of the trial"),
        *STATUS,
        result("accuracy", _N, "the answer's `report_metric`, whatever quantity that is of",
               _OF_METRIC),
        named("method_name", _T, "method without its settings"),
        named("method_version", _T, "raised when the same settings and seed give another result"),
        setting("recipe", _T, "published or own values the settings started from"),
        SPACE,
        named("table", _T, "benchmark the answer is looked up in; empty without one"),
        named("table_hash", _T, "SHA-256 of the benchmark's numbers"),
        named("problem", _T, "kind of problem that is searched (`--search`)"),
        named("dataset", _T, "data set of the benchmark"),
        setting("search_metric", _T, "column of the benchmark the search looked at; empty where it"
                " looked at none"),
        setting("report_metric", _T, "column the answer is judged by"),
        setting("steps", _W, "search steps", "steps"),
        setting("epochs", _W, "passes over the training images, or what counts as such", "epochs"),
        setting("batch_size", _W, "images of a batch, or architecture samples of a step"),
        setting("noise", _ANY, "standard deviation of the noise on every evaluation, or `seeds`:"
                " one of the benchmark's runs", _POINTS),
        result("architecture", _T, "the answer, as its community writes it"),
        Column("queries", _N, _COST, "architectures whose accuracy the search asked for", "count",
               missing="not done, problems that answer no queries"),
        Column("simulated_gpu_hours", _N, _COST, "what training the queried architectures would"
               " have taken", "GPU hours",
               missing="without queries, or the benchmark does not tell"),
        result("search_seconds", _N, f"duration of the search, {_SHARE}", "seconds", _COST),
        Column("cohort", _W, _COST, "searches that were stepped together with this one, itself"
               " among them, at most: `search_seconds` is its share of their time", "count",
               missing="not done, or written before this was recorded"),
        Column("setting_<name>", _ANY, _SET, "setting of the method; `nasharness show method NAME`"
               " explains each", missing="methods without that setting"),
        named("command", _T, "runs this trial again"),
        SCHEMA_COLUMN,
    ),
    history=(
        named("trial", _T, "the trial, as in `trials`; with `step` the key of this table"),
        named("method", _T, "as in `trials`"),
        named("seed", _W, "as in `trials`"),
        named("step", _W, "search steps done by then"),
        Column("epoch", _W, _RECORD, "epoch the step belongs to, from 0", "epochs"),
        Column("seconds", _N, _COST, f"duration of the search so far, {_SHARE} (`cohort` of"
               " `trials`)", "seconds"),
        Column("architecture", _T, _RESULT, "the answer if the search stopped now"),
        Column("accuracy", _N, _RESULT, "that answer's number by the trial's `report_metric`",
               _OF_METRIC),
        Column("entropy", _N, _RECORD, "of the choice probabilities, mean over decisions", "nats"),
        Column("probabilities", _L, _RECORD, "choice probabilities: one list per decision, each"
               " summing to 1", missing="all but some 25 steps of a trial"),
    ),
)  # fmt: skip

# --- studies with a benchmark ------------------------------------------------------------------

LOOKED_UP = Columns(
    trials=(
        result("regret", _N, "what the answer misses to the benchmark's best, by `report_metric`",
               _POINTS),
        result("regret_<metric>", _N, "what the answer misses to the best of the benchmark",
               _POINTS),
        result(METRIC, _N, "the answer's number in the benchmark: every column that may be"
               " reported; `nasharness show table NAME` explains each", _OF_METRIC),
        Column(QUANTITY, _T, _RESULT, "what `report_metric` is of, such as `SSIM`: that of"
               " `accuracy`, `regret` and all made of them", missing="not done, or it is an"
               " accuracy in percent, as where there is no such column"),
        Column(UNIT, _T, _RESULT, "its unit; empty where it has none",
               missing=f"as `{QUANTITY}`"),
        result("rank", _W, "place of the answer by `report_metric`; 1 is the best"),
        result("percentile", _N, "share of all architectures that are worse", "percent"),
    ),
    history=(
        Column("regret", _N, _RESULT, "what that answer misses to the benchmark's best, by the"
               " same as `accuracy`", _POINTS),
        Column("regret_<metric>", _N, _RESULT, "what that answer misses to the best of the"
               " benchmark", _POINTS),
        Column(METRIC, _N, _RESULT, "that answer's number in the benchmark, in the columns that"
               " are searched on and reported", _OF_METRIC),
    ),
)  # fmt: skip

# --- studies in which a cost is held -----------------------------------------------------------

_UNHELD = "methods without a cost, where those of the study hold different ones"
_SEVERAL = "where several costs are held, which have columns of their own"
_NOT_SEVERAL = "where one cost is held or none"
HELD_COST = Columns(
    trials=(
        Column("cost", _N, _RESULT, "what the answer costs by the cost that is held in the study"
               " (`--cost`), of every method", "as `cost_unit`",
               missing="not done, no such cost of this benchmark, measured latencies of methods"
               f" that hold none, {_SEVERAL}"),
        Column("cost_name", _T, _SET, "the cost that the method holds down, or else the one that"
               " all others hold; `setting_cost` tells which. Several are joined by `+`",
               missing=_UNHELD),
        Column("cost_unit", _T, _SET, "unit that its space or benchmark tells the cost in, such as"
               " `million` or `ms`", missing=f"{_UNHELD}, {_SEVERAL}"),
        Column("cost_target", _N, _SET, "how much of the cost is free", "as `cost_unit`",
               missing=f"{_UNHELD} or several targets, {_SEVERAL}"),
        Column("cost_of_<cost>", _N, _RESULT, "the same as `cost`, of each of several held costs",
               "as `cost_unit_of_<cost>`", missing=f"as `cost`, {_NOT_SEVERAL}"),
        Column("cost_unit_of_<cost>", _T, _SET, "the same as `cost_unit`, of each of several",
               missing=_NOT_SEVERAL),
        Column("cost_target_of_<cost>", _N, _SET, "the same as `cost_target`, of each of several",
               "as `cost_unit_of_<cost>`", missing=f"{_NOT_SEVERAL}, or several targets"),
        Column("target_met", _F, _RESULT, "is `cost` at most `cost_target`; of several costs, each"
               " at most its own", missing="without a cost or a target"),
        Column("regret_within_target", _N, _RESULT, "what the answer misses to the best by"
               " `report_metric` among the architectures within the target, of several costs within"
               " all", _POINTS, missing="the answer exceeds a target, measured latencies"),
        Column(FRONT, _L, _RESULT, "architectures that no other which the search asked for"
               " dominates, by the score that it saw and the costs that it holds; most accurate"
               " first, at most some hundred", missing="not done, or the method keeps none"),
    ),
    history=(
        Column("cost", _N, _RESULT, "what that answer costs, as in `trials`", "as `cost_unit`",
               missing=f"as in `trials`, measured latencies, {_SEVERAL}"),
        Column("cost_of_<cost>", _N, _RESULT, "what it costs by each of several held costs",
               "as `cost_unit_of_<cost>` of `trials`",
               missing=f"as `cost`, {_NOT_SEVERAL}"),
        Column("regret_within_target", _N, _RESULT, "what it misses to the best within the targets",
               _POINTS, missing="it exceeds a target, measured latencies"),
    ),
)  # fmt: skip

# --- put together ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """What one writer declares."""

    writer: str
    """In words: `every study`, `the space `nb201``."""
    columns: Columns

    def of(self, table: str) -> tuple[Column, ...]:
        """Those of `trials` or of `history`."""
        return tuple(self.columns.trials if table == "trials" else self.columns.history)


@dataclass(frozen=True)
class Schema:
    """The two tables of a folder, by everybody who writes into them."""

    parts: tuple[Part, ...]
    """Where two declare a column of the same name, the first counts."""
    keys: Mapping[str, tuple[str, ...]]
    """Columns that tell the rows of each table apart."""
    metrics: frozenset[str] = field(default_factory=frozenset)
    """Columns of the benchmark that have no regret of their own beside them."""

    def with_parts(self, parts: Iterable[Part]) -> Schema:
        """With what others declare."""
        return replace(self, parts=(*self.parts, *parts))

    def columns(self, table: str) -> tuple[Column, ...]:
        """All that are declared of `trials` or `history`; single ones before families."""
        return self._columns[table]

    @cached_property
    def _columns(self) -> dict[str, tuple[Column, ...]]:
        found = {}
        for table in TABLES:
            first: dict[str, Column] = {}
            for column in (column for part in self.parts for column in part.of(table)):
                first.setdefault(column.name, column)
            found[table] = tuple(sorted(first.values(), key=lambda column: column.is_family))
        return found

    def column_of(self, table: str, name: str, names: Collection[str]) -> Column | None:
        """What the column `name` is, in a table with columns `names`; None if nobody declares it.

        A metric of a benchmark is told by its regret, where there is one.
        """
        for column in self.columns(table):
            if column.name == METRIC and (name in self.metrics or f"{REGRET}{name}" in names):
                return column
            if column.covers(name):
                return column
        return None

    def undeclared(self, table: str, names: Collection[str]) -> list[str]:
        """The columns that nobody declares, in their order."""
        return [name for name in names if self.column_of(table, name, names) is None]


STUDY_PARTS = (
    Part("every study", EVERY_STUDY),
    Part("studies that look answers up in a benchmark", LOOKED_UP),
    Part("studies in which a cost is held (`--cost`)", HELD_COST),
)
STUDIES = Schema(STUDY_PARTS, {"trials": ("trial",), "history": ("trial", "step")})
"""What studies have, whatever is searched, and by whom."""

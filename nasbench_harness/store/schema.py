"""What the columns of `trials` and `history` mean: the schema of every study's tables.

A column is described by its name, or belongs to a family such as `setting_<name>`. Methods log, and
spaces and tables tell, what nobody here knows: the last family of each table is for that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What stands in a column."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    FLAG = "true or false"
    LIST = "list"
    ANY = "any"


class Role(StrEnum):
    """What a column is for."""

    IDENTITY = "identity"
    SETTING = "setting"
    STATUS = "status"
    RESULT = "result"
    COST = "cost"
    RECORD = "record"


class Of(StrEnum):
    """Which searches have the column."""

    BOTH = "both"
    LANDSCAPE = "landscape"
    SUPERNET = "supernet"


@dataclass(frozen=True)
class Column:
    """One column, or a family of them whose name has a part in angle brackets."""

    name: str
    kind: Kind
    role: Role
    meaning: str
    unit: str = ""
    of: Of = Of.BOTH
    always: bool = False
    """Has every table of at least one row this column."""
    missing: str = ""
    """Which rows have no value there; empty: none of a table that has the column."""
    since: int = 1
    """The schema version that brought it."""

    @property
    def is_family(self) -> bool:
        """Whether it stands for several columns."""
        return "<" in self.name

    def covers(self, name: str, names: Collection[str]) -> bool:
        """Is the column `name` of a table with these columns meant."""
        if not self.is_family:
            return name == self.name
        if self.name == METRIC:
            return f"{REGRET}{name}" in names
        return name.startswith(self.name.partition("<")[0])


METRIC, REGRET = "<metric>", "regret_"

_T, _W, _N, _F, _L, _ANY = Kind
_ID, _SET, _STATUS, _RESULT, _COST, _RECORD = Role
_UNDONE = "not done"
_OTHERS = "other methods"
_UNDIAGNOSED = "not diagnosed (`--diagnose`)"
_UNHELD = "methods without a cost, where those of the study hold several"


def _named(name: str, kind: Kind, meaning: str) -> Column:
    return Column(name, kind, _ID, meaning, always=True)


def _set(name: str, kind: Kind, meaning: str, unit: str = "") -> Column:
    return Column(name, kind, _SET, meaning, unit, always=True)


_SHARE = "without recording; of searches that are stepped together each one's share"

TRIALS = (
    _named("trial", _T, "name of the trial and of its folder; the key of this table"),
    _named("method", _T, "method with what was changed of its recipe, as `unas[temperature=1]`"),
    _named("seed", _W, "seed of the trial"),
    Column("status", _T, _STATUS, "`done`, `failed`, `interrupted` or `missing`", always=True),
    Column("error", _T, _STATUS, "why it is not done, in a sentence; empty if it is", always=True),
    Column("accuracy", _N, _RESULT, "the answer's `report_metric`", "percent", missing=_UNDONE),
    Column("regret", _N, _RESULT, "what the answer misses to the benchmark's best, by"
           " `report_metric`", "points", missing=_UNDONE),
    Column("cost", _N, _RESULT, "what the answer costs by the cost that is held in the study"
           " (`--cost`), of every method", "as `cost_unit`",
           missing="not done, no such cost of this benchmark, measured latencies of methods that"
           " hold none"),
    Column("cost_name", _T, _SET, "the cost that the method holds down, or else the one that all"
           " others hold; `setting_cost` tells which", missing=_UNHELD),
    Column("cost_unit", _T, _SET, "`million` (parameters, multiply-adds), `ms` (latencies)",
           missing=_UNHELD),
    Column("cost_target", _N, _SET, "how much of the cost is free", "as `cost_unit`",
           missing=f"{_UNHELD} or several targets"),
    Column("target_met", _F, _RESULT, "is `cost` at most `cost_target`",
           missing="without a cost or a target"),
    Column("regret_within_target", _N, _RESULT, "what the answer misses to the best by"
           " `report_metric` among the architectures within the target", "points",
           missing="the answer exceeds the target, measured latencies"),
    _named("method_name", _T, "method without its settings"),
    _named("method_version", _T, "raised when the same settings and seed give another result"),
    _set("recipe", _T, "published or own values the settings started from"),
    _named("space", _T, "search space"),
    _named("table", _T, "tabular benchmark the answer is looked up in"),
    _named("table_hash", _T, "SHA-256 of the benchmark's numbers"),
    _named("problem", _T, "`landscape` (the table itself is searched) or `supernet` (images)"),
    _named("dataset", _T, "data set of the benchmark"),
    _set("search_metric", _T, "column of the benchmark the search looked at; empty on a supernet"),
    _set("report_metric", _T, "column of the benchmark the answer is judged by"),
    _set("steps", _W, "search steps", "steps"),
    _set("epochs", _W, "passes over the training images, or what a landscape counts as such",
         "epochs"),
    _set("batch_size", _W, "images of a batch, or architecture samples of a step"),
    _set("noise", _ANY, "standard deviation of the noise on every evaluation, or `seeds`: one of"
         " the benchmark's runs", "points"),
    Column("images", _T, _SET, "images the supernet was trained on", of=Of.SUPERNET),
    Column("image_limit", _W, _SET, "training images used", "images", Of.SUPERNET,
           missing="all were used"),
    Column("network_<name>", _ANY, _SET, "how the supernet was built and trained; `nasharness show"
           " method NAME --recipe RECIPE` explains each", of=Of.SUPERNET),
    Column("architecture", _T, _RESULT, "the answer, as its community writes it", missing=_UNDONE),
    Column("index", _W, _RESULT, "official index of the answer in its benchmark: the key of"
           " `open_table(...).to_pandas()`", missing=_UNDONE),
    Column("canonical_form", _T, _RESULT, "equal for cells that compute the same", missing=_UNDONE),
    Column("connected", _F, _RESULT, "does the input reach the output", missing=_UNDONE),
    Column("collapsed", _F, _RESULT, "are all operations skip connections", missing=_UNDONE),
    Column("params", _W, _RESULT, "parameters of the answer's network", "count", missing=_UNDONE),
    Column("flops", _W, _RESULT, "multiply-adds of one forward pass of one image", "count",
           missing=_UNDONE),
    Column("regret_<metric>", _N, _RESULT, "what the answer misses to the best of the benchmark",
           "points", missing=_UNDONE),
    Column(METRIC, _N, _RESULT, "the answer's accuracy in the benchmark: every column that may be"
           " reported; `nasharness show table NAME` explains each", "percent", missing=_UNDONE),
    Column("rank", _W, _RESULT, "place of the answer by `report_metric`; 1 is the best",
           missing=_UNDONE),
    Column("percentile", _N, _RESULT, "share of all architectures that are worse", "percent",
           missing=_UNDONE),
    Column("queries", _N, _COST, "architectures whose accuracy the search asked for", "count",
           missing="not done, supernets"),
    Column("simulated_gpu_hours", _N, _COST, "what training the queried architectures would have"
           " taken", "GPU hours", missing="without queries, or the benchmark does not tell"),
    Column("oneshot_accuracy", _N, _RESULT, "accuracy of the answer inside the supernet, on all"
           " images held out for the architecture", "percent", Of.SUPERNET, missing=_UNDONE),
    Column("search_seconds", _N, _COST, f"duration of the search, {_SHARE}", "seconds",
           missing=_UNDONE),
    Column("device", _T, _COST, "`cpu`, or the GPU's name", of=Of.SUPERNET, missing=_UNDONE),
    Column("peak_memory_mb", _N, _COST, "most memory of the GPU, or of the process", "MB (10^6)",
           Of.SUPERNET, missing=_UNDONE),
    Column("search_cpu_hours", _N, _COST, "search_seconds times threads", "CPU hours", Of.SUPERNET,
           missing="not done, or searched on a GPU"),
    Column("search_gpu_days", _N, _COST, "search_seconds where a GPU searched", "GPU days",
           Of.SUPERNET, missing="not done, or searched on a CPU"),
    Column("setting_<name>", _ANY, _SET, "setting of the method; `nasharness show method NAME`"
           " explains each", missing="methods without that setting"),
    _named("command", _T, "runs this trial again"),
    _named("schema_version", _W, "version of this schema the row was written with"),
    Column("<fact>", _ANY, _RESULT, "any other column: a fact or cost of the answer that a space"
           " from elsewhere tells", missing=_UNDONE),
)  # fmt: skip
"""One row per planned trial."""

HISTORY = (
    _named("trial", _T, "the trial, as in `trials`; with `step` the key of this table"),
    _named("method", _T, "as in `trials`"),
    _named("seed", _W, "as in `trials`"),
    _named("step", _W, "search steps done by then"),
    Column("epoch", _W, _RECORD, "epoch the step belongs to, from 0", "epochs"),
    Column("seconds", _N, _COST, f"duration of the search so far, {_SHARE}", "seconds"),
    Column("architecture", _T, _RESULT, "the answer if the search stopped now"),
    Column("accuracy", _N, _RESULT, "that answer's accuracy, by the trial's `report_metric`",
           "percent"),
    Column("regret", _N, _RESULT, "what it misses to the benchmark's best, by the same", "points"),
    Column("cost", _N, _RESULT, "what it costs, as in `trials`", "as `cost_unit`",
           missing="as in `trials`, measured latencies"),
    Column("regret_within_target", _N, _RESULT, "what it misses to the best within the target",
           "points", missing="it exceeds the target, measured latencies"),
    Column("regret_<metric>", _N, _RESULT, "what that answer misses to the best of the benchmark",
           "points"),
    Column(METRIC, _N, _RESULT, "that answer's accuracy in the benchmark, in the columns that are"
           " searched on and reported", "percent"),
    Column("entropy", _N, _RECORD, "of the choice probabilities, mean over decisions", "nats"),
    Column("expected_accuracy", _N, _RECORD, "mean accuracy of architectures drawn from the choice"
           " probabilities, without noise", "percent", Of.LANDSCAPE),
    Column("queries", _N, _COST, "architectures asked for so far", "count", Of.LANDSCAPE),
    Column("simulated_gpu_hours", _N, _COST, "what training them would have taken", "GPU hours",
           Of.LANDSCAPE, missing="without queries, or the benchmark does not tell"),
    Column("mean_train_loss", _N, _RECORD, "mean training loss of the epoch so far", "nats",
           Of.SUPERNET, missing="nothing was trained"),
    Column("mean_train_accuracy", _N, _RECORD, "mean training accuracy of the epoch so far",
           "percent", Of.SUPERNET, missing="nothing was trained"),
    Column("learning_rate", _N, _RECORD, "of the network weights", of=Of.SUPERNET),
    Column("oneshot_accuracy_mixture", _N, _RECORD, "accuracy inside the supernet of the mixture"
           " of all choices by their probabilities", "percent", Of.SUPERNET),
    Column("oneshot_accuracy_derived", _N, _RECORD, "accuracy inside the supernet of the derived"
           " architecture", "percent", Of.SUPERNET),
    Column("discretisation_gap", _N, _RECORD, "the mixture's accuracy less the derived one's",
           "points", Of.SUPERNET),
    Column("skip_connections", _N, _RECORD, "skip connections of the derived architecture", "count",
           Of.SUPERNET),
    Column("peak_memory_mb", _N, _COST, "most memory of the GPU, or of the process, so far",
           "MB (10^6)", Of.SUPERNET),
    Column("train_loss", _N, _RECORD, "loss of the network weights' step", "nats", Of.SUPERNET,
           missing="nothing was trained"),
    Column("valid_loss", _N, _RECORD, "loss the architecture's step descended, before its step;"
           " on a landscape minus the accuracy as a fraction", "nats", missing=_OTHERS),
    Column("relax_gap", _N, _RECORD, "loss with one decision relaxed, less that with its best"
           " option", "nats", missing=_OTHERS),
    Column("discrete_loss", _N, _RECORD, "mean loss of the sampled discrete architectures; unit as"
           " `valid_loss`", "nats", missing=_OTHERS),
    Column("soft_loss", _N, _RECORD, "mean loss of their relaxed counterparts, the control variate",
           "nats", missing=_OTHERS),
    Column("cost_model_error", _N, _RECORD, "root mean squared error of the linear cost model",
           "millions, or ms of latency", missing=_OTHERS),
    Column("cost_weight", _N, _RECORD, "weight of the cost term now", missing=_OTHERS),
    Column("score", _N, _RECORD, "accuracy of the architecture asked for at this step, with noise"
           " if there is any", "percent", missing=_OTHERS),
    Column("best_score", _N, _RECORD, "best score so far", "percent", missing=_OTHERS),
    Column("mean_score", _N, _RECORD, "mean score of the candidates the answer was chosen from",
           "percent", missing="all but the last step, other methods"),
    Column("kendall_tau", _N, _RECORD, "rank correlation of one-shot and benchmark accuracy over 50"
           " fixed cells", of=Of.SUPERNET, missing=_UNDIAGNOSED),
    Column("alpha_gradient_norm", _N, _RECORD, "norm of the mean gradient of the validation loss"
           " in log p, over 8 batches", of=Of.SUPERNET, missing=_UNDIAGNOSED),
    Column("alpha_gradient_variance", _N, _RECORD, "variance of that gradient from batch to batch,"
           " summed", of=Of.SUPERNET, missing=_UNDIAGNOSED),
    Column("hessian_eigenvalue", _N, _RECORD, "largest eigenvalue of the validation loss' Hessian"
           " in log p", of=Of.SUPERNET, missing=_UNDIAGNOSED),
    Column("gradient_bias", _N, _RECORD, "distance of the mean of 64 estimates of the architecture"
           " gradient from the exact one, a share of its norm", of=Of.LANDSCAPE,
           missing=_UNDIAGNOSED),
    Column("gradient_bias_error", _N, _RECORD, "what that distance would be by chance alone",
           of=Of.LANDSCAPE, missing=_UNDIAGNOSED),
    Column("gradient_variance", _N, _RECORD, "trace of the estimates' covariance, a share of the"
           " exact gradient's squared norm", of=Of.LANDSCAPE, missing=_UNDIAGNOSED),
    Column("gradient_cosine", _N, _RECORD, "cosine of their mean and the exact gradient",
           of=Of.LANDSCAPE, missing=_UNDIAGNOSED),
    Column("probabilities", _L, _RECORD, "choice probabilities: one list per decision, each summing"
           " to 1", missing="all but some 25 steps of a trial"),
    Column("<logged>", _N, _RECORD, "any other column: what a method from elsewhere logs",
           missing=_OTHERS),
)  # fmt: skip
"""One row per recorded step."""


@dataclass(frozen=True)
class Schema:
    """The two tables of a kind of folder."""

    tables: Mapping[str, tuple[Column, ...]]
    """`trials`, one row per job, and `history`, one row per line of its history."""
    keys: Mapping[str, tuple[str, ...]]
    """Columns that tell the rows of each apart."""

    def column_of(self, table: str, name: str, names: Collection[str]) -> Column:
        """What the column `name` of `trials` or `history` is, in a table with columns `names`."""
        known = [column for column in self.tables[table] if not column.is_family]
        families = [column for column in self.tables[table] if column.is_family]
        return next(column for column in [*known, *families] if column.covers(name, names))


STUDIES = Schema(
    {"trials": TRIALS, "history": HISTORY}, {"trials": ("trial",), "history": ("trial", "step")}
)
SCHEMA = STUDIES.tables

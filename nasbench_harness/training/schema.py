"""What the columns of `trials` and `history` of a folder of trainings mean."""

from __future__ import annotations

from nasbench_harness.store.schema import Column, Kind, Role, Schema
from nasbench_harness.store.versions import Upgrade

UPGRADES: dict[int, Upgrade] = {}
"""Schema version -> what turns its tables of trainings into those of the next version."""

_T, _W, _N, _F, _L, _ANY = Kind
_ID, _SET, _STATUS, _RESULT, _COST, _RECORD = Role
_UNDONE = "not done"
_NO_TABLE = "not done, or no table holds a training like this one"
_UNSEEN = "epochs without an evaluation (`--evaluate-every`)"


def _named(name: str, kind: Kind, meaning: str, role: Role = _ID, unit: str = "") -> Column:
    return Column(name, kind, role, meaning, unit, always=True)


def _result(name: str, kind: Kind, meaning: str, unit: str = "", role: Role = _RESULT) -> Column:
    return Column(name, kind, role, meaning, unit, missing=_UNDONE)


TRIALS = (
    _named("trial", _T, "name of the training and of its folder; the key of this table"),
    _named("label", _T, "the architecture's official index, or a short hash"),
    _named("architecture", _T, "what was trained, as its community writes it"),
    _named("seed", _W, "seed of weights, order of the images and augmentation"),
    _named("space", _T, "search space"),
    _named("space_version", _T, "raised when the same architecture is another network"),
    _named("dataset", _T, "images"),
    _named("dataset_digest", _T, "SHA-256 of the images"),
    Column("limit", _W, _SET, "training images that were kept", "images", missing="all were used"),
    _named("epochs", _W, "passes over the training images", _SET, "epochs"),
    _named("training_version", _T, "raised when the same settings and seed give another result"),
    _named("status", _T, "`done`, `failed`, `interrupted` or `missing`", _STATUS),
    _named("error", _T, "why it is not done, in a sentence; empty if it is", _STATUS),
    _result("index", _W, "official index of the architecture"),
    _result("params", _W, "parameters of the network that was trained", "count"),
    _result("flops", _W, "multiply-adds of one forward pass of one image", "count"),
    _result("test_accuracy", _N, "accuracy after the last epoch on `evaluated_on`", "percent"),
    _result("best_test_accuracy", _N, "highest accuracy of the evaluated epochs, chosen by looking"
            " at the test: no number to compare by", "percent"),
    _result("test_loss", _N, "loss after the last epoch on `evaluated_on`", "nats"),
    _result("train_accuracy", _N, "mean accuracy of the last epoch, as trained", "percent"),
    _result("train_loss", _N, "mean loss of the last epoch, as trained", "nats"),
    Column("table", _T, _RESULT, "tabular benchmark with a training like this one",
           missing=_NO_TABLE),
    Column("table_metric", _T, _RESULT, "its column", missing=_NO_TABLE),
    Column("table_test_accuracy", _N, _RESULT, "its number, for comparison", "percent",
           missing=_NO_TABLE),
    _result("trained_on", _T, "how many images of which part trained the network"),
    _result("evaluated_on", _T, "how many images of which part judged it"),
    _result("seconds", _N, "duration of training and evaluation", "seconds", _COST),
    _result("device", _T, "`cpu`, or the GPU's name", role=_COST),
    _result("threads", _W, "of the CPU", "count", _COST),
    _result("peak_memory_mb", _N, "most memory of the GPU, or of the process", "MB (10^6)", _COST),
    Column("setting_<name>", _ANY, _SET, "setting of the training"),
    _named("command", _T, "runs this training again"),
    _named("schema_version", _W, "version of this schema the row was written with"),
    Column("<fact>", _ANY, _RESULT, "any other column: a fact of the architecture that its space"
           " tells", missing=_UNDONE),
)  # fmt: skip
"""One row per planned training."""

HISTORY = (
    _named("trial", _T, "the training, as in `trials`; with `epoch` the key of this table"),
    _named("architecture", _T, "as in `trials`"),
    _named("seed", _W, "as in `trials`"),
    _named("epoch", _W, "epochs done by then, from 1"),
    Column("seconds", _N, _COST, "duration of training and evaluation so far", "seconds"),
    Column("learning_rate", _N, _RECORD, "of this epoch"),
    Column("train_loss", _N, _RECORD, "mean loss of the epoch, as trained", "nats"),
    Column("train_accuracy", _N, _RECORD, "mean accuracy of the epoch, as trained", "percent"),
    Column("test_loss", _N, _RECORD, "loss on the images that judge", "nats", missing=_UNSEEN),
    Column("test_accuracy", _N, _RECORD, "accuracy on them", "percent", missing=_UNSEEN),
    Column("<logged>", _N, _RECORD, "any other column"),
)  # fmt: skip
"""One row per epoch."""

TRAININGS = Schema(
    {"trials": TRIALS, "history": HISTORY}, {"trials": ("trial",), "history": ("trial", "epoch")}
)

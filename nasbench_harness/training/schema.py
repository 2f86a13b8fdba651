"""What the columns of `trials` and `history` of a folder of trainings mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nasbench_harness.contracts import Column, Columns, Role, Value
from nasbench_harness.store.declarations import with_spaces
from nasbench_harness.store.schema import (
    DEVICE,
    PEAK_MEMORY,
    SCHEMA_COLUMN,
    SPACE,
    STATUS,
    Part,
    Schema,
    named,
    result,
    setting,
)
from nasbench_harness.store.versions import Upgrade

if TYPE_CHECKING:
    import pyarrow as pa

UPGRADES: dict[int, Upgrade] = {}
"""Schema version -> what turns its tables of trainings into those of the next version."""

_T, _W, _N, _F, _L, _ANY = Value
_RECORD, _COST = Role.RECORD, Role.COST
_NO_TABLE = "not done, or no table holds a training like this one"
_NO_VALID = "not done, or no part for validation beside the one that judges"
_NO_TABLED_VALID = f"{_NO_VALID}, or no table holds a training like this one"
_UNSEEN = "epochs without an evaluation (`--evaluate-every`)"

TRIALS = (
    named("trial", _T, "name of the training and of its folder; the key of this table"),
    named("label", _T, "the architecture's official index, or a short hash"),
    named("architecture", _T, "what was trained, as its community writes it"),
    named("seed", _W, "seed of weights, order of the images and augmentation"),
    SPACE,
    named("space_version", _T, "raised when the same architecture is another network"),
    named("dataset", _T, "images"),
    named("dataset_digest", _T, "SHA-256 of the images"),
    Column("limit", _W, Role.SETTING, "training images that were kept", "images",
           missing="all were used"),
    setting("epochs", _W, "passes over the training images", "epochs"),
    named("training_version", _T, "raised when the same settings and seed give another result"),
    *STATUS,
    result("params", _W, "parameters of the network that was trained", "count"),
    result("flops", _W, "multiply-adds of one forward pass of one image", "count"),
    result("test_accuracy", _N, "accuracy after the last epoch on `evaluated_on`", "percent"),
    result("best_test_accuracy", _N, "highest accuracy of the evaluated epochs, chosen by looking"
            " at the test: no number to compare by", "percent"),
    result("test_loss", _N, "loss after the last epoch on `evaluated_on`", "nats"),
    Column("valid_accuracy", _N, Role.RESULT, "accuracy after the last epoch on `validated_on`",
           "percent", missing=_NO_VALID),
    Column("valid_loss", _N, Role.RESULT, "loss after the last epoch on `validated_on`", "nats",
           missing=_NO_VALID),
    result("train_accuracy", _N, "mean accuracy of the last epoch, as trained", "percent"),
    result("train_loss", _N, "mean loss of the last epoch, as trained", "nats"),
    Column("table", _T, Role.RESULT, "tabular benchmark with a training like this one",
           missing=_NO_TABLE),
    Column("table_metric", _T, Role.RESULT, "its column", missing=_NO_TABLE),
    Column("table_test_accuracy", _N, Role.RESULT, "its number, for comparison", "percent",
           missing=_NO_TABLE),
    Column("table_valid_metric", _T, Role.RESULT, "its column of validation",
           missing=_NO_TABLED_VALID),
    Column("table_valid_accuracy", _N, Role.RESULT, "its number, for comparison with"
           " `valid_accuracy`", "percent", missing=_NO_TABLED_VALID),
    result("trained_on", _T, "how many images of which part trained the network"),
    result("evaluated_on", _T, "how many images of which part judged it"),
    Column("validated_on", _T, Role.RESULT, "how many images of which other part validated it",
           missing=_NO_VALID),
    result("seconds", _N, "duration of training and evaluation", "seconds", _COST),
    DEVICE,
    result("threads", _W, "of the CPU", "count", _COST),
    PEAK_MEMORY,
    Column("setting_<name>", _ANY, Role.SETTING, "setting of the training"),
    named("command", _T, "runs this training again"),
    SCHEMA_COLUMN,
)  # fmt: skip
"""One row per planned training."""

HISTORY = (
    named("trial", _T, "the training, as in `trials`; with `epoch` the key of this table"),
    named("architecture", _T, "as in `trials`"),
    named("seed", _W, "as in `trials`"),
    named("epoch", _W, "epochs done by then, from 1"),
    Column("seconds", _N, _COST, "duration of training and evaluation so far", "seconds"),
    Column("learning_rate", _N, _RECORD, "of this epoch"),
    Column("train_loss", _N, _RECORD, "mean loss of the epoch, as trained", "nats"),
    Column("train_accuracy", _N, _RECORD, "mean accuracy of the epoch, as trained", "percent"),
    Column("test_loss", _N, _RECORD, "loss on the images that judge", "nats", missing=_UNSEEN),
    Column("test_accuracy", _N, _RECORD, "accuracy on them", "percent", missing=_UNSEEN),
    Column("valid_loss", _N, _RECORD, "loss on the images that validate", "nats",
           missing=f"{_UNSEEN}; no such part"),
    Column("valid_accuracy", _N, _RECORD, "accuracy on them", "percent",
           missing=f"{_UNSEEN}; no such part"),
)  # fmt: skip
"""One row per epoch."""

TRAININGS = Schema(
    (Part("every training", Columns(TRIALS, HISTORY)),),
    {"trials": ("trial",), "history": ("trial", "epoch")},
)
"""What trainings have, in whatever space."""


def training_schema(trials: pa.Table, history: pa.Table) -> Schema:
    """What the tables of trainings are to be, by their spaces."""
    return with_spaces(TRAININGS, trials, history)

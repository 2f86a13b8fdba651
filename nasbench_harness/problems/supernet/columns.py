"""Columns of searches on images."""

from __future__ import annotations

from nasbench_harness.contracts import Column, Columns, Role, Value
from nasbench_harness.store.schema import DEVICE, PEAK_MEMORY, result

CPU_HOURS, GPU_DAYS = "search_cpu_hours", "search_gpu_days"
PLACES = "planned_cohort"
"""Column with the places of the wide network that a trial was trained in."""
_UNDIAGNOSED = "not diagnosed (`--diagnose`)"
_UNTRAINED = "nothing was trained"
_FEW = (
    "on at most `network_evaluated_images` (1,000 unless somebody says) of the images held out for"
    " the architecture"
)


def _recorded(name: str, meaning: str, unit: str = "", missing: str = "") -> Column:
    return Column(name, Value.NUMBER, Role.RECORD, meaning, unit, missing=missing)


COLUMNS = Columns(
    trials=(
        Column("images", Value.TEXT, Role.SETTING, "images the supernet was trained on"),
        Column("image_limit", Value.WHOLE, Role.SETTING, "training images used", "images",
               missing="all were used"),
        Column("network_<name>", Value.ANY, Role.SETTING, "how the supernet was built and trained;"
               " `nasharness show method NAME --recipe RECIPE` explains each"),
        Column(PLACES, Value.WHOLE, Role.SETTING, "seeds that have a place in the one wide network"
               " it was trained in (`--cohort`), of which some may be empty", "count",
               missing="it was trained in a network of its own"),
        result("oneshot_accuracy", Value.NUMBER, "accuracy of the answer inside the supernet, on"
               " all images held out for the architecture", "percent"),
        DEVICE,
        PEAK_MEMORY,
        Column(CPU_HOURS, Value.NUMBER, Role.COST, "search_seconds times threads",
               "CPU hours", missing="not done, or searched on a GPU"),
        Column(GPU_DAYS, Value.NUMBER, Role.COST, "search_seconds where a GPU searched",
               "GPU days", missing="not done, or searched on a CPU"),
    ),
    history=(
        _recorded("mean_train_loss", "mean training loss of the epoch so far", "nats", _UNTRAINED),
        _recorded("mean_train_accuracy", "mean training accuracy of the epoch so far", "percent",
                  _UNTRAINED),
        _recorded("learning_rate", "of the network weights"),
        _recorded("oneshot_accuracy_mixture", "accuracy inside the supernet of the mixture of all"
                  f" choices by their probabilities, {_FEW}", "percent"),
        _recorded("oneshot_accuracy_derived", "accuracy inside the supernet of the derived"
                  f" architecture, {_FEW}", "percent"),
        _recorded("discretisation_gap", "the mixture's accuracy less the derived one's", "points"),
        _recorded("skip_connections", "skip connections of the derived architecture", "count"),
        Column("peak_memory_mb", Value.NUMBER, Role.COST, "most memory of the GPU, or of the"
               " process, so far", "MB (10^6)"),
        _recorded("train_loss", "loss of the network weights' step", "nats", _UNTRAINED),
        _recorded("kendall_tau", "rank correlation of one-shot and benchmark accuracy over 50"
                  " fixed cells", missing=_UNDIAGNOSED),
        _recorded("alpha_gradient_norm", "norm of the mean gradient of the validation loss in log"
                  " p, over 8 batches", missing=_UNDIAGNOSED),
        _recorded("alpha_gradient_variance", "variance of that gradient from batch to batch,"
                  " summed", missing=_UNDIAGNOSED),
        _recorded("hessian_eigenvalue", "largest eigenvalue of the validation loss' Hessian in log"
                  " p", missing=_UNDIAGNOSED),
    ),
)  # fmt: skip

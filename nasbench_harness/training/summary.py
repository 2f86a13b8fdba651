"""What `nasharness train` ends with: one row per architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nasbench_harness.store.outcomes import Status

if TYPE_CHECKING:
    import pandas as pd

_TABLE = ("table", "table_metric", "table_test_accuracy")
_VALIDATION = ("validated_on", "table_valid_metric", "table_valid_accuracy")


def summarise(trials: pd.DataFrame) -> list[dict[str, Any]]:
    """One row per architecture: mean and standard deviation over its finished seeds.

    Accuracies are percent and of the last epoch; the deviation is the sample's, NaN for one seed.
    Those on a validation part are there where some training has one beside its test part.
    """
    rows = []
    for (name, architecture), every in trials.groupby(["label", "architecture"], sort=False):
        done = every[every["status"] == Status.DONE]
        if done.empty:
            continue
        rows.append(
            {
                "label": name,
                "architecture": architecture,
                "seeds": len(done),
                "missing": len(every) - len(done),
                "test_accuracy_mean": float(done["test_accuracy"].mean()),
                "test_accuracy_std": float(done["test_accuracy"].std()),
                "best_test_accuracy_mean": float(done["best_test_accuracy"].mean()),
                "params": int(done["params"].iloc[0]),
                "flops": int(done["flops"].iloc[0]),
                "seconds_mean": float(done["seconds"].mean()),
                **{name: _known(done[name].iloc[0]) for name in _TABLE},
                **_validation(done),
            }
        )
    return rows


def _validation(done: pd.DataFrame) -> dict[str, Any]:
    if "valid_accuracy" not in done or done["valid_accuracy"].isna().all():
        return {}
    accuracies = done["valid_accuracy"]
    return {
        "valid_accuracy_mean": float(accuracies.mean()),
        "valid_accuracy_std": float(accuracies.std()),
        **{name: _known(done[name].iloc[0]) for name in _VALIDATION if name in done},
    }


def _known(value: Any) -> Any:
    """None for what a table of numbers holds as NaN."""
    return None if value != value else value  # noqa: PLR0124

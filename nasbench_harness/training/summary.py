"""What `nasharness train` ends with: one row per architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nasbench_harness.store.outcomes import Status

if TYPE_CHECKING:
    import pandas as pd

_TABLE = ("table", "table_metric", "table_test_accuracy")


def summarise(trials: pd.DataFrame) -> list[dict[str, Any]]:
    """One row per architecture: mean and standard deviation over its finished seeds.

    Accuracies are percent and of the last epoch; the deviation is the sample's, NaN for one seed.
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
            }
        )
    return rows


def _known(value: Any) -> Any:
    """None for what a table of numbers holds as NaN."""
    return None if value != value else value  # noqa: PLR0124

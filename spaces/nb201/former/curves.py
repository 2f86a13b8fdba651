"""Installed as `nasbench_harness.tables.nb201.curves`: forwards to `spaces.nb201.tables.curves`."""

import warnings

from nasbench_harness.spaces.nb201.tables.curves import CurveWriter, LearningCurves, curve

__all__ = ["CurveWriter", "LearningCurves", "curve"]

warnings.warn(
    "`nasbench_harness.tables.nb201.curves` is now `nasbench_harness.spaces.nb201.tables.curves`;"
    " the old name still works and will go in a later release.",
    DeprecationWarning,
    stacklevel=2,
)

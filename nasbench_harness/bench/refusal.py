"""What keeps a measurement from being made here, which is no fault of anything measured."""

from __future__ import annotations

from nasbench_harness.errors import HarnessError


class NotMeasurableError(HarnessError):
    """It cannot be measured here; the reason is told and the bench goes on."""

"""The error of everything that reads images."""

from __future__ import annotations

from nasbench_harness.errors import HarnessError


class ImageDataError(HarnessError):
    """Images that are not there, or are not what they should be."""

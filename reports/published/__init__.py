"""What others have published, and a study's results beside it.

Importing this package loads no pandas and no matplotlib.
"""

from __future__ import annotations

from nasbench_harness.reports.published.results import (
    Evidence,
    PublishedResult,
    Reference,
    UnknownResult,
    published,
    unknown,
)

__all__ = [
    "Evidence",
    "PublishedResult",
    "Reference",
    "UnknownResult",
    "published",
    "unknown",
]

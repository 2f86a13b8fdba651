"""How much a latency is measured over, by itself: options name it, and tables import much."""

from __future__ import annotations

LATENCY_BATCH, LATENCY_PASSES = 24, 10
"""As UNAS measures: the median of ten forward passes of 24 images."""

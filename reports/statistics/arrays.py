"""What every statistic is computed of, and what counts as equal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TOLERANCE = 1e-9
"""Differences below this many points are rounding."""

"""The built-in methods that search a landscape, for tests that all of them have to pass."""

from __future__ import annotations

PLAIN = (
    "betadarts", "darts", "dartspt", "drnas", "edas", "gdas", "monas", "radars", "random", "rea",
    "reinforce", "reinmax", "rsws", "snas", "twotemp", "unas",
)  # fmt: skip
ON_LANDSCAPES = (*PLAIN, "unas[cost=params,cost_target=0.3]")
"""With one that holds a cost."""

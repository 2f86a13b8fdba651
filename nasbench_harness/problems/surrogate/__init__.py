"""A fitted polynomial as an exact objective: what it says is predicted, and its error is known."""

from nasbench_harness.problems.surrogate.kind import KIND

__all__ = ["KIND"]

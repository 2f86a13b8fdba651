"""A complete table as an exact objective: the optimiser without the weight sharing."""

from nasbench_harness.problems.landscape.kind import KIND

__all__ = ["KIND"]

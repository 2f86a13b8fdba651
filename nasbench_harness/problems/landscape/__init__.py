"""A complete table as an exact objective: the optimiser without the weight sharing."""

from nasbench_harness.problems.landscape.objective import Landscape

__all__ = ["Landscape"]

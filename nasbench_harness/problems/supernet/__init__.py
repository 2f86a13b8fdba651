"""A supernet trained on images, in which all architectures share their weights."""

from nasbench_harness.problems.supernet.kind import KIND

__all__ = ["KIND"]

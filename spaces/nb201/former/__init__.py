"""Installed as `nasbench_harness.tables.nb201`, its place in 0.1.0: forwards to the new one."""

from nasbench_harness.spaces.nb201.tables import open_official

__all__ = ["open_official"]

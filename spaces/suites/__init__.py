"""The suites that come with the spaces, a file each."""

from pathlib import Path

from nasbench_harness.contracts import Suite
from nasbench_harness.fields.suites import read_suite

_HERE = Path(__file__).parent


def quick() -> Suite:
    """Every problem whose numbers come with the package."""
    return read_suite(_HERE / "quick.yaml")


def full() -> Suite:
    """Those, and all that `nasharness data` installs."""
    return read_suite(_HERE / "full.yaml")


def darts_bench() -> Suite:
    """The nine problems of DARTS-Bench-Suite, searched on images."""
    return read_suite(_HERE / "darts_bench.yaml")

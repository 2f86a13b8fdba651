"""Is what is installed here what a trial was planned with."""

from __future__ import annotations

from nasbench_harness import registry
from nasbench_harness.errors import HarnessError
from nasbench_harness.study.spec import TrialSpec


class OutdatedError(HarnessError):
    """A trial that another version of its method or space would end otherwise."""


def refuse_outdated(spec: TrialSpec) -> None:
    """OutdatedError where the trial would not be the planned one, naming both versions."""
    pairs = (
        (f"method `{spec.method}`", spec.method_version, registry.open_setup(spec.method)),
        (f"space `{spec.space}`", spec.space_version, registry.open_space(spec.space)),
    )
    for what, then, here in pairs:
        if (now := here.version) != then:
            raise OutdatedError(
                f"The {what} has version {now} here and the trial was planned with version {then},"
                " so that it would be another trial; install the release that planned it, or run"
                " the study anew into another --out."
            )


def outdated(spec: TrialSpec) -> str:
    """Why the trial cannot be run as it was planned; empty if it can."""
    try:
        refuse_outdated(spec)
    except HarnessError as error:
        return str(error)
    return ""

"""What runs: the contract of a job, and of the spec that it is opened from.

A search is a job, and so is the stand-alone training of one architecture. Whatever is one gets
lock, journal, checkpoints, resume and failures from the driver, and parallel processes from the
executors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field
from pkgutil import resolve_name
from typing import Any, ClassVar, Protocol, runtime_checkable

from nasbench_harness.hardware import Hardware

Row = dict[str, Any]
"""A line of a history: JSON values only, `seconds` (of running so far) among them."""


class Spec(Protocol):
    """Everything that the result of a job depends on; a frozen dataclass, which goes to workers."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    job: ClassVar[str]
    """`module:function` of what opens it: called with the spec and a `Hardware`, it gives a `Job`.
    Whoever plans or watches jobs need not import what they are made of."""

    younger: ClassVar[Sequence[str]]
    """Fields that earlier releases do not know; a plan has them where they are set."""
    counter: ClassVar[str]
    """Column of its history that counts steps, as `steps` does."""
    clock: ClassVar[str]
    """Column of its result with the seconds that it ran; in its history that is `seconds`."""

    @property
    def label(self) -> str:
        """The method of a search, the architecture of a training, as rows of tables name it."""

    @property
    def seed(self) -> int:
        """What its random generators begin with."""

    @property
    def trial_id(self) -> str:
        """Name of the job and of its folder; no other job has it."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what decides the result."""

    @property
    def steps(self) -> int:
        """How many steps it has, as `Job.step` counts them."""

    @property
    def interval(self) -> float:
        """Steps between two lines of its history."""

    @property
    def report_metric(self) -> str:
        """Column of history and result with the accuracy it is judged by, percent; what it misses
        to the best of a benchmark stands in `regret_<report_metric>`, where there is one."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Of the method, or of the training."""

    @property
    def changed(self) -> Mapping[str, Any]:
        """Settings that are not the recipe's."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """What it is beside its settings, for who looks on: names, seeds, versions."""

    @property
    def cohort(self) -> str:
        """The same for jobs that differ in their seed only and may be stepped as one; else ""."""

    @property
    def places(self) -> int:
        """Of the cohort that it is stepped in and never without, whoever else is in it.

        0: it may be stepped alone or with any number, and ends the same.
        """

    @property
    def place(self) -> int:
        """Among these, which no other of its cohort has; it follows from the spec alone."""


class Job(Protocol):
    """One job in progress; it knows nothing of files, other jobs, or who looks on."""

    lasting: bool
    """Do steps last so long that what was recorded is worth a checkpoint each time."""

    @property
    def step(self) -> int:
        """Steps done, as `Spec.steps` counts them."""

    @property
    def finished(self) -> bool:
        """Is nothing left to do but to ask for the result."""

    @property
    def share(self) -> float:
        """How much of it is done, from 0 to 1."""

    @property
    def place(self) -> str:
        """How far it is, in words: `at step 20`, `in epoch 3`."""

    def advance(self) -> bool:
        """Do the least that can be done and gone on from; True where `record` has a line to tell.

        The driver calls it until the job is finished, and may end between two calls.
        """

    def record(self) -> Row:
        """The line of the history that is due; HarnessError where the job has diverged."""

    def result(self, history: Callable[[], Sequence[Row]]) -> Row:
        """The final row: status, error and all there is to tell; `history` reads what was recorded.

        It holds the seconds that the job ran. Called once, of a finished job.
        """

    def state_dict(self) -> dict[str, Any]:
        """All that `load_state_dict` needs to go on bit for bit: tensors, numbers, texts, lists."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there; called of a job that was just opened."""


class JointJob(Protocol):
    """Several jobs at the same step, stepped as one; each tells its own lines, state and result."""

    def advance(self) -> bool:
        """`Job.advance` of all; True where every one's `record` has a line to tell."""

    def part(self) -> None:
        """Give each what is kept jointly, before anything but `record` is asked of it."""


@runtime_checkable
class JoinableJob(Protocol):
    """Capability of a job: steps together with others of its cohort, and no other result for it."""

    @property
    def joins(self) -> bool:
        """Can this one; the same for all of a cohort."""

    @classmethod
    def join(cls, jobs: Sequence[Any]) -> JointJob:
        """One job of all, which are of this class and at the same step."""


def open_job(spec: Spec, hardware: Hardware) -> Job:
    """The job of `spec` at its first step; HarnessError where it cannot run here."""
    job: Job = resolve_name(spec.job)(spec, hardware)
    return job

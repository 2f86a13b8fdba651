"""On which machines trials run, and what each takes of them: options of `run` and `resume`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from nasbench_harness.cli.app import finite
from nasbench_harness.cli.help import MACHINE
from nasbench_harness.errors import HarnessError, UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

    from nasbench_harness.hardware import Hardware
    from nasbench_harness.jobs.executors import Executor
    from nasbench_harness.jobs.executors.foreseen import HostBytes
    from nasbench_harness.jobs.executors.requests import Request
    from nasbench_harness.jobs.executors.slots import Slot
    from nasbench_harness.jobs.executors.slurm import SlurmExecutor
    from nasbench_harness.jobs.job import Spec

EXECUTORS = ("local", "ray", "slurm")
AUTO_COUNT = "auto"
_CLUSTERS = {"ray": "Ray", "slurm": "SLURM"}
_TAKEN_BY = {
    ("ray", "slurm"): ("cpus_per_trial", "gpus_per_trial", "memory_per_trial"),
    ("ray",): ("address",),
    ("slurm",): ("partition", "time", "account", "qos", "constraint"),
}
"""Options by the executors that take them."""


@dataclass(frozen=True)
class Executing:
    """Who runs trials."""

    executor: Annotated[
        str,
        typer.Option(
            help="local: processes of this machine; ray: tasks of a Ray cluster; slurm: SLURM's.",
            rich_help_panel=MACHINE,
            autocompletion=lambda: list(EXECUTORS),
        ),
    ] = "local"
    devices: Annotated[
        str | None,
        typer.Option(
            metavar="DEVICE,...",
            help="Run trials on several devices of this machine, as cuda:0,cuda:1.",
            show_default="--device",
            rich_help_panel=MACHINE,
        ),
    ] = None
    per_device: Annotated[
        str | None,
        typer.Option(
            metavar="N|auto",
            help="Trials at a time on each of --devices; auto: as many as its memory holds.",
            show_default="1",
            rich_help_panel=MACHINE,
        ),
    ] = None
    address: Annotated[
        str | None,
        typer.Option(
            help="Of the Ray cluster: HOST:PORT, auto (this machine's), or local (a new one).",
            show_default="auto",
            rich_help_panel=MACHINE,
        ),
    ] = None
    cpus_per_trial: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            callback=finite,
            help="CPUs that Ray or SLURM keeps for each trial.",
            show_default="--threads + --workers",
            rich_help_panel=MACHINE,
        ),
    ] = None
    gpus_per_trial: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            callback=finite,
            help="GPUs that Ray or SLURM keeps for each trial; with Ray 0.5: two share one.",
            show_default="0; 1 with --device cuda",
            rich_help_panel=MACHINE,
        ),
    ] = None
    memory_per_trial: Annotated[
        float | None,
        typer.Option(
            metavar="GB",
            min=0.01,
            callback=finite,
            help="Memory that Ray or SLURM keeps for each trial.",
            show_default="Ray: estimated; SLURM: the cluster's own",
            rich_help_panel=MACHINE,
        ),
    ] = None
    partition: Annotated[
        str | None,
        typer.Option(
            help="SLURM's partition.",
            show_default="the cluster's own",
            rich_help_panel=MACHINE,
        ),
    ] = None
    time: Annotated[
        str | None,
        typer.Option(
            help="How long a SLURM task may last before it is queued again: 4h, 90min, 1-12:00:00.",
            show_default="4h",
            rich_help_panel=MACHINE,
        ),
    ] = None
    account: Annotated[
        str | None,
        typer.Option(
            help="SLURM's account.", show_default="the user's own", rich_help_panel=MACHINE
        ),
    ] = None
    qos: Annotated[
        str | None,
        typer.Option(
            help="SLURM's quality of service.",
            show_default="the user's own",
            rich_help_panel=MACHINE,
        ),
    ] = None
    constraint: Annotated[
        str | None,
        typer.Option(
            help="Features of SLURM's nodes, as 'a100|h100'.",
            show_default="none",
            rich_help_panel=MACHINE,
        ),
    ] = None

    def check(self) -> None:
        """HarnessError for an executor that is not there, or options that it does not take."""
        if self.executor not in EXECUTORS:
            raise UnknownNameError("executor", self.executor, EXECUTORS)
        self._refuse_unused()
        for name in ("partition", "account", "qos", "constraint"):
            if getattr(self, name) == "":
                raise HarnessError(f"--{name} is empty; leave it out for the cluster's own.")
        if self.time is not None:
            from nasbench_harness.jobs.executors.batches import parse_minutes

            parse_minutes(self.time)
        if self.devices is not None and self.executor != "local":
            raise HarnessError(
                "--devices are those of this machine; clusters take --gpus-per-trial."
            )
        if self.per_device is not None and self.devices is None:
            raise HarnessError("--per-device needs --devices, as cuda:0,cuda:1.")
        self._count()

    @property
    def _fits(self) -> bool:
        """Is it to be found out how many run at a time."""
        return self.per_device == AUTO_COUNT

    def _count(self) -> int:
        """Trials at a time on a device; where that is to be found out, at least so many."""
        if self.per_device is None or self._fits:
            return 1
        if not (self.per_device.isascii() and self.per_device.isdigit() and int(self.per_device)):
            raise HarnessError(
                f"--per-device is a whole number of 1 or more, or auto; not `{self.per_device}`."
            )
        return int(self.per_device)

    def at_once(self, jobs: int | None) -> int | None:
        """How many trials run at a time, where that is not for this machine to say."""
        if jobs or self.executor != "slurm":
            return jobs
        from nasbench_harness.jobs.executors.slurm import TASKS

        return TASKS

    def as_many_as(self, jobs: int | None) -> str:
        """What says how many trials run at a time; empty where that is known before."""
        if self._fits:
            return "the memory of each device holds"
        if self.executor == "ray" and jobs is None:
            return "the cluster holds"
        return ""

    def script(
        self, hardware: Hardware, jobs: int | None, *, dry: bool = False
    ) -> Callable[[Sequence[Spec], Path], str] | None:
        """What tells the script that trials in a folder are submitted with, if one is.

        HarnessError where there is nobody to submit it to, which a `dry` run does not need.
        """
        return self.slurm(hardware, jobs, dry=dry).script if self.executor == "slurm" else None

    def _refuse_unused(self) -> None:
        """HarnessError for an option of another executor."""
        for takers, names in _TAKEN_BY.items():
            for name in names:
                if getattr(self, name) is None or self.executor in takers:
                    continue
                option = f"--{name.replace('_', '-')}"
                if self.executor != "local":
                    raise HarnessError(
                        f"{option} is not for {_CLUSTERS[self.executor]}; leave it out."
                    )
                titles = " and ".join(_CLUSTERS[taker] for taker in takers)
                raise HarnessError(
                    f"{option} is for {titles}; add --executor {takers[0]}, or leave it out."
                )

    def slots(self, hardware: Hardware, jobs: int | None) -> Sequence[Slot]:
        """Where trials run on several devices; empty where none were named.

        Where as many run as fit, one for each device.

        HarnessError for devices that are not there, and beside --device or --jobs.
        """
        from nasbench_harness.jobs.executors.slots import slots_on

        if self.devices is None:
            return ()
        if hardware.device != "auto" or jobs is not None:
            other = "--jobs" if jobs is not None else "--device"
            instead = "--per-device says how many run at a time" if jobs is not None else "give one"
            raise HarnessError(f"--devices does not go with {other}; {instead}.")
        names = [name.strip() for name in self.devices.split(",") if name.strip()]
        if not names:
            raise HarnessError("--devices names no device; write them as cuda:0,cuda:1.")
        return slots_on(names, self._count(), hardware)

    def make(
        self, search: str, hardware: Hardware, jobs: int | None, slots: Sequence[Slot],
        waiting: Callable[[], None],
    ) -> Executor:  # fmt: skip
        """What runs trials of such a search, `jobs` at a time, or where there is a slot."""
        from nasbench_harness.cli.console import note
        from nasbench_harness.jobs.executors.fitting import FittingExecutor
        from nasbench_harness.jobs.executors.local import LocalExecutor
        from nasbench_harness.problems.kinds import kind_of

        if self.executor == "ray":
            return self._ray(search, hardware, jobs, waiting)
        if self.executor == "slurm":
            return self.slurm(hardware, jobs, waiting=waiting)
        if slots and self._fits:
            names = [slot.hardware.device for slot in slots]
            return FittingExecutor(names, hardware, waiting=waiting, told=note)
        if slots:
            return LocalExecutor(slots=slots, waiting=waiting, told=note)
        processes = jobs or kind_of(search).processes(hardware)
        return LocalExecutor(processes, hardware, waiting=waiting, told=note)

    def _ray(
        self, search: str, hardware: Hardware, jobs: int | None, waiting: Callable[[], None]
    ) -> Executor:
        from nasbench_harness.cli.console import note
        from nasbench_harness.jobs.executors.clusters import AUTO
        from nasbench_harness.jobs.executors.ray import RayExecutor

        return RayExecutor(
            self._request(hardware), hardware, address=self.address or AUTO, jobs=jobs,
            host_bytes=host_bytes_of(search), waiting=waiting, told=note,
        )  # fmt: skip

    def asks(self, search: str, specs: Sequence[Spec], hardware: Hardware) -> str:
        """What is asked of a cluster for each of these trials of such a search, in words.

        Empty where they are processes of this machine.
        """
        from nasbench_harness.jobs.executors.foreseen import foreseen
        from nasbench_harness.jobs.executors.requests import placed

        if self.executor == "local":
            return ""
        request, host_bytes = self._request(hardware), host_bytes_of(search)
        there = placed(hardware, request, _CLUSTERS[self.executor])
        if request.memory_gb or host_bytes is None:
            return str(request)
        estimated, why = foreseen(request, specs, there, host_bytes)
        if why or self.executor == "ray":
            return f"{estimated}{', which is estimated' if estimated.memory_gb else ''}"
        return (
            f"{request}; memory as the cluster has it by default, of which a trial is estimated to"
            f" take {estimated.memory_gb:g} GB (--memory-per-trial {estimated.memory_gb:g})"
        )

    def slurm(
        self, hardware: Hardware, jobs: int | None, *, dry: bool = False,
        waiting: Callable[[], None] = lambda: None,
    ) -> SlurmExecutor:  # fmt: skip
        """What runs trials as SLURM jobs; `dry`: it only tells its script."""
        from nasbench_harness.jobs.executors.batches import (
            DEFAULT_MINUTES,
            Allocation,
            parse_minutes,
        )
        from nasbench_harness.jobs.executors.slurm import SlurmExecutor

        minutes = DEFAULT_MINUTES if self.time is None else parse_minutes(self.time)
        allocation = Allocation(minutes, self.partition, self.account, self.qos, self.constraint)
        return SlurmExecutor(
            self._request(hardware), hardware, allocation=allocation, jobs=jobs, dry=dry,
            waiting=waiting,
        )  # fmt: skip

    def _request(self, hardware: Hardware) -> Request:
        """What a trial asks of a cluster."""
        from nasbench_harness.jobs.executors.requests import Request

        gpus = self.gpus_per_trial
        if gpus is None:
            gpus = 1.0 if hardware.device == "cuda" else 0.0
        cpus = self.cpus_per_trial or float(hardware.threads + (hardware.workers or 0))
        return Request(cpus, gpus, self.memory_per_trial or 0.0)


def host_bytes_of(search: str) -> HostBytes | None:
    """What estimates the memory of such searches; None where their kind does not."""
    from nasbench_harness.contracts import HostMemory
    from nasbench_harness.problems.kinds import kind_of

    kind = kind_of(search)
    return kind.host_bytes if isinstance(kind, HostMemory) else None

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
    from nasbench_harness.hardware import Hardware
    from nasbench_harness.jobs.executors import Executor
    from nasbench_harness.jobs.executors.slots import Slot

EXECUTORS = ("local", "ray")


@dataclass(frozen=True)
class Executing:
    """Who runs trials."""

    executor: Annotated[
        str,
        typer.Option(
            help="local: processes of this machine; ray: tasks of a Ray cluster.",
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
        int | None,
        typer.Option(
            min=1,
            help="Trials at a time on each of --devices.",
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
            help="CPUs that Ray keeps for each trial.",
            show_default="--threads + --workers",
            rich_help_panel=MACHINE,
        ),
    ] = None
    gpus_per_trial: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            callback=finite,
            help="GPUs that Ray keeps for each trial; 0.5: two share one.",
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
            help="Memory that Ray keeps for each trial.",
            show_default="not counted",
            rich_help_panel=MACHINE,
        ),
    ] = None

    def check(self) -> None:
        """HarnessError for an executor that is not there, or options that it does not take."""
        if self.executor not in EXECUTORS:
            raise UnknownNameError("executor", self.executor, EXECUTORS)
        given = {
            "--address": self.address,
            "--cpus-per-trial": self.cpus_per_trial,
            "--gpus-per-trial": self.gpus_per_trial,
            "--memory-per-trial": self.memory_per_trial,
        }
        unused = [name for name, value in given.items() if value is not None]
        if unused and self.executor != "ray":
            raise HarnessError(f"{unused[0]} is for Ray; add --executor ray, or leave it out.")
        if self.devices is not None and self.executor != "local":
            raise HarnessError("--devices are those of this machine; Ray takes --gpus-per-trial.")
        if self.per_device is not None and self.devices is None:
            raise HarnessError("--per-device needs --devices, as cuda:0,cuda:1.")

    def slots(self, hardware: Hardware, jobs: int | None) -> Sequence[Slot]:
        """Where trials run on several devices; empty where none were named.

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
        return slots_on(names, self.per_device or 1, hardware)

    def make(
        self, search: str, hardware: Hardware, jobs: int | None, slots: Sequence[Slot],
        waiting: Callable[[], None],
    ) -> Executor:  # fmt: skip
        """What runs trials of such a search, `jobs` at a time, or where there is a slot."""
        from nasbench_harness.jobs.executors.local import LocalExecutor
        from nasbench_harness.problems.kinds import kind_of

        if self.executor == "ray":
            return self._ray(hardware, jobs, waiting)
        if slots:
            return LocalExecutor(slots=slots, waiting=waiting)
        processes = jobs or kind_of(search).processes(hardware)
        return LocalExecutor(processes, hardware, waiting=waiting)

    def _ray(self, hardware: Hardware, jobs: int | None, waiting: Callable[[], None]) -> Executor:
        from nasbench_harness.jobs.executors.clusters import AUTO
        from nasbench_harness.jobs.executors.ray import RayExecutor
        from nasbench_harness.jobs.executors.requests import Request

        gpus = self.gpus_per_trial
        if gpus is None:
            gpus = 1.0 if hardware.device == "cuda" else 0.0
        cpus = self.cpus_per_trial or float(hardware.threads + (hardware.workers or 0))
        request = Request(cpus, gpus, self.memory_per_trial or 0.0)
        address = self.address or AUTO
        return RayExecutor(request, hardware, address=address, jobs=jobs, waiting=waiting)

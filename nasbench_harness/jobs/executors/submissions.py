"""What commands that submit to a batch system leave in a study's folder for those after them."""

from __future__ import annotations

from pathlib import Path

from nasbench_harness.jobs.executors.queues import Queue
from nasbench_harness.jobs.executors.requests import ClusterError
from nasbench_harness.jobs.executors.tasks import QUEUE

FOLDER, PLAN = "slurm", "batch.json"
"""Beside the trials; and in it, for each submission, the list of its trials until it has ended."""


def refuse_submitted(folder: Path) -> None:
    """ClusterError where tasks may be at work on trials in `folder`: they would run twice."""
    for plan in folder.parent.glob(f"{FOLDER}/*/{PLAN}"):
        queue = plan.parent / QUEUE
        if queue.is_dir() and not Queue(queue, 0).stopped:
            raise ClusterError(
                f"SLURM may still run trials of {folder.parent}: go on with --executor slurm; or,"
                f" if `squeue` has none of them, remove {plan.parent}."
            )

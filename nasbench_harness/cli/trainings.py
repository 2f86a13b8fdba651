"""Trainings as commands ask for them, run them and tell that some are missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbench_harness.cli.options.training import Trained, TrainingMachine, TrainingOutput
from nasbench_harness.errors import ExitCode

if TYPE_CHECKING:
    from nasbench_harness.contracts import Architecture
    from nasbench_harness.training.planning import TrainingRequest
    from nasbench_harness.training.run import TrainingRun
    from nasbench_harness.watch.trackers import Tracker


def training_request(
    architectures: Sequence[Architecture], space: str, trained: Trained, machine: TrainingMachine
) -> TrainingRequest:
    """What the options ask for; HarnessError for what cannot be."""
    from nasbench_harness.images.layout import layout_called
    from nasbench_harness.study.notation import parse_pairs, parse_seeds
    from nasbench_harness.training.settings import find_recipe, network_space, recipe_settings

    builder = network_space(space)
    recipe = find_recipe(builder, trained.recipe)
    sets = parse_pairs(trained.sets or [], "--set")
    given: dict[str, Any] = {
        "settings": recipe_settings(builder, recipe, trained.settings, sets),
        "seeds": recipe.seeds if trained.seeds is None else parse_seeds(trained.seeds),
        "image_layout": layout_called(trained.image_layout),
        "image_size": trained.image_size,
        "stream": trained.stream,
        "hardware": machine.hardware,
    }
    # Only now, for it imports torch, and what is wrong above is told at once.
    from nasbench_harness.training.planning import TrainingRequest

    return TrainingRequest(
        space=space, architectures=architectures, dataset=trained.dataset, limit=trained.limit,
        **given,
    )  # fmt: skip


def run_trainings(
    request: TrainingRequest, folder: Path, jobs: int, asked: TrainingOutput
) -> tuple[TrainingRun, list[Tracker]]:
    """Run what is missing, with a progress bar."""
    from nasbench_harness.cli import console
    from nasbench_harness.cli.ending import tell_waiting
    from nasbench_harness.jobs.executors.local import LocalExecutor
    from nasbench_harness.training.run import train
    from nasbench_harness.watch.opening import open_trackers
    from nasbench_harness.watch.trackers import Listeners

    trackers = open_trackers(tensorboard=asked.tensorboard, mlflow=asked.mlflow)()
    executor = LocalExecutor(jobs, request.hardware, waiting=tell_waiting, told=console.note)
    with console.JobsProgress() as progress:
        listeners = Listeners([*trackers, progress])
        done = train(
            request, folder, executor,
            begin=listeners.begin, watch=listeners.watch, opened=console.tell_images,
        )  # fmt: skip
    return done, trackers


def tell_unfinished(done: TrainingRun) -> None:
    """Why some trainings have no result, and how to go on; nothing where all have."""
    from nasbench_harness.cli import console

    if done.exit_code is not ExitCode.DONE:
        why = "Interrupted" if done.interrupted else "Some trainings did not finish"
        console.out.print(
            f"{why}; what is done is kept. Run the same command again to go on.", soft_wrap=True
        )

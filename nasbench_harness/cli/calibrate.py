"""`nasharness calibrate`: does a small size of network rank architectures as a benchmark does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from nasbench_harness.cli.app import JsonOption, app
from nasbench_harness.cli.forecast import tell_dry_training
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.cli.notes import tell_repeated
from nasbench_harness.cli.options.calibrating import Sampled
from nasbench_harness.cli.options.grouped import grouped
from nasbench_harness.cli.options.running import DryRunOption
from nasbench_harness.cli.options.training import Trained, TrainingMachine, TrainingOutput
from nasbench_harness.cli.trainings import run_trainings, tell_unfinished, training_request

if TYPE_CHECKING:
    from nasbench_harness.contracts import Architecture, Benchmark, Metric
    from nasbench_harness.training.calibration import Calibration
    from nasbench_harness.training.planning import TrainingRequest
    from nasbench_harness.training.run import TrainingRun


@app.command(
    cls=Command,
    epilog=examples(
        "nasharness calibrate --dataset digits --width 4 --cells 1 --epochs 5 --seeds 1 --count 10",
        "nasharness calibrate --width 8 --cells 1 --epochs 20 --limit 10000 --split search",
    ),
)
@grouped
def calibrate(
    sampled: Sampled,
    trained: Trained,
    machine: TrainingMachine,
    *,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Does a small size rank architectures as the table does: train some of them alone at it.

    Random architectures, no two of them the same network, are trained as `nasharness train` does,
    at the width, cells, epochs and images that are given; of their accuracies and the table's
    Kendall's tau is told with its 95 % interval.

    The folder keeps it as calibration.json. Reports of searches on images in the same parent
    folder (`runs`) quote it where images, --limit, --width and --cells are the same.
    """
    from nasbench_harness.training.sampling import metric_of, sample, table_of
    from nasbench_harness.training.settings import network_space

    download = machine.download
    machine = replace(machine, download=download and not dry_run)
    network_space(sampled.space)
    table = table_of(sampled.space, sampled.table)
    metric = metric_of(table, trained.dataset, sampled.metric)
    values = sample(sampled.space, table, metric, sampled.count, sampled.seed)
    request = training_request(list(values), sampled.space, trained, machine)
    tell_repeated(trained.seeds)
    folder = sampled.out or Path("runs") / _folder_name(request)
    if dry_run:
        tell_dry_training(request, folder, machine.jobs, json=json, download=download)
        return
    done, _ = run_trainings(request, folder, machine.jobs, TrainingOutput())
    found = _calibration(done, request, values, (table, metric), sampled.seed)
    _tell(done, found, json=json)
    raise typer.Exit(int(done.exit_code))


def _folder_name(request: TrainingRequest) -> str:
    """As that of the trainings, and with the size that is asked about."""
    settings = request.settings
    name = request.folder_name.replace("train-", "calibrate-", 1)
    kept = "" if request.limit is None else f"-{request.limit}"
    return f"{name}-w{settings.width}-c{settings.cells}{kept}"


def _calibration(
    done: TrainingRun,
    request: TrainingRequest,
    values: Mapping[Architecture, float],
    judged: tuple[Benchmark, Metric],
    seed: int,
) -> Calibration | None:
    """What the trainings that were asked for say, kept in their folder; None unless all ended."""
    from nasbench_harness.reports.analysis.calibration import agreement
    from nasbench_harness.training.calibration import calibration_of, write_calibration

    by_text = {str(arch): value for arch, value in values.items()}
    specs = [
        spec
        for spec in done.trainings.specs
        if spec.architecture in by_text and spec.seed in (request.seeds or ())
    ]
    found = calibration_of(done.trials, specs, by_text, judged, seed)
    if found is None:
        return None
    columns = zip(*((one.accuracy, one.table) for one in found.architectures), strict=True)
    found = found.model_copy(update={"agreement": agreement(*map(list, columns))})
    write_calibration(done.trainings.folder, found)
    return found


def _tell(done: TrainingRun, found: Calibration | None, *, json: bool) -> None:
    """What a calibration ends with: the sample, tau, and how to go on."""
    from nasbench_harness.cli import console

    folder = done.trainings.folder
    if json:
        status = {str(name): count for name, count in done.counts().items()}
        told = None if found is None else found.model_dump(mode="json")
        console.print_json({"folder": folder, "status": status, "calibration": told})
        return
    if found is not None:
        _tell_found(found)
        console.out.print(f"\nCalibration: {folder / 'calibration.json'}", soft_wrap=True)
    console.out.print(f"Tables: {folder / 'trials.csv'}", soft_wrap=True)
    tell_unfinished(done)


def _tell_found(found: Calibration) -> None:
    from nasbench_harness.cli import console
    from nasbench_harness.reports.analysis.calibration import sentence
    from nasbench_harness.reports.words.marked import plain

    ranked = sorted(found.architectures, key=lambda one: -one.accuracy)
    rows = [(one.label, f"{one.accuracy:.2f}", f"{one.table:.2f}") for one in ranked]
    headings = ("cell", "accuracy (%)", found.metric)
    title = f"{found.space}, width {found.width}, cells {found.cells}, on {found.evaluated_on}"
    console.print_rows(title, headings, rows, numbers=(1, 2))
    console.out.print()
    console.say(plain(sentence(found)))

"""`nasharness train`: stand-alone training of single architectures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbench_harness import registry
from nasbench_harness.cli import completion
from nasbench_harness.cli.app import JsonOption, app
from nasbench_harness.cli.architectures import read_architecture
from nasbench_harness.cli.forecast import tell_dry_training
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.cli.notes import tell_repeated, tell_twins
from nasbench_harness.cli.options.grouped import grouped
from nasbench_harness.cli.options.running import DryRunOption
from nasbench_harness.cli.options.training import Trained, TrainingMachine, TrainingOutput
from nasbench_harness.cli.published import beside_trained, tell_trained, trained_records
from nasbench_harness.cli.trainings import run_trainings, tell_unfinished, training_request

if TYPE_CHECKING:
    from nasbench_harness.training.run import TrainingRun


@app.command(
    cls=Command,
    epilog=examples(
        "nasharness train 13714 9930 --dataset digits --epochs 5 --width 4 --cells 1 --seeds 1",
        "nasharness train '|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|' --epochs 200",
    ),
)
@grouped
def train(
    archs: Annotated[
        list[str], typer.Argument(metavar="ARCH", help="Architecture strings, or indices.")
    ],
    trained: Trained,
    machine: TrainingMachine,
    *,
    space: Annotated[
        str, typer.Option(help="Search space.", autocompletion=completion.names("spaces"))
    ] = registry.default_space(),
    asked: TrainingOutput,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Train architectures from scratch with a recipe of their space.

    Reported is the accuracy after the last epoch, mean and standard deviation over the seeds.

    A training that was stopped is gone on with: only what is missing runs, and architectures or
    seeds may be added.
    """
    from nasbench_harness.cli.ending import end_trackers, tell_untold
    from nasbench_harness.training.folder import untold

    download = machine.download
    machine = replace(machine, download=download and not dry_run)
    architectures = [read_architecture(space, text) for text in archs]
    request = training_request(architectures, space, trained, machine)
    tell_repeated(trained.seeds)
    tell_twins(archs, architectures)
    folder = asked.out or Path("runs") / request.folder_name
    if dry_run:
        tell_dry_training(request, folder, machine.jobs, json=json, download=download)
        return
    done, trackers = run_trainings(request, folder, machine.jobs, asked)
    _tell(done, json=json)
    tell_untold([untold(done.trainings)])
    end_trackers(trackers)
    raise typer.Exit(int(done.exit_code))


def _tell(done: TrainingRun, *, json: bool) -> None:
    """What a training ends with: the summary, and how to go on."""
    from nasbench_harness.cli import console
    from nasbench_harness.training.summary import summarise

    rows, beside = summarise(done.trials), beside_trained(done)
    if json:
        status = {str(name): count for name, count in done.counts().items()}
        told = {"folder": done.trainings.folder, "status": status, "summary": rows}
        console.print_json({**told, "published": trained_records(done, beside)})
        return
    if rows:
        valid = any("valid_accuracy_mean" in row for row in rows)
        headings = [
            "cell", "seeds", "accuracy (%)", "best epoch (%)", "params (M)", "multiply-adds (M)",
            "time (s)", "table (%)", *(("validation (%)", "its table (%)") if valid else ()),
            "architecture",
        ]  # fmt: skip
        last = len(headings) - 1
        cells = [_cells(row, valid=valid) for row in rows]
        console.print_rows(
            _title(done, rows), headings, cells, numbers=range(1, last), below=(last,)
        )
    tell_trained(rows, beside)
    console.out.print(f"\nTables: {done.trainings.folder / 'trials.csv'}", soft_wrap=True)
    tell_unfinished(done)


def _title(done: TrainingRun, rows: list[dict[str, Any]]) -> str:
    trial = done.trials[done.trials["status"] == "done"].iloc[0]
    epochs = "1 epoch" if trial["epochs"] == 1 else f"{trial['epochs']} epochs"
    title = (
        f"{trial['dataset']}, {epochs} on {trial['trained_on']}, accuracy after the last on"
        f" {trial['evaluated_on']}"
    )
    valid = next((row for row in rows if row.get("validated_on")), {})
    if valid:
        title += f", validation on {valid['validated_on']}"
    beside = next((row for row in rows if row["table"]), None)
    if not beside:
        return title
    columns = [beside["table_metric"], valid.get("table_valid_metric")]
    return f"{title}; table `{beside['table']}`, {' and '.join(filter(None, columns))}"


def _cells(row: Mapping[str, Any], *, valid: bool) -> list[str]:
    validation = [_spread(row, "valid_accuracy"), _percent(row.get("table_valid_accuracy"))]
    return [
        row["label"],
        f"{row['seeds']}" + (f" ({row['missing']} missing)" if row["missing"] else ""),
        _spread(row, "test_accuracy"),
        f"{row['best_test_accuracy_mean']:.2f}",
        f"{row['params'] / 1e6:.3f}",
        f"{row['flops'] / 1e6:.2f}",
        f"{row['seconds_mean']:.1f}",
        _percent(row["table_test_accuracy"]),
        *(validation if valid else ()),
        row["architecture"],
    ]


def _spread(row: Mapping[str, Any], name: str) -> str:
    """A mean over the seeds and its deviation, which one seed has none of; empty without one."""
    if f"{name}_mean" not in row:
        return ""
    deviation = row[f"{name}_std"]
    spread = "" if math.isnan(deviation) else f" (sd {deviation:.2f})"
    return f"{row[f'{name}_mean']:.2f}{spread}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"

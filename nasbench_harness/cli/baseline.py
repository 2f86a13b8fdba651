"""`nasharness baseline`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nasbench_harness.cli.app import JsonOption, app
from nasbench_harness.cli.help import Command, Group, examples

FEW_SEEDS = 10

baseline_app = typer.Typer(
    cls=Group,
    help="How good every method was: a small file to keep under version control.",
    no_args_is_help=True,
)
app.add_typer(baseline_app, name="baseline")

MarginOption = Annotated[
    list[str] | None,
    typer.Option(
        "--margin",
        help="Loss that is allowed: accuracy=0.2 (points; of every accuracy), COLUMN=0.3 (of one,"
        " in its unit), queries=5, peak_memory_mb=10 (percent), dynamics=1 (of every number that"
        " searches record on their way, either way; standard deviations of the baseline's seeds).",
        show_default="0.2 points, or the baseline's",
    ),
]


@baseline_app.command(
    cls=Command,
    epilog=examples("nasharness baseline save runs/unas-drnas-nb201 --to baselines/nb201.json"),
)
def save(
    studies: Annotated[list[Path], typer.Argument(metavar="RUN", help="Study folders.")],
    to: Annotated[Path, typer.Option("--to", help="The baseline to write.")],
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            help="A further accuracy to keep, with a regret or without, or a number recorded.",
            show_default="none",
        ),
    ] = None,
    margins: MarginOption = None,
    update: Annotated[
        bool, typer.Option("--update", help="Replace a baseline that is there; shows the diff.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Write a baseline: the value of every seed, with config, table and versions.

    Margins given here are kept in the baseline and hold for every check against it. Every trial
    must have a result. Twenty seeds find a loss of 0.5 points in most methods, of a loss that moves
    all seeds alike; `nasharness check --power` tells what yours can find. Of searches on images
    --metric takes what they end with inside their own network as well, oneshot_accuracy and
    oneshot_accuracy_mixture. Of a number that searches record on their way, such as entropy, it
    keeps the mean over the steps, and a check tells whether that moved.
    """
    from nasbench_harness.cli import console
    from nasbench_harness.reports.regression.baseline import Baseline, write_baseline
    from nasbench_harness.reports.regression.margins import check_margins
    from nasbench_harness.reports.regression.series import read_results
    from nasbench_harness.reports.words.marked import count

    results = read_results(studies, metrics or [])
    allowed = read_margins(margins)
    check_margins(allowed, {series.key.metric for series in results.series})
    changes = write_baseline(to, Baseline(results, allowed), update=update)
    tell_changes(to, changes, json=json)
    for note in results.notes:
        console.note(f"Note: {note}")
    fewest = min(len(series.values) for series in results.series)
    if fewest < FEW_SEEDS:
        console.note(
            f"{count(fewest, 'seed')} a method: small losses will stay open, also of a loss that"
            " moves all seeds alike; see `nasharness check --power`."
        )


def read_margins(texts: list[str] | None) -> dict[str, float]:
    """`accuracy=0.2` and the like, not yet checked."""
    from nasbench_harness.study.notation import parse_pairs

    return parse_pairs(texts or [], "--margin")


def tell_changes(path: Path, changes: list[str], *, json: bool) -> None:
    """The diff of a baseline that was written."""
    from nasbench_harness.cli import console

    if json:
        console.print_json({"baseline": path, "changes": changes})
        return
    for line in changes or ["(nothing changed)"]:
        console.say(line, indent=2)
    console.out.print(f"Baseline: {path}", markup=False, soft_wrap=True)

"""`nasharness evaluate`: a study's answers trained alone, beside random architectures."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbench_harness.cli.app import JsonOption, app
from nasbench_harness.cli.forecast import tell_dry_training
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.cli.notes import tell_repeated
from nasbench_harness.cli.options.evaluating import Drawn
from nasbench_harness.cli.options.grouped import grouped
from nasbench_harness.cli.options.running import DryRunOption
from nasbench_harness.cli.options.training import Trained, TrainingMachine, TrainingOutput
from nasbench_harness.cli.trainings import run_trainings, tell_unfinished, training_request

if TYPE_CHECKING:
    from nasbench_harness.store.studies import Study
    from nasbench_harness.training.evaluation import Candidate, Evaluation
    from nasbench_harness.training.run import TrainingRun


@app.command(
    cls=Command,
    epilog=examples(
        "nasharness evaluate runs/darts-drnas-darts --epochs 20 --width 8 --cells 5",
        "nasharness evaluate runs/unas --random 20 --seeds 3 --jobs 2",
    ),
)
@grouped
def evaluate(
    ctx: typer.Context,
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Study folder.")],
    drawn: Drawn,
    trained: Trained,
    machine: TrainingMachine,
    *,
    asked: TrainingOutput,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Train what a study found alone, beside random architectures of its space.

    Answers of a space without a benchmark can be compared in no other way. All are trained as
    `nasharness train` does, on the study's images unless --dataset says others; of every method is
    told how many random architectures its answers beat, and whether so few can tell.

    Run again with more --random, or after the study has more seeds, it trains what is missing.
    """
    from nasbench_harness.store.studies import open_study
    from nasbench_harness.training.evaluation import answers_of, architectures, draws

    study = open_study(run)
    download = machine.download
    machine = replace(machine, download=download and not dry_run)
    space = study.specs[0].space
    answers = [*answers_of(study), *draws(space, drawn.random, drawn.random_seed)]
    if not _given(ctx, "dataset"):
        trained = _on_its_images(study, trained)
    request = training_request(architectures(space, answers), space, trained, machine)
    tell_repeated(trained.seeds)
    folder = asked.out or Path("runs") / f"evaluate-{run.resolve().name}"
    if dry_run:
        tell_dry_training(request, folder, machine.jobs, json=json, download=download)
        return
    done, _ = run_trainings(request, folder, machine.jobs, asked)
    _tell(done, _evaluation(done, study, answers, drawn.random_seed), json=json)
    raise typer.Exit(int(done.exit_code))


def _on_its_images(study: Study, trained: Trained) -> Trained:
    """With the images that networks were trained on while searching, if any were."""
    spec = study.specs[0]
    if not spec.images:
        return trained
    return replace(
        trained,
        dataset=spec.images,
        image_layout=spec.image_layout or trained.image_layout,
        image_size=trained.image_size or spec.image_size,
        stream=spec.image_stream if trained.stream is None else trained.stream,
    )


def _given(ctx: typer.Context, option: str) -> bool:
    """Does the command line say anything of it."""
    source = ctx.get_parameter_source(option)
    return source is not None and source.name != "DEFAULT"


def _evaluation(
    done: TrainingRun, study: Study, answers: list[Candidate], random_seed: int
) -> Evaluation | None:
    """What the trainings say of the answers, kept in their folder; None unless all ended."""
    from nasbench_harness.training.evaluation import evaluation_of, failed_of, keep_evaluation

    wanted = {answer.architecture for answer in answers}
    specs = [spec for spec in done.trainings.specs if spec.architecture in wanted]
    found = evaluation_of(
        done.trials, specs, answers,
        study=study.folder.resolve().name, random_seed=random_seed, failed=failed_of(study),
    )  # fmt: skip
    return None if found is None else keep_evaluation(done.trainings.folder, found)


def _tell(done: TrainingRun, found: Evaluation | None, *, json: bool) -> None:
    """What an evaluation ends with: the ranks, what may be said of them, and how to go on."""
    from nasbench_harness.cli import console

    folder = done.trainings.folder
    if json:
        status = {str(name): count for name, count in done.counts().items()}
        console.print_json({"folder": folder, "status": status, **_as_json(found)})
        return
    if found is not None:
        _tell_found(found)
        console.out.print(f"\nEvaluation: {folder / 'evaluation.json'}", soft_wrap=True)
    console.out.print(f"Tables: {folder / 'trials.csv'}", soft_wrap=True)
    tell_unfinished(done)


def _as_json(found: Evaluation | None) -> dict[str, Any]:
    from nasbench_harness.reports.analysis.evaluation import ranked, sentences
    from nasbench_harness.reports.words.marked import plain

    if found is None:
        return {"evaluation": None}
    return {
        "evaluation": found.model_dump(mode="json"),
        "ranks": [asdict(one) for one in ranked(found)],
        "decision": [plain(sentence) for sentence in sentences(found)],
    }


def _tell_found(found: Evaluation) -> None:
    from nasbench_harness.cli import console
    from nasbench_harness.reports.analysis.evaluation import ranked, sentences
    from nasbench_harness.reports.words.marked import plain

    epochs = found.settings["epochs"]
    title = (
        f"Answers of {found.study} and random architectures of {found.space}, each trained alone:"
        f" {'1 epoch' if epochs == 1 else f'{epochs} epochs'} on {found.trained_on}, width"
        f" {found.settings['width']}, cells {found.settings['cells']}; accuracy after the last on"
        f" {found.evaluated_on}"
    )
    rows = [
        (
            one.method, str(one.answers), f"{one.mean:.2f}",
            "" if math.isnan(one.deviation) else f"{one.deviation:.2f}", f"{one.percentile:.0f}",
        )
        for one in ranked(found)
    ]  # fmt: skip
    headings = ("method", "answers", "accuracy (%)", "sd", "beats of the random (%)")
    console.print_rows(title, headings, rows, numbers=range(1, 5))
    console.out.print()
    for sentence in sentences(found):
        console.say(plain(sentence))

"""A study's answers trained alone beside random architectures: what is asked, and what is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nasbench_harness import registry
from nasbench_harness.contracts import Architecture, StandAloneAccuracy
from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.kinds import kind_of
from nasbench_harness.store.files import write_json
from nasbench_harness.store.outcomes import Status
from nasbench_harness.store.studies import Study, opened_tables
from nasbench_harness.study.config import BASELINE
from nasbench_harness.training.kept import Kept, accuracies_of, common, read_kept, rows_of

if TYPE_CHECKING:
    import pandas as pd

    from nasbench_harness.training.spec import TrainingSpec

FILE = "evaluation.json"
"""Its name in the folder of the trainings."""


class Candidate(Kept):
    """What one trial of the study found, or one random draw."""

    method: str
    """Its label; `random` of a draw."""
    seed: int | None
    """Of the trial; None of a draw."""
    architecture: str


class Evaluated(Candidate):
    """The same trained alone."""

    accuracies: Mapping[int, float]
    """Percent after the last epoch, by seed of the training."""
    accuracy: float
    """Their mean."""


class Evaluation(Kept):
    """Answers and draws trained alone, with all that their numbers depend on."""

    schema_version: Literal[1] = 1
    study: str
    """Name of the study's folder."""
    space: str
    space_version: str
    images: str
    image_digest: str
    limit: int | None
    """Training images that were kept; None: all."""
    trained_on: str
    evaluated_on: str
    settings: Mapping[str, Any]
    """How they were trained: `training.settings.TrainingSettings`."""
    random_seed: int
    seeds: Sequence[int]
    """Of the trainings."""
    answers: Sequence[Evaluated]
    failed: Mapping[str, Sequence[int]] = {}
    """Seeds of the study's trials that failed, by method: they count as the worst."""
    looks: Sequence[str] = ()
    """Digests of the results that were judged in this folder, in order; these are the last."""
    facts: Mapping[str, Any] = {}
    """Versions, machine, git commit and time."""

    @property
    def methods(self) -> list[str]:
        """Labels, the draws left out."""
        return [one for one in dict.fromkeys(a.method for a in self.answers) if one != BASELINE]

    def of(self, method: str) -> list[Evaluated]:
        """The answers of a method, or the draws."""
        return [answer for answer in self.answers if answer.method == method]

    @property
    def digest(self) -> str:
        """SHA-256 of what is judged."""
        judged = sorted(
            (one.method, -1 if one.seed is None else one.seed, one.architecture, one.accuracy)
            for one in self.answers
        )
        text = json.dumps([judged, {k: list(v) for k, v in sorted(self.failed.items())}])
        return hashlib.sha256(text.encode()).hexdigest()


def answers_of(study: Study) -> list[Candidate]:
    """What the finished trials of a study found; HarnessError where none has finished.

    `random` is among them where it draws one architecture without looking, which is a draw like
    any other; where it searches, it is left out.
    """
    trials, _ = opened_tables(study)
    rows = [row for row in trials.to_pylist() if row["status"] == Status.DONE]
    if not rows:
        raise HarnessError(
            f"No trial of the study in {study.folder} has finished, so it has no answers yet;"
            " `nasharness resume` goes on with it."
        )
    blind = StandAloneAccuracy not in kind_of(study.search).capabilities
    found = [
        Candidate(method=row["method"], seed=row["seed"], architecture=row["architecture"])
        for row in rows
        if blind or row["method"] != BASELINE
    ]
    if not any(answer.method != BASELINE for answer in found):
        raise HarnessError(
            f"No method but `{BASELINE}` has finished in {study.folder}; random architectures are"
            " drawn beside the answers, and are none themselves."
        )
    return found


def draws(space: str, number: int, seed: int) -> list[Candidate]:
    """So many architectures drawn without looking."""
    from nasbench_harness.training.sampling import blind_draws

    drawn = blind_draws(registry.open_space(space), number, seed)
    return [Candidate(method=BASELINE, seed=None, architecture=str(arch)) for arch in drawn]


def failed_of(study: Study) -> dict[str, list[int]]:
    """Seeds of trials that failed, by method."""
    found: dict[str, list[int]] = {}
    for row in opened_tables(study)[0].to_pylist():
        if row["status"] == Status.FAILED and row["method"] != BASELINE:
            found.setdefault(row["method"], []).append(row["seed"])
    return found


def architectures(space: str, answers: Sequence[Candidate]) -> list[Architecture]:
    """Each once, as the space reads them."""
    read = registry.open_space(space).parse
    return [read(text) for text in dict.fromkeys(answer.architecture for answer in answers)]


def evaluation_of(
    trials: pd.DataFrame,
    specs: Sequence[TrainingSpec],
    answers: Sequence[Candidate],
    **told: Any,
) -> Evaluation | None:
    """What the trainings of `specs` say of the answers; None unless all of them are done.

    `told` are the fields that trainings do not know.
    """
    if (rows := rows_of(trials, specs)) is None:
        return None
    evaluated = [
        Evaluated(**one.model_dump(), **accuracies_of(rows, one.architecture)) for one in answers
    ]
    return Evaluation(**common(specs, rows), answers=evaluated, **told)


def keep_evaluation(folder: Path, evaluation: Evaluation) -> Evaluation:
    """Keep it beside its trainings; returned with the looks that there were in this folder."""
    earlier = read_evaluation(folder / FILE)
    looks = [] if earlier is None else [*earlier.looks]
    digest = evaluation.digest
    if digest not in looks:
        looks.append(digest)
    kept = evaluation.model_copy(update={"looks": looks})
    write_json(folder / FILE, kept.model_dump(mode="json"))
    return kept


def read_evaluation(path: Path) -> Evaluation | None:
    """What is kept there; None where nothing is, or nothing that this release reads."""
    return read_kept(path, Evaluation)

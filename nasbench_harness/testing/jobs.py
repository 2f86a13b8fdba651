"""Do whole jobs run, go on after they were killed, and keep each other's company unchanged."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from nasbench_harness import registry
from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.cohort import run_cohort
from nasbench_harness.jobs.driver import Callbacks
from nasbench_harness.jobs.job import Spec
from nasbench_harness.store.files import read_json
from nasbench_harness.store.journals import read_journal
from nasbench_harness.store.outcomes import HISTORY, RESULT, Status
from nasbench_harness.store.studies import gather, plan_study, untold
from nasbench_harness.study.config import build_config, settled
from nasbench_harness.study.planning import plan
from nasbench_harness.training.planning import TrainingRequest
from nasbench_harness.training.planning import plan as plan_trainings
from nasbench_harness.training.settings import find_recipe, network_space, recipe_settings

SPENT = re.compile(r"cohort|(.*_)?(seconds|cpu_hours|gpu_days|memory_mb)")
"""Columns of what clock, memory and company decide, by their names."""
FEWEST = 3
"""Steps that a job needs, so that it can be stopped, and killed later."""


def check_study(methods: str, **options: Any) -> None:
    """Does a small study of installed plugins run, on the CPU, as `nasharness run` would run it.

        check_study("mine,rea", space="nb201", seeds=2, steps=20)

    `methods` and `options` are those of `nasbench_harness.run`: keys of a study file, so that
    `--width 4` is `network={"width": 4}`. It is planned; every trial ends,
    and ends the same after it was stopped, gone on with, killed and gone on with again
    (`check_jobs`); its tables are as the schema says, and every column in them is declared.
    """
    given = {"methods": methods, "random": False, **options}
    config = settled(build_config(None, given, []))
    specs = plan(config, Hardware("cpu"))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "study"
        study = plan_study(folder, config.model_dump(mode="json"), specs)
        for label in dict.fromkeys(spec.label for spec in specs):
            check_jobs([spec for spec in specs if spec.label == label], study.trials_folder)
        gather(study)
        assert not (told := untold(study)), told


def check_training(  # noqa: PLR0913 - what is trained, on what
    architecture: str,
    *,
    space: str,
    dataset: str,
    recipe: str | None = None,
    seed: int = 0,
    limit: int | None = None,
    **settings: Any,
) -> None:
    """Does a stand-alone training of an installed space run as `nasharness train` would run it.

        check_training("conv3/skip/pool", space="mine", dataset="digits", limit=120, epochs=2)

    On the CPU, by a recipe of the space (by default its first) with other `settings`. It ends the
    same after it was stopped, killed and gone on with (`check_jobs`).
    """
    builder = network_space(space)
    changed = recipe_settings(builder, find_recipe(builder, recipe), settings)
    arch = registry.open_space(space).parse(architecture)
    request = TrainingRequest(space, [arch], dataset, changed, [seed], limit, Hardware("cpu"))
    with tempfile.TemporaryDirectory() as place:
        check_jobs(plan_trainings(request).specs, Path(place))


def check_jobs(specs: Sequence[Spec], folder: Path) -> None:
    """Do jobs that differ in their seed only end the same whatever happens on the way.

    Each runs in `folder / trial_id`, which is not there yet, one after the other; then all of them
    as one, where they can be joined, and once more, stopped in the middle, gone on with, killed
    later, and gone on with. Histories and results are the same but for time and memory.
    """
    polls = [_run([spec], folder) for spec in specs]
    expected = [_told(folder, spec) for spec in specs]
    assert min(polls) >= FEWEST, f"a job of less than {FEWEST} steps tells nothing"
    with tempfile.TemporaryDirectory() as place:
        together, parts = Path(place) / "together", Path(place) / "parts"
        if len(specs) > 1:
            _run(specs, together)
            _compare(specs, together, expected, "that are stepped as one end as each does alone")
        first, later = max(1, polls[0] // 3), max(1, polls[0] // 3)
        _run(specs, parts, stop=lambda poll: poll >= first)
        _run(specs, parts, stop=_kill(later))
        _run(specs[1:] or specs, parts)  # of other company
        _run(specs, parts)
        _compare(specs, parts, expected, "that were stopped and killed end as if uninterrupted")


class _Killed(BaseException):
    """Nobody catches it, as nobody catches a killed process."""


def _kill(at: int) -> Callable[[int], bool]:
    def stop(poll: int) -> bool:
        if poll >= at:
            raise _Killed
        return False

    return stop


def _run(
    specs: Sequence[Spec], folder: Path, stop: Callable[[int], bool] = lambda poll: False
) -> int:
    """Run or go on; AssertionError where one fails. How often it was asked whether to stop."""
    polls = 0

    def stopped() -> bool:
        nonlocal polls
        polls += 1
        return stop(polls)

    callbacks = Callbacks(stopped=stopped)
    missing = [spec for spec in specs if not (folder / spec.trial_id / RESULT).exists()]
    try:
        outcomes = list(run_cohort(missing, folder, lambda spec: callbacks, Hardware("cpu")))
    except _Killed:
        return polls
    for spec in missing:
        if (path := folder / spec.trial_id / RESULT).exists():
            _forget_interruption(path)
    for outcome in outcomes:
        assert outcome.status != Status.FAILED, f"{outcome.trial_id} failed: {outcome.error}"
    return polls


def _forget_interruption(path: Path) -> None:
    """What was stopped has a result that says so, and is gone on with."""
    if read_json(path)["status"] == Status.INTERRUPTED:
        path.unlink()


def _told(folder: Path, spec: Spec) -> tuple[Any, Any]:
    """Result and history, without what was spent."""
    own = folder / spec.trial_id
    rows = (read_json(own / RESULT), *read_journal(own / HISTORY))
    result, *history = ({k: v for k, v in row.items() if not SPENT.fullmatch(k)} for row in rows)
    return result, history


def _compare(specs: Sequence[Spec], folder: Path, expected: Sequence[Any], what: str) -> None:
    for spec, (result, history) in zip(specs, expected, strict=True):
        found, steps = _told(folder, spec)
        for row, other in zip(history, steps, strict=False):
            changed = sorted(k for k in {*row, *other} if repr(row.get(k)) != repr(other.get(k)))
            assert not changed, f"jobs {what}: {spec.trial_id} differs in {', '.join(changed)}"
        assert len(history) == len(steps), f"jobs {what}: {spec.trial_id} has other steps"
        assert repr(result) == repr(found), f"jobs {what}: {spec.trial_id} has another result"

"""Supernets of several seeds trained as one wide network: what is lost, what is the same."""

from __future__ import annotations

import multiprocessing
import runpy
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from nasbench_harness import registry
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs import driver
from nasbench_harness.jobs.cohort import cohorts, joined, run_cohort
from nasbench_harness.jobs.driver import Callbacks, run_job
from nasbench_harness.jobs.executors.local import LocalExecutor
from nasbench_harness.jobs.executors.working import bury
from nasbench_harness.jobs.forecast import forecast
from nasbench_harness.jobs.job import open_job
from nasbench_harness.jobs.study import run_study
from nasbench_harness.problems.supernet.cohorts import empty_places
from nasbench_harness.problems.supernet.joint import JointSharing
from nasbench_harness.problems.supernet.kind import SupernetKind
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing
from nasbench_harness.store.checkpoints import CHECKPOINT
from nasbench_harness.store.files import read_json
from nasbench_harness.store.journals import read_journal
from nasbench_harness.store.outcomes import Status
from nasbench_harness.store.studies import planned_study, reproduce, write_study
from nasbench_harness.study.config import build_config
from nasbench_harness.study.notation import ConfigError
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec
from nasbench_harness.testing import check_study

TINY = {"width": 2, "cells": 1, "batch_size": 16}
SPENT = ("seconds", "search_seconds", "search_cpu_hours", "peak_memory_mb", "cohort")
CHILDREN = Path(__file__).parent / "killed_children.py"
CONTEXT = multiprocessing.get_context("forkserver")
CHOOSING = ("edas", "gdas", "reinmax", "unas")
BATCHED = ("betadarts", "darts", "dartsminus", "drnas", "fairdarts", "sdarts", "snas", *CHOOSING)
"""Of all methods with the settings that their quick recipe has on NAS-Bench-201."""


def config(methods: str = "darts", **given: Any) -> Any:
    values = {
        "methods": methods, "search": "supernet", "dataset": "digits", "recipe": "quick",
        "table": "analog", "seeds": "3", "epochs": 2, "limit": 120, "random": False,
        "network": TINY, "cohort": 3, **given,
    }  # fmt: skip
    return build_config(None, values, [])


def planned(methods: str = "darts", **given: Any) -> list[TrialSpec]:
    return plan(config(methods, **given))


def outcome_of(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Result and history without what the clock decides."""
    result, history = read_json(folder / "result.json"), read_journal(folder / "history.jsonl")
    for row in (result, *history):
        for name in SPENT:
            row.pop(name, None)
    return result, history


def run(specs: Sequence[TrialSpec], folder: Path) -> list[Any]:
    """The outcomes of all, which are done."""
    assert {outcome.status for outcome in run_cohort(specs, folder)} == {Status.DONE}
    return [outcome_of(folder / spec.trial_id) for spec in specs]


def stopped_at(step: int, specs: Sequence[TrialSpec], folder: Path) -> None:
    polls = 0

    def stopped() -> bool:
        nonlocal polls
        polls += 1
        return polls >= step

    ended = run_cohort(specs, folder, lambda spec: Callbacks(stopped=stopped))
    assert {outcome.status for outcome in ended} == {Status.INTERRUPTED}


class Doubled(WeightSharing):
    """In 64 bits, in which a sum in another order is hardly another one."""

    def advance(self) -> None:
        super().advance()
        for split, (images, labels) in self._batch.items():
            self._batch[split] = images.double(), labels

    def accuracy(self, candidate: Any, images: int) -> float:
        """Of no interest here, and images are of 32 bits there."""
        return 50.0


@pytest.fixture
def in_64_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = SupernetKind.open

    def doubled(*args: Any) -> WeightSharing:
        problem = opened(*args)
        assert isinstance(problem, WeightSharing)
        problem.__class__, problem.dtype = Doubled, torch.float64
        problem.supernet.double()
        problem._optimizer = problem._make_optimizer()
        return problem

    monkeypatch.setattr(SupernetKind, "open", doubled)


# --- what a trial is ---------------------------------------------------------------------------


@pytest.mark.usefixtures("in_64_bits")
@pytest.mark.parametrize("method", ["darts", "drnas", "snas", *CHOOSING])
def test_a_cohort_finds_what_its_seeds_find_alone(method: str, tmp_path: Path) -> None:
    together = run(planned(method), tmp_path / "together")
    singles = planned(method, cohort=None)
    for spec, (result, history) in zip(singles, together, strict=True):
        run_job(spec, tmp_path / spec.trial_id)
        wanted, lines = outcome_of(tmp_path / spec.trial_id)
        assert result["architecture"] == wanted["architecture"]
        assert len(history) == len(lines) > 1
        for ours, theirs in zip(history, lines, strict=True):
            assert ours.keys() == theirs.keys()
            for name, value in theirs.items():
                if isinstance(value, float):
                    near = 1e-5 if name.startswith("mean_train") else 1e-10  # kept in 32 bits
                    assert ours[name] == pytest.approx(value, rel=near), name


def test_only_those_of_a_cohort_are_other_trials() -> None:
    alone, two, three = (planned(cohort=places)[0] for places in (None, 2, 3))
    assert "cohort" not in alone.options
    assert len({alone.trial_id, two.trial_id, three.trial_id}) == 3
    assert (alone.places, two.places, three.places) == (0, 2, 3)


def test_what_trains_nothing_is_in_none() -> None:
    specs = planned(random=True, seeds="2")
    assert {spec.method: spec.places for spec in specs} == {"darts": 3, "random": 0}


def test_the_command_of_a_trial_plans_it_again() -> None:
    (spec, *_) = planned()
    assert "--cohort 3" in reproduce(spec)


def test_results_tell_the_places_and_who_shared_the_time(tmp_path: Path) -> None:
    done = run_study(config(seeds="4"), tmp_path / "study", LocalExecutor(1))
    assert done.counts() == {Status.DONE: 4}
    assert list(done.trials["planned_cohort"]) == [3] * 4
    assert sorted(done.trials["cohort"]) == [1, 3, 3, 3]


def test_a_study_grows_by_seeds_and_not_by_other_places(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    first = planned_study(folder, config(seeds="2").model_dump(mode="json"), planned(seeds="2"))
    folder.mkdir()
    write_study(first)
    more = config(seeds="5")
    grown = planned_study(folder, more.model_dump(mode="json"), plan(more))
    assert [spec.trial_id for spec in grown.specs] == [s.trial_id for s in planned(seeds="5")]
    for places in (None, 4):
        other = config(cohort=places)
        with pytest.raises(HarnessError, match="holds a study with cohort = 3"):
            planned_study(folder, other.model_dump(mode="json"), plan(other))


# --- whoever else is there ---------------------------------------------------------------------


@pytest.mark.parametrize("method", ["darts", *CHOOSING])
def test_companions_change_no_bit(method: str, tmp_path: Path) -> None:
    """Nor that there are none, as where the others have ended before; whatever they choose."""
    specs = planned(method)
    first, second, third = run(specs, tmp_path / "three")
    assert run([specs[2], specs[0]], tmp_path / "two") == [third, first]
    assert run([specs[1]], tmp_path / "one") == [second]


def test_seeds_have_the_place_of_their_remainder() -> None:
    """So that it follows from the trial, whatever other seeds there are."""
    found = cohorts(planned(seeds="0-3,5-6,9,12"), 1)
    assert [[spec.seed for spec in cohort] for cohort in found] == [
        [0, 1, 2], [3, 5], [6], [9], [12],
    ]  # fmt: skip


def test_cohorts_are_filled_and_not_shared_out() -> None:
    specs = planned("darts,drnas", seeds="7")
    found = cohorts(specs, 4)
    assert [len(cohort) for cohort in found] == [3, 3, 1] * 2
    assert [len({spec.method for spec in cohort}) for cohort in found] == [1] * 6


ADAM = "unas[recipe=nb201,warmup_epochs=0]"
"""As published, by which the network's weights go too."""


@pytest.mark.parametrize("method", ["darts", "drnas", "edas", "gdas", "unas", ADAM])
def test_stopped_and_gone_on_with(method: str, tmp_path: Path) -> None:
    """Also where one was further than the others, and they have to catch up."""
    specs = planned(method, network={**TINY, "train_share": 0.5})
    expected = run(specs, tmp_path / "whole")
    stopped_at(2, specs, tmp_path / "parts")
    stopped_at(2, specs[:1], tmp_path / "parts")
    assert run(specs, tmp_path / "parts") == expected


def test_diagnosed_cohorts_go_on_as_if_not_asked(tmp_path: Path) -> None:
    expected = run(planned(), tmp_path / "plain")
    diagnosed = run(planned(diagnose_every=1), tmp_path / "diagnosed")
    assert [result for result, _ in diagnosed] == [result for result, _ in expected]
    assert all("kendall_tau" in line for _, lines in diagnosed for line in lines)


def test_a_killed_cohort_goes_on(tmp_path: Path) -> None:
    """SIGKILL in the middle of a step, or between the checkpoints of two trials."""
    specs = planned()
    expected = run(specs, tmp_path / "whole")
    folder = tmp_path / "parts"
    folder.mkdir()
    for child, moment in (("cohort_killed_at_step", 3), ("cohort_killed_at_sync", 10)):
        asked = {"SPEC": specs, "FOLDER": folder, "MOMENT": moment, "CHILD": child}
        process = CONTEXT.Process(target=runpy.run_path, args=(str(CHILDREN), asked))
        process.start()
        process.join(120)
        assert process.exitcode == -signal.SIGKILL
    assert run(specs, folder) == expected


def test_a_checkpoint_holds_one_trial_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose weights lie in one memory with those of the others."""
    monkeypatch.setattr(driver, "CHECKPOINT_SECONDS", 0.0)
    sizes = []
    for places in (2, 8):
        (spec,) = planned(cohort=places, seeds="0,")
        stopped_at(2, [spec], tmp_path / str(places))
        sizes.append((tmp_path / str(places) / spec.trial_id / CHECKPOINT).stat().st_size)
    assert sizes[0] == pytest.approx(sizes[1], rel=0.02)


def test_the_kit_finds_nothing() -> None:
    """Stopped, killed and gone on with in other company."""
    check_study(
        "fairdarts[recipe=quick]", dataset="digits", search="supernet", seeds=3, cohort=4, epochs=2,
        limit=60, network={"width": 2, "cells": 1, "batch_size": 10}, table="analog",
    )  # fmt: skip


def test_a_whole_step_of_eight_dispatches_a_fifth_for_each() -> None:
    """With batches, of 64 as recipes have them, augmentation and both updates."""
    counts, asked = [], {"network": {**TINY, "batch_size": 64}, "limit": None}
    for places in (None, 8):
        specs = planned(cohort=places, seeds=str(places or 1), **asked)
        jobs = [open_job(spec, Hardware()) for spec in specs]
        step = joined(jobs).advance if places else jobs[0].advance
        step()  # momenta are there
        with Counting() as mode:
            step()
        counts.append(mode.count / len(jobs))
    assert 5 * counts[1] <= counts[0]


class Counting(TorchDispatchMode):
    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += 1
        return func(*args, **(kwargs or {}))


# --- what goes wrong ---------------------------------------------------------------------------


def test_a_trial_that_diverges_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    specs = planned()
    expected = run(specs, tmp_path / "whole")
    step, steps = JointSharing._losses, 0

    def spoilt(self: JointSharing, weights: Tensor, *rest: Any) -> tuple[Tensor, Tensor]:
        nonlocal steps
        steps += 1
        factors = weights.new_ones(len(weights), 1)
        factors[1] = float("nan") if steps == 2 else 1.0
        losses, logits = step(self, weights, *rest)
        return losses * factors, logits

    monkeypatch.setattr(JointSharing, "_losses", spoilt)
    ended = {outcome.trial_id: outcome for outcome in run_cohort(specs, tmp_path / "parts")}
    told = ended[specs[1].trial_id]
    assert told.status is Status.FAILED
    assert "no finite number" in told.error
    for spec, outcome in zip(specs[::2], expected[::2], strict=True):
        assert ended[spec.trial_id].status is Status.DONE
        assert outcome_of(tmp_path / "parts" / spec.trial_id) == outcome


def test_a_step_that_fails_is_told_of_all_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    specs = planned()
    expected = run(specs, tmp_path / "whole")
    stopped_at(3, specs, tmp_path / "parts")

    def broken(*_: Any) -> Any:
        raise RuntimeError("CUDA out of memory. Tried to allocate 8.00 GiB")

    with monkeypatch.context() as patch:
        patch.setattr(JointSharing, "fit", broken)
        ended = list(run_cohort(specs, tmp_path / "parts"))
    assert [outcome.status for outcome in ended] == [Status.FAILED] * 3
    assert {outcome.error for outcome in ended} == {ended[0].error}
    assert re_says(ended[0].error, "cohort of 3", "Out of memory", "--cohort", "resume")
    assert all((tmp_path / "parts" / spec.trial_id / CHECKPOINT).exists() for spec in specs)
    assert run(specs, tmp_path / "parts") == expected


def re_says(text: str, *parts: str) -> bool:
    return all(part in text for part in parts)


def test_a_worker_that_died_takes_its_cohort_along(tmp_path: Path) -> None:
    specs = planned()
    for spec in specs:
        (tmp_path / spec.trial_id).mkdir()
    again, failed = bury(specs, tmp_path, "The worker process was killed.")
    assert (again, [outcome.trial_id for outcome in failed]) == ([], [s.trial_id for s in specs])
    assert re_says(failed[0].error, "killed", "cohort of 3", "--cohort")
    assert bury(specs, tmp_path, "", leaving=True) == ([specs], [])


def test_one_that_cannot_be_opened_fails_by_itself(tmp_path: Path) -> None:
    specs = planned()
    broken = tmp_path / specs[0].trial_id / CHECKPOINT
    broken.parent.mkdir()
    broken.write_bytes(b"damaged")
    ended = {outcome.trial_id: outcome for outcome in run_cohort(specs, tmp_path)}
    assert ended[specs[0].trial_id].status is Status.FAILED
    assert [ended[spec.trial_id].status for spec in specs[1:]] == [Status.DONE] * 2


def test_a_trial_is_never_stepped_out_of_its_cohort(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SupernetKind, "joins", lambda self, problem: False)
    (outcome, *_) = run_cohort(planned(), tmp_path)
    assert outcome.status is Status.FAILED
    assert "planned as one of a cohort" in outcome.error
    outcome = run_job(planned()[0], tmp_path / "alone")
    assert outcome.status is Status.FAILED
    assert "planned as one of a cohort" in outcome.error


def test_a_forecast_measures_the_wide_network() -> None:
    specs = planned(seeds="4")
    told = forecast(specs, 1, Hardware("cpu"), seconds=0.5)
    assert told.paces["darts"].fault == ""
    assert told.seconds is not None
    assert told.paces["darts"].seconds is not None
    assert told.seconds == pytest.approx(6 * told.paces["darts"].seconds)


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        ("0-2", ""),
        ("1-6", ""),
        ("4", "2 networks of 3, 2 stay empty with 4 seeds"),
        ("0,3,6,", "3 networks of 3, 6 stay empty with 3 seeds"),
        ("1,2,", "1 network of 3, 1 stays empty with 2 seeds"),
    ],
)
def test_empty_places_are_told(seeds: str, said: str) -> None:
    told = empty_places(planned("darts,drnas", seeds=seeds))
    assert said in told
    assert bool(told) == bool(said)


# --- what is refused before anything runs ------------------------------------------------------


def quick(method: str) -> str:
    """A recipe that the method has there."""
    return method if "quick" in registry.open_setup(method).recipes else f"{method}[recipe=paper]"


@pytest.mark.parametrize("method", sorted({*registry.methods.names()} - {"random"}))
def test_every_method_is_joined_or_refused_by_its_name(method: str) -> None:
    asked: dict[str, Any] = {"epochs": 20, "network": {**TINY, "width": 4}}
    if method in BATCHED:
        assert {spec.places for spec in planned(quick(method), **asked)} == {3}
        return
    refused = f"(Seeds of )?`{method}` .*(leave `--cohort`|leave the method out)"
    with pytest.raises(ConfigError, match=refused):
        planned(quick(method), **asked)


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("darts[order=second]", "needs unrolled gradient"),
        ("drnas[partial_channels=2]", "needs partial channels"),
        ("drnas[excluded=[none]]", "not run all options"),
        ("betadarts[edge_normalisation=true]", "needs edge weights"),
        ("betadarts[stop_above_skips=2]", "cannot step several"),
        ("darts,gdas[unchosen=none]", "`gdas` .* makes no step where"),
        ("unas[sample_per=example]", "`unas` .* an architecture for every example"),
        ("unas[cost=params]", "`unas` .* cannot step several"),
        ("unas[arch_samples=2]", "`unas` .* cannot step several"),
        ("edas[entropy_weight=0]", "`edas` .* makes no step where"),
        ("rsws", "`rsws` .* cannot step several"),
    ],
)
def test_the_reason_is_told(method: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        planned(method)


def test_what_a_wide_network_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"--cohort.*`bf16`"):
        planned(network={**TINY, "precision": "bf16"})
    with pytest.raises(ConfigError, match="supernets of `darts` cannot be trained as one"):
        planned(space="darts", table="none")
    with pytest.raises(ConfigError, match="not compiled"):
        plan(config(), Hardware(compile="graph"))


@pytest.mark.parametrize("places", [1, 0, 65])
def test_other_numbers_are_none(places: int) -> None:
    with pytest.raises(HarnessError, match="cohort"):
        config(cohort=places)


def test_on_a_table_seeds_are_stepped_together_anyway() -> None:
    with pytest.raises(HarnessError, match=r"together by themselves.*leave `--cohort` out"):
        plan(build_config(None, {"methods": "darts", "cohort": 8}, []))

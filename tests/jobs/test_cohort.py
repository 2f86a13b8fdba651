"""Trials stepped as one end as each ends alone, bit for bit, whatever becomes of the others."""

from __future__ import annotations

import multiprocessing
import random
import runpy
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from nasbench_harness.jobs import driver
from nasbench_harness.jobs.cohort import LARGEST, cohorts, run_cohort
from nasbench_harness.jobs.driver import Callbacks, run_job
from nasbench_harness.jobs.job import Spec
from nasbench_harness.jobs.search import SearchJob
from nasbench_harness.methods.darts import DARTS
from nasbench_harness.problems.landscape.joint import JointLandscape
from nasbench_harness.store.checkpoints import CHECKPOINT
from nasbench_harness.store.files import read_json
from nasbench_harness.store.journals import read_journal
from nasbench_harness.store.outcomes import Status
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec

STEPS = 40
BATCHED = (
    "darts", "darts[order=second,weight_decay=0.01]",
    "drnas", "drnas[anchor=kl,scores=mean,concentration_floor=0.1]", "drnas[warmup_epochs=20]",
    "unas", "unas[control_variate=baseline,sample_per=batch]",
    "edas", "edas[edge_policy=uniform,clamp=argmax,learning_rate=0.3]",
    "edas[edge_policy=entropy,entropy_weight=0.1,warmup_fraction=0.2,weight_decay=0.1]",
    "edas[clamp=eps_argmax,clamp_temperature_start=2.0,clamp_temperature_end=0.5]",
    "edas[skip_drop=0.3,log_relax_gap=true,init_scale=0.1]",
    "unas[gap=batch_mean,probability_floor=0.1,entropy_weight=0.1,least_weight=0.05]",
    "gdas", "gdas[unchosen=none,arch_before_weight=true,temperature_start=1.0]",
    "reinmax", "reinmax[estimator=straight_through,temperature_start=3.0]",
    "snas", "snas[levels=single,clip_norm=0.01]",
)  # fmt: skip
ALONE = ("random", "rea", "unas[cost=params,cost_target=0.3]", "drnas[kept_options=3]")
CHILDREN = Path(__file__).parent / "killed_children.py"
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["torch", "torch._dynamo", "nasbench_harness.jobs.cohort"])


def planned(method: str, seeds: str = "5", **given: Any) -> list[TrialSpec]:
    asked = {"methods": method, "seeds": seeds, "steps": STEPS, "random": False, **given}
    return plan(build_config(None, asked, []))


def outcome_of(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Result and history without what the clock decides."""
    result, history = read_json(folder / "result.json"), read_journal(folder / "history.jsonl")
    for row in (result, *history):
        for name in ("seconds", "search_seconds", "cohort"):
            row.pop(name, None)
    return result, history


def alone(specs: Sequence[Spec], folder: Path) -> Path:
    for spec in specs:
        run_job(spec, folder / spec.trial_id)
    return folder


def assert_equal(specs: Sequence[Spec], folder: Path, other: Path) -> None:
    for spec in specs:
        assert outcome_of(folder / spec.trial_id) == outcome_of(other / spec.trial_id), spec


def opened(spec: Spec) -> SearchJob:
    from nasbench_harness.hardware import Hardware
    from nasbench_harness.jobs.job import open_job

    job = open_job(spec, Hardware())
    assert isinstance(job, SearchJob)
    return job


class Batched(NamedTuple):
    """Five trials that can be joined, and where each has run alone."""

    specs: list[TrialSpec]
    expected: Path


@pytest.fixture(scope="module", params=BATCHED)
def batched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Batched:
    specs = planned(request.param)
    assert opened(specs[0]).joins
    return Batched(specs, alone(specs, tmp_path_factory.mktemp("alone")))


def test_results_do_not_depend_on_companions(batched: Batched, tmp_path: Path) -> None:
    """Nor on how many there are, nor on the place among them."""
    specs, expected = batched
    assert {o.status for o in run_cohort(specs, tmp_path / "five")} == {Status.DONE}
    list(run_cohort([specs[3], specs[1]], tmp_path / "two"))
    assert_equal(specs, tmp_path / "five", expected)
    assert_equal([specs[3], specs[1]], tmp_path / "two", expected)


@pytest.mark.parametrize("method", BATCHED)
def test_noise_is_a_trial_s_own(method: str, tmp_path: Path) -> None:
    """Whoever is beside it, at whatever place."""
    specs = planned(method, "3", noise=0.5)
    expected = alone(specs, tmp_path / "alone")
    assert {o.status for o in run_cohort(specs, tmp_path / "three")} == {Status.DONE}
    list(run_cohort([specs[2], specs[1]], tmp_path / "two"))
    assert_equal(specs, tmp_path / "three", expected)
    assert_equal([specs[2], specs[1]], tmp_path / "two", expected)


@pytest.mark.parametrize("method", ["darts", "drnas", "edas", "gdas", "reinmax", "snas", "unas"])
def test_every_lane_of_a_large_cohort_is_as_alone(method: str, tmp_path: Path) -> None:
    specs = planned(method, str(LARGEST), steps=6)
    list(run_cohort(specs, tmp_path / "cohort"))
    assert_equal(specs, tmp_path / "cohort", alone(specs, tmp_path / "alone"))


@pytest.mark.parametrize("method", ALONE)
def test_what_cannot_be_joined_runs_one_by_one(method: str, tmp_path: Path) -> None:
    specs = planned(method, "2")
    assert not opened(specs[0]).joins
    ended = list(run_cohort(specs, tmp_path / "cohort"))
    assert [outcome.status for outcome in ended] == [Status.DONE] * 2
    assert_equal(specs, tmp_path / "cohort", alone(specs, tmp_path / "alone"))


def test_a_method_that_changes_a_batched_one_is_not_batched() -> None:
    class Changed(DARTS):
        pass

    assert DARTS.joins(DARTS.Settings())
    assert not Changed.joins(DARTS.Settings())


@pytest.mark.parametrize("method", ["darts", "edas", "unas"])
def test_diagnosed_cohorts_go_on_as_if_not_asked(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also from a checkpoint that was written after the diagnosis."""
    specs = planned(method, "3", diagnose_every=15)
    expected = alone(specs, tmp_path / "alone")
    monkeypatch.setattr(driver, "CHECKPOINT_SECONDS", 0.0)
    stopped_at(31, specs, tmp_path / "cohort")
    list(run_cohort(specs, tmp_path / "cohort"))
    assert_equal(specs, tmp_path / "cohort", expected)


def stopped_at(step: int, specs: Sequence[Spec], folder: Path) -> None:
    polls = 0

    def stopped() -> bool:
        nonlocal polls
        polls += 1
        return polls >= step

    list(run_cohort(specs, folder, lambda spec: Callbacks(stopped=stopped)))


def test_stopped_and_gone_on_with_in_other_company(batched: Batched, tmp_path: Path) -> None:
    specs, expected = batched
    stopped_at(23, specs, tmp_path / "parts")
    statuses = [read_json(tmp_path / "parts" / s.trial_id / "result.json") for s in specs]
    assert {row["status"] for row in statuses} == {Status.INTERRUPTED}
    stopped_at(9, specs[:2], tmp_path / "parts")
    run_job(specs[4], tmp_path / "parts" / specs[4].trial_id)
    list(run_cohort(specs[:4], tmp_path / "parts"))
    assert_equal(specs, tmp_path / "parts", expected)


def test_results_tell_how_many_shared_their_seconds(tmp_path: Path) -> None:
    """The most of them at once, also where a trial went on in other company."""
    specs = planned("darts", "4")
    stopped_at(23, specs[:3], tmp_path)
    list(run_cohort(specs[:2], tmp_path))
    for spec in specs[2:]:
        run_job(spec, tmp_path / spec.trial_id)
    told = [read_json(tmp_path / spec.trial_id / "result.json")["cohort"] for spec in specs]
    assert told == [3, 3, 3, 1]


@pytest.mark.parametrize("method", ["darts", "drnas", "edas", "unas"])
def test_checkpoints_are_those_of_single_trials(method: str, tmp_path: Path) -> None:
    specs = planned(method, "3")
    stopped_at(23, specs, tmp_path / "cohort")
    for spec in specs:
        stopped_at(23, [spec], tmp_path / "alone")
        states = [
            torch.load(tmp_path / name / spec.trial_id / CHECKPOINT, weights_only=True)
            for name in ("cohort", "alone")
        ]
        for state in states:
            del state["seconds"], state["cohort"]
        assert plain(states[0]) == plain(states[1])


def plain(state: Any) -> Any:
    """The same with lists for tensors, which compare exactly."""
    if isinstance(state, dict):
        return {name: plain(value) for name, value in state.items()}
    if isinstance(state, list | tuple):
        return [plain(value) for value in state]
    return state.tolist() if isinstance(state, torch.Tensor) else state


def test_a_trial_that_diverges_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    specs = planned("darts")
    expected = alone(specs, tmp_path / "alone")
    losses, steps = JointLandscape.losses, 0

    def spoilt(self: JointLandscape, weights: Any, *rest: Any) -> Any:
        nonlocal steps
        steps += 1
        factors = weights.new_ones(len(weights), 1)
        factors[1] = float("nan") if steps == 20 else 1.0
        return losses(self, weights, *rest) * factors

    monkeypatch.setattr(JointLandscape, "losses", spoilt)
    ended = {outcome.trial_id: outcome for outcome in run_cohort(specs, tmp_path / "cohort")}
    assert ended[specs[1].trial_id].status is Status.FAILED
    assert "not finite" in ended[specs[1].trial_id].error
    others = [spec for spec in specs if spec is not specs[1]]
    assert {ended[spec.trial_id].status for spec in others} == {Status.DONE}
    assert_equal(others, tmp_path / "cohort", expected)


def test_a_step_that_fails_for_all_is_repeated_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    specs = planned("drnas", "3")

    def broken(*_: Any) -> Any:
        raise RuntimeError("of one of them")

    with monkeypatch.context() as patch:
        patch.setattr(JointLandscape, "losses", broken)
        ended = list(run_cohort(specs, tmp_path / "cohort"))
    assert [outcome.status for outcome in ended] == [Status.DONE] * 3
    assert_equal(specs, tmp_path / "cohort", alone(specs, tmp_path / "alone"))


def test_one_that_cannot_be_opened_fails_by_itself(tmp_path: Path) -> None:
    specs = planned("darts", "3")
    broken = tmp_path / specs[0].trial_id / CHECKPOINT
    broken.parent.mkdir()
    broken.write_bytes(b"damaged")
    ended = {outcome.trial_id: outcome for outcome in run_cohort(specs, tmp_path)}
    assert ended[specs[0].trial_id].status is Status.FAILED
    assert [ended[spec.trial_id].status for spec in specs[1:]] == [Status.DONE] * 2


@pytest.mark.parametrize("method", ["darts", "drnas", "edas", "unas"])
def test_a_killed_cohort_is_resumed_in_other_sizes(method: str, tmp_path: Path) -> None:
    """SIGKILL in the middle of a step, or between the checkpoints of two trials."""
    specs = planned(method, "4")
    folder = tmp_path / "parts"
    folder.mkdir()
    moments = random.Random(method).sample(range(2, STEPS // 4), 2)
    attempts = [
        ("cohort_killed_at_step", specs, moments[0]),
        ("cohort_killed_at_sync", specs, 27),
        ("cohort_killed_at_step", specs[:3], moments[1]),
        ("cohort_killed_at_sync", specs[1:], 14),
    ]
    for child, chosen, moment in attempts:
        asked = {"SPEC": chosen, "FOLDER": folder, "MOMENT": moment, "CHILD": child}
        process = CONTEXT.Process(target=runpy.run_path, args=(str(CHILDREN), asked))
        process.start()
        process.join(120)
        assert process.exitcode == -signal.SIGKILL
    list(run_cohort(specs, folder))
    assert_equal(specs, folder, alone(specs, tmp_path / "alone"))


def test_cohorts_share_out_what_differs_in_its_seed_only() -> None:
    specs = [*planned("darts", "5"), *planned("darts[learning_rate=0.1]", "2")]
    assert [len(cohort) for cohort in cohorts(specs, 2)] == [2, 3, 1, 1]
    assert [len(cohort) for cohort in cohorts(specs, 8)] == [1] * 7
    assert [len(cohort) for cohort in cohorts(planned("darts", "150"), 1)] == [50] * 3
    assert [spec for cohort in cohorts(specs, 2) for spec in cohort] == specs


def test_with_two_groups_a_process_none_is_shared_out() -> None:
    rates = [planned(f"darts[learning_rate={rate}]", "5") for rate in (0.1, 0.2, 0.3, 0.4)]
    several = [spec for of_rate in rates for spec in of_rate]
    assert [len(cohort) for cohort in cohorts(several, 2)] == [5] * 4
    assert [len(cohort) for cohort in cohorts(several[:15], 2)] == [2, 3] * 3
    assert [len(cohort) for cohort in cohorts(several, 4)] == [2, 3] * 4

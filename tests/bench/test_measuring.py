"""What is measured: real searches, as small as they can be, on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from nasbench_harness.bench import checkout, checks, recipes, steps
from nasbench_harness.bench.asked import FULL, HALF, BenchRequest
from nasbench_harness.bench.cohorts import joined_step, step
from nasbench_harness.bench.machine import facts
from nasbench_harness.bench.refusal import NotMeasurableError
from nasbench_harness.bench.searches import (
    SMALL,
    WHOLE,
    arithmetic_of,
    images,
    opened,
    planned,
    problem_of,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.search import SearchJob, open_search
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan

ASKED = BenchRequest("cpu", "nb201", ("darts",), True, "quick")


def test_the_machine_is_told() -> None:
    told = facts(ASKED)
    assert told["device"] == "cpu"
    assert told["torch"] == torch.__version__


def test_a_step_is_told_beside_a_plain_one() -> None:
    told = steps.search_step(ASKED, method="darts", arithmetic=FULL, compile_mode="none")
    assert told["times_as_fast"] == told["plain_ms"] / told["step_ms"]
    assert (told["width"], told["cells"], told["batch_size"]) == (4, 1, 8)


def test_a_space_without_a_plain_supernet_is_measured_alone() -> None:
    asked = BenchRequest("cpu", "nbmacro", ("darts",), True, "quick")
    told = steps.mixed_pass(asked, arithmetic="bf16", compile_mode="none")
    assert told["step_ms"] > 0
    assert "plain_ms" not in told


def test_the_first_step_is_after_the_warm_up() -> None:
    """UNAS leaves its alpha alone in the first epochs of its recipe."""
    moved = {}
    for warm in (False, True):
        job = opened(ASKED, planned(ASKED, "unas", warm=warm))
        before = job.run.searcher.scores().clone()
        job.advance()
        moved[warm] = not torch.equal(before, job.run.searcher.scores())
    assert moved == {False: False, True: True}


@pytest.mark.parametrize(
    ("method", "space", "told"),
    [("rea", "nb201", "trains no network"), ("pcdarts", "nbgraph", "builds no networks")],
)
def test_what_searches_no_supernet_is_refused(method: str, space: str, told: str) -> None:
    with pytest.raises(NotMeasurableError, match=told):
        planned(BenchRequest("cpu", space, (method,), True, "quick"), method)


@pytest.mark.parametrize(("arithmetic", "mode"), [(HALF, "none"), (FULL, "graph")])
def test_ways_to_run_of_gpus_are_refused_on_a_cpu(arithmetic: str, mode: str) -> None:
    with pytest.raises(NotMeasurableError, match="CUDA devices"):
        steps.mixed_pass(ASKED, arithmetic=arithmetic, compile_mode=mode)


def test_arithmetic_is_put_back() -> None:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        with arithmetic_of(FULL):
            assert torch.get_float32_matmul_precision() == "highest"
            assert not torch.backends.cudnn.allow_tf32
        assert torch.get_float32_matmul_precision() == "high"
        assert torch.backends.cudnn.allow_tf32
    finally:
        torch.set_float32_matmul_precision(before)


def test_noise_is_of_the_published_size() -> None:
    assert images(SMALL).train.size == (8, 8)
    noise = images(WHOLE)
    assert (len(noise.train), noise.train.size, len(noise.classes)) == (50_000, (32, 32), 10)


# --- whole searches ----------------------------------------------------------------------------


def one_second(act: Callable[[], Any], *_: Any) -> float:
    act()
    return 1.0


def test_a_whole_search_is_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a step takes a second, and so do a line of history and the end."""
    monkeypatch.setattr(recipes, "timed", one_second)
    told = recipes.whole_search(ASKED, method="darts", seconds=600)
    assert told["epochs_seen"] == told["epochs"] == 10
    assert told["stepping_s"] == 10 * told["epoch_steps"] == 10 * 12
    assert told["recording_s"] == 10
    assert told["whole_search_s"] == 120 + 10 + 1


def test_epochs_that_were_not_reached_are_as_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipes, "timed", one_second)
    told = recipes.whole_search(ASKED, method="darts", seconds=0)
    assert told["epochs_seen"] == 1
    assert told["stepping_s"] == 120


def test_of_a_warm_up_only_the_first_epochs_are_met() -> None:
    spec = planned(BenchRequest("cpu", "nb201", ("unas",), False, "paper"), "unas")
    warm_up = spec.roles["warmup"]
    assert 3 < warm_up < spec.epochs
    assert recipes._met(spec) == [0, 1, 2, *range(warm_up, spec.epochs)]


def test_epochs_that_are_passed_over_are_as_those_before_them() -> None:
    assert recipes._whole({0: 1.0, 1: 2.0, 5: 10.0}, 8) == 1 + 4 * 2 + 3 * 10


def test_of_every_epoch_the_first_steps_and_the_last_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = []
    advance = SearchJob.advance

    def watched(job: SearchJob) -> bool:
        recorded = advance(job)
        progress = job.run.problem.progress
        made.append((progress.epoch, progress.step % 12))
        return recorded

    monkeypatch.setattr(SearchJob, "advance", watched)
    recipes.whole_search(ASKED, method="drnas", seconds=600)
    assert made[3:] == [(epoch, step) for epoch in range(10) for step in (0, 1, 11)]


# --- seeds together ----------------------------------------------------------------------------


def test_seeds_share_a_step() -> None:
    values = {"methods": "darts", "table": "analog", "seeds": 4, "steps": 40, "random": False}
    specs = plan(build_config(None, values, []))
    jobs = [open_search(spec, Hardware(device="cpu")) for spec in specs]
    told = joined_step(jobs, torch.device("cpu"), tiny=True)
    assert told["seeds"] == 4
    assert told["seed_ms"] == told["step_ms"] / 4
    assert {job.run.cohort for job in jobs} == {4}


def test_seeds_of_the_first_method_that_can_are_one_network() -> None:
    asked = BenchRequest("cpu", "nb201", ("pcdarts", "darts"), True, "quick")
    told = step(asked, seeds=2)
    assert (told["method"], told["seeds"]) == ("darts", 2)
    assert told["seed_ms"] == told["step_ms"] / 2
    assert step(asked, seeds=1)["method"] == "darts"


def test_methods_that_cannot_be_stepped_as_one_are_told() -> None:
    asked = BenchRequest("cpu", "nb201", ("rea",), True, "quick")
    with pytest.raises(NotMeasurableError, match="not stepped as one"):
        step(asked, seeds=2)


# --- checks ------------------------------------------------------------------------------------


def test_a_cpu_computes_what_a_cpu_computes() -> None:
    assert set(checks.network_passes(ASKED).values()) == {0.0}


def test_a_device_that_computes_otherwise_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    gradients, calls = checks._gradients, []

    def wrong(*given: Any) -> list[torch.Tensor]:
        calls.append(given)
        return [one * (1 + 1e-6 * (len(calls) == 2)) for one in gradients(*given)]

    monkeypatch.setattr(checks, "_gradients", wrong)
    with pytest.raises(checks.CheckFailedError, match=r"mixed_float64 differs .* by 1e-06"):
        checks.network_passes(ASKED)


@pytest.mark.parametrize("method", ["drnas", "gdas"])
def test_a_search_ends_as_after_a_checkpoint(method: str) -> None:
    assert checks.search(ASKED, method=method) == {"resumed_difference": 0.0, "waits": None}


def test_a_search_that_forgets_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SearchJob, "load_state_dict", lambda job, state: None)
    with pytest.raises(checks.CheckFailedError, match="steps after a checkpoint differ"):
        checks.search(ASKED, method="darts")


def test_differences_are_shares_of_the_largest_number() -> None:
    large, small = torch.tensor([100.0, 1.0]), torch.tensor([1e-9])
    assert checks.largest_difference([large], [large + 1.0]) == 0.01
    assert checks.largest_difference([large, small], [large, small + 0.01]) == pytest.approx(0.1)
    assert checks.largest_difference([large], []) == float("inf")


# --- the checkout's tests ----------------------------------------------------------------------


def test_tests_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "test_it.py"
    file.write_text("def test_cuda(): ...\ndef test_cuda_2(): ...\ndef test_other(): assert 0\n")
    assert checkout.run_tests([file]) == {"passed": 2}
    with pytest.raises(HarnessError, match=r"1 failed.*FAILED .*test_it.py::test_other"):
        checkout.run_tests([file], chosen="other")


def test_the_cuda_tests_of_the_checkout_are_found() -> None:
    names = {path.name for path in checkout._tests()}
    assert {"test_weight_sharing.py", "test_nb201_supernet.py"} <= names


def test_cuda_tests_are_left_out_on_a_cpu() -> None:
    with pytest.raises(NotMeasurableError, match="need a CUDA device"):
        checkout.cuda_tests(ASKED)


def test_the_search_that_is_timed_is_the_planned_one() -> None:
    spec = planned(ASKED, "darts")
    job = opened(ASKED, spec)
    assert problem_of(job).steps_per_epoch == spec.epoch_steps == 12
    assert job.run.spec.steps == 120

"""What a search step of each method costs: passes, memory and time, beside DARTS'.

    python benchmarks/method_costs.py --out method_costs

Every method that trains or reads a supernet searches the same one (NAS-Bench-201 on `digits`) with
the settings of its recipe `quick`. Counted over some steps in the middle of the search: forward
passes of the supernet, backward passes, and the largest sum of bytes that autograd keeps for the
way back. Seconds are medians, of rounds in which every method makes one step. Writes
`method_costs.csv` and `method_costs.md` (the table of docs/results.md).

What a method does once, before or after (the selection of DARTS-PT), is no step and is not counted;
methods that do nothing else (`freedarts`, `zerocostpt`, and `proxy`, which scores one network after
the other) are left out.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from nasbench_harness import registry
from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.search import SearchJob, open_search
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan

SEARCHED = {
    "search": "supernet", "dataset": "digits", "recipe": "quick", "table": "none", "seeds": "0,",
    "epochs": 20, "random": False, "network": {"width": 16, "cells": 2, "batch_size": 32},
}  # fmt: skip
STEPLESS = ("freedarts", "proxy", "zerocostpt")
BEFORE = 11
"""Epochs that lie behind when steps are counted: every warm-up of `quick` is over."""
Row = dict[str, float | str]


def gradient_methods() -> list[str]:
    """Those that step a supernet, `darts` first."""
    names = [
        name
        for name in registry.methods.names()
        if name not in STEPLESS and not registry.methods.load(name).queries
    ]
    return sorted(names, key=lambda name: (name != "darts", name))


def opened(method: str) -> SearchJob:
    """A search whose warm-up is over."""
    (spec,) = plan(build_config(None, {"methods": method, **SEARCHED}, []))
    job = open_search(spec, Hardware(device="cpu"))
    for _ in range(BEFORE * spec.epoch_steps):
        job.advance()
    return job


class Kept:
    """Bytes that autograd keeps, now and at most; what is kept twice counts once."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self._times: dict[int, int] = {}

    def keep(self, tensor: Tensor) -> KeptTensor:
        storage = tensor.untyped_storage()
        place = storage.data_ptr()
        self._times[place] = self._times.get(place, 0) + 1
        if self._times[place] == 1:
            self.now += storage.nbytes()
            self.most = max(self.most, self.now)
        return KeptTensor(tensor, self)

    def let_go(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        self._times[storage.data_ptr()] -= 1
        if not self._times[storage.data_ptr()]:
            self.now -= storage.nbytes()


class KeptTensor:
    """One of them, for as long as the graph holds it."""

    def __init__(self, tensor: Tensor, of: Kept) -> None:
        self.tensor, self._of = tensor, of

    def __del__(self) -> None:
        self._of.let_go(self.tensor)


@contextmanager
def counted(network: nn.Module) -> Iterator[dict[str, float]]:
    """Passes of what happens within, and the most that was kept."""
    counts: dict[str, float] = {"forward": 0, "backward": 0}
    kept = Kept()

    def forward(*_: Any) -> None:
        counts["forward"] += 1

    engine = torch.autograd.graph._engine_run_backward

    def backward(*args: Any, **kwargs: Any) -> Any:
        counts["backward"] += 1
        return engine(*args, **kwargs)

    hook = network.register_forward_hook(forward)
    torch.autograd._engine_run_backward = backward  # type: ignore[attr-defined]
    try:
        with torch.autograd.graph.saved_tensors_hooks(kept.keep, lambda one: one.tensor):
            yield counts
    finally:
        hook.remove()
        torch.autograd._engine_run_backward = engine  # type: ignore[attr-defined]
        counts["bytes"] = kept.most


def passes(job: SearchJob, steps: int) -> Row:
    """Of the mean step."""
    network = cast("nn.Module", cast("Any", job.run.problem).supernet)
    with counted(network) as counts:
        for _ in range(steps):
            job.advance()
    return {
        "forward": counts["forward"] / steps,
        "backward": counts["backward"] / steps,
        "kept_mb": counts["bytes"] / 2**20,
    }


def seconds(jobs: dict[str, SearchJob], rounds: int) -> dict[str, float]:
    """Medians; every round runs all of them, so that they share its weather."""
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            taken[name].append(timed(job.advance))
    return {name: statistics.median(of) for name, of in taken.items()}


def timed(function: Callable[[], Any]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def as_markdown(rows: list[Row]) -> str:
    """Times and memory beside those of the first row."""
    first = rows[0]
    lines = [
        "| method | forward passes | backward passes | kept for the way back | a step's time |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        memory, took = (float(row[of]) / float(first[of]) for of in ("kept_mb", "seconds"))
        lines.append(
            f"| {row['method']} | {row['forward']:.3g} | {row['backward']:.3g} | {memory:.2f} |"
            f" {took:.2f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    form = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--out", type=Path, default=Path("method_costs"))
    parser.add_argument("--steps", type=int, default=6, help="that are counted")
    parser.add_argument("--rounds", type=int, default=9, help="that are timed")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.out.mkdir(parents=True, exist_ok=True)
    jobs: dict[str, SearchJob] = {}
    for name in gradient_methods():
        try:
            jobs[name] = opened(name)
        except Exception as error:  # whatever a method lacks here is said
            print(f"{name}: left out, {error}", flush=True)
    rows: list[Row] = [{"method": name, **passes(job, asked.steps)} for name, job in jobs.items()]
    took = seconds(jobs, asked.rounds)
    rows = [{**row, "seconds": took[str(row["method"])]} for row in rows]
    with (asked.out / "method_costs.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (asked.out / "method_costs.md").write_text(as_markdown(rows))
    print(as_markdown(rows), end="")


if __name__ == "__main__":
    main()

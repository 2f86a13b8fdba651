"""A complete table as an exact objective: the optimiser without the weight sharing.

For weights m (one row per decision) the objective is the multilinear extension of the table,
f(m) = sum over z of T[z] * product over e of m[e, z_e]: the expectation of the factorised
distribution m, with its exact gradient. It says whether a distribution update is right, how noisy
it is and how often it is trapped. It is no evidence that a method works on images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from nasbench_harness.contracts import Architecture, CompleteTable, EnumerableSpace
from nasbench_harness.problems.landscape.missing import worst_where_missing
from nasbench_harness.problems.landscape.runs import run_metrics
from nasbench_harness.problems.multilinear.objective import MultilinearProblem

Array = NDArray[np.float64]


class Landscape(MultilinearProblem):
    """The expectation over a column of a table, exact and differentiable."""

    def __init__(
        self,
        space: EnumerableSpace,
        table: CompleteTable,
        *,
        metric: str,
        noise: float | Literal["seeds"] = 0.0,
        seed: int = 0,
        **facts: Any,
    ) -> None:
        """Search `metric` of `table`; `facts` as of every `MultilinearProblem`.

        `noise` is drawn on every entry of the table afresh at every step: Gaussian with this
        standard deviation in the metric's unit, or "seeds", one of the training runs behind the
        mean, where the table has them.
        """
        super().__init__(space, table, metric=metric, **facts)
        self.simulated_seconds: float | None = 0.0
        self._listed, self._metric = space, metric
        values = table.tensor(metric)
        self.options: tuple[int, ...] = values.shape
        self.half = len(self.options) // 2
        rows = torch.Size(self.options[: self.half]).numel()
        shares = worst_where_missing(values) / self.whole
        self._shares: Array = shares.reshape(rows, -1)
        self.observed = self._shares
        self._sigma = 0.0 if noise == "seeds" else noise / self.whole
        self._runs = seed_runs(table, metric) if noise == "seeds" else None
        self._generator = torch.Generator().manual_seed(seed)

    @property
    def noisy(self) -> bool:
        """Is the table another one at every step."""
        return bool(self._runs is not None or self._sigma)

    def advance(self) -> None:
        """Begin the next step, with fresh noise on the whole table if there is any."""
        super().advance()
        if self._runs is not None:
            self.observed = self._draw_runs(self._runs)
        elif self._sigma:
            shape = self._shares.shape
            draw = torch.randn(shape, generator=self._generator, dtype=self.dtype)
            self.observed = self._shares + self._sigma * draw.numpy()

    def _draw_runs(self, runs: SeedRuns) -> Array:
        """One of the runs of every entry, with equal chance among those there are."""
        drawn = torch.multinomial(runs.there, 1, generator=self._generator).numpy()
        return np.take_along_axis(runs.shares, drawn, 1).reshape(self._shares.shape)

    def expected(self, weights: Tensor) -> Tensor:
        """Of the table of this step."""
        return expectation(self.observed, weights, self.options, self.half)

    def score(self, candidate: Tensor | Architecture) -> float:
        """In its unit: the entry of an architecture (one query), or the expectation of weights.

        Every entry is of a network that was trained on its own.
        """
        if isinstance(candidate, Architecture):
            return self.whole * float(self.observed.flat[self._ask(candidate)])
        with torch.no_grad():
            return self.whole * float(self.expected(candidate).mean())

    def _ask(self, arch: Architecture) -> int:
        """Count a query and what training it would have taken; returns the entry's place."""
        seconds = self._benchmark.training_seconds(self._metric, arch)
        if seconds is None or self.simulated_seconds is None:
            self.simulated_seconds = None
        else:
            self.simulated_seconds += seconds
        self.queries += 1
        return self._listed.rank(arch)

    def observe(self, weights: Tensor, arch: Architecture) -> dict[str, float]:
        """The noise-free expectation (`expected_accuracy`, in its unit), and the queries so far."""
        del arch  # the table has its number
        with torch.no_grad():
            value = expectation(self._shares, weights, self.options, self.half)
        return {"expected_accuracy": self.whole * float(value), **self.spent()}

    def spent(self) -> dict[str, float]:
        """Queries made, and the simulated training time where the table knows it."""
        facts = super().spent()
        if self.queries and self.simulated_seconds is not None:
            facts["simulated_gpu_hours"] = self.simulated_seconds / 3600
        return facts

    def state_dict(self) -> dict[str, Any]:
        """With the noise generator."""
        generator = self._generator.get_state()
        seconds = self.simulated_seconds
        return {**super().state_dict(), "simulated_seconds": seconds, "generator": generator}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on after the step of `state`."""
        super().load_state_dict(state)
        self.simulated_seconds = state["simulated_seconds"]
        self._generator.set_state(state["generator"])


@dataclass(frozen=True)
class SeedRuns:
    """The single training runs behind the entries of a table."""

    shares: Array
    """[entries, runs] of the whole, NaN where a run was not made."""
    there: Tensor
    """[entries, runs]: 1 where it was, 0 elsewhere."""


def seed_runs(table: CompleteTable, metric: str) -> SeedRuns:
    """The runs behind every entry of a mean."""
    whole = table.metrics[metric].whole
    shares = np.stack([table.column(m) / whole for m in run_metrics(table, metric)], axis=1)
    return SeedRuns(shares, torch.from_numpy(np.isfinite(shares).astype(np.float64)))


def expectation(table: Array, weights: Tensor, options: Sequence[int], half: int) -> Tensor:
    """f(weights) of a table folded to [rows of the first `half` decisions, columns of the rest].

    `weights` is [..., D, K]; the result has the leading shape. Of weights [R, B, D, K] every run is
    computed as [B, D, K] is by itself, and may have a table of its own: [R, rows, columns]. The
    gradient is closed-form (the
    value of the table with one decision fixed and the rest averaged) and computed at once in
    numpy, several times faster than recorded operations; it can be taken once, not twice.
    """
    value: Tensor = _Expectation.apply(weights, table, tuple(options), half)
    return value


class _Expectation(Function):
    @staticmethod
    def forward(
        ctx: Any, weights: Tensor, table: Array, options: tuple[int, ...], half: int
    ) -> Tensor:
        flat = weights.detach().numpy().reshape(-1, *weights.shape[-2:])
        factors = [flat[:, d, :k] for d, k in enumerate(options)]
        rows, columns = _prefixes(factors[:half]), _prefixes(factors[half:])
        runs = weights.shape[:-3]  # each a product of its own: a taller one would round otherwise
        averaged_rows = _averaged(rows[-1], table, runs)
        if ctx.needs_input_grad[0]:
            averaged_columns = _averaged(columns[-1], table.swapaxes(-2, -1), runs)
            gradient = np.zeros_like(flat)
            _write_partials(gradient[:, :half], averaged_columns, factors[:half], rows)
            _write_partials(gradient[:, half:], averaged_rows, factors[half:], columns)
            ctx.save_for_backward(torch.from_numpy(gradient.reshape(weights.shape)))
        value = (averaged_rows * columns[-1]).sum(axis=-1)
        return torch.from_numpy(value).reshape(weights.shape[:-2])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient,) = ctx.saved_tensors
        return grad[..., None, None] * gradient, None, None, None


def _averaged(joint: Array, table: Array, runs: Sequence[int]) -> Array:
    """[N, columns]: the table's rows averaged with the joint weights [N, rows]."""
    if len(runs) == 0:
        averaged: Array = joint @ table
        return averaged
    stacked = joint.reshape(*runs, -1, joint.shape[-1]) @ table
    return stacked.reshape(len(joint), -1)


def _prefixes(factors: Sequence[Array]) -> list[Array]:
    """Joint weights [N, combinations] of the first, the first two, ... decisions."""
    joints = [factors[0]]
    for factor in factors[1:]:
        joint = joints[-1][:, :, None] * factor[:, None, :]
        joints.append(joint.reshape(len(factor), -1))
    return joints


def _write_partials(
    gradient: Array, outer: Array, factors: Sequence[Array], prefixes: Sequence[Array]
) -> None:
    """Fill [N, decisions, K] with the derivatives, from `outer`, the one for the joint weights."""
    for decision in range(len(factors) - 1, 0, -1):
        before, factor = prefixes[decision - 1], factors[decision]
        folded = outer.reshape(len(factor), before.shape[1], factor.shape[1])
        gradient[:, decision, : factor.shape[1]] = (before[:, None, :] @ folded)[:, 0]
        outer = (folded @ factor[:, :, None])[:, :, 0]
    gradient[:, 0, : factors[0].shape[1]] = outer

"""A small space, a table of random numbers over it, and the problem that both make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from nasbench_harness import registry
from nasbench_harness.contracts import Architecture, Cost, Decision, Metric
from nasbench_harness.errors import HarnessError, InvalidArchitectureError
from nasbench_harness.hardware import Hardware
from nasbench_harness.problems.kinds import open_kind
from nasbench_harness.study.spec import TrialSpec

if TYPE_CHECKING:
    from matplotlib.axes import Axes


TOY_OPTIONS = (3, 4, 2)
TOY_METRIC = "toy_accuracy"


class ToySpace:
    """A few decisions with different numbers of options, written like `1-0-2`."""

    version = "1"
    costs = (Cost("params", "steps away from option 0", "count", "Steps", "million", 1e6),)

    def __init__(self, options: Sequence[int] = TOY_OPTIONS, free: Sequence[str] = ()) -> None:
        """`options` counts those of each decision, `free` names those with nothing to train."""
        self.name = "toy"
        self.decisions = tuple(
            Decision(f"d{i}", tuple(f"o{k}" for k in range(count)), f"g{i // 2}", tuple(free))
            for i, count in enumerate(options)
        )
        self.size = int(np.prod(options))
        self._options = tuple(options)

    @property
    def mask(self) -> torch.Tensor:
        """bool [D, K]."""
        counts = torch.tensor(self._options)
        return torch.arange(int(counts.max())) < counts.unsqueeze(1)

    def architecture(self, choices: Sequence[int]) -> Architecture:
        """The point with these indices."""
        chosen = tuple(int(choice) for choice in choices)
        bounds = zip(chosen, self._options, strict=True)
        if any(not 0 <= choice < count for choice, count in bounds):
            raise ValueError(f"choices {chosen} out of range {self._options}")
        return Architecture(self.name, chosen, "-".join(map(str, chosen)))

    def parse(self, text: str) -> Architecture:
        """Read `1-0-2`."""
        try:
            return self.architecture([int(part) for part in text.split("-")])
        except ValueError as error:
            raise InvalidArchitectureError(text, 0, f"no toy architecture ({error})") from error

    def sample(self, generator: torch.Generator) -> Architecture:
        """Draw uniformly."""
        drawn = [int(torch.randint(count, (), generator=generator)) for count in self._options]
        return self.architecture(drawn)

    def mutate(self, arch: Architecture, generator: torch.Generator) -> Architecture:
        """One of the neighbours."""
        near = self.neighbours(arch)
        return near[int(torch.randint(len(near), (), generator=generator))]

    def neighbours(self, arch: Architecture) -> list[Architecture]:
        """All that differ in one decision."""
        return [other for other in self.enumerate() if _differ_in_one(arch, other)]

    def enumerate(self) -> Iterator[Architecture]:
        """All, first decision slowest."""
        return map(self.architecture, product(*map(range, self._options)))

    def rank(self, arch: Architecture) -> int:
        """Position in `enumerate()`."""
        return int(np.ravel_multi_index(arch.choices, self._options))

    def unrank(self, rank: int) -> Architecture:
        """The inverse of `rank`."""
        return self.architecture([int(i) for i in np.unravel_index(rank, self._options)])

    def weights(self, arch: Architecture) -> torch.Tensor:
        """One-hot."""
        chosen = torch.tensor(arch.choices)
        return torch.nn.functional.one_hot(chosen, max(self._options)).float()

    def derive(self, scores: torch.Tensor) -> Architecture:
        """Argmax of every decision among the options that exist."""
        there = scores.cpu().masked_fill(~self.mask, -torch.inf)
        return self.architecture(there.argmax(dim=-1).tolist())

    def cost(self, arch: Architecture, what: str, dataset: str) -> float:
        """A million for every step away from option 0."""
        return 1e6 * sum(arch.choices)

    def describe(self, arch: Architecture) -> dict[str, Any]:
        """Nothing."""
        return {}

    def draw(self, arch: Architecture, axes: Axes) -> None:
        """Its text."""
        axes.text(0.5, 0.5, arch.text)


class ToyTable:
    """A random accuracy between 10 and 90 % for every architecture of a toy space."""

    name, space, version, caveat = "toy", "toy", "1", "Random numbers."

    def __init__(self, options: Sequence[int] = TOY_OPTIONS, seed: int = 0) -> None:
        self.accuracy = 10 + 80 * np.random.default_rng(seed).random(tuple(options))
        self.content_hash = f"toy-{seed}"
        self.metrics: Mapping[str, Metric] = {
            TOY_METRIC: Metric(TOY_METRIC, "random", "%", "toy", "test", None, True, True)
        }

    def value(self, metric: str, arch: Architecture) -> float:
        """One number."""
        return float(self.tensor(metric)[arch.choices])

    def lookup(self, arch: Architecture) -> dict[str, float]:
        """The only number."""
        return {TOY_METRIC: self.value(TOY_METRIC, arch)}

    def column(self, metric: str) -> NDArray[np.float64]:
        """[size]."""
        return self.tensor(metric).reshape(-1)

    def tensor(self, metric: str) -> NDArray[np.float64]:
        """One axis per decision, read-only."""
        if metric not in self.metrics:
            raise HarnessError(f"The toy table has no metric `{metric}`.")
        view = self.accuracy.view()
        view.flags.writeable = False
        return view

    def standing(self, metric: str, value: float) -> tuple[int, int]:
        """Worse and better ones."""
        column = self.column(metric)
        return int((column < value).sum()), int((column > value).sum())

    def best(self, metric: str) -> float:
        """The optimum."""
        return float(self.accuracy.max())

    def search_metric(self, dataset: str, *, queries: bool = False) -> str:
        """The only metric."""
        return TOY_METRIC

    def report_metric(self, dataset: str) -> str:
        """The only metric."""
        return TOY_METRIC

    def training_seconds(self, metric: str, arch: Architecture) -> float | None:
        """Nobody trained anything."""
        return None


def toy_problem(
    *,
    options: Sequence[int] = TOY_OPTIONS,
    steps: int = 20,
    batch_size: int = 1,
    noise: float = 0.0,
    seed: int = 0,
) -> Any:
    """What a search of a random toy table optimises, of the kind of problem that is the default.

    `seed` makes up the table and the noise, of this standard deviation in points of accuracy.
    """
    space, table = ToySpace(options), ToyTable(options, seed)
    spec = TrialSpec(
        method="", method_version="", settings={}, overrides={}, recipe="",
        space=space.name, space_version=space.version, table=table.name,
        table_hash=table.content_hash, problem=registry.default_problem(), dataset="toy",
        search_metric=TOY_METRIC, report_metric=TOY_METRIC, steps=steps, epochs=steps,
        batch_size=batch_size, noise=noise, seed=seed,
    )  # fmt: skip
    hardware = Hardware()
    return open_kind(spec.problem).open(spec, space, table, hardware, torch.device("cpu"))


def _differ_in_one(one: Architecture, other: Architecture) -> bool:
    return sum(a != b for a, b in zip(one.choices, other.choices, strict=True)) == 1

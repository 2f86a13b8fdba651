"""The conformance kit: what a plugin author runs against a method, a space or a table.

    from nasbench_harness.testing import check_searcher
    check_searcher(MyMethod)

Each check raises AssertionError with a sentence about what the contract asks for. `ToySpace` and
`toy_problem` are small enough to enumerate and ragged, so that a method that forgets the mask is
found out.
"""

from __future__ import annotations

import io
import random as python_random
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from nasbench_harness.contracts import (
    Architecture,
    Decision,
    GradientEstimator,
    Metric,
    NetworkShape,
    Numbered,
    Problem,
    Searcher,
    SearchSpace,
    Table,
)
from nasbench_harness.errors import HarnessError, InvalidArchitectureError
from nasbench_harness.problems.landscape.objective import Landscape

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TOY_OPTIONS = (3, 4, 2)
TOY_METRIC = "toy_accuracy"


class ToySpace:
    """A few decisions with different numbers of options, written like `1-0-2`."""

    version = "1"
    costs = ("params",)

    def __init__(self, options: Sequence[int] = TOY_OPTIONS) -> None:
        self.name = "toy"
        self.decisions = tuple(
            Decision(f"d{i}", tuple(f"o{k}" for k in range(count)), group=f"g{i // 2}")
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

    def neighbours(self, arch: Architecture) -> list[Architecture]:
        """All that differ in one decision."""
        return [other for other in self.enumerate() if _distance(arch, other) == 1]

    def enumerate(self) -> Iterator[Architecture]:
        """All, first decision slowest."""
        return map(self.architecture, product(*map(range, self._options)))

    def rank(self, arch: Architecture) -> int:
        """Position in `enumerate()`."""
        return int(np.ravel_multi_index(arch.choices, self._options))

    def unrank(self, rank: int) -> Architecture:
        """The inverse of `rank`."""
        return self.architecture([int(i) for i in np.unravel_index(rank, self._options)])

    def derive(self, scores: torch.Tensor) -> Architecture:
        """Argmax of every decision among the options that exist."""
        return self.architecture(scores.masked_fill(~self.mask, -torch.inf).argmax(dim=-1).tolist())

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

    def value(self, metric: str, rank: int) -> float:
        """One number."""
        return float(self.column(metric)[rank])

    def lookup(self, rank: int) -> dict[str, float]:
        """The only number."""
        return {TOY_METRIC: self.value(TOY_METRIC, rank)}

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

    def training_seconds(self, metric: str, rank: int) -> float | None:
        """Nobody trained anything."""
        return None


def toy_problem(
    *,
    options: Sequence[int] = TOY_OPTIONS,
    steps: int = 20,
    batch_size: int = 1,
    noise: float = 0.0,
    seed: int = 0,
) -> Landscape:
    """A landscape over a random toy table."""
    return Landscape(
        ToySpace(options), ToyTable(options, seed), metric=TOY_METRIC, dataset="toy",
        steps=steps, epochs=steps, batch_size=batch_size, noise=noise, seed=seed,
    )  # fmt: skip


# --- methods -----------------------------------------------------------------------------------


def check_searcher(
    method: type[Searcher],
    settings: Any = None,
    *,
    make_problem: Callable[[], Problem] = toy_problem,
    steps: int = 12,
) -> None:
    """Does a method keep the contract of `Searcher`.

    Same seed, same run; a state saved in the middle and loaded elsewhere goes on identically; the
    state survives `torch.load(weights_only=True)`; scores have the space's shape and respect its
    mask; the answer is an architecture of the space; global random state is left alone; settings
    are validated and every recipe is valid. A `GradientEstimator` gives gradients of the space's
    shape, and goes on as if nobody had asked for them.
    """
    chosen = settings if settings is not None else method.Settings()
    _check_recipes(method)

    def make(problem: Problem, seed: int) -> Searcher:
        return method(problem, chosen, seed)

    before = _global_random_state()
    first = _trace(make, make_problem, steps)
    assert _global_random_state() == before, "a searcher must not touch global random state"
    again = _trace(make, make_problem, steps)
    assert first == again, "the same seed must give the same run"
    resumed = _trace(make, make_problem, steps, interrupt=steps // 2)
    assert first == resumed, "a searcher resumed from its state must go on as if uninterrupted"
    asked = _trace(make, make_problem, steps, each_step=_check_estimator)
    assert first == asked, "a searcher whose gradient was estimated must go on as if not asked"
    assert _global_random_state() == before, "an estimate must not touch global random state"


def _check_recipes(method: type[Searcher]) -> None:
    assert method.recipes, "a method needs at least one recipe"
    assert isinstance(method.queries, bool), "a method says whether it queries architectures"
    for name, recipe in method.recipes.items():
        method.Settings.build(f"recipe {name}", recipe.settings)
        assert recipe.epochs > 0, f"recipe {name}: epochs must be positive"
        assert recipe.source, f"recipe {name} must say where its numbers come from"
    for row in method.Settings.explain():
        assert row["meaning"], f"setting {row['name']} must explain itself"


def _trace(
    make: Callable[[Problem, int], Searcher],
    make_problem: Callable[[], Problem],
    steps: int,
    interrupt: int | None = None,
    each_step: Callable[[Searcher, Problem], None] = lambda searcher, problem: None,
) -> list[Any]:
    """Everything observable of a run; at step `interrupt` it moves into fresh objects."""
    problem = make_problem()
    searcher = make(problem, 7)
    trace: list[Any] = []
    for step in range(steps):
        if step == interrupt:
            state = _through_file({"s": searcher.state_dict(), "p": problem.state_dict()})
            problem = make_problem()
            searcher = make(problem, 8)
            searcher.load_state_dict(state["s"])
            problem.load_state_dict(state["p"])
        problem.advance()
        log = searcher.step()
        assert isinstance(log, dict), "step() returns a dict of numbers"
        trace.append(({k: float(v) for k, v in log.items()}, *_answers(searcher, problem.space)))
        each_step(searcher, problem)
    return trace


def _check_estimator(searcher: Searcher, problem: Problem) -> None:
    if not isinstance(searcher, GradientEstimator) or not isinstance(problem, Landscape):
        return
    before = searcher.state_dict(), problem.state_dict()
    scores = searcher.scores()
    for gradient in (searcher.estimate(), searcher.exact()):
        assert gradient.shape == problem.space.mask.shape, "a gradient is [D, K]"
        assert not gradient.requires_grad, "a gradient is detached"
    assert torch.equal(scores, searcher.scores()), "an estimate must not update anything"
    searcher.load_state_dict(before[0])
    problem.load_state_dict(before[1])


def _answers(searcher: Searcher, space: SearchSpace) -> tuple[Any, ...]:
    scores = searcher.scores()
    mask = space.mask
    assert scores.shape == mask.shape, f"scores() must be {tuple(mask.shape)}"
    assert not scores.requires_grad, "scores() must be detached"
    assert bool((scores >= 0).all()), "scores() must not be negative"
    assert bool((scores[~mask] == 0).all()), "scores() must be 0 where the mask is False"
    arch = searcher.architecture()
    assert space.parse(str(arch)) == arch, "architecture() must be one of the space's"
    return scores.tolist(), arch.choices


def _through_file(state: Any) -> Any:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


def _global_random_state() -> tuple[Any, ...]:
    numpy_state = np.random.get_state(legacy=True)
    return (
        torch.get_rng_state().tolist(),
        python_random.getstate(),
        tuple(np.asarray(part).tolist() for part in numpy_state),
    )


# --- spaces ------------------------------------------------------------------------------------


def check_space(space: SearchSpace, *, samples: int = 50) -> None:
    """Does a space keep the contract of `SearchSpace`, tried on `samples` random architectures.

    Parse and format are inverse; rank is the place in the enumeration; neighbours differ in one
    decision, are complete and mutual; deriving a one-hot gives the architecture back; sampling is
    reproducible; bad text is refused with the right error.
    """
    counts = [len(decision.options) for decision in space.decisions]
    assert space.mask.shape == (len(counts), max(counts)), "mask must be [D, K]"
    assert space.mask.sum(dim=1).tolist() == counts, "mask must count the options"
    generator = torch.Generator().manual_seed(0)
    drawn = [space.sample(generator) for _ in range(samples)]
    again = torch.Generator().manual_seed(0)
    assert drawn == [space.sample(again) for _ in range(samples)], (
        "sample() must obey its generator"
    )
    for rank, arch in enumerate(islice(space.enumerate(), samples)):
        assert space.rank(arch) == rank, f"rank({arch}) must be its place in enumerate()"
        assert space.unrank(rank) == arch, f"unrank({rank}) must be the inverse of rank"
    for arch in drawn:
        _check_architecture(space, arch, counts)
    if isinstance(space, Numbered):
        _check_numbers(space, drawn)
    _check_refusals(space)


def _check_numbers(space: Any, drawn: Sequence[Architecture]) -> None:
    indices = space.indices()
    assert len(set(indices.tolist())) == len(indices) == space.size, "every index is there once"
    for arch in drawn:
        told = space.describe(arch).get("index")
        assert told == indices[space.rank(arch)], f"describe and indices must agree on {arch}"


def _check_architecture(space: SearchSpace, arch: Architecture, counts: Sequence[int]) -> None:
    assert space.parse(str(arch)) == arch, f"parse must read what str() writes: {arch}"
    assert space.architecture(arch.choices) == arch, f"architecture() must rebuild {arch}"
    assert 0 <= space.rank(arch) < space.size, f"rank({arch}) must lie in the space"
    neighbours = space.neighbours(arch)
    assert len(set(neighbours)) == len(neighbours) == sum(counts) - len(counts), (
        f"{arch} must have every neighbour once"
    )
    assert all(_distance(arch, other) == 1 for other in neighbours), "neighbours differ in one"
    assert arch in space.neighbours(neighbours[0]), "neighbours must be mutual"
    scores = torch.zeros(space.mask.shape)
    scores[range(len(counts)), list(arch.choices)] = 1.0
    assert space.derive(scores) == arch, "derive() must give back a one-hot"


def _check_refusals(space: SearchSpace) -> None:
    for text in ("", "no architecture at all", "|"):
        try:
            space.parse(text)
        except InvalidArchitectureError:
            continue
        raise AssertionError(f"parse({text!r}) must raise InvalidArchitectureError")


def _distance(one: Architecture, other: Architecture) -> int:
    return sum(a != b for a, b in zip(one.choices, other.choices, strict=True))


# --- tables ------------------------------------------------------------------------------------


def check_table(table: Table, space: SearchSpace) -> None:
    """Does a table keep the contract of `Table` for its space.

    Every column has a row per architecture and cannot be written to; single look-ups, columns and
    tensors agree; metrics explain themselves; search and report metrics exist for every dataset.
    """
    assert table.space == space.name, "a table names its space"
    assert table.content_hash, "a table has a content hash"
    assert table.caveat, "a table says what a reader must know"
    options = tuple(len(decision.options) for decision in space.decisions)
    for name, metric in table.metrics.items():
        assert metric.name == name, "metrics are keyed by their name"
        assert metric.meaning, f"{name} must explain itself"
        _check_column(table, name, space.size, options)
    for dataset in {metric.dataset for metric in table.metrics.values() if metric.report}:
        assert table.metrics[table.search_metric(dataset)].search, "search_metric may be searched"
        assert table.metrics[table.report_metric(dataset)].report, "report_metric may be reported"
    _check_unknown_metric(table)


def _check_column(table: Table, name: str, size: int, options: tuple[int, ...]) -> None:
    column, tensor = table.column(name), table.tensor(name)
    assert column.shape == (size,), f"{name} must have a row per architecture"
    assert tensor.shape == options, f"{name} as a tensor must have an axis per decision"
    assert not column.flags.writeable, f"{name} must be read-only"
    assert not tensor.flags.writeable, f"{name} must be read-only"
    for rank in (0, size // 2, size - 1):
        answers = [table.value(name, rank), tensor.flat[rank], table.lookup(rank)[name]]
        same = np.array_equal(answers, [column[rank]] * 3, equal_nan=True)
        assert same, f"{name} must agree with itself"
    assert table.best(name) == np.nanmax(column), f"best({name}) must be the maximum"
    assert table.standing(name, table.best(name))[1] == 0, "nothing is better than the best"


def _check_unknown_metric(table: Table) -> None:
    try:
        table.value("no such metric", 0)
    except HarnessError:
        return
    raise AssertionError("an unknown metric must raise a HarnessError")


# --- networks ----------------------------------------------------------------------------------


def check_networks(space: Any, *, image_size: int = 16, samples: int = 5) -> None:
    """Does a space that builds networks keep the contract of `NetworkSpace` and `Supernet`.

    Logits have the shape asked for; they are differentiable in the weights and, but for within
    `frozen()`, in the parameters; weights may come one per example; an architecture's one-hot
    weights give what the stand-alone network with inherited weights gives.
    """
    shape = NetworkShape(classes=3, in_channels=2, width=4, cells=1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        images, supernet = torch.randn(4, 2, image_size, image_size), space.supernet(shape)
    mask = space.mask
    weights = (mask / mask.sum(dim=1, keepdim=True)).requires_grad_()
    logits = supernet(images, weights)
    assert logits.shape == (4, 3), "a supernet gives logits [B, classes]"
    per_example = supernet(images, weights.expand(4, *mask.shape))
    assert torch.allclose(logits, per_example, atol=1e-4), "weights may be [D, K] or [B, D, K]"
    logits.square().sum().backward()
    assert weights.grad is not None, "logits must be differentiable in the weights"
    parameters = list(supernet.parameters())
    assert any(p.grad is not None for p in parameters), "and in the network's parameters"
    _check_frozen(supernet, images, weights)
    generator = torch.Generator().manual_seed(0)
    for _ in range(samples):
        _check_inherited(space, supernet, space.sample(generator), images)


def _check_frozen(supernet: Any, images: torch.Tensor, weights: torch.Tensor) -> None:
    supernet.zero_grad()
    with supernet.frozen():
        logits = supernet(images, weights)
    logits.square().sum().backward()
    grads = [p.grad for p in supernet.parameters()]
    assert all(g is None or not g.any() for g in grads), "frozen() leaves the parameters out"


def _check_inherited(space: Any, supernet: Any, arch: Architecture, images: torch.Tensor) -> None:
    chosen = torch.zeros(space.mask.shape)
    chosen[range(len(arch.choices)), list(arch.choices)] = 1.0
    network = space.inherit(arch, supernet)
    with torch.no_grad():
        expected, found = network(images), supernet(images, chosen, chosen.bool())
    assert torch.allclose(expected, found, atol=1e-4), (
        f"one-hot weights must give what the network of {arch} gives with inherited weights"
    )

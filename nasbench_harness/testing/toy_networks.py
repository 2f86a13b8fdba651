"""A worked space with networks: no free product, a loss of its own, and drop path.

Three edges lead from a layer to the next; an architecture keeps two of them, each with one
operation. So not every choice of an option on each edge is one: `derive` decides.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from nasbench_harness.contracts import (
    Architecture,
    Cost,
    Decision,
    NetworkShape,
    NetworkSize,
    NetworkSizes,
    TrainingRecipe,
)
from nasbench_harness.errors import InvalidArchitectureError, UnknownNameError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME = "toynets"
EDGES, KEPT = 3, 2
OPERATIONS = ("skip", "conv1", "conv3")
DROP_PATH = 0.3
"""Chance that an edge brings nothing, at the end of a training."""
AUXILIARY = 0.4
"""Weight of the auxiliary head."""

Pairs = tuple[tuple[int, int], ...]
"""The kept edges, in order, each with its operation."""

RECIPES = {
    "short": TrainingRecipe(
        "Ours, as short as can be.",
        {"epochs": 2, "batch_size": 50, "learning_rate": 0.05},
        seeds=(0, 1),
    )
}


class ToyNetworks:
    """Two of three edges, one of three operations on each, written like `0:conv3+2:skip`."""

    name, version = NAME, "1"
    decisions = tuple(Decision(f"edge{e}", OPERATIONS, "node", ("skip",)) for e in range(EDGES))
    costs = (Cost("weights", "weights of the operations", "count", "Weights", "thousand", 1e3),)
    shapes = NetworkSizes(search=NetworkSize(4, 1), evaluation=NetworkSize(6, 2))
    training_recipes = RECIPES

    @property
    def mask(self) -> Tensor:
        """bool [3, 3], all True."""
        return torch.ones(EDGES, len(OPERATIONS), dtype=torch.bool)

    @property
    def size(self) -> int:
        """27."""
        return len(list(self.enumerate()))

    def enumerate(self) -> Iterator[Architecture]:
        """All, the pair of edges slowest."""
        for edges in combinations(range(EDGES), KEPT):
            for chosen in product(range(len(OPERATIONS)), repeat=KEPT):
                yield _architecture(tuple(zip(edges, chosen, strict=True)))

    def rank(self, arch: Architecture) -> int:
        """Position in `enumerate()`."""
        return list(self.enumerate()).index(arch)

    def unrank(self, rank: int) -> Architecture:
        """The inverse of `rank`."""
        return list(self.enumerate())[rank]

    def parse(self, text: str) -> Architecture:
        """Read `0:conv3+2:skip`."""
        for arch in self.enumerate():
            if arch.text == text:
                return arch
        raise InvalidArchitectureError(text, 0, "two edges are written like `0:conv3+2:skip`")

    def sample(self, generator: torch.Generator) -> Architecture:
        """Draw uniformly."""
        return self.unrank(int(torch.randint(self.size, (), generator=generator)))

    def neighbours(self, arch: Architecture) -> list[Architecture]:
        """Those that have one edge with its operation in common."""
        own = set(_pairs(arch))
        return [other for other in self.enumerate() if len(own & set(_pairs(other))) == 1]

    def mutate(self, arch: Architecture, generator: torch.Generator) -> Architecture:
        """One of the neighbours."""
        others = self.neighbours(arch)
        return others[int(torch.randint(len(others), (), generator=generator))]

    def weights(self, arch: Architecture) -> Tensor:
        """1 for the operation of an edge that is kept; a row of 0 for one that is not."""
        weights = torch.zeros(EDGES, len(OPERATIONS))
        for edge, operation in _pairs(arch):
            weights[edge, operation] = 1.0
        return weights

    def derive(self, scores: Tensor) -> Architecture:
        """The two edges with the highest preference, each with its best operation."""
        best, chosen = scores.detach().cpu().max(dim=-1)
        edges = sorted(best.argsort(descending=True, stable=True)[:KEPT].tolist())
        return _architecture(tuple((edge, int(chosen[edge])) for edge in edges))

    def cost(self, arch: Architecture, what: str, dataset: str) -> float:
        """Weights of the operations of a network with one channel."""
        if what != self.costs[0].name:
            raise UnknownNameError(f"cost of {NAME}", what, [cost.name for cost in self.costs])
        return float(sum((0, 1, 9)[operation] for _, operation in _pairs(arch)))

    def describe(self, arch: Architecture) -> dict[str, Any]:
        """Nothing."""
        return {}

    def draw(self, arch: Architecture, axes: Axes) -> None:
        """Its text."""
        axes.text(0.5, 0.5, arch.text)

    # --- networks ------------------------------------------------------------------------------

    def supernet(
        self, shape: NetworkShape, *, track_running_stats: bool = True, partial: int = 1
    ) -> ToySupernet:
        """Every operation on every edge; ValueError for partial channels, which it has not."""
        if partial != 1:
            raise ValueError("these networks pass all of their channels")
        return ToySupernet(shape)

    def network(self, arch: Architecture, shape: NetworkShape) -> ToyNetwork:
        """The operations of one architecture."""
        return ToyNetwork(shape, _pairs(arch))

    def inherit(self, arch: Architecture, supernet: nn.Module) -> ToyNetwork:
        """The same with the weights they have in `supernet`."""
        assert isinstance(supernet, ToySupernet)
        network = self.network(arch, supernet.shape)
        names = network.state_dict().keys()
        network.load_state_dict({k: v for k, v in supernet.state_dict().items() if k in names})
        return network.train(supernet.training)


def _architecture(pairs: Pairs) -> Architecture:
    text = "+".join(f"{edge}:{OPERATIONS[operation]}" for edge, operation in pairs)
    return Architecture(NAME, tuple(number for pair in pairs for number in pair), text)


def _pairs(arch: Architecture) -> Pairs:
    return tuple(zip(arch.choices[::2], arch.choices[1::2], strict=True))


def _operation(name: str, channels: int) -> nn.Module:
    kernel = {"conv1": 1, "conv3": 3}.get(name)
    if kernel is None:
        return nn.Identity()
    return nn.Conv2d(channels, channels, kernel, padding=kernel // 2, bias=False)


class ToyNetwork(nn.Module):
    """Stem, layers, head; while it is trained an auxiliary head behind the stem, and drop path."""

    def __init__(self, shape: NetworkShape, pairs: Sequence[tuple[int, int]]) -> None:
        """Every layer has the operations of `pairs`."""
        super().__init__()
        self.shape, self.pairs = shape, tuple(pairs)
        self.stem = nn.Conv2d(shape.in_channels, shape.width, 3, padding=1)
        self.layers = nn.ModuleList(
            nn.ModuleDict({f"{e}-{o}": _operation(OPERATIONS[o], shape.width) for e, o in pairs})
            for _ in range(shape.cells)
        )
        self.head = nn.Linear(shape.width, shape.classes)
        self.auxiliary = nn.Linear(shape.width, shape.classes)
        self.dropped = 0.0

    def begin_epoch(self, fraction: float) -> None:
        """More edges are dropped as the training goes on."""
        self.dropped = DROP_PATH * fraction

    def forward(self, images: Tensor) -> Tensor:
        """[B, channels, H, W] to logits [B, classes]."""
        return self._both(images, dict.fromkeys(self.pairs, 1.0))[0]

    def loss(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """With the auxiliary head's; see `TrainingLoss`."""
        return self._weighed(self._both(images, dict.fromkeys(self.pairs, 1.0)), labels)

    @staticmethod
    def _weighed(both: tuple[Tensor, Tensor], labels: Tensor) -> tuple[Tensor, Tensor]:
        logits, auxiliary = both
        return cross_entropy(logits, labels) + AUXILIARY * cross_entropy(auxiliary, labels), logits

    def _both(self, images: Tensor, scales: dict[tuple[int, int], Any]) -> tuple[Tensor, Tensor]:
        """Logits and those of the auxiliary head, of operations that weigh as much."""
        early = x = self.stem(images).relu()
        for layer in self.layers.children():
            assert isinstance(layer, nn.ModuleDict)
            brought = [scale * layer[f"{e}-{o}"](x) for (e, o), scale in scales.items()]
            x = sum((self._drop(values) for values in brought), torch.zeros_like(x)).relu()
        return self.head(x.mean(dim=(2, 3))), self.auxiliary(early.mean(dim=(2, 3)))

    def _drop(self, values: Tensor) -> Tensor:
        """Drop path: nothing of an edge for some examples, from torch's global generator."""
        if not self.training or not self.dropped:
            return values
        kept = torch.rand(len(values), 1, 1, 1, device=values.device) >= self.dropped
        return values * kept / (1 - self.dropped)


class ToySupernet(ToyNetwork):
    """All operations on all edges, weighed; see `nasbench_harness.contracts.Supernet`."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__(shape, list(product(range(EDGES), range(len(OPERATIONS)))))

    def forward(  # type: ignore[override]
        self, images: Tensor, weights: Tensor, active: Tensor | None = None
    ) -> Tensor:
        """Logits of the mixture."""
        return self._both(images, self._scales(weights, active))[0]

    def loss(  # type: ignore[override]
        self, images: Tensor, labels: Tensor, weights: Tensor, active: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """See `SupernetLoss`."""
        return self._weighed(self._both(images, self._scales(weights, active)), labels)

    def _scales(self, weights: Tensor, active: Tensor | None) -> dict[tuple[int, int], Any]:
        needed = [(e, o) for e, o in self.pairs if active is None or bool(active[e, o])]
        return {(e, o): weights[..., e, o].reshape(-1, 1, 1, 1) for e, o in needed}

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Within it a forward pass leaves the parameters out of the graph."""
        self.requires_grad_(False)
        try:
            yield
        finally:
            self.requires_grad_(True)

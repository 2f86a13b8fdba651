"""What is settled in which order, and that what is taken out leaves the others as they were."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from nasbench_harness import registry
from nasbench_harness.contracts import SearchSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.shared.settling import Settling, parts_of, rounds_left
from nasbench_harness.testing import ToySpace

DARTS_DECISIONS = 28


class ByHand(Settling):
    """Weights that stand still, a worth that is told, and the first of what is drawn from."""

    def __init__(
        self, space: SearchSpace, weights: Tensor, worth: Callable[[Tensor], float]
    ) -> None:
        self.parts = parts_of(space)
        self._kept = space.mask.clone()
        self.weights, self._worth = weights, worth
        self.asked: list[Tensor] = []

    @property
    def kept(self) -> Tensor:
        return self._kept

    def leave(self, kept: Tensor) -> None:
        self._kept = kept

    def mixed(self) -> Tensor:
        return self.weights * self._kept

    def worth(self, weights: Tensor) -> float:
        self.asked.append(weights)
        return self._worth(weights)

    def below(self, count: int) -> int:
        return 0


@pytest.fixture
def weights() -> Tensor:
    drawn = torch.rand(3, 4, generator=torch.Generator().manual_seed(2))
    return drawn.double() / drawn.double().sum(-1, keepdim=True)


def toy(weights: Tensor, worth: Callable[[Tensor], float]) -> ByHand:
    return ByHand(ToySpace((4, 4, 4)), weights, worth)


def test_what_is_taken_out_is_all_that_changes(weights: Tensor) -> None:
    settling = toy(weights, lambda _: 0.0)
    settling.settle_decision(1)
    assert len(settling.asked) == 4
    for option, asked in enumerate(settling.asked):
        expected = weights.clone()
        expected[1, option] = 0.0
        assert torch.equal(asked, expected)
        assert float(asked[1].sum()) == pytest.approx(1 - float(weights[1, option]), abs=1e-12)


@pytest.mark.parametrize(
    ("worths", "chosen"),
    [((5.0, 3.0, 4.0, 9.0), 1), ((3.0, 2.0, 2.0, 2.0), 1), ((math.nan, math.nan, 7.0, 8.0), 2)],
)
def test_the_option_without_which_least_is_left_stays(
    weights: Tensor, worths: Sequence[float], chosen: int
) -> None:
    told = iter(worths)
    settling = toy(weights, lambda _: next(told))
    settling.settle_decision(2)
    expected = torch.ones(3, 4, dtype=torch.bool)
    expected[2] = torch.arange(4) == chosen
    assert torch.equal(settling.kept, expected)


def test_minus_infinity_is_least_of_all(weights: Tensor) -> None:
    told = iter([1.0, -math.inf, math.nan, -2.0])
    settling = toy(weights, lambda _: next(told))
    settling.settle_decision(0)
    assert settling.kept[0].tolist() == [False, True, False, False]


@pytest.mark.parametrize("worth", [math.nan, -math.inf, math.inf])
def test_worths_of_which_none_is_a_number_settle_nothing(weights: Tensor, worth: float) -> None:
    settling = toy(weights, lambda _: worth)
    with pytest.raises(HarnessError, match="Decision 2 cannot be settled: the accuracy of the mix"):
        settling.settle_decision(1)
    assert settling.kept.all()


def test_nas_bench_201_takes_six_rounds() -> None:
    space = registry.open_space("nb201")
    parts = parts_of(space)
    assert rounds_left(parts, space.mask) == 6
    assert [part.crowds for part in parts] == [()]
    settling = ByHand(space, torch.full((6, 5), 0.2), lambda weights: float(weights.sum()))
    for left in range(6, 0, -1):
        assert rounds_left(parts, settling.kept) == left
        settling.settle_round()
    assert (settling.kept.sum(dim=-1) == 1).all()


def test_darts_cells_take_an_edge_of_each_in_every_round_and_then_the_nodes() -> None:
    space = registry.open_space("darts")
    parts = parts_of(space)
    assert [len(part.decisions) for part in parts] == [14, 14]
    assert [[(len(c.decisions), c.keeps) for c in part.crowds] for part in parts] == [
        [(3, 2), (4, 2), (5, 2)]
    ] * 2
    settling = ByHand(space, torch.full((DARTS_DECISIONS, 8), 0.125), lambda _: 0.0)
    assert rounds_left(parts, settling.kept) == 17
    settled = []
    while rounds_left(parts, settling.kept):
        settling.settle_round()
        settled.append(int((settling.kept.sum(dim=-1) == 1).sum()))
    assert settled[:14] == list(range(2, 30, 2))
    assert settled[14:] == [26, 22, 16]  # 4 nodes of 2 edges each in either cell


def test_edges_stay_that_are_missed_most() -> None:
    """Each is taken out while the others are there, dropped ones too; of equals the first stay."""
    space = registry.open_space("darts")
    missed = dict(zip(range(9, 14), (4.0, 7.0, 1.0, 4.0, 0.0), strict=True))
    rows = torch.zeros(DARTS_DECISIONS, 8, dtype=torch.float64)
    rows[:, 4] = 1.0

    def worth(weights: Tensor) -> float:
        return -sum(loss for edge, loss in missed.items() if not weights[edge].any())

    settling = ByHand(space, rows, worth)
    settling.leave(rows.bool())
    (crowd,) = (c for c in settling.parts[0].crowds if len(c.decisions) == 5)
    settling.thin_out(crowd)
    assert len(settling.asked) == 5
    assert all(int((asked.sum(-1) == 0).sum()) == 1 for asked in settling.asked)
    assert [edge for edge in crowd.decisions if settling.kept[edge].any()] == [9, 10]
    chosen = space.derive((rows * settling.kept).float())
    kept = space.weights(chosen).any(dim=-1)[9:14]
    assert kept.tolist() == [True, True, False, False, False]


@pytest.mark.parametrize("name", registry.spaces.names())
def test_every_space_can_be_settled(name: str) -> None:
    """What is left at the end is what the space derives from it."""
    space = registry.open_space(name)
    rows = space.mask.float() / space.mask.sum(-1, keepdim=True)
    settling = ByHand(space, rows, lambda weights: float((weights != 0).sum()))
    for _ in range(rounds_left(settling.parts, settling.kept)):
        settling.settle_round()
    assert rounds_left(settling.parts, settling.kept) == 0
    assert int(settling.kept.sum(-1).max()) == 1
    derived = space.derive(settling.kept.float())
    assert space.derive(space.weights(derived)) == derived
    if getattr(space, "product", name in ("nb201", "transnas101", "nbmacro")):
        assert torch.equal(space.weights(derived).bool(), settling.kept)

"""DARTS-PT: when it decides, by what, and what it trains before and between."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.darts import DARTS, DARTSSettings
from nasbench_harness.methods.dartspt import DARTSPT, DARTSPTSettings, round_epochs
from nasbench_harness.methods.sdarts import SDARTS, SDARTSSettings
from nasbench_harness.spaces.darts import DARTSSpace
from nasbench_harness.testing import (
    TOY_METRIC,
    ToySpace,
    ToyTable,
    ToyTrained,
    check_searcher,
    toy_problem,
)
from tests.methods.tiny_supernet import STEPS, supernet

OPTIONS = (4, 4, 4)
EPOCHS = 20
"""Of a toy landscape as of its steps."""


def landscape() -> Any:
    return toy_problem(options=OPTIONS, steps=EPOCHS, seed=3)


def walked(searcher: Any, steps: int) -> list[float]:
    """The number of settled decisions in each step."""
    found = []
    for _ in range(steps):
        searcher.problem.advance()
        found.append(float(searcher.step()["settled"]))
    return found


# --- when --------------------------------------------------------------------------------------


def test_the_authors_schedules() -> None:
    assert round_epochs(6, 100, 125) == [100, 105, 110, 115, 120, 124]
    assert round_epochs(17, 50, 131) == [50 + n for n in range(0, 81, 5)]


@pytest.mark.parametrize(("rounds", "tuning"), [(6, 6), (6, 3), (1, 4), (17, 1)])
def test_every_round_has_an_epoch_and_the_last_the_last(rounds: int, tuning: int) -> None:
    starts = round_epochs(rounds, 10, 10 + tuning)
    assert len(starts) == rounds
    assert starts == sorted(starts)
    assert starts[0] == 10
    assert rounds == 1 or starts[-1] == 10 + tuning - 1


def test_nothing_is_decided_while_the_supernet_is_trained() -> None:
    searcher = DARTSPT(landscape(), DARTSPTSettings(training_epochs=10), seed=0)
    assert walked(searcher, EPOCHS) == [0.0] * 10 + [1.0] * 5 + [2.0] * 4 + [3.0]


def test_until_then_it_is_darts() -> None:
    settings = {"learning_rate": 0.05}
    searchers = [
        DARTSPT(landscape(), DARTSPTSettings(training_epochs=10, **settings), seed=4),
        DARTS(landscape(), DARTSSettings(**settings), seed=4),
    ]
    for _ in range(10):
        for searcher in searchers:
            searcher.problem.advance()
            searcher.step()
    assert torch.equal(*[searcher.alpha for searcher in searchers])


def test_with_noise_it_is_sdarts_until_then() -> None:
    problems = [ToyTrained(ToySpace(), steps=EPOCHS) for _ in range(2)]
    searchers = [
        DARTSPT(problems[0], DARTSPTSettings(training_epochs=10, perturbation="random"), seed=4),
        SDARTS(problems[1], SDARTSSettings(), seed=4),
    ]
    for _ in range(10):
        for searcher in searchers:
            searcher.problem.advance()
            searcher.step()
    assert torch.equal(*[problem.trained for problem in problems])


# --- by what -----------------------------------------------------------------------------------


def greedy(table: Tensor, rows: Tensor, order: list[int]) -> tuple[int, ...]:
    """The rule by the definition: means over all architectures, without those with an option."""
    rows = rows.clone()
    for decision in order:
        lost = []
        for option in range(rows.shape[1]):
            places = product(*(range(4) for _ in OPTIONS))
            left = [z for z in places if z[decision] != option]
            likely = [
                float(torch.stack([rows[d, k] for d, k in enumerate(z)]).prod()) for z in left
            ]
            values = [float(table[z]) * share for z, share in zip(left, likely, strict=True)]
            lost.append(sum(values) / sum(likely))
        rows[decision] = 0.0
        rows[decision, lost.index(min(lost))] = 1.0
    return tuple(rows.argmax(-1).tolist())


@pytest.mark.parametrize("seed", range(4))
def test_on_a_table_it_is_greedy_in_the_order_that_is_drawn(seed: int) -> None:
    """Beside a calculation of its own, from the uniform mixture."""
    settings = DARTSPTSettings(training_epochs=0, fixed_alpha=True)
    searcher = DARTSPT(landscape(), settings, seed=seed)
    order, settle = [], searcher.settle_decision

    def watched(decision: int) -> None:
        order.append(decision)
        settle(decision)

    searcher.settle_decision = watched  # type: ignore[method-assign]
    walked(searcher, EPOCHS)
    table = torch.tensor(ToyTable(OPTIONS, seed=3).tensor(TOY_METRIC))
    assert sorted(order) == [0, 1, 2]
    uniform = torch.full((3, 4), 0.25, dtype=torch.float64)
    assert searcher.architecture().choices == greedy(table, uniform, order)


def test_what_a_table_counts_from_decides_nothing() -> None:
    """Negative values are losses, of which the least is best."""
    found = set()
    for zero in (0.0, -1000.0, 1000.0):
        settings = DARTSPTSettings(training_epochs=10, learning_rate=0.1)
        searcher = DARTSPT(landscape(), settings, seed=2)
        score = searcher.problem.score
        searcher.problem.score = lambda weights, score=score, zero=zero: (
            score(weights) + zero * float(weights.sum(dim=-1).prod())
        )
        walked(searcher, EPOCHS)
        found.add(searcher.architecture().choices)
    assert len(found) == 1


def test_decisions_are_settled_in_different_orders() -> None:
    orders = set()
    for seed in range(12):
        searcher = DARTSPT(landscape(), DARTSPTSettings(training_epochs=0), seed=seed)
        searcher.problem.advance()
        searcher.step()
        orders.add(int((searcher.kept.sum(-1) == 1).nonzero()))
    assert orders == {0, 1, 2}


def test_what_is_decided_is_one_hot_and_the_others_keep_their_softmax() -> None:
    searcher = DARTSPT(landscape(), DARTSPTSettings(training_epochs=10, learning_rate=0.1), seed=0)
    walked(searcher, 12)
    rows = searcher.relaxed().detach()
    decided = searcher.kept.sum(-1) == 1
    assert int(decided.sum()) == 1
    assert torch.equal(rows[decided], searcher.kept[decided].double())
    expected = searcher.alpha.detach()[~decided].softmax(-1)
    assert torch.allclose(rows[~decided], expected, atol=1e-14)


def test_alpha_of_what_is_decided_stays_and_that_of_the_others_trains() -> None:
    searcher = DARTSPT(landscape(), DARTSPTSettings(training_epochs=10, learning_rate=0.1), seed=0)
    walked(searcher, 11)
    before, decided = searcher.alpha.detach().clone(), searcher.kept.sum(-1) == 1
    walked(searcher, 3)
    moved = (searcher.alpha.detach() != before).all(-1)
    assert torch.equal(moved, ~decided)


def test_a_fixed_alpha_is_uniform_to_the_end() -> None:
    searcher = DARTSPT(landscape(), DARTSPTSettings(training_epochs=10, fixed_alpha=True), seed=0)
    walked(searcher, 10)
    assert torch.equal(searcher.relaxed(), torch.full((3, 4), 0.25, dtype=torch.float64))
    assert walked(searcher, 10)[-1] == 3
    assert not searcher.alpha.any()


# --- on a supernet -----------------------------------------------------------------------------


def test_six_decisions_of_a_supernet() -> None:
    problem = supernet()
    searcher = DARTSPT(problem, DARTSPTSettings(training_epochs=1), seed=1)  # type: ignore[arg-type]
    asked: list[Tensor] = []
    score = problem.score

    def watched(candidate: Any) -> float:
        assert problem.supernet.training
        asked.append(candidate.clone())
        return score(candidate)

    problem.score = watched  # type: ignore[method-assign]
    assert walked(searcher, STEPS)[-1] == 6
    assert len(asked) == 30
    for weights in asked:
        assert int((weights.sum(-1) < 1 - 1e-6).sum()) == 1  # not renormalised
    assert problem.space.weights(searcher.architecture()).bool().equal(searcher.kept)


def test_the_accuracy_is_of_all_images_with_the_norms_of_the_batch() -> None:
    """By hand, with the network in training mode."""
    problem = supernet()
    searcher = DARTSPT(problem, DARTSPTSettings(training_epochs=1), seed=1)  # type: ignore[arg-type]
    walked(searcher, 4)
    weights = searcher.mixed()
    weights[2, 3] = 0.0
    found = searcher.worth(weights)
    before = {name: value.clone() for name, value in problem.supernet.state_dict().items()}
    images = problem.held_out
    with torch.no_grad():
        logits = problem.supernet.train()(problem.augment.test(images.pixels), weights)
    right = 100 * float((logits.argmax(1) == images.labels).float().mean())
    problem.supernet.load_state_dict(before)
    assert found == pytest.approx(right, abs=1e-9)


def test_sgd_starts_afresh_at_a_share_of_its_rate() -> None:
    rates: dict[bool, list[float]] = {}
    for decays in (False, True):
        problem = supernet(learning_rate=0.1, learning_rate_min=0.002)
        settings = DARTSPTSettings(training_epochs=1, tuning_rate=0.1, tuning_decays=decays)
        searcher = DARTSPT(problem, settings, seed=0)  # type: ignore[arg-type]
        rates[decays] = []
        for step in range(STEPS):
            problem.advance()
            optimizer = problem._optimizer
            rates[decays].append(optimizer.param_groups[0]["lr"])
            if step == STEPS // 2:
                momenta = [s["momentum_buffer"] for s in optimizer.state.values()]
                assert not any(bool(momentum.any()) for momentum in momenta)
            searcher.step()
    assert rates[False] == rates[True] == [0.1] * 6 + [pytest.approx(0.01)] * 6


# --- DARTS cells -------------------------------------------------------------------------------


@pytest.mark.parametrize("perturbation", ["none", "random", "adversarial"])
def test_darts_cells_keep_two_edges_a_node(perturbation: Any) -> None:
    space = DARTSSpace()
    problem = ToyTrained(space, steps=EPOCHS)
    settings = DARTSPTSettings(
        training_epochs=2, perturbation=perturbation, perturbation_steps=2, excluded=("none",)
    )
    searcher = DARTSPT(problem, settings, seed=0)
    walked(searcher, EPOCHS)
    rows = searcher.scores()
    assert rows.isfinite().all()
    assert int((rows != 0).any(-1).sum()) == 16
    found = space.weights(searcher.architecture())
    assert torch.equal(found.double(), rows)


def test_darts_cells_go_on_bit_for_bit() -> None:
    def make() -> ToyTrained:
        return ToyTrained(DARTSSpace(), steps=EPOCHS)

    settings = DARTSPTSettings(training_epochs=2, excluded=("none",))
    check_searcher(DARTSPT, settings, make_problem=make, steps=EPOCHS)


# --- settings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{"kept_options": 3}, {"partial_channels": [4, 2]}])
def test_stages_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(HarnessError, match="decided on by removal, in one stage"):
        DARTSPTSettings.build("dartspt", settings)

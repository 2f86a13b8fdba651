"""Skips that drop out, answers with fewer of them, and searches that end with too many."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from nasbench_harness import registry
from nasbench_harness.contracts import NetworkShape, SkipRates
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.betadarts import BetaDARTS, BetaDARTSSettings
from nasbench_harness.methods.drnas import DrNASSettings
from nasbench_harness.methods.fairdarts import FairDARTS, FairDARTSSettings
from nasbench_harness.methods.sdarts import SDARTS, SDARTSSettings
from nasbench_harness.methods.shared.skips import Skips
from nasbench_harness.settings import SettingsError
from nasbench_harness.spaces.darts import open_darts
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.testing import ToyParts, ToySpace, ToyTrained
from tests.methods.tiny_supernet import supernet

SKIP = 3
"""In the DARTS space; 1 in NAS-Bench-201."""


def drawn(space: Any, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    scores: Tensor = torch.rand(space.mask.shape, generator=generator) * space.mask
    return scores


# --- counting and restricting --------------------------------------------------------------------


def refined(scores: Tensor, most: int) -> Tensor:
    """P-DARTS' refinement of a normal cell [14, 8], edge by edge in plain Python.

    Of every edge the best operation but `none`, of every node the two best edges; while more than
    `most` of these are skips, the weakest of them is set to 0.
    """
    rows = [[0.0, *row[1:]] for row in scores.tolist()]
    starts = (0, 2, 5, 9)
    while True:
        best = [max(range(8), key=row.__getitem__) for row in rows]
        kept = []
        for inputs, start in enumerate(starts, start=2):
            edges = range(start, start + inputs)
            kept += sorted(edges, key=lambda edge: -rows[edge][best[edge]])[:2]
        skips = [edge for edge in kept if best[edge] == SKIP]
        if len(skips) <= most:
            found = torch.zeros(14, 8)
            for edge in kept:
                found[edge, best[edge]] = 1.0
            return found
        rows[min(skips, key=lambda edge: rows[edge][SKIP])][SKIP] = 0.0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("most", [0, 2, 8])
def test_a_normal_cell_is_restricted_as_p_darts_does_it(seed: int, most: int) -> None:
    space = open_darts()
    scores = drawn(space, seed)
    scores[:, SKIP] += 0.4
    skips = Skips(space, every_cell=False)
    arch = skips.at_most(scores, most)
    assert torch.equal(space.weights(arch)[:14].bool().float(), refined(scores[:14], most))
    assert skips.count(arch) <= most
    plain = space.weights(space.derive(scores))
    assert torch.equal(space.weights(arch)[14:], plain[14:])  # the reduction cell


def test_all_cells_count_where_that_is_said() -> None:
    space = open_darts()
    scores = drawn(space, 0)
    scores[:, SKIP] += 1.0
    arch = space.derive(scores)
    kept = space.weights(arch)[:, SKIP]
    assert Skips(space, every_cell=False).count(arch) == int(kept[:14].sum()) == 8
    whole = Skips(space, every_cell=True)
    assert whole.count(arch) > 8  # those of stride 2 are operations to train
    assert whole.count(whole.at_most(scores, 3)) == 3


def test_the_weakest_skips_give_way_first() -> None:
    space = NB201()
    scores = torch.full((6, 5), 0.1)
    scores[:, 1] = torch.tensor([0.6, 0.9, 0.5, 0.8, 0.7, 0.95])
    scores[:, 3] = 0.3
    arch = Skips(space, every_cell=False).at_most(scores, 3)
    assert arch.choices == (3, 1, 3, 1, 3, 1)


def test_a_skip_without_alternative_stays() -> None:
    space = ToySpace((1, 2), free=("o0",))
    scores = torch.tensor([[0.9, 0.0], [0.8, 0.2]])
    skips = Skips(space, every_cell=True)
    arch = skips.at_most(scores, 0)
    assert skips.count(arch) == 1
    assert str(arch) == "0-1"


def test_answers_of_a_method_are_restricted_and_its_scores_are_not() -> None:
    made = [
        SDARTS(ToyTrained(NB201()), SDARTSSettings(kept_skips=kept), seed=0) for kept in (None, 2)
    ]
    for searcher in made:
        searcher.alpha.data[:, 1] = torch.arange(6.0) + 1
    plain, restricted = (searcher.architecture() for searcher in made)
    assert plain.choices == (1,) * 6
    assert sum(choice == 1 for choice in restricted.choices) == 2
    assert restricted.choices[4:] == (1, 1)
    assert torch.equal(made[0].scores(), made[1].scores())


def test_so_are_those_of_fairdarts() -> None:
    settings = FairDARTSSettings(kept_skips=1, threshold=0.5)
    searcher = FairDARTS(ToyTrained(NB201()), settings, seed=0)
    searcher.alpha.data[:, 1] = 3.0
    searcher.alpha.data[:, 3] = 2.0
    assert sum(choice == 1 for choice in searcher.architecture().choices) == 1


def test_a_space_without_skips_is_refused_in_a_sentence() -> None:
    with pytest.raises(HarnessError, match="has no skip that could be counted"):
        SDARTS(ToyTrained(ToySpace()), SDARTSSettings(kept_skips=1), seed=0)


# --- the end of a search -------------------------------------------------------------------------


def test_a_search_ends_at_the_first_epoch_with_too_many_skips() -> None:
    problem = ToyTrained(NB201(), steps=10)
    searcher = BetaDARTS(problem, BetaDARTSSettings(stop_above_skips=3), seed=0)
    problem.advance()
    assert "early_stop" not in searcher.step()
    searcher.alpha.data[:3, 1] = 5.0  # three are allowed
    searcher.alpha.data[3:, 3] = 5.0
    problem.advance()
    assert "early_stop" not in searcher.step()
    searcher.alpha.data[3, 1] = 9.0
    before, network = searcher.alpha.detach().clone(), problem.trained.clone()
    for _ in range(3):
        problem.advance()
        assert searcher.step() == {"early_stop": 1.0}
    assert torch.equal(searcher.alpha, before)
    assert torch.equal(problem.trained, network)
    assert sum(choice == 1 for choice in searcher.architecture().choices) == 4


def test_it_stays_ended_where_it_goes_on_from_a_state() -> None:
    problem = ToyTrained(NB201(), steps=10)
    settings = BetaDARTSSettings(stop_above_skips=0)
    searcher = BetaDARTS(problem, settings, seed=0)
    searcher.alpha.data[:, 1] = 5.0
    for _ in range(2):
        problem.advance()
        searcher.step()
    assert searcher.ended
    other = BetaDARTS(problem, settings, seed=0)
    other.load_state_dict(searcher.state_dict())
    other.alpha.data[:, 1] = -5.0  # nobody asks any more
    problem.advance()
    assert other.step() == {"early_stop": 1.0}


def test_alpha_that_was_never_trained_ends_nothing() -> None:
    problem = ToyTrained(NB201(), steps=10)
    settings = SDARTSSettings(stop_above_skips=0, warmup_epochs=4)
    searcher = SDARTS(problem, settings, seed=0)
    searcher.alpha.data[:, 1] = 5.0
    ended = []
    for _ in range(7):
        problem.advance()
        ended.append(searcher.step() == {"early_stop": 1.0})
    assert ended == [False] * 5 + [True] * 2


# --- dropout -------------------------------------------------------------------------------------


def test_rates_are_those_of_p_darts_code() -> None:
    """25 epochs a stage, of which 10 warm up: p (25 - e - 1) / 25, then p exp(-0.2 (e - 10))."""
    problem = ToyParts(ToySpace(free=("o0",)), steps=75)
    settings = SDARTSSettings(
        skip_dropout=[0.1, 0.4, 0.7], kept_options=[4, 3, 2], warmup_epochs=10
    )
    searcher = SDARTS(problem, settings, seed=0)
    for epoch in range(75):
        problem.advance()
        searcher.step()
        rate, passed = (0.1, 0.4, 0.7)[epoch // 25], epoch % 25
        expected = (
            rate * (25 - passed - 1) / 25 if passed < 10 else rate * math.exp(-0.2 * (passed - 10))
        )
        assert problem.skip_dropout == pytest.approx(expected, abs=1e-12)


def one_edge(option: int, weight: float = 0.5) -> Tensor:
    """Of NAS-Bench-201: only 3<-0 brings something."""
    rows = torch.zeros(6, 5)
    rows[3, option] = weight
    return rows


@pytest.mark.parametrize("per_example", [False, True])
def test_what_a_skip_passes_on_is_dropped_out_and_nothing_else(per_example: bool) -> None:
    from nasbench_harness.spaces.nb201.mixing import Mixing

    shape = NetworkShape(classes=3, width=4, cells=1, image_size=(8, 8))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        cell = NB201().supernet(shape).cells()[0]
        x = torch.randn(2, 4, 8, 8).contiguous(memory_format=torch.channels_last)
        for option in (1, 3, 4):
            weights = one_edge(option)
            if per_example:
                weights = weights.expand(2, -1, -1)
            every = torch.ones(6, 5, dtype=torch.bool)
            with torch.no_grad():
                plain = cell(x, Mixing(weights, every))
                found = cell(x, Mixing(weights, every, None, 0.25))
            if option != 1:
                assert torch.allclose(found, plain, atol=1e-6)
                continue
            kept = torch.isclose(found, x * 0.5 / 0.75, atol=1e-6)
            gone = torch.isclose(found, torch.zeros(()), atol=1e-6)
            assert bool((kept | gone).all())
            assert 0.5 < kept.float().mean() < 0.95


@pytest.mark.parametrize("name", ["nb201", "darts"])
def test_a_network_drops_out_in_training_only(name: str) -> None:
    space = registry.open_space(name)
    shape = NetworkShape(classes=3, width=4, cells=3, image_size=(8, 8))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net: Any = space.supernet(shape, track_running_stats=False)
        images = torch.randn(4, 3, 8, 8)
        mask = space.mask.float()
        weights = (mask / mask.sum(dim=-1, keepdim=True)).requires_grad_()
        plain = net(images, weights)
        net.skip_dropout = 0.5
        one, other = net(images, weights), net(images, weights)
        net.eval()
        evaluated = net(images, weights)
        net.skip_dropout = 0.0
        undropped = net(images, weights)
    assert not torch.equal(one, plain)
    assert not torch.equal(one, other)
    assert torch.equal(evaluated, undropped)
    (gradient,) = torch.autograd.grad(one.square().sum(), weights)
    assert bool(gradient.isfinite().all())


def test_dropped_weights_of_skips_have_their_gradient() -> None:
    """With what is drawn held fixed the loss is linear in it where nothing else is there."""
    from nasbench_harness.spaces.nb201.mixing import Mixing

    shape = NetworkShape(classes=3, width=4, cells=1, image_size=(8, 8))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        cell = NB201().supernet(shape).double().cells()[0]
        x = torch.randn(2, 4, 8, 8, dtype=torch.float64)
        weights = one_edge(1).double().requires_grad_()
        torch.manual_seed(1)
        found = cell(x, Mixing(weights, None, None, 0.25))
        (gradient,) = torch.autograd.grad(found.sum(), weights)
    assert abs(float(gradient[3, 1]) - found.sum().item() / 0.5) < 1e-9


def test_a_search_on_a_supernet_drops_out_by_its_own_numbers() -> None:
    problem = supernet()
    searcher = SDARTS(problem, SDARTSSettings(skip_dropout=[0.4]), seed=0)  # type: ignore[arg-type]
    problem.advance()
    before = torch.get_rng_state()
    searcher.step()
    assert torch.equal(torch.get_rng_state(), before)
    assert problem.supernet.skip_dropout == pytest.approx(0.4)


def test_networks_that_cannot_are_refused_in_a_sentence() -> None:
    from nasbench_harness.problems.supernet import operations

    with pytest.raises(HarnessError, match="cannot drop out what its skips pass on"):
        operations.drop_skips(torch.nn.Identity(), "mine", 0.1)
    operations.drop_skips(torch.nn.Identity(), "mine", 0.0)


def test_dropout_needs_networks_and_counting_does_not() -> None:
    assert SDARTS.requires(SDARTSSettings(perturbation="none", skip_dropout=[0.1])) == (SkipRates,)
    assert SDARTS.requires(SDARTSSettings(perturbation="none", kept_skips=2)) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"skip_dropout": [0.1, 0.2]},
        {"skip_dropout": [1.0]},
        {"kept_skips": -1},
        {"stop_above_skips": -2},
        {"skip_cells": "reduce"},
    ],
)
def test_wrong_values_are_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        DrNASSettings.build("drnas", wrong)


def test_trials_of_before_are_called_what_they_were() -> None:
    named = DrNASSettings().identity()
    assert not [name for name in named if "skip" in name]
    assert "kept_skips" in DrNASSettings(kept_skips=2).identity()

"""Zero-Cost-PT: what it scores in an untrained supernet, and which proposal it answers with."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, batch_norm, conv2d, relu

from nasbench_harness.contracts import EvaluatedProxies
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.zerocostpt import ZeroCostPT, ZeroCostPTSettings
from nasbench_harness.spaces.darts import DARTSSpace
from nasbench_harness.spaces.nb201.encoding import EDGES, OPERATIONS
from nasbench_harness.spaces.nb201.skeleton import Reduction
from nasbench_harness.testing import ToySpace, ToyUntrained, check_searcher
from tests.methods.test_freedarts import searched

ROUNDS = 6
"""Of a proposal on NAS-Bench-201."""
SMALL = ZeroCostPTSettings(proposals=2, validation_rounds=3)


# --- the score, written out again --------------------------------------------------------------


def kernel_of(supernet: Any, images: Tensor, alpha: Tensor) -> Tensor:
    """K, from the codes of every ReLU of the supernet with running statistics of a fresh norm."""
    total = torch.zeros(len(images), len(images), dtype=torch.float64)

    def normed(x: Tensor) -> Tensor:
        ones = torch.ones(x.shape[1])
        return batch_norm(x, 0 * ones, ones, training=False)

    def rectified(x: Tensor) -> Tensor:
        codes = (x > 0).flatten(1).double()
        total.add_(codes @ codes.T + (1 - codes) @ (1 - codes).T)
        return relu(x)

    def convolved(layer: nn.Conv2d, x: Tensor, stride: int = 1) -> Tensor:
        return conv2d(x, layer.weight, stride=stride, padding=layer.weight.shape[-1] // 2)

    def cell(block: Any, x: Tensor) -> Tensor:
        nodes = [x, *[torch.zeros_like(x)] * 3]
        for source in range(3):
            before = nodes[source]
            after = rectified(before)
            for edge, (target, of) in enumerate(EDGES):
                if of != source:
                    continue
                place = target - source - 1
                for kind, kernel in (("nor_conv_1x1", block.conv1), ("nor_conv_3x3", block.conv3)):
                    weight = kernel[source].kernel(place)
                    brought = normed(conv2d(after, weight, padding=weight.shape[-1] // 2))
                    nodes[target] = nodes[target] + alpha[edge, OPERATIONS.index(kind)] * brought
                pooled = avg_pool2d(before, 3, 1, 1, count_include_pad=False)
                nodes[target] = nodes[target] + alpha[edge, 1] * before + alpha[edge, 4] * pooled
        return nodes[3]

    x = normed(convolved(supernet.stem[0], images))
    for _, block in supernet.blocks():
        if not isinstance(block, Reduction):
            x = cell(block, x)
            continue
        main = normed(convolved(block.conv_a, rectified(x), 2))
        main = normed(convolved(block.conv_b, rectified(main)))
        x = main + convolved(block.shortcut, avg_pool2d(x, 2, 2))
    rectified(normed(x))
    return total


def without(decision: int, option: int) -> Tensor:
    weights = torch.full((6, 5), 0.2)
    weights[decision, option] = 0.0
    return weights


@pytest.mark.parametrize(("decision", "option"), [(0, 0), (0, 3), (2, 1), (5, 2), (5, 3)])
def test_the_score_is_that_of_the_formula(decision: int, option: int) -> None:
    """Of the supernet as it is evaluated, every operation run, also what weighs nothing."""
    problem = searched()
    problem.advance()
    weights = without(decision, option)
    kernel = kernel_of(problem.supernet, problem._batch["train"][0], weights)
    expected = float(torch.linalg.slogdet(kernel).logabsdet)
    assert problem.evaluated_proxy(weights, "nwot") == pytest.approx(expected, rel=1e-9)


def test_as_many_relus_are_seen_whatever_is_taken_out() -> None:
    """Operations that weigh nothing are run: K's diagonal is the number of units."""
    problem = searched()
    problem.advance()
    images = problem._batch["train"][0]
    kernels = [
        kernel_of(problem.supernet, images, weights)
        for weights in (without(5, 3), torch.full((6, 5), 0.2))
    ]
    assert torch.equal(*[kernel.diagonal() for kernel in kernels])


def test_of_nothing_but_skips_the_codes_are_still_told() -> None:
    problem = searched()
    problem.advance()
    skips = torch.eye(5)[1].expand(6, 5).clone()
    expected = kernel_of(problem.supernet, problem._batch["train"][0], skips)
    found = problem.evaluated_proxy(skips, "nwot")
    assert found == pytest.approx(float(torch.linalg.slogdet(expected).logabsdet), rel=1e-9)


def test_proposals_are_scored_as_they_are_evaluated_and_nothing_changes() -> None:
    problem = searched()
    problem.advance()
    arch = problem.space.parse("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|none~2|")
    before = {name: value.clone() for name, value in problem.supernet.state_dict().items()}
    found = [problem.evaluated_proxy(arch, "nwot"), problem.evaluated_proxy(without(0, 0), "nwot")]
    assert all(math.isfinite(score) for score in found)
    assert problem.proxy(arch, "nwot") != found[0]  # norms of the batch
    after = problem.supernet.state_dict()
    assert all(torch.equal(before[name], value) for name, value in after.items())
    assert problem.supernet.training


# --- the search --------------------------------------------------------------------------------


def walked(problem: Any, settings: ZeroCostPTSettings, steps: int, seed: int = 0) -> ZeroCostPT:
    search = ZeroCostPT(problem, settings, seed)
    for _ in range(steps):
        problem.advance()
        search.step()
    return search


def by_hand(problem: Any, seed: int) -> Any:
    """The first proposal of a search, batch by batch."""
    generator = torch.Generator().manual_seed(seed)
    weights, open_ = torch.full((6, 5), 0.2), list(range(6))
    for _ in range(ROUNDS):
        problem.advance()
        decision = open_[int(torch.randint(len(open_), (), generator=generator))]
        scores = []
        for option in range(5):
            changed = weights.clone()
            changed[decision, option] = 0.0
            kernel = kernel_of(problem.supernet, problem._batch["train"][0], changed)
            scores.append(float(torch.linalg.slogdet(kernel).logabsdet))
        weights[decision] = torch.eye(5)[scores.index(min(scores))]
        open_.remove(decision)
    return problem.space.derive(weights)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_proposal_is_that_of_the_rule_on_fresh_batches(seed: int) -> None:
    settings = ZeroCostPTSettings(proposals=1, validation_rounds=0)
    found = walked(searched(steps=ROUNDS), settings, ROUNDS, seed)
    assert list(found.totals) == [by_hand(searched(), seed)]


def test_no_label_is_read() -> None:
    answers = []
    for shift in (0, 1):
        problem = searched(steps=15)
        for images in problem._batches.values():
            labels = images.images.labels  # type: ignore[attr-defined]
            labels.copy_((labels + shift) % 3)
        search = walked(problem, SMALL, 15)
        answers.append((search.architecture(), tuple(search.totals.values())))
    assert answers[0] == answers[1]


def test_no_weight_is_trained() -> None:
    problem = searched(steps=15)
    before = {name: value.clone() for name, value in problem.supernet.state_dict().items()}
    walked(problem, SMALL, 15)
    after = problem.supernet.state_dict()
    assert all(torch.equal(before[name], value) for name, value in after.items())


def test_the_best_on_average_is_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three proposals, one of which has no number on a batch."""
    problem: Any = ToyUntrained(ToySpace(), steps=2)
    search = ZeroCostPT(problem, ZeroCostPTSettings(proposals=1, validation_rounds=2), 0)
    search.done = search.rounds
    first, second, third = list(problem.space.enumerate())[:3]
    search.totals = {first: 0.0, second: 0.0, third: 0.0}
    told = {first: [1.0, 4.0], second: [3.0, 3.0], third: [9.0, math.nan]}
    monkeypatch.setattr(problem, "evaluated_proxy", lambda arch, name: told[arch].pop(0))
    problem.advance()
    search.validate()
    search.validate()
    search.done += 2
    assert search.architecture() == second
    assert search.totals == {first: 5.0, second: 6.0, third: -math.inf}
    assert search.step() == {"validated_proxy": 3.0}


def test_a_proxy_without_any_number_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    problem: Any = ToyUntrained(ToySpace(), steps=2)
    search = ZeroCostPT(problem, ZeroCostPTSettings(proposals=1, validation_rounds=1), 0)
    monkeypatch.setattr(problem, "evaluated_proxy", lambda arch, name: math.nan)
    problem.advance()
    with pytest.raises(HarnessError, match="proxy `nwot` of the mixture is no finite number"):
        search.next_round()
    search.totals = dict.fromkeys(problem.space.enumerate(), 0.0)
    with pytest.raises(HarnessError, match="proxy `nwot` is a finite number of none"):
        search.validate()


def test_the_same_proposal_is_compared_once() -> None:
    """On the toy every order ends in the same architecture."""
    problem = ToyUntrained(ToySpace(), steps=20)
    search = walked(problem, ZeroCostPTSettings(proposals=4, validation_rounds=2), 20)
    values = problem._values.abs().masked_fill(~problem.space.mask, 0)
    assert list(search.totals) == [problem.space.derive(values)]
    assert search.validated == 2


@pytest.mark.parametrize(("steps", "done"), [(9, 9), (30, 9), (3, 9), (1, 9)])
def test_a_search_of_any_length_is_finished(steps: int, done: int) -> None:
    problem = ToyUntrained(ToySpace(), steps=steps)
    search = walked(problem, SMALL, steps)
    assert search.rounds == 3
    assert search.done == done


def test_darts_cells_lose_edges_by_the_same_rule() -> None:
    space = DARTSSpace()
    problem = ToyUntrained(space, steps=17)
    settings = ZeroCostPTSettings(proposals=1, validation_rounds=0, excluded=("none",))
    search = walked(problem, settings, 17)
    assert search.rounds == 17
    (found,) = search.totals
    values = problem._values.abs().clone()
    values[:, 0] = 0.0
    assert found == space.derive(values)


def test_what_no_problem_without_networks_has_is_named() -> None:
    assert ZeroCostPT.requires(SMALL) == (EvaluatedProxies,)


def test_a_search_goes_on_bit_for_bit() -> None:
    check_searcher(ZeroCostPT, SMALL, steps=20)

"""RADARS: its policy, its pruning, and that nothing is run that does not fit."""

from __future__ import annotations

import io
from itertools import permutations, product
from typing import Any

import pytest
import torch
from torch import Tensor

from nasbench_harness.contracts import SearchOutline, StepMemory
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.drnas import DrNAS
from nasbench_harness.methods.radars import RADARS, RADARSSettings
from nasbench_harness.methods.shared.fitting import check_memory, fitting, lightest, nearest
from nasbench_harness.methods.shared.proposals import Proposal, SubspacePolicy
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.testing import ToySpace, toy_problem
from tests.methods.tiny_supernet import EPOCHS, STEPS, supernet

FEW = {"proposals": 2, "proposal_epochs": 1}


def policy(*options: int, most: int = 2, spread: float = 1.0) -> SubspacePolicy:
    """With logits of chance."""
    found = SubspacePolicy(ToySpace(options).mask, most, learning_rate=0.1)
    generator = torch.Generator().manual_seed(4)
    drawn = torch.randn(found.logits.shape, generator=generator, dtype=torch.float64)
    found.logits.data.copy_(spread * drawn)
    return found


def proposals(options: tuple[int, ...], most: int = 2) -> list[Proposal]:
    """Every order of draws of every decision; of one without a choice a single one."""
    width = max(options)

    def rows(count: int) -> list[list[int]]:
        if count <= most:
            return [[k + 1 if k < count else 0 for k in range(width)]]
        drawn = permutations(range(count), most)
        return [[order.index(k) + 1 if k in order else 0 for k in range(width)] for order in drawn]

    return [Proposal(torch.tensor(each)) for each in product(*map(rows, options))]


# --- the policy --------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(4, 3), (3, 2, 4), (5, 1)])
def test_probabilities_of_all_proposals_sum_to_1(options: tuple[int, ...]) -> None:
    found = policy(*options)
    total = sum(float(found.log_p(p).detach().exp()) for p in proposals(options))
    assert total == pytest.approx(1.0, abs=1e-12)


def test_draws_are_sequential_without_replacement() -> None:
    found = policy(4)
    p = found.probabilities()[0]
    proposal = Proposal(torch.tensor([[0, 2, 1, 0]]))  # the third option, then the second
    expected = p[2] * p[1] / (1 - p[2])
    assert float(found.log_p(proposal).detach().exp()) == pytest.approx(float(expected), abs=1e-14)


def test_a_cut_proposal_is_the_first_draws() -> None:
    found = policy(4)
    proposal = Proposal(torch.tensor([[0, 2, 1, 0]])).cut(1)
    assert proposal.ranked.tolist() == [[0, 0, 1, 0]]
    assert float(found.log_p(proposal).detach().exp()) == pytest.approx(
        float(found.probabilities()[0, 2])
    )


def test_the_policy_gradient_is_that_of_the_expected_reward() -> None:
    """Enumerated over all orders, under any baseline; a subspace is worth the same in each."""
    options = (4, 3)
    found = policy(*options)

    def worth(proposal: Proposal) -> float:
        kept = (proposal.ranked > 0).flatten().double()
        return float((kept * torch.arange(1, 9).sqrt()).sum() % 1)

    every = proposals(options)
    expected = sum(-worth(p) * found.log_p(p).exp() for p in every)
    assert isinstance(expected, Tensor)
    (exact,) = torch.autograd.grad(expected, found.logits)
    followed = torch.zeros_like(exact)
    for proposal in every:
        log_p = found.log_p(proposal)
        chance = float(log_p.detach().exp())
        (gradient,) = torch.autograd.grad(-(worth(proposal) - 0.4) * log_p, found.logits)
        followed += chance * gradient
    assert (followed - exact).abs().max() < 1e-10
    assert exact.abs().max() > 1e-3


def test_draws_have_b_options_of_every_decision_or_all() -> None:
    found, generator = policy(5, 2, 1, spread=20.0), torch.Generator().manual_seed(0)
    for _ in range(50):
        ranked = found.sample(generator).ranked
        assert (ranked > 0).sum(dim=1).tolist() == [2, 2, 1]
        assert not ranked[~found.mask].any()


def test_pruning_takes_the_least_likely_until_b_are_left() -> None:
    found = policy(4, 3, 2)
    found.logits.data.copy_(torch.tensor([[3.0, 0, 1, 2], [1, 1, 2, 9], [0, 5, 9, 9]]))
    found.prune()
    assert found.left.int().tolist() == [[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 0]]
    found.prune()
    assert found.left.int().tolist() == [[1, 0, 0, 1], [0, 1, 1, 0], [1, 1, 0, 0]]
    assert not found.crowded
    assert found.ranked().tolist() == [[1, 0, 0, 2], [0, 2, 1, 0], [2, 1, 0, 0]]


# --- what is run -------------------------------------------------------------------------------


class Watched(Landscape):
    """Notes of every loss that is asked for how many options of a decision have a weight."""

    seen: list[int]

    def expected(self, weights: Tensor) -> Tensor:
        self.seen.append(int((weights.detach() != 0).sum(dim=-1).max()))
        return super().expected(weights)


def watched(steps: int, **given: Any) -> Any:
    problem = toy_problem(steps=steps, **given)
    problem.__class__ = Watched
    problem.seen = []
    return problem


def run(search: RADARS, problem: Any, steps: int) -> list[dict[str, float]]:
    logs = []
    for _ in range(steps):
        problem.advance()
        logs.append({name: float(value) for name, value in search.step().items()})
    return logs


@pytest.mark.parametrize("most", [1, 2, 3])
@pytest.mark.parametrize("final", ["darts", "drnas"])
def test_never_more_than_b_options_of_a_decision_are_run(most: int, final: str) -> None:
    problem = watched(60, options=(5, 3, 4))
    search = RADARS(problem, RADARSSettings(options=most, final=final, **FEW), seed=0)
    logs = run(search, problem, 60)
    assert len(problem.seen) >= 60
    assert max(problem.seen) == most
    assert max(log["options_run"] for log in logs) == most


def test_the_rounds_end_with_b_options_and_a_search_of_these() -> None:
    problem = toy_problem(options=(5, 3, 2), steps=30)
    search = RADARS(problem, RADARSSettings(**FEW), seed=0)
    logs = run(search, problem, 30)
    assert search.last == 6  # (5 - 2) rounds of 2
    left = [log["options_left"] for log in logs]
    assert left[:7] == [10, 10, 8, 8, 7, 7, 6]
    assert left[-1] == 6
    assert [log["subspaces"] for log in logs[:8]] == [1, 2, 3, 4, 5, 6, 7, 7]
    assert logs[-1]["subspaces"] == 7
    assert torch.equal(search.scores() > 0, search.policy.left)
    assert "reward" not in logs[0]
    assert logs[1]["reward"] > 0


def test_where_epochs_are_skipped_the_last_subspace_has_b_options_all_the_same() -> None:
    problem = watched(3, options=(5, 3, 4))
    problem._epochs = 30
    search = RADARS(problem, RADARSSettings(**FEW), seed=0)
    run(search, problem, 3)
    assert search.place == search.last
    assert not search.policy.crowded
    assert max(problem.seen) == 2


def test_the_last_search_is_the_one_that_was_chosen() -> None:
    problem = toy_problem(steps=30)
    search = RADARS(problem, RADARSSettings(final="drnas", **FEW), seed=0)
    run(search, problem, 1)
    assert not isinstance(search.inner, DrNAS)
    run(search, problem, 29)
    assert isinstance(search.inner, DrNAS)


def test_a_subspace_is_worth_what_its_search_derives() -> None:
    problem = toy_problem(steps=30)
    search = RADARS(problem, RADARSSettings(**FEW), seed=0)
    run(search, problem, 1)
    derived = search.architecture()
    (log,) = run(search, problem, 1)
    assert log["reward"] == pytest.approx(problem.score(derived) / 100, abs=1e-12)


def test_it_asks_a_table_for_no_single_architecture() -> None:
    """Its relaxed searches see the whole of it."""
    problem = toy_problem(steps=30)
    run(RADARS(problem, RADARSSettings(**FEW), seed=0), problem, 30)
    assert problem.queries == 0
    assert not RADARS.queries


@pytest.mark.parametrize("steps", [1, 2, 9, 20])
def test_a_search_goes_on_bit_for_bit(steps: int) -> None:
    settings = RADARSSettings(learning_rate=0.1, proposals=3, proposal_epochs=2)
    problem = toy_problem(steps=25)
    search = RADARS(problem, settings, seed=0)
    run(search, problem, steps)
    file = io.BytesIO()
    torch.save({"search": search.state_dict(), "problem": problem.state_dict()}, file)
    rest, scores = run(search, problem, 25 - steps), search.scores()
    file.seek(0)
    state = torch.load(file, weights_only=True)
    problem = toy_problem(steps=25)
    resumed = RADARS(problem, settings, seed=9)
    problem.load_state_dict(state["problem"])
    resumed.load_state_dict(state["search"])
    assert run(resumed, problem, 25 - steps) == rest
    assert torch.equal(resumed.scores(), scores)


# --- memory ------------------------------------------------------------------------------------

MASK = NB201().mask


def only(*options: int) -> Tensor:
    """These of every decision."""
    active = torch.zeros_like(MASK)
    active[:, list(options)] = True
    return active


def test_more_options_take_more_memory() -> None:
    problem = supernet()
    assert isinstance(problem, StepMemory)
    none, skip, conv1, conv3, pool = (problem.step_bytes(only(k)) for k in range(5))
    assert none < skip < conv1 < conv3
    assert skip < pool
    assert conv3 < problem.step_bytes(only(1, 3)) < problem.step_bytes(only(1, 2, 3))
    assert problem.step_bytes(only(1, 2, 3)) < problem.step_bytes(MASK)


def test_memory_is_counted_without_a_trace() -> None:
    problem, other = supernet(), supernet()
    state = torch.get_rng_state()
    problem.step_bytes(only(1, 3))
    assert torch.equal(torch.get_rng_state(), state)
    for name, value in problem.supernet.state_dict().items():
        assert torch.equal(value, other.supernet.state_dict()[name])
    assert all(p.grad is None and p.requires_grad for p in problem.supernet.parameters())


def test_what_the_count_tells_is_what_is_kept() -> None:
    """On the real pass: parameters, momenta, gradients, batches, and what autograd saves."""
    problem = supernet()
    active = only(1, 3)
    counted = problem.step_bytes(active)
    problem.advance()
    network = problem.supernet
    known = {t.untyped_storage().data_ptr() for t in network.state_dict().values()}
    known |= {images.untyped_storage().data_ptr() for images, _ in problem._batch.values()}

    def kept(run: Any) -> int:
        saved: dict[int, Any] = {}

        def note(tensor: Tensor) -> Tensor:
            saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            run()
        return sum(s.nbytes() for place, s in saved.items() if place not in known)

    weights = active / 2.0
    point = weights.clone().requires_grad_()
    graph: list[Tensor] = []
    searched = kept(lambda: graph.append(problem.losses(point, "valid", active)))
    trained = kept(lambda: problem.fit(weights, active))
    parameters = list(network.parameters())
    bytes_of = lambda tensors: sum(t.numel() * t.element_size() for t in tensors)  # noqa: E731
    there = 2 * bytes_of(parameters) + bytes_of(network.buffers())
    there += bytes_of(p.grad for p in parameters if p.grad is not None)
    there += sum(bytes_of(batch) for batch in problem._batch.values())
    assert counted == pytest.approx(there + max(searched, trained), rel=0.02)


def test_as_many_ranked_options_are_kept_as_fit() -> None:
    ranked = torch.tensor([[2, 1, 0, 3], [1, 0, 2, 0]])

    def step_bytes(active: Tensor) -> int:
        return 10 * int(active.sum())

    assert fitting(ranked, 0, step_bytes) == 3
    assert fitting(ranked, 50, step_bytes) == 3
    assert fitting(ranked, 49, step_bytes) == 2
    assert fitting(ranked, 40, step_bytes) == 2
    assert fitting(ranked, 39, step_bytes) == 1
    assert fitting(ranked, 19, step_bytes) == 0


def test_where_no_network_of_the_first_options_fits_it_is_the_nearest_that_does() -> None:
    ranked = torch.tensor([[0, 0, 1], [1, 2, 0], [2, 1, 0]])
    light = torch.tensor([[True, False, False]] * 3)

    def step_bytes(active: Tensor) -> int:
        return int((active * torch.tensor([1, 4, 9])).sum())

    def chosen(limit: int) -> list[int]:
        return nearest(ranked, light, limit, step_bytes).int().argmax(dim=1).tolist()

    assert chosen(14) == [2, 0, 1]
    assert chosen(13) == [2, 0, 0]
    assert chosen(10) == [0, 0, 1]
    assert chosen(3) == [0, 0, 0]


def test_the_lightest_network_has_the_cheapest_option_everywhere() -> None:
    mask = ToySpace((3, 2)).mask

    def step_bytes(active: Tensor) -> int:
        return int((active * torch.tensor([[5, 1, 9], [7, 2, 0]])).sum())

    needed, options = lightest(mask, step_bytes)
    assert needed == 3
    assert options.int().tolist() == [[0, 1, 0], [0, 1, 0]]
    with pytest.raises(HarnessError, match=r"limit of 2 bytes is below .* needs 3"):
        check_memory(mask, 2, step_bytes)
    assert torch.equal(check_memory(mask, 3, step_bytes), options)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7])
def test_no_step_takes_more_than_the_limit(share: float) -> None:
    """Counted of what the network was really asked to run, at every step."""
    problem = supernet()
    least, _ = lightest(MASK, problem.step_bytes)
    limit = round(least + share * (problem.step_bytes(only(1, 3)) - least))
    asked: list[Tensor] = []
    for name in ("losses", "fit"):
        plain = getattr(problem, name)

        def noted(weights: Tensor, *given: Any, plain: Any = plain) -> Any:
            asked.append(given[-1])
            return plain(weights, *given)

        setattr(problem, name, noted)
    settings = RADARSSettings(memory_limit=limit, proposals=1, proposal_epochs=1)
    search = RADARS(problem, settings, seed=1)
    logs = run(search, problem, STEPS)
    assert len(asked) == 2 * STEPS
    assert max(problem.step_bytes(active) for active in asked) <= limit
    assert max(log["step_bytes"] for log in logs) <= limit
    assert max(int(active.sum(dim=1).max()) for active in asked) <= 2


def test_a_limit_below_one_network_is_refused_before_anything_runs() -> None:
    problem = supernet()
    least, _ = lightest(MASK, problem.step_bytes)
    settings = RADARSSettings(memory_limit=least - 1)
    with pytest.raises(HarnessError, match=rf"below what one network takes: .* needs {least:,}"):
        RADARS(problem, settings, seed=0)
    outline = SearchOutline(NB201(), {}, epochs=500, step_bytes=problem.step_bytes)
    with pytest.raises(HarnessError, match="raise the limit, or take a smaller --batch-size"):
        RADARS.check_search(settings, outline)
    RADARS.check_search(RADARSSettings(memory_limit=least), outline)


def test_a_table_has_no_memory_to_limit() -> None:
    assert RADARS.requires(RADARSSettings(memory_limit=10**9)) == (StepMemory,)
    assert RADARS.requires(RADARSSettings()) == ()
    assert not isinstance(toy_problem(), StepMemory)


def test_too_few_epochs_are_refused() -> None:
    settings = RADARSSettings()
    with pytest.raises(HarnessError, match=r"in 120 epochs \(3 rounds of 20 .* has 120"):
        RADARS.check_search(settings, SearchOutline(NB201(), {}, epochs=120))
    RADARS.check_search(settings, SearchOutline(NB201(), {}, epochs=121))
    fewer = RADARSSettings(excluded=("none",))
    RADARS.check_search(fewer, SearchOutline(NB201(), {}, epochs=81))


def test_a_supernet_is_searched_with_what_the_policy_proposes() -> None:
    problem = supernet()
    search = RADARS(problem, RADARSSettings(proposals=1, proposal_epochs=1), seed=0)
    logs = run(search, problem, STEPS)
    assert [log["subspaces"] for log in logs[:: STEPS // EPOCHS]] == [1, 2]
    assert logs[-1]["reward"] * 100 == pytest.approx(round(logs[-1]["reward"] * 24) / 24 * 100)
    assert all(log["step_bytes"] > 0 for log in logs)

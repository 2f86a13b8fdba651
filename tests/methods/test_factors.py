"""Searches of spaces that keep a part of their decisions: by factors, and one edge relaxed."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor

from nasbench_harness.contracts import Factorised, Log, Progress
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.edas import EDAS, EDASSettings
from nasbench_harness.methods.shared.options import searched_mask
from nasbench_harness.methods.shared.topology import Topology
from nasbench_harness.methods.unas import UNAS, UNASSettings
from nasbench_harness.spaces.darts import open_darts
from nasbench_harness.spaces.darts.space import DARTSSpace
from nasbench_harness.testing.toys import ToySpace


class Quadratic:
    """A loss of the edges' weights that is not linear in them; nothing is trained."""

    device, dtype, batch_size = torch.device("cpu"), torch.float64, 1
    progress = Progress(0, 10, 0, 10)

    def __init__(self, space: DARTSSpace) -> None:
        self.space = space
        generator = torch.Generator().manual_seed(4)
        self.matrix = torch.randn(space.mask.numel(), dtype=torch.float64, generator=generator)
        self.seen: list[Tensor] = []
        self.active: list[Tensor | None] = []

    def losses(self, weights: Tensor, split: str, active: Tensor | None = None) -> Tensor:
        batch = weights if weights.ndim == 3 else weights.unsqueeze(0)
        self.seen.append(batch.detach())
        return (batch.flatten(1) @ self.matrix).square() / 10

    def fit(self, weights: Tensor, active: Tensor | None = None) -> Log:
        self.seen.append(weights.detach())
        self.active.append(active)
        return {}


@pytest.fixture(params=["s2", "unas"])
def space(request: pytest.FixtureRequest) -> DARTSSpace:
    return open_darts(request.param)


def one_hot_factors(space: Factorised) -> Tensor:
    counts = [len(factor.options) for factor in space.factors]
    generator = torch.Generator().manual_seed(7)
    rows = torch.zeros(len(counts), max(counts))
    for row, count in zip(rows, counts, strict=True):
        row[int(torch.randint(count, (), generator=generator))] = 1
    return rows


def test_discrete_factors_expand_to_two_paths_a_node(space: DARTSSpace) -> None:
    assert isinstance(space, Factorised)
    edges = space.expand(one_hot_factors(space))
    assert edges.shape == space.mask.shape
    nodes = {d.group for d in space.decisions}
    of_node = dict.fromkeys(nodes, 0.0)
    for decision, row in zip(space.decisions, edges, strict=True):
        of_node[decision.group] += float(row.sum())
    assert set(of_node.values()) == {2.0}


def test_cells_of_free_paths_are_composed_and_expanded_alike() -> None:
    space = open_darts("unas")
    assert isinstance(space, Factorised)
    rows = one_hot_factors(space)
    assert torch.equal(space.weights(space.compose(rows)), space.expand(rows))


def test_equal_inputs_become_different_ones_where_the_space_wants_it() -> None:
    space = open_darts("s2")
    assert isinstance(space, Factorised)
    rows = torch.zeros(len(space.factors), 5)
    rows[:, 0] = 0.6
    rows[:, 1] = 0.4
    cells = space.cells(space.compose(rows))
    assert {edge.source for node in cells["normal"] for edge in node} == {0, 1}
    assert space.overlap(rows[:, :5] * 0 + torch.eye(5)[0]) == 8  # both paths of every node alike


def test_expectation_of_expanded_factors_is_that_of_a_linear_network() -> None:
    """Independent factors: E[expand(z)] = expand(p), by all 2 x 2 x 2 x 2 choices of a node."""
    space = open_darts("s2")
    assert isinstance(space, Factorised)
    p = torch.full((len(space.factors), 5), 0.0, dtype=torch.float64)
    p[:, 0], p[:, 1] = 0.3, 0.7
    found = torch.zeros(space.mask.shape, dtype=torch.float64)
    for choices in product((0, 1), repeat=4):  # node 2 of the normal cell, its four factors
        z = p.clone()
        probability = 1.0
        for row, choice in enumerate(choices):
            z[row] = torch.eye(5, dtype=torch.float64)[choice]
            probability *= float(p[row, choice])
        found += probability * space.expand(z)
    assert torch.allclose(found, space.expand(p), atol=1e-12)


def test_unas_estimates_without_bias_over_free_paths() -> None:
    """A node with one path's operation free, all else decided: two architectures, enumerated."""
    space = open_darts("s2")
    problem = Quadratic(space)
    settings = UNASSettings(gap_weight=0.0, duplicate_weight=0.0, sample_per="batch")
    unas = UNAS(problem, settings, seed=0)  # type: ignore[arg-type]
    decided = torch.full_like(unas.alpha.detach(), -40.0)
    decided[:, 0] = 40.0
    decided[1, :2] = torch.tensor([0.3, -0.2], dtype=torch.float64)
    with torch.no_grad():
        unas.alpha.copy_(decided)
    row = decided[1, :2].clone().requires_grad_()
    losses = []
    for operation in (0, 1):
        z = (decided > 0).double()
        z[1] = torch.eye(5, dtype=torch.float64)[operation]
        assert isinstance(space, Factorised)
        losses.append(problem.losses(space.expand(z), "train")[0])
    (exact,) = torch.autograd.grad((row.softmax(-1) * torch.stack(losses)).sum(), row)
    drawn = torch.stack([unas.estimate()[1, :2] for _ in range(1000)])
    error = drawn.std(dim=0) / len(drawn) ** 0.5
    assert ((drawn.mean(dim=0) - exact).abs() / error).max() < 4


def test_unas_tells_edges_and_answers_with_a_cell(space: DARTSSpace) -> None:
    unas = UNAS(Quadratic(space), UNASSettings(sample_per="batch"), seed=0)  # type: ignore[arg-type]
    unas.step()
    assert unas.scores().shape == space.mask.shape
    assert torch.equal(unas.mixture(), unas.scores())
    assert space.parse(str(unas.architecture())) == unas.architecture()


def test_light_options_are_left_out_of_what_factors_expand_to() -> None:
    space = open_darts("unas")
    problem = Quadratic(space)
    settings = UNASSettings(sample_per="batch", gap_weight=0.0, least_weight=0.05)
    unas = UNAS(problem, settings, seed=0)  # type: ignore[arg-type]
    unas.step()
    soft, needed = problem.seen[-1], problem.active[-1]
    assert needed is not None
    assert torch.equal(needed, (soft != 0).reshape(-1, *needed.shape).any(dim=0))
    assert ((soft == 0) | (soft >= 0.05)).all()
    assert (soft == 0).any()


# --- one relaxed edge ----------------------------------------------------------------------------


def test_what_is_drawn_for_every_edge_becomes_a_cell(space: DARTSSpace) -> None:
    generator = torch.Generator().manual_seed(0)
    p = torch.rand(space.mask.shape, generator=generator) * space.mask
    drawn = torch.nn.functional.one_hot(
        torch.zeros(len(p), dtype=torch.long), space.mask.shape[1]
    ).double()
    kept = Topology(space).kept(drawn, p.double())
    assert torch.equal(space.weights(space.derive(kept)).double(), kept)
    assert ((kept == 0) | (kept == drawn)).all()


def test_a_relaxed_edge_takes_the_place_of_the_weaker_one_of_its_node() -> None:
    space = open_darts("s2")
    topology = Topology(space)
    p = torch.full(space.mask.shape, 0.5, dtype=torch.float64)
    p[2:5, 0] = torch.tensor([0.9, 0.8, 0.1])  # the three edges that enter node 3
    drawn = torch.zeros_like(p)
    drawn[:, 0] = 1
    kept = topology.kept(drawn, p)
    assert kept[2:5, 0].tolist() == [1, 1, 0]
    assert topology.with_room(kept, 4, p)[2:5, 0].tolist() == [1, 0, 0]
    assert topology.with_room(kept, 2, p)[2:5, 0].tolist() == [0, 1, 0]


def test_rows_are_drawn_in_proportion_to_their_strength() -> None:
    """Two of three without replacement, of which one is twice as strong as the others."""
    space = open_darts("s2")
    topology = Topology(space)
    p = torch.zeros(space.mask.shape, dtype=torch.float64)
    p[:, 0] = 0.4
    p[2:5, 0] = torch.tensor([0.8, 0.4, 0.4])  # the three edges that enter node 3
    drawn = torch.zeros_like(p)
    drawn[:, 1] = 1  # how strong a row is does not hang on what was drawn
    generator = torch.Generator().manual_seed(0)
    draws = 1000
    uniforms = torch.rand(draws, len(p), generator=generator, dtype=p.dtype)
    left_out = [int(topology.kept(drawn, p, u)[2:5, 1].argmin()) for u in uniforms]
    shares = torch.bincount(torch.tensor(left_out), minlength=3) / draws
    strong_is_last = 2 * (1 / 4 * 1 / 3)
    others = (1 - strong_is_last) / 2
    expected = torch.tensor([strong_is_last, others, others])
    assert torch.allclose(shares, expected, atol=0.05)


def test_in_the_warm_up_every_edge_is_trained() -> None:
    """All rows are as likely then; of ties a derivation takes the first inputs."""
    problem = Quadratic(open_darts("s2"))
    edas = EDAS(problem, EDASSettings(warmup_fraction=0.5), seed=0)  # type: ignore[arg-type]
    for _ in range(60):
        edas.step()
    trained = torch.stack([seen.squeeze(0) for seen in problem.seen]).any(dim=-1).sum(dim=0)
    last = problem.space.decisions[-1]
    assert last.name == "reduce_5<-4"
    assert trained.min() > 10  # two of five edges in 60 steps: 24 on average


def test_free_products_keep_every_row() -> None:
    topology = Topology(ToySpace())
    drawn = torch.eye(4)[:3]
    assert topology.whole
    assert topology.kept(drawn, drawn) is drawn


def test_edas_trains_cells_only() -> None:
    space = open_darts("s2")
    problem = Quadratic(space)
    edas = EDAS(problem, EDASSettings(), seed=0)  # type: ignore[arg-type]
    for _ in range(3):
        edas.step()
    fitted = [seen for seen in problem.seen if seen.ndim == 2]
    assert fitted
    for weights in fitted:
        assert torch.equal(space.weights(space.derive(weights)).double(), weights)


# --- options that are left out -------------------------------------------------------------------


def test_excluded_options_are_masked_by_name() -> None:
    space = open_darts()
    mask = searched_mask(space, ("none", "sep_conv_5x5"))
    assert int((space.mask & ~mask).sum()) == 2 * 28
    assert searched_mask(open_darts("s2"), ("none",)).all()  # which has no such option


def test_excluding_all_or_the_unknown_is_refused() -> None:
    with pytest.raises(HarnessError, match="has no option left"):
        searched_mask(open_darts("s2"), ("skip_connect", "sep_conv_3x3"))
    with pytest.raises(HarnessError, match="There is no option of the space"):
        searched_mask(open_darts(), ("sep_conv_9x9",))

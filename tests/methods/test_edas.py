"""EDAS: one relaxed edge, all others one-hot."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from nasbench_harness import registry
from nasbench_harness.methods.edas import EDAS, EDASSettings
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.testing import ToyProblem, toy_problem


@pytest.fixture
def edas(problem: Landscape, alpha: Tensor) -> Callable[..., EDAS]:
    def make(**settings: object) -> EDAS:
        made = EDAS(problem, EDASSettings(**settings), seed=1)  # type: ignore[arg-type]
        made.load_state_dict({**made.state_dict(), "alpha": alpha})
        return made

    return make


def test_mean_gradient_times_edges_is_exact(
    edas: Callable[..., EDAS], problem: Landscape, exact_gradient: Tensor,
    gradients: Callable[..., Tensor], z_scores: Callable[[Tensor, Tensor], Tensor],
) -> None:  # fmt: skip
    samples = 3 * gradients(edas(edge_policy="uniform"), problem, 12_000)
    assert z_scores(samples, exact_gradient).max() < 3


def test_clamping_to_the_mode_gives_the_row_gradient_there(
    edas: Callable[..., EDAS], problem: Landscape, alpha: Tensor,
    expected_loss: Callable[[Tensor], Tensor], gradients: Callable[..., Tensor],
) -> None:  # fmt: skip
    samples = gradients(edas(clamp="argmax"), problem, 3).sum(dim=0)
    mode = torch.nn.functional.one_hot(alpha.argmax(-1), 4).double()
    for edge in range(3):
        leaf = alpha[edge].clone().requires_grad_()
        weights = torch.stack([leaf.softmax(-1) if e == edge else mode[e] for e in range(3)])
        (truth,) = torch.autograd.grad(expected_loss(weights), leaf)
        assert torch.allclose(samples[edge], truth, atol=1e-14)


def test_exactly_one_row_has_a_gradient(
    edas: Callable[..., EDAS], problem: Landscape, gradients: Callable[..., Tensor]
) -> None:
    samples = gradients(edas(), problem, 30)
    assert torch.all((samples.abs().sum(-1) > 0).sum(-1) == 1)


def test_idle_rows_do_not_move_at_all() -> None:
    problem = toy_problem(steps=60)
    made = EDAS(problem, EDASSettings(learning_rate=0.1), seed=0)
    for _ in range(60):
        before = made.alpha.detach().clone()
        problem.advance()
        made.step()
        changed = (made.alpha.detach() != before).any(dim=-1)
        assert int(changed.sum()) == 1


def test_a_sweep_visits_every_edge_once(edas: Callable[..., EDAS]) -> None:
    made = edas()
    for _ in range(20):
        assert sorted(made.next_edge() for _ in range(3)) == [0, 1, 2]


def test_only_what_is_needed_is_active(edas: Callable[..., EDAS]) -> None:
    made = edas()
    weights, active = made.relax(made.clamp(), [1], [torch.full((4,), 0.25, dtype=torch.float64)])
    assert active.sum(-1).tolist() == [1, 4, 1]  # (E - 1) + K operations a cell
    assert torch.equal(active, weights != 0)


def test_network_weights_see_fully_discrete_samples(
    edas: Callable[..., EDAS], problem: Landscape, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Tensor] = []
    monkeypatch.setattr(problem, "fit", lambda weights, active: seen.append(weights) or {})
    made = edas()
    for _ in range(20):
        problem.advance()
        made.step()
    fitted = torch.stack(seen)
    assert torch.all(fitted.sum(-1) == 1)
    assert set(fitted.unique().tolist()) == {0.0, 1.0}


def test_relaxed_edge_follows_the_entropy(edas: Callable[..., EDAS]) -> None:
    made = edas(edge_policy="entropy")
    decided = made.alpha.detach().clone()
    decided[0] = torch.tensor([50.0, 0, 0, 0])
    made.load_state_dict({**made.state_dict(), "alpha": decided})
    assert 0 not in {made.next_edge() for _ in range(200)}


def test_eps_argmax_explores_its_share(edas: Callable[..., EDAS], alpha: Tensor) -> None:
    made = edas(clamp="eps_argmax", clamp_epsilon=0.4)
    best = alpha.argmax(-1)
    kept = [(made.clamp().argmax(-1) == best).double() for _ in range(4_000)]
    share = float(torch.stack(kept).mean())
    assert share == pytest.approx(1 - 0.4 * 3 / 4, abs=0.02)  # a uniform draw may hit the best


def test_clamp_temperature_falls_linearly() -> None:
    problem = toy_problem(options=(4,), steps=2)
    settings = EDASSettings(clamp_temperature_start=1e6, clamp_temperature_end=1e-6)
    made = EDAS(problem, settings, seed=0)
    made.load_state_dict({**made.state_dict(), "alpha": torch.tensor([[3.0, 0, 0, 0]]).double()})
    problem.advance()
    hot = torch.stack([made.sample() for _ in range(4_000)]).mean(0)[0]
    assert hot[0] == pytest.approx(0.25, abs=0.03)


def test_warm_up_leaves_alpha_alone() -> None:
    problem = toy_problem(steps=10)
    made = EDAS(problem, EDASSettings(warmup_fraction=0.5), seed=0)
    for _ in range(5):
        problem.advance()
        made.step()
    assert torch.all(made.alpha == 0)


@pytest.fixture
def with_skips() -> Landscape:
    """A toy landscape whose second option is a skip everywhere."""
    problem = toy_problem(options=(4, 4, 4), steps=100_000, seed=3)
    problem.space.decisions = tuple(  # type: ignore[misc]
        replace(d, options=("a", "skip", "b", "c"), free=("skip",)) for d in problem.space.decisions
    )
    return problem


def test_dropping_the_skip_leaves_the_gradient_unbiased(
    with_skips: Landscape, alpha: Tensor, exact_gradient: Tensor,
    gradients: Callable[..., Tensor], z_scores: Callable[[Tensor, Tensor], Tensor],
) -> None:  # fmt: skip
    settings = EDASSettings(edge_policy="uniform", skip_drop=0.4)
    made = EDAS(with_skips, settings, seed=1)
    made.load_state_dict({**made.state_dict(), "alpha": alpha})
    samples = 3 * gradients(made, with_skips, 8_000)
    assert z_scores(samples, exact_gradient).max() < 3


def test_only_the_skip_of_the_relaxed_row_is_dropped(with_skips: Landscape) -> None:
    made = EDAS(with_skips, EDASSettings(skip_drop=0.25), seed=0)
    soft = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    rows = torch.stack([made.drop_skip(0, soft) for _ in range(4_000)])
    assert torch.all(rows[:, [0, 2, 3]] == soft[[0, 2, 3]])
    assert set(rows[:, 1].tolist()) == {0.0, 0.2 / 0.75}
    assert float((rows[:, 1] == 0).double().mean()) == pytest.approx(0.25, abs=0.03)


def test_nothing_is_dropped_where_no_option_is_a_skip(edas: Callable[..., EDAS]) -> None:
    soft = torch.full((4,), 0.25, dtype=torch.float64)
    made = edas(skip_drop=0.9)
    assert all(torch.equal(made.drop_skip(0, soft), soft) for _ in range(20))


def test_relax_gap_is_what_the_soft_row_costs(
    edas: Callable[..., EDAS], problem: Landscape, alpha: Tensor
) -> None:
    made = edas(clamp="argmax", log_relax_gap=True)
    made.queue = [1]
    problem.advance()
    log = made.step()
    mode = torch.nn.functional.one_hot(alpha.argmax(-1), 4).double()
    soft = torch.stack([mode[0], alpha[1].softmax(-1), mode[2]])
    truth = problem.losses(soft, "valid") - problem.losses(mode, "valid")
    assert float(log["relax_gap"]) == pytest.approx(truth.item(), abs=1e-12)


def test_relax_gap_vanishes_for_a_decided_edge(edas: Callable[..., EDAS]) -> None:
    made = edas(log_relax_gap=True)
    decided = torch.full((3, 4), -1e4, dtype=torch.float64)
    decided[:, 2] = 1e4
    made.load_state_dict({**made.state_dict(), "alpha": decided})
    made.problem.advance()
    assert abs(float(made.step()["relax_gap"])) < 1e-12


def test_one_hot_scoring_sees_the_loss_of_discrete_architectures(
    edas: Callable[..., EDAS], problem: Landscape
) -> None:
    made, space = edas(scoring="one_hot"), problem.space
    problem.advance()
    clamped = made.clamp()
    for edge in range(3):
        alone = clamped.clone()
        for option, loss in enumerate(made.option_losses(edge, clamped)):
            alone[edge] = torch.nn.functional.one_hot(torch.tensor(option), 4)
            truth = problem.losses(space.weights(space.derive(alone)).to(alone), "valid").mean()
            assert float(loss) == pytest.approx(float(truth), abs=1e-12)


def test_one_hot_scoring_logs_the_expected_loss(
    edas: Callable[..., EDAS], problem: Landscape, alpha: Tensor
) -> None:
    made = edas(scoring="one_hot", clamp="argmax")
    made.queue = [1]
    problem.advance()
    losses = made.option_losses(1, made.clamp())
    truth = float((alpha[1].softmax(-1) * losses).sum())
    assert float(made.step()["valid_loss"]) == pytest.approx(truth, abs=1e-12)


def test_one_hot_scoring_never_mixes(
    edas: Callable[..., EDAS], problem: Landscape, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Tensor] = []
    losses = problem.losses

    def watched(weights: Tensor, split: str, active: Tensor | None = None) -> Tensor:
        seen.append(weights)
        assert active is not None
        assert torch.equal(active, weights != 0)
        return losses(weights, split, active)  # type: ignore[arg-type]

    monkeypatch.setattr(problem, "losses", watched)
    made = edas(scoring="one_hot", skip_drop=0.5)
    for _ in range(6):
        problem.advance()
        made.step()
    assert len(seen) == 6 * 4  # an option each
    assert set(torch.stack(seen).unique().tolist()) == {0.0, 1.0}


def test_both_scorings_have_one_gradient_where_losses_are_multilinear(
    edas: Callable[..., EDAS], problem: Landscape
) -> None:
    problem.advance()
    soft, one_hot = edas(), edas(scoring="one_hot")
    assert torch.allclose(soft.estimate(), one_hot.estimate(), atol=1e-12, rtol=0)


def test_a_row_scored_one_hot_ignores_what_is_no_option_of_it() -> None:
    problem = toy_problem(options=(2, 4), steps=40)
    made = EDAS(problem, EDASSettings(scoring="one_hot", learning_rate=0.2), seed=0)
    for _ in range(40):
        problem.advance()
        made.step()
    assert torch.all(made.alpha[0, 2:] == 0)
    assert torch.all(made.alpha[0, :2] != 0)


def test_scoring_by_default_names_trials_as_before() -> None:
    assert EDASSettings().scoring == "soft"
    assert "scoring" not in EDASSettings().identity()
    assert EDASSettings(scoring="one_hot").identity()["scoring"] == "one_hot"


def test_published_settings() -> None:
    recipe = EDAS.recipes["nb201"]
    settings = EDASSettings(**recipe.settings)
    assert settings.learning_rate == pytest.approx(6 * 3e-4)
    assert (settings.warmup_fraction, settings.entropy_weight, settings.skip_drop) == (
        0.2, 1e-2, 0.1,
    )  # fmt: skip
    assert (settings.clamp_temperature_start, settings.clamp_temperature_end) == (2.0, 0.5)
    assert recipe.network["split"] == "halves"


# --- one edge of each type of cell ---------------------------------------------------------------


@pytest.fixture
def two_cells() -> Landscape:
    """A toy landscape whose first two decisions are one type of cell and the last two another."""
    problem = toy_problem(options=(3, 3, 3, 3), steps=100_000, seed=3)
    problem.space.decisions = tuple(  # type: ignore[misc]
        replace(d, cell="one" if place < 2 else "other")
        for place, d in enumerate(problem.space.decisions)
    )
    return problem


def by_cell(problem: Landscape, **settings: object) -> EDAS:
    made = EDAS(problem, EDASSettings(relaxed_per="cell", **settings), seed=1)  # type: ignore[arg-type]
    logits = torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    made.load_state_dict({**made.state_dict(), "alpha": logits})
    return made


@pytest.mark.parametrize("scoring", ["soft", "one_hot"])
@pytest.mark.parametrize("policy", ["sweep", "uniform", "entropy"])
def test_one_row_of_each_cell_moves(two_cells: Landscape, policy: str, scoring: str) -> None:
    made = by_cell(two_cells, edge_policy=policy, scoring=scoring)
    for _ in range(20):
        before = made.alpha.detach().clone()
        two_cells.advance()
        made.step()
        moved = (made.alpha.detach() != before).any(dim=-1)
        assert moved.view(2, 2).sum(dim=1).tolist() == [1, 1]


def test_sweeps_of_cells_visit_every_edge_once(two_cells: Landscape) -> None:
    made = by_cell(two_cells)
    for _ in range(10):
        visited = [made.next_edge(cell) for _ in range(2) for cell in range(2)]
        assert sorted(visited) == [0, 1, 2, 3]
        assert [edge // 2 for edge in visited] == [0, 1, 0, 1]  # type: ignore[operator]


def test_the_rest_of_two_sweeps_goes_through_a_checkpoint(two_cells: Landscape) -> None:
    made, again = by_cell(two_cells), by_cell(two_cells)
    for cell in (0, 1, 0):
        made.next_edge(cell)
    again.load_state_dict(made.state_dict())
    following = [[searcher.next_edge(cell) for cell in (1, 0, 1)] for searcher in (made, again)]
    assert following[0] == following[1]


@pytest.mark.parametrize("scoring", ["soft", "one_hot"])
def test_rows_of_both_cells_have_the_gradient_of_the_clamped_mean(
    two_cells: Landscape, scoring: str
) -> None:
    """Over all clamps, enumerated: rows times those of their cell give the exact gradient."""
    made = by_cell(two_cells, scoring=scoring)
    two_cells.advance()
    p = made.scores()
    mean = torch.zeros_like(p)
    for choices in itertools.product(range(3), repeat=4):
        clamped = torch.nn.functional.one_hot(torch.tensor(choices), 3).double()
        chance = p[torch.arange(4), list(choices)].prod()
        for edges in itertools.product((0, 1), (2, 3)):
            rows = [made.row(edge) for edge in edges]
            log_p = made.log_p(edges, rows)
            mixed = made.mixed(edges, log_p, clamped)
            objective, _ = made.objective(edges, log_p, clamped, mixed)
            for edge, own in zip(edges, torch.autograd.grad(objective, rows), strict=True):
                mean[edge] += chance * 2 * own / 4  # two rows a cell, four pairs
    assert torch.allclose(mean, made.exact(), atol=1e-12, rtol=0)


@pytest.mark.parametrize("trained_on", ["discrete", "relaxed"])
def test_cells_of_darts_have_one_soft_edge_each(trained_on: str) -> None:
    """And two edges a node, also where the network weights are trained."""
    problem = ToyProblem(registry.open_space("darts"), steps=14)
    asked: list[Tensor] = []
    losses = problem.losses
    problem.losses = lambda weights, *_: asked.append(weights.detach()) or losses(weights, "valid")  # type: ignore
    problem.fit = lambda weights, *_: asked.append(weights) or {}  # type: ignore
    settings = {"relaxed_per": "cell", "trained_on": trained_on, "excluded": ("none",)}
    made = EDAS(problem, EDASSettings(**settings), seed=0)  # type: ignore[arg-type]
    for _ in range(14):
        problem.advance()
        made.step()
    nodes = [decision.group for decision in problem.space.decisions]
    for place, weights in enumerate(asked):
        chosen = (weights > 0).sum(dim=-1)
        discrete = trained_on == "discrete" and place % 2
        for cell in (chosen[:14], chosen[14:]):
            assert sorted(cell[cell > 0].tolist()) == [1] * 8 if discrete else [1] * 7 + [7]
        for node in set(nodes):
            assert sum(int(n > 0) for n, of in zip(chosen, nodes, strict=True) if of == node) == 2
    assert torch.all((made.alpha != 0).any(dim=-1))  # a whole sweep of both


def test_spaces_of_one_type_of_cell_do_as_before(edas: Callable[..., EDAS]) -> None:
    alone, apart = edas(), edas(relaxed_per="cell")
    for _ in range(20):
        alone.problem.advance()
        for made in (alone, apart):
            made.step()
    assert torch.equal(alone.alpha, apart.alpha)


# --- what the network weights are trained on ----------------------------------------------------


def test_the_relaxed_network_trains_the_weights_too(
    edas: Callable[..., EDAS], problem: Landscape, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Tensor, Tensor]] = []
    fitted: list[tuple[Tensor, Tensor]] = []
    losses = problem.losses

    def watched(weights: Tensor, split: str, active: Tensor | None = None) -> Tensor:
        assert active is not None
        asked.append((weights.detach().clone(), active))
        return losses(weights, split, active)  # type: ignore[arg-type]

    monkeypatch.setattr(problem, "losses", watched)
    monkeypatch.setattr(problem, "fit", lambda *given: fitted.append(given) or {})
    made = edas(trained_on="relaxed", skip_drop=0.5)
    for _ in range(10):
        problem.advance()
        made.step()
    assert len(asked) == len(fitted) == 10
    for (weights, active), (trained, needed) in zip(asked, fitted, strict=True):
        assert torch.equal(weights, trained)
        assert torch.equal(active, needed)
        assert not trained.requires_grad


def test_the_warm_up_trains_on_discrete_samples_all_the_same(
    problem: Landscape, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[Tensor] = []
    monkeypatch.setattr(problem, "fit", lambda weights, _: fitted.append(weights) or {})
    settings = EDASSettings(trained_on="relaxed", warmup_fraction=0.5)
    made = EDAS(problem, settings, seed=0)
    problem.advance()
    made.step()
    assert set(fitted[0].unique().tolist()) == {0.0, 1.0}


def test_alternatives_are_off_by_default_and_name_no_trial() -> None:
    assert not {"relaxed_per", "trained_on"} & set(EDASSettings().identity())
    other = EDASSettings(relaxed_per="cell", trained_on="relaxed").identity()
    assert (other["relaxed_per"], other["trained_on"]) == ("cell", "relaxed")


def test_recipes_of_two_types_of_cells_relax_an_edge_of_each() -> None:
    for name, recipe in EDAS.recipes.items():
        several = (recipe.space or "").startswith("darts")
        assert (EDASSettings(**recipe.settings).relaxed_per == "cell") is several, name

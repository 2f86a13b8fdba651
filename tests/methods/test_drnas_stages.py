"""DrNAS in stages: dropped options, more channels, and a warm-up in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from nasbench_harness.contracts import PartialChannels
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.drnas import DrNAS, DrNASSettings
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.problems.supernet.network_settings import NetworkSettings
from nasbench_harness.study.notation import parse_methods
from nasbench_harness.testing import check_searcher, toy_problem

STEPS = 20


class Channels(Landscape):
    """A landscape that remembers which part of its channels it was told to use."""

    used: list[int]

    def use_channels(self, factor: int) -> None:
        self.used.append(factor)

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "used": list(self.used)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict(state)
        self.used = list(state["used"])


def channels() -> Channels:
    problem = toy_problem(options=(4, 4, 4), steps=STEPS)
    problem.__class__ = Channels
    assert isinstance(problem, Channels)
    problem.used = []
    return problem


@pytest.fixture
def make(alpha: Tensor) -> Callable[..., DrNAS]:
    """DrNAS from a given alpha on a landscape of 20 steps and epochs."""

    def made(**settings: Any) -> DrNAS:
        problem = toy_problem(options=(4, 4, 4), steps=STEPS, seed=3)
        searcher = DrNAS(problem, DrNASSettings(**settings), seed=2)
        searcher.alpha.data.copy_(alpha)
        return searcher

    return made


def walk(searcher: Any, steps: int) -> None:
    for _ in range(steps):
        searcher.problem.advance()
        searcher.step()


def test_what_is_kept_are_the_options_with_the_largest_alpha(
    make: Callable[..., DrNAS], alpha: Tensor
) -> None:
    searcher = make(kept_options=[4, 2])
    searcher.next_stage()
    kept = torch.zeros(3, 4).scatter(-1, alpha.topk(2).indices, 1.0).bool()
    assert torch.equal(searcher.mask, kept)


def test_stages_only_ever_drop_options(make: Callable[..., DrNAS]) -> None:
    searcher = make(kept_options=[4, 3, 1])
    walk(searcher, 1)
    masks = [searcher.mask]
    for _ in range(2):
        searcher.next_stage()
        searcher.alpha.data.neg_()  # the dropped ones would now be the best
        masks.append(searcher.mask)
    assert [int(mask.sum()) for mask in masks] == [12, 9, 3]
    assert not (masks[2] & ~masks[1]).any()


def test_samples_after_dropping_are_dirichlet_over_the_kept(
    make: Callable[..., DrNAS], z_scores: Callable[[Tensor, Tensor], Tensor]
) -> None:
    searcher = make(kept_options=[4, 2])
    beta = searcher.concentration().detach()
    searcher.next_stage()
    with torch.no_grad():
        drawn = torch.stack([searcher.sample() for _ in range(20_000)])
    assert torch.all(drawn[:, ~searcher.mask] == 0)
    assert torch.allclose(drawn.sum(-1), torch.ones(len(drawn), 3, dtype=torch.float64))
    kept = beta * searcher.mask
    total = kept.sum(-1, keepdim=True)
    assert z_scores(drawn[:, searcher.mask], (kept / total)[searcher.mask]).max() < 4
    variance = (kept * (total - kept) / (total**2 * (total + 1)))[searcher.mask]
    assert torch.allclose(drawn[:, searcher.mask].var(dim=0), variance, rtol=0.05)


def test_alpha_of_dropped_options_has_no_gradient(
    make: Callable[..., DrNAS], gradients: Callable[..., Tensor]
) -> None:
    searcher = make(kept_options=[4, 2], anchor="kl")
    walk(searcher, STEPS // 2)
    seen = gradients(searcher, searcher.problem, STEPS // 2)
    assert torch.all(seen[:, ~searcher.mask] == 0)
    assert torch.all(seen[:, searcher.mask] != 0)


def test_alpha_of_dropped_options_is_left_alone(make: Callable[..., DrNAS]) -> None:
    """Neither momentum of the first stage nor the l2 anchor moves it."""
    searcher = make(kept_options=[4, 2], learning_rate=0.1, anchor_weight=0.1)
    walk(searcher, STEPS // 2)
    before = searcher.alpha.detach().clone()
    walk(searcher, STEPS // 2)
    dropped = ~searcher.mask
    assert int(dropped.sum()) == 6
    assert torch.equal(searcher.alpha[dropped], before[dropped])
    assert torch.all(searcher.alpha[searcher.mask] != before[searcher.mask])


def test_adam_goes_on_through_a_new_stage(make: Callable[..., DrNAS]) -> None:
    searcher = make(kept_options=[4, 2])
    walk(searcher, STEPS)
    (state,) = searcher.optimizer.state.values()
    assert int(state["step"]) == STEPS


@pytest.mark.parametrize("scores", ["softmax", "mean"])
def test_scores_of_dropped_options_are_zero(scores: str, make: Callable[..., DrNAS]) -> None:
    searcher = make(kept_options=[4, 2], scores=scores)
    searcher.next_stage()
    assert torch.all(searcher.scores()[~searcher.mask] == 0)
    assert torch.allclose(searcher.scores().sum(-1), torch.ones(3, dtype=torch.float64))


def test_stages_are_equal_shares_of_the_epochs(make: Callable[..., DrNAS]) -> None:
    searcher = make(kept_options=[4, 3, 2])
    stages = []
    for _ in range(STEPS):
        walk(searcher, 1)
        stages.append(searcher.stage)
    assert stages == [0] * 7 + [1] * 7 + [2] * 6


def test_warm_up_begins_anew_in_every_stage(make: Callable[..., DrNAS]) -> None:
    searcher = make(kept_options=[4, 2], warmup_epochs=4)
    moved = []
    for _ in range(STEPS):
        before = searcher.alpha.detach().clone()
        walk(searcher, 1)
        moved.append(not torch.equal(searcher.alpha, before))
    assert moved == 2 * ([False] * 4 + [True] * 6)


def test_only_what_is_kept_is_computed(
    make: Callable[..., DrNAS], monkeypatch: pytest.MonkeyPatch
) -> None:
    searcher = make(kept_options=[4, 2])
    told: list[Tensor | None] = []
    losses = searcher.problem.losses
    monkeypatch.setattr(
        searcher.problem, "losses", lambda w, split, active: told.append(active) or losses(w, split)
    )
    monkeypatch.setattr(searcher.problem, "fit", lambda w, active: told.append(active) or {})
    walk(searcher, STEPS)
    assert told[:STEPS] == [None] * STEPS
    assert all(torch.equal(active, searcher.mask) for active in told[STEPS:] if active is not None)
    assert None not in told[STEPS:]


# --- channels ----------------------------------------------------------------------------------

PROGRESSIVE = DrNASSettings(**DrNAS.recipes["nb201_progressive"].settings)


def test_channels_are_widened_where_a_stage_begins() -> None:
    problem = channels()
    searcher = DrNAS(problem, DrNASSettings(partial_channels=[4, 2]), seed=0)
    assert problem.used == [4]
    walk(searcher, STEPS // 2)
    assert problem.used == [4]
    walk(searcher, STEPS // 2)
    assert problem.used == [4, 2]


def test_loading_a_state_leaves_the_channels_to_the_problem() -> None:
    problem = channels()
    searcher = DrNAS(problem, DrNASSettings(partial_channels=[4, 2]), seed=0)
    walk(searcher, STEPS)
    other = channels()
    resumed = DrNAS(other, DrNASSettings(partial_channels=[4, 2]), seed=0)
    resumed.load_state_dict(searcher.state_dict())
    assert (resumed.stage, other.used) == (1, [4])


def test_progressive_recipe_keeps_the_contract() -> None:
    check_searcher(DrNAS, PROGRESSIVE, make_problem=channels, steps=STEPS + 4)


def test_published_stages() -> None:
    assert (PROGRESSIVE.partial_channels, PROGRESSIVE.kept_options) == ([4, 2], [5, 3])
    assert (PROGRESSIVE.stages, PROGRESSIVE.warmup_epochs) == (2, 10)
    assert DrNAS.recipes["nb201_progressive"].epochs == 100
    plain = DrNASSettings(**DrNAS.recipes["nb201"].settings)
    assert (plain.stages, plain.warmup_epochs, plain.learning_rate) == (1, 0, 3e-4)
    assert (plain.anchor, plain.anchor_weight) == ("l2", 1e-3)


def test_published_stages_on_imagenet() -> None:
    recipe = DrNAS.recipes["imagenet"]
    settings = DrNASSettings(**recipe.settings)
    network = NetworkSettings.build("network", recipe.network)
    assert (settings.partial_channels, settings.kept_options) == ([6, 3], [7, 4])
    assert (recipe.epochs, settings.stages, settings.warmup_epochs) == (50, 2, 10)
    assert (settings.learning_rate, settings.clip_norm, settings.beta1) == (6e-3, 5.0, 0.5)
    assert (settings.anchor, settings.anchor_weight, settings.excluded) == ("l2", 1e-3, ("none",))
    rates = network.learning_rate, network.learning_rate_min, network.learning_rate_warmup
    assert (network.batch_size, *rates) == (512, 0.5, 0.0, 5)
    assert (network.weight_decay, network.momentum, network.clip_norm) == (3e-4, 0.9, 5.0)
    assert (network.split, network.train_share, network.valid_share) == ("per_class", 0.1, 0.025)
    assert (network.width, network.cells, network.augmentation) == (48, 14, "random")


def test_only_partial_channels_need_the_capability() -> None:
    assert DrNAS.requires(PROGRESSIVE) == (PartialChannels,)
    assert DrNAS.requires(DrNASSettings(kept_options=[5, 3])) == ()
    assert isinstance(channels(), PartialChannels)
    assert not isinstance(toy_problem(), PartialChannels)


# --- settings ----------------------------------------------------------------------------------


def test_stages_as_written_on_a_command_line() -> None:
    (choice,) = parse_methods("drnas[partial_channels=[4,2],kept_options=[5,3]]")
    settings = DrNASSettings.build("drnas", choice["settings"])
    assert (settings.partial_channels, settings.kept_options) == ([4, 2], [5, 3])
    assert DrNASSettings.build("drnas", settings.model_dump(mode="json")) == settings


def test_one_factor_holds_for_all_stages() -> None:
    settings = DrNASSettings.build("drnas", {"partial_channels": 4, "kept_options": [5, 3]})
    assert (settings.partial_channels, settings.stages) == ([4], 2)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"partial_channels": [4, 2], "kept_options": [5, 4, 3]}, "one number per stage"),
        ({"partial_channels": [4, 2], "kept_options": [3]}, "one number per stage"),
        ({"partial_channels": [2, 4]}, "cannot grow"),
        ({"kept_options": [3, 5]}, "cannot grow"),
        ({"partial_channels": [0]}, "partial_channels"),
        ({"partial_channels": []}, "partial_channels"),
    ],
    ids=str,
)
def test_stages_that_make_no_sense(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(HarnessError, match=told):
        DrNASSettings.build("drnas", settings)

"""UNAS with several estimates a step: their mean, each on its part of a batch of images."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from nasbench_harness.contracts import Problem, Split
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.shared.factors import heavy_options
from nasbench_harness.methods.shared.parts import by_part, for_each
from nasbench_harness.methods.unas import UNAS, UNASSettings
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.study.recipes import find_recipe
from nasbench_harness.testing import ToyProblem, ToySpace, check_searcher, toy_problem
from tests.methods.tiny_supernet import BATCH, supernet

OPTIONS = (4, 3, 4)
PARTS = 4


class Scripted(UNAS):
    """Takes its uniform numbers from a list instead of a generator."""

    script: list[Tensor]

    def uniform(self, shape: Any) -> Tensor:
        drawn = self.script.pop(0)
        assert list(drawn.shape) == list(shape)
        return drawn


def scripted(problem: Problem, script: list[Tensor], **settings: Any) -> Scripted:
    made = Scripted(problem, UNASSettings(**settings), seed=0)
    generator = torch.Generator().manual_seed(1)
    made.alpha.data.copy_(torch.randn(made.alpha.shape, dtype=torch.float64, generator=generator))
    made.script = script
    return made


def uniforms(*shape: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(*shape, len(OPTIONS), max(OPTIONS), dtype=torch.float64, generator=generator)


def landscape() -> Problem:
    problem = toy_problem(options=OPTIONS, steps=100, batch_size=3, seed=3)
    for _ in range(50):
        problem.advance()
    return problem


CASES: dict[str, dict[str, Any]] = {
    "a batch": {"sample_per": "batch"},
    "examples": {"sample_per": "example"},
    "with a threshold": {"sample_per": "example", "least_weight": 0.3},
    "gap of means": {"sample_per": "example", "gap": "batch_mean"},
    "REINFORCE": {"sample_per": "batch", "control_variate": "none"},
    "softened": {"sample_per": "batch", "probability_floor": 0.08, "entropy_weight": 0.1},
}


@pytest.mark.parametrize("case", CASES)
def test_several_estimates_are_their_mean_on_a_table(case: str) -> None:
    """With the same uniform numbers, to the last digits."""
    settings = CASES[case]
    each = 1 if settings["sample_per"] == "batch" else 3
    drawn = uniforms(PARTS * each, seed=5)
    together = scripted(landscape(), [drawn], arch_samples=PARTS, **settings).estimate()
    alone = [scripted(landscape(), [own], **settings).estimate() for own in drawn.split(each)]
    assert torch.allclose(together, torch.stack(alone).mean(dim=0), atol=1e-12, rtol=0)
    assert not torch.allclose(together, alone[0], atol=1e-3)


@pytest.mark.parametrize("form", ["published", "scaled"])
def test_each_estimate_has_cost_samples_of_its_own(form: str) -> None:
    settings = {
        "sample_per": "batch", "cost": "params", "cost_target": 1.0, "cost_form": form,
        "cost_ramp": 10, "cost_fit_samples": 30, "cost_samples": 2,
    }  # fmt: skip
    costs = 1 if form == "published" else 2
    fitting = uniforms(30, seed=6)
    of_arch, of_cost = uniforms(PARTS, seed=7), uniforms(PARTS * costs, seed=8)
    together = scripted(landscape(), [of_arch, fitting, of_cost], arch_samples=PARTS, **settings)
    found, alone = together.estimate(), []
    for own, priced in zip(of_arch.split(1), of_cost.split(costs), strict=True):
        made = scripted(landscape(), [own, fitting, priced], **settings)
        alone.append(made.estimate())
        assert not made.script
    assert not together.script
    assert torch.allclose(found, torch.stack(alone).mean(dim=0), atol=1e-12, rtol=0)


class Weighed(ToyProblem):
    """Examples that matter more and less, so that it shows which of them a sample has served."""

    def __init__(self, scales: Tensor) -> None:
        super().__init__(ToySpace(OPTIONS), batch_size=len(scales), steps=10)
        self.scales = scales
        self.advance()

    def losses(self, weights: Tensor, split: Split, active: Tensor | None = None) -> Tensor:
        gap = 0.3 if split == "valid" else 0.0
        kept = weights if active is None else weights * active
        return self.scales * super().losses(kept, split) + gap * self.scales.square()


SCALES = torch.linspace(-1, 2, 8, dtype=torch.float64)


@pytest.mark.parametrize("case", CASES)
def test_on_images_each_estimate_is_of_its_part_of_the_batch(case: str) -> None:
    settings = CASES[case]
    each = 1 if settings["sample_per"] == "batch" else 2
    drawn = uniforms(PARTS * each, seed=5)
    together = scripted(Weighed(SCALES), [drawn], arch_samples=PARTS, **settings).estimate()
    parts = zip(drawn.split(each), SCALES.split(2), strict=True)
    alone = [scripted(Weighed(scales), [own], **settings).estimate() for own, scales in parts]
    assert torch.allclose(together, torch.stack(alone).mean(dim=0), atol=1e-12, rtol=0)


def test_the_network_is_trained_on_the_same_mixtures() -> None:
    fitted: list[Tensor] = []
    problem = Weighed(SCALES)
    problem.fit = lambda weights, *_: fitted.append(weights) or {}  # type: ignore[method-assign,func-returns-value]
    drawn = uniforms(PARTS, seed=5)
    made = scripted(problem, [drawn], arch_samples=PARTS, sample_per="batch")
    soft = made.sample(PARTS).soft.detach()
    made.script = [drawn]
    made.step()
    assert torch.equal(fitted[0], soft.repeat_interleave(2, dim=0))


def test_on_a_supernet_the_passes_of_z_run_what_any_part_chose() -> None:
    problem = supernet()
    made = UNAS(problem, UNASSettings(sample_per="batch", arch_samples=2), seed=0)
    problem.advance()
    sample = made.sample(made.samples)
    active = made.only(sample)
    assert active is not None
    assert torch.equal(active, sample.discrete[0].bool() | sample.discrete[1].bool())
    weights = made.dealt(sample.discrete)
    assert weights.shape == (BATCH, 6, 5)
    assert torch.equal(weights[:2], sample.discrete[:1].expand(2, -1, -1))
    assert torch.equal(weights[2:], sample.discrete[1:].expand(2, -1, -1))
    assert torch.equal(made.objective(sample.discrete, active), made.objective(sample.discrete))


def test_an_example_for_each_sample_is_a_sample_per_example() -> None:
    """With as many parts as images, the two ways to say it are one."""

    def surrogate(**settings: Any) -> Tensor:
        problem = supernet()
        made = UNAS(problem, UNASSettings(**settings), seed=0)
        problem.advance()
        return made.estimate()

    per_example = surrogate(sample_per="example")
    assert torch.allclose(surrogate(sample_per="batch", arch_samples=BATCH), per_example, atol=1e-6)


# --- what is asked for -------------------------------------------------------------------------


def test_a_batch_that_cannot_be_shared_evenly_is_refused() -> None:
    with pytest.raises(HarnessError, match="3 equal parts, which 4 images cannot be"):
        UNAS(supernet(), UNASSettings(arch_samples=3), seed=0)


def on_digits(batch_size: int, methods: str = "unas[arch_samples=8]") -> Any:
    values = {
        "methods": methods, "seeds": "0,", "random": False, "search": "supernet", "limit": 120,
        "dataset": "digits", "recipe": "quick", "network": {"batch_size": batch_size},
    }  # fmt: skip
    return plan(build_config(None, values, []))


def test_it_is_refused_before_anything_runs() -> None:
    with pytest.raises(
        HarnessError, match="8 equal parts, which 12 images cannot be; set --batch-"
    ):
        on_digits(12)
    (spec,) = on_digits(16)
    assert spec.settings["arch_samples"] == 8


def test_one_sample_names_no_trial() -> None:
    (alone,), (plain,) = on_digits(12, "unas[arch_samples=1]"), on_digits(12, "unas")
    assert "arch_samples" not in plain.settings
    assert alone.fingerprint == plain.fingerprint


@pytest.mark.parametrize("space", ["darts", "darts[variant=unas]", "proxyless"])
def test_the_authors_eight_devices(space: str) -> None:
    recipe = find_recipe("unas", "paper" if space == "proxyless" else "imagenet", space, "supernet")
    settings = UNASSettings(**recipe.recipe.settings)
    assert (settings.arch_samples, recipe.recipe.network["batch_size"]) == (8, 8 * 24)


def test_searches_with_several_estimates_are_stepped_one_by_one() -> None:
    assert UNAS.joins(UNASSettings())
    assert not UNAS.joins(UNASSettings(arch_samples=2))


@pytest.mark.parametrize("sample_per", ["batch", "example"])
def test_it_keeps_the_contract_on_a_table(sample_per: str) -> None:
    settings = UNASSettings(arch_samples=3, sample_per=sample_per, least_weight=0.1)  # type: ignore[arg-type]
    check_searcher(UNAS, settings, make_problem=partial(toy_problem, noise=0.5, batch_size=2))


def test_several_estimates_are_less_noisy(gradients: Callable[..., Tensor]) -> None:
    def variance(parts: int) -> float:
        problem = toy_problem(options=OPTIONS, steps=100_000, seed=3)
        settings = UNASSettings(
            arch_samples=parts, sample_per="batch", gap_weight=0.0, weight_decay=0.0
        )
        return float(gradients(UNAS(problem, settings, seed=4), problem, 600).var(dim=0).sum())

    assert variance(8) < variance(1) / 5


# --- parts -------------------------------------------------------------------------------------


def test_light_options_are_those_of_their_part() -> None:
    soft = torch.tensor([[[0.9, 0.1]], [[0.8, 0.2]], [[0.1, 0.9]], [[0.6, 0.4]]])
    assert torch.equal(heavy_options(soft, 0.3), soft)
    apart = heavy_options(soft, 0.3, parts=2)
    assert torch.equal(apart[:2], torch.tensor([[[0.9, 0.0]], [[0.8, 0.0]]]))
    assert torch.equal(apart[2:], soft[2:])


def test_parts_of_fewer_values_are_one_each() -> None:
    assert by_part(torch.zeros(2, 6, 3), 2, 1).shape == (2, 2, 3, 3)
    assert by_part(torch.zeros(1, 3), 4, 0).shape == (1, 1, 3)


def test_samples_for_each_example() -> None:
    samples = torch.arange(2).unsqueeze(1)
    assert for_each(samples, 4, 0).squeeze(1).tolist() == [0, 0, 1, 1]
    assert for_each(samples, 2, 0) is samples
    assert for_each(samples, 0, 0) is samples

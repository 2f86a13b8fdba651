"""The known failure signs of a search with shared weights, as numbers.

Everything here looks at the searcher's preferences p only, read as softmax(alpha) with alpha =
log p, so that methods can be compared; for methods that mix by the softmax of their parameters,
alpha is theirs. The supernet and its statistics stay as they are.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from nasbench_harness.contracts import Supernet
from nasbench_harness.images.feeding import measured
from nasbench_harness.tables.metrics import value_of

if TYPE_CHECKING:
    from nasbench_harness.contracts import Benchmark
    from nasbench_harness.problems.supernet.weight_sharing import WeightSharing

RANKED_CELLS = 50
GRADIENT_BATCHES = 8

Batch = tuple[Tensor, Tensor]


def diagnose(
    problem: WeightSharing, p: Tensor, table: Benchmark | None, metric: str
) -> dict[str, float]:
    """The columns of a diagnosed epoch; `metric` is the benchmark's that answers are judged by.

    `kendall_tau`: rank correlation of one-shot and benchmark accuracy over the same 50 random cells
    in every study, as far as the benchmark knows them; not there without one.
    `alpha_gradient_norm` and `alpha_gradient_variance`: of the validation loss' gradient in alpha,
    over 8 batches. `hessian_eigenvalue`: the largest of the validation loss' Hessian in alpha on
    one batch (Zela et al., ICLR 2020: large before a collapse).
    """
    alpha = p.clamp(min=1e-6).log().to(problem.device, problem.dtype)
    gradients = torch.stack([gradient(problem, alpha, batch) for batch in _batches(problem)])
    mean = gradients.mean(dim=0)
    spread = (gradients - mean).square().sum(dim=(1, 2)).sum() / (len(gradients) - 1)
    facts = {} if table is None else {"kendall_tau": rank_correlation(problem, table, metric)}
    return {
        **facts,
        "alpha_gradient_norm": float(mean.norm()),
        "alpha_gradient_variance": float(spread),
        "hessian_eigenvalue": largest_eigenvalue(problem, alpha, next(_batches(problem))),
    }


def rank_correlation(problem: WeightSharing, table: Benchmark, metric: str) -> float:
    """Kendall's tau-b; NaN where all are equal, or the benchmark knows fewer than two of them."""
    from scipy.stats import kendalltau

    space, generator = problem.space, torch.Generator().manual_seed(0)
    drawn = [space.sample(generator) for _ in range(RANKED_CELLS)]
    known = {
        cell: number for cell in drawn if (number := value_of(table, metric, cell)) is not None
    }
    cells = [cell for cell in drawn if cell in known]
    oneshot = [problem.accuracy(cell, problem.settings.evaluated_images) for cell in cells]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = kendalltau(oneshot, [known[cell] for cell in cells])
    return float(found.statistic)


def largest_eigenvalue(problem: WeightSharing, alpha: Tensor, batch: Batch) -> float:
    """Of the Hessian in alpha [D, K], by double backward."""
    point = alpha.detach().requires_grad_()
    loss = _loss(problem, point, batch, twice=True)
    (first,) = torch.autograd.grad(loss, point, create_graph=True)
    there = problem.space.mask.flatten().nonzero().flatten().tolist()
    rows = [
        torch.autograd.grad(first.flatten()[index], point, retain_graph=True)[0].flatten()[there]
        for index in there
    ]
    hessian = torch.stack(rows).cpu().double()
    return float(torch.linalg.eigvalsh((hessian + hessian.T) / 2)[-1])


def gradient(problem: WeightSharing, alpha: Tensor, batch: Batch) -> Tensor:
    """Of the batch's mean loss in alpha, [D, K]."""
    point = alpha.detach().requires_grad_()
    (found,) = torch.autograd.grad(_loss(problem, point, batch), point)
    return found


def _loss(problem: WeightSharing, alpha: Tensor, batch: Batch, *, twice: bool = False) -> Tensor:
    mask = problem.space.mask.to(alpha.device)
    weights = alpha.masked_fill(~mask, -torch.inf).softmax(dim=-1)
    images, labels = batch
    if twice:  # a supernet's fast way can be differentiated once, weights per example twice
        weights = weights.expand(len(images), -1, -1)
    with problem.evaluating("batch"), cast("Supernet", problem.supernet).frozen():
        return cross_entropy(problem.supernet(images, weights), labels)


def _batches(problem: WeightSharing) -> Iterator[Batch]:
    """The first search-validation images, as they are."""
    size, held_out = problem.batch_size, problem.held_out
    for place in range(GRADIENT_BATCHES):
        first = place * size % max(1, len(held_out) - size + 1)
        yield from measured(held_out, problem.augment, size, first, first + size)

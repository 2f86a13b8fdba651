"""The DARTS supernet as its formula says, with the weights of the harness's own."""

from __future__ import annotations

import copy
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import torch
from torch import nn

from nasbench_harness.spaces.darts.inheritance import take_over
from nasbench_harness.spaces.darts.leaving import Leaving
from nasbench_harness.spaces.darts.mixed_cell import MixedDARTSCell
from nasbench_harness.spaces.darts.operations import Norms, make_operation
from nasbench_harness.spaces.darts.shared_weights import DARTSSupernet


def plain_module(checkout: Path) -> ModuleType:
    """What the benchmarks measure against."""
    spec = importlib.util.spec_from_file_location(
        "plain_darts", checkout / "benchmarks/plain_darts.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plain_of(module: ModuleType, supernet: DARTSSupernet) -> Any:
    """A plain supernet that is a copy of another."""
    shape, variant = supernet.shape, supernet.variant
    plain = module.PlainDARTS(
        shape.classes, shape.width, shape.cells, options=variant.options, kinds=len(variant.kinds),
        track=supernet.norms.track, pool_norms=supernet.norms.after_pools,
        partial=supernet.partial, auxiliary=variant.auxiliary_skip,
    )  # fmt: skip
    dtype = next(supernet.parameters()).dtype
    plain.to(dtype).train(supernet.training)
    for cell in plain.cells:
        cell.weighs_edges = supernet.weighs_edges
    copy_weights(plain, supernet)
    return plain


def copy_weights(plain: Any, supernet: DARTSSupernet) -> None:
    """Parameters and statistics."""
    for name in ("stem", "classifier"):
        _copy(getattr(plain, name), getattr(supernet, name))
    for own, cell in zip(plain.cells, supernet.cells, strict=True):
        mixed = cast("MixedDARTSCell", cell)
        _copy(own.before_last, mixed.before_last)
        _copy(own.last, mixed.last)
        for number, (target, source) in enumerate(mixed.variant.edges):
            position = list(mixed.targets(source)).index(target)
            names = mixed.variant.options[mixed.first + number]
            for operation, name in zip(own.edges[number], names, strict=True):
                _take(operation, mixed.leaving[source], position, name)
            if mixed.variant.auxiliary_skip:
                _take(own.beside[number], mixed.auxiliary[source], position, "skip_connect")


def gradients_as_weights(supernet: DARTSSupernet) -> DARTSSupernet:
    """A copy whose parameters are the gradients of these."""
    other = copy.deepcopy(supernet)
    for own, of in zip(other.parameters(), supernet.parameters(), strict=True):
        own.data = torch.zeros_like(own) if of.grad is None else of.grad.clone()
    return other


def _take(operation: nn.Module, leaving: nn.Module, position: int, name: str) -> None:
    assert isinstance(leaving, Leaving)
    norms = Norms(False, leaving.norms.track, leaving.norms.after_pools)
    made = make_operation(name, leaving.channels, leaving.stride, norms)
    take_over(made.to(next(leaving.parameters(), torch.zeros(())).dtype), leaving, position, name)
    _copy(operation, made)


@torch.no_grad()
def _copy(to: nn.Module, of: nn.Module) -> None:
    for own, values in zip(to.state_dict().values(), of.state_dict().values(), strict=True):
        own.copy_(values)

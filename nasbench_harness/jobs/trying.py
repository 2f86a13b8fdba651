"""What a plugin would be found wrong in at the end of a search, tried on its first step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nasbench_harness import registry
from nasbench_harness.contracts import SearchSpace

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLES = 2
"""Architectures that are tried."""
INVERSE = (
    "its `weights` and `derive` must be inverse (`nasbench_harness.testing.check_space` tells)"
)


def try_space(space: SearchSpace) -> None:
    """PluginError unless some architectures can be derived and described.

    They are drawn by a generator of their own: the search is as if nobody had asked.
    """
    import torch

    def ask(member: str, *words: Any) -> Any:
        call: Callable[..., Any] = getattr(space, member)
        return registry.spaces.asked(space.name, member, lambda: call(*words))

    generator = torch.Generator().manual_seed(0)
    shape = (len(space.decisions), max(len(decision.options) for decision in space.decisions))
    for _ in range(SAMPLES):
        arch = ask("sample", generator)
        weights = ask("weights", arch)
        if getattr(weights, "shape", None) != shape:
            raise registry.spaces.error(
                space.name, f"gives `{arch}` {_shape(weights)} for `weights`, not {list(shape)}"
            )
        if (back := ask("derive", weights)) != arch:
            raise registry.spaces.error(
                space.name, f"derives `{back}` from the weights of `{arch}`: {INVERSE}"
            )
        ask("describe", arch)


def check_shape(method: str, member: str, numbers: Any, space: SearchSpace) -> None:
    """PluginError unless a method gives a tensor [D, K] there."""
    shape = (len(space.decisions), max(len(decision.options) for decision in space.decisions))
    if getattr(numbers, "shape", None) != shape:
        raise registry.methods.error(
            method, f"gives {_shape(numbers)} in its `{member}`, not a tensor {list(shape)}"
        )


def _shape(found: Any) -> str:
    """A tensor by its shape, what is none by its type."""
    shape = getattr(found, "shape", None)
    return f"a {type(found).__name__}" if shape is None else f"{list(shape)}"

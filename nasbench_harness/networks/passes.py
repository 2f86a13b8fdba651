"""Looking into a forward pass of any network: its ReLUs, its batch norms, its global pool.

Networks call functions of torch, whether by modules or not; within one of these contexts the calls
are seen where they are made. What an autograd function or a compiled graph does inside is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

CUT_OFF = frozenset({F.relu6, F.hardtanh, F.hardtanh_})
"""The ReLU that is cut off at 6, which torch's module calls by the second."""
RELUS = CUT_OFF | {torch.relu, torch.relu_, F.relu, F.relu_, Tensor.relu, Tensor.relu_}
MEANS = frozenset({torch.mean, Tensor.mean, F.adaptive_avg_pool2d})
"""What can be a global average pool."""


class _Watched(TorchFunctionMode):
    """Within it `called` makes every call of torch."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        return self.called(func, args, kwargs or {})

    def called(self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """What the call gives."""
        return func(*args, **kwargs)


class WatchedReLUs(_Watched):
    """Within it `seen` hears of the output of every ReLU, in the order of the pass."""

    def __init__(self, seen: Callable[[Tensor], None]) -> None:
        super().__init__()
        self.seen = seen

    def called(self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """As it is."""
        output = func(*args, **kwargs)
        if func in RELUS:
            self.seen(output)
        return output


class WatchedPool(_Watched):
    """Within it `maps` becomes what the last global average pool of the pass has read."""

    def __init__(self) -> None:
        super().__init__()
        self.maps: Tensor | None = None

    def called(self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """As it is."""
        output = func(*args, **kwargs)
        if func in MEANS and _is_global(args[0], output):
            self.maps = args[0]
        return output


def _is_global(maps: Tensor, output: Tensor) -> bool:
    """Have [B, C, H, W] become [B, C] or [B, C, 1, 1]."""
    channels = maps.shape[:2]
    return maps.dim() == 4 and output.shape in (channels, torch.Size([*channels, 1, 1]))


class Homogeneous(_Watched):
    """Within it a network without biases gives c times as much for c times a layer's weights.

    Batch norms do not normalise; their affine map stays, which is the identity in fresh networks,
    but supernets may mix by it. A ReLU that is cut off at 6 is not (our decision: without norms
    nearly all would be, and nothing would flow).
    """

    def called(self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """A norm's input, mapped; what is positive of a ReLU's."""
        if func is F.batch_norm:
            return _affine(*args, **kwargs)
        if func in CUT_OFF and _lowest(func, *args[1:], **kwargs) == 0:
            return torch.relu(args[0])
        return func(*args, **kwargs)


def _lowest(func: Any, min_val: float = -1.0, *rest: Any, **named: Any) -> float:
    """Where a function is cut off below."""
    return 0.0 if func is F.relu6 else min_val


def _affine(
    x: Tensor,
    mean: Tensor | None = None,
    var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    *rest: Any,
    **named: Any,
) -> Tensor:
    """weight * x + bias, per channel; what else a batch norm is called with does not matter."""
    channels = (1, -1, *[1] * (x.dim() - 2))
    mapped = x if weight is None else x * weight.view(channels)
    return mapped if bias is None else mapped + bias.view(channels)

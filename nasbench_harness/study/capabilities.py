"""What a method asks of a problem beyond the contract, and whether the problem has it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nasbench_harness.contracts import ChannelParts, SearchCheck, SupernetCheck
from nasbench_harness.study.notation import ConfigError

if TYPE_CHECKING:
    from nasbench_harness.contracts import (
        Kind,
        NetworkShape,
        SearchOutline,
        SearchSpace,
        Setup,
    )


def check_capabilities(name: str, method: Any, settings: Any, kind: Kind) -> None:
    """ConfigError if problems of this kind lack what the method needs under these settings.

    A kind's class is only asked for what the kind does not say itself.
    """
    for capability in method.requires(settings):
        if capability not in kind.capabilities and not _has(kind.problem(), capability):
            raise ConfigError(
                f"`{name}` with these settings needs a problem with {_said(capability)}, and a"
                f" {kind.name} has none; leave the method out or change its settings."
            )


def check_supernet(
    name: str, method: type[Setup], settings: Any, space: SearchSpace, shape: NetworkShape
) -> None:
    """ConfigError if the space knows that it has no such supernet as the method asks for."""
    if not isinstance(space, SupernetCheck):
        return
    parts = method.channel_parts(settings) if isinstance(method, ChannelParts) else (1,)
    for partial in parts:
        try:
            space.check_supernet(shape, partial=partial)
        except ValueError as error:
            raise ConfigError(
                f"The network that `{name}` searches cannot be built: {error}."
            ) from error


def check_search(method: type[Setup], settings: Any, outline: SearchOutline) -> None:
    """HarnessError if the method knows that it cannot make this search."""
    if isinstance(method, SearchCheck):
        method.check_search(settings, outline)


def _has(problem: type, capability: type) -> bool:
    return all(hasattr(problem, attribute) for attribute in _members(capability))


def _said(capability: type) -> str:
    """`PartialChannels` to `partial channels`."""
    return re.sub(r"(?<!^)([A-Z])", r" \1", capability.__name__).lower()


def _members(protocol: type) -> list[str]:
    return [name for name in vars(protocol) if not name.startswith("_")]

"""What a method asks of a problem beyond the contract, and whether the problem has it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nasbench_harness import registry
from nasbench_harness.contracts import (
    ChannelParts,
    SearchCheck,
    SpaceCheck,
    SupernetCheck,
    WideningCheck,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.kinds import kinds
from nasbench_harness.settings import Settings, named
from nasbench_harness.study.notation import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nasbench_harness.contracts import (
        Kind,
        NetworkPlan,
        NetworkShape,
        SearchOutline,
        SearchSpace,
        Setup,
    )


PROXY = "proxy"
"""Role of the setting that names a zero-cost proxy."""


class LackingError(ConfigError):
    """A method that needs what problems of a kind lack."""

    def __init__(self, method: str, lacking: str, kind: str, able: Sequence[str] = ()) -> None:
        """`able` are the kinds whose problems have all that the method needs."""
        self.lacking = lacking
        """As sentences say it: `network weights`."""
        where = f"search with --search {' or '.join(able)}, " if able else ""
        super().__init__(
            f"`{method}` with these settings needs a problem with {lacking}, and a {kind} has none;"
            f" {where}leave the method out or change its settings."
        )


def check_capabilities(name: str, method: Any, settings: Any, kind: Kind) -> None:
    """LackingError if problems of this kind lack what the method needs under these settings.

    A kind's class is only asked for what the kind does not say itself.
    """
    needs = method.requires(settings)
    for capability in needs:
        if capability not in kind.capabilities and not has_capability(kind.problem(), capability):
            able = [other.name for other in kinds() if all(n in other.capabilities for n in needs)]
            raise LackingError(name, in_words(capability), kind.name, able)


def check_supernet(
    name: str, method: type[Setup], settings: Any, space: SearchSpace, shape: NetworkShape
) -> None:
    """ConfigError if the space knows that it has no such supernet as the method asks for."""
    if not isinstance(space, SupernetCheck):
        return
    for partial in _channel_parts(method, settings):
        try:
            space.check_supernet(shape, partial=partial)
        except ValueError as error:
            raise ConfigError(
                f"The network that `{name}` searches cannot be built: {error}."
            ) from error


def check_network(
    name: str, method: Any, settings: Any, place: NetworkPlan, network: Mapping[str, Any]
) -> None:
    """ConfigError if the network of such trials lacks what the method requires of a problem."""
    required = list(method.requires(settings))
    if len({*_channel_parts(method, settings)}) > 1:
        required.append(WideningCheck)
    try:
        place.check_network(network, required)
    except HarnessError as error:
        raise ConfigError(f"`{name}` cannot be run with these settings: {error}") from error


def check_settings(name: str, settings: Settings, space: SearchSpace) -> None:
    """HarnessError if the settings name a proxy that is not there, or what the space has not."""
    proxy = named(type(settings), PROXY)
    try:
        if proxy is not None:
            registry.open_proxy(getattr(settings, proxy))
        if isinstance(settings, SpaceCheck):
            settings.check_space(space)
    except HarnessError as error:
        raise ConfigError(f"`{name}` cannot be run with these settings: {error}") from error


def check_search(method: type[Setup], settings: Any, outline: SearchOutline) -> None:
    """HarnessError if the method knows that it cannot make this search."""
    if isinstance(method, SearchCheck):
        method.check_search(settings, outline)


def _channel_parts(method: type[Setup], settings: Any) -> Sequence[int]:
    return method.channel_parts(settings) if isinstance(method, ChannelParts) else (1,)


def has_capability(problem: type, capability: type) -> bool:
    """Has a class of problems all members of a capability."""
    return all(hasattr(problem, attribute) for attribute in _members(capability))


def in_words(capability: type) -> str:
    """A capability as sentences say it: `PartialChannels` to `partial channels`."""
    return re.sub(r"(?<!^)([A-Z])", r" \1", capability.__name__).lower()


def _members(protocol: type) -> list[str]:
    return [name for name in vars(protocol) if not name.startswith("_")]

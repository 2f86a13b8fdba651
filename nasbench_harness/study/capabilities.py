"""What a method asks of a problem beyond the contract, and whether the problem has it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nasbench_harness.study.notation import ConfigError

if TYPE_CHECKING:
    from nasbench_harness.contracts import Searcher


def check_capabilities(name: str, method: type[Searcher], settings: Any, problem: type) -> None:
    """ConfigError if a problem of this class lacks what the method needs under these settings."""
    for capability in method.requires(settings):
        if not all(hasattr(problem, attribute) for attribute in _members(capability)):
            kind = problem.kind  # type: ignore[attr-defined]
            raise ConfigError(
                f"`{name}` with these settings needs a problem with {_said(capability)}, and a"
                f" {kind} has none; leave the method out or change its settings."
            )


def _said(capability: type) -> str:
    """`PartialChannels` to `partial channels`."""
    return re.sub(r"(?<!^)([A-Z])", r" \1", capability.__name__).lower()


def _members(protocol: type) -> list[str]:
    return [name for name in vars(protocol) if not name.startswith("_")]

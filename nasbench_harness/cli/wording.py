"""What the option parser found wrong, in words of our own."""

from __future__ import annotations

from typing import Any

import typer

from nasbench_harness.fields.scalars import shown

_KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false"}
_BOUNDS = {
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "less_than": "less than {lt:g}",
    "less_than_equal": "{le:g} or less",
}


def reword(error: typer.BadParameter) -> None:
    """Give an option's error our own sentence where its parser passed on another library's."""
    if faults := getattr(error.__cause__, "errors", None):
        fault = next(iter(faults()), None)
        if isinstance(fault, dict):
            error.message = f"expected {_expected(fault)}, not {shown(fault.get('input'))}."


def _expected(fault: dict[str, Any]) -> str:
    kind = str(fault.get("type", ""))
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(**fault.get("ctx", {}))
    return _KINDS.get(kind.partition("_")[0], "another value")

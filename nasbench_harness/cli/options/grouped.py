"""Options in groups: a dataclass whose fields are the options of one subject, for any command.

    @dataclass(frozen=True)
    class Machine:
        device: Annotated[str, typer.Option(help="auto, cpu, ...")] = "auto"

    @app.command()
    @grouped
    def run(machine: Machine, json: JsonOption = False) -> None: ...

`--device` is an option of `run` then, which reads `machine.device`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints

Function = Callable[..., None]


def grouped(command: Function) -> Function:
    """The command as typer reads it: with the fields of its dataclasses, in their order."""
    hints = get_type_hints(command, include_extras=True)
    groups = {name: hint for name, hint in hints.items() if is_dataclass(hint)}

    @wraps(command)
    def called(**given: Any) -> None:
        values = {name: _taken(group, given) for name, group in groups.items()}
        command(**values, **given)

    called.__annotations__ = {}
    called.__signature__ = Signature(list(_parameters(command, hints)))  # type: ignore[attr-defined]
    return called


def _taken(group: Any, given: dict[str, Any]) -> Any:
    """The group with its own of the values, which nobody else gets."""
    return group(**{field.name: given.pop(field.name) for field in fields(group)})


def _parameters(command: Function, hints: Mapping[str, Any]) -> Iterator[Parameter]:
    for parameter in signature(command).parameters.values():
        hint = hints[parameter.name]
        if not is_dataclass(hint):
            yield parameter.replace(annotation=hint, kind=Parameter.KEYWORD_ONLY)
            continue
        inner = get_type_hints(hint, include_extras=True)
        for field in fields(hint):
            default = Parameter.empty if field.default is MISSING else field.default
            yield Parameter(
                field.name, Parameter.KEYWORD_ONLY, default=default, annotation=inner[field.name]
            )

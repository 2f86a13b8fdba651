"""Names of plugins with parameters: `NAME[parameter=value,parameter=value]`.

A space that comes in variants declares `parameters`: by name, the values a parameter may have, each
with what it means, the first of them the usual one. It is called with those that somebody said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from nasbench_harness.errors import HarnessError, UnknownNameError

Parameters = Mapping[str, Mapping[str, str]]
"""By parameter, its values with their meaning; the first value is the usual one."""
_NAME = re.compile(r"(?P<base>[^\[\]]+)\[(?P<inside>[^\[\]]*)\]")


class ParameterError(HarnessError):
    """A name with parameters that says nothing."""


def base_of(name: str) -> str:
    """The plugin's own name."""
    match = _NAME.fullmatch(name)
    return match["base"].strip() if match else name


def canonical(kind: str, name: str, parameters: Parameters) -> tuple[str, dict[str, str]]:
    """The one spelling of a name, and its parameters that are not the usual ones.

    ParameterError or UnknownNameError for what is no parameter or value of the plugin's.
    """
    base, given = base_of(name), _given(kind, name)
    for parameter, value in given.items():
        if not parameters:
            raise ParameterError(f"The {kind} `{base}` has no parameters, so `{name}` is none.")
        if parameter not in parameters:
            raise UnknownNameError(f"parameter of the {kind} `{base}`", parameter, parameters)
        if value not in parameters[parameter]:
            raise UnknownNameError(f"{parameter} of `{base}`", value, parameters[parameter])
    said = {
        parameter: given[parameter]
        for parameter, values in parameters.items()
        if given.get(parameter, next(iter(values))) != next(iter(values))
    }
    inside = ",".join(f"{parameter}={value}" for parameter, value in said.items())
    return (f"{base}[{inside}]" if inside else base), said


def _given(kind: str, name: str) -> dict[str, str]:
    match = _NAME.fullmatch(name)
    given: dict[str, str] = {}
    for part in filter(str.strip, (match["inside"] if match else "").split(",")):
        parameter, sign, value = (word.strip() for word in part.partition("="))
        if not sign or not parameter or not value:
            raise ParameterError(
                f"`{part.strip()}` in the {kind} `{name}` is no `parameter=value`."
            )
        if given.get(parameter, value) != value:
            raise ParameterError(f"`{parameter}` is given twice in the {kind} `{name}`.")
        given[parameter] = value
    return given

"""One sentence for everything that pydantic can find wrong with a study."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from nasbench_harness.errors import nearest
from nasbench_harness.fields.declared import allowed
from nasbench_harness.fields.scalars import shown

_METHODS = "methods"
_EXPECTED = {
    _METHODS: "names as `NAME,NAME`, or a list of them",
    "seeds": "whole numbers from 0 to 9223372036854775807",
    "smallest_difference": "points, a number > 0, or one for each metric as `metric: points`",
}
"""Where a schema's own words would not help."""
_COMMAND_LINE = frozenset({
    "compile", "config", "data_dir", "deterministic", "device", "diagnose", "download", "jobs",
    "json", "mlflow", "out", "report", "set", "tensorboard", "threads", "workers",
})  # fmt: skip
"""Options of `nasharness run` that say where and how a study runs; files do not hold them."""
_LEFT_OUT = "nothing (leave it out)"
_ENTRY = "a name, as `NAME` or `NAME[setting=value]`, or `name:` with `settings:`"


def sentences(
    error: ValidationError,
    study: type[BaseModel],
    entry: type[BaseModel],
    further: Sequence[str] = (),
) -> str:
    """What is wrong with a study, and what was expected; `entry` is one of its methods.

    `further` are keys that a study file may have and the study has not.
    """
    properties = study.model_json_schema()["properties"]
    found = (
        _of_entry(fault, entry) if fault["loc"][:1] == (_METHODS,) and len(fault["loc"]) > 1
        else _of_study(fault, properties, further)
        for fault in _first_hand(error.errors())
    )  # fmt: skip
    return " ".join(dict.fromkeys(found))


def _first_hand(faults: Sequence[Any]) -> list[Any]:
    """Without `empty` of a field whose entries are at fault: they were written, and dropped."""
    wrong = {fault["loc"][:1] for fault in faults if fault["type"] != "too_short"}
    return [
        fault for fault in faults if fault["type"] != "too_short" or fault["loc"][:1] not in wrong
    ]


def reason(fault: Any) -> str:
    """What a validator of ours says beside what is expected, in brackets; empty if nothing."""
    error = fault.get("ctx", {}).get("error")
    return f" ({error})" if str(error or "") else ""


def _of_study(fault: Any, properties: Mapping[str, Any], further: Sequence[str]) -> str:
    name = str(fault["loc"][0]) if fault["loc"] else "the study"
    if fault["type"] == "extra_forbidden":
        return no_key("A study", name, [*properties, *further])
    if fault["type"] == "missing":
        return f"A study needs `{name}`: {_expected(name, properties)}."
    if fault["type"] == "too_short":
        return f"`{name}` is empty; a study needs at least one."
    expected = f"{_expected(name, properties)}{reason(fault)}"
    return f"`{name}` cannot be {shown(fault['input'])}: expected {expected}."


def _expected(name: str, properties: Mapping[str, Any]) -> str:
    return _EXPECTED.get(name) or allowed(properties.get(name, {}), nothing=_LEFT_OUT)


def _of_entry(fault: Any, entry: type[BaseModel]) -> str:
    """A fault of one entry of `methods`."""
    key = str(fault["loc"][2]) if len(fault["loc"]) > 2 else ""
    if fault["type"] == "extra_forbidden":
        return no_key("An entry of `methods`", key, entry.model_fields)
    if fault["type"] == "missing":
        return f"An entry of `methods` has no `{key}`: expected {_ENTRY}."
    if key == "settings":
        given = shown(fault["input"])
        return f"`settings` of an entry of `methods` cannot be {given}: write `name: value`."
    return f"`methods` cannot hold {shown(fault['input'])}: expected {_ENTRY}."


def no_key(owner: str, name: str, known: Iterable[str]) -> str:
    """That there is no such key, with the nearest one and all that there are."""
    if name in _COMMAND_LINE:
        option = name.replace("_", "-")
        return f"{owner} has no key `{name}`: it belongs on the command line, as --{option}."
    names = sorted(known)
    hint = nearest(name, names)
    suggestion = f" Did you mean `{hint}`?" if hint else ""
    return f"{owner} has no key `{name[:60]}`.{suggestion} Known: {', '.join(names)}."

"""Hyper-parameters of a method: a small validated class whose fields explain themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails

from nasbench_harness.errors import HarnessError, UnknownNameError, nearest
from nasbench_harness.fields.declared import allowed, as_declared
from nasbench_harness.fields.faults import reason
from nasbench_harness.fields.scalars import shown

ROLES: Mapping[str, str] = {
    "rate": "step of the architecture parameters, which a recipe may have grow with the batch",
    "warmup": "epochs at the start of the search, or of every stage, that leave them alone",
    "training": "epochs at the start of the search that only train, before anything is decided",
    "stages": "a list with a value for each stage of the search",
    "cost": "names of the costs to hold down, joined by `+`, `none` for none",
    "cost_target": "how much of each is free: one number for all, or a list with one for each",
    "proxy": "name of a zero-cost proxy, which is looked for before anything runs",
    "cost_ramp": "steps over which the weight of the cost grows to its whole",
}
"""What the engine may ask of a method's settings, whatever they are called."""
_SEVERAL = ("stages",)
"""Roles that several settings of a method may have."""


class Settings(BaseModel):
    """Base of every method's settings: immutable, and a wrong name or value is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """HarnessError where a role is none, or two settings have one that is for one."""
        super().__pydantic_init_subclass__(**kwargs)
        roles(cls)

    @field_validator("*", mode="before")
    @classmethod
    def _read_as_declared(cls, value: Any, info: ValidationInfo) -> Any:
        return as_declared(cls.model_fields[str(info.field_name)].annotation, value)

    @classmethod
    def build(cls, owner: str, *layers: Mapping[str, Any]) -> Self:
        """Validate the merged `layers`, later ones winning; HarnessError names the field."""
        merged: dict[str, Any] = {}
        for layer in layers:
            merged.update(layer)
        try:
            return cls.model_validate(merged)
        except ValidationError as error:
            raise SettingsError(owner, cls, error) from error

    def identity(self) -> dict[str, Any]:
        """The values, but for fields added later that are as if they were not there.

        So a trial's name stays what it was when its method learns something new.
        """
        values = self.model_dump(mode="json")
        for name, field in type(self).model_fields.items():
            extra = field.json_schema_extra
            if (
                isinstance(extra, dict)
                and extra.get("later")
                and getattr(self, name) == field.default
            ):
                del values[name]
        return values

    @classmethod
    def explain(cls) -> list[dict[str, Any]]:
        """One row per setting: name, default, unit, allowed values, meaning."""
        properties = cls.model_json_schema().get("properties", {})
        return [
            {
                "name": name,
                "default": field.default,
                "unit": properties[name].get("unit", ""),
                "allowed": allowed(properties[name]),
                "meaning": field.description or "",
                "tag": properties[name].get("tag", ""),
            }
            for name, field in cls.model_fields.items()
        ]


def roles(cls: type[Settings]) -> Mapping[str, tuple[str, ...]]:
    """The names of settings that have a role, by role."""
    return _roles(cls)


@cache
def _roles(cls: type[Settings]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, field in cls.model_fields.items():
        extra = field.json_schema_extra
        role = str(extra.get("role", "")) if isinstance(extra, dict) else ""
        if not role:
            continue
        where = f"`{cls.__name__}.{name}`"
        if role not in ROLES:
            raise UnknownNameError("role of a setting", role, ROLES, f"It is that of {where}.")
        if role in found and role not in _SEVERAL:
            raise HarnessError(f"{where} has the role `{role}` and so has `{found[role][0]}`.")
        found[role] = (*found.get(role, ()), name)
    return found


def named(cls: type[Settings], role: str) -> str | None:
    """The setting that has a role; None where none has."""
    return next(iter(roles(cls).get(role, ())), None)


def by_role(cls: type[Settings], values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `values` that have a role, by it; of several the first."""
    names = {role: of_role[0] for role, of_role in roles(cls).items()}
    return {role: values[name] for role, name in names.items() if name in values}


def setting(  # noqa: PLR0913 - what a field tells of itself
    default: Any,
    meaning: str,
    *,
    unit: str = "",
    later: bool = False,
    notation: str = "",
    role: str = "",
    tag: str = "",
    shortcut: Mapping[str, str] | None = None,
    **limits: Any,
) -> Any:
    """A field of a `Settings` class; `limits` are pydantic's (`gt`, `ge`, `lt`, `le`).

    `notation` says in words what a `pattern` among them admits. `later` marks a field that was
    added to a method which has results: its default must mean what the method did before. `role`
    is one of `ROLES`, by which the engine knows it; `tag` says where the default is from. Of
    settings that an option of a kind of problem `Holds`, `shortcut` makes this one an option of
    `nasharness run` as well, with that `text` and default `told` in `--help`.
    """
    extra: dict[str, Any] = {"unit": unit, "later": later}
    given = {"notation": notation, "role": role, "tag": tag}
    extra |= {name: text for name, text in given.items() if text}
    if shortcut:
        extra["shortcut"] = dict(shortcut)
    return Field(default, description=meaning, json_schema_extra=extra, **limits)


def option(default: Any, text: str, *, told: str = "", values: str = "", **limits: Any) -> Any:
    """A field of the options of a kind of problem: a key of study files, and an option of `run`.

    `text` is what `--help` says of it, `told` its default in words (where that is not a flag's),
    `values` what completion offers: a function of `cli.completion`. A field that `Holds` settings
    is no option of its own: `--set name.setting=value` changes one of them.
    """
    extra: dict[str, Any] = {"told": told, "values": values}
    return Field(default, description=text, json_schema_extra=extra, **limits)


@dataclass(frozen=True)
class Holds:
    """Annotates a field whose value is settings of a class, as they were written."""

    settings: type[Settings]


class SettingsError(HarnessError):
    """A wrong setting: which, what is allowed, what it means."""

    def __init__(self, owner: str, cls: type[Settings], error: ValidationError) -> None:
        rows = {row["name"]: row for row in cls.explain()}
        sentences = (_sentence(owner, rows, fault) for fault in _nearest(error.errors()))
        super().__init__(" ".join(dict.fromkeys(sentences)))


def _nearest(faults: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """Without those of a whole value where an entry of it is at fault: one of several forms."""
    deepest: dict[Any, int] = {}
    for fault in faults:
        name = fault["loc"][:1]
        deepest[name] = max(deepest.get(name, 0), len(fault["loc"]))
    return [fault for fault in faults if len(fault["loc"]) == deepest[fault["loc"][:1]]]


def _sentence(owner: str, rows: Mapping[str, dict[str, Any]], fault: ErrorDetails) -> str:
    name = str(fault["loc"][0]) if fault["loc"] else ""
    if fault["type"] == "extra_forbidden":
        hint = nearest(name, rows)
        suggestion = f" Did you mean `{hint}`?" if hint else ""
        return f"`{owner}` has no setting `{name}`.{suggestion} Known: {', '.join(rows) or 'none'}."
    if name not in rows:
        return _of_several(owner, fault)
    row = rows[name]
    return (
        f"`{owner}.{name}` cannot be {shown(fault['input'])}: expected"
        f" {row['allowed']}{reason(fault)} (default {_default(row['default'])}; {row['meaning']})."
    )


def _default(value: Any) -> str:
    return shown(value) if value is None or isinstance(value, bool) else str(value)


def _of_several(owner: str, fault: ErrorDetails) -> str:
    """A fault of no single setting: what a method itself says about several, or a wrong name."""
    if reason := fault.get("ctx", {}).get("error"):
        return f"`{owner}`: {str(reason).rstrip('.')}."
    return f"`{owner}` has settings, written `name=value`, and not {shown(fault['input'])}."

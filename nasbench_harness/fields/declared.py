"""What a declared field takes: in words, and without the values that only look like numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

from nasbench_harness.fields.scalars import LARGEST, is_number

_COMPARISONS = (
    ("exclusiveMinimum", ">"),
    ("minimum", ">="),
    ("exclusiveMaximum", "<"),
    ("maximum", "<="),
)
_KINDS = {
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "string": "text",
    "object": "settings, written `name: value`",
}
_SWITCHES = {"yes": True, "on": True, "no": False, "off": False}


# --- values ------------------------------------------------------------------------------------


def as_declared(annotation: Any, value: Any) -> Any:
    """The value as a field of this declaration takes it.

    `yes` and `off` are flags where a flag is declared, as they were before YAML 1.2. ValueError
    where a number is declared and a flag, a word or a boundless one is given: `true` is no 1, `nan`
    and `1_0` are no numbers, and what no table could hold is refused before anything runs.
    """
    kinds = set(_kinds(annotation))
    if str in kinds:
        return value
    if bool in kinds or any(isinstance(kind, bool) for kind in kinds):
        word = isinstance(value, str) and value not in kinds
        return _SWITCHES.get(value.lower(), value) if word else value
    if kinds & {int, float}:
        for leaf in _leaves(value):
            _refuse_lookalike(leaf, kinds)
    return value


def _refuse_lookalike(value: Any, kinds: set[Any]) -> None:
    word = isinstance(value, str) and value not in kinds and not is_number(value.strip())
    if isinstance(value, bool) or word:
        raise ValueError
    if float not in kinds and isinstance(value, int | float) and abs(value) > LARGEST:
        raise ValueError(f"whole numbers go to {LARGEST}")


def _kinds(annotation: Any) -> Iterator[Any]:
    """The types in a declaration, however nested, and the words of its literals."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
        return
    inner = get_args(annotation)[: 1 if get_origin(annotation) is Annotated else None]
    if not inner:
        yield annotation
    for part in inner:
        yield from _kinds(part)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value


# --- words -------------------------------------------------------------------------------------


def allowed(schema: Mapping[str, Any], *, nothing: str = "null") -> str:
    """What a field's JSON schema admits, in words; `nothing` is what it is called to give none."""
    if "enum" in schema:
        return "one of " + ", ".join(map(_word, schema["enum"]))
    if "const" in schema:
        return f"`{schema['const']}`"
    if "anyOf" in schema:
        return " or ".join(allowed(option, nothing=nothing) for option in schema["anyOf"])
    if "pattern" in schema:
        return str(schema.get("notation") or f"text like {schema['pattern'].strip('^$')}")
    if schema.get("type") == "array":
        return f"a list, each {allowed(schema.get('items', {}))}"
    kinds = {**_KINDS, "null": nothing}
    kind = kinds.get(schema.get("type", ""), schema.get("type", "a value"))
    bounds = _bounds(schema)
    return f"{kind} {' and '.join(bounds)}" if bounds else kind


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _bounds(schema: Mapping[str, Any]) -> Iterable[str]:
    return [f"{sign} {schema[key]:g}" for key, sign in _COMPARISONS if key in schema]

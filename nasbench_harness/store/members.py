"""Large JSON objects, member by member: of a long list one element is in memory at a time.

A plan of 100,000 trials is text of some 100 MB, and several times as much as dictionaries.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_SPACE = re.compile(r"[ \t\n\r]*")
_decode = json.JSONDecoder().raw_decode

Each = Callable[[str, Any], Any]
"""What is kept of an element of a list, given the name of the member that the list is."""


def read_members(path: Path, each: Each) -> Any:
    """What `files.read_json` gives, with what `each` keeps of the elements of its lists.

    ValueError if it is damaged.
    """
    return members_of(path.read_text(encoding="utf-8-sig"), each)


def members_of(text: str, each: Each) -> Any:
    """The same of a text."""
    return {name: value for name, value, _ in _members(text, each)}


def with_member(text: str, name: str, value: Any) -> str:
    """The text of an object, otherwise as it is, with another value of one member.

    As `files.write_json` would write it; what is not there yet comes last. ValueError if the text
    is damaged.
    """
    places = {own: place for own, _, place in _members(text, _nothing)}
    written = json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\n  ")
    if name in places:
        place = places[name]
        return f"{text[: place.start]}{written}{text[place.stop :]}"
    last = max((place.stop for place in places.values()), default=text.index("{") + 1)
    comma = "," if places else ""
    return f"{text[:last]}{comma}\n  {json.dumps(name)}: {written}{text[last:]}"


def _nothing(name: str, element: Any) -> None:
    del name, element


def _members(text: str, each: Each) -> Iterator[tuple[str, Any, slice]]:
    """Name, value and place of every member of an object that is all of the text."""
    at = _past(text, _space(text, 0), "{")
    first = True
    while text[at : at + 1] != "}":
        if not first:
            at = _past(text, at, ",")
        name, at = _value(text, at)
        if not isinstance(name, str):
            raise json.JSONDecodeError("Expecting a property's name", text, at)
        start = _past(text, at, ":")
        is_list = text[start : start + 1] == "["
        value, stop = _list(text, start, name, each) if is_list else _decoded(text, start)
        yield name, value, slice(start, stop)
        at, first = _space(text, stop), False
    if (end := _space(text, at + 1)) != len(text):
        raise json.JSONDecodeError("Extra data", text, end)


def _list(text: str, at: int, name: str, each: Each) -> tuple[list[Any], int]:
    """A list, and where it ends."""
    found: list[Any] = []
    at = _past(text, at, "[")
    while text[at : at + 1] != "]":
        at = _past(text, at, ",") if found else at
        value, at = _value(text, at)
        found.append(each(name, value))
    return found, at + 1


def _value(text: str, at: int) -> tuple[Any, int]:
    """A value, and where what comes behind it begins."""
    value, end = _decoded(text, at)
    return value, _space(text, end)


def _decoded(text: str, at: int) -> tuple[Any, int]:
    try:
        return _decode(text, at)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _past(text: str, at: int, sign: str) -> int:
    """Where what comes behind a sign begins."""
    if text[at : at + 1] != sign:
        raise json.JSONDecodeError(f"Expecting '{sign}'", text, at)
    return _space(text, at + 1)


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at

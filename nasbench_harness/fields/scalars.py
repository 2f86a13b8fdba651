"""What one written word means: the core schema of YAML 1.2, or a refusal.

YAML 1.1 takes `010` for 8, `1:30` for 90 and `no` for false. Nothing here reads another number than
the one a person reads: what has two readings is refused with what to write instead.
"""

from __future__ import annotations

import re
import reprlib
import unicodedata
from collections.abc import Mapping
from typing import Any

LARGEST = 2**63 - 1
"""What a column of whole numbers can hold."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NAMES = {None: "null", True: "true", False: "false"}
"""As they are written in study files and on command lines, and not as Python writes them."""
_ENDLESS = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_GROUPED = re.compile(r"[-+]?[1-9][0-9]{0,2}(_[0-9]{3})+(\.[0-9]+)?")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BASED = re.compile(r"([-+]?)0([xo])([0-9a-fA-F_]+)")
_BASES = {"x": 16, "o": 8}

_PADDED = re.compile(r"[-+]?0[0-9_]+")
_OTHER_BASES = {
    re.compile(r"[-+]?0b[01_]+"): "in base 2",
    re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"): "a number in base 60 to some",
}
_SPACED = re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?")
_MOST_DIGITS = 400
"""Longer than any number of double precision; far below what Python takes long to read."""

NOTHING = "nothing"

_words = reprlib.Repr()
_words.maxstring = _words.maxother = 80
_words.maxlevel = 3


class AmbiguousScalarError(ValueError):
    """A word with two readings; the text says which, and what to write."""


def read_scalar(text: str) -> bool | int | float | str | None:
    """The value of a word without quotes; AmbiguousScalarError where people read another one."""
    if text in _NULLS:
        return None
    if text in _FLAGS:
        return _FLAGS[text]
    if endless := _ENDLESS.fullmatch(text):
        return float(f"{endless[1]}inf") if endless[2] else float("nan")
    if fault := _fault(text):
        raise AmbiguousScalarError(fault)
    return _read_number(text)


def _read_number(text: str) -> int | float | str:
    if _WHOLE.fullmatch(text):
        return int(text)
    if _GROUPED.fullmatch(text):
        plain = text.replace("_", "")
        return float(plain) if "." in plain else int(plain)
    if _DECIMAL.fullmatch(text):
        return float(text)
    if based := _BASED.fullmatch(text):
        sign, base, digits = based.groups()
        try:
            return int(f"{sign}{digits.replace('_', '')}", _BASES[base])
        except ValueError:
            return text
    return text


def _fault(text: str) -> str:
    """Why a word has no single reading; empty if it has one."""
    if len(text) > _MOST_DIGITS and (_WHOLE.fullmatch(text) or _SPACED.fullmatch(text)):
        return f"{shown(text)} is too large a number"
    if _PADDED.fullmatch(text):
        plain = str(int(text.replace("_", "")))
        return f"`{text}` has leading zeros, which some read in base 8; write `{plain}`"
    for pattern, what in _OTHER_BASES.items():
        if pattern.fullmatch(text):
            return f"`{text}` is {what}; write a decimal number"
    if "_" in text and _SPACED.fullmatch(text) and not _GROUPED.fullmatch(text):
        return f"`{text}` has `_` where no thousand ends; write `{text.replace('_', '')}`"
    if not text.isascii() and is_number(usual := _usual(text)):
        return f"`{text}` is not written with the digits 0 to 9; write `{usual}`"
    return ""


def _usual(text: str) -> str:
    """Full-width, superscript and other digits, and the minus sign, as a keyboard has them."""
    compatible = unicodedata.normalize("NFKC", text).replace("−", "-").strip()
    return "".join(
        character if character.isascii() else str(unicodedata.decimal(character, character))
        for character in compatible
    )


def is_number(text: str) -> bool:
    """Is this a decimal number in the digits 0 to 9, such as `10`, `-0.5`, `1e-3`."""
    return bool(_DECIMAL.fullmatch(text))


def read_number(text: str) -> float:
    """A finite decimal number; ValueError for anything else, `nan` and `1_0` included."""
    value = float(text) if is_number(text.strip()) else float("nan")
    if value - value != 0:  # not finite
        raise ValueError(f"{shown(text)} is no decimal number")
    return value


def shown(value: Any) -> str:
    """A value as a sentence quotes it: short, whatever it is."""
    if value is None or isinstance(value, bool):
        return _NAMES[value]
    if isinstance(value, int) and abs(value) >= 10**40:
        return "a number of more than 40 digits"
    return _words.repr(value)


def said(value: Any) -> str:
    """A value as a sentence has it among its own words; `NOTHING` where there is none."""
    if value is None or value in ("", {}, [], ()):
        return NOTHING
    if isinstance(value, bool):
        return _NAMES[value]
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {said(one)}' for name, one in value.items())}}}"
    return ",".join(map(said, value)) if isinstance(value, list | tuple) else str(value)

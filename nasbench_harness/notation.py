"""How methods, their settings and seeds are written on a command line and in YAML."""

from __future__ import annotations

import re
from typing import Any

import yaml

from nasbench_harness.errors import HarnessError


class ConfigError(HarnessError):
    """A study that cannot be understood."""


def parse_methods(text: str) -> list[dict[str, Any]]:
    """`unas[temperature=0.4],drnas` to names with settings."""
    choices = []
    for part in _split(text):
        match = re.fullmatch(r"([\w.-]+)(?:\[(.*)\])?", part)
        if not match:
            raise ConfigError(
                f"`{part}` is no method; write `name` or `name[setting=value,setting=value]`."
            )
        name, inside = match.groups()
        choices.append({"name": name, "settings": dict(map(parse_pair, _split(inside or "")))})
    return choices


def parse_seeds(text: str) -> tuple[int, ...]:
    """`10` (the first ten), `0-9`, or `3,7`; a single seed is `3,`."""
    seeds: list[int] = []
    if re.fullmatch(r"\d{1,6}", text):
        seeds = list(range(int(text)))
    elif re.fullmatch(r"(\d{1,9}(-\d{1,9})?,?)+", text.replace(" ", "")):
        for part in filter(None, text.replace(" ", "").split(",")):
            first, _, last = part.partition("-")
            seeds.extend(range(int(first), int(last or first) + 1))
    if not seeds:
        raise ConfigError(
            f"`{text}` names no seeds; write how many (`10`), a range (`0-9`) or a list (`3,7`;"
            " `3,` for one)."
        )
    return tuple(dict.fromkeys(seeds))


def parse_pair(text: str) -> tuple[str, Any]:
    """`setting=value`, the value read as YAML."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise ConfigError(f"`{text}` is no `setting=value`.")
    return name.strip(), _value(value)


def _value(text: str) -> Any:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    try:  # YAML 1.1 reads 1e-3 as text
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _split(text: str) -> list[str]:
    """Split at the commas outside all brackets; empty parts are dropped."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "[") - (character == "]")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]

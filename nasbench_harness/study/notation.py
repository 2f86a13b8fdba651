"""How methods, their settings and seeds are written on a command line and in YAML."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from nasbench_harness.errors import HarnessError
from nasbench_harness.fields.scalars import (
    LARGEST,
    AmbiguousScalarError,
    is_number,
    read_scalar,
    shown,
)

EVERY = "all"
"""What a list of methods says for all that are built in; see `study.every`."""
MOST_SEEDS = 10_000
"""Of one study; a slip of the pen such as `0-999999999` is told at once."""
_FORMS = "write how many (`10`), a range (`0-9`) or a list (`3,7`; `3,` for one)"


class ConfigError(HarnessError):
    """A study that cannot be understood."""


# --- methods and settings ----------------------------------------------------------------------


def parse_methods(text: str) -> list[dict[str, Any]]:
    """`unas[temperature=0.4],drnas` to names with settings."""
    choices = []
    for part in _split(text):
        match = re.fullmatch(r"([\w.-]+)(?:\[(.*)\])?", part, re.DOTALL)
        if not match or not _balanced(match[2] or ""):
            raise ConfigError(
                f"{_quoted(part)} is no method; write `name` or"
                " `name[setting=value,setting=value]`."
            )
        name, inside = match.groups()
        choices.append({"name": name, "settings": parse_pairs(_split(inside or ""), part)})
    return choices


def parse_pairs(texts: Iterable[str], where: str) -> dict[str, Any]:
    """`setting=value` texts; ConfigError if two of them contradict each other."""
    pairs: dict[str, Any] = {}
    for name, value in map(parse_pair, texts):
        if name in pairs and pairs[name] != value:
            raise ConfigError(
                f"`{name}` is given twice in {_quoted(where)}, as {shown(pairs[name])} and as"
                f" {shown(value)}; keep one of them."
            )
        pairs[name] = value
    return pairs


def parse_pair(text: str) -> tuple[str, Any]:
    """`setting=value`, the value read as in YAML 1.2."""
    name, sign, value = text.partition("=")
    name, value = name.strip(), value.strip()
    if not sign or not name or value.startswith("="):
        raise ConfigError(f"{_quoted(text)} is no `setting=value`.")
    if not value:
        raise ConfigError(f"{_quoted(text)} gives no value; write `{name}=null` for none.")
    return name, _value(text, value)


def _value(pair: str, text: str) -> Any:
    if text[0] in "[{'\"":
        return _quoted_or_list(pair, text)
    try:
        return read_scalar(text)
    except AmbiguousScalarError as error:
        raise ConfigError(f"{_quoted(pair)}: {error}.") from error


def _quoted_or_list(pair: str, text: str) -> Any:
    """What brackets or quotes hold; a text that only looks like it stays as it is."""
    from nasbench_harness.fields.yaml_text import YAMLSyntaxError, YAMLTextError, load_yaml

    try:
        value = load_yaml(text, _quoted(pair))
    except YAMLSyntaxError:
        return text
    except YAMLTextError as error:
        raise ConfigError(str(error)) from error
    return float(value) if isinstance(value, str) and is_number(value) else value


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


def _balanced(text: str) -> bool:
    """Does every bracket close that is opened, and none that is not."""
    depth = 0
    for character in text:
        depth += (character == "[") - (character == "]")
        if depth < 0:
            return False
    return depth == 0


# --- seeds -------------------------------------------------------------------------------------


def parse_seeds(text: str) -> tuple[int, ...]:
    """`10` (the first ten), `0-9`, or `3,7`; a single seed is `3,`."""
    plain = text.strip()
    alone = re.fullmatch("[0-9]+", plain)
    ranges = [range(_whole(plain, text))] if alone else _ranges(plain, text)
    if not any(ranges):
        raise _no_seeds(text)
    _refuse_many(_count(ranges), text)
    return tuple(dict.fromkeys(seed for part in ranges for seed in part))


def seeds_given_twice(text: str) -> list[int]:
    """The seeds that a text names more than once, in order; they count once.

    ConfigError, before any is counted out, for more than a study holds.
    """
    plain = text.strip()
    if re.fullmatch("[0-9]+", plain):
        return []
    ranges = _ranges(plain, text)
    _refuse_many(_count(ranges), text)
    counts = Counter(seed for part in ranges for seed in part)
    return sorted(seed for seed, count in counts.items() if count > 1)


def read_seeds(value: Any) -> tuple[int, ...]:
    """The seeds of a study file: what `parse_seeds` reads, how many, or a list of seeds and ranges.

    Whether whole numbers are seeds, their field says.
    """
    if isinstance(value, str):
        return parse_seeds(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return parse_seeds(str(value)) if 0 <= value <= LARGEST else (value,)
    if not isinstance(value, list | tuple):
        raise ConfigError(f"`seeds` cannot be {shown(value)}: {_FORMS}.")
    seeds: list[int] = []
    for entry in value:
        if isinstance(entry, bool) or not isinstance(entry, int | str):
            raise ConfigError(f"`seeds` cannot hold {shown(entry)}: {_FORMS}.")
        seeds += [entry] if isinstance(entry, int) else _entry(entry)
    return tuple(dict.fromkeys(seeds))


def check_seed_count(count: int) -> None:
    """ConfigError for more seeds than a study can hold."""
    _refuse_many(count, "the study")


def _entry(text: str) -> list[int]:
    """The seeds of one text in a list: a seed or a range."""
    if not text.strip():
        raise ConfigError(f"`seeds` cannot hold {shown(text)}: {_FORMS}.")
    ranges = _ranges(text.strip(), f"seeds: {text}")
    _refuse_many(_count(ranges), f"seeds: {text}")
    return [seed for part in ranges for seed in part]


def _ranges(plain: str, text: str) -> list[range]:
    """`0-2,7` to ranges; one comma may end the list."""
    return [_range(part.strip(), text) for part in plain.removesuffix(",").split(",")]


def _range(part: str, text: str) -> range:
    match = re.fullmatch(r"([0-9]+)(?:\s*-\s*([0-9]+))?", part)
    if not match:
        raise _no_seeds(text)
    first, last = _whole(match[1], text), _whole(match[2] or match[1], text)
    if last < first:
        raise ConfigError(
            f"{_quoted(text)} runs backwards in `{part}`, and a backwards range names no seeds;"
            f" {_FORMS}."
        )
    return range(first, last + 1)


def _whole(digits: str, text: str) -> int:
    """A number that is a seed; ConfigError if no table could hold it, or it has two readings."""
    try:
        read_scalar(digits[:400])
    except AmbiguousScalarError as error:
        raise ConfigError(f"{_quoted(text)}: {error}.") from error
    value = int(digits) if len(digits.lstrip("0")) < 20 else LARGEST + 1
    if value > LARGEST:
        raise ConfigError(
            f"{_quoted(text)} names a seed that is too large: seeds run from 0 to {LARGEST}."
        )
    return value


def _count(ranges: Iterable[range]) -> int:
    return sum(part.stop - part.start for part in ranges)  # len() has its limits


def _refuse_many(count: int, text: str) -> None:
    if count > MOST_SEEDS:
        raise ConfigError(
            f"{_quoted(text)} asks for {count:,} seeds, and a study holds at most {MOST_SEEDS:,}:"
            " take fewer, or several studies with an --out of their own."
        )


def _no_seeds(text: str) -> ConfigError:
    return ConfigError(f"{_quoted(text)} names no seeds; {_FORMS}.")


def _quoted(text: str) -> str:
    """What a user wrote, short enough for a sentence."""
    return f"`{text}`" if len(text) <= 80 else f"`{text[:60]}...`"

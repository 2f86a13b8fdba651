"""Sentences that speak of options of the command line, for who calls from Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from nasbench_harness.errors import HarnessError

_SET = re.compile(r"--set ([\w.]+)=([^\s`]+)")
_VALUED = re.compile(r"--([a-z][a-z-]*)[ =]([^\s`;]+)(?=`)")
_NAMED = re.compile(r"(?<![\w-])`?--([a-z][a-z-]*)`?")
_COMMAND = re.compile(r"`nasharness [^`]*`")
_NUMBER = re.compile(r"-?[0-9.]+|true|false|null")


@contextmanager
def in_keywords() -> Iterator[None]:
    """Within it, what HarnessErrors say of options is said of keywords."""
    try:
        yield
    except HarnessError as error:
        error.args = (as_keywords(str(error)), *error.args[1:])
        raise


def as_keywords(text: str) -> str:
    """`--table NAME` as `table="NAME"`, `--no-random` as `random=False`, another --out as `out`.

    A whole command stays as it is: it is one to type in a terminal.
    """
    parts, at = [], 0
    for command in _COMMAND.finditer(text):
        parts += [_translated(text[at : command.start()]), command[0]]
        at = command.end()
    return "".join([*parts, _translated(text[at:])])


def _translated(text: str) -> str:
    text = _SET.sub(lambda found: f'settings={{"{found[1]}": {found[2]}}}', text)
    text = _VALUED.sub(lambda found: f"{_name(found[1])}={_value(found[2])}", text)
    return _NAMED.sub(lambda found: f"`{_keyword(found[1])}`", text)


def _name(option: str) -> str:
    return option.replace("-", "_")


def _keyword(option: str) -> str:
    if option.startswith("no-"):
        return f"{_name(option[3:])}=False"
    return {"set": "settings"}.get(option, _name(option))


def _value(text: str) -> str:
    return text if _NUMBER.fullmatch(text) else f'"{text}"'

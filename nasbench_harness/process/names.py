"""Names as people and systems give them: any bytes, a `~`, and the quotes that a shell needs."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from nasbench_harness.errors import HarnessError

APPLICATION = "nasbench-harness"
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Controls, and bytes of a file's name that are no UTF-8 (as `os.fsdecode` keeps them)."""
_NEEDS_ESCAPES = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class NoHomeError(HarnessError):
    """A path that begins at a home folder where there is none."""


def printable(text: str) -> str:
    r"""The text with `\xff` in place of every byte and control that cannot be shown or encoded."""
    return _UNPRINTABLE.sub(lambda found: _escape(found[0]), text)


def _escape(character: str) -> str:
    undecoded = "\udc80" <= character <= "\udcff"
    data = character.encode("utf-8", "surrogateescape" if undecoded else "surrogatepass")
    return "".join(f"\\x{byte:02x}" for byte in data)


def shell_word(text: str | os.PathLike[str]) -> str:
    """The text as one word of a command that can be copied: quoted where a shell needs that.

    A path that begins with a dash gets `./` before it; bytes that cannot be shown become the
    escapes of bash and zsh.
    """
    word = os.fspath(text)
    if isinstance(text, os.PathLike) and word.startswith("-"):
        word = f"./{word}"
    if not _NEEDS_ESCAPES.search(word):
        return shlex.quote(word)
    inside = word.replace("\\", r"\\").replace("'", r"\'")
    return "$'" + _NEEDS_ESCAPES.sub(lambda found: _escape(found[0]), inside) + "'"


def command_line(words: Iterable[str]) -> str:
    """The words as one command that a shell takes apart into the same words."""
    return " ".join(map(shell_word, words))


def user_path(text: str | os.PathLike[str]) -> Path:
    """The path with a leading `~` or `~user` replaced by that home folder.

    HarnessError where `~` is asked for and there is no home folder. An unknown `~user` is a name
    like any other.
    """
    expanded = os.path.expanduser(os.fspath(text))
    if expanded == "~" or expanded.startswith("~/"):
        raise NoHomeError(
            f"{os.fspath(text)} begins with `~`, and there is no home folder: HOME is not set and"
            " the user has no name; write the whole path."
        )
    return Path(expanded)


def own_folder(variable: str, kind: Literal["cache", "data"]) -> Path:
    """The folder that an environment variable names, else the system's usual one of the kind.

    It is absolute. NoHomeError where there is no home folder, as containers often have none.
    """
    if chosen := os.environ.get(variable):
        return user_path(chosen).absolute()
    from platformdirs import user_cache_path, user_data_path

    usual = {"cache": user_cache_path, "data": user_data_path}[kind]
    with contextlib.suppress(RuntimeError):  # older versions give a relative path instead
        path = usual(APPLICATION, appauthor=False)
        if path.is_absolute():
            return path
    raise NoHomeError(
        f"There is no home folder for nasharness' {kind} (HOME is not set, and this user has no"
        f" name); set {variable} to a folder that can be written to."
    )


def settle_matplotlib() -> None:
    """Give matplotlib, before it is imported, a folder for its list of fonts where it has none.

    It wants one in the home folder. What the environment says already stays as it is.
    """
    if "MPLCONFIGDIR" in os.environ or _is_writable(os.environ.get("XDG_CONFIG_HOME", "~/.config")):
        return
    with contextlib.suppress(HarnessError, OSError):
        folder = own_folder("NASHARNESS_CACHE", "cache") / "matplotlib"
        folder.mkdir(parents=True, exist_ok=True)
        os.environ["MPLCONFIGDIR"] = str(folder)


def _is_writable(place: str) -> bool:
    """Can a folder be made or filled there."""
    path = os.path.expanduser(place)
    while os.path.isabs(path) and not os.path.lexists(path):
        path = os.path.dirname(path)
    return os.path.isabs(path) and os.access(path, os.W_OK)

"""Foreign pickles: nothing but the admitted classes, and no code is run."""

from __future__ import annotations

import builtins
import collections
import contextlib
import datetime
import os
import pickle
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbench_harness.errors import HarnessError
from nasbench_harness.tables.pickles import ForbiddenClassError, Record, load_restricted

ADMITTED = {("foreign.data", "Thing"): Record}
THING = b"(iforeign.data\nThing\n."  # protocol 0: an instance of foreign.data.Thing
PLAIN = {"a": [1, 2.5, None, True], (1, 2): "text", b"bytes": {1, 2}}


class Calling:
    """Unpickles by calling a function."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.call


def marker(folder: Path) -> str:
    """A shell command that leaves a trace."""
    return f"touch {folder / 'ran'}"


def test_plain_values_are_read() -> None:
    assert load_restricted(pickle.dumps(PLAIN), ADMITTED) == PLAIN


def test_admitted_class_becomes_a_record() -> None:
    assert isinstance(load_restricted(THING, ADMITTED), Record)


def test_record_keeps_the_state() -> None:
    # THING with the state {"x": 3} built into it.
    data = b"(iforeign.data\nThing\n(dVx\nI3\nsb."
    assert load_restricted(data, ADMITTED).fields == {"x": 3}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_shell_command_is_refused_and_not_run(tmp_path: Path, protocol: int) -> None:
    data = pickle.dumps(Calling(os.system, marker(tmp_path)), protocol)
    with pytest.raises(ForbiddenClassError, match=r"asks for `\w+.system`"):
        load_restricted(data, ADMITTED)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["eval", "exec", "__import__", "getattr", "open", "print"])
def test_builtin_function_is_refused(name: str) -> None:
    data = pickle.dumps(Calling(getattr(builtins, name), "1"))
    with pytest.raises(ForbiddenClassError):
        load_restricted(data, ADMITTED)


@pytest.mark.parametrize(
    "value",
    [Path("x"), datetime.date(2020, 1, 1), collections.OrderedDict(), subprocess.Popen, object()],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_any_other_class_is_refused(value: Any) -> None:
    with pytest.raises(ForbiddenClassError):
        load_restricted(pickle.dumps(value), ADMITTED)


@pytest.mark.parametrize(
    "name", ["foreign.data\nThing.__init__", "foreign.data\nThings", "os\nThing"]
)
def test_near_misses_of_an_admitted_name_are_refused(name: str) -> None:
    with pytest.raises(ForbiddenClassError):
        load_restricted(f"c{name}\n.".encode(), ADMITTED)


def test_attributes_are_not_reached_through_dots() -> None:
    data = pickle.PROTO + b"\x04" + b"\x8c\x0cforeign.data\x8c\x0eThing.__init__\x93."
    with pytest.raises(ForbiddenClassError):
        load_restricted(data, ADMITTED)


def test_refused_module_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lurking.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ForbiddenClassError, match="lurking"):
        load_restricted(b"clurking\nThing\n.", ADMITTED)


def test_message_names_what_is_admitted() -> None:
    with pytest.raises(ForbiddenClassError, match=r"only foreign\.data\.Thing"):
        load_restricted(pickle.dumps(print), ADMITTED)


@pytest.mark.parametrize("kept", [0, 1, 2, 10, -1])
def test_truncated_pickle_is_a_sentence(kept: int) -> None:
    with pytest.raises(HarnessError, match="damaged"):
        load_restricted(pickle.dumps(PLAIN)[:kept], ADMITTED)


# Without `r`, which asks for memory in proportion to the number after it.
@given(st.binary(max_size=60).filter(lambda data: b"r" not in data))
def test_any_bytes_are_read_or_refused_in_words(data: bytes) -> None:
    with contextlib.suppress(HarnessError):
        load_restricted(data, ADMITTED)

"""Names of any bytes, home folders, and commands that can be copied."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from nasbench_harness.cli import console
from nasbench_harness.jobs.executors import local
from nasbench_harness.process import names
from nasbench_harness.process.names import NoHomeError, own_folder, printable, shell_word, user_path
from nasbench_harness.store.results import load_results
from nasbench_harness.tables import library
from nasbench_harness.tables.library import cache_folder

BYTES = os.fsdecode(b"caf\xe9")


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """No HOME, and a user number without a name, as containers have them."""

    def nobody(*_: object) -> pwd.struct_passwd:
        raise KeyError("uid not found")

    for name in ("HOME", "NASHARNESS_CACHE", "NASHARNESS_DATA", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    """What is printed to standard output, on a terminal of 80 columns."""
    with monkeypatch.context() as patch:
        patch.setattr(console.out, "_width", 80)
        patch.setattr(console.out, "record", True)
        console.out.export_text()
        yield console.out
        console.out.export_text()


# --- text --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("naïve [v2] 100 %", "naïve [v2] 100 %"),
        (BYTES, r"caf\xe9"),
        ("bell\x07", r"bell\x07"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("two\nlines\tapart", "two\nlines\tapart"),
    ],
)
def test_what_cannot_be_shown_is_told(text: str, expected: str) -> None:
    assert printable(text) == expected


@given(st.binary(min_size=1, max_size=20))
def test_any_name_of_a_file_can_be_encoded(name: bytes) -> None:
    assert printable(os.fsdecode(name)).encode()


@pytest.mark.parametrize(
    "word",
    ["a", "a b", "it's", "$(x)", "[v2]", "\tnew\n", "-x", "é", r"a\b", BYTES, f"{BYTES}'\\\n"],
)  # fmt: skip
def test_a_shell_reads_a_word_as_it_was(word: str) -> None:
    command = ["bash", "-c", f"printf %s {shell_word(word)}"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert os.fsdecode(done.stdout) == word


def test_a_path_that_looks_like_an_option_is_none() -> None:
    assert shell_word(Path("-x")) == "./-x"
    assert shell_word("-x") == "-x"


# --- what is printed ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["exp [v2]", "a[/b]", "[red]x", ":smile:", "a[b", "\\[x]"])
def test_brackets_are_no_markup(shown: Console, name: str) -> None:
    shown.print(f"Report: {name}", soft_wrap=True)
    console.print_rows(name, ("name",), [(name,)])
    assert shown.export_text().count(name) == 3


def test_a_path_is_left_whole_on_a_narrow_terminal(shown: Console) -> None:
    path = "/a/long/way/" * 12
    shown.print(f"Tables: {path}", soft_wrap=True)
    assert path in shown.export_text()


def test_odd_bytes_can_be_printed(shown: Console) -> None:
    shown.print(f"Report: {BYTES}")
    console.print_facts({"folder": BYTES})
    assert shown.export_text().count(r"caf\xe9") == 2


def test_odd_bytes_come_back_from_json(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_json({"folder": Path(BYTES)})
    told = capsys.readouterr().out
    assert told.encode()
    assert json.loads(told) == {"folder": BYTES}


# --- home folders ------------------------------------------------------------------------------


def test_home_is_expanded_in_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NASHARNESS_CACHE", "~/cache")
    monkeypatch.setenv("NASHARNESS_DATA", "~/data")
    assert cache_folder() == tmp_path / "cache"
    assert library.data_folder() == tmp_path / "data"


def test_a_relative_cache_is_told_as_a_whole_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NASHARNESS_CACHE", "here")
    assert cache_folder() == tmp_path / "here"


def test_an_unknown_user_is_a_name_like_any_other() -> None:
    assert user_path("~no-such-user-here/x") == Path("~no-such-user-here/x")


def test_results_are_found_below_the_home_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(names.HarnessError, match=f"^{tmp_path}/none holds no study"):
        load_results("~/none")


@pytest.mark.usefixtures("homeless")
@pytest.mark.parametrize("variable", ["NASHARNESS_CACHE", "NASHARNESS_DATA"])
def test_without_a_home_the_variable_is_named(variable: str) -> None:
    kind = variable.partition("_")[2].lower()
    with pytest.raises(NoHomeError, match=f"set {variable} to a folder"):
        own_folder(variable, kind)  # type: ignore[arg-type]


@pytest.mark.usefixtures("homeless")
def test_without_a_home_a_tilde_is_no_folder() -> None:
    with pytest.raises(NoHomeError, match="begins with `~`"):
        user_path("~/x")


@pytest.mark.usefixtures("homeless")
def test_without_a_home_nothing_is_installed() -> None:
    assert not library.is_installed("official")
    assert library.default_table() == "analog"


@pytest.mark.usefixtures("homeless")
def test_matplotlib_keeps_its_fonts_where_we_keep_our_tables(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MPLCONFIGDIR", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("NASHARNESS_CACHE", str(tmp_path))
    names.settle_matplotlib()
    assert os.environ["MPLCONFIGDIR"] == str(tmp_path / "matplotlib")
    monkeypatch.delenv("MPLCONFIGDIR")


def test_matplotlib_is_left_alone_where_there_is_a_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MPLCONFIGDIR", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    names.settle_matplotlib()
    assert "MPLCONFIGDIR" not in os.environ


# --- workers -----------------------------------------------------------------------------------


def test_workers_share_a_server_where_its_socket_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: "/tmp")
    assert local.start_method() == ("forkserver" if sys.platform != "win32" else "spawn")


@pytest.mark.parametrize("length", [80, 107, 200])
def test_workers_start_by_themselves_where_the_folder_is_too_long(
    monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: "/" + "x" * length)
    assert local.start_method() == "spawn"


def test_workers_start_by_themselves_where_nothing_can_be_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", none)
    assert local.start_method() == "spawn"

"""Standard streams that are closed, broken, full or in a small alphabet: the code stands."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from nasbench_harness.cli import app
from nasbench_harness.process import streams

COMMAND = [sys.executable, "-m", "nasbench_harness"]
CHECKS = {
    "same -b b.json": 0, "worse -b b.json": 1, "torn -b b.json": 3, "few -b few.json": 4,
}  # fmt: skip
CODES = {
    "list spaces": 0,
    "list methods --json": 0,
    "--help": 0,
    "--version": 0,
    "show method unas": 0,
    "query --index 5": 0,
    "query --index 99999": 2,
    "query --nonsense": 2,
    "compare rea random same": 0,
    "watch --once same": 0,
    **{f"check {words}": code for words, code in CHECKS.items()},
    **{f"check {words} --json": code for words, code in CHECKS.items()},
}
NOISE = ("Traceback", "Exception ignored", "BrokenPipe", "Errno", "NoneType")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX pipes and shells")


def run(words: str, folder: Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *words.split()], cwd=folder, check=False, **options)


def redirected(words: str, folder: Path, how: str) -> subprocess.CompletedProcess[bytes]:
    """With a shell's redirections, such as `>&-`."""
    shell = ["sh", "-c", f'exec "$@" {how}', "sh", *COMMAND, *words.split()]
    return subprocess.run(shell, cwd=folder, check=False, capture_output=True)


@pytest.fixture
def broken() -> Iterator[int]:
    """The end of a pipe whose reader has gone away."""
    read, write = os.pipe()
    os.close(read)
    yield write
    os.close(write)


def quiet(text: bytes) -> bool:
    return not any(word.encode() in text for word in NOISE)


# --- a reader who goes away --------------------------------------------------------------------


@pytest.mark.parametrize(("words", "code"), CODES.items())
def test_broken_pipe_leaves_the_code_as_it_is(
    words: str, code: int, verdicts: Path, broken: int
) -> None:
    done = run(words, verdicts, stdout=broken, stderr=subprocess.PIPE)
    assert done.returncode == code, done.stderr
    assert quiet(done.stderr)


@pytest.mark.parametrize("words", ["list spaces", "check worse -b b.json", "query --index 99999"])
def test_both_streams_broken(words: str, verdicts: Path, broken: int) -> None:
    assert run(words, verdicts, stdout=broken, stderr=broken).returncode == CODES[words]


def test_reader_who_leaves_in_the_middle(verdicts: Path) -> None:
    words = "query --top 3000 --json"  # more than a pipe holds
    process = subprocess.Popen(
        [*COMMAND, *words.split()], cwd=verdicts, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.read(1) == b"["
    process.stdout.close()
    told = process.stderr.read()
    assert process.wait() == 0
    assert told == b""


@pytest.mark.parametrize("closed", [{"stdout"}, {"stdout", "stderr"}])
def test_run_goes_on_without_a_reader(closed: set[str], tmp_path: Path, broken: int) -> None:
    given = {name: broken if name in closed else subprocess.PIPE for name in ("stdout", "stderr")}
    done = run("run -m rea --seeds 2 --steps 12 -j 1 --out s --no-report", tmp_path, **given)
    assert done.returncode == 0
    assert set(pd.read_parquet(tmp_path / "s" / "trials.parquet")["status"]) == {"done"}


# --- closed, and full --------------------------------------------------------------------------


@pytest.mark.parametrize("how", [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("words", ["list spaces", "compare rea random same",
                                   "check worse -b b.json --json"])  # fmt: skip
def test_closed_streams_leave_the_code_as_it_is(words: str, how: str, verdicts: Path) -> None:
    done = redirected(words, verdicts, how)
    assert done.returncode == CODES.get(words), done.stderr
    assert quiet(done.stderr)


def test_what_was_meant_for_a_closed_stream_gets_into_no_file(
    verdicts: Path, tmp_path: Path
) -> None:
    """A file that is opened next would have its number."""
    path = tmp_path / "b.json"
    done = redirected(f"baseline save same --to {path}", verdicts, "<&- >&- 2>&-")
    assert done.returncode == 0
    assert path.read_bytes() == (verdicts / "b.json").read_bytes()
    words = f"run -m rea --seeds 1 --steps 12 -j 1 --out {tmp_path / 's'} --no-report"
    assert redirected(words, tmp_path, "<&- >&- 2>&-").returncode == 0
    assert list(pd.read_csv(tmp_path / "s" / "trials.csv")["status"]) == ["done"] * 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    ("words", "code"),
    [("list spaces", 3), ("check same -b b.json", 3), ("check worse -b b.json", 1),
     ("check few -b few.json --json", 4), ("query --index 99999", 2)],
)  # fmt: skip
def test_full_disk_is_told_and_only_0_becomes_3(words: str, code: int, verdicts: Path) -> None:
    done = redirected(words, verdicts, ">/dev/full")
    assert done.returncode == code, done.stderr
    sentence = b"Error: Standard output could not be written (No space left on device).\n"
    assert done.stderr.count(sentence) == (words != "query --index 99999")
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_standard_error_stops_nothing(verdicts: Path) -> None:
    assert redirected("query --index 99999", verdicts, "2>/dev/full").returncode == 2
    done = redirected("list spaces", verdicts, "2>/dev/full")
    assert (done.returncode, done.stdout[:4]) == (0, b"name")


# --- small alphabets ---------------------------------------------------------------------------

ALPHABETS: dict[str, dict[str, str]] = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "C": {
        "LC_ALL": "C",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "",
    },
}


@functools.cache
def in_utf_8(words: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """What is said to those who can read everything."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return run(words, folder, env=environment, capture_output=True)


@pytest.mark.parametrize("alphabet", ["ascii", "C"])
@pytest.mark.parametrize("words", ["compare rea random same", "check few -b few.json",
                                   "list methods", "watch --once torn", "run --help"])  # fmt: skip
def test_text_is_spelled_in_what_the_stream_has(words: str, alphabet: str, verdicts: Path) -> None:
    environment = {**os.environ, **ALPHABETS[alphabet]}
    done = run(words, verdicts, env=environment, capture_output=True)
    whole = in_utf_8(words, verdicts)
    assert done.returncode == whole.returncode, done.stderr
    assert quiet(done.stderr)
    assert b"\\u" not in done.stdout
    shown = done.stdout.decode("ascii" if alphabet == "C" else alphabet)
    assert shown.split()[:3] == whole.stdout.decode().split()[:3]


def test_columns_stay_in_line(verdicts: Path) -> None:
    """Signs of other alphabets are put into its own before the table is drawn."""
    words = "run -m rea --seeds 10 --steps 12 --table analog --out same --no-report"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = run(words, verdicts, env=environment, capture_output=True)
    lines = [line for line in done.stdout.decode().splitlines() if line[:3] in ("ran", "rea")]
    lines = [line for line in lines if "[" in line]
    assert len(lines) == 2
    assert len({line.index("]") for line in lines}) == 1
    assert len({len(line.rstrip()) for line in lines}) == 1
    assert b"-> same" in done.stderr


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_json_is_json_in_every_alphabet(alphabet: str, tmp_path: Path, verdicts: Path) -> None:
    """A study below a folder whose name is no text at all, and beside one with an umlaut."""
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/\xff-\xc3\xbc")
    os.symlink(verdicts, odd)
    command = [*COMMAND, "watch", "--json", f"{odd}/torn"]
    environment = {**os.environ, **ALPHABETS[alphabet]}
    done = subprocess.run(command, env=environment, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
    (study,) = json.loads(done.stdout)
    assert study["state"] == "stopped"
    assert os.fsencode(study["folder"]) == os.fsencode(f"{odd}/torn")


def test_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    command = [*COMMAND, "compare", "a", "b", os.fsdecode(b"\xff")]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
    assert done.returncode == 2
    assert rb"\udcff holds no study" in done.stderr


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("a → b", "a -> b"), ("1.5 ± 0.2 – −3", "1.5 +- 0.2 - -3"), ("τ Δ α", "tau Delta alpha"),
        ("━╸─│┼┌", "---|++"), ("█░", "##"), ("é ü Å", "e u A"), ("10² ½ 4\xa0s", "10^2 \\xbd 4 s"),
        ("“x” … ≤", '"x" ... <='), ("中 \udcff", r"\u4e2d \udcff"), ("😀", r"\U0001f600"),
    ],
)  # fmt: skip
def test_spelling_in_ascii(text: str, spelled: str) -> None:
    assert streams.readable(text, "ascii") == spelled


def test_what_the_alphabet_has_stays() -> None:
    assert streams.readable("é ± → 中", "latin-1") == r"é ± -> \u4e2d"
    assert streams.readable("é ± → 中", "utf-8") == "é ± → 中"


# --- in a process of somebody else -------------------------------------------------------------


def ends(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        app(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_streams_are_given_back(capfd: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr, sys.stdout.errors
    assert ends(["list", "spaces"]) == 0
    assert (sys.stdout, sys.stderr, sys.stdout.errors) == before
    assert "nb201" in capfd.readouterr().out


def test_no_streams_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in `pythonw`."""
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert ends(["list", "spaces", "--json"]) == 0
    assert ends(["query", "--index", "99999"]) == 2
    assert sys.stdout is None


def test_streams_in_memory() -> None:
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        assert ends(["list", "spaces", "--json"]) == 0
    assert "nb201" in {row["name"] for row in json.loads(told.getvalue())}
    assert CliRunner().invoke(app, ["query", "--index", "99999"]).exit_code == 2


def test_reader_who_left_a_caller_s_pipe(monkeypatch: pytest.MonkeyPatch, broken: int) -> None:
    with open(broken, "w", closefd=False) as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert ends(["list", "spaces"]) == 0


# --- the lowest level --------------------------------------------------------------------------


@pytest.fixture
def pipe() -> Iterator[tuple[int, Callable[[], bytes]]]:
    """A pipe that does not block its writer, and what reads it to its end."""
    read, write = os.pipe()
    os.set_blocking(write, False)

    def drain() -> bytes:
        with open(read, "rb") as file:
            return file.read()

    return write, drain


def test_slow_reader_of_a_pipe_that_does_not_block_gets_all(
    pipe: tuple[int, Callable[[], bytes]],
) -> None:
    write, drain = pipe
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(drain()))
    text = "0123456789" * 50_000
    stream = io.TextIOWrapper(io.BufferedWriter(streams.Outlet(write)), encoding="ascii")
    reader.start()
    stream.write(text)
    stream.flush()
    os.close(write)
    reader.join()
    assert got == [text.encode()]
    assert streams.fault(stream) is None


def test_nothing_is_written_after_what_could_not_be(broken: int) -> None:
    outlet = streams.Outlet(broken)
    assert outlet.write(b"abc") == 3
    assert isinstance(outlet.fault, BrokenPipeError)
    assert outlet.write(b"abcd") == 4

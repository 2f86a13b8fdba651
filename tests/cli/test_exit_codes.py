"""Whatever ends a command ends it with the right code and one sentence."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from nasbench_harness import errors
from nasbench_harness.cli import app
from nasbench_harness.errors import ExitCode, HarnessError
from nasbench_harness.process import frame
from nasbench_harness.registry import Registry
from nasbench_harness.tables.pinned import FetchError

Run = Callable[..., subprocess.CompletedProcess[str]]

OURS = "This is a fault of nasharness or of a plugin, not of yours"

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


class Mute(Exception):  # noqa: N818
    def __str__(self) -> str:
        raise RuntimeError


FAULTS: list[tuple[BaseException, int, str]] = [
    (ValueError("x\ny"), 70, f"Error: {OURS} (ValueError: x y); please report it; "),
    (KeyError("x"), 70, f"Error: {OURS} (KeyError: 'x')"),
    (RecursionError("deep"), 70, f"Error: {OURS} (RecursionError: deep)"),
    (EOFError(), 70, f"Error: {OURS} (EOFError); "),
    (Mute(), 70, f"Error: {OURS} (Mute); "),
    (AssertionError(), 70, f"Error: {OURS} (AssertionError); "),
    (SystemExit(1), 70, f"Error: {OURS} (SystemExit: 1); "),
    (SystemExit("bye"), 70, f"Error: {OURS} (SystemExit: bye); "),
    (GeneratorExit(), 70, f"Error: {OURS} (GeneratorExit); "),
    (typer.Abort(), 70, f"Error: {OURS} (Abort"),
    (BrokenPipeError(32, "Broken pipe"), 70, f"Error: {OURS} (BrokenPipeError: "),
    (OSError("no number"), 70, f"Error: {OURS} (OSError: no number); "),
    (MemoryError(), 70, "Error: The memory of this machine was not enough (MemoryError); "),
    (ImportError("no x"), 70, "Error: Something that nasharness needs cannot be imported (ImportE"),
    (KeyboardInterrupt(), 3, "Stopped."),
    (HarnessError("Choose."), 2, "Error: Choose."),
    (FetchError("Gone."), 3, "Error: Gone."),
    (PermissionError(13, "Permission denied", "a"), 2, "Error: Permission denied: a."),
    (OSError(24, None), 2, "Error: Too many open files."),
    (OSError(28, "No space left on device"), 3, "Error: No space left on device."),
]


@pytest.mark.parametrize(("fault", "code", "sentence"), FAULTS, ids=lambda value: repr(value)[:40])
@pytest.mark.parametrize("debug", [False, True])
def test_fault_gets_its_code_and_one_sentence(
    fault: BaseException, code: int, sentence: str, debug: bool,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def fail(_: object) -> None:
        raise fault

    monkeypatch.setattr(Registry, "names", fail)
    monkeypatch.setenv(frame.DEBUG, "1" if debug else "0")
    with pytest.raises(SystemExit) as ended:
        app(["list", "spaces"])
    assert ended.value.code == code
    *before, last = capsys.readouterr().err.splitlines()
    assert last.startswith(sentence)
    assert any("Traceback" in line for line in before) is debug
    assert debug or before == []


def test_unexpected_error_says_how_to_see_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(frame.DEBUG, raising=False)
    monkeypatch.setattr(Registry, "names", lambda _: 1 / 0)
    with pytest.raises(SystemExit):
        app(["list", "spaces"])
    assert "`nasharness --debug ...`, or NASHARNESS_DEBUG=1, shows the traceback." in (
        capsys.readouterr().err
    )


def test_long_text_of_an_error_is_cut() -> None:
    sentence, _ = frame.explain(ValueError("x" * 10_000))
    assert len(sentence) < 1_000


def test_every_code_is_documented() -> None:
    told = re.findall(r"^    (\d+) +\S", errors.__doc__ or "", re.M)
    assert [int(code) for code in told] == [code.value for code in ExitCode]


# --- whole processes ---------------------------------------------------------------------------

MAIN = "from nasbench_harness.__main__ import main\nmain()\n"


def process(script: str, *words: str, **options: object) -> subprocess.CompletedProcess[str]:
    """A process that runs the command after a few lines of Python."""
    environment = {k: v for k, v in os.environ.items() if k != frame.DEBUG}
    return subprocess.run(
        [sys.executable, "-c", script + MAIN, *words], capture_output=True, text=True, check=False,
        env={**environment, **options.get("env", {})},  # type: ignore[dict-item]
    )  # fmt: skip


def patched(*lines: str) -> str:
    """`nasharness list spaces` does this instead."""
    body = "\n".join(f"    {line}" for line in lines)
    return (
        "import atexit, os, signal, sys\nfrom nasbench_harness.registry import Registry\n"
        f"def instead(_):\n{body}\nRegistry.names = instead\n"
    )


def test_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nasbench_harness", "--version"], capture_output=True, check=True
    )
    assert done.stdout.startswith(b"nasharness ")
    assert done.stderr == b""


@pytest.mark.parametrize("package", ["typer", "rich.console"])
def test_broken_installation_is_told(package: str) -> None:
    done = process(f"import sys; sys.modules[{package!r}] = None\n", "list", "spaces")
    assert done.returncode == 70
    assert done.stderr.startswith("Error: Something that nasharness needs cannot be imported")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("option", "traceback"), [([], 0), (["--debug"], 1)])
def test_debugging_leaves_the_code_as_it_is(option: list[str], traceback: int) -> None:
    done = process("", *option, "query", "--index", "99999")
    assert done.returncode == 2
    assert done.stderr.count("Traceback (most") >= traceback
    assert ("Traceback" in done.stderr) == bool(traceback)
    assert done.stderr.splitlines()[-1].startswith("Error: ")


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signal_anywhere_stops_with_3(name: str) -> None:
    done = process(patched(f"signal.raise_signal(signal.{name})"), "list", "spaces")
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "Stopped.\n")


@posix
def test_ignored_signal_stays_ignored() -> None:
    """As `nohup` and a shell's background have it."""
    lines = patched("signal.raise_signal(signal.SIGHUP)", "return []")
    script = f"{lines}signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    assert process(script, "list", "spaces", "--json").stdout == "[]\n"


@posix
def test_second_signal_while_the_first_is_dealt_with() -> None:
    lines = ["try: signal.raise_signal(signal.SIGINT)",
             "finally: signal.raise_signal(signal.SIGTERM)"]  # fmt: skip
    done = process(patched(*lines), "list", "spaces")
    assert (done.returncode, done.stderr) == (3, "Stopped.\n")


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_signal_after_the_end_changes_no_code(name: str) -> None:
    script = f"import atexit, signal\natexit.register(signal.raise_signal, signal.{name})\n"
    for words, code in ((["list", "spaces"], 0), (["query", "--index", "99999"], 2)):
        done = process(script, *words)
        assert done.returncode == code
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("ending", ["int('x')", "sys.exit(1)"])
def test_what_breaks_after_the_end_changes_no_code(ending: str) -> None:
    script = f"import atexit, sys\natexit.register(lambda: {ending})\n"
    done = process(script, "query", "--index", "99999")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "Something broke after the command had ended" in done.stderr.splitlines()[-1]


def test_completion_never_prints_an_error() -> None:
    script = patched("raise ValueError('x')") + "sys.argv[0] = 'nasharness'\n"
    asked = {"COMP_WORDS": "nasharness show space ", "COMP_CWORD": "3"}
    done = process(script, env={"_NASHARNESS_COMPLETE": "complete_bash", **asked})
    assert (done.stdout, done.stderr) == ("", "")
    assert done.returncode == 70


@pytest.mark.parametrize(
    "words", [["--nonsense"], ["runn"], ["query", "--index", "x"], ["run", "--jobs", "0"]]
)
def test_usage_errors_are_2(words: list[str]) -> None:
    done = process("", *words)
    assert done.returncode == 2
    assert done.stderr.count("Error") == 1


# --- signals, from inside ----------------------------------------------------------------------


@posix
def test_signals_are_given_back() -> None:
    before = [signal.getsignal(number) for number in frame.STOPS]
    with frame.stoppable(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    assert [signal.getsignal(number) for number in frame.STOPS] == before


@posix
def test_undisturbed_lines_are_run_to_their_end() -> None:
    done = []

    def lines() -> None:
        with frame.undisturbed():
            signal.raise_signal(signal.SIGINT)
            done.append("whole")

    with pytest.raises(KeyboardInterrupt):
        lines()
    assert done == ["whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_path_of_an_error_may_be_bytes(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught:  # noqa: PT011
        os.listdir(os.fsencode(tmp_path / "none"))
    assert frame.explain(caught.value)[0].endswith(f"{tmp_path / 'none'}.")


@pytest.mark.parametrize(
    ("fault", "code"),
    [(OSError(27, "File too large"), 3), (HarnessError("In the way."), 3), (ValueError("odd"), 70)],
)
def test_a_report_that_fails_takes_no_summary_along(
    nasharness: Run, monkeypatch: pytest.MonkeyPatch, fault: Exception, code: int
) -> None:
    """Every trial is done: that is told, and wrong usage is no name for what happened."""

    def fails(*_: object, **__: object) -> Path:
        raise fault

    monkeypatch.setattr("nasbench_harness.reports.report.write_report", fails)
    told = nasharness(
        "run", "-m", "rea", "--seeds", "2", "--steps", "5", "--table", "analog", "--out", "A",
        "--json", code=code,
    )  # fmt: skip
    assert json.loads(told.stdout)["report"] is None
    assert ("File too large" if isinstance(fault, OSError) else str(fault)) in told.stderr
    assert "`nasharness report A` writes the report" in told.stderr


def test_all_data_sets_of_a_table_with_one_are_told(nasharness: Run) -> None:
    told = nasharness(
        "run", "-m", "rea", "--seeds", "1", "--steps", "5", "--table", "analog", "--dataset", "all",
        "--no-report", "--out", "A",
    )  # fmt: skip
    assert "has results on cifar10 only" in told.stderr


@pytest.mark.parametrize("key", ["jobs", "data_dir", "set"])
def test_a_key_that_belongs_on_the_command_line(nasharness: Run, tmp_path: Path, key: str) -> None:
    (tmp_path / "study.yaml").write_text(f"methods: [rea]\n{key}: 2\n")
    told = nasharness("run", "--config", "study.yaml", code=2)
    assert f"belongs on the command line, as --{key.replace('_', '-')}" in told.stderr

"""What somebody new stumbles on: each told in a sentence."""

from __future__ import annotations

import json
import os
import pty
import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

NASHARNESS = str(Path(sysconfig.get_path("scripts")) / "nasharness")
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["run", "-m", "unas", "--cost", "params", "--cost", "flops"], "--cost"),
        (["run", "-m", "rea", "--seeds", "1", "--seeds", "3"], "--seeds"),
        (["run", "-m", "rea", "--report", "--no-report"], "--report"),
        (["check", "--bench", "a", "b", "--bench", "c", "d"], "--bench"),
        (["query", "--index", "1", "--index=2"], "--index"),
        (["train", "13714", "--epochs", "1", "--epochs", "2"], "--epochs"),
    ],
)
def test_an_option_of_one_value_is_given_once(
    nasharness: Run, words: list[str], option: str
) -> None:
    told = nasharness(*words, code=2).stderr
    assert option in told
    assert "it is given 2 times and takes one value; keep one of them." in told


def test_options_that_are_meant_to_be_repeated_stay(nasharness: Run) -> None:
    sets = ["--set", "drnas.anchor=kl", "--set", "drnas.anchor_weight=0.1"]
    nasharness(
        "run", "-m", "drnas", "-m", "rea", *sets, "--seeds", "1", "--steps", "2", "--no-report"
    )


@pytest.mark.parametrize(
    "words",
    [
        ["run", "-m", "rea", "--seeds", "1", "--steps", "2"],
        ["train", "13714", "--dataset", "digits"],
        ["check", "nowhere", "--baseline", "b.json"],
    ],
)
def test_a_device_that_is_none_is_always_told(
    nasharness: Run, tmp_path: Path, words: list[str]
) -> None:
    told = nasharness(*words, "--device", "foo", code=2).stderr
    assert "There is no device `foo`; write auto, cpu" in told
    assert list(tmp_path.iterdir()) == []


def test_an_architecture_that_is_given_twice_is_trained_once(nasharness: Run) -> None:
    done = nasharness("train", "13714", "13714", "--dataset", "nothing", code=2)
    assert (
        "Note: `13714` is an architecture that was given before; each counts once." in done.stderr
    )


def test_trainings_are_no_study_of_load_results(tmp_path: Path) -> None:
    from nasbench_harness import load_results
    from nasbench_harness.errors import HarnessError

    (tmp_path / "runs" / "t").mkdir(parents=True)
    (tmp_path / "runs" / "t" / "training.json").write_text("{}")
    with pytest.raises(HarnessError, match="holds stand-alone trainings, no study"):
        load_results(tmp_path / "runs" / "t")
    with pytest.raises(HarnessError, match="Stand-alone trainings are left out"):
        load_results(tmp_path / "runs")


def test_load_results_tells_which_trainings_it_leaves_out(verdicts: Path, tmp_path: Path) -> None:
    from nasbench_harness import load_results

    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "training.json").write_text("{}")
    (tmp_path / "same").symlink_to(verdicts / "same")
    with pytest.warns(UserWarning, match="trainings are left out") as told:
        load_results(tmp_path)
    assert told[0].filename == __file__


def test_a_ramp_that_is_longer_than_the_search_is_told(nasharness: Run) -> None:
    asked = ["run", "-m", "unas", "--cost", "params", "--target", "0.4", "--seeds", "1"]
    short = nasharness(*asked, "--steps", "20", "--no-report", "--jobs", "1")
    assert "grows over 600 steps and `unas[" in short.stderr
    assert "`--set unas.cost_ramp=...`" in short.stderr
    rows = [line for line in short.stdout.partition("Within the target")[2].splitlines() if line]
    assert rows[0].split()[:3] == ["method", "holds", "it"]
    held = {row.split()[0].partition("[")[0]: row.split()[1] for row in rows[1:3]}
    assert held == {"unas": "yes", "random": "no"}


def test_what_resume_suggests_works(nasharness: Run) -> None:
    asked = ["--seeds", "1", "--steps", "5", "--no-report", "--jobs", "1"]
    nasharness("run", "-m", "rea", "--table", "analog", *asked, "--out", "s")
    lines = nasharness("resume", "s", "--no-report", "--jobs", "1").stdout.splitlines()
    command = shlex.split(lines[lines.index("  more seeds:") + 1])
    assert command[0] == "nasharness"
    planned = nasharness(*command[1:], "--dry-run", "--json", "--jobs", "1")
    (folder,) = json.loads(planned.stdout)["folders"]
    assert folder["exists"]
    assert folder["status"] == {"done": 2, "missing": 98}


def test_a_measured_cost_needs_networks(nasharness: Run) -> None:
    told = nasharness("run", "-m", "unas", "--cost", "latency:measured", code=2).stderr
    assert "is measured on networks, and a landscape builds none; search with" in told
    assert "`--search supernet`" in told


def test_a_wrong_column_says_where_all_of_them_are(nasharness: Run) -> None:
    told = nasharness(
        "query", "--top", "1", "--by", "cifar10_qat_accuracyy", "--table", "analog", code=2
    ).stderr
    assert "`nasharness show table analog` lists all columns" in told
    assert "`cifar10_qat_accuracy`?" in told


def test_all_that_does_not_fit_a_baseline_is_told(nasharness: Run, verdicts: Path) -> None:
    asked = ["--steps", "6", "--table", "analog", "--seeds", "2", "--no-random", "--no-report"]
    nasharness("run", "-m", "rea", *asked, "--out", "s", "--jobs", "1")
    told = nasharness("check", "s", "--baseline", str(verdicts / "b.json"), code=2).stderr
    assert "The baseline has `random`" in told
    assert "which was not run" in told
    assert "another config of `rea`: " in told


@pytest.mark.parametrize("words", [["-m", "drna"], ["--steps", "x"]], ids=["error", "usage"])
def test_errors_are_folded_on_a_terminal_and_a_line_elsewhere(
    nasharness: Run, monkeypatch: pytest.MonkeyPatch, words: list[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    piped = nasharness("run", *words, code=2).stderr
    shown = on_a_terminal([NASHARNESS, "run", *words], tmp_path)
    assert max(map(len, shown.splitlines())) <= 60 < len(piped.splitlines()[0])
    assert shown.split() == piped.split()


def on_a_terminal(command: list[str], folder: Path) -> str:
    """What a command says on a standard error that is a terminal."""
    terminal, stream = pty.openpty()
    with open(terminal, "rb", buffering=0) as read:
        done = subprocess.run(
            command, cwd=folder, env=dict(os.environ), stderr=stream, stdout=subprocess.DEVNULL,
            check=False,
        )  # fmt: skip
        os.close(stream)
        assert done.returncode == 2
        return read.read(100_000).decode()


def test_an_error_has_no_empty_line_before_it(nasharness: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    told = nasharness("data", "pull", "nb201", "--from", "empty", code=2).stderr
    assert told.startswith("Error: ")
    steps = ["--seeds", "1", "--steps", "2", "--no-report", "--jobs", "1", "--table", "analog"]
    assert "\n\n" not in nasharness("run", "-m", "rea", *steps).stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["list", "tabels"],
            "Did you mean `tables`? Known: methods, proxies, spaces, suites, tables.",
        ),
        (["show", "suit"], "Did you mean `suite`?"),
        (
            ["list"],
            "`nasharness list` of what? Name one of methods, spaces, tables, proxies, suites.",
        ),
        (["baseline"], "Error: `nasharness baseline` of what? Name one of save."),
        (["data", "verify"], "Missing argument 'NAME'"),
        (["show", "method", "unas[foo=1]"], "type `nasharness show method unas` to see what `foo`"),
        (["train", "13714", "--epochs", "0"], "expected 1 or more, not '0'"),
    ],
)
def test_what_is_there_is_named(nasharness: Run, words: list[str], told: str) -> None:
    assert told in nasharness(*words, code=2).stderr


def test_a_short_name_finds_the_long_one() -> None:
    from nasbench_harness.errors import nearest

    assert nearest("lr", ["width", "learning_rate", "learning_rate_min"]) == "learning_rate"
    assert nearest("xq", ["width", "learning_rate"]) is None


@pytest.mark.parametrize("key", ["sedes: 3", "foo: 3", "out: runs/x"])
def test_a_key_that_no_study_has_is_told_with_its_place(
    nasharness: Run, tmp_path: Path, key: str
) -> None:
    (tmp_path / "study.yaml").write_text(f"methods: rea\n\n{key}\n")
    told = nasharness("run", "--config", "study.yaml", code=2).stderr
    name = key.partition(":")[0]
    assert f"The config study.yaml (line 3) has no key `{name}`" in told
    assert ("as --out" if name == "out" else "Known: ") in told


def test_no_line_ends_in_blanks(nasharness: Run) -> None:
    for words in (["list", "methods"], ["show", "table", "analog"], ["data", "list"]):
        lines = nasharness(*words).stdout.splitlines()
        assert [line for line in lines if line != line.rstrip()] == []


def test_what_is_wrong_with_a_training_is_told_without_torch() -> None:
    code = (
        "import sys\nfrom nasbench_harness.cli import app\n"
        "try: app(['train', '13714', '--set', 'x=1'])\nexcept SystemExit: pass\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "has no setting `x`" in done.stderr
    assert done.stdout == "False\n"

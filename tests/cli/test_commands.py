"""The command line as a person or a script meets it: whole processes, real exit codes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
NASHARNESS = str(Path(sysconfig.get_path("scripts")) / "nasharness")
BEST = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"
    "+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|"
)

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_readme_s_first_command(nasharness: Run, tmp_path: Path) -> None:
    """Word by word, but for the installing, which brought us here."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^    python -m pip install \. && nasharness (.*)$", readme, re.M)
    told = nasharness(*command.split())
    for method in ("unas", "drnas", "random"):
        assert re.search(rf"^{method} +10 ", told.stdout, re.M)
    page = tmp_path / re.search(r"^Report: (.+)$", told.stdout, re.M)[1]  # type: ignore[index]
    assert page.read_text(encoding="utf-8").lower().startswith("<!doctype html")
    trials = pd.read_parquet(page.parent.parent / "trials.parquet")
    means = trials.groupby("method")["regret_cifar10_baseline_accuracy"].mean()
    assert max(means["unas"], means["drnas"]) < min(0.3, means["random"])


@pytest.mark.parametrize(
    "arguments",
    [
        "--help",
        "run --help",
        "list methods",
        "query --index 5",
        "show arch 5",
        "show method unas --recipe nb201",
        "show method drnas --json",
        "data list",
    ],
)
def test_quick_commands_import_nothing_heavy(arguments: str) -> None:
    script = (
        "import sys\nfrom nasbench_harness.cli import app\n"
        f"try: app({arguments.split()!r})\nexcept SystemExit: pass\n"
        "print([m for m in ('torch', 'matplotlib', 'pandas', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_what_every_command_imports_is_little() -> None:
    """All of them are known whichever runs, so that what one needs alone is imported by it."""
    heavy = ("pydantic", "yaml", "filelock", "pickle", "numpy")
    script = f"import sys, nasbench_harness.cli\nprint([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_query_by_string_and_by_index_agree(nasharness: Run) -> None:
    by_string = json.loads(nasharness("query", BEST, "--json").stdout)
    by_index = json.loads(nasharness("query", "--index", "13714", "--json").stdout)
    assert by_string == by_index
    assert by_string["cifar10_baseline_accuracy"] == 94.0664
    assert by_string["rank_cifar10_baseline_accuracy"] == 1
    assert by_string["table"] == "analog"


@pytest.mark.parametrize(
    "arch", [" 13714 ", BEST.replace("+", " + "), f"Structure(4 nodes with {BEST})"]
)
def test_query_reads_what_people_paste(nasharness: Run, arch: str) -> None:
    assert json.loads(nasharness("query", arch, "--json").stdout)["index"] == 13714


def test_methods_given_one_by_one_are_all_run(nasharness: Run, tmp_path: Path) -> None:
    nasharness(
        "run", "-m", "random", "-m", "rea", "--seeds", "1", "--steps", "20", "--no-report",
        "--jobs", "1", "--out", "A",
    )  # fmt: skip
    names = {folder.name.split("-")[0] for folder in (tmp_path / "A" / "trials").iterdir()}
    assert names == {"random", "rea"}


def test_query_prints_the_whole_string_on_one_line(nasharness: Run) -> None:
    assert BEST in nasharness("query", "--index", "13714").stdout


def test_show_arch_draws(nasharness: Run, tmp_path: Path) -> None:
    nasharness("show", "arch", "9930", "--out", "cell.svg")
    assert "<svg" in (tmp_path / "cell.svg").read_text()
    told = nasharness("show", "arch", "9930", "--out", "cell.gif", code=2)
    assert ".svg, .png, .pdf" in told.stderr


def test_show_method_tells_every_setting(nasharness: Run) -> None:
    shown = json.loads(nasharness("show", "method", "unas", "--json").stdout)
    settings = {row["name"]: row for row in shown["settings"]}
    assert settings["temperature"]["value"] == 0.4
    assert settings["cost_target"]["unit"] == "millions (latency: ms)"
    assert "NVIDIA" not in json.dumps(shown)
    assert {"landscape", "nb201", "quick"} <= set(shown["recipes"])


def test_show_method_tells_where_every_number_is_from(
    nasharness: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told = nasharness("show", "method", "darts", "--recipe", "paper").stdout
    assert "settings, recipe nb201 (50 epochs [B])" in told
    assert re.search(r"arch_before_weight +second_order \[B\] +yes \[C\]", told)
    assert re.search(r"learning_rate_min +0\.001 \[B\]", told)
    assert "[B] benchmark authors' code" in " ".join(told.split())
    shown = json.loads(nasharness("show", "method", "darts", "--recipe", "nb201", "--json").stdout)
    assert shown["tags"]["network.clip_norm"] == "B"
    assert {row["tag"] for row in shown["settings"]} == {"B", "C", "D"}


def test_show_method_counts_in_words_and_lists_paper(nasharness: Run) -> None:
    told = nasharness("show", "method", "random", "--recipe", "quick").stdout
    assert "(1 epoch [D], 1 step [D])" in told
    assert re.search(r"^paper +the one for nb201: nb201", told, re.MULTILINE)


def test_a_method_known_from_its_abstract_is_shown_as_that(nasharness: Run) -> None:
    listed = nasharness("list", "methods").stdout
    assert re.search(r"^edas .* abstract only$", listed, re.MULTILINE)
    summaries = [
        one["summary"] for one in json.loads(nasharness("list", "methods", "--json").stdout)
    ]
    shown = nasharness("show", "method", "edas").stdout
    for text in (" ".join(summaries), shown):
        assert "EDAS as reconstructed from its abstract" in text
    told = nasharness("show", "method", "edas", "--recipe", "landscape").stdout
    assert re.search(r"learning_rate +0\.3 \[D\]", told)


def test_show_space_names_benchmarks_and_their_data_sets(nasharness: Run) -> None:
    shown = json.loads(nasharness("show", "space", "transnas101", "--json").stdout)
    (benchmark,) = shown["benchmarks"]
    assert benchmark["table"] == "transnas101"
    tasks = {task["dataset"]: task["quantity"] for task in benchmark["tasks"]}
    assert tasks["jigsaw"] == "top-1 accuracy"
    assert tasks["room_layout"] == "negative L2 loss"
    assert len(tasks) == 7
    told = " ".join(nasharness("show", "space", "transnas101").stdout.split())
    assert "room_layout (negative L2 loss), jigsaw (top-1 accuracy, %)" in told
    told = " ".join(nasharness("show", "space", "nb201").stdout.split())
    assert "official" in told
    assert "`nasharness data pull nb201`" in told
    assert "analog cifar10" in told


def test_decisions_that_are_alike_are_shown_once(
    nasharness: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    lines = nasharness("show", "space", "darts").stdout.splitlines()
    assert sum("28  normal_2<-0, normal_2<-1 ... reduce_5<-4" in line for line in lines) == 1
    assert max(map(len, lines)) <= 80
    assert sum("max_pool_3x3" in line for line in lines) == 1
    told = " ".join(nasharness("show", "space", "darts[variant=s1]").stdout.split())
    assert " 2 normal_4<-0, normal_5<-1 max_pool_3x3, skip_connect " in told


def test_show_space(nasharness: Run) -> None:
    shown = json.loads(nasharness("show", "space", "nb201", "--json").stdout)
    assert shown["architectures"] == 15_625
    assert [len(d["options"].split(", ")) for d in shown["decisions"]] == [5] * 6


FAULTS = [
    (["run", "-m", "unsa"], "Did you mean `unas`?"),
    (["run", "-m", "unas", "--space", "nb210"], "Did you mean `nb201`?"),
    (["run", "-m", "unas", "--table", "analgo"], "Did you mean `analog`?"),
    (["run", "-m", "unas", "--dataset", "cifar11"], "Did you mean `cifar10`?"),
    (["run", "-m", "unas", "--recipe", "nb2001"], "Did you mean `nb201`?"),
    (["run", "-m", "unas[temprature=1]"], "Did you mean `temperature`?"),
    (["run", "-m", "unas", "--set", "unas.temperature=-1"], "expected a number > 0 (default 0.4"),
    (["run", "-m", "unas", "--set", "drnas.anchor=kl"], "no method in this study called `drnas`"),
    (["run", "-m", "unas", "--set", "temperature=1"], "write `--set method.setting=value`"),
    (["run", "-m", "unas,unas[temperature=0.4]"], "are the same setting"),
    (["run", "-m", "unas", "--seeds", "many"], "names no seeds"),
    (["run", "-m", "unas", "--seeds", "9223372036854775808,"], "seeds run from 0 to 92233720"),
    (["run", "-m", "unas", "--seeds", "0-9999999999"], "a study holds at most 10,000"),
    (["run", "-m", "unas[temperature=010]"], "write `10`"),
    (["run", "-m", "unas", "--noise", "nan"], "`noise` cannot be 'nan': expected a number >= 0"),
    (["run", "-m", "unas", "--steps", "²"], "`²` is not written with the digits 0 to 9; write `2`"),
    (["run", "-m", "unas", "--width", "0"], "expected 1 or more, not '0'"),
    (["check", "--bench", "a", "b", "--max-slowdown", "inf"], "inf is no number"),
    (["query", "²"], "`²` is no index: write it with the digits 0 to 9"),
    (["query", "(4, 0, 3, 1, 4, 3)"], "`naslib:(4, 0, 3, 1, 4, 3)`"),
    (["show", "arch", "[" * 2000], "These brackets cannot be read"),
    (["run"], "No methods given"),
    (["run", "--config", "nowhere.yaml"], "nowhere.yaml cannot be read"),
    (["query"], "Give an architecture string, --index, --top or --published"),
    (["query", "--index", "15625"], "run from 0 to 15624"),
    (["query", "|nor_conv_3x3~0|+|nor_conv_3x3~0"], "Expected `|`"),
    (["show", "method", "dartz"], "Did you mean `darts`?"),
    (["report", "nowhere"], "holds no study"),
]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    FAULTS,
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_fault_gets_one_sentence_and_exit_code_2(
    nasharness: Run, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    told = nasharness(*arguments, code=2)
    assert sentence in " ".join(told.stderr.split())
    assert not (tmp_path / "runs").exists()  # nothing half-written


def test_malformed_cell_is_pointed_at(nasharness: Run) -> None:
    lines = nasharness(
        "query", "|nor_conv_3x3~0|+|nor_conv_3x3~0|oops~1|", code=2
    ).stderr.splitlines()
    assert lines[-2][lines[-1].index("^") :].startswith("oops")


def test_unknown_option_is_a_usage_error(nasharness: Run) -> None:
    nasharness("run", "--methodz", "unas", code=2)


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    command = [NASHARNESS, "--debug", "query", "--index", "99999"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Traceback" in done.stderr


def test_file_and_options_make_one_study(nasharness: Run, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(
        "methods: [rea, 'rea[population=5]']\nspace: nb201\nseeds: 0-1\nsteps: 30\n"
    )
    told = nasharness(
        "run", "--config", "study.yaml", "--set", "rea.tournament=2", "--seeds", "3",
        "--out", "s", "--no-report", "--json",
    )  # fmt: skip
    (result,) = json.loads(told.stdout)["studies"]
    assert result["status"] == {"done": 9}
    methods = {row["method"] for row in result["summary"]}
    assert methods == {"rea[tournament=2]", "rea[population=5,tournament=2]", "random"}


def test_failed_trials_exit_with_3_and_the_rest_is_kept(nasharness: Run, tmp_path: Path) -> None:
    """A trial whose checkpoint is damaged fails; its neighbours do not."""
    nasharness("run", "-m", "rea", "--seeds", "2", "--steps", "20", "--out", "s", "--no-report")
    trials = sorted((tmp_path / "s" / "trials").glob("rea-*"))
    (trials[0] / "result.json").unlink()
    (trials[0] / "checkpoint.pt").write_bytes(b"torn")
    arguments = ["run", "-m", "rea", "--seeds", "2", "--steps", "20", "--out", "s"]
    told = nasharness(*arguments, code=3)
    assert "No checkpoint can be read" in " ".join(told.stderr.split())
    assert "Once the cause above is mended, the same command" in " ".join(told.stdout.split())
    frame = pd.read_parquet(tmp_path / "s" / "trials.parquet")
    assert sorted(frame["status"]) == ["done", "done", "done", "failed"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(nasharness: Run, tmp_path: Path) -> None:
    arguments = ["run", "-m", "rea,drnas", "--seeds", "2", "--out", "s", "--jobs", "1"]
    arguments += ["--steps", "20000", "--no-report"]
    process = subprocess.Popen(
        [NASHARNESS, *arguments], cwd=tmp_path, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    _wait_for(tmp_path / "s" / "trials", "drnas-*/history.jsonl", process)
    os.killpg(process.pid, signal.SIGINT)
    told, errors = process.communicate(timeout=180)
    assert process.returncode == 3, errors
    assert "Interrupted; what is done is kept." in told
    frame = pd.read_parquet(tmp_path / "s" / "trials.parquet").set_index("trial")["status"]
    assert "interrupted" in set(frame)
    assert (frame == "done").any()


def _wait_for(folder: Path, pattern: str, process: subprocess.Popen[str]) -> None:
    """Until a file of that pattern has content, or the process has ended."""
    while process.poll() is None:
        if any(path.stat().st_size for path in folder.glob(pattern)):
            return
    raise AssertionError(process.communicate())


def test_report_about_two_studies(nasharness: Run, tmp_path: Path) -> None:
    for name, method in (("runs/a", "rea"), ("runs/b", "drnas")):
        options = ["--seeds", "2", "--steps", "20", "--out", name, "--no-report"]
        nasharness("run", "-m", method, *options)
    assert "needs a folder" in nasharness("report", "runs/a", "runs/b", code=2).stderr
    nasharness("report", "runs/a", "runs/b", "--out", "both")
    nasharness("report", "runs")  # as of a run over all data sets
    for page in (tmp_path / "both" / "index.html", tmp_path / "runs" / "report" / "index.html"):
        text = page.read_text(encoding="utf-8")
        assert "rea" in text
        assert "drnas" in text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("nasharness show method un", {"unas"}),
        ("nasharness run --methods drnas,e", {"drnas,edas"}),
        ("nasharness show space ", {"nb201"}),
        ("nasharness que", {"query"}),
    ],
)
def test_shell_completion(words: str, expected: set[str]) -> None:
    environment = {
        **os.environ,
        "_NASHARNESS_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    done = subprocess.run(
        [NASHARNESS], env=environment, capture_output=True, text=True, check=False
    )
    assert expected <= set(done.stdout.split())

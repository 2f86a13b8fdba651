"""What the README says can be done is done here: its commands, its study file, its Python.

A command stands below as it is in the README, beside what is run in its place: the same in small,
by options that every user has (`--seeds`, `--steps`, `--no-report`, ...), on studies that earlier
commands made. A command that is new in the README fails the first test until it stands here.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from nasbench_harness.cli import app

CHECKOUT = Path(__file__).resolve().parent.parent
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
COMMAND: Any = typer.main.get_command(app)
CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|"
SMALL = "--seeds 2 --steps 5 --no-report --jobs 1"
TINY = "--seeds 1 --epochs 1 --limit 200 --no-report --jobs 1"

RUN = {
    "nasharness run --methods unas,drnas --space nb201": (
        "@ --out runs/unas-drnas-nb201 --seeds 3 --steps 5 --no-report --jobs 1"
    ),
    "nasharness run -m 'unas[temperature=0.4],unas[temperature=1],drnas' --seeds 0-19": (
        "nasharness run -m 'unas[temperature=0.4],unas[temperature=1],drnas' --out runs/A " + SMALL
    ),
    "nasharness run --config study.yaml --set drnas.anchor=kl": f"@ --out runs/B {SMALL}",
    "nasharness run -m unas,drnas --smallest-difference 0.2 --fixed": f"@ --out runs/F {SMALL}",
    "nasharness run": "nasharness run -m unas,drnas,rea --space nb201 --out runs/A " + SMALL,
    "nasharness run -m unas,drnas --seeds 0-19 --dry-run": "@ --steps 50 --jobs 1",
    "nasharness report runs/A --paper": "nasharness report runs/unas-drnas-nb201 --paper --json",
    "nasharness compare drnas unas runs/A": "nasharness compare drnas unas runs/unas-drnas-nb201",
    "nasharness baseline save runs/A --to baselines/nb201.json": (
        "nasharness baseline save runs/unas-drnas-nb201 --to baselines/nb201.json"
    ),
    "nasharness check --config ci/study.yaml --baseline baselines/nb201.json": "@ --jobs 1",
    "nasharness check runs/B --baseline baselines/nb201.json --junit check.xml"
    " --markdown summary.md": (
        "nasharness check runs/unas-drnas-nb201 --baseline baselines/nb201.json --junit check.xml"
        " --markdown summary.md"
    ),
    "nasharness check --power --baseline baselines/nb201.json": "@",
    "nasharness watch runs/A": "@",
    "nasharness run ... --tensorboard": "nasharness run -m rea --out runs/C --tensorboard " + SMALL,
    "nasharness run -m all --space nb201": "@ " + SMALL,
    "nasharness list methods": "@",
    "spaces": "nasharness list spaces",
    "tables": "nasharness list tables",
    "nasharness show method unas --recipe nb201": "@",
    "nasharness show arch 9930 --out cell.svg": "@",
    "nasharness show problem nb201 nbmacro": "@",
    "nasharness latency build --space proxyless --dataset digits --width 8": (
        "nasharness latency build --space proxyless --dataset digits --width 2 --passes 3 --whole 1"
    ),
    "nasharness list suites": "@",
    "show suite quick": "nasharness show suite quick",
    "nasharness query '|nor_conv_3x3~0|+|...|'": f"nasharness query '{CELL}'",
    "query --index 9930": "nasharness query --index 9930",
    "nasharness query DARTS_V2 --space darts": "@",
    "query --space darts --published": "nasharness query --space darts --published",
    "nasharness data list": "@",
    "cite nb201": "nasharness data cite nb201 --json",
    "nasharness push runs/A s3://results/A": (
        "nasharness push runs/unas-drnas-nb201 memory://results/A"
    ),
    "nasharness cite runs/A": "@",
    "nasharness run -m darts,drnas --search supernet --dataset digits --recipe quick": f"@ {TINY}",
    "nasharness run -m darts,drnas --space darts --search supernet --dataset digits"
    " --recipe quick": f"@ {TINY}",
    "nasharness resume runs/unas-drnas-nb201": "@ --no-report --jobs 1",
    "nasharness train '|nor_conv_3x3~0|+|...|' --dataset cifar10 --epochs 200": (
        f"nasharness train '{CELL}' --dataset digits --epochs 1 --seeds 1 --limit 300 --width 4"
        " --cells 1"
    ),
    "nasharness train DARTS_V2 --space darts --dataset cifar10": (
        "nasharness train DARTS_V2 --space darts --dataset digits --recipe quick --epochs 1"
        " --seeds 1 --limit 300 --width 4 --cells 2"
    ),
    "nasharness evaluate runs/A --epochs 20 --width 8 --cells 5": (
        "nasharness evaluate runs/A --dataset digits --epochs 1 --seeds 1 --limit 300 --width 2"
        " --cells 1 --random 3"
    ),
    "nasharness score 13714 9930 --proxy synflow,nwot": "@ --width 2 --cells 1 --batch-size 4",
    "nasharness run -m freedarts,proxy --search supernet --dataset digits --recipe quick": (
        "@ --width 2 --set proxy.candidates=3 --table none --out runs/U " + TINY
    ),
    "nasharness calibrate --dataset cifar10 --width 8 --cells 1 --epochs 20": (
        "nasharness calibrate --dataset digits --width 2 --cells 1 --epochs 1 --seeds 1 --limit 300"
        " --count 2"
    ),
    "nasharness run -m monas,rea --cost params": "@ --out runs/M " + SMALL,
    "nasharness run -m radars,twotemp --search supernet --dataset digits --recipe quick": (
        "@ --width 2 --set radars.options=4 --set radars.proposals=1 --out runs/P"
        " --seeds 1 --epochs 2 --limit 200 --no-report --jobs 1"
    ),
}
"""In the README's order, which is one in which they work; `@` is the command itself."""

PARSED = {
    "nasharness run -m drnas,unas --search supernet --dataset cifar10 --devices cuda:0,cuda:1"
    " --per-device 2": "",
    "nasharness bench gpu --out gpu.json": "",
    "nasharness run -m drnas,unas --executor ray --address auto --gpus-per-trial 0.5": "",
    "nasharness run -m drnas,unas --executor slurm --partition gpu --time 4h"
    " --gpus-per-trial 1": "",
    "nasharness check --bench old.json new.json": "",  # see `regression/test_bench.py`
    "nasharness run ... --mlflow http://127.0.0.1:5000": (
        "nasharness run -m rea --mlflow http://127.0.0.1:5000"
    ),
    "nasharness query --top 10 --by cifar100_test_200ep --max-latency pixel3=10": "",
    "nasharness data pull nb201": "",
    "nasharness run -m drnas,darts,rea --space mnasnet --search surrogate": "",
    "verify nb201": "nasharness data verify nb201",
    "nasharness run -m unas --cost latency:pixel3 --target 8": "",
    "nasharness run -m unas --cost params,latency:pixel3 --target 0.4,8": "",
    "nasharness run -m drnas,rea --dataset all": "",
    "nasharness run -m drnas,unas,darts --space transnas101 --dataset all": "",
    "nasharness run -m darts,drnas,unas,edas --search supernet --dataset cifar10 --device cuda": "",
    "nasharness run -m darts,drnas,unas,edas --space darts --search supernet --dataset cifar10"
    " --device cuda": "",
    "nasharness run -m darts,drnas --suite darts_bench --dataset digits"
    " --recipe darts_bench_quick": "",
    "nasharness data pull cifar10": "",
    "cifar100": "nasharness data pull cifar100",
    "svhn": "nasharness data pull svhn",
    "nasharness run -m darts,drnas,unas,edas,rsws --search supernet"
    " --dataset folder:/data/cifar10 --width 8 --cells 1 --epochs 20 --limit 10000": "",
}
"""These need a network, a GPU, a server, minutes, or the official table: only parsed."""

ELSEWHERE = {
    "nasharness run -m drnas,unas,darts,edas,rea --suite quick",  # cli/test_suites.py, a small one
    "nasharness report runs/A runs/B --out report",  # cli/test_commands.py, of two studies
    "pytest --nasharness-baseline baselines/nb201.json",  # regression/test_pytest_plugin.py
}
"""What other tests run, for it takes long or is another program."""


def commands() -> list[str]:
    """Every command of the README: the first column of its table, and the blocks of code."""
    table = README.partition("## What it does")[2].partition("`--json` on any")[0]
    cells = [re.split(r"(?<!\\)\|", row)[1] for row in table.splitlines() if row.startswith("| ")]
    found = [span for cell in cells for span in re.findall(r"`([^`]+)`", cell)]
    blocks = re.findall(r"```\n(nasharness .*?)```", README, re.DOTALL)
    start = re.findall(r"^    .*&& (nasharness .*)$", README, re.MULTILINE)
    joined = [" ".join(block.replace("\\\n", " ").split()) for block in blocks]
    return [*start, *(span.replace("\\|", "|") for span in found), *joined]


def words(command: str) -> list[str]:
    program, *rest = shlex.split(command)
    assert program == "nasharness"
    return rest


def parse(arguments: list[str]) -> Any:
    """The context in which the command would run; a usage error if it could not."""
    command = COMMAND
    while hasattr(command, "commands"):
        command, arguments = command.commands[arguments[0]], arguments[1:]
    return command.make_context(command.name, list(arguments))


def python_blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_every_command_of_the_readme_is_tried_here() -> None:
    assert set(commands()) == {*RUN, *PARSED, *ELSEWHERE}


@pytest.mark.parametrize("command", PARSED)
def test_command_is_one_that_exists(command: str) -> None:
    parse(words(PARSED[command] or command))


def test_options_of_the_readme_s_table_exist() -> None:
    rows = README.partition("| option | |")[2].partition("\n\n")[0].splitlines()
    named = {name for row in rows for name in re.findall(r"--[a-z][a-z-]+", row.split(" | ")[0])}
    known = {name for parameter in parse(["run"]).command.params for name in parameter.opts}
    assert len(named) > 12
    assert named <= known


def test_json_is_taken_by_every_command_of_the_table() -> None:
    for command, shown in {**RUN, **PARSED}.items():
        line = command if shown == "" else shown.replace("@", command, 1)
        arguments = [word for word in words(line) if word != "--json"]
        assert parse([*arguments, "--json"]).params["json"] is True


def test_commands_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A newcomer's walk through the README, in one empty folder."""
    monkeypatch.chdir(tmp_path)
    (study,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "study.yaml").write_text(study)
    (tmp_path / "ci").mkdir()
    (tmp_path / "ci" / "study.yaml").write_text(
        "methods: [unas, drnas]\nspace: nb201\nseeds: 3\nsteps: 5\n"
    )
    for command, shown in RUN.items():
        done = CliRunner().invoke(app, words(shown.replace("@", command, 1)))
        assert done.exit_code == 0, (command, done.output, capfd.readouterr())
    for written in (
        "runs/unas-drnas-nb201/report/paper/main.tex", "check.xml", "summary.md", "cell.svg",
        "runs/C/tensorboard", "runs/darts-drnas-nb201-supernet-dataset-digits-recipe-quick",
    ):  # fmt: skip
        assert list(tmp_path.glob(f"{written}*")), written
    _run_python()


def _run_python() -> None:
    """The README's Python, on what the walk has left, with the table that is always there."""
    for block in python_blocks():
        exec(block, {})


@pytest.mark.usefixtures("official")
def test_python_of_the_official_table() -> None:
    (block,) = (block for block in python_blocks() if "open_table" in block)
    exec(
        block.replace('"analog"', '"official"').replace(
            "cifar10_baseline_accuracy", "cifar10_test_200ep"
        ),
        {},
    )


def test_picture_is_in_true_colour_and_small() -> None:
    from PIL import Image

    (name,) = re.findall(r"!\[[^]]*\]\(([^)]+\.png)\)", README)
    picture = CHECKOUT / name
    assert picture.stat().st_size < 400_000
    assert Image.open(picture).mode == "RGB"


def test_baseline_of_ci_can_be_read() -> None:
    """The README's checks name files that are in the checkout."""
    assert json.loads((CHECKOUT / "baselines" / "nb201.json").read_text(encoding="utf-8"))
    assert (CHECKOUT / "ci" / "study.yaml").is_file()

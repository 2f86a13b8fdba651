"""Shell completion: what is offered where, at what price."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nasbench_harness.cli import app

NASHARNESS = str(Path(sysconfig.get_path("scripts")) / "nasharness")


def asking(line: str) -> dict[str, str]:
    """The environment in which bash asks for the last word of `line`."""
    return {
        "_NASHARNESS_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
    }


def complete(line: str) -> list[str]:
    """What is offered, asked within this process, for its speed."""
    told = CliRunner().invoke(app, [], env=asking(line), prog_name="nasharness")
    assert told.exception is None or isinstance(told.exception, SystemExit)
    return told.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("nasharness run --methods drnas,e", ["drnas,edas"]),
        ("nasharness run --set drnas.anchor=k", ["drnas.anchor=kl"]),
    ],
)
def test_the_shell_is_told_the_same(line: str, offered: list[str]) -> None:
    environment = {**os.environ, **asking(line)}
    done = subprocess.run(
        [NASHARNESS], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == complete(line) == offered


OFFERS = [
    ("nasharness que", {"query"}, set()),
    ("nasharness show method un", {"unas"}, {"darts"}),
    ("nasharness show space ", {"nb201"}, set()),
    ("nasharness show table an", {"analog"}, {"official"}),
    ("nasharness show method rea --recipe ", {"landscape", "nb201", "quick", "paper"}, {"nats"}),
    ("nasharness show method unas --recipe nb", {"nb201", "nb201_per_example"}, {"nats"}),
    ("nasharness run --methods drnas,e", {"drnas,edas"}, {"drnas,unas"}),
    ("nasharness run -m darts,al", {"darts,all"}, {"darts,unas"}),
    ("nasharness run -m all --set drn", {"drnas."}, {"all."}),
    ("nasharness run -m unas[temp", {"unas[temperature="}, {"unas[cost="}),
    ("nasharness run -m darts,unas[temperature=1,gap=", {
        "darts,unas[temperature=1,gap=per_example", "darts,unas[temperature=1,gap=batch_mean"},
        set()),
    ("nasharness run -m drnas[recipe=nb201_", {"drnas[recipe=nb201_progressive"}, set()),
    ("nasharness run -m unas[nesterov", set(), {"unas[nesterov="}),
    ("nasharness run --set drn", {"drnas."}, {"network."}),
    ("nasharness run -m unas --set ", {"unas.", "network."}, {"drnas."}),
    ("nasharness run --set drnas.anchor=", {
        "drnas.anchor=l2", "drnas.anchor=kl", "drnas.anchor=none"}, set()),
    ("nasharness run --set network.nesterov=", {
        "network.nesterov=true", "network.nesterov=false"}, set()),
    ("nasharness run --set network.clip", {"network.clip_norm="}, {"network.cells="}),
    ("nasharness run -m darts --recipe n", {"nb201", "nats"}, {"nb201_progressive"}),
    ("nasharness run --recipe p", {"paper"}, {"quick"}),
    ("nasharness run --dataset ", {"cifar10", "digits", "svhn", "all", "folder:"}, set()),
    ("nasharness run --search s", {"supernet"}, {"landscape"}),
    ("nasharness run --device cuda", {"cuda", "cuda:1"}, {"cpu"}),
    ("nasharness resume runs/a --device m", {"mps"}, {"cpu"}),
    ("nasharness run --precision b", {"bf16"}, {"fp32"}),
    ("nasharness run --compile ", {"none", "inductor", "graph"}, set()),
    ("nasharness run --search-metric cifar10_b", {"cifar10_baseline_accuracy"}, set()),
    ("nasharness run --report-metric cifar10_b", {"cifar10_baseline_accuracy"}, set()),
    ("nasharness query --by cifar10_b", {"cifar10_baseline_accuracy"}, set()),
    ("nasharness run --cost f", {"flops"}, {"params"}),
    ("nasharness run --cost params,", {"params,flops"}, {"params,params"}),
    ("nasharness run --cost params+f", {"params+flops"}, {"flops"}),
    ("nasharness run --cost latency:m", {"latency:measured"}, set()),
    ("nasharness train 5 --dataset d", {"digits"}, {"cifar10"}),
    ("nasharness calibrate --dataset d", {"digits"}, {"cifar10"}),
    ("nasharness calibrate --table a", {"analog"}, {"official"}),
    ("nasharness run --alpha-rate s", {"scaled"}, {"published"}),
    ("nasharness train 5 --precision f", {"fp32", "fp16"}, {"bf16"}),
    ("nasharness compare a b runs/a --metric r", {"regret"}, {"accuracy"}),
    ("nasharness data pull c", {"cifar10", "cifar100"}, {"nb201"}),
    ("nasharness data pull ", {"nb201", "svhn"}, {"analog", "digits"}),
    ("nasharness data verify ", {"analog", "digits", "nb201", "official"}, set()),
    ("nasharness data import ", {"nb201"}, {"cifar10"}),
    ("nasharness check -m un", {"unas"}, set()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "offered", "not_offered"), OFFERS, ids=[line for line, _, _ in OFFERS]
)
def test_offers(line: str, offered: set[str], not_offered: set[str]) -> None:
    found = set(complete(line))
    assert offered <= found
    assert not not_offered & found


@pytest.mark.usefixtures("official")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("nasharness query --by cifar100_test_2", "cifar100_test_200ep"),
        ("nasharness query --by test@", "test@200"),
        ("nasharness query --max-latency pix", "pixel3="),
        ("nasharness run --cost latency:pix", "latency:pixel3"),
        ("nasharness run --search-metric valid@", "valid@12"),
    ],
)
def test_offers_of_the_official_table(line: str, offered: str) -> None:
    assert offered in complete(line)


def test_table_on_the_line_is_asked() -> None:
    found = complete("nasharness query --table analog --by cifar10_")
    assert "cifar10_baseline_accuracy" in found
    assert all(name.startswith("cifar10_") for name in found)


def test_folders_of_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "birds" / "train").mkdir(parents=True)
    (tmp_path / "boats").mkdir()
    (tmp_path / "bills.txt").touch()
    line = "nasharness run --dataset folder:"
    assert set(complete(line + "b")) == {"folder:birds", "folder:boats"}
    assert complete(line + "birds/") == ["folder:birds/train"]
    assert complete(f"{line}{tmp_path}/bi") == [f"folder:{tmp_path}/birds"]
    assert complete(line + "nowhere/x") == []


@pytest.mark.parametrize(
    "line",
    [
        "nasharness run -m unsa[temp", "nasharness run -m unas[x=1 --recipe ",
        "nasharness run --table nothing --dataset ", "nasharness run --set nothing.x",
        "nasharness query --table nothing --by ",
    ],
)  # fmt: skip
def test_mistake_on_the_line_is_no_error_of_completion(line: str) -> None:
    complete(line)


@pytest.mark.parametrize(
    "line",
    [
        "nasharness run -m unas[temp", "nasharness run --set drnas.anchor=",
        "nasharness run --recipe ", "nasharness run --dataset ", "nasharness run --search-metric ",
        "nasharness run --device ", "nasharness show method ",
    ],
)  # fmt: skip
def test_completion_imports_nothing_heavy(line: str) -> None:
    script = (
        "import sys\nfrom nasbench_harness.cli import app\n"
        "try: app(prog_name='nasharness')\nexcept SystemExit: pass\n"
        "heavy = ('torch', 'matplotlib', 'pandas', 'scipy', 'sklearn')\n"
        "print('HEAVY', [m for m in heavy if m in sys.modules])"
    )
    environment = {**os.environ, **asking(line)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    offered, _, heavy = done.stdout.partition("HEAVY")
    assert offered.strip()
    assert heavy.strip() == "[]"

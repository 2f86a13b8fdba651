"""Commands about a space and a table of somebody else: other words, other data sets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from nasbench_harness import registry
from nasbench_harness.cli import app
from nasbench_harness.cli.ending import _next
from nasbench_harness.contracts import Benchmark, SearchSpace
from nasbench_harness.errors import ExitCode
from nasbench_harness.store.outcomes import Status

SOURCE = '''
"""Walls of four bricks."""
import tempfile
from pathlib import Path

from nasbench_harness.contracts import Architecture, Metric
from nasbench_harness.errors import InvalidArchitectureError
from nasbench_harness.tables.columns import ColumnTable, Provenance, write_columns
from nasbench_harness.testing.toys import ToySpace


class Bricks(ToySpace):
    tables = ("bricks_bench",)

    def __init__(self):
        super().__init__((3, 3, 3, 3))
        self.name = "bricks"

    def architecture(self, choices):
        arch = super().architecture(choices)
        return Architecture("bricks", arch.choices, "/".join(f"o{k}" for k in arch.choices))

    def parse(self, text):
        try:
            return self.architecture([int(part.removeprefix("o")) for part in text.split("/")])
        except ValueError as error:
            raise InvalidArchitectureError(text, 0, f"no wall ({error})") from error


class Sands(Bricks):
    tables = ()
    enumerate = None

    def __init__(self):
        super().__init__()
        self.name = "sands"

    def architecture(self, choices):
        arch = super().architecture(choices)
        return Architecture("sands", arch.choices, arch.text.replace("/", "~"))

    def parse(self, text):
        return self.architecture([int(part.removeprefix("o")) for part in text.split("~")])


def bench():
    folder = Path(tempfile.mkdtemp()) / "bricks_bench"
    metrics = [
        Metric("wall_valid", "strength", "%", "wall", "valid", 10, True, False),
        Metric("wall_test", "strength", "%", "wall", "test", 10, False, True),
    ]
    columns = {m.name: [float(rank) for rank in range(81)] for m in metrics}
    told = Provenance("bricks_bench", "bricks", "1", "a test", "0" * 64, "Invented.", (3,) * 4)
    write_columns(folder, told, metrics, columns)
    return ColumnTable(folder, Bricks())
'''


@pytest.fixture(autouse=True)
def bricks(install_plugin: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """A space with a table, `bricks`, and one without, `sands`, are installed."""
    install_plugin("spaces", "bricks", "walls:Bricks", SOURCE)
    install_plugin("spaces", "sands", "walls:Sands")
    install_plugin("tables", "bricks_bench", "walls:bench")
    spaces = registry.Registry[Any]("space", opened=SearchSpace)
    monkeypatch.setattr(registry, "spaces", spaces)
    monkeypatch.setattr(registry, "tables", registry.Registry[Any]("table", opened=Benchmark))
    for opened in (registry.open_space, registry.open_table):
        if hasattr(opened, "cache_clear"):
            opened.cache_clear()


def told(*words: str) -> str:
    """What a command prints that works."""
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(*words: str) -> str:
    """The sentence of a command that was asked wrongly."""
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2, done.output
    return " ".join(str(done.exception or done.output).split()) + " ".join(done.output.split())


# --- the data set where nothing is said ----------------------------------------------------------


def test_a_table_without_cifar10_is_its_own_default() -> None:
    best = json.loads(told("query", "--top", "2", "--table", "bricks_bench", "--json"))
    assert [row["wall_test"] for row in best] == [80, 79]


def test_a_study_looks_up_in_the_data_set_that_there_is(tmp_path: Path) -> None:
    words = ["run", "-m", "rea", "--space", "bricks", "--steps", "20", "--seeds", "1", "-j", "1"]
    out = json.loads(told(*words, "--no-report", "--json", "-o", str(tmp_path / "s")))
    assert out["studies"][0]["dataset"] == "wall"
    assert out["studies"][0]["status"] == {"done": 2}


def test_the_hint_of_a_wrong_data_set_is_the_option() -> None:
    words = "query", "--top", "2", "--table", "bricks_bench", "--dataset", "cifar10"
    assert "Known: wall. `--dataset NAME` chooses one." in refused(*words)


# --- architectures of other spaces ---------------------------------------------------------------


def test_an_architecture_of_another_space_is_told_its_table() -> None:
    assert "architecture of `bricks`" in (said := refused("query", "o1/o1/o1/o1"))
    assert "add `--table bricks_bench`" in said


def test_an_architecture_without_a_table_is_told_who_knows_of_it() -> None:
    for words in (["o1~o1~o1~o1"], ["o1~o1~o1~o1", "--table", "none"]):
        assert "`nasharness show arch 'o1~o1~o1~o1' --space " in refused("query", *words)
    assert "--space sands`" in refused("query", "o1~o1~o1~o1")


def test_what_no_space_can_read_is_told_in_the_words_of_the_default() -> None:
    assert "^" in refused("query", "|what|")
    assert "no wall" in refused("query", "|what|", "--table", "bricks_bench")


# --- what to do next -----------------------------------------------------------------------------


def run_small(folder: Path, *words: str) -> str:
    """What a small study ends with."""
    small = "--steps", "20", "--seeds", "1", "-j", "1", "--no-report", "-o", str(folder)
    return told("run", *words, *small)


def test_nothing_is_suggested_that_cannot_run_there(tmp_path: Path) -> None:
    said = run_small(tmp_path / "s", "-m", "drnas", "--space", "bricks", "--recipe", "landscape")
    assert "Next:" in said
    assert "supernet" not in said
    assert "real images" not in said


def test_what_is_suggested_is_of_the_study_s_own_method(tmp_path: Path) -> None:
    command = "nasharness run -m darts --search supernet --dataset digits --recipe quick"
    said = run_small(tmp_path / "one", "-m", "rea,darts", "--table", "analog")
    assert f"on real images, some seconds a trial:\n  {command}\n" in said
    assert "supernet" not in run_small(tmp_path / "two", "-m", "rea", "--table", "analog")


def test_a_space_of_networks_that_has_no_landscape_is_told_the_supernet(
    install_plugin: Callable[..., None],
) -> None:
    install_plugin("spaces", "toynets", "nasbench_harness.testing.toy_networks:ToyNetworks")
    said = refused("run", "-m", "gdas", "--space", "toynets", "--table", "none", "--dry-run")
    assert "and a landscape is the mean over all of these" in said
    assert "`--search supernet`" in said


# --- trials that failed --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "sentence"),
    [
        ({Status.FAILED: 1}, "Some trials failed; what is done is kept. Once the cause above is"),
        ({Status.FAILED: 1, Status.MISSING: 1}, "Run the same command again, or"),
    ],
)
def test_trials_that_failed_need_a_cure_first(left: dict[Status, int], sentence: str) -> None:
    part: Any = SimpleNamespace(
        study=SimpleNamespace(folder=Path("s")),
        counts=lambda: {Status.DONE: 2, **left},
        interrupted=False,
        exit_code=ExitCode.INCOMPLETE,
    )
    assert sentence in _next([part], ExitCode.INCOMPLETE, whole=True, resumed=False)


# --- numbers of architectures --------------------------------------------------------------------


def test_a_space_without_numbers_has_no_index() -> None:
    for words in (
        ["show", "arch", "3", "--space", "bricks"],
        ["query", "3", "--table", "bricks_bench"],
        ["query", "--index", "3", "--table", "bricks_bench"],
    ):
        assert "The architectures of `bricks` have no index" in refused(*words)


def test_the_best_of_a_space_without_numbers_have_no_column_for_them() -> None:
    best = "query", "--top", "2", "--table", "bricks_bench"
    assert "index" not in told(*best)
    assert [row["index"] for row in json.loads(told(*best, "--json"))] == [None, None]
    assert "index" in told("query", "--top", "2", "--table", "analog")


def test_a_limit_of_one_architecture_is_refused() -> None:
    assert "add --top" in refused("query", "o1/o1/o1/o1", "--max-latency", "pixel3=10")

"""A study on predictions, from the command to its report: what it says of their error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from nasbench_harness import registry
from nasbench_harness.spaces.mnasnet.tables import TOP1, open_accel
from nasbench_harness.store.studies import read_tables
from tests.commands import Aside, process

Told = Callable[..., str]
STUDY = ["--search", "surrogate", "--space", "mnasnet", "--steps", "30", "--seeds", "3", "-j", "1"]


@pytest.fixture(autouse=True)
def place(made_up_accel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NASHARNESS_DATA", str(made_up_accel))
    monkeypatch.chdir(tmp_path)
    registry.open_table.cache_clear()  # a process opens a benchmark once
    yield
    registry.open_table.cache_clear()


@pytest.fixture(scope="module")
def installed(made_up_accel: Path) -> Iterator[Aside]:
    """A process that has the benchmark."""
    with Aside(NASHARNESS_DATA=str(made_up_accel)) as aside:
        yield aside


@pytest.fixture
def run(installed: Aside, tmp_path: Path) -> Told:
    """What a command says on both streams."""

    def told(*words: str, code: int = 0) -> str:
        done = installed.run(tmp_path, *words, code=code)
        return " ".join((done.stdout + done.stderr).split())

    return told


def test_a_study_says_everywhere_how_far_its_predictions_are_off(run: Told, tmp_path: Path) -> None:
    told = run("run", "-m", "darts,drnas,rea", *STUDY, "-o", "S")
    mae = open_accel().held_out(TOP1).mae
    off = f"predictions are off by {mae:.3g} points on average"
    assert f"All of this is predicted, not measured: {off}" in told
    assert "darts and drnas saw: whole polynomial x 30" in told
    assert "rea and random saw: 30 queries, predictions" in told

    trials, history = read_tables(tmp_path / "S")
    assert set(trials["prediction_error"]) == {mae}
    assert "regret" not in trials
    assert pd.Series(trials["accuracy"]).equals(pd.Series(trials[TOP1], name="accuracy"))
    assert {"expected_prediction", "queries"} <= set(history)

    words = (tmp_path / "S" / "report" / "report.md").read_text()
    lead = words.splitlines()[2]
    assert lead.startswith("**")
    assert off in lead
    assert words.count(off) == 3  # the answer, the summary, the pairs
    assert "> This is a surrogate study: every accuracy in it is predicted" in words
    assert f"The smallest difference of interest is {mae:.3g} points, the mean error of" in words

    told = run("compare", "darts", "rea", "S")
    assert f"held-out error {mae:.3g} points: both means are predicted" in told
    found = json.loads(run("compare", "darts", "rea", "S", "--json"))
    assert found[0]["prediction_error"] == mae


def test_searches_together_are_searches_alone_bit_for_bit(run: Told, tmp_path: Path) -> None:
    words = ["-m", "darts,drnas", *STUDY, "--no-report", "--no-random"]
    run("run", *words, "-o", "together")
    run("run", *[{"3": "1"}.get(word, word) for word in words], "-o", "alone")
    together, alone = (
        read_tables(tmp_path / name)[1].set_index(["trial", "step"])["expected_prediction"]
        for name in ("together", "alone")
    )
    assert len(alone) > 0
    assert together.loc[alone.index].equals(alone)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-m", "darts", "--search", "surrogate"], "the numbers of `analog` are none of one"),
        (
            ["-m", "darts", "--space", "mnasnet"],
            "Search what is predicted with",
        ),
        (["-m", "darts", *STUDY, "--noise", "1"], "`noise` is about landscapes"),
        (["-m", "darts", *STUDY, "--table", "none"], "this study has no benchmark"),
        (["-m", "darts", *STUDY, "--dataset", "imagnet"], "Did you mean `imagenet`?"),
    ],
    ids=["no polynomial", "no landscape", "noise", "no table", "data set"],
)
def test_what_cannot_be_searched_is_refused_in_a_sentence(
    run: Told, words: list[str], said: str
) -> None:
    assert said in run("run", *words, code=2)


def test_without_the_data_one_sentence_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NASHARNESS_DATA", str(tmp_path / "nothing"))
    done = process("run", "-m", "darts", *STUDY)
    assert done.returncode == 2
    told = " ".join(done.stderr.split())
    assert "Accel-NASBench is not installed; `nasharness data pull accel` downloads" in told


def test_a_query_tells_what_is_predicted_and_what_is_exact(run: Told) -> None:
    told = run("query", "e6k3l1-e4k5l2se-e1k3l3-e6k5l3-e6k5l2-e1k3l4se-e1k3l2", "--table", "accel")
    assert "predicted_top1" in told
    assert "params" in told
    assert "measured_top1" not in told  # of this one nobody did
    assert "MnasNet-like ImageNet space" in run("list", "spaces")
    assert "too many architectures to list" in run("show", "space", "mnasnet")

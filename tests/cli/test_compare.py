"""`nasharness compare` on studies run for it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from nasbench_harness.reports.statistics.improvement import probability_of_improvement
from nasbench_harness.reports.statistics.twosample import two_sample_p
from nasbench_harness.store.studies import open_study, write_study
from tests.commands import NASHARNESS

Run = Callable[..., subprocess.CompletedProcess[str]]
REGRET = "regret_cifar10_baseline_accuracy"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A method in two settings and random search, seven seeds each."""
    folder = tmp_path_factory.mktemp("compare") / "study"
    subprocess.run(
        [
            NASHARNESS, "run", "-m", "drnas,drnas[anchor=kl]", "--seeds", "7", "--steps", "120",
            "--table", "analog", "--no-report", "--out", str(folder),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


def files(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_a_sentence_and_the_numbers_behind_it(nasharness: Run, study: Path) -> None:
    nasharness("compare", "random", "drnas", str(study))  # the first look is kept
    before = files(study)
    heading, told, *facts = nasharness("compare", "random", "drnas", str(study)).stdout.splitlines()
    assert heading == "study: nb201 on the landscape; table `analog`, cifar10_baseline_accuracy"
    assert told.startswith("drnas is better than random: its mean regret is ")
    names = [line.split("  ")[0] for line in facts if not line.startswith(" ")]
    assert names == [
        "runs", "mean regret", "difference", "of interest", "chance", "p-value", "judged at",
        "seeds needed",
    ]  # fmt: skip
    assert facts[0].endswith("7 of drnas, 7 of random")
    assert "in favour of drnas, 95 % CI [" in facts[2]
    assert facts[names.index("judged at") + len(facts) - len(names)].endswith(
        "0.025 (0.05 for being the same), at look 1 at these results"
    )
    assert files(study) == before  # the same results are the same look


def test_the_answer_is_the_report_s_own(nasharness: Run, study: Path, tmp_path: Path) -> None:
    shutil.copytree(study, tmp_path / "own")
    nasharness("report", "own")
    table = pd.read_csv(tmp_path / "own" / "report" / "tables" / "paired.csv")
    for row in table.itertuples():
        (found,) = json.loads(
            nasharness("compare", row.method, row.against, "own", "--json").stdout
        )
        assert (found["outcome"], found["p_corrected"]) == (
            row.outcome, pytest.approx(row.p_corrected)
        )  # fmt: skip
    assert len(table) == 3


def test_more_results_are_another_look(nasharness: Run, study: Path, tmp_path: Path) -> None:
    shutil.copytree(study, tmp_path / "more")
    nasharness("compare", "drnas", "random", "more")
    (lost,) = (tmp_path / "more" / "trials").glob("random-s3-*")
    shutil.rmtree(lost)
    (found,) = json.loads(nasharness("compare", "drnas", "random", "more", "--json").stdout)
    assert (found["look"], found["level"]) == (2, 0.0125)


def test_json_holds_what_the_trials_say(nasharness: Run, study: Path) -> None:
    label = "drnas[anchor=kl]"
    (found,) = json.loads(nasharness("compare", label, "random", str(study), "--json").stdout)
    trials = pd.read_parquet(study / "trials.parquet").sort_values("seed")
    regrets = {name: rows[REGRET].to_numpy() for name, rows in trials.groupby("method")}
    ours, theirs = regrets[label], regrets["random"]
    assert found["first_mean"] == pytest.approx(ours.mean())
    assert found["gain_points"] == pytest.approx(theirs.mean() - ours.mean())
    assert found["p_value"] == pytest.approx(two_sample_p(ours, theirs))
    assert found["seeds"] == list(range(7))
    assert found["probability_of_improvement"]["value"] == pytest.approx(
        probability_of_improvement(ours, theirs).value
    )
    assert found["order"] == "second"
    assert (found["problem"], found["table"], found["dataset"]) == (
        "landscape",
        "analog",
        "cifar10",
    )
    assert found["sentence"].startswith(f"random is better than {label}")


def test_metric_accuracy(nasharness: Run, study: Path) -> None:
    told = nasharness("compare", "drnas", "random", str(study), "--metric", "accuracy").stdout
    assert "its mean accuracy is" in told
    assert "points higher" in told


def no_copy(folder: Path) -> None:
    """Let all trials of a copied study be others, of a batch of two."""
    opened = open_study(folder)
    others = [replace(spec, batch_size=2) for spec in opened.specs]
    for spec, other in zip(opened.specs, others, strict=True):
        (folder / "trials" / spec.trial_id).rename(folder / "trials" / other.trial_id)
    write_study(replace(opened, specs=others))


def test_one_block_per_study_and_nothing_pooled(
    nasharness: Run, study: Path, tmp_path: Path
) -> None:
    """A run over all data sets is a folder of studies; here with a trial lost in one of them."""
    both = tmp_path / "both"
    for name in ("a", "b"):
        shutil.copytree(study, both / name)
    no_copy(both / "b")
    (lost,) = (both / "b" / "trials").glob("random-s3-*")
    shutil.rmtree(lost)
    found = json.loads(nasharness("compare", "drnas", "random", "both", "--json").stdout)
    assert [Path(block["study"]).name for block in found] == ["a", "b"]
    assert [len(block["seeds"]) for block in found] == [7, 6]
    assert [block["runs"] for block in found] == [[7, 7], [7, 6]]
    text = nasharness("compare", "drnas", "random", "both/a", "both/b").stdout
    assert text.count("cifar10_baseline_accuracy") == 2
    assert "7 of drnas, 6 of random" in text


def test_one_seed_has_no_interval(nasharness: Run, study: Path, tmp_path: Path) -> None:
    shutil.copytree(study, tmp_path / "one")
    for trial in (tmp_path / "one" / "trials").iterdir():
        if "-s0-" not in trial.name:
            shutil.rmtree(trial)
    told = nasharness("compare", "drnas", "random", "one").stdout
    assert "These seeds cannot tell drnas and random apart" in told
    assert "95 % CI –" in told
    told = " ".join(told.split())
    said = re.search(r"; it takes (about \d+ seeds of each to call either better)\.", told)
    assert said
    assert f"seeds needed {said[1]}; what finds a difference of interest is not known" in told
    (found,) = json.loads(nasharness("compare", "drnas", "random", "one", "--json").stdout)
    assert found["gain_low"] is None
    assert found["seeds_needed"] is None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["drnaz", "random"], "Did you mean `drnas`?"),
        (["drnas[anchor=l2]", "random"], "it has `drnas` and `drnas[anchor=kl]`."),
        (["drnas", "drnas"], "cannot be compared with itself"),
        (["drnas", "random", "--metric", "acuracy"], "Did you mean `accuracy`?"),
        (["drnas", "random", "nowhere"], "holds no study"),
    ],
)
def test_fault_gets_one_sentence_and_exit_code_2(
    nasharness: Run, study: Path, arguments: list[str], sentence: str
) -> None:
    told = nasharness("compare", *arguments[:2], str(study), *arguments[2:], code=2)
    assert sentence in " ".join(told.stderr.split())
    assert told.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["monas", "rea"], "whose folder comes last: `nasharness compare monas rea RUN`."),
        (["drnas", "rea[population=5]"], "`nasharness compare drnas 'rea[population=5]' RUN`."),
        (["drnas", "runs/a"], "`nasharness compare METHOD METHOD RUN`."),
        (["monas", "rea", "unas[tau=1]"], "`unas[tau=1]` is a method, where the folder of a study"),
    ],
)
def test_where_no_study_is_given_it_says_what_to_write(
    nasharness: Run, arguments: list[str], sentence: str
) -> None:
    assert sentence in " ".join(nasharness("compare", *arguments, code=2).stderr.split())


def test_no_result_and_no_common_seed(nasharness: Run, study: Path, tmp_path: Path) -> None:
    shutil.copytree(study, tmp_path / "s")
    for trial in (tmp_path / "s" / "trials").glob("random-*"):
        if "-s6-" not in trial.name:
            shutil.rmtree(trial)
    for trial in (tmp_path / "s" / "trials").glob("drnas-s6-*"):
        shutil.rmtree(trial)
    told = nasharness("compare", "drnas", "random", "s").stdout
    assert "6 of drnas, 1 of random" in told  # two samples need no common seed
    for trial in (tmp_path / "s" / "trials").glob("random-*"):
        shutil.rmtree(trial)
    told = nasharness("compare", "drnas", "random", "s", code=2)
    assert "`random` has no result in study s yet" in told.stderr


def test_help_shows_labels_whole(nasharness: Run) -> None:
    assert "unas[temperature=0.4]" in nasharness("compare", "--help").stdout


def test_of_several_studies_one_without_a_method_is_passed_over(
    nasharness: Run, study: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    nasharness(
        "run", "-m", "darts", "--seeds", "2", "--steps", "20", "--no-report", "--out", str(other)
    )
    done = nasharness("compare", "random", "drnas", str(study), str(other))
    assert done.stdout.startswith("study: ")
    assert "drnas" in done.stderr
    refused = nasharness("compare", "rea", "drnas", str(study), str(other), code=2)
    assert "rea" in refused.stderr

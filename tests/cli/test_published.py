"""What `nasharness query` and `train` tell of results that others have published."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nasbench_harness import registry
from tests.commands import called


def told(*words: str) -> str:
    done = called("query", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(*words: str) -> str:
    done = called("query", *words)
    assert done.returncode == 2, done.stdout
    return " ".join(done.stderr.split())


def test_a_published_cell_has_exact_facts_and_published_errors() -> None:
    text = " ".join(told("DARTS_V2", "--space", "darts").split())
    for words in ("3,349,342 parameters", "528,359,040 multiply-adds", "2.76 (sd 0.09) [P]",
                  "17.54 [U]", "4.72", "DARTS, README of its code", "[U] unverified"):  # fmt: skip
        assert words in text


def test_a_pasted_cell_is_the_same_one() -> None:
    cell = str(registry.open_space("darts").parse("DARTS_V2"))
    asked = ("--space", "darts", "--json")
    pasted, named = (json.loads(told(arch, *asked)) for arch in (cell, "DARTS_V2"))
    assert pasted == named
    assert [one["mean"] for one in named["published"]] == [2.76, 17.54, 26.7, 2.63]
    assert named["published"][0]["cost_provenance"] == ["unverified"]


def test_a_network_of_the_other_space() -> None:
    facts = json.loads(told("UNAS", "--space", "proxyless", "--json"))
    assert facts["params"] == 5_965_528
    (one,) = facts["published"]
    assert (one["mean"], one["provenance"], one["dataset"]) == (24.7, ["unverified"], "imagenet")


def test_an_architecture_nobody_published_says_so() -> None:
    space = registry.open_space("darts")
    other = str(space.neighbours(space.parse("DARTS_V2"))[0])
    text = " ".join(told(other, "--space", "darts").split())
    assert "No published result of this architecture is known here." in text
    assert "`nasharness query --space darts --published`" in text
    assert json.loads(told(other, "--space", "darts", "--json"))["published"] == []


def test_a_system_whose_cell_is_not_known_has_its_rows() -> None:
    assert "2.89 [P]" in told("ENAS", "--space", "darts")
    (one,) = json.loads(told("ENAS", "--space", "darts", "--json"))["published"]
    assert one["source"] == "DrNAS, README of its code"


@pytest.mark.parametrize(
    ("name", "near"),
    [("DARTS_V3", "Did you mean `DARTS_V2`?"), ("EDSA", "Results are published as `EDAS`"),
     ("UNAS_CIFAR10", "darts[variant=unas]")],
)  # fmt: skip
def test_an_unknown_name_gets_the_near_ones(name: str, near: str) -> None:
    said = refused(name, "--space", "darts")
    assert near in said
    assert "--published` lists all that is." in said


def test_the_list_of_all() -> None:
    text = told("--published", "--space", "darts")
    assert "DrNAS, progressive" in text
    assert "EDAS: no accuracy is known here; the abstract says" in text
    listed = json.loads(told("--published", "--space", "darts", "--dataset", "imagenet", "--json"))
    assert {one["dataset"] for one in listed["published"]} == {"imagenet"}
    assert {"EDAS", "RADARS", "FreeNAS"} == {one["name"] for one in listed["unknown"]}


def test_the_list_is_of_the_space_that_is_meant() -> None:
    assert json.loads(told("--published", "--json"))["space"] == registry.default_space()
    assert json.loads(told("--published", "--table", "analog", "--json"))["space"] == "nb201"
    assert "Known: darts, nb201, proxyless" in refused("--published", "--space", "nbmacro")
    assert "Known: cifar10, cifar100, imagenet" in refused(
        "--published", "--space", "darts", "--dataset", "svhn"
    )


def test_one_thing_at_a_time() -> None:
    assert "one of them" in refused("DARTS_V2", "--space", "darts", "--published")
    assert "add --top" in refused("--published", "--max-latency", "pixel3=10")


def test_without_a_space_it_is_said_where_to_ask() -> None:
    assert "`nasharness query DARTS_V2 --space darts`" in refused("DARTS_V2")


def test_a_query_of_published_results_needs_no_torch() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from nasbench_harness.cli import app;"
        "done = CliRunner().invoke(app, ['query', 'DARTS_V2', '--space', 'darts']);"
        "print(done.exit_code, [n for n in ('torch', 'pandas', 'matplotlib') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0 []"


def test_a_training_shows_what_is_published_in_columns_of_its_own(tmp_path: Path) -> None:
    words = ["train", "DARTS_V2", "--space", "darts", "--dataset", "digits", "--recipe", "quick"]
    words += ["--epochs", "1", "--seeds", "1", "--limit", "64", "--width", "2", "--cells", "2"]
    words += ["--device", "cpu", "--threads", "1", "--out", str(tmp_path / "t")]
    done = called(*words)
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert "Published beside trained" in text
    assert "trained here: error on digits (%)" in text
    assert "2.76 (sd 0.09) [P]" in text
    assert "trained on digits, not CIFAR-10; at most 64 images; epochs 1, not 600" in text
    assert "no difference of the two is a verdict" in text
    again = json.loads(called(*words, "--json").stdout)
    assert [one["mean"] for one in again["published"]] == [2.76, 17.54, 26.7, 2.63]
    assert "epochs 1, not 600" in again["published"][0]["differs"]

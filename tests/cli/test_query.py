"""`nasharness query` as a person reads it; `--json` is in `test_commands.py`."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

import pytest

from nasbench_harness.cli.facts import fact, heading, number
from nasbench_harness.contracts import Cost, Metric
from nasbench_harness.spaces.nb201 import NB201

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (1.288506, "million", "1,288,506"), (184.73025, "million", "184,730,250"),
        (91.5533333, "%", "91.55 %"), (2934.5035, "s", "2,934.50 s"), (34.0, "ms", "34.00 ms"),
        (3.0, "runs", "3 runs"), (4471.0, "", "4471"), (815.59135, "", "815.591"),
        (5.609696915219e66, "", "5.6097e+66"), (float("nan"), "%", "–"),
    ],
)  # fmt: skip
def test_number(value: float, unit: str, shown: str) -> None:
    assert number(value, unit) == shown


def test_counts_are_written_out() -> None:
    params, flops = NB201().costs
    assert fact("params", 1073466, params) == "1,073,466 parameters"
    assert fact("flops", 153273482.0, flops) == "153,273,482 multiply-adds"
    assert fact("energy", 2.5, Cost("energy", "of a pass", "mJ")) == "2.5 mJ"
    assert fact("index", 9930) == "9930"


@pytest.mark.parametrize(
    "asked",
    [["train"], ["show", "arch"], ["score", "--proxy", "params"], ["query", "--table", "analog"]],
)
def test_architectures_of_another_space_are_told_so(nasharness: Run, asked: list[str]) -> None:
    refused = nasharness(*asked, "DARTS_V2", code=2).stderr
    assert "architecture of `darts`, not of `nb201`; `--space darts` reads it" in refused


@pytest.mark.parametrize(
    ("table", "digits", "told"),
    [
        (
            "transnas101",
            "33231",
            "`33231` has 5 digits, and an architecture of `transnas101` has",
        ),
        ("transnas101", "3323111", "has 7 digits, and an architecture of `transnas101` has 6, one"),
        ("nbmacro", "2221222", "`2221222` has 7 digits, and an architecture of `nbmacro` has 8"),
        ("nbmacro", "222122201", "has 9 digits, and an architecture of `nbmacro` has 8"),
        ("nbmacro", "22212229", "have no index; give an architecture string instead. Expected"),
    ],
)
def test_digits_of_another_length_are_counted(
    nasharness: Run, table: str, digits: str, told: str
) -> None:
    refused = nasharness("query", digits, "--table", table, code=2).stderr
    assert told in " ".join(refused.split())


def metric(unit: str, meaning: str = "", seeds: str = "", epochs: int | None = None) -> Metric:
    return Metric(
        "name", meaning, unit, "cifar100", "test", epochs, search=False, report=True, seeds=seeds
    )


@pytest.mark.parametrize(
    ("column", "title"),
    [
        (metric("%", epochs=12), "cifar100, 12 epochs: accuracy"),
        (metric("%", epochs=12, seeds="1"), "cifar100, 12 epochs: accuracy"),
        (metric("%", epochs=200, seeds="777"), "cifar100, 200 epochs, single runs: accuracy"),
        (metric("%"), "cifar100: accuracy"),
        (metric("ms"), "latency"),
        (metric("", "training-free proxy"), "training-free proxies"),
    ],
)
def test_heading(column: Metric, title: str) -> None:
    assert heading(column) == title


def test_no_count_is_written_with_an_exponent(nasharness: Run) -> None:
    for arguments in (("query", "--index", "9930"), ("show", "arch", "9930")):
        told = nasharness(*arguments).stdout
        assert re.search(r"^params +1,288,506 parameters$", told, re.MULTILINE)
        assert re.search(r"^flops +184,730,250 multiply-adds$", told, re.MULTILINE)
        assert not re.search(r"\de\+\d", told)


def test_the_way_to_the_official_table_is_told_where_it_is_missing(nasharness: Run) -> None:
    assert "`nasharness data pull nb201`" in nasharness("query", "--index", "5").stdout
    for wrong in (("--by", "cifar100_test_200ep"), ("--max-latency", "pixel3=5")):
        told = nasharness("query", "--top", "3", *wrong, code=2).stderr
        assert "`nasharness data pull nb201`" in told


@pytest.mark.usefixtures("official")
def test_official_columns_stand_in_groups(nasharness: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    told = nasharness("query", "--index", "9930").stdout
    titles = re.findall(r"\n\n(\S.*)\n", told)
    assert titles[0] == "cifar10, 200 epochs: accuracy"
    assert {"latency", "training-free proxies"} <= set(titles)
    assert len(titles) == len(set(titles))
    assert "data pull" not in told
    top = nasharness("query", "--top", "2", "--by", "cifar100_test_200ep").stdout
    assert re.search(r"1 +\d+ +\|.*\| +73\.51 %", top)


def test_the_standing_is_on_the_data_set_that_is_asked_for(nasharness: Run) -> None:
    asked = ("query", "64-41414-1_02_333", "--table", "transnas101", "--dataset")
    told = nasharness(*asked, "normal").stdout
    assert re.search(r"^rank_normal_valid +\d+$", told, re.MULTILINE)
    assert "rank_class_object_valid" not in told
    refused = nasharness(*asked, "nrmal", code=2).stderr
    assert "Did you mean `normal`?" in " ".join(refused.split())

"""`nasharness data`, and the commands that use what it installs."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder."""
    monkeypatch.setenv("NASHARNESS_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def listed(nasharness: Run, kind: str) -> dict[str, Any]:
    """What `data list` says of every table, or of all images."""
    rows = json.loads(nasharness("data", "list", "--json").stdout)
    return {row[kind]: row for row in rows if kind in row}


@pytest.mark.usefixtures("own_data")
def test_images_are_listed_with_the_way_to_them(nasharness: Run) -> None:
    rows = listed(nasharness, "images")
    assert set(rows) == {"digits", "cifar10", "cifar100", "svhn", "imagenet16-120"}
    assert rows["digits"]["installed"]
    assert rows["cifar10"]["how"] == "`nasharness data pull cifar10`"
    assert "--from DIR" in rows["imagenet16-120"]["how"]
    assert "krizhevsky2009learning" in nasharness("data", "cite", "cifar100").stdout


@pytest.mark.usefixtures("own_data")
def test_pull_list_verify_cite(nasharness: Run, reference_data: Path) -> None:
    before = listed(nasharness, "table")
    assert not before["official"]["installed"]
    assert "not installed" in nasharness("data", "verify", "nb201", code=2).stderr
    told = nasharness("data", "pull", "nb201", "--from", str(reference_data / "nb201/upstream"))
    for repository in ("v-tao", "BayesWatch", "NiccoloCavagnero", "HayeonLee", "nabenabe0928"):
        assert repository in told.stdout
    after = listed(nasharness, "table")
    assert after["official"]["installed"]
    assert after["official"]["columns"] > 50
    columns = json.loads(nasharness("show", "table", "official", "--json").stdout)
    assert all(column["meaning"] for column in columns)
    checks = json.loads(nasharness("data", "verify", "nb201", "--json").stdout)
    assert all(check["holds"] for check in checks)
    assert nasharness("data", "cite", "nb201").stdout.count("@") >= 5


@pytest.mark.usefixtures("own_data")
@pytest.mark.parametrize("name", ["analog", "digits"])
def test_what_comes_with_a_package_is_verified_and_cited(nasharness: Run, name: str) -> None:
    checks = json.loads(nasharness("data", "verify", name, "--json").stdout)
    assert checks
    assert all(check["holds"] for check in checks)
    assert any("SHA-256" in check["fact"] for check in checks)
    assert nasharness("data", "cite", name).stdout.startswith("@misc{")
    assert (
        f"`{name}` is not pulled: `pip install" in nasharness("data", "pull", name, code=2).stderr
    )


def test_every_table_and_data_set_can_be_cited(nasharness: Run) -> None:
    known = {*listed(nasharness, "table"), *listed(nasharness, "images"), "nb201"}
    assert {"analog", "official", "digits", "svhn"} < known
    for name in known:
        cited = json.loads(nasharness("data", "cite", name, "--json").stdout)
        assert cited["name"] == name
        assert all(entry.startswith("@") for entry in cited["bibtex"])
        assert cited["bibtex"]


def test_changed_digits_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn import datasets

    from nasbench_harness.images.files import Digits

    content = datasets.load_digits()
    content.images[17, 3, 3] += 1
    monkeypatch.setattr(datasets, "load_digits", lambda: content)
    assert [holds for _, holds in Digits().verify()] == [False, True]


def test_another_release_s_numbers_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from nasbench_harness.spaces.nb201.tables import analog

    monkeypatch.setattr(analog, "CONTENT_SHA256", "0" * 64)
    assert [holds for _, holds in analog.verify_analog()] == [True, True, False]


def test_verify_finds_a_changed_number(
    nasharness: Run, own_data: Path, installed_official: Path
) -> None:
    shutil.copytree(installed_official, own_data)
    numbers = own_data / "tables" / "nb201-official" / "columns.f64"
    data = bytearray(numbers.read_bytes())
    data[-3] ^= 1
    numbers.write_bytes(data)
    told = nasharness("data", "verify", "nb201", code=2)
    assert "does not match its recorded SHA-256" in told.stderr


@pytest.mark.usefixtures("own_data")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["data", "pull", "nb101"],
            "no table or set of images called `nb101`. Did you mean `nb201`?",
        ),
        (["data", "pull", "nb201", "--from", "nowhere"], "cannot be read (No such file"),
        (
            ["data", "pull", "cifar11"],
            "no table or set of images called `cifar11`. Did you mean `cifar10`?",
        ),
        (["data", "pull", "cifar10", "--from", "nowhere"], "cannot be read (No such file"),
        (["data", "pull", "imagenet16-120"], "with `--from DIR`"),
        (["data", "verify", "svhn"], "`nasharness data pull svhn` installs it"),
        (["data", "import", "cifar10", "file"], "no benchmark called `cifar10`"),
        (["query", "--index", "5", "--table", "official"], "nasharness data pull nb201"),
        (["run", "-m", "rea", "--table", "official"], "nasharness data pull nb201"),
        (["query", "--top", "3", "--by", "accuracy"], "no metric of cifar10 in table `analog`"),
        (["query", "--top", "3", "--max-latency", "pixel3=5"], "no device in table `analog`"),
        (["query", "--top", "3", "--index", "4"], "one of them"),
    ],
)
def test_fault_gets_one_sentence(nasharness: Run, arguments: list[str], sentence: str) -> None:
    assert sentence in " ".join(nasharness(*arguments, code=2).stderr.split())


@pytest.mark.usefixtures("official")
def test_best_cells_within_a_latency(nasharness: Run) -> None:
    arguments = ["--by", "cifar100_test_200ep", "--max-latency", "pixel3=10", "--json"]
    rows = json.loads(nasharness("query", "--top", "10", *arguments).stdout)
    accuracies = [row["cifar100_test_200ep"] for row in rows]
    assert len(rows) == 10
    assert accuracies == sorted(accuracies, reverse=True)
    assert all(1.0 < row["latency_ms_pixel3"] <= 10 for row in rows)


@pytest.mark.usefixtures("official")
def test_best_cells_by_split_and_epochs(nasharness: Run) -> None:
    arguments = ["--by", "valid@12", "--dataset", "imagenet16-120", "--json"]
    (best,) = json.loads(nasharness("query", "--top", "1", *arguments).stdout)
    assert best["index"] == 2581
    assert best["imagenet16_120_val_12ep"] == pytest.approx(38.6667, abs=1e-4)


@pytest.mark.usefixtures("official")
def test_disconnected_cell_is_called_what_it_is(nasharness: Run) -> None:
    told = nasharness("query", "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
    assert "latencies are artefacts" in told.stdout


@pytest.mark.usefixtures("official")
def test_study_over_all_data_sets(nasharness: Run, tmp_path: Path) -> None:
    options = ["--dataset", "all", "--seeds", "2", "--steps", "20", "--out", "s"]
    told = nasharness("run", "-m", "drnas", *options)
    assert told.stdout.count("table `official`") == 3
    for dataset in ("cifar10", "cifar100", "imagenet16-120"):
        trials = pd.read_parquet(tmp_path / "s" / dataset / "trials.parquet")
        assert set(trials["dataset"]) == {dataset}
        assert set(trials["table"]) == {"official"}
    assert (tmp_path / "s" / "report" / "index.html").exists()


@pytest.mark.usefixtures("official")
def test_latency_held_down_from_the_command_line(nasharness: Run, tmp_path: Path) -> None:
    options = ["--cost", "latency:pixel3", "--target", "8", "--seeds", "1", "--steps", "10"]
    nasharness("run", "-m", "unas,drnas", *options, "--out", "s", "--no-report")
    trials = pd.read_parquet(tmp_path / "s" / "trials.parquet").set_index("method_name")
    assert trials.loc["unas", "setting_cost"] == "latency:pixel3"
    assert trials.loc["unas", "setting_cost_target"] == 8

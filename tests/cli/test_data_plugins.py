"""`nasharness data` on a benchmark and a set of images that another package brings."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

ORCHARD = """
import pathlib
from nasbench_harness.contracts import Origin, PlainData
from nasbench_harness.errors import HarnessError
from nasbench_harness.testing import ToyTable

def place():
    return pathlib.Path("data", "orchard.txt")

class Orchard(PlainData):
    name = "orchard"
    what = "the orchard benchmark"
    tables = ("apples",)
    origins = (Origin("O1", "example.org/orchard", "weights of apples", "CC0"),)
    licence = "CC0"
    size = 6
    how = "`nasharness data pull orchard`"
    citation = "@misc{orchard,\\n  title = {Orchard}\\n}\\n\\n@misc{trees,\\n  title = {Trees}\\n}"

    def is_installed(self):
        return place().is_file()

    def verify(self):
        if not self.is_installed():
            raise HarnessError(f"The orchard is not installed; {self.how} installs it.")
        return [("apples weigh what they did", place().read_text() == "apples")]

    def pull(self, *, origin, mirror, progress):
        place().parent.mkdir(parents=True, exist_ok=True)
        place().write_text((origin / "o.txt").read_text() if origin else "apples")
        progress(6, 6)

    def import_file(self, file, *, jobs, curves, force, progress):
        self.pull(origin=file, mirror=None, progress=progress)

def open_table():
    if not place().is_file():
        raise HarnessError("The orchard is not installed.")
    table = ToyTable()
    table.name = "apples"
    return table
"""

BOTANY = """
from nasbench_harness.contracts import PlainData

class Leaves(PlainData):
    name = "leaves"
    what = "the images of leaves"
    how = "`nasharness data pull leaves`"
    citation = "@misc{leaves,\\n  title = {Leaves}\\n}"

    def is_installed(self):
        return True

    def facts(self):
        return {"folder": "/leaves", "bytes": 12}

    def verify(self):
        return [("every leaf is green", False)]
"""


@pytest.fixture(autouse=True)
def plugins(install_plugin: Callable[..., None]) -> None:
    install_plugin("data", "orchard", "orchard_plugin:Orchard", ORCHARD)
    install_plugin("tables", "apples", "orchard_plugin:open_table")
    install_plugin("tables", "pears", "pears_plugin:open_table", PEARS)
    install_plugin("data", "leaves", "leaves_plugin:Leaves", BOTANY)
    install_plugin("data", "broken", "broken_data:Data", "import no_such_module_anywhere\n")
    install_plugin("data", "stranger", "leaves_plugin:Leaves")
    install_plugin("data", "half", "half_plugin:Half", "class Half: name = 'half'\n")


PEARS = """
from nasbench_harness.testing import ToyTable

class Pears(ToyTable):
    name = "pears"
    citation = "@misc{pears,\\n  title = {Pears}\\n}"

def open_table():
    return Pears()
"""


def rows(nasharness: Run) -> dict[str, dict[str, Any]]:
    found = json.loads(nasharness("data", "list", "--json").stdout)
    return {row.get("table") or row["images"]: row for row in found}


def test_all_five_commands_on_a_benchmark(nasharness: Run, tmp_path: Path) -> None:
    row = rows(nasharness)["apples"]
    assert (row["installed"], row["download_bytes"], row["licence"]) == (False, 6, "CC0")
    assert (
        "`nasharness data pull orchard`" in nasharness("data", "verify", "orchard", code=2).stderr
    )
    told = nasharness("data", "pull", "orchard").stdout
    assert "example.org/orchard: weights of apples" in told
    assert "licence: CC0" in told
    assert "`nasharness data cite orchard`" in told
    row = rows(nasharness)["apples"]
    assert (row["installed"], row["space"]) == (True, "toy")
    assert "download_bytes" not in row
    (check,) = json.loads(nasharness("data", "verify", "apples", "--json").stdout)
    assert check == {"fact": "apples weigh what they did", "holds": True}
    (tmp_path / "o.txt").write_text("worms")
    assert json.loads(nasharness("data", "import", "orchard", ".", "--json").stdout)["installed"]
    assert "WRONG" in nasharness("data", "verify", "orchard", code=1).stdout
    cited = json.loads(nasharness("data", "cite", "orchard", "--json").stdout)
    assert [entry.partition(",")[0] for entry in cited["bibtex"]] == [
        "@misc{orchard",
        "@misc{trees",
    ]


def test_all_five_commands_on_images(nasharness: Run) -> None:
    row = rows(nasharness)["leaves"]
    assert row == {"images": "leaves", "installed": True, "folder": "/leaves", "bytes": 12}
    assert "WRONG" in nasharness("data", "verify", "leaves", code=1).stdout
    assert nasharness("data", "cite", "leaves").stdout.startswith("@misc{leaves")
    assert "`leaves` is not pulled" in nasharness("data", "pull", "leaves", code=2).stderr
    told = " ".join(nasharness("data", "import", "leaves", "x", code=2).stderr.split())
    assert "no benchmark called `leaves`. Known: " in told
    known = told.partition("Known: ")[2].partition(".")[0].split(", ")
    assert {"nb201", "orchard"} <= set(known)
    assert "leaves" not in known


def test_table_whose_package_says_nothing_of_its_files(nasharness: Run) -> None:
    assert rows(nasharness)["pears"]["installed"]
    (check,) = json.loads(nasharness("data", "verify", "pears", "--json").stdout)
    assert check == {"fact": "every column can be read", "holds": True}
    assert nasharness("data", "cite", "pears").stdout.startswith("@misc{pears")
    assert (
        "`pip install plugin-pears` brings it" in nasharness("data", "pull", "pears", code=2).stderr
    )


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("broken", "No module named 'no_such_module_anywhere'"),
        ("stranger", "calls itself `leaves`"),
        ("half", "lacks what, tables, holds, origins, licence, size, how, citation, is_installed"),
    ],
)
def test_faulty_plugin_takes_nothing_else_down(nasharness: Run, name: str, sentence: str) -> None:
    row = rows(nasharness)[name]
    assert not row["installed"]
    assert sentence in row["how"]
    assert sentence in " ".join(nasharness("data", "verify", name, code=2).stderr.split())
    assert nasharness("data", "cite", "nb201").stdout


PETALS = """
import numpy as np
from nasbench_harness.contracts import PlainData

class Petals(PlainData):
    name = "petals"
    what = "the images of petals"
    how = "`pip install petals`"
    citation = "@misc{petals,\\n  title = {Petals}\\n}"
    classes = ("red", "blue")
    flip = True

    def is_installed(self):
        return True

    def verify(self):
        return []

    def images(self):
        labels = np.arange(64) % 2
        pixels = np.random.default_rng(0).integers(0, 255, (64, 8, 8, 3), dtype=np.uint8)
        return {"train": (pixels, labels), "test": (pixels[:16], labels[:16])}

class Wilted(Petals):
    name = "wilted"

    def images(self):
        (pixels, labels) = super().images()["train"]
        return {"train": (pixels / 255, labels)}
"""
TRAINED = ["--epochs", "1", "--width", "2", "--cells", "1", "--batch-size", "16", "--device", "cpu"]


@pytest.fixture
def petals(install_plugin: Callable[..., None]) -> None:
    install_plugin("data", "petals", "petals_plugin:Petals", PETALS)
    install_plugin("data", "wilted", "petals_plugin:Wilted")


def test_images_of_a_package_are_trained_and_searched_on(nasharness: Run, petals: None) -> None:
    asked = ["train", "13714", "--dataset", "petals", *TRAINED, "--seeds", "1", "--json"]
    done = json.loads(nasharness(*asked).stdout)
    assert done["status"] == {"done": 1}
    asked = ["run", "-m", "darts", "--search", "supernet", "--dataset", "petals", "--recipe"]
    asked += ["quick", *TRAINED, "--seeds", "1", "--no-random", "--no-report", "--json"]
    (study,) = json.loads(nasharness(*asked).stdout)["studies"]
    assert study["status"] == {"done": 1}
    assert nasharness("data", "cite", "petals").stdout.startswith("@misc{petals")


def test_images_that_are_not_as_they_should_be_are_refused(nasharness: Run, petals: None) -> None:
    asked = ["train", "13714", *TRAINED, "--seeds", "1", "--dataset"]
    told = nasharness(*asked, "wilted", code=2).stderr
    assert "pixels float64 [64, 8, 8, 3]" in told
    assert "expected uint8" in told
    assert "`petals`" in nasharness(*asked, "petal", code=2).stderr
    assert "no data set called `leaves`" in nasharness(*asked, "leaves", code=2).stderr

"""The FBNet space: how its networks are written, and what is known of their latencies."""

from __future__ import annotations

import gzip
import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nasbench_harness.errors import HarnessError, InvalidArchitectureError, UnknownNameError
from nasbench_harness.spaces.fbnet.space import LAYERS, OPTIONS, FBNet
from nasbench_harness.spaces.fbnet.tables import DEVICES, FBNetLatencies, fbnet_file, open_fbnet
from nasbench_harness.spaces.fbnet.tables.files import FBNetFiles
from nasbench_harness.testing import check_data, check_space, check_table
from nasbench_harness.testing.networks import check_costs

SPACE = FBNet()
TEXT = "7818488874147327324245"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NASHARNESS_DATA", str(tmp_path / "data"))


def made_up_sums() -> dict[str, Any]:
    """In the form of a known look-up table: skipping is 0, and to expand by more takes longer."""
    draw, devices = np.random.default_rng(0), {}
    for device in DEVICES:
        table = np.sort(draw.random((LAYERS, len(OPTIONS))) + 0.1, axis=1)[
            :, [0, 1, 4, 6, 2, 3, 5, 7, 8]
        ]
        table[:, OPTIONS.index("skip")] = 0.0
        devices[f"{device}_ms"] = {
            "const_all_skip": 2.0, "relative_to_skip": table.round(6).tolist(),
        }  # fmt: skip
    return {"ops": list(OPTIONS), "layers": LAYERS, "unit": "ms", "devices": devices}


def imported(content: str, file: Path) -> FBNetLatencies:
    file.write_bytes(gzip.compress(content.encode()) if file.suffix == ".gz" else content.encode())
    FBNetFiles().import_file(file, jobs=1, curves=False, force=False, progress=lambda *_: None)
    return open_fbnet()


@pytest.fixture
def table(tmp_path: Path) -> FBNetLatencies:
    return imported(json.dumps(made_up_sums()), tmp_path / "sums.json")


# --- the space ---------------------------------------------------------------------------------


def test_it_keeps_the_contract_of_a_space() -> None:
    check_space(SPACE, samples=10)
    check_costs(SPACE)
    assert [len(decision.options) for decision in SPACE.decisions] == [9] * 22


@pytest.mark.parametrize(
    "written",
    [
        TEXT,
        ", ".join(TEXT),
        json.dumps([int(digit) for digit in TEXT]),
        "/".join(OPTIONS[int(digit)] for digit in TEXT),
        repr([OPTIONS[int(digit)].upper() for digit in TEXT]),
    ],
)
def test_digits_and_names_are_read(written: str) -> None:
    assert str(SPACE.parse(written)) == TEXT


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        (TEXT[:-1], 21, "21 of 22 layers are there"),
        (TEXT + "0", 22, "more than 22 layers"),
        ("79" + TEXT, 1, "There is no block 9, at character 2"),
        ("k3_e2/skip", 0, "`k3_e2` at character 1 is no block. Did you mean"),
        ("²" + TEXT, 0, "is no block"),
        ("", 0, "No layer is there"),
    ],
)
def test_the_first_fault_is_pointed_at(text: str, position: int, said: str) -> None:
    with pytest.raises(InvalidArchitectureError) as found:
        SPACE.parse(text)
    assert said in str(found.value)
    assert found.value.position == position


# --- latencies ---------------------------------------------------------------------------------


def test_they_keep_the_contract_of_a_benchmark(table: FBNetLatencies) -> None:
    check_table(table, SPACE)
    check_data(FBNetFiles())
    assert all(held for _, held in FBNetFiles().verify())


def test_a_network_takes_what_its_blocks_take(table: FBNetLatencies) -> None:
    known = made_up_sums()["devices"]["fpga_ms"]
    rows = zip(known["relative_to_skip"], TEXT, strict=True)
    expected = known["const_all_skip"] + sum(row[int(digit)] for row, digit in rows)
    assert table.value("latency_ms_fpga", SPACE.parse(TEXT)) == pytest.approx(expected, abs=1e-12)


def test_costs_have_exact_means(table: FBNetLatencies) -> None:
    """Two layers undecided, the others not: what 81 networks take, each by itself."""
    (cost,) = (cost for cost in table.costs if cost.name == "latency:pixel3")
    assert cost.sum_of is not None
    weights = SPACE.weights(SPACE.parse(TEXT)).double()
    generator = torch.Generator().manual_seed(0)
    weights[[3, 17]] = torch.rand(2, 9, dtype=torch.float64, generator=generator).softmax(dim=-1)
    enumerated = 0.0
    for one, other in product(range(9), repeat=2):
        choices = [int(digit) for digit in TEXT]
        choices[3], choices[17] = one, other
        share = float(weights[3, one] * weights[17, other])
        enumerated += share * table.value("latency_ms_pixel3", SPACE.architecture(choices))
    assert float(cost.sum_of().expected(weights)) == pytest.approx(enumerated, abs=1e-12)


def test_sums_are_found_in_networks(tmp_path: Path, table: FBNetLatencies) -> None:
    generator = torch.Generator().manual_seed(0)
    archs = [SPACE.sample(generator) for _ in range(400)]
    lines = [f"arch,{','.join(f'{device}_ms' for device in DEVICES)}"]
    lines += [f"{a},{','.join(repr(v) for v in table.lookup(a).values())}" for a in archs]
    fitted = imported("\n".join(lines), tmp_path / "networks.csv.gz")
    for name, value in table.lookup(SPACE.parse(TEXT)).items():
        assert fitted.value(name, SPACE.parse(TEXT)) == pytest.approx(value, abs=1e-9)
    end_to_end = "\n".join([*lines, f"{archs[0]},99,99,99,99"])
    with pytest.raises(HarnessError, match="the latencies on eyeriss are no sums"):
        imported(end_to_end, tmp_path / "networks.csv")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "there is no network in it"),
        ("a,b\n1,2\n", "expected a table"),
        ('{"ops": []}', "expected a table"),
        (json.dumps({**made_up_sums(), "unit": "s"}), "other blocks, layers or units"),
        (f"arch,eyeriss_ms\n{TEXT},1\n", "measurements tell"),
    ],
)
def test_other_files_are_refused_and_change_nothing(
    content: str, said: str, tmp_path: Path, table: FBNetLatencies
) -> None:
    before = fbnet_file().read_bytes()
    with pytest.raises(HarnessError, match=said):
        imported(content, tmp_path / "other")
    assert fbnet_file().read_bytes() == before


def test_it_says_what_it_has_not(table: FBNetLatencies) -> None:
    for ask in (table.search_metric, table.report_metric):
        with pytest.raises(HarnessError, match="holds latencies and no accuracy"):
            ask("imagenet")
    with pytest.raises(UnknownNameError):
        table.additive("phone")


def test_without_an_import_a_sentence_tells_how() -> None:
    assert not FBNetFiles().is_installed()
    with pytest.raises(HarnessError, match="nasharness data import fbnet FILE"):
        open_fbnet()


def test_a_damaged_file_is_told(table: FBNetLatencies) -> None:
    fbnet_file().write_text('{"eyeriss": 3}')
    with pytest.raises(HarnessError, match="is damaged"):
        open_fbnet()


@pytest.mark.parametrize("fault", ["a device", "a layer", "a block"])
def test_other_devices_layers_and_blocks_are_told(table: FBNetLatencies, fault: str) -> None:
    kept = json.loads(fbnet_file().read_text())
    if fault == "a device":
        kept["toaster"] = kept.pop("fpga")
    elif fault == "a layer":
        kept["fpga"]["parts"].append({"decisions": [22], "table": [0.0] * 9})
    else:
        kept["fpga"]["parts"][3]["table"].pop()
    fbnet_file().write_text(json.dumps(kept))
    with pytest.raises(HarnessError, match="is damaged"):
        open_fbnet()


def test_published_networks_take_what_was_published(reference_data: Path, tmp_path: Path) -> None:
    folder = reference_data / "more" / "fbnet_latency"
    if not folder.is_dir():
        pytest.skip(f"no FBNet latencies in {folder}")
    file = folder / "fbnet_additive_lut.json"
    found = imported(file.read_text(), tmp_path / file.name)
    assert all(held for _, held in FBNetFiles().verify())
    told = found.lookup(SPACE.parse(TEXT))
    assert told["latency_ms_eyeriss"] == pytest.approx(5.22998, abs=1e-4)
    assert told["latency_ms_raspi4"] == pytest.approx(30.2529, abs=1e-4)

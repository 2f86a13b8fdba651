"""A sample of architectures trained alone, and what is kept of it beside a benchmark."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from nasbench_harness import registry
from nasbench_harness.contracts import Benchmark, Metric
from nasbench_harness.errors import HarnessError
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.training.calibration import (
    FILE,
    Calibration,
    calibration_of,
    read_calibration,
    write_calibration,
)
from nasbench_harness.training.planning import plan
from nasbench_harness.training.sampling import metric_of, sample, table_of

from .conftest import MakeRequest

METRIC = "cifar10_baseline_accuracy"


@pytest.fixture(scope="module")
def analog(table_cache: Path) -> Benchmark:
    return registry.open_table("analog")


@pytest.fixture(scope="module")
def accuracy(analog: Benchmark) -> Metric:
    return analog.metrics[METRIC]


# --- the sample --------------------------------------------------------------------------------


def test_a_sample_is_of_different_networks_with_the_tables_numbers(
    analog: Benchmark, accuracy: Metric, space: NB201
) -> None:
    found = sample("nb201", analog, accuracy, 60, seed=0)
    assert len(found) == 60
    assert len({space.describe(arch)["canonical_form"] for arch in found}) == 60
    assert found == {arch: analog.value(METRIC, arch) for arch in found}
    assert not any(space.flaw(arch) for arch in found)


def test_isomorphic_cells_and_flawed_ones_are_passed_over(
    analog: Benchmark, accuracy: Metric, space: NB201, monkeypatch: pytest.MonkeyPatch
) -> None:
    skips = "|none~0|+|nor_conv_3x3~0|skip_connect~1|+|none~0|none~1|skip_connect~2|"
    same = "|skip_connect~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|skip_connect~2|"
    dead = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    other = "|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|"
    order = iter([space.parse(text) for text in (skips, skips, same, dead, other)])
    monkeypatch.setattr(NB201, "sample", lambda self, generator: next(order))
    found = sample("nb201", analog, accuracy, 2, seed=0)
    forms = [space.describe(arch)["canonical_form"] for arch in found]
    assert str(next(iter(found))) == skips
    assert len(set(forms)) == 2
    assert dead not in map(str, found)


def test_a_larger_sample_begins_with_the_smaller_one(analog: Benchmark, accuracy: Metric) -> None:
    few, more = (list(sample("nb201", analog, accuracy, count, seed=3)) for count in (5, 9))
    assert more[:5] == few
    assert list(sample("nb201", analog, accuracy, 5, seed=4)) != few


def test_more_than_there_are_is_a_sentence(
    analog: Benchmark, accuracy: Metric, space: NB201, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = space.at_index(13714)
    monkeypatch.setattr(NB201, "sample", lambda self, generator: only)
    with pytest.raises(HarnessError, match="Only 1 different networks of `nb201` were found"):
        sample("nb201", analog, accuracy, 2, seed=0)


# --- what it is compared with ------------------------------------------------------------------


def test_a_space_is_compared_with_a_table_of_its_own(analog: Benchmark) -> None:
    assert table_of("nb201", "analog") is analog
    with pytest.raises(HarnessError, match="there is no benchmark"):
        table_of("nb201", "none")


@pytest.mark.parametrize("images", ["cifar10", "digits", "folder:/data/pets"])
def test_images_of_no_table_are_compared_with_its_own(images: str, analog: Benchmark) -> None:
    assert metric_of(analog, images, None).name == METRIC


def test_a_table_without_the_images_data_set_is_refused_unless_a_column_is_named(
    analog: Benchmark,
) -> None:
    with pytest.raises(HarnessError, match="has no accuracies on cifar100, only on cifar10"):
        metric_of(analog, "cifar100", None)
    assert metric_of(analog, "cifar100", METRIC).name == METRIC
    with pytest.raises(HarnessError, match="metric of cifar10"):
        metric_of(analog, "digits", "accuracie")


# --- what is kept ------------------------------------------------------------------------------


@pytest.fixture
def kept(
    make_request: MakeRequest, analog: Benchmark, accuracy: Metric, space: NB201
) -> Calibration | None:
    """Two cells with two seeds each, as if they had been trained."""
    cells = (space.at_index(13714), space.at_index(9930))
    specs = plan(make_request(architectures=cells, seeds=(1, 2))).specs
    rows = trials(specs)
    values = {str(cell): 90.0 + place for place, cell in enumerate(cells)}
    return calibration_of(pd.DataFrame(rows), specs, values, (analog, accuracy), 5)


def trials(specs: list, **changes: object) -> list[dict[str, object]]:  # type: ignore[type-arg]
    return [
        {
            "trial": spec.trial_id, "architecture": spec.architecture, "label": spec.label,
            "seed": spec.seed, "status": "done", "test_accuracy": 10.0 * spec.seed,
            "trained_on": "150 training images", "evaluated_on": "359 test images", **changes,
        }
        for spec in specs
    ]  # fmt: skip


def test_what_numbers_depend_on_is_kept(kept: Calibration, analog: Benchmark) -> None:
    assert (kept.space, kept.table, kept.metric) == ("nb201", "analog", METRIC)
    assert kept.table_hash == analog.content_hash
    assert (kept.images, kept.limit, kept.epochs) == ("digits", 150, 2)
    assert (kept.width, kept.cells) == (4, 1)
    assert (kept.seeds, kept.sample_seed) == ([1, 2], 5)
    assert kept.settings["batch_size"] == 64
    assert [one.accuracies for one in kept.architectures] == [{1: 10.0, 2: 20.0}] * 2
    assert [(one.accuracy, one.table) for one in kept.architectures] == [(15.0, 90.0), (15.0, 91.0)]
    assert kept.facts["versions"]


@pytest.mark.parametrize("changes", [{"status": "failed"}, {"trial": "another"}])
def test_nothing_is_kept_unless_all_are_done(
    changes: dict[str, object],
    make_request: MakeRequest, analog: Benchmark, accuracy: Metric,
) -> None:  # fmt: skip
    specs = plan(make_request(seeds=(1, 2))).specs
    rows = pd.DataFrame([*trials(specs[:1]), *trials(specs[1:], **changes)])
    values = {specs[0].architecture: 90.0}
    assert calibration_of(rows, specs, values, (analog, accuracy), 0) is None


def test_a_file_is_read_as_it_was_written(kept: Calibration, tmp_path: Path) -> None:
    assert write_calibration(tmp_path, kept) == tmp_path / FILE
    assert read_calibration(tmp_path / FILE) == kept


@pytest.mark.parametrize(
    "edit",
    [
        lambda content: content.pop("width"),
        lambda content: content.update(schema_version=2),
        lambda content: content["agreement"].update(tau=1.5),
        lambda content: content.update(architectures=3),
    ],
)
def test_a_file_that_was_edited_into_something_else_is_none(
    edit: object, kept: Calibration, tmp_path: Path
) -> None:
    content = json.loads(write_calibration(tmp_path, kept).read_text())
    edit(content)  # type: ignore[operator]
    (tmp_path / FILE).write_text(json.dumps(content))
    assert read_calibration(tmp_path / FILE) is None


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"width": NaN}'])
def test_no_such_file_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text)
    assert read_calibration(tmp_path / FILE) is None
    assert read_calibration(tmp_path / "nothing" / FILE) is None

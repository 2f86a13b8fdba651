"""The file: readable line by line, whole, and never overwritten by accident."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness.errors import ExitCode, HarnessError, UnknownNameError
from nasbench_harness.reports.regression.baseline import (
    Baseline,
    BaselineError,
    _old,
    diff,
    read_baseline,
    write_baseline,
)
from nasbench_harness.reports.regression.check import renewed
from nasbench_harness.reports.regression.series import read_results
from nasbench_harness.store.ownership import OwnershipError
from nasbench_harness.study.differences import differences

from .conftest import (
    BEST,
    METRIC,
    MakeStudy,
    edit_study,
    fail,
    results,
    series,
    spec_config,
    with_torch,
)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A baseline of two methods."""
    path = tmp_path / "b.json"
    found = results(series([94.0, 93.1], "unas"), series({10: 93.0, 9: BEST}, "random"))
    write_baseline(path, Baseline(found, {"accuracy": 0.3}))
    return path


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_reads_back_what_was_written(written: Path) -> None:
    read = read_baseline(written)
    by_method = {one.key.method: one for one in read.results.series}
    assert by_method["unas"] == series([94.0, 93.1], "unas")
    assert by_method["random"].values == {9: BEST, 10: 93.0}
    assert read.margins == {"accuracy": 0.3}
    assert read.results.versions["torch"] == "2.14.1"


def test_one_line_per_series_and_config_in_order(written: Path) -> None:
    lines = written.read_text().splitlines()
    rows = [line for line in lines if '"values"' in line]
    assert [json.loads(row.rstrip(","))["method"] for row in rows] == ["random", "unas"]
    assert '"values": {"9": 94.0664, "10": 93.0}' in rows[0]
    assert sum('"table_hash"' in line for line in lines) == 1  # both have one config here
    assert written.read_text().endswith("}\n")


def test_a_changed_value_changes_two_lines(written: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    found = results(series([94.0, 93.2], "unas"), series({10: 93.0, 9: BEST}, "random"))
    write_baseline(other, Baseline(found, {"accuracy": 0.3}))
    pairs = zip(written.read_text().splitlines(), other.read_text().splitlines(), strict=True)
    changed = [old for old, new in pairs if old != new]
    assert len(changed) == 2
    assert "content_hash" in changed[0]


def test_byte_order_mark_is_no_content(written: Path) -> None:
    written.write_bytes(b"\xef\xbb\xbf" + written.read_bytes())
    assert read_baseline(written).margins == {"accuracy": 0.3}


def test_layout_is_no_content(written: Path) -> None:
    edit(written, lambda content: None)  # written again by another program
    assert read_baseline(written).margins == {"accuracy": 0.3}


def _set_value(content: dict[str, Any]) -> None:
    content["series"][0]["values"]["9"] = 99.0


FAULTS: list[tuple[Callable[[Path], object], str]] = [
    (lambda path: path.unlink(), "There is no baseline"),
    (lambda path: path.write_text(""), "the file is empty"),
    (lambda path: path.write_text("{"), "cannot be read as JSON"),
    (lambda path: path.write_bytes(b"\xff\xfe"), "cannot be read as JSON"),
    (lambda path: path.write_text(path.read_text()[:-3] + ',"margins": {}}'), "stands twice"),
    (lambda path: path.write_text(path.read_text().replace("0.3", "NaN")), "no number of JSON"),
    (lambda path: path.write_text("[]"), "has no `schema_version`"),
    (lambda path: edit(path, lambda c: c.update(schema_version=2)), "has baseline schema 2"),
    (lambda path: edit(path, _set_value), "was edited by hand"),
    (lambda path: edit(path, lambda c: c["margins"].update(accuracy=9)), "was edited by hand"),
    (lambda path: edit(path, lambda c: c.pop("content_hash")), "was edited by hand"),
    (lambda path: edit(path, lambda c: c.pop("versions")), "was edited by hand"),
]


@pytest.mark.parametrize(("damage", "words"), FAULTS, ids=[words for _, words in FAULTS])
def test_unusable_file_gets_one_sentence(
    written: Path, damage: Callable[[Path], object], words: str
) -> None:
    damage(written)
    with pytest.raises(BaselineError, match=words) as caught:
        read_baseline(written)
    assert caught.value.exit_code == ExitCode.USAGE
    assert written.name in str(caught.value)


def test_nothing_is_overwritten_without_update(written: Path) -> None:
    before = written.read_bytes()
    with pytest.raises(BaselineError, match="--update"):
        write_baseline(written, Baseline(results(series([1.0]))))
    assert written.read_bytes() == before


def test_update_tells_what_changed(written: Path) -> None:
    found = results(series([94.0, 93.5], "unas", steps=200), series([93.0], "rea"), torch="3.0")
    lines = write_baseline(written, Baseline(found, {"accuracy": 0.2}), update=True)
    place = "(nb201, landscape, cifar10)"
    assert lines == [
        f"- random {place} {METRIC}",
        f"+ rea {place} {METRIC}: mean 93.0000, 1 seed",
        f"~ unas {place} {METRIC}: steps 100 → 200",
        f"~ unas {place} {METRIC}: mean 93.5500, 2 seeds → mean 93.7500, 2 seeds",
        "~ torch 2.14.1 → 3.0",
        "~ margins: {'accuracy': 0.3} → {'accuracy': 0.2}",
    ]
    assert diff(read_baseline(written), read_baseline(written)) == []


FOREIGN = ["{", '{"notes": "precious", "written_by": "nasbench-harness 0.1"}', "[]", "1"]


@pytest.mark.parametrize("text", FOREIGN)
def test_what_is_no_whole_baseline_is_kept(written: Path, text: str) -> None:
    written.write_text(text)
    with pytest.raises(OwnershipError, match="is not a baseline"):
        write_baseline(written, Baseline(results(series([93.0]))), update=True)
    assert written.read_text() == text


def test_a_baseline_with_notes_of_somebody_is_kept(written: Path) -> None:
    edit(written, lambda content: content.update(notes="precious"))
    with pytest.raises(OwnershipError, match="is not a baseline"):
        write_baseline(written, Baseline(results(series([93.0]))), update=True)
    assert "precious" in written.read_text()


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert _old(tmp_path / "pipe") is None  # reading would wait for ever


def test_an_edited_baseline_can_be_replaced(written: Path) -> None:
    edit(written, _set_value)
    lines = write_baseline(written, Baseline(results(series([93.0]))), update=True)
    assert lines[0].startswith("+ unas")
    assert len(read_baseline(written).results.series) == 1


def test_same_results_give_the_same_file(tmp_path: Path, study: MakeStudy) -> None:
    texts = set()
    for name, seeds in (("a", [0, 1, 2]), ("b", [2, 0, 1])):
        folder = study(name, {"unas": {seed: 94 - seed for seed in seeds}})
        write_baseline(tmp_path / f"{name}.json", Baseline(read_results([folder])))
        texts.add((tmp_path / f"{name}.json").read_text())
    assert len(texts) == 1
    assert str(tmp_path) not in texts.pop()


def test_unfinished_study_is_no_baseline(tmp_path: Path, study: MakeStudy) -> None:
    folder = study("a", {"unas": [94.0, 93.0], "darts": [94.0]})
    fail(folder, "unas", 1)
    with pytest.raises(BaselineError, match="unas, seed 1 and 1 more did not end") as caught:
        write_baseline(tmp_path / "b.json", Baseline(read_results([folder])))
    assert caught.value.exit_code == ExitCode.INCOMPLETE
    assert not (tmp_path / "b.json").exists()


# --- what a study gives --------------------------------------------------------------------------


def test_series_of_a_study(study: MakeStudy) -> None:
    found = read_results([study("a", {"unas": [94.0, 93.0], "rea": [92.0, 91.0]}, queries=60.0)])
    values = {(one.key.method, one.key.metric): dict(one.values) for one in found.series}
    assert values[("unas", METRIC)] == {0: 94.0, 1: 93.0}
    assert values[("rea", "queries")] == {0: 60.0, 1: 60.0}
    assert len(values) == 4


def test_further_metrics_are_asked_for_by_name(study: MakeStudy) -> None:
    folder = study("a", {"unas": [94.0]})
    metrics = {one.key.metric for one in read_results([folder], ["cifar10_ptq_accuracy"]).series}
    assert metrics == {METRIC, "cifar10_ptq_accuracy", "queries"}
    with pytest.raises(UnknownNameError, match="Did you mean `cifar10_ptq_accuracy`"):
        read_results([folder], ["cifar10_ptq_acuracy"])
    with pytest.raises(UnknownNameError):  # of a regret, less would be better
        read_results([folder], [f"regret_{METRIC}"])


def test_several_studies_make_one_baseline(tmp_path: Path, study: MakeStudy) -> None:
    (tmp_path / "both").mkdir()
    study("both/a", {"unas": [94.0]})
    study("both/b", {"rea": [93.0]})
    methods = {one.key.method for one in read_results([tmp_path / "both"]).series}
    assert methods == {"unas", "rea"}
    study("c", {"unas": {1: 94.0}})  # another seed: with the same it would be a copy
    with pytest.raises(HarnessError, match="Two of the studies hold `unas`"):
        read_results([tmp_path / "both", tmp_path / "c"])


def test_studies_of_different_versions_are_no_one_baseline(study: MakeStudy) -> None:
    folders = [study("a", {"unas": [94.0]}), study("b", {"rea": [94.0]})]
    edit_study(folders[1], with_torch("1.0"))
    with pytest.raises(HarnessError, match="different versions"):
        read_results(folders)


def test_renewed_keeps_metrics_and_margins(tmp_path: Path, study: MakeStudy) -> None:
    folder, path = study("a", {"unas": [94.0]}), tmp_path / "b.json"
    first = Baseline(read_results([folder], ["cifar10_ptq_accuracy"]), {"accuracy": 0.3})
    write_baseline(path, first)
    again = renewed(path, [folder], {"queries": 1.0})
    assert again.results == first.results
    assert again.margins == {"accuracy": 0.3, "queries": 1.0}


# --- configs -----------------------------------------------------------------------------------


def test_config_knows_what_decides_a_result_and_no_more() -> None:
    assert (
        spec_config()
        == spec_config(seeds="7,")
        == spec_config(report_metric="cifar10_ptq_accuracy")
    )
    fields = {"steps": {"steps": 50}, "noise": {"noise": 0.2}}
    for field, given in fields.items():
        changed = differences(spec_config(), spec_config(**given))
        assert field in [difference.field for difference in changed]
    (found,) = differences(spec_config(), spec_config(methods="unas[temperature=0.9]"))
    assert found == ("settings.temperature", 0.4, 0.9)


def test_config_has_no_place_on_disk() -> None:
    assert "images" not in spec_config()
    assert "network" not in spec_config()


# --- one thing, once ---------------------------------------------------------------------------


def test_a_copy_of_a_study_counts_once(study: MakeStudy, tmp_path: Path) -> None:
    folder = study("a", {"unas": [93.0, 92.0]})
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    alone, both = read_results([folder]), read_results([folder, copy])
    assert both.series == alone.series
    assert both.notes == (f"2 trials are in both {folder} and {copy}: counted once.",)


def test_a_copy_with_further_seeds_counts_once(study: MakeStudy, tmp_path: Path) -> None:
    fewer, more = study("a", {"unas": [93.0, 92.0]}), study("b", {"unas": [93.0, 92.0, 91.0]})
    for folders in ([fewer, more], [more, fewer]):
        (values,) = {tuple(one.values) for one in read_results(folders).series}
        assert values == (0, 1, 2)


def test_copies_that_ended_differently_are_refused(study: MakeStudy) -> None:
    folders = [study("a", {"unas": [93.0, 92.0]}), study("b", {"unas": [93.0, 91.0]})]
    with pytest.raises(HarnessError, match=r"unas seed 1 did not end alike in .*give one of these"):
        read_results(folders)


def test_a_setting_is_one_method_however_it_was_spelled(study: MakeStudy, tmp_path: Path) -> None:
    folder = study("a", {"unas[temperature=1.0]": [93.0]})

    def as_typed(content: dict[str, Any]) -> None:
        for trial in content["trials"]:
            trial["overrides"] = {"temperature": 1}

    before = read_results([folder])
    edit_study(folder, as_typed)
    assert read_results([folder]).series == before.series

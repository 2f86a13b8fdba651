"""Gathering: as Python would, many times faster, and not at all where nothing has changed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from nasbench_harness.errors import HarnessError
from nasbench_harness.jobs.driver import run_job
from nasbench_harness.store import journals, studies
from nasbench_harness.store.journals import read_journal
from nasbench_harness.store.studies import Study
from nasbench_harness.store.tidy import uniform, write_table
from nasbench_harness.study.spec import TrialSpec

Write = Callable[..., list[journals.NamedJournal]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Journals with these lines, one per trial."""

    def write(*contents: bytes | list[Any]) -> list[journals.NamedJournal]:
        sources: list[journals.NamedJournal] = []
        for number, content in enumerate(contents):
            path = tmp_path / f"{number}.jsonl"
            lines = content if isinstance(content, bytes) else b"".join(
                json.dumps(row).encode() + b"\n" for row in content
            )  # fmt: skip
            path.write_bytes(lines)
            sources.append((path, {"trial": f"t{number}", "method": "m", "seed": number}))
        return sources

    return write


def in_python(sources: list[journals.NamedJournal], folder: Path) -> pd.DataFrame:
    """What pandas makes of the lines, once through a file as everything gathered is."""
    rows = [{**keys, **row} for path, keys in sources for row in read_journal(path)]
    uniform(pd.DataFrame(rows)).to_parquet(folder / "reference.parquet")
    return pd.read_parquet(folder / "reference.parquet")


def is_fast(sources: list[journals.NamedJournal], monkeypatch: pytest.MonkeyPatch) -> bool:
    with monkeypatch.context() as patch:
        patch.setattr(journals, "_read_in_python", lambda sources: None)
        return journals.read_histories(sources) is not None


NB201 = "|nor_conv_3x3~0|+|skip_connect~0|none~1|+|nor_conv_3x3~0|avg_pool_3x3~1|nor_conv_1x1~2|"
PLAIN = {
    "numbers": [[{"step": 1, "a": 0.1}, {"step": 2, "a": 1e-7}]],
    "whole then float": [[{"step": 1, "a": 1}], [{"step": 1, "a": 1.5}]],
    "whole with holes": [[{"step": 1, "a": 1}, {"step": 2}], [{"step": 1, "a": None}]],
    "nothing but holes": [[{"step": 1, "a": None}], [{"step": 1, "a": None}]],
    "columns of some": [[{"step": 1, "b": 1.5}], [{"a": 2.5, "step": 1}], [{"step": 2, "c": 3.0}]],
    "lists": [[{"step": 1, "p": [[0.5, 0.5], [1.0]]}, {"step": 2}]],
    "texts": [[{"step": 1, "architecture": NB201}, {"step": 2, "architecture": "1-0-2"}]],
    "flags": [[{"step": 1, "a": True}, {"step": 2}]],
    "one journal is empty": [[{"step": 1}], [], [{"step": 3}]],
    "torn": [b'{"step":1,"a":2}\n{"step":2,"a"', [{"step": 1, "a": 3.5}]],
}
ODD = {
    "text and numbers": [[{"step": 1, "a": "x"}], [{"step": 1, "a": 2}]],
    "flags and numbers": [[{"step": 1, "a": True}, {"step": 2, "a": 2}]],
    "dates": [[{"step": 1, "a": "2020-01-01"}]],
    "not finite": [b'{"step":1,"a":NaN}\n{"step":2,"a":1.0}\n'],
    "letters": ['{"step":1,"a":"é"}\n'.encode()],
    "a name of ours": [[{"step": 1, "seed": 7}]],
    "facts in facts": [[{"step": 1, "a": {"b": 1}}]],
}


@pytest.mark.parametrize("name", [*PLAIN, *ODD])
def test_gathers_what_python_reads(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    sources = write(*{**PLAIN, **ODD}[name])
    assert is_fast(sources, monkeypatch) == (name in PLAIN)
    found = journals.read_histories(sources).to_pandas()
    found.to_parquet(tmp_path / "found.parquet")
    written = pd.read_parquet(tmp_path / "found.parquet")
    pd.testing.assert_frame_equal(written, in_python(sources, tmp_path))


@pytest.mark.parametrize("piece", [1, 1 << 20])
def test_pieces_make_no_difference(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    rows = [{"step": n, "a": n / 7, **({"late": n} if n > 5 else {})} for n in range(1, 9)]
    sources = write(rows, [{"step": 1, "a": 1}], rows[:3])
    monkeypatch.setattr(journals, "PIECE_BYTES", piece)
    assert is_fast(sources, monkeypatch)
    pd.testing.assert_frame_equal(
        journals.read_histories(sources).to_pandas(), in_python(sources, tmp_path)
    )


@pytest.mark.parametrize(
    "lines",
    [b"\x00\x00\n", b"{\n", b"\n", b'{"step":2} {"step":3}\n', b"[1]\n", b'{"step":\n2}\n',
     b'{"step":2}{"step":3}\n', b'{"step":2}\n\n{"step":3} {"step":4}\n', b'{"a":"\xff"}\n'],
    ids=repr,
)  # fmt: skip
def test_damaged_line_is_named(write: Write, lines: bytes) -> None:
    sources = write(b'{"step":1}\n' + lines)
    with pytest.raises(HarnessError, match=r"Line [23] of .*0\.jsonl is damaged"):
        journals.read_histories(sources)


# --- nothing twice -----------------------------------------------------------------------------


@pytest.fixture
def study(planned: Callable[..., list[TrialSpec]], tmp_path: Path) -> Study:
    """Two trials, gathered."""
    folder = tmp_path / "study"
    folder.mkdir()
    specs = planned("random", steps=3, seeds="2", table="analog")
    study = studies.plan_study(folder, {"methods": [], "seeds": [0, 1], "random": True}, specs)
    for spec in specs:
        run_job(spec, study.trials_folder / spec.trial_id)
    studies.gather(study)
    return study


def written(study: Study) -> list[int]:
    names = ("trials.parquet", "trials.csv", "history.parquet", "history.csv")
    return [(study.folder / name).stat().st_mtime_ns for name in names]


def trial_folder(study: Study) -> Path:
    return study.trials_folder / study.specs[0].trial_id


def test_what_is_unchanged_is_not_gathered_again(study: Study) -> None:
    before = written(study)
    again = studies.gather(studies.open_study(study.folder))
    assert written(study) == before
    assert again["trial"].tolist() == [spec.trial_id for spec in study.specs]


def longer_journal(study: Study) -> None:
    path = trial_folder(study) / "history.jsonl"
    path.write_bytes(path.read_bytes() + path.read_bytes().splitlines(keepends=True)[-1])


def edited_result(study: Study) -> None:
    path = trial_folder(study) / "result.json"
    path.write_text(path.read_text().replace('"error": ""', '"error": "odd"'))


def touched(study: Study) -> None:
    os.utime(trial_folder(study) / "result.json", ns=(1, 1))


CHANGES: dict[str, Callable[[Study], Any]] = {
    "longer journal": longer_journal,
    "edited result": edited_result,
    "result of another time": touched,
    "trial deleted": lambda study: shutil.rmtree(trial_folder(study)),
    "no CSV": lambda study: (study.folder / "history.csv").unlink(),
    "no Parquet": lambda study: (study.folder / "trials.parquet").unlink(),
    "damaged Parquet": lambda study: (study.folder / "history.parquet").write_bytes(b"PAR1"),
    "table of somebody else": lambda study: pd.DataFrame({"a": [1]}).to_parquet(
        study.folder / "trials.parquet"
    ),
    "fewer trials planned": lambda study: study.specs.pop(),
    "another config": lambda study: study.config.update(allow_test_search=True),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_changed_is_gathered_again(study: Study, name: str) -> None:
    before = written(study)
    CHANGES[name](study)
    studies.gather(study)
    after = written(study)
    assert all(new > old for new, old in zip(after, before, strict=True))
    trials = pd.read_parquet(study.folder / "trials.parquet")
    assert trials["trial"].tolist() == [spec.trial_id for spec in study.specs]


def test_a_deleted_trial_is_missing(study: Study) -> None:
    shutil.rmtree(trial_folder(study))
    assert studies.gather(study)["status"].tolist() == ["missing", "done"]


def test_tables_without_their_trials_are_kept(study: Study) -> None:
    """Whoever publishes a study may leave the trials' folders out."""
    shutil.rmtree(study.trials_folder)
    before = written(study)
    assert studies.gather(study)["status"].tolist() == ["done", "done"]
    assert written(study) == before
    assert studies.current_tables(study)[0].num_rows == 2


def test_current_tables_write_nothing(study: Study) -> None:
    shutil.rmtree(trial_folder(study))
    before = written(study)
    assert studies.current_tables(study)[0]["status"].to_pylist() == ["missing", "done"]
    assert written(study) == before


# --- lists in a CSV ----------------------------------------------------------------------------

LISTS = {
    "probabilities": [[[0.25, 0.75], [1.0]], None, [[1e-6, 0.999999], [0.1 + 0.2]]],
    "one level": [[0.5, 1.5], [], None, [1e300]],
    "empty ones": [[[]], [], [[0.5], []]],
    "whole numbers": [[4, 2], None],
    "holes": [[0.5, None], [1.0]],
    "not finite": [[float("inf")], [1.0]],
    "texts": [["a", 'b"'], ["c,d"]],
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_are_json_in_the_csv(tmp_path: Path, name: str) -> None:
    values = LISTS[name]
    write_table(tmp_path / "t", pa.table({"n": range(len(values)), "list": pa.array(values)}))
    read = pd.read_csv(tmp_path / "t.csv")["list"]
    assert [None if pd.isna(text) else json.loads(text) for text in read] == values


def test_lists_of_a_part_of_a_table_are_its_own(tmp_path: Path) -> None:
    values = [[[n / 7, 1.0]] if n % 3 else None for n in range(10)]
    table = pa.table({"list": pa.array(values)}).slice(3, 5)
    write_table(tmp_path / "t", table)
    read = pd.read_csv(tmp_path / "t.csv", skip_blank_lines=False)["list"]
    assert [None if pd.isna(text) else json.loads(text) for text in read] == values[3:8]

"""What trials found and recorded is the same from their folders and from tables alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nasbench_harness.store.recorded import Recorded
from nasbench_harness.store.studies import Study, open_study
from tests.held_studies import make


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Study]:
    """A study, and what is left of its copy without trials."""
    folder = tmp_path_factory.mktemp("recorded")
    study = make(folder / "whole", "rea,drnas", seeds="2")
    shutil.copytree(study.folder, folder / "tables")
    shutil.rmtree(folder / "tables" / "trials")
    return study, open_study(Path(folder / "tables"))


def test_results_tell_the_same(both: tuple[Study, Study]) -> None:
    whole, tables = map(Recorded, both)
    for spec in both[0].specs:
        result = whole.result(spec)
        assert result.items() >= {"status": "done"}.items()
        assert {name: tables.result(spec)[name] for name in result} == dict(result)


def test_steps_tell_the_same(both: tuple[Study, Study]) -> None:
    whole, tables = map(Recorded, both)
    for spec in both[0].specs:
        assert len(whole.rows(spec)) == len(tables.rows(spec))
        last = whole.last(spec)
        for name in ("step", "entropy", "queries"):
            assert tables.last(spec).get(name) == last.get(name)


def test_a_trial_without_a_result_has_only_a_status(both: tuple[Study, Study]) -> None:
    study, _ = both
    missing = open_study(study.folder)
    shutil.rmtree(missing.trial_folder(missing.specs[-1]))
    recorded = Recorded(missing)
    assert recorded.result(missing.specs[-1]) == {"status": "missing"}
    assert recorded.last(missing.specs[-1]) == {}

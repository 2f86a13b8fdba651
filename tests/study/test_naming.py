"""The default folder: of what was resolved, and the one that earlier runs have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness.store import studies
from nasbench_harness.study import planning
from nasbench_harness.study.config import StudyConfig, build_config
from nasbench_harness.study.naming import Placed, place, study_name
from nasbench_harness.tables import library

Configured = Callable[..., StudyConfig]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Let the official table be installed, or not."""

    def set_to(there: bool) -> None:
        monkeypatch.setattr(library, "is_installed", lambda table: there)

    set_to(False)
    return set_to


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def made(folder: Path, methods: str = "unas", **given: Any) -> Path:
    """A study that is planned, on the embedded table."""
    basics = {"methods": methods, "seeds": 1, "table": "analog"}
    config = build_config(None, {**basics, **given}, [])
    folder.mkdir(parents=True)
    studies.plan_study(folder, config.model_dump(mode="json"), planning.plan(config))
    return folder


def on_table(folder: Path, table: str) -> Path:
    """Let a study be on another table, which is not installed here."""
    study = studies.open_study(folder)
    study.config["table"] = table
    studies.write_study(study)
    return folder


def test_the_embedded_table_has_no_part_in_the_name(
    configured: Configured, installed: Callable[[bool], None]
) -> None:
    installed(False)
    assert (
        study_name(configured("unas"))
        == study_name(configured("unas", table="analog"))
        == "unas-nb201"
    )
    installed(True)
    assert study_name(configured("unas", table="analog")) == "unas-nb201"


def test_the_official_table_has_one_name_asked_for_or_not(
    configured: Configured, installed: Callable[[bool], None]
) -> None:
    installed(True)
    assert study_name(configured("unas")) == "unas-nb201-table-official"
    assert study_name(configured("unas", table="official")) == "unas-nb201-table-official"


def test_an_old_study_is_told_about_and_gone_on_with_by_its_table(
    configured: Configured, installed: Callable[[bool], None], runs: Path
) -> None:
    old = made(runs / "unas-nb201")
    installed(True)
    fresh = place(configured("unas"), runs=runs)
    assert fresh.folder == runs / "unas-nb201-table-official"
    assert f"{old} is the same study on table `analog`; add `--table analog`" in fresh.note
    assert place(configured("unas", table="analog"), runs=runs) == Placed(
        configured("unas", table="analog"), old
    )


def test_an_old_study_of_the_official_table_keeps_its_folder(
    configured: Configured, installed: Callable[[bool], None], runs: Path
) -> None:
    old = on_table(made(runs / "unas-nb201"), "official")
    installed(True)
    assert place(configured("unas"), runs=runs).folder == old
    assert place(configured("unas", table="analog"), runs=runs).folder == (
        runs / "unas-nb201-table-analog"
    )


def test_a_folder_named_by_the_table_asked_for_is_found(
    configured: Configured, installed: Callable[[bool], None], runs: Path
) -> None:
    old = made(runs / "unas-nb201-table-analog")
    for there in (True, False):
        installed(there)
        assert place(configured("unas", table="analog"), runs=runs).folder == old


def test_a_named_folder_goes_on_with_its_own_table(
    configured: Configured, installed: Callable[[bool], None], tmp_path: Path
) -> None:
    out = made(tmp_path / "S")
    installed(True)
    placed = place(configured("unas"), out)
    assert (placed.config.table, placed.folder) == ("analog", out)
    assert "is a study on table `analog` and is gone on with" in placed.note


def test_a_table_that_was_asked_for_stays(
    configured: Configured, installed: Callable[[bool], None], tmp_path: Path
) -> None:
    out = made(tmp_path / "S")
    installed(True)
    placed = place(configured("unas", table="official"), out)
    assert (placed.config.table, placed.note) == ("official", "")


def test_a_new_study_needs_no_note(
    configured: Configured, installed: Callable[[bool], None], runs: Path
) -> None:
    assert place(configured("unas"), runs=runs) == Placed(configured("unas"), runs / "unas-nb201")
    assert place(configured("unas"), runs / "S").note == ""


def test_another_study_is_not_told_about(
    configured: Configured, installed: Callable[[bool], None], runs: Path
) -> None:
    made(runs / "unas-nb201", noise=0.5)
    installed(True)
    assert place(configured("unas"), runs=runs).note == ""


@pytest.mark.parametrize("former", ["unas_temperature=1_-nb201", "unas_temperature=1.0_-nb201"])
@pytest.mark.parametrize("typed", ["1", "1.0"])
def test_a_folder_named_as_it_was_typed_is_found(
    configured: Configured, runs: Path, former: str, typed: str
) -> None:
    methods = f"unas[temperature={typed}]"
    old = made(runs / former, methods)
    assert place(configured(methods), runs=runs).folder == old


@pytest.mark.parametrize("spelled", ["imgs", "imgs/", "./imgs", "/data/imgs", "~/imgs/."])
def test_images_are_named_without_the_way_to_them(configured: Configured, spelled: str) -> None:
    study = configured("darts", search="supernet", dataset=f"folder:{spelled}")
    assert study_name(study) == "darts-nb201-supernet-dataset-imgs"


def test_a_folder_named_with_its_images_as_typed_is_found(
    configured: Configured, runs: Path
) -> None:
    asked = configured("darts", search="supernet", dataset="folder:imgs/")
    old = made(runs / "darts-nb201-supernet-dataset-folder_imgs", "darts")
    study = studies.open_study(old)
    study.config.update({"search": "supernet", "dataset": "folder:imgs", "recipe": "paper"})
    studies.write_study(study)
    assert place(asked, runs=runs).folder == old

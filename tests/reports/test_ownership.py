"""A report and a paper replace what they made, and nothing else."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nasbench_harness.cli import app
from nasbench_harness.errors import HarnessError
from nasbench_harness.reports import write_report
from nasbench_harness.reports.earlier import FIRST_LINE, is_paper, is_report
from nasbench_harness.reports.page.render import _environment
from nasbench_harness.store import ownership
from nasbench_harness.store.ownership import OwnershipError
from nasbench_harness.store.studies import Study


@pytest.fixture(scope="module")
def report(finished: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report as this version writes it."""
    return write_report(finished.folder, out=tmp_path_factory.mktemp("made") / "report").parent


@pytest.fixture
def old(report: Path, tmp_path: Path) -> Path:
    """The same as 0.1.0 left it: without a list of what is in it."""
    folder = tmp_path / "old"
    shutil.copytree(report, folder)
    for name in (ownership.MARKER, ownership.LOCK):
        (folder / name).unlink(missing_ok=True)
    return folder


def named(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


# --- folders of an older version ---------------------------------------------------------------


def test_every_file_of_an_old_report_is_known_for_ours(old: Path) -> None:
    assert all(is_report(old, name) for name in named(old))


def test_nothing_is_ours_beside_somebody_else_s_page(old: Path) -> None:
    (old / "index.html").write_text("<title>My thesis</title>")
    assert not any(is_report(old, name) for name in named(old))


@pytest.mark.parametrize("name", ["figures/mine.png", "figures/mine.svg", "tables/mine.tex"])
def test_a_picture_or_table_of_somebody_else_is_not_ours(old: Path, name: str) -> None:
    (old / name).write_text("mine")
    assert not is_report(old, name)


def test_an_old_paper_is_known_by_its_document(tmp_path: Path) -> None:
    (tmp_path / "main.tex").write_text(f"{FIRST_LINE}\n")
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "summary.csv").write_text("a,b\n")
    assert is_paper(tmp_path, "main.tex")
    assert is_paper(tmp_path, "tables/summary.csv")
    (tmp_path / "main.tex").write_text("my own main")
    assert not is_paper(tmp_path, "main.tex")
    assert not is_paper(tmp_path, "tables/summary.csv")


def test_the_title_by_which_a_report_is_known_is_still_there() -> None:
    template = _environment(html=True).get_template("page.html.j2").filename or ""
    assert "\u00b7 nasbench-harness</title>" in Path(template).read_text(encoding="utf-8")


@pytest.mark.usefixtures("quick")
def test_an_old_report_is_written_again_and_a_note_in_it_stays(old: Path, finished: Study) -> None:
    (old / "notes.md").write_text("mine")
    write_report(finished.folder, out=old)
    assert (old / "notes.md").read_text() == "mine"
    assert (old / ownership.MARKER).is_file()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", ["report.md", "index.html", "tables/summary.csv"])
def test_what_was_added_to_an_old_report_is_kept_aside(
    old: Path, finished: Study, name: str
) -> None:
    with (old / name).open("a") as file:
        file.write("mine")
    edited = (old / name).read_text()
    write_report(finished.folder, out=old)
    assert not (old / name).read_text().endswith("mine")
    assert (old / f"{name}.before").read_text() == edited


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", ["index.html", "report.md", "tables/summary.csv"])
def test_a_file_of_somebody_else_is_refused(finished: Study, tmp_path: Path, name: str) -> None:
    path = tmp_path / "thesis" / name
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with pytest.raises(OwnershipError, match=f"{name} was not written by nasharness"):
        write_report(finished.folder, out=tmp_path / "thesis")
    assert path.read_text() == "mine"
    assert [p for p in (tmp_path / "thesis").rglob("*") if p.is_file() and p != path] in (
        [],
        [tmp_path / "thesis" / ownership.LOCK],
    )


@pytest.mark.usefixtures("quick")
def test_a_paper_beside_a_thesis_is_refused_before_anything_is_written(
    finished: Study, tmp_path: Path
) -> None:
    (tmp_path / "paper").mkdir()
    (tmp_path / "paper" / "main.tex").write_text("my own main")
    (tmp_path / "paper" / "thesis.tex").write_text("years of work")
    arguments = ["report", str(finished.folder), "--paper", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert (tmp_path / "paper" / "main.tex").read_text() == "my own main"
    assert (tmp_path / "paper" / "thesis.tex").read_text() == "years of work"
    assert not (tmp_path / "index.html").exists()


@pytest.mark.parametrize("inside", [".", "trials", "trials/x", "tensorboard"])
def test_a_report_among_the_files_of_a_study_is_refused(finished: Study, inside: str) -> None:
    with pytest.raises(HarnessError, match="choose"):
        write_report(finished.folder, out=finished.folder / inside)
    assert not (finished.folder / inside / "index.html").exists()


# --- a study on a read-only disk ---------------------------------------------------------------


@pytest.fixture
def read_only(finished: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a study that lost its tables and cannot be written to."""
    folder = tmp_path / "disk" / "A"
    shutil.copytree(finished.folder, folder, ignore=shutil.ignore_patterns("trials.*", "report"))
    opened, made = os.open, os.mkdir

    def refuse(path: object) -> None:
        if str(path).startswith(str(folder)):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    def only_reading(path: str, flags: int, *rest: int, **options: int) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            refuse(path)
        return opened(path, flags, *rest, **options)

    def no_folders(path: str, *rest: int) -> None:
        refuse(path)
        made(path, *rest)

    monkeypatch.setattr("os.open", only_reading)
    monkeypatch.setattr("os.mkdir", no_folders)
    return folder


@pytest.mark.usefixtures("quick")
def test_a_read_only_study_is_reported_elsewhere(read_only: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["report", str(read_only), "--out", str(tmp_path / "page")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "page" / "index.html").is_file()
    assert not (read_only / "trials.parquet").exists()


def test_a_read_only_study_s_own_report_names_the_way_out(read_only: Path) -> None:
    done = CliRunner().invoke(app, ["report", str(read_only)])
    assert done.exit_code == 2
    assert "cannot be written to (Read-only file system)" in done.output
    assert "--out" in done.output

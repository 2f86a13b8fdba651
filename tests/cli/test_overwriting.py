"""Options that name a file never cost anybody another one, and `~` is a home folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nasbench_harness.cli import app
from nasbench_harness.cli.app import _with_home
from nasbench_harness.tables import library
from nasbench_harness.tables.library import install

WORK = "years of work"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with somebody's work in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "thesis").write_text(WORK)
    yield tmp_path
    assert (tmp_path / "thesis").read_text() == WORK


def refused(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 2, done.output
    return done.output


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("option", ["--junit", "--markdown"])
def test_a_check_writes_over_no_other_file(option: str) -> None:
    told = refused("check", "A", "--baseline", "b.json", option, "thesis")
    assert "thesis is there already" in told
    assert "another name" in told


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--markdown", "## nasharness check: 1 check: 1 passed\n\nmy notes\n"),
        ("--junit", '<testsuites name="nasharness check"><testsuite name="mine"/></testsuites>'),
    ],
)
def test_a_check_writes_over_nothing_that_only_begins_like_its_own(option: str, text: str) -> None:
    Path("old").write_text(text)
    assert "old is there already" in refused("check", "A", "-b", "b.json", option, "old")
    assert Path("old").read_text() == text


@pytest.mark.usefixtures("place")
def test_a_check_does_not_write_twice_into_one_file() -> None:
    told = refused("check", "A", "-b", "b.json", "--junit", "x", "--markdown", "./x")
    assert "both write to x" in told


@pytest.mark.usefixtures("place")
def test_an_update_replaces_no_other_file() -> None:
    assert "is not a baseline" in refused("check", "A", "--baseline", "thesis", "--update")


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_a_drawing_replaces_a_drawing_and_nothing_else(place: Path, kind: str) -> None:
    for _ in range(2):
        done = CliRunner().invoke(app, ["show", "arch", "5", "--out", f"cell.{kind}"])
        assert done.exit_code == 0, done.output
    (place / f"mine.{kind}").write_text(WORK)
    assert "is not a drawing" in refused("show", "arch", "5", "--out", f"mine.{kind}")
    assert (place / f"mine.{kind}").read_text() == WORK


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("folder", [".", "somewhere"])
def test_a_study_is_begun_in_no_other_project(folder: str) -> None:
    Path("somewhere").mkdir()
    Path("somewhere", "trials.csv").write_text(WORK)
    told = refused("run", "-m", "random", "--steps", "1", "--seeds", "1", "--out", folder)
    assert "is not empty and holds no study" in told
    assert Path("somewhere", "trials.csv").read_text() == WORK
    assert not Path(folder, "study.lock").exists()


def test_a_table_takes_no_other_folder_s_place(place: Path) -> None:
    (place / "tables" / "nb201-official").mkdir(parents=True)
    (place / "tables" / "nb201-official" / "notes.md").write_text(WORK)
    with pytest.raises(library.OwnershipError, match=r"notes\.md was not written by nasharness"):
        install(place / "tables" / "nb201-official", lambda folder: folder.mkdir())
    assert (place / "tables" / "nb201-official" / "notes.md").read_text() == WORK


@pytest.mark.parametrize(
    ("word", "expanded"),
    [
        ("~", "/h"), ("~/x", "/h/x"), ("--out=~/x", "--out=/h/x"), ("-o~/a b", "-o/h/a b"),
        ("~no-such-user/x", "~no-such-user/x"), ("a~/b", "a~/b"), ("|nor~0|", "|nor~0|"),
        ("--set=drnas.anchor=kl", "--set=drnas.anchor=kl"),
    ],
)  # fmt: skip
def test_a_tilde_is_the_home_folder(
    monkeypatch: pytest.MonkeyPatch, word: str, expanded: str
) -> None:
    monkeypatch.setenv("HOME", "/h")
    assert _with_home(word) == expanded

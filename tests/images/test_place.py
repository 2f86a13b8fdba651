"""Where images lie: understood from everywhere, and no part of what they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from nasbench_harness.images.place import absolute, place_name


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder that is the home folder as well, with images in it."""
    (tmp_path / "imgs").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    "spelled", ["imgs", "imgs/", "./imgs", "imgs/.", "imgs/../imgs", "~/imgs", ".//imgs//"]
)
def test_every_spelling_is_one_place(here: Path, spelled: str) -> None:
    assert absolute(f"folder:{spelled}") == f"folder:{here}/imgs"
    assert place_name(f"folder:{spelled}") == "imgs"


def test_an_absolute_place_stays(here: Path) -> None:
    assert absolute(f"folder:{here}/imgs") == f"folder:{here}/imgs"


def test_a_link_stays_one(here: Path) -> None:
    (here / "current").symlink_to("imgs")
    assert absolute("folder:current") == f"folder:{here}/current"


def test_what_is_above_a_link_is_what_the_system_says(here: Path, tmp_path: Path) -> None:
    (here / "deep" / "er").mkdir(parents=True)
    (here / "link").symlink_to(here / "deep" / "er")
    assert absolute("folder:link/../x") == f"folder:{here}/deep/x"


def test_a_place_may_be_relative_to_another_folder(here: Path) -> None:
    assert absolute("folder:imgs", here / "other") == f"folder:{here}/other/imgs"


def test_names_of_data_sets_stay() -> None:
    assert absolute("cifar10") == place_name("cifar10") == "cifar10"


def test_without_a_home_the_text_stays(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    assert absolute("folder:~nobody_of_that_name/imgs").endswith("/~nobody_of_that_name/imgs")

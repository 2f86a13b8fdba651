"""Checkpoints tell how much of a job they hold, without being read."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import torch

from nasbench_harness.store.checkpoints import (
    CHECKPOINT,
    PREVIOUS,
    load_checkpoint,
    remove_checkpoints,
    save_checkpoint,
    saved_share,
)

STATE = {"fingerprint": "f", "weights": torch.arange(5.0)}


@pytest.mark.parametrize("share", [0.0, 1 / 3, 1e-300, 1.0])
def test_share_is_told_and_the_state_is_read_as_before(tmp_path: Path, share: float) -> None:
    save_checkpoint(tmp_path, STATE, share)
    assert saved_share(tmp_path) == share
    state = load_checkpoint(tmp_path, "f")
    assert state is not None
    assert torch.equal(state["weights"], STATE["weights"])
    with zipfile.ZipFile(tmp_path / CHECKPOINT) as archive:
        assert archive.testzip() is None


def test_share_is_that_of_the_last_one(tmp_path: Path) -> None:
    for share in (0.5, 0.25):
        save_checkpoint(tmp_path, STATE, share)
    assert saved_share(tmp_path) == 0.25
    (tmp_path / CHECKPOINT).unlink()  # as for a moment whenever one is written
    assert saved_share(tmp_path) == 0.5
    assert (tmp_path / PREVIOUS).exists()


def test_nothing_is_told_where_nothing_was_saved(tmp_path: Path) -> None:
    assert saved_share(tmp_path / "nowhere") == 0.0
    save_checkpoint(tmp_path, STATE, 0.5)
    remove_checkpoints(tmp_path)
    assert saved_share(tmp_path) == 0.0


def test_checkpoint_of_an_earlier_release_tells_none_and_is_read(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / CHECKPOINT)
    assert saved_share(tmp_path) == 0.0
    assert load_checkpoint(tmp_path, "f") is not None


def test_empty_file_tells_none(tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT).touch()
    assert saved_share(tmp_path) == 0.0


def test_file_that_ends_within_the_number_tells_none(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, STATE, 1e-05)
    path = tmp_path / CHECKPOINT
    path.write_bytes(path.read_bytes()[:-2])
    assert saved_share(tmp_path) == 0.0

"""Checkpoints that survive a kill at any moment: the last one, and the one before it.

A checkpoint is what `torch.save` writes of plain tensors, numbers, texts, lists and dicts, so that
`torch.load(weights_only=True)` reads it. Each is written beside and moved into place, and checked
on reading against the checksums in the file; a damaged last one falls back to the one before.
How much of the job it holds stands at its end, as the comment that every zip file may have, so that
whoever looks on need not read the rest.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasbench_harness.errors import HarnessError
from nasbench_harness.store.files import replacing

CHECKPOINT, PREVIOUS = "checkpoint.pt", "checkpoint-previous.pt"
_SHARE = re.compile(rb"nasharness share ([0-9.e+-]+)$")
_TAIL_BYTES = 64
"""So long the comment is at most, of whatever number."""


class CheckpointError(HarnessError):
    """A checkpoint that cannot be gone on from."""


def save_checkpoint(folder: Path, state: Mapping[str, Any], share: float = 0.0) -> None:
    """Write `state`; the last checkpoint becomes the previous one.

    `share`: how much of what it is a state of is done, 0 to 1, see `saved_share`.
    """
    import torch

    buffer = io.BytesIO()
    torch.save(_apart(dict(state)), buffer)
    comment = f"nasharness share {float(share)!r}".encode("ascii")
    buffer.seek(-2, os.SEEK_END)  # there its length is, which `torch.save` leaves at 0
    buffer.write(len(comment).to_bytes(2, "little") + comment)
    with replacing(folder / CHECKPOINT) as temporary:
        temporary.write_bytes(buffer.getvalue())
        if (folder / CHECKPOINT).exists():
            os.replace(folder / CHECKPOINT, folder / PREVIOUS)


def _apart(state: Any) -> Any:
    """The same, where a tensor that is a part of a larger memory is written without the rest."""
    import torch

    if isinstance(state, dict):
        return {name: _apart(value) for name, value in state.items()}
    if isinstance(state, list | tuple):
        return type(state)(_apart(value) for value in state)
    if isinstance(state, torch.Tensor) and state.untyped_storage().nbytes() > state.nbytes:
        return state.clone()
    return state


def load_checkpoint(folder: Path, fingerprint: str) -> dict[str, Any] | None:
    """The newest readable state of what `fingerprint` names; None if none was ever written.

    CheckpointError if there are only damaged ones, or one that belongs to something else.
    """
    faults = []
    for path in (folder / CHECKPOINT, folder / PREVIOUS):
        if not path.exists():
            continue
        try:
            state = _read(path)
        except Exception as error:  # a damaged file fails in any way it likes
            faults.append(f"{path} ({type(error).__name__})")
            continue
        if state["fingerprint"] != fingerprint:
            raise CheckpointError(
                f"The checkpoint {path} belongs to another trial (another method, setting, data or"
                " version); delete it."
            )
        return state
    if faults:
        raise CheckpointError(
            f"No checkpoint can be read: {', '.join(faults)}; delete them to start the trial again."
        )
    return None


def saved_share(folder: Path) -> float:
    """How much is done of what would be gone on with, 0 to 1; of its files only the end is read.

    0 where nothing was saved, or by a release that did not tell.
    """
    for path in (folder / CHECKPOINT, folder / PREVIOUS):  # there is a moment with the second only
        try:
            with path.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
                found = _SHARE.search(file.read())
            return float(found[1]) if found else 0.0
        except OSError:
            continue
        except ValueError:  # a damaged file may end in the middle of a number
            return 0.0
    return 0.0


def remove_checkpoints(folder: Path) -> None:
    """What is done needs none."""
    for name in (CHECKPOINT, PREVIOUS):
        (folder / name).unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    import torch

    with zipfile.ZipFile(path) as archive:
        if damaged := archive.testzip():
            raise ValueError(f"{damaged} is damaged")
    state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    if "fingerprint" not in state:
        raise ValueError("no checkpoint of ours")
    return state

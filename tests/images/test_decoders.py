"""Processes that decode pictures: the same pixels as without them, and no hang when they die."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nasbench_harness.images.crops import Wanted, decoded
from nasbench_harness.images.decoders import CHUNK, Decoders
from nasbench_harness.images.errors import ImageDataError

MakeFolder = Callable[..., Path]


@pytest.fixture
def wanted(make_folder: MakeFolder) -> list[Wanted]:
    folder = make_folder({"": {"a": 20, "b": 20}}, size=(30, 20))
    return [Wanted(str(path), seed) for seed, path in enumerate(sorted(folder.rglob("*.png")))]


def taken(decoders: Decoders, wanted: list[Wanted]) -> np.ndarray:
    pixels = np.zeros((len(wanted), 3, decoders.side, decoders.side), dtype=np.uint8)
    starts = range(0, len(wanted), CHUNK)
    chunks = [decoders.ask(wanted[start : start + CHUNK]) for start in starts]
    for start, chunk in zip(starts, chunks, strict=True):
        decoders.take(chunk, pixels[start : start + CHUNK])
    return pixels


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_any_number_of_processes_gives_the_same(wanted: list[Wanted], workers: int) -> None:
    assert np.array_equal(
        taken(Decoders(16, workers), wanted), np.stack([decoded(one, 16) for one in wanted])
    )


def test_chunks_may_be_taken_in_another_order_or_not_at_all(wanted: list[Wanted]) -> None:
    decoders, pixels = Decoders(8, 1), np.zeros((1, 3, 8, 8), dtype=np.uint8)
    for _ in range(5):
        first, second, third = (decoders.ask([one]) for one in wanted[:3])
        decoders.forget(second)
        for chunk, one in ((third, wanted[2]), (first, wanted[0])):
            decoders.take(chunk, pixels)
            assert np.array_equal(pixels[0], decoded(one, 8))
        decoders.forget(decoders.ask([wanted[3]]))
    assert decoders._slots <= 5  # places in memory are used again


@pytest.mark.parametrize("workers", [0, 1])
def test_a_broken_picture_is_named(wanted: list[Wanted], workers: int) -> None:
    broken = Path(wanted[17].path)
    broken.write_bytes(broken.read_bytes()[:200])
    with pytest.raises(ImageDataError) as told:
        taken(Decoders(16, workers), wanted)
    assert str(broken) in str(told.value)
    assert "cannot be read as images" in str(told.value)
    assert str(told.value).endswith("repair or delete them.")


def test_a_process_that_dies_is_told(wanted: list[Wanted]) -> None:
    """Of what it had not answered, and of what it is asked then; both at once, without a hang."""
    decoders = Decoders(16, 1)
    taken(decoders, wanted[:1])
    (process,) = decoders._processes
    os.kill(process.popen.pid, signal.SIGSTOP)
    chunk = decoders.ask(wanted[:CHUNK])
    process.popen.kill()
    with pytest.raises(ImageDataError, match=r"died \(SIGKILL\) at .*0000.png"):
        decoders.take(chunk, np.zeros((CHUNK, 3, 16, 16), dtype=np.uint8))
    with pytest.raises(ImageDataError, match=r"died \(SIGKILL\)"):
        decoders.ask(wanted[:CHUNK])


def test_processes_end_with_what_they_decode_for(wanted: list[Wanted]) -> None:
    decoders = Decoders(16, 2)
    taken(decoders, wanted)
    started = [process.popen for process in decoders._processes]
    del decoders
    gc.collect()
    assert [popen.poll() for popen in started] == [-signal.SIGKILL] * 2


ORPHANS = """
import os, signal, sys
from nasbench_harness.images.crops import Wanted
from nasbench_harness.images.decoders import Decoders
decoders = Decoders(16, 2)
for path in sys.argv[1:]:
    decoders.ask([Wanted(path, 0)])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_nothing_is_left_of_them_where_their_parent_is_killed(wanted: list[Wanted]) -> None:
    """Standard error, which they have too, ends with the last of them."""
    command = [sys.executable, "-c", ORPHANS, wanted[0].path, wanted[1].path]
    done = subprocess.run(command, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL


def test_they_import_no_torch() -> None:
    code = "import sys, nasbench_harness.images.decoder; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""Counts in a file under a lease; run by `test_leases.py` in several processes at once.

FOLDER and TIMES are given.
"""

from __future__ import annotations

import os
from pathlib import Path

from nasbench_harness.store.leases import Heart, Lease, LeaseError


def count(folder: Path, times: int) -> None:
    for _ in range(times):
        held = Lease(folder / "count.lock", heart=Heart(f"{os.getpid()}"), sleep=lambda _: None)
        while True:
            try:
                held.acquire(0)
                break
            except LeaseError:
                continue
        number = folder / "number"
        number.write_text(str(int(number.read_text()) + 1))
        held.release()


count(globals()["FOLDER"], globals()["TIMES"])

"""Is a lock held, asked without disturbing its holder or who waits for it."""

from __future__ import annotations

from pathlib import Path


def is_held(path: Path) -> bool | None:
    """Whether a process of this machine holds the lock file; None where that cannot be told.

    A shared lock is asked for and given back at once. Watchers do not see each other, and a process
    that waits for the lock, even briefly, gets it all the same. A file that is not there is not
    made.
    """
    try:
        import fcntl
    except ImportError:  # not a POSIX system
        return None
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError:  # a disk without locks, or a file of somebody else
        return None
    return False

"""Commands beside each other, and the output of one after that of the other: `-- a ... -- b ...`.

Of the first only its output in the end; the last one speaks for itself. Ends with 0 where all do.
"""

from __future__ import annotations

import itertools
import shlex
import subprocess
import sys


def main(words: list[str]) -> int:
    """Run what stands behind each `--`; 1 where any of it fails."""
    parts = itertools.groupby(words, key=lambda word: word == "--")
    *others, last = [list(part) for divides, part in parts if not divides]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for command in others
    ]
    codes = [subprocess.run(last, check=False).returncode]
    for command, process in zip(others, running, strict=True):
        told, _ = process.communicate()
        print(f"--- {shlex.join(command)}: {process.returncode}\n{told}", flush=True)
        codes.append(process.returncode)
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

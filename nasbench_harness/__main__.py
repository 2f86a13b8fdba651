"""The process `nasharness`, also `python -m nasbench_harness`, from its first line to its code."""

from __future__ import annotations

from typing import NoReturn

from nasbench_harness.errors import ExitCode
from nasbench_harness.process import frame, streams


def main() -> NoReturn:
    """Run the command line and end the process.

    The streams are made safe before anything else is imported, and stay so to the end of the
    process, when Python writes what is left.
    """
    code: int = ExitCode.INCOMPLETE
    try:
        streams.fill_descriptors()
        streams.guard()
        with frame.stoppable():
            code = frame.ended(_command)
        frame.leave(code)
    except KeyboardInterrupt:  # again, between two lines
        frame.leave(code)
    raise SystemExit(int(code))


def _command() -> None:
    from nasbench_harness.cli import app

    app()


if __name__ == "__main__":
    main()

"""A process that decodes pictures for another one: `python -m nasbench_harness.images.decoder`.

It reads a line of JSON for every chunk, writes the pixels where that says into a file that both
processes have open, and answers with a line: what is wrong with a picture, or nothing. It ends
where nobody is left who could ask. No torch is imported here.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nasbench_harness.images.crops import Wanted, decoded
from nasbench_harness.images.mapping import PictureError
from nasbench_harness.images.pixels import patient_decoder

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Flaw(NamedTuple):
    """A picture that cannot be decoded."""

    path: str
    fault: str
    """One of `mapping.FAULTS`."""
    detail: str


def fill(pictures: Sequence[Wanted], pixels: NDArray[np.uint8]) -> Flaw | None:
    """Decode into `pixels` [N, 3, side, side]; what is wrong with the first that cannot be."""
    for place, wanted in enumerate(pictures):
        try:
            pixels[place] = decoded(wanted, pixels.shape[-1])
        except PictureError as error:
            return Flaw(wanted.path, error.fault, error.detail)
        except MemoryError:
            return Flaw(wanted.path, "memory", "")
    return None


def main(side: int, file: int) -> None:
    """Answer until standard input ends; `file` is the number of the file that is shared."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a decoder prints is no answer
    with patient_decoder():
        for line in sys.stdin.buffer:
            answers.write(json.dumps(_answered(json.loads(line), side, file)).encode() + b"\n")


def _answered(asked: dict[str, Any], side: int, file: int) -> Flaw | None:
    pictures = [Wanted(*one) for one in asked["pictures"]]
    pixels = np.empty((len(pictures), 3, side, side), dtype=np.uint8)
    flaw = fill(pictures, pixels)
    rest, place = memoryview(pixels.reshape(-1).data), asked["place"]
    while rest:
        written = os.pwrite(file, rest, place)
        rest, place = rest[written:], place + written
    return flaw


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

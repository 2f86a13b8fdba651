"""Files of pictures as one array, by one rule, from the very bytes that were identified."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from nasbench_harness.errors import reason
from nasbench_harness.hardware import available_cores
from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.images.layout import some
from nasbench_harness.images.mapping import FAULTS, PictureError, Rule, Survey
from nasbench_harness.images.pixels import patient_decoder, to_rgb, upright

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEFAULT_SIZE = 32
"""Pixels a side of images that come in several sizes, or are large."""
LARGEST_OWN_SIZE = 64
"""Images that are all of one size up to this keep it."""
_CHUNK = 64  # files a thread takes at a time

Result = TypeVar("Result")


class ImageFile(NamedTuple):
    """A file and the BLAKE2 hash of its bytes."""

    path: str
    hash: bytes


@dataclass(frozen=True)
class Pixels:
    """What became of the files."""

    values: NDArray[np.uint8]
    """[N, 3, H, W] in the order of the files."""
    resized: bool
    words: tuple[str, ...]
    """How pixels were mapped where that is not trivial."""


def identify(paths: Sequence[str]) -> list[ImageFile]:
    """Hash the content of every file; ImageDataError names one that cannot be read."""

    def hashes(chunk: Sequence[str]) -> list[ImageFile]:
        return [ImageFile(path, _hash(_content(path))) for path in chunk]

    try:
        with ThreadPoolExecutor(available_cores()) as pool:
            chunks = [paths[start : start + _CHUNK] for start in range(0, len(paths), _CHUNK)]
            return [file for chunk in pool.map(hashes, chunks) for file in chunk]
    except OSError as error:
        raise ImageDataError(f"{error.filename} cannot be read ({reason(error)}).") from error


def _content(path: str) -> bytes:
    """All of a file, in half the time `Path.read_bytes` takes for a small one."""
    with open(path, "rb", buffering=0) as file:
        return file.readall()


def _hash(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=32).digest()


def decode(files: Sequence[ImageFile], image_size: int | None) -> Pixels:
    """Every file as RGB of one size; ImageDataError names those that cannot be."""
    with patient_decoder():
        if image_size is None and (own := _own_size(files[0])):
            with contextlib.suppress(_OtherSizeError):
                return _decode_by_rule(files, own, resize=False)
        side = image_size or DEFAULT_SIZE
        return _decode_by_rule(files, (side, side), resize=True)


def _own_size(file: ImageFile) -> tuple[int, int] | None:
    """Width and height of an image that is small enough to keep them."""
    from PIL import Image

    try:
        with Image.open(file.path) as image:
            return upright(image)[0].size if max(image.size) <= LARGEST_OWN_SIZE else None
    except Exception:  # it is found again, and named, when all are decoded
        return None


class _OtherSizeError(Exception):
    """The images are not all of one size."""


def _decode_by_rule(files: Sequence[ImageFile], size: tuple[int, int], *, resize: bool) -> Pixels:
    """Decode by the usual rule; again if the pictures turn out to need another one."""
    rule = Rule()
    pixels, survey = _decode_to(files, size, rule, resize=resize)
    try:
        needed = survey.rule()
    except ValueError as error:
        raise ImageDataError(f"{error} (as {files[0].path}).") from error
    if needed != rule:
        rule = needed
        pixels, _ = _decode_to(files, size, rule, resize=resize)
    return Pixels(pixels, resize, survey.told(rule))


def _decode_to(
    files: Sequence[ImageFile], size: tuple[int, int], rule: Rule, *, resize: bool
) -> tuple[NDArray[np.uint8], Survey]:
    pixels = np.empty((len(files), 3, size[1], size[0]), dtype=np.uint8)

    def work(start: int) -> tuple[Survey, list[tuple[str, str]]]:
        survey, faults = Survey(), []
        for place, file in enumerate(files[start : start + _CHUNK], start):
            try:
                pixels[place] = _pixels(file, size, rule, survey, resize=resize)
            except _OtherSizeError:
                raise
            except PictureError as error:
                detail = f" ({error.detail})" if error.detail else ""
                faults.append((error.fault, f"{file.path}{detail}"))
            except MemoryError:
                faults.append(("memory", file.path))
            except Exception:  # decoders fail in many ways, all of which mean a broken file
                faults.append(("broken", file.path))
        return survey, faults

    together, every = Survey(), []
    # Small images take longer on several threads: there the interpreter's lock is what they share.
    for survey, faults in _in_threads(work, len(files), available_cores() if resize else 1):
        together.merge(survey)
        every += faults
    _refuse(every, len(files))
    return pixels, together


def _in_threads(work: Callable[[int], Result], count: int, threads: int) -> list[Result]:
    with ThreadPoolExecutor(threads) as pool:
        results = [pool.submit(work, start) for start in range(0, count, _CHUNK)]
        try:
            return [result.result() for result in results]
        except _OtherSizeError:
            pool.shutdown(cancel_futures=True)
            raise


def _refuse(faults: Sequence[tuple[str, str]], count: int) -> None:
    """One sentence for each thing that is wrong, with the files."""
    sentences = []
    for fault, (what, way_out) in FAULTS.items():
        if paths := [path for name, path in faults if name == fault]:
            sentences.append(f"{len(paths)} of {count} files {what}: {some(paths)}; {way_out}.")
    if sentences:
        raise ImageDataError(" ".join(sentences))


def _pixels(
    file: ImageFile, size: tuple[int, int], rule: Rule, survey: Survey, *, resize: bool
) -> NDArray[np.uint8]:
    from PIL import Image

    data = _content(file.path)
    if _hash(data) != file.hash:
        raise PictureError("changed")
    with Image.open(io.BytesIO(data)) as image:
        if not resize and image.size not in (size, size[::-1]):
            raise _OtherSizeError
        colour, traits = to_rgb(image, rule)
    if colour.size != size:
        if not resize:
            raise _OtherSizeError
        colour = colour.resize(size, Image.Resampling.BILINEAR)
    survey.add(file.path, traits)
    return np.asarray(colour).transpose(2, 0, 1)

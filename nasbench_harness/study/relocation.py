"""Where the images of a study that is gone on with are now.

Content is identity, place is not: a place is taken where the images in it have the planned digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from nasbench_harness.hardware import Hardware
from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.images.place import FOLDER, absolute, is_folder
from nasbench_harness.store.studies import Study, StudyError
from nasbench_harness.study.growing import moved
from nasbench_harness.study.spec import TrialSpec

DEPTH = 3
"""How many folders above a study a relative place may start at."""


def with_images(study: Study, given: str | None, hardware: Hardware) -> Study:
    """The study with its images where they are now: in `given`, or where they were planned.

    StudyError where they are not there, where they are others, or where the study has none.
    """
    if given is not None:
        return _to(study, _checked(study, given), hardware)
    places: dict[tuple[str, str], str] = {}
    for spec in study.missing():
        if spec.images and (spec.images, spec.image_digest) not in places:
            places[spec.images, spec.image_digest] = _find(study, spec, hardware)
    return _changed(study, lambda spec: places.get((spec.images, spec.image_digest)))


def _checked(study: Study, given: str) -> str:
    if not is_folder(given):
        raise StudyError(
            f"`{given}` is no place of images; --dataset of `resume` says where the folder of a"
            " study's images is now: `--dataset folder:/new/place`."
        )
    if not any(is_folder(spec.images) for spec in study.specs):
        raise StudyError(
            f"The study in {study.folder} is about no folder of images; leave --dataset out."
        )
    return absolute(given)


def _to(study: Study, place: str, hardware: Hardware) -> Study:
    """All its images in one new place."""
    of_folders = [spec for spec in study.specs if is_folder(spec.images)]
    for spec in {(s.image_digest, s.image_limit, s.image_size): s for s in of_folders}.values():
        if (now := _digest(spec, place, hardware)) != spec.image_digest:
            raise StudyError(_others(study, spec, place, now))
    return _changed(study, lambda spec: place)


def _changed(study: Study, place_of: Callable[[TrialSpec], str | None]) -> Study:
    specs = [moved(spec, place_of(spec)) for spec in study.specs]
    places = [spec.images for spec in specs if is_folder(spec.images)]
    config = {**study.config, **({"dataset": places[-1]} if places else {})}
    return replace(study, specs=specs, config=config)


# --- looking for them --------------------------------------------------------------------------


def _find(study: Study, spec: TrialSpec, hardware: Hardware) -> str:
    """The place with the planned images."""
    if not is_folder(spec.images):
        if (now := _digest(spec, spec.images, hardware)) != spec.image_digest:
            raise StudyError(_others(study, spec, spec.images, now))
        return spec.images
    there = [place for place in _places(study, spec.images) if _is_there(place)]
    found: list[str] = []
    for place in there:
        try:
            found.append(_digest(spec, place, hardware))
        except ImageDataError as error:
            raise StudyError(f"{error} {_way_out(study)}") from error
        if found[-1] == spec.image_digest:
            return place
    if there:
        raise StudyError(f"{_others(study, spec, there[0], found[0])} {_way_out(study)}")
    raise StudyError(
        f"The images of the study in {study.folder} are not in"
        f" {spec.images.removeprefix(FOLDER)}. {_way_out(study)}"
    )


def _places(study: Study, images: str) -> Iterator[str]:
    """Where a place may be; one that was recorded as it was typed is relative to somewhere."""
    yield absolute(images)
    above = [Path(study.facts["cwd"])] if study.facts.get("cwd") else []
    for base in (*above, *_above(study.folder.resolve())):
        yield absolute(images, base)


def _above(folder: Path) -> Sequence[Path]:
    return folder.parents[:DEPTH]


def _is_there(place: str) -> bool:
    return Path(place.removeprefix(FOLDER)).is_dir()


def _digest(spec: TrialSpec, place: str, hardware: Hardware) -> str:
    from nasbench_harness.images.datasets import open_dataset

    return open_dataset(
        place,
        data_dir=hardware.data_dir,
        image_size=spec.image_size,
        image_layout=spec.image_layout,
        limit=spec.image_limit,
        like=spec.image_digest,
        stream=bool(spec.image_stream),
    ).digest


def _others(study: Study, spec: TrialSpec, place: str, now: str) -> str:
    return (
        f"The images of `{place}` are not those the study in {study.folder} was planned with"
        f" (content {spec.image_digest[:12]} then, {now[:12]} now)."
    )


def _way_out(study: Study) -> str:
    return (
        f"Put them back, or say where they are now: `nasharness resume {study.folder} --dataset"
        " folder:/new/place`."
    )

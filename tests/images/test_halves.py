"""The official halves: by their list where that is there, by our own shuffle where it is not."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from nasbench_harness.cli import app
from nasbench_harness.errors import ExitCode, HarnessError
from nasbench_harness.images import sources
from nasbench_harness.images.cache import recalled
from nasbench_harness.images.datasets import open_dataset
from nasbench_harness.images.halves import read_halves
from nasbench_harness.images.parts import ImageDataset
from nasbench_harness.images.pull import pull
from nasbench_harness.images.splits import shuffled_halves
from nasbench_harness.tables.pinned import PinnedFile

MakePublished = Callable[[str], Path]
Publish = Callable[..., Path]
SIZES = {"cifar100": 100, "imagenet16-120": 120}
"""Images of the made-up parts that are halved."""


def listed(valid: Sequence[int], test: Sequence[int]) -> str:
    """In the form of the published lists."""
    parts = {"xvalid": ["int", list(map(str, valid))], "xtest": ["int", list(map(str, test))]}
    return json.dumps(parts)


@pytest.fixture
def publish(make_published: MakePublished, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Makes a data set whose published list is this text; gives the folder of its images."""

    def make(text: str, name: str = "cifar100") -> Path:
        folder = make_published(name)
        source = sources.image_source(name)
        assert source.halves is not None
        digest = hashlib.sha256(text.encode()).hexdigest()
        file = replace(source.halves.file, sha256=digest, bytes=len(text))
        halves = replace(source.halves, file=file)
        monkeypatch.setitem(sources._SOURCES, name, replace(source, halves=halves))
        (folder / file.file).write_text(text)
        return folder

    return make


def whole(dataset: ImageDataset) -> list[int]:
    """A number for every image of the halved part, sorted: nothing is lost and nothing is twice."""
    assert dataset.valid is not None
    assert dataset.test is not None
    parts = (dataset.valid, dataset.test)
    return sorted(int(image.long().sum()) for part in parts for image in part.pixels)


@pytest.mark.parametrize("name", list(SIZES))
def test_the_list_says_which_images_validate(publish: Publish, name: str) -> None:
    count = SIZES[name]
    valid, test = list(range(1, count, 2)), list(range(0, count, 2))
    folder = publish(listed(valid, test), name)
    dataset = open_dataset(name, data_dir=folder)
    (folder / sources.image_source(name).halves.file.file).unlink()  # type: ignore[union-attr]
    own = open_dataset(name, data_dir=folder)
    first, second = shuffled_halves(count)
    order = torch.tensor([*first, *second]).argsort()
    pixels = torch.cat([own.valid.pixels, own.test.pixels])[order]  # type: ignore[union-attr]
    assert torch.equal(dataset.valid.pixels, pixels[valid])  # type: ignore[union-attr]
    assert torch.equal(dataset.test.pixels, pixels[test])  # type: ignore[union-attr]
    assert whole(dataset) == whole(own)
    assert dataset.digest != own.digest


def test_whose_halves_they_are_is_known_and_kept(publish: Publish) -> None:
    folder = publish(listed(range(50), range(50, 100)))
    for _ in range(2):  # read, and from the cache
        dataset = open_dataset("cifar100", data_dir=folder)
        assert dataset.notes == ()
        assert dataset.halved is not None
        assert dataset.halved.told(0) == "xvalid, the official half of the original test images"
        assert dataset.halved.told(1) == "xtest, the official half of the original test images"


@pytest.mark.parametrize(("name", "part"), [("cifar100", "test"), ("imagenet16-120", "validation")])
def test_without_the_list_one_sentence_tells_what_is_done_and_how_to_get_it(
    make_published: MakePublished, name: str, part: str
) -> None:
    folder = make_published(name)
    source = sources.image_source(name)
    assert source.halves is not None
    for _ in range(2):
        dataset = open_dataset(name, data_dir=folder)
        (note,) = dataset.notes
        assert f"{SIZES[name]} {part} images" in note
        assert "a shuffle of our own" in note
        assert f"put {source.halves.file.address} into {folder}" in note
        assert dataset.halved is not None
        assert dataset.halved.told(1).startswith(f"our own half of the original {part} images")
    pull(name, origin=folder)
    (note,) = open_dataset(name).notes
    assert f"`nasharness data pull {name}` gets it" in note


def test_other_images_have_no_halves(make_published: MakePublished) -> None:
    dataset = open_dataset("cifar10", data_dir=make_published("cifar10"))
    assert (dataset.halved, dataset.notes) == (None, ())


# --- lists that are none -----------------------------------------------------------------------


def test_a_changed_list_is_refused(publish: Publish) -> None:
    folder = publish(listed(range(50), range(50, 100)))
    open_dataset("cifar100", data_dir=folder)
    path = folder / "cifar100-test-split.txt"
    path.write_text(listed(range(50, 100), range(50)))
    with pytest.raises(HarnessError, match=r"split\.txt is not the published list .*SHA-256"):
        open_dataset("cifar100", data_dir=folder)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (listed(range(51), range(50, 100)), "lists image 50 for validation and for test;"),
        (listed(range(49), range(49, 100)), "lists 49 images for validation and 51 for test, where"
         " halves of 100 are expected;"),
        (listed(range(50), range(51, 101)), "lists image 100, where there are 100, counted from 0"),
        (listed([-1, *range(1, 50)], range(50, 100)), "lists image -1, where"),
        (listed([0, 0, *range(2, 50)], range(50, 100)), "lists an image twice;"),
        (listed(range(40), range(50, 90)), "lists 40 images for validation and 40 for test"),
        ("[1, 2]", "is no list of halves: expected JSON with numbers of images under xvalid"),
        ('{"xvalid": [1]}', "is no list of halves"),
        ("not JSON", "is no list of halves"),
    ],
)  # fmt: skip
def test_a_list_that_gives_no_halves_is_refused(publish: Publish, text: str, told: str) -> None:
    folder = publish(text)
    with pytest.raises(HarnessError) as caught:
        open_dataset("cifar100", data_dir=folder)
    assert told in str(caught.value)
    assert str(caught.value).count("\n") == 0


# --- what was planned before the list was there ------------------------------------------------


def test_what_was_planned_without_the_list_still_finds_its_images(
    publish: Publish, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = publish(listed(range(50), range(50, 100)))
    path = folder / "cifar100-test-split.txt"
    text = path.read_text()
    path.unlink()
    before = open_dataset("cifar100", data_dir=folder).digest
    path.write_text(text)
    now = open_dataset("cifar100", data_dir=folder).digest
    assert now != before
    assert recalled(before) is not None  # the cache keeps both kinds of halves
    monkeypatch.setenv("NASHARNESS_CACHE", str(tmp_path / "another"))
    assert open_dataset("cifar100", data_dir=folder, planned=before).digest == before
    assert open_dataset("cifar100", data_dir=folder, like=before).digest == before
    assert open_dataset("cifar100", data_dir=folder, like="unknown").digest == now
    assert open_dataset("cifar100", data_dir=folder, planned=now).digest == now


# --- how the list comes ------------------------------------------------------------------------


def test_pull_brings_the_list_with_the_images(publish: Publish) -> None:
    folder = publish(listed(range(50), range(50, 100)))
    pull("cifar100", origin=folder)
    assert open_dataset("cifar100").halved.official  # type: ignore[union-attr]


def test_pull_adds_the_list_to_images_that_are_there(publish: Publish, tmp_path: Path) -> None:
    """The folder has the list alone; the images are not asked for again."""
    folder = publish(listed(range(50), range(50, 100)))
    other = tmp_path / "lists"
    other.mkdir()
    (folder / "cifar100-test-split.txt").rename(other / "cifar100-test-split.txt")
    pull("cifar100", origin=folder)
    assert not open_dataset("cifar100").halved.official  # type: ignore[union-attr]
    pull("cifar100", origin=other)
    assert open_dataset("cifar100").halved.official  # type: ignore[union-attr]


def test_a_pulled_list_serves_images_elsewhere(publish: Publish) -> None:
    folder = publish(listed(range(50), range(50, 100)))
    pull("cifar100", origin=folder)
    (folder / "cifar100-test-split.txt").unlink()
    assert open_dataset("cifar100", data_dir=folder).halved.official  # type: ignore[union-attr]


def test_a_wrong_list_is_not_pulled(publish: Publish) -> None:
    folder = publish(listed(range(50), range(50, 100)))
    (folder / "cifar100-test-split.txt").write_text("another")
    with pytest.raises(HarnessError, match="is not the published list"):
        pull("cifar100", origin=folder)
    assert not (sources.images_folder() / "cifar100-test-split.txt").exists()


def test_a_mirror_of_the_images_alone_is_enough(
    publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = publish(listed(range(50), range(50, 100)))
    (folder / "cifar100-test-split.txt").unlink()
    monkeypatch.setattr("nasbench_harness.tables.pinned.RETRIES", 0)
    pull("cifar100", origin=folder)
    pull("cifar100", mirror="http://127.0.0.1:9")  # the images are there
    monkeypatch.setattr(PinnedFile, "address", "http://127.0.0.1:9/list")
    pull("cifar100")  # and there they are, whatever becomes of the list
    assert sources.halves_list(sources.image_source("cifar100"), sources.images_folder()) is None


def test_the_command_tells_and_verifies_the_list(publish: Publish) -> None:
    folder = publish(listed(range(50), range(50, 100)))
    command = CliRunner()
    told = command.invoke(app, ["data", "pull", "cifar100", "--from", str(folder)])
    assert told.exit_code == 0, told.output
    assert "halves of the test images" in told.output
    assert "cifar100-test-split.txt" in told.output
    assert "SHA-256 of cifar100-test-split.txt" in " ".join(
        command.invoke(app, ["data", "verify", "cifar100"]).output.split()
    )
    (sources.images_folder() / "cifar100-test-split.txt").write_text("another")
    assert command.invoke(app, ["data", "verify", "cifar100"]).exit_code == ExitCode.CHECK_FAILED


@pytest.mark.parametrize(("name", "count"), [("cifar100", 10_000), ("imagenet16-120", 6_000)])
def test_the_published_lists_are_halves(
    reference_data: Path, tmp_path: Path, name: str, count: int
) -> None:
    halves = sources.image_source(name).halves
    assert halves is not None
    packed = reference_data / "more" / "nb201_splits" / f"{halves.file.file}.gz"
    if not packed.is_file():
        pytest.skip(f"no {packed}")
    content = gzip.decompress(packed.read_bytes())
    assert hashlib.sha256(content).hexdigest() == halves.file.sha256
    assert len(content) == halves.file.bytes
    path = tmp_path / halves.file.file
    path.write_bytes(content)
    valid, test = read_halves(path, count)
    assert len(valid) == len(test) == count // 2
    assert sorted([*valid, *test]) == list(range(count))
    with pytest.raises(HarnessError, match="lists image"):
        read_halves(path, count - 2)

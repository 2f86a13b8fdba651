"""How folders of images are laid out, what is left out of them, and what is refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from nasbench_harness.errors import HarnessError
from nasbench_harness.images import formats
from nasbench_harness.images.datasets import open_dataset
from nasbench_harness.images.layout import layout_called, part_of
from nasbench_harness.images.listing import Listing, list_images
from nasbench_harness.images.litter import is_litter

Lay = Callable[..., Path]


@pytest.fixture
def lay(tmp_path: Path) -> Lay:
    """Makes a folder with files of these names; pictures are sound."""

    def make(*names: str) -> Path:
        root = tmp_path / "pictures"
        for number, name in enumerate(names):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if formats.is_readable(name) and not is_litter(path.name):
                Image.new("RGB", (4, 4), (number, 0, 0)).save(path)
            else:
                path.write_bytes(b"nothing")
        return root

    return make


def in_parts(*parts: str) -> list[str]:
    return [f"{part}/{name}/1.png" for part in parts for name in ("cat", "dog")]


def counts(listing: Listing) -> dict[str, dict[str, int]]:
    return {
        part: {name: len(paths) for name, paths in of_class.items()}
        for part, of_class in listing.files.items()
    }


# --- parts and classes -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("train", "train"), ("Training", "train"), ("TRAIN", "train"), ("train_set", "train"),
        ("Training Images", "train"), ("val", "valid"), ("Validation", "valid"), ("dev", "valid"),
        ("eval", "valid"), ("evaluation", "valid"), ("test-set", "test"), ("Testing", "test"),
        ("trains", None), ("cat", None), ("testament", None), ("set", None), ("valley", None),
    ],
)  # fmt: skip
def test_names_of_parts(name: str, part: str | None) -> None:
    assert part_of(name) == part


@pytest.mark.parametrize(
    ("train", "held_out"),
    [
        ("Training", "Testing"), ("Train", "Test"), ("training", "validation"), ("TRAIN", "VAL"),
        ("train", "eval"), ("train", "dev"), ("train_set", "test_set"),
    ],
)  # fmt: skip
def test_two_parts_by_any_usual_name(lay: Lay, train: str, held_out: str) -> None:
    listing = list_images(lay(*in_parts(train, held_out)))
    assert {part: place.name for part, place in listing.layout.parts.items()} == {
        "train": train,
        "test": held_out,
    }
    assert listing.classes == ("cat", "dog")


def test_three_parts(lay: Lay) -> None:
    listing = list_images(lay(*in_parts("Testing", "Training", "Validation")))
    assert list(listing.layout.parts) == ["train", "valid", "test"]


def test_a_class_called_train(lay: Lay) -> None:
    listing = list_images(lay("bus/1.png", "car/1.png", "train/1.png"))
    assert counts(listing) == {"train": {"bus": 1, "car": 1, "train": 1}}


def test_classes_called_like_held_out_parts(lay: Lay) -> None:
    assert list_images(lay("dev/1.png", "ops/1.png", "test/1.png")).classes == (
        "dev",
        "ops",
        "test",
    )


TWO_READINGS = ("bus/1.png", "car/1.png", "train/a/1.png", "train/b/1.png")


def test_what_can_be_read_in_two_ways_is_refused(lay: Lay) -> None:
    with pytest.raises(HarnessError, match=r"two ways: train may be.*beside bus, car.*--image-lay"):
        list_images(lay(*TWO_READINGS))


def test_the_option_settles_it(lay: Lay) -> None:
    folder = lay(*TWO_READINGS)
    assert list_images(folder, "classes").classes == ("bus", "car", "train")
    parts = list_images(folder, "parts")
    assert counts(parts) == {"train": {"a": 1, "b": 1}}
    assert parts.left_out.folders == ("bus", "car")


def test_extra_folders_beside_parts_that_agree_are_left_out(lay: Lay) -> None:
    listing = list_images(lay(*in_parts("train", "test"), "unlabeled/1.png", "docs/read.txt"))
    assert counts(listing)["train"] == {"cat": 1, "dog": 1}
    assert listing.left_out.told() == ("folder unlabeled",)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (in_parts("Train", "train"), "Train and train .* both called after the training part"),
        (in_parts("train", "dev", "val"), "dev and val .* both called after the validation part"),
        (in_parts("val", "test"), "holds test, val and no training part"),
        (["train/1.png", "test/1.png"], "2 pictures but no class folders.*image-layout classes"),
        ([*in_parts("train"), "test/1.png"], r"test in .*: 1 picture but no class folders"),
        (["a/1.png", "b/1.png", "test/a/1.png"], "test in .* may be held-out images without a"),
        (["cat/train/1.png", "cat/test/1.png", "dog/1.png"], "cat in .* holds test, train, the p"),
        (in_parts("train/train", "train/val"), "holds train, val, which are called after parts"),
        (in_parts("data/train", "data/test"), "name `folder:.*/data`"),
        (in_parts("data"), r"holds 1 folder\(s\) .*; `folder:.*/data` holds more"),
        (["1.png", "2.png"], "it holds 2 pictures of no class"),
        (["train/cat/1.png", "train/dog/1.png", "test/cat/1.png", "test/dgo/1.png"],
         "dog is for training, dgo is not"),
        (["cat/notes.txt", "dog/1.png"], r"no image in cat .*\(there are 1 .txt\)"),
        (["cat/1.png", "dog/1.png", "dog/2.heic"], r"1 file of a picture .*dog/2\.heic; conv"),
        (["cat/1.heic", "dog/1.png"], r"no image in cat .*1 \.heic that Pillow cannot open"),
    ],
)  # fmt: skip
def test_refused_with_what_is_wrong(lay: Lay, names: list[str], sentence: str) -> None:
    with pytest.raises(HarnessError, match=sentence):
        list_images(lay(*names))


AFFIXED = [
    ("train2017", "val2017"), ("seg_train", "seg_test"), ("trainA", "testA"),
    ("asl_alphabet_train", "asl_alphabet_test"), ("train (1)", "test (1)"), ("train", "val2017"),
    ("01_train", "02_test"), ("train_1", "test_1"), ("DB_train", "DB_test"),
]  # fmt: skip
UNKNOWN = [("trn", "tst"), ("tr", "te"), ("fold1", "fold2")]


@pytest.mark.parametrize("names", AFFIXED + UNKNOWN)
def test_folders_that_hold_the_same_folders_are_no_classes(
    lay: Lay, names: tuple[str, str]
) -> None:
    folder = lay(*in_parts(*names))
    with pytest.raises(HarnessError, match=r"two ways.*--image-layout parts or"):
        list_images(folder)
    assert set(list_images(folder, "classes").classes) == set(names)


@pytest.mark.parametrize(("train", "held_out"), AFFIXED)
def test_a_word_in_the_name_tells_parts_that_are_asked_for(
    lay: Lay, train: str, held_out: str
) -> None:
    listing = list_images(lay(*in_parts(train, held_out)), "parts")
    places = {part: place.name for part, place in listing.layout.parts.items()}
    assert places == {"train": train, "test": held_out}


@pytest.mark.parametrize("names", UNKNOWN)
def test_parts_of_unknown_names_are_to_be_renamed(lay: Lay, names: tuple[str, str]) -> None:
    with pytest.raises(HarnessError, match=r"no training part.*rename a folder"):
        list_images(lay(*in_parts(*names)), "parts")


def test_classes_with_different_folders_stay_classes(lay: Lay) -> None:
    folder = lay("cat/a/1.png", "cat/b/1.png", "dog/a/1.png", "dog/c/1.png", "dog/b/1.png")
    assert list_images(folder).classes == ("cat", "dog")


def test_a_part_called_by_its_own_name_goes_first(lay: Lay) -> None:
    listing = list_images(lay(*in_parts("train", "test", "train_extra")), "parts")
    assert listing.left_out.folders == ("train_extra",)


def test_parts_under_classes_can_be_asked_for(lay: Lay) -> None:
    folder = lay("cat/train/1.png", "cat/test/1.png", "dog/1.png")
    assert counts(list_images(folder, "classes")) == {"train": {"cat": 2, "dog": 1}}


def test_unknown_layout() -> None:
    assert (layout_called("auto"), layout_called("parts")) == (None, "parts")
    with pytest.raises(HarnessError, match="Did you mean `classes`"):
        layout_called("class")


def test_only_folders_have_a_layout() -> None:
    with pytest.raises(HarnessError, match="has its own parts"):
        open_dataset("digits", image_layout="parts")


# --- links -------------------------------------------------------------------------------------


def test_classes_may_be_links(lay: Lay, tmp_path: Path) -> None:
    origin = lay("cat/1.png", "dog/1.png")
    linked = tmp_path / "linked"
    linked.mkdir()
    for name in ("cat", "dog"):
        (linked / name).symlink_to(origin / name)
    assert counts(list_images(linked)) == {"train": {"cat": 1, "dog": 1}}


@pytest.mark.parametrize("target", [".", "cat"])
def test_a_loop_of_links_is_refused(lay: Lay, target: str) -> None:
    folder = lay("cat/1.png", "dog/1.png")
    (folder / "cat" / "up").symlink_to(folder / target)
    with pytest.raises(HarnessError, match=r"cat/up leads back, through a link"):
        list_images(folder)


def test_a_link_to_nothing_is_refused(lay: Lay) -> None:
    folder = lay("cat/1.png", "dog/1.png")
    (folder / "cat" / "x.png").symlink_to(folder / "gone.png")
    with pytest.raises(HarnessError, match=r"cat/x\.png is a link to a file that is not there"):
        list_images(folder)


def test_a_pipe_is_not_waited_for(lay: Lay) -> None:
    folder = lay("cat/1.png", "dog/1.png")
    os.mkfifo(folder / "cat" / "pipe.png")
    assert counts(list_images(folder)) == {"train": {"cat": 1, "dog": 1}}


def test_a_folder_that_cannot_be_read(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = lay("cat/1.png", "dog/1.png")
    scan = os.scandir

    def guarded(path: str | Path) -> object:
        if str(path).endswith("dog"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", guarded)
    with pytest.raises(HarnessError, match=r"dog cannot be read \(Permission denied\)"):
        list_images(folder)


# --- what is left out --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        ".DS_Store", "._cat.jpg", "Thumbs.db", "desktop.ini", "@eaDir", "#recycle", "$RECYCLE.BIN",
        "lost+found", "__MACOSX", "System Volume Information", ".ipynb_checkpoints", ".git",
        "@Recycle", ".Trash-1000", ".@__thumb", ".thumbnails", "cat.jpg~", "~$cat.jpg", "Icon\r",
    ],
)  # fmt: skip
def test_litter_is_neither_class_nor_image(lay: Lay, name: str) -> None:
    folder = lay(
        *in_parts("train", "test"),
        f"{name}/cat/1.png", f"train/{name}/1.png", f"train/cat/{name}/x.jpg", f"test/dog/{name}",
    )  # fmt: skip
    listing = list_images(folder)
    assert counts(listing) == {part: {"cat": 1, "dog": 1} for part in ("train", "test")}
    assert sum(listing.left_out.litter.values()) == 4


def test_a_usual_name_is_no_litter() -> None:
    assert not any(map(is_litter, ("cat", "recycled", "Thumbs", "a.b", "@home", "#1", "lost")))


@pytest.mark.parametrize(
    "suffix",
    [".jfif", ".jpe", ".JPG", ".Jpeg", ".avif", ".jp2", ".j2k", ".tga", ".pbm", ".pnm", ".apng",
     ".PNG", ".bmp", ".webp", ".tiff", ".qoi", ".mpo"],
)  # fmt: skip
def test_pictures_by_suffix(suffix: str) -> None:
    assert formats.is_readable(f"x{suffix}")


@pytest.mark.parametrize("suffix", [".pdf", ".eps", ".mpg", ".txt", ".h5", ".npy", ".svg", ""])
def test_no_pictures_by_suffix(suffix: str) -> None:
    assert not formats.is_readable(f"x{suffix}")
    assert not formats.is_foreign(f"x{suffix}")


def test_a_format_that_this_pillow_lacks_is_foreign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "readable_suffixes", lambda: frozenset({".png"}))
    assert formats.is_foreign("x.webp")
    assert not formats.is_foreign("x.png")


def test_a_second_format_of_the_same_photograph_is_left_out(lay: Lay) -> None:
    listing = list_images(lay("cat/1.png", "cat/1.CR2", "dog/1.png"))
    assert listing.left_out.told() == ("1 .cr2",)


def test_what_is_left_out_is_told(lay: Lay) -> None:
    folder = lay(
        *in_parts("train"), "train/cat/a.txt", "train/cat/b.TXT", "labels.csv", "train/README",
        "train/cat/.DS_Store", "train/dog/.DS_Store", "cover.png",
    )  # fmt: skip
    told = open_dataset(f"folder:{folder}").notes
    assert told == (
        f"Images: {folder}",
        "  train 2; 2 classes: cat, dog; 4x4 pixels, kept",
        "  Left out: 2 .txt, 1 .csv, 1 without a suffix, 2 .DS_Store, 1 picture beside",
        "    the class folders",
    )


def test_many_classes_are_told_in_short(lay: Lay) -> None:
    folder = lay(*(f"Train/c{n}/1.png" for n in range(20)), *(f"Val/c{n}/1.png" for n in range(20)))
    (line,) = open_dataset(f"folder:{folder}", image_size=8).notes[1:2]
    assert line.startswith(
        "  Train (train) 20, Val (test) 20; 20 classes: c0, c1, c10, c11, c12 and"
    )
    assert max(map(len, open_dataset(f"folder:{folder}").notes[1:])) <= 80


def test_names_that_are_no_text_are_told(lay: Lay) -> None:
    folder = lay("cat/1.png", "dog/1.png")
    (folder / "cat").rename(folder / os.fsdecode(b"c\xff\nt"))
    dataset = open_dataset(f"folder:{folder}")
    assert r"classes: c\xff\nt, dog" in dataset.notes[1]
    assert open_dataset(f"folder:{folder}").digest == dataset.digest

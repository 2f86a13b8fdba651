"""Published errors of networks, and the architectures that they are of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nasbench_harness import registry
from nasbench_harness.contracts import NetworkSpace
from nasbench_harness.reports import write_report
from nasbench_harness.reports.paper import write_paper
from nasbench_harness.reports.published import Evidence, published, wording
from nasbench_harness.reports.published.cells import (
    counted,
    names_in,
    record,
    released,
    results_called,
    results_of,
)
from nasbench_harness.reports.published.leaderboard import leaderboard
from nasbench_harness.reports.published.oneshot import OF_STUDY, errors_beside, parted
from nasbench_harness.reports.published.results import COST, PARAMS, SD
from nasbench_harness.reports.published.rows import CONTEXT
from nasbench_harness.reports.published.trained import TrainedAs, beside_trained
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.reports.tables.exhibits import PUBLISHED, exhibits, withheld
from nasbench_harness.store.studies import Study
from nasbench_harness.training.settings import find_recipe, recipe_settings

from .conftest import make_supernet_study

SPACES = ("darts", "darts[variant=unas]", "proxyless")


# --- architectures -----------------------------------------------------------------------------


def test_every_released_architecture_is_one_of_its_space() -> None:
    named = {
        (result.space, result.architecture)
        for space in ("darts", "proxyless")
        for result in published(space)
        if result.architecture
    }
    read = {
        (result.space, result.architecture)
        for space in SPACES
        for result in published(space)
        if released(registry.open_space(space), result)
    }
    assert named == read
    assert len(named) == 10


@pytest.mark.parametrize("space", SPACES)
def test_counted_parameters_are_the_published_ones(space: str) -> None:
    """To the digits of the publication; a first-order cell has 0.13 M less than is published."""
    opened = registry.open_space(space)
    for result in published(space):
        exact = counted(opened, result).get("params")
        if exact is None or result.params_millions is None:
            continue
        other = result.architecture in ("DARTS_V1", "UNAS_IMAGENET")  # the latter at another width
        close = abs(exact / 1e6 - result.params_millions) < 0.051
        assert close != other, (result.architecture, result.dataset, exact)


def test_a_pasted_cell_is_known_by_what_it_is() -> None:
    space = registry.open_space("darts")
    named = space.parse("DARTS_V2")
    found = results_of(space, space.parse(str(named)))
    assert [(r.dataset, r.mean) for r in found] == [
        ("cifar10", 2.76), ("cifar100", 17.54), ("imagenet", 26.7), ("cifar10", 2.63),
    ]  # fmt: skip
    assert results_of(space, space.neighbours(named)[0]) == []


def test_a_space_without_published_results_has_none() -> None:
    space = registry.open_space("nbmacro")
    assert results_of(space, space.parse("22212220")) == []


def test_rows_without_a_cell_are_found_by_name() -> None:
    assert {r.mean for r in results_called("darts", "enas")} == {2.89}
    assert results_called("darts", "no such thing") == []
    assert {"ENAS", "EDAS", "DSNAS"} <= set(names_in("darts"))
    assert {"ENAS", "SETN"} <= set(names_in("nb201"))


def test_every_recipe_of_a_training_is_one_of_the_space() -> None:
    for space in ("darts", "proxyless"):
        opened = registry.open_space(space)
        assert isinstance(opened, NetworkSpace)
        for result in published(space):
            assert not result.training or result.training in opened.training_recipes


# --- tags --------------------------------------------------------------------------------------


def test_what_stands_beside_a_number_has_tags_of_its_own() -> None:
    first = next(r for r in published("darts", "cifar10") if r.variant == "first order")
    assert first.levels() == (Evidence.PRINTED,)
    assert first.levels(SD) == first.levels(COST) == (Evidence.UNVERIFIED,)
    assert first.levels(PARAMS) == (Evidence.PRINTED,)
    assert wording.number_text(first) == "3.00 [P] (sd 0.14 [U])"
    assert wording.cost_text(first) == "1.5 GPU days [U]"


def test_numbers_are_written_with_the_digits_of_their_source() -> None:
    (second,) = [r for r in published("darts", "imagenet") if r.architecture == "DARTS_V2"]
    assert wording.error_text(second) == "26.7 (top-5 8.7) [P]"
    (unas,) = [r for r in published("darts", "imagenet") if r.method == "unas"]
    assert wording.error_text(unas) == "24.46 [U]"
    assert wording.params_text(unas) == "5.07 M [U][V]"
    (runs,) = [r for r in published("darts") if r.name == "XNAS"]
    assert wording.error_text(runs) == "2.61 to 3.03 [P]"


def test_a_record_leaves_out_what_nobody_knows() -> None:
    space = registry.open_space("darts")
    (told,) = [record(space, r) for r in published("darts") if r.name == "ENAS"]
    assert (told["mean"], told["provenance"]) == (2.89, ["printed"])
    assert not {"top5", "std", "architecture", "counted_params"} & set(told)


# --- a study -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Two methods and random cells of the DARTS space on a few digits."""
    folder = tmp_path_factory.mktemp("published") / "darts-edas-digits"
    network = {"width": 2, "cells": 2, "batch_size": 16}
    return make_supernet_study(
        folder, "darts,edas", space="darts", table="none", network=network, limit=40, epochs=1
    )


@pytest.fixture
def data(cells: Study) -> StudyData:
    return load_study(cells.folder)


def texts(data: StudyData, label: str) -> list[dict[str, str]]:
    board = errors_beside(data)
    assert board is not None
    headings = [column.heading for column in board.columns]
    return [dict(zip(headings, row, strict=True)) for of, row in board.cells if of == label]


def test_found_and_published_share_no_column(data: StudyData) -> None:
    first, second, weights = texts(data, "darts")
    mean = data.row("darts").accuracy_mean
    assert first["Found"] == f"{mean:.2f} (n 1)"
    assert (first["CIFAR-10"], first["ImageNet"]) == ("3.00 [P] (sd 0.14 [U])", "–")
    assert (second["Found"], second["ImageNet"]) == ("", "26.7 (top-5 8.7) [P]")
    assert weights["CIFAR-10"] == "2.63 [P]"
    board = errors_beside(data)
    assert board is not None
    units = {column.heading: column.unit for column in board.columns}
    assert units["Found"] == "one-shot accuracy, %"
    assert units["CIFAR-10"] == "published error, %"
    assert not any("difference" in column.heading.lower() for column in board.columns)


def test_every_row_says_what_differs(data: StudyData) -> None:
    differs = texts(data, "darts")[0]["What differs here"]
    for words in ("searched on digits", "width 2 instead of 16", "at most 40 images",
                  "recipe quick, not darts", "1 epoch instead of 50"):  # fmt: skip
        assert words in differs
    assert "order first, not second" in texts(data, "darts")[1]["What differs here"]


def test_a_method_of_which_nothing_is_known_says_so(data: StudyData) -> None:
    (edas,) = texts(data, "edas")
    assert (edas["CIFAR-10"], edas["Published as"]) == ("none known", "EDAS")
    assert "0.125 GPU days [A]" in edas["Published where"]
    (drawn,) = texts(data, "random")
    assert (drawn["Found"], drawn["CIFAR-10"]) == ("no network trained", "3.29 (sd 0.15) [U]")


def test_a_variant_of_the_space_is_named(data: StudyData) -> None:
    specs = [replace(spec, space="darts[variant=s2]") for spec in data.study.specs]
    turned = replace(data, study=replace(data.study, specs=specs))
    board = errors_beside(turned)
    assert board is not None
    assert "in the variant" in board.rows["set_up"].iloc[0]


def test_methods_of_others_have_no_column_of_the_study(data: StudyData) -> None:
    board = errors_beside(data)
    assert board is not None
    own, others = parted(board)
    assert set(own.rows["method"]) == {"darts", "edas", "random"}
    assert set(others.rows["kind"]) == {CONTEXT}
    assert not {column.heading for column in others.columns} & set(OF_STUDY)
    assert len(own.rows) + len(others.rows) == len(board.rows)


def test_the_page_has_both_and_what_must_be_read_with_them(cells: Study, tmp_path: Path) -> None:
    page = write_report(cells.folder, out=tmp_path / "report").read_text()
    section = page[page.index('<h2 class="head" id="study-1-leaderboard"') :]
    section = section.partition("</section>")[0]
    shown, _, behind = section.partition("<details")
    assert "2.76 (sd 0.09) [P]" in shown
    assert "FreeDARTS" not in shown
    assert "FreeDARTS" in behind
    assert "The one is no estimate of the other" in behind
    assert "[U] unverified" in behind
    paper = write_paper([cells.folder], tmp_path / "paper").parent
    assert {"leaderboard.tex", "leaderboard-others.tex"} <= {
        path.name for path in (paper / "tables").iterdir()
    }


def test_a_study_has_one_such_table_or_a_reason(data: StudyData, finished: Study) -> None:
    assert [shown.title for shown in exhibits(data)].count(PUBLISHED) == 1
    assert list(withheld(data)) == []
    assert leaderboard(data) is None
    assert errors_beside(load_study(finished.folder)) is None


def test_nothing_done_is_nothing_beside(data: StudyData) -> None:
    nothing = replace(data, trials=data.trials.assign(status="failed"))
    assert errors_beside(nothing) is None
    assert [shown.title for shown in withheld(nothing)] == [PUBLISHED]


def test_the_other_space_has_only_what_is_published_in_it(tmp_path: Path) -> None:
    network = {"width": 8, "cells": 1, "batch_size": 16}
    study = make_supernet_study(
        tmp_path / "s", "unas", space="proxyless", table="none", network=network, limit=40,
        epochs=1, random=False,
    )  # fmt: skip
    data = load_study(study.folder)
    (unas,) = texts(data, "unas")
    assert unas["ImageNet"] == "24.7 [U]"
    assert "9.8 ms" in unas["Published where"]
    assert "CIFAR-10" not in unas


# --- a training --------------------------------------------------------------------------------


def training(recipe: str, **changes: object) -> TrainedAs:
    space = registry.open_space("darts")
    assert isinstance(space, NetworkSpace)
    settings = recipe_settings(space, find_recipe(space, recipe), changes)
    return TrainedAs("cifar10", settings.identity())


def test_a_training_as_published_differs_in_nothing() -> None:
    space = registry.open_space("darts")
    beside = beside_trained(space, space.parse("DARTS_V2"), training("darts_cifar"))
    assert [(one.result.mean, one.differs) for one in beside] == [(2.76, []), (2.63, [])]


def test_each_difference_of_a_training_is_named() -> None:
    space, short = registry.open_space("darts"), training("darts_cifar", epochs=50, cutout=0)
    short = replace(short, limit=1_000, image_size=16)
    (first, _) = beside_trained(space, space.parse("DARTS_V2"), short)
    assert first.differs == [
        "at most 1,000 images", "images of 16 × 16 pixels", "epochs 50, not 600",
        "cutout 0, not 16",
    ]  # fmt: skip


def test_on_other_images_all_that_is_published_stands_beside() -> None:
    space = registry.open_space("darts")
    elsewhere = replace(training("darts_cifar"), dataset="digits")
    beside = beside_trained(space, space.parse("DARTS_V2"), elsewhere)
    assert {one.result.dataset for one in beside} == {"cifar10", "cifar100", "imagenet"}
    assert beside[0].differs == ["trained on digits, not CIFAR-10"]


def test_settings_that_are_not_known_are_said_to_be() -> None:
    space = registry.open_space("darts")
    (one,) = beside_trained(space, space.parse("PC_DARTS_cifar"), training("darts_cifar"))
    assert one.differs == ["with which settings the authors trained is not known here"]

"""Published results: the data against the specification, and a study's numbers beside them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from scipy.stats import ttest_ind_from_stats

from nasbench_harness import registry
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.reports.published import (
    Evidence,
    PublishedResult,
    differences,
    published,
    unknown,
)
from nasbench_harness.reports.published.intervals import (
    MeanOfSearches,
    difference_interval,
    mean_interval,
)
from nasbench_harness.reports.published.leaderboard import (
    NO_NETWORK,
    NONE_KNOWN,
    caption,
    fold_words,
    folded,
    leaderboard,
    parted,
    why_not,
)
from nasbench_harness.reports.published.results import DATASETS, EACH
from nasbench_harness.reports.published.rows import CONTEXT, FURTHER, OPTIMUM, STUDY
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.reports.tables.latex import latex_table
from nasbench_harness.reports.tables.markdown import markdown_table
from nasbench_harness.reports.tables.printed import PrintedTable
from nasbench_harness.store.studies import Study
from nasbench_harness.study.spec import TrialSpec

from .conftest import BEST, made_up, make_study, make_supernet_study

COLUMNS = (
    ("cifar10", "valid"), ("cifar10", "test"), ("cifar100", "valid"), ("cifar100", "test"),
    ("imagenet16-120", "valid"), ("imagenet16-120", "test"),
)  # fmt: skip
LEVELS = {
    "V": Evidence.RECOMPUTED,
    "P": Evidence.PRINTED,
    "A": Evidence.ABSTRACT,
    "U": Evidence.UNVERIFIED,
}
DASHES = ("", "–", "unknown")

# --- the data against the specification --------------------------------------------------------


@pytest.fixture(scope="module")
def specified(checkout: Path) -> list[list[list[str]]]:
    """Rows of cells of the two tables of published results in the specification."""
    path = checkout.parent / "shared" / "methods.md"
    if not path.is_file():
        pytest.skip("the specification of the methods is not beside the checkout")
    section = path.read_text(encoding="utf-8").split("\n## 8. ")[1].split("\n## ")[0]
    tables: list[list[list[str]]] = []
    for block in re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE):
        lines = [line.strip("|\n").split("|") for line in block.splitlines()]
        tables.append([[cell.strip() for cell in line] for line in lines[2:]])
    assert [len(table[0]) for table in tables] == [8, 7]
    return tables


@pytest.fixture(scope="module")
def added(checkout: Path) -> list[float]:
    """Numbers of the DARTS space in the additions to the specification."""
    path = checkout.parent / "shared" / "methods-more.md"
    if not path.is_file():
        pytest.skip("the additions to the specification are not beside the checkout")
    text = path.read_text(encoding="utf-8")
    readme = re.search(r"README figures.*?DrNAS 23\.7/5\.7/4\.6", text, re.DOTALL)
    table = text.split("\n## 8. ")[1].split("| method |")[1].split("\n\n")[0]
    assert readme
    cells = [cell for row in table.splitlines()[2:] for cell in row.split("|")[2:5]]
    found = [re.sub(r"[±–/#]", " ", cell) for cell in [*cells, readme[0]]]
    bare = [re.sub(r"issue  \d+|(?<=\d)(?=\.\s)", " ", cell) for cell in found]
    return [n for cell in bare for n in decimals(re.sub(r"(?<!\d)\.(?=\d)", "0.", cell))]


def decimals(text: str) -> list[float]:
    """Numbers in a text, without ordinals, names and tags."""
    text = re.sub(r"\[[A-Z]\]|top-5|\b\d(?:st|nd)\b|C100?\b|IN16|N=|cell \d+|\d{4}", " ", text)
    return [float(number) for number in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", text)]


def of_numbers(result: PublishedResult) -> list[float]:
    values = (result.mean, result.std, result.low, result.high)
    return [value for value in values if value is not None]


def grouped(space: str) -> list[list[PublishedResult]]:
    """The results of every line of the file."""
    groups: dict[tuple[str, ...], list[PublishedResult]] = {}
    for result in published(space, split=None):
        key = (result.name, result.variant, str(result.source), str(result.rerun))
        groups.setdefault(key, []).append(result)
    return list(groups.values())


def test_every_accuracy_of_the_specification_is_there_and_none_besides(
    specified: list[list[list[str]]],
) -> None:
    rows = [row for row in specified[0] if any(cell not in DASHES for cell in row[1:7])]
    lines = grouped("nb201")
    split = next(i for i, row in enumerate(rows) if " / " in row[2])  # one row, two variants
    first, second = rows[split][2].split(" / ")
    rows[split : split + 1] = [
        [*rows[split][:2], number, *rows[split][3:]] for number in (first, second)
    ]
    assert len(rows) == len(lines)
    for row, line in zip(rows, lines, strict=True):
        assert row[0].removeprefix("NATS ").lower().startswith(line[0].name.lower()) or (
            line[0].name == "NAS-WOT" and row[0].startswith("training-free")
        )
        assert row[0].startswith("NATS ") == (line[0].source.title == "NATS-Bench")
        found = {(result.dataset, result.split): of_numbers(result) for result in line}
        stated = {
            place: decimals(re.sub(r"[±–]", " ", cell))
            for place, cell in zip(COLUMNS, row[1:7], strict=True)
            if cell not in DASHES
        }
        assert found == stated, row[0]


def test_provenance_and_protocol_are_those_of_the_specification(
    specified: list[list[list[str]]],
) -> None:
    rows = [row for row in specified[0] if any(cell not in DASHES for cell in row[1:7])]
    lines = [line for line in grouped("nb201") if line[0].variant != "with fixed alpha"]
    for row, line in zip(rows, lines, strict=True):
        tags = {LEVELS[tag] for tag in re.findall(r"\[([A-Z])\]", row[7])}
        assert {level for result in line for level in result.provenance} == tags, row[0]
        test = re.search(r"\btest((?: ?\[[A-Z]\])+)", row[7])
        if test and "match" not in row[7]:
            expected = tuple(LEVELS[tag] for tag in re.findall(r"[A-Z]", test[1]))
            assert all(r.provenance == expected for r in line if r.split == "test"), row[0]
        if "→C10" in row[0]:
            assert {result.searched for result in line} == {"cifar10"}
        if "each" in row[0]:
            assert all(result.searched == result.dataset for result in line)
        if budget := re.search(r"\((.*?)k s\)", row[0]):
            seconds = {1000 * float(part.rstrip("k")) for part in budget[1].split("/")}
            assert {result.budget_seconds for result in line} == seconds


def test_methods_without_a_known_accuracy_are_those_of_the_specification(
    specified: list[list[list[str]]],
) -> None:
    (row,) = [row for row in specified[0] if row[7].startswith("none known")]
    assert {entry.name for entry in unknown()} == set(row[0].split(", "))
    assert decimals(row[7]) == [n for entry in unknown() for n in decimals(entry.note)]


def test_every_error_of_the_specification_is_there_and_none_besides(
    specified: list[list[list[str]]], added: list[float]
) -> None:
    stated = list(added)
    for row in specified[1]:
        cells = [*row[1:6], *re.findall(r"released model .*", row[6])]
        stated += [n for cell in cells for n in decimals(re.sub(r"[±–]", " ", cell))]
    results = [*published("darts"), *published("proxyless")]
    known = [n for result in results for n in of_numbers(result)]
    for result in results:
        known += [n for n in (result.top5, result.params_millions, result.cost_gpu_days) if n]
    notes = [*(result.note for result in results), *(entry.note for entry in unknown("darts"))]
    known += [n for note in notes for n in decimals(note)]
    assert set(known) - {46, 48} == set(stated)  # widths for ImageNet


def test_errors_stand_with_their_method_and_data_set(specified: list[list[list[str]]]) -> None:
    results = published("darts")
    for row in specified[1]:
        names = [
            result for result in results if result.name in (row[0], *re.split(r"[ ,]", row[0]))
        ]
        for dataset, cell in (("cifar10", row[1]), ("cifar100", row[3]), ("imagenet", row[4])):
            numbers = decimals(re.sub(r"±.*", "", cell))
            if numbers and names and "Proxyless" not in row[0]:
                assert numbers[0] in {r.mean for r in names if r.dataset == dataset}, row[0]


# --- the data by itself ------------------------------------------------------------------------


@pytest.mark.parametrize("space", ["nb201", "darts", "proxyless"])
def test_every_result_is_a_number_with_a_source(space: str) -> None:
    for result in published(space, split=None):
        assert (result.mean is None) == (result.low is not None)
        assert result.low is None or result.low < (result.high or 0)
        assert result.provenance
        assert result.source.title
        assert result.source.link == "" or result.source.link.startswith("https://arxiv.org/abs/")
        assert result.dataset in DATASETS


def test_selection_by_data_set_and_split() -> None:
    (row,) = [r for r in published("nb201", "cifar100", "valid") if r.method == "optimum"]
    assert (row.mean, row.std, row.standing) == (73.49, None, "unverified")
    assert published("nb201", "digits") == []
    assert {r.split for r in published(split=None)} == {"valid", "test"}


def test_a_space_nobody_published_in_is_said_to_be_unknown() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean `nb201`"):
        published("nb20")


def test_our_methods_have_the_registry_s_names_and_recipes() -> None:
    """A recipe named beside a published search is ours, of that length and of that source."""
    ours = set(registry.methods.names())
    for result in published(split=None):
        by_name = {"RS": "random", "RSPS": "rsws"}.get(result.name, result.name.lower())
        assert (result.method in ours) == (by_name in ours)
        if result.method in ours:
            assert result.method == by_name
        if result.recipe:
            recipe = registry.methods.load(result.method).recipes[result.recipe]
            assert recipe.epochs == result.epochs


def test_recomputed_accuracies_are_those_of_the_official_table(
    installed_official: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is called recomputed is in the table: the optimum, and cells named in a note."""
    monkeypatch.setenv("NASHARNESS_DATA", str(installed_official))
    table = registry.open_table("official")
    for result in published():
        if Evidence.RECOMPUTED not in result.provenance:
            continue
        column = table.column(f"{result.dataset.replace('-', '_')}_test_200ep")
        assert result.mean is not None
        assert abs(column - result.mean).min() < 0.006, result
        if result.method == "optimum":
            assert column.max() == pytest.approx(result.mean, abs=0.006)


def test_a_method_is_found_whatever_its_hyphens() -> None:
    (result,) = [r for r in published("nb201", "cifar10") if r.name == "PC-DARTS"]
    assert result.is_of("pc_darts")
    assert not result.is_of("darts")


# --- the leaderboard ---------------------------------------------------------------------------


def rows_of(data: StudyData) -> pd.DataFrame:
    board = leaderboard(data)
    assert board is not None
    return board.rows


def texts_of(data: StudyData, label: str) -> list[list[str]]:
    board = leaderboard(data)
    assert board is not None
    return [texts for found, texts in board.cells if found == label]


def test_mean_spread_and_difference_by_hand(data_of: Callable[[pd.DataFrame], StudyData]) -> None:
    data = data_of(made_up({"drnas": [0.0, 0.2, 0.4], "rea": [0.1]}))
    rows = rows_of(data)
    first = rows[rows["method"] == "drnas"].iloc[0]
    assert first["found_mean"] == pytest.approx(BEST - 0.2)
    assert first["found_std"] == pytest.approx(0.2)
    assert first["published_mean"] == 94.36
    assert (first["found_mean_ci_low"], first["found_mean_ci_high"]) == pytest.approx(
        (BEST - 0.2 - 4.303 * 0.2 / 3**0.5, BEST - 0.2 + 4.303 * 0.2 / 3**0.5), abs=1e-3
    )
    (texts, *_) = texts_of(data, "drnas")
    found, published = "93.87 (sd 0.20, n 3)", "94.36 (sd 0.00, n not known)"
    assert texts[:5] == [found, "[93.37, 94.36]", published, "–", "–"]
    (one, *_) = texts_of(data, "rea")
    assert one[:4] == ["93.97 (n 1)", "–", "93.92 (sd 0.30, n 500)", "[93.89, 93.95]"]


def test_intervals_from_what_is_printed() -> None:
    """Against scipy's test from the same numbers, which has no interval of its own."""
    few, many = MeanOfSearches(93.0, 0.5, 5), MeanOfSearches(93.6, 0.3, 500)
    low, high = difference_interval(few, many)
    p_value = ttest_ind_from_stats(93.0, 0.5, 5, 93.6, 0.3, 500, equal_var=False).pvalue
    assert (low < 0 < high) == (p_value > 0.05)
    assert (low + high) / 2 == pytest.approx(-0.6)
    edge = MeanOfSearches(93.6 - (high - low) / 2, 0.5, 5)
    at_edge = ttest_ind_from_stats(edge.mean, 0.5, 5, 93.6, 0.3, 500, equal_var=False).pvalue
    assert at_edge == pytest.approx(0.05)
    assert mean_interval(few) == pytest.approx((93.0 - 0.6208, 93.0 + 0.6208), abs=1e-4)


@pytest.mark.parametrize(
    "unknown",
    [
        MeanOfSearches(93.0, 0.5, 2),
        MeanOfSearches(93.0, float("nan"), 5),
        MeanOfSearches(93.0, 0.5, float("nan")),
    ],
)
def test_what_is_not_known_has_no_interval(unknown: MeanOfSearches) -> None:
    known, constant = MeanOfSearches(93.0, 0.5, 5), MeanOfSearches(93.0, 0.0, 5)
    for found in (mean_interval(unknown), difference_interval(known, unknown),
                  mean_interval(constant), difference_interval(constant, constant)):  # fmt: skip
        assert all(math.isnan(end) for end in found)
    assert difference_interval(known, constant)[0] < 0


def test_a_range_gives_a_range(finished: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    data = load_study(finished.folder)
    for part in ("of_method", "of_result"):
        monkeypatch.setattr(f"nasbench_harness.reports.published.rows.{part}", lambda *_: [])
    (result,) = [r for r in published("nb201", "cifar100") if r.mean is None]
    rows = [replace(result, dataset="cifar10")]
    with pytest.MonkeyPatch.context() as patch:
        optimum = [r for r in published("nb201", "cifar10") if r.method == "optimum"]
        patch.setattr(
            "nasbench_harness.reports.published.rows.published", lambda *_: rows + optimum
        )
        (texts,) = texts_of(data, "drnas")
        mean = rows_of(data).set_index("method").at["drnas", "found_mean"]
    assert texts[2] == "70.00 to 70.90"
    assert texts[4] == f"+{mean - 70.9:.2f} to +{mean - 70.0:.2f} (no interval)"


def test_landscape_is_never_called_comparable(finished: Study) -> None:
    data = load_study(finished.folder)
    assert caption(data).startswith(NO_NETWORK)
    rows = rows_of(data)
    gradient = rows[(rows["method"] == "drnas")]
    assert "landscape instead of images" in gradient["set_up"].iloc[0]
    assert not rows["comparable"].any()
    assert rows[["difference_low", "difference_high", "difference_ci_low"]].isna().all(axis=None)
    assert {texts[4] for texts in texts_of(data, "drnas")} == {"–"}
    queried = rows[rows["method"] == "rea"]
    assert "table analog" in queried["set_up"].iloc[0]
    assert "12 queries, not 12,000 s" in queried["set_up"].iloc[0]


def test_what_is_not_published_says_so(tmp_path: Path) -> None:
    data = load_study(make_study(tmp_path / "s", "unas,edas", seeds=1, steps=5).folder)
    for label in ("unas", "edas"):
        ((_, _, text, _, difference, where, *_),) = texts_of(data, label)
        assert (text, difference, where) == (NONE_KNOWN, "–", "")


def test_methods_of_others_stand_below_best_first(finished: Study) -> None:
    data = load_study(finished.folder)
    rows = rows_of(data)
    context = rows[rows["kind"] == CONTEXT]
    assert context.index.min() == rows.index[rows["method"] == "optimum"][0] + 1
    assert context["published_mean"].is_monotonic_decreasing
    assert not {"DrNAS", "REA", "RS", "optimum"} & set(context["method"])
    assert {"DARTS", "GDAS", "SNAS"} <= set(context["method"])
    assert context["found_mean"].isna().all()
    board = leaderboard(data)
    assert board is not None
    study, others = parted(board)
    assert len(study.rows) + len(others.rows) == len(rows)
    assert CONTEXT not in set(study.rows["kind"])


def alike(data: StudyData, monkeypatch: pytest.MonkeyPatch) -> PrintedTable:
    """The table of a study as if `rea` had searched as REA of NAS-Bench-201 did, and only it."""
    rows = "nasbench_harness.reports.published.rows"

    def of_method(_: StudyData, spec: TrialSpec) -> list[str]:
        return [] if spec.method == "rea" else ["another"]

    def of_result(_: StudyData, __: TrialSpec, result: PublishedResult) -> list[str]:
        return [] if result.source.title == "NAS-Bench-201" else ["otherwise"]

    monkeypatch.setattr(f"{rows}.of_method", of_method)
    monkeypatch.setattr(f"{rows}.of_result", of_result)
    board = leaderboard(data)
    assert board is not None
    return board


def test_what_can_be_compared_has_a_difference_with_its_interval(
    data_of: Callable[[pd.DataFrame], StudyData], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = data_of(made_up({"drnas": [0.1, 0.2], "rea": [0.0, 0.2, 0.4, 0.2]}))
    shown, behind = folded(alike(data, monkeypatch))
    (row,) = shown.rows.to_dict("records")
    assert (row["method"], row["source"]) == ("rea", "NAS-Bench-201, 2020")
    known = MeanOfSearches(BEST - 0.2, row["found_std"], 4), MeanOfSearches(93.92, 0.30, 500)
    low, high = difference_interval(*known)
    assert (row["difference_ci_low"], row["difference_ci_high"]) == pytest.approx((low, high))
    ((_, texts),) = shown.cells
    assert texts[4] == f"−0.05 [{low:.2f}, {high:.2f}]".replace("-", "−")
    assert behind.rows[["difference_low", "difference_ci_low"]].isna().all(axis=None)
    assert "Difference" not in {column.heading for column in behind.columns}


def test_nothing_is_lost_between_the_two_parts(
    finished: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = alike(load_study(finished.folder), monkeypatch)
    shown, behind = folded(board)
    assert sorted([*shown.rows.index, *behind.rows.index]) == sorted(board.rows.index)
    for part in (shown, behind):  # every method's first row has its name and what was found
        own = part.rows[part.rows["kind"] != CONTEXT]
        assert set(own.drop_duplicates("method")["kind"]) <= {STUDY, OPTIMUM}
    assert "1 published number" not in fold_words(board)


def test_where_nothing_can_be_compared_the_page_shows_no_number_of_it(page: Path) -> None:
    text = page.read_text()
    section = text[text.index('id="study-1-leaderboard"') :].partition("</section>")[0]
    before, _, after = section.partition("<details")
    assert "<table" not in before
    assert "None can be compared with this study" in after
    assert "</details>" in after
    assert "94.36" in after


def test_the_same_budget_is_none_that_differs(
    finished: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = load_study(finished.folder)
    spec = next(spec for spec in data.study.specs if spec.method == "rea")
    result = next(r for r in published("nb201", "cifar10") if r.budget_seconds == 12_000)
    for seconds, same in ((12_000, True), (11_000, True), (10_000, False), (math.nan, False)):
        monkeypatch.setattr(differences, "_seconds", lambda *_, now=seconds: now)
        assert (differences.of_result(data, spec, result) == []) == same


def test_no_table_says_plus_or_minus(page: Path) -> None:
    """Of a standard deviation, of half an interval, of what? Words say it."""
    assert "±" not in page.read_text()
    for file in page.parent.rglob("*.*"):
        if file.suffix in {".md", ".tex"}:
            assert not re.search(r"±|\\pm", file.read_text())


def test_optimum_is_the_study_s_own_table_s(finished: Study) -> None:
    rows = rows_of(load_study(finished.folder)).set_index("method")
    assert rows.at["optimum", "found_mean"] == pytest.approx(BEST, abs=1e-4)
    assert rows.at["optimum", "published_mean"] == 94.37


def test_searches_on_images_without_published_results_have_no_leaderboard(searched: Study) -> None:
    data = load_study(searched.folder)
    assert leaderboard(data) is None
    assert "digits" in why_not(data)


def test_nothing_done_is_no_leaderboard(data_of: Callable[[pd.DataFrame], StudyData]) -> None:
    data = data_of(made_up({"drnas": [0.1]}, {"drnas": ["failed"]}))
    assert leaderboard(data) is None
    assert why_not(data) == "no trial has a result"


def test_writers_keep_the_columns(finished: Study) -> None:
    board = leaderboard(load_study(finished.folder))
    assert board is not None
    lines = markdown_table(board).splitlines()
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {len(board.columns) + 2}
    body = latex_table(board, "about").split(r"\midrule")[1].split(r"\bottomrule")[0]
    for line in body.strip().splitlines():
        assert len(re.findall(r"(?<!\\)&", line)) == len(board.columns)
    further = [head for head, kind in zip(board.heads, board.rows["kind"], strict=True)
               if kind == FURTHER]  # fmt: skip
    assert set(further) == {""}


# --- what differs ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def as_published(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> StudyData:
    """A study of supernets, whose trials the tests below turn into others."""
    folder = tmp_path_factory.mktemp("images") / "darts-digits"
    return load_study(make_supernet_study(folder, "darts", random=False).folder)


def turned(data: StudyData, **changes: object) -> tuple[StudyData, TrialSpec]:
    """The study as if its trials had been others."""
    network = {**data.study.specs[0].network, "width": 16, "cells": 5}
    basics: dict[str, object] = {
        "table": "official", "images": "cifar10", "image_limit": None, "recipe": "paper",
        "epochs": 50, "epoch_steps": 390, "steps": 50 * 390, "network": network,
        "network_overrides": {}, "overrides": {},
    }  # fmt: skip
    spec = replace(data.study.specs[0], **{**basics, **changes})  # type: ignore[arg-type]
    return replace(data, study=replace(data.study, specs=[spec])), spec


def result_of(source: str, **wanted: object) -> PublishedResult:
    dataset = str(wanted.pop("dataset", "cifar10"))
    (found,) = [
        r
        for r in published("nb201", dataset)
        if r.method == "darts"
        and r.source.title == source
        and all(getattr(r, key) == value for key, value in wanted.items())
    ]
    return found


def test_a_search_as_published_differs_in_nothing(as_published: StudyData) -> None:
    data, spec = turned(as_published)
    assert differences.of_method(data, spec) == []
    assert differences.of_result(data, spec, result_of("NAS-Bench-201")) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"table": "analog"}, "table analog"),
        ({"images": "folder:/data"}, "images of a folder"),
        ({"image_limit": 10_000}, "at most 10,000 images"),
        ({"image_size": 16}, "images of 16 × 16 pixels"),
        ({"network": {"width": 8, "cells": 5}}, "width 8 instead of 16"),
        ({"network": {"width": 16, "cells": 1}}, "1 cell a stage instead of 5"),
        ({"network_overrides": {"clip_norm": 3.0}}, "clip_norm=3.0 by request"),
        ({"overrides": {"learning_rate": 0.1}}, "learning_rate=0.1 by request"),
        ({"steps": 1_000}, "1,000 steps by request"),
        ({"epochs": 20, "steps": 20 * 390}, "20 epochs instead of 50"),
        ({"recipe": "quick"}, "recipe quick, not nb201"),
        ({"overrides": {"recipe": "nats"}}, "recipe nats, not nb201"),
        ({"images": "cifar100"}, "searched on CIFAR-100, not on CIFAR-10"),
    ],
)
def test_each_difference_is_named_and_no_other(
    as_published: StudyData, changes: dict[str, object], words: str
) -> None:
    data, spec = turned(as_published, **changes)
    found = differences.of_method(data, spec)
    found += differences.of_result(data, spec, result_of("NAS-Bench-201"))
    assert len(found) == 1
    assert found[0].startswith(words)


def test_variant_is_compared_with_the_settings(as_published: StudyData) -> None:
    data, spec = turned(as_published)
    second = result_of("NATS-Bench", variant="second order")
    assert "order first, not second" in differences.of_result(data, spec, second)
    first = result_of("NATS-Bench", variant="first order")
    assert not any("order" in words for words in differences.of_result(data, spec, first))


def order_of(data: StudyData, spec: TrialSpec, dataset: str) -> list[str]:
    known = [r for r in published("nb201", dataset) if r.method == "darts"]
    known.sort(key=lambda result: differences.distance(data, spec, result))
    return [f"{r.source.title} {r.variant}".strip() for r in known]


def test_closest_set_up_stands_first(as_published: StudyData) -> None:
    data, spec = turned(as_published)
    assert order_of(data, spec, "cifar10")[0] == "NAS-Bench-201 first and second order alike"
    data, spec = turned(as_published, overrides={"recipe": "nats"})
    assert order_of(data, spec, "cifar10")[0] == "NATS-Bench first order"
    settings = {**spec.settings, "order": "second"}
    data, spec = turned(as_published, overrides={"recipe": "nats"}, settings=settings)
    assert order_of(data, spec, "cifar10")[0] == "NATS-Bench second order"


def test_search_on_the_same_images_counts_most(as_published: StudyData) -> None:
    """Looked up on CIFAR-100: a search on CIFAR-10 is near another one, whatever the recipe."""
    data, spec = turned(as_published, overrides={"recipe": "nats"})
    assert order_of(data, spec, "cifar100")[0] == "NAS-Bench-201 first and second order alike"
    data, spec = turned(as_published, images="cifar100", overrides={"recipe": "nats"})
    assert order_of(data, spec, "cifar100")[-1] == "NAS-Bench-201 first and second order alike"


def test_known_protocols_have_words() -> None:
    by_protocol = {r.protocol for r in published("nb201", "cifar100") if r.searched}
    assert {
        "searched on each data set",
        "searched on CIFAR-10, evaluated on all three data sets",
    } <= (by_protocol)
    assert EACH not in {r.searched for r in published()}

"""The page in a real browser: it runs, sorts, filters, opens, prints, and fits every screen."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nasbench_harness.reports import write_report
from nasbench_harness.store.outcomes import Outcome, Status, write_failure
from nasbench_harness.store.studies import Study, gather

from .conftest import make_study

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")

METHODS = "drnas,darts,edas,rea"
WIDE, NARROW = (1280, 900), (390, 844)

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> Study:
    """Five methods with five seeds each, one of them failed."""
    study = make_study(tmp_path_factory.mktemp("five") / "five", METHODS, seeds=5, steps=6)
    failed = next(spec for spec in study.specs if spec.label == "edas" and spec.seed == 3)
    folder = study.trials_folder / failed.trial_id
    write_failure(folder, Outcome(failed.trial_id, Status.FAILED, "it <broke>"), "Traceback: here")
    gather(study)
    return study


@pytest.fixture(scope="module")
def report(five: Study, finished: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page about two studies."""
    return write_report(five.folder, finished.folder, out=tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def show(chromium: Any, report: Path) -> Iterator[Open]:
    """Opens the page; whatever it complains about or fetches fails the test."""
    complaints: list[str] = []
    contexts = []

    def opened(size: tuple[int, int] = WIDE, anchor: str = "#study-1", **options: Any) -> Any:
        width, height = size
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: complaints.append(asked.url) if not
                asked.url.startswith(f"file://{report}") else None)  # fmt: skip
        page.goto(f"file://{report}{anchor}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def keep(page: Any, name: str) -> None:
    """A picture for those who look at a CI job."""
    folder = os.environ.get("NASHARNESS_ARTIFACTS")
    if folder:
        page.screenshot(path=Path(folder) / f"report-{name}.png", full_page=True)


def column(page: Any, table: str, index: int) -> list[str]:
    cells = page.locator(f"{table} tbody tr:not([hidden]) > :nth-child({index})")
    return [str(text).strip() for text in cells.all_inner_texts()]


SUMMARY = '#study-1 table[aria-label="Summary"]'
TRIALS = "#study-1 table.trials"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_nothing_sticks_out_of_any_screen(show: Open, size: tuple[int, int], scheme: str) -> None:
    for anchor in ("#all-studies", "#study-1", "#study-2"):
        page = show(size, anchor, color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        keep(page, f"{anchor[1:]}-{size[0]}-{scheme}")


def test_a_click_on_a_heading_sorts(show: Open, five: Study) -> None:
    page = show()
    heading = page.locator(f"{SUMMARY} thead th", has_text="Regret").first
    place = 1 + page.locator(f"{SUMMARY} thead th").all_inner_texts().index(heading.inner_text())
    best_first = column(page, SUMMARY, place)
    heading.locator("button").click()
    rising = [float(text) for text in column(page, SUMMARY, place)]
    assert rising == sorted(float(text) for text in best_first)
    assert heading.get_attribute("aria-sort") == "ascending"
    heading.locator("button").press("Enter")
    assert [float(text) for text in column(page, SUMMARY, place)] == rising[::-1]
    assert heading.get_attribute("aria-sort") == "descending"


def test_a_word_filters_rows(show: Open) -> None:
    page = show()
    field = page.get_by_label("Filter the rows of: Summary").first
    field.fill("nas")
    assert column(page, SUMMARY, 1) == ["drnas"]
    field.fill("")
    assert len(column(page, SUMMARY, 1)) == 5


def test_trials_are_sorted_as_numbers_and_missing_ones_come_last(show: Open, five: Study) -> None:
    page = show()
    trials = pd.read_parquet(five.folder / "trials.parquet")
    done = trials[trials["status"] == "done"]["cifar10_baseline_accuracy"]
    for order, wanted in (("first", done.nsmallest(20)), ("again", done.nlargest(20))):
        page.locator(f"{TRIALS} thead th", has_text="Accuracy").locator("button").click()
        shown = [float(text) for text in column(page, TRIALS, 4)]
        assert shown == pytest.approx(list(wanted), abs=0.00501), order
    page.get_by_role("button", name="Next").first.click()
    assert column(page, TRIALS, 4)[-1] == "–"
    assert column(page, TRIALS, 3)[-1] == "failed"


def test_trials_are_filtered_by_word_method_and_status(show: Open) -> None:
    page = show()
    search = page.locator("#study-1 .trial-list input[type=search]")
    method, status = (page.locator("#study-1 .trial-list select").nth(i) for i in (0, 1))
    assert len(column(page, TRIALS, 1)) == 20
    search.fill("rea seed=2")
    assert column(page, TRIALS, 1) == ["rea"]
    search.fill("")
    method.select_option("darts")
    assert column(page, TRIALS, 1) == ["darts"] * 5
    method.select_option("")
    status.select_option("failed")
    assert column(page, TRIALS, 1) == ["edas"]
    assert "1 of 25 trials" in page.locator("#study-1 .trial-list").inner_text()


def test_a_drawer_holds_all_about_a_trial(show: Open, five: Study) -> None:
    page = show()
    trials = pd.read_parquet(five.folder / "trials.parquet").set_index("trial")
    spec = next(spec for spec in five.specs if spec.label == "drnas" and spec.seed == 2)
    button = page.get_by_label("Details of drnas, seed 2").first
    button.press("Enter")
    drawer = page.locator("#drawer")
    said = drawer.inner_text()
    assert trials.loc[spec.trial_id, "command"] in said
    assert trials.loc[spec.trial_id, "architecture"] in said
    assert all(setting in said for setting in spec.settings)
    assert drawer.locator("svg.spark").count() == 1
    keep(page, "drawer")
    page.keyboard.press("Escape")
    assert not drawer.is_visible()
    assert button.evaluate("e => e === document.activeElement")


def test_a_failed_trial_says_why(show: Open) -> None:
    page = show()
    page.locator("#study-1 .trial-list select").nth(1).select_option("failed")
    page.locator(f"{TRIALS} tbody tr").click()
    said = page.locator("#drawer").inner_text()
    assert "it <broke>" in said
    assert "Traceback: here" in said


def test_switches_choose_the_axes(show: Open) -> None:
    page = show()
    figure = page.locator("#study-1 figure.switched").first
    assert figure.locator(".variant:visible").count() == 1
    for position in ("Accuracy", "Seconds"):
        figure.get_by_role("radio", name=position).check()
    (shown,) = figure.locator(".variant:visible svg[role=img]").all()
    assert "accuracy in % against search time" in shown.get_attribute("aria-label")


def test_figures_can_be_enlarged(show: Open) -> None:
    page = show()
    page.locator("#study-1 .enlarge").first.click()
    picture = page.locator("#zoom .stage svg")
    whole = picture.get_attribute("viewBox")
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    near = picture.get_attribute("viewBox")
    assert float(near.split()[2]) == pytest.approx(0.7 * float(whole.split()[2]))
    assert float(near.split()[0]) > 0
    keep(page, "enlarged")
    page.keyboard.press("0")
    assert picture.get_attribute("viewBox") == whole
    page.keyboard.press("Escape")
    assert not page.locator("#zoom").is_visible()


def test_the_enlarge_button_lies_beside_the_data(show: Open) -> None:
    for size in (WIDE, NARROW):
        page = show(size)
        apart = page.evaluate(
            "[...document.querySelectorAll('.framed')].filter(e => e.offsetParent).map(e => {"
            " const [a, b] = [...e.children].map(c => c.getBoundingClientRect());"
            " return a.bottom <= b.top || b.bottom <= a.top; })"
        )
        assert len(apart) > 8
        assert all(apart)


def test_the_verdict_is_seen_first_on_every_screen(show: Open) -> None:
    """Above the caveats, and whole without scrolling."""
    for size in (WIDE, NARROW):
        page = show(size)
        lead, caveat = (
            page.locator(f"#study-1 {part}").bounding_box() for part in (".lead", ".caveat")
        )
        assert lead["y"] + lead["height"] <= min(caveat["y"], size[1])
        keep(page, f"verdict-{size[0]}")


def test_tables_say_that_they_scroll_where_they_do(show: Open) -> None:
    said = (
        "[...document.querySelectorAll('#study-1 .scroll')]"
        ".filter(e => e.checkVisibility({contentVisibilityAuto: true})).map(e => ["
        " e.scrollWidth > e.clientWidth + 1, getComputedStyle(e, '::before').content !== 'none'])"
    )
    for size, some in ((WIDE, False), (NARROW, True)):
        page = show(size)
        page.wait_for_function("document.querySelector('#study-1 table.trials')")
        page.wait_for_timeout(200)
        pairs = page.evaluate(said)
        assert all(wider == hint for wider, hint in pairs)
        assert pairs[0] == [some, some]  # the summary
    page.set_viewport_size({"width": 2000, "height": 900})
    page.wait_for_function("!document.querySelector('#study-1 .scroll').matches('.wider')")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_contents_lead_to_sections(show: Open, scripts: bool) -> None:
    page = show(java_script_enabled=scripts)
    page.locator("#study-1 .toc a", has_text="How to cite").click()
    place = page.locator("#study-1-citing").bounding_box()
    assert -1 < place["y"] < WIDE[1]  # a page scrolls by whole pixels
    assert page.url.endswith("#study-1-citing")


def test_contents_are_compact_on_a_phone(show: Open) -> None:
    assert show(NARROW).locator("#study-1 .toc").bounding_box()["height"] < 60


def test_what_cannot_be_compared_is_shown_on_demand(show: Open) -> None:
    page = show()
    table = page.locator("#study-1 details.fold table.leaderboard")
    assert not table.is_visible()
    page.locator("#study-1 details.fold summary").click()
    assert table.is_visible()
    keep(page, "published")


def test_panels_that_share_a_drawing_can_be_enlarged(show: Open) -> None:
    page = show()
    page.locator("#study-1 figure.many .enlarge").first.click()
    assert page.locator("#zoom .stage svg use").evaluate("e => e.getBBox().width") > 0


def test_tabs_show_one_study_at_a_time(show: Open) -> None:
    page = show(anchor="")
    seen = lambda: [part.get_attribute("id") for part in page.locator(".part:visible").all()]  # noqa: E731
    assert seen() == ["all-studies"]
    page.locator("#tabs a").first.press("ArrowRight")
    assert seen() == ["study-1"]
    page.keyboard.press("End")
    assert seen() == ["study-2"]
    page.evaluate("location.hash = '#study-1'")
    page.wait_for_function("!document.querySelector('#study-1').matches('.elsewhere')")
    assert seen() == ["study-1"]


def test_the_theme_can_be_chosen(show: Open) -> None:
    page = show(color_scheme="light")
    colour = lambda: page.evaluate("getComputedStyle(document.body).backgroundColor")  # noqa: E731
    light = colour()
    for name in ("light", "dark"):
        page.locator("#theme").click()
        assert page.locator("#theme").inner_text() == f"Theme: {name}"
    assert colour() != light


def test_printing_shows_every_study_and_no_buttons(show: Open, tmp_path: Path) -> None:
    page = show(color_scheme="dark")
    page.emulate_media(media="print")
    assert page.locator(".part:visible").count() == 3
    fields = page.locator("button:not(.sort):visible, select:visible, input:visible")
    assert fields.count() == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert len(page.pdf()) > 10_000


def test_without_scripts_everything_can_be_read(show: Open) -> None:
    page = show(java_script_enabled=False)
    assert page.locator(".part:visible").count() == 3
    assert page.locator("#study-1 .variant:visible").count() == 4
    assert "trials.csv" in page.locator("#study-1 .trial-list").inner_text()


def test_pictures_and_fields_have_names(show: Open) -> None:
    page = show(anchor="")
    nameless = page.evaluate(
        "[...document.querySelectorAll('svg[role=img], input, select, button, dialog, nav')]"
        ".filter(e => !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby')"
        " || e.closest('label') || e.textContent.trim())).length"
    )
    assert nameless == 0
    texts = page.evaluate(
        "[...document.querySelectorAll('svg[role=img]')].map(e => e.getAttribute('aria-label'))"
    )
    assert all(re.search(r"\d|line|mark|scale", text) for text in texts)

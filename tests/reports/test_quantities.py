"""Metrics that are no accuracies, an SSIM and a negative L2 loss: their unit and direction."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from nasbench_harness import registry
from nasbench_harness.cli import app
from nasbench_harness.contracts import Benchmark, CompleteTable, SearchSpace
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.reports import write_report
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.store.results import load_results
from nasbench_harness.store.studies import Study, open_study
from nasbench_harness.tables.columns import ColumnTable
from nasbench_harness.tables.quantity import Quantity, quantity_of
from nasbench_harness.testing import check_table

from .conftest import make_study

SOURCE = '''
"""Scenes of four layers, whose networks restore pictures and tell rooms."""
import tempfile
from pathlib import Path

import numpy as np

from nasbench_harness.contracts import Architecture, Metric
from nasbench_harness.tables.columns import ColumnTable, Provenance, write_columns
from nasbench_harness.testing.toys import ToySpace


class Scenes(ToySpace):
    tables = ("scene_bench",)

    def __init__(self):
        super().__init__((3, 3, 3, 3))
        self.name = "scenes"

    def architecture(self, choices):
        arch = super().architecture(choices)
        return Architecture("scenes", arch.choices, arch.text)


def _metric(name, quantity, unit=""):
    return Metric(
        name, f"validation {quantity}", unit, name.partition("_")[0], "valid", 25, True, True,
        seeds="777", quantity=quantity,
    )


METRICS = [
    _metric("normal_ssim", "SSIM"),
    _metric("room_neg_loss", "negative L2 loss"),
    _metric("proteins_auc", "ROC-AUC", "%"),
    _metric("object_top1", "accuracy", "%"),
]


def bench():
    folder = Path(tempfile.mkdtemp()) / "scene_bench"
    generator = np.random.default_rng(5)
    spread = generator.normal(size=81)
    columns = {
        "normal_ssim": 0.55 + 0.01 * spread,
        "room_neg_loss": -0.70 + 0.03 * spread,
        "proteins_auc": 70 + 2 * spread,
        "object_top1": 45 + spread,
    }
    told = Provenance("scene_bench", "scenes", "1", "a test", "0" * 64, "Invented.", (3,) * 4)
    write_columns(folder, told, METRICS, columns)
    return ColumnTable(folder, Scenes())
'''
WORDS = {"normal": "SSIM", "room": "negative L2 loss"}
WRONG = re.compile(r"accurac|\bpoints\b", re.IGNORECASE)
HARMLESS = re.compile(r"[\w-]+\.(svg|png|pdf|csv|tex|parquet)\b|(recorded|Neighbouring) points")
"""Names of files, and places of a curve."""


@pytest.fixture(autouse=True)
def scenes(install_plugin: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """A space `scenes` with a table of such metrics is installed."""
    install_plugin("spaces", "scenes", "scenery:Scenes", SOURCE)
    install_plugin("tables", "scene_bench", "scenery:bench")
    monkeypatch.setattr(registry, "spaces", registry.Registry[Any]("space", opened=SearchSpace))
    monkeypatch.setattr(registry, "tables", registry.Registry[Any]("table", opened=Benchmark))


@pytest.fixture
def table() -> ColumnTable:
    found = registry.open_table("scene_bench")
    assert isinstance(found, ColumnTable)
    return found


@pytest.fixture(params=list(WORDS))
def dataset(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where what does not change is made once."""
    return tmp_path_factory.mktemp("made")


@pytest.fixture
def kept(dataset: str, made: Path) -> Study:
    """Two methods and random search, judged by an SSIM or by a negative loss; not to be changed."""
    folder = made / dataset
    return open_study(folder) if folder.exists() else scene_study(folder, dataset)


@pytest.fixture
def study(kept: Study, tmp_path: Path) -> Study:
    """The same, to be changed."""
    return open_study(Path(shutil.copytree(kept.folder, tmp_path / kept.folder.name)))


def scene_study(folder: Path, dataset: str, methods: str = "darts,rea", seeds: int = 4) -> Study:
    given = {"space": "scenes", "table": "scene_bench", "dataset": dataset}
    return make_study(folder, methods, seeds, 8, **given)


def told(*words: str, code: int = 0) -> str:
    """What a command prints."""
    done = CliRunner().invoke(app, words, env={"COLUMNS": "160"})
    assert done.exit_code == code, (done.output, done.exception)
    return done.stdout


# --- the objective -------------------------------------------------------------------------------


def landscape(table: ColumnTable, metric: str, noise: float = 0.0) -> Landscape:
    space = registry.open_space("scenes")
    return Landscape(space, table, metric=metric, dataset="room", steps=4, epochs=4, noise=noise)  # type: ignore[arg-type]


@pytest.mark.parametrize("metric", ["normal_ssim", "room_neg_loss", "object_top1"])
def test_the_gradient_is_that_of_the_expectation_in_its_unit(
    table: ColumnTable, metric: str
) -> None:
    problem = landscape(table, metric)
    m = torch.rand(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    gradient = problem.unrolled_gradient(m) * table.metrics[metric].whole
    tensor = table.tensor(metric)
    rows = m.numpy()
    expected = [np.einsum("abcd,b,c,d->a", tensor, *rows[[1, 2, 3]]),
                np.einsum("abcd,a,c,d->b", tensor, *rows[[0, 2, 3]]),
                np.einsum("abcd,a,b,d->c", tensor, *rows[[0, 1, 3]]),
                np.einsum("abcd,a,b,c->d", tensor, *rows[[0, 1, 2]])]  # fmt: skip
    np.testing.assert_allclose(-gradient.numpy(), np.stack(expected), rtol=0, atol=1e-12)


@pytest.mark.parametrize("metric", ["normal_ssim", "room_neg_loss"])
def test_scores_and_expectations_are_in_the_unit_and_losses_are_not_made_smaller(
    table: ColumnTable, metric: str
) -> None:
    problem = landscape(table, metric)
    arch = problem.space.unrank(17)
    value = table.value(metric, arch)
    point = problem.space.weights(arch).double()
    assert problem.query(arch) == pytest.approx(value, abs=1e-15)
    assert problem.score(point) == pytest.approx(value, abs=1e-15)
    assert problem.observe(point, arch)["expected_accuracy"] == pytest.approx(value, abs=1e-15)
    assert float(problem.losses(point, "valid")) == pytest.approx(-value, abs=1e-15)


def test_noise_is_in_the_unit_of_the_metric(table: ColumnTable) -> None:
    problem = landscape(table, "normal_ssim", noise=0.002)
    problem.advance()
    noise = problem.observed.ravel() - table.column("normal_ssim")
    assert 0.0016 < noise.std() < 0.0024


def test_the_table_keeps_the_contract_and_the_quantities(table: ColumnTable) -> None:
    check_table(table, registry.open_space("scenes"))
    header = json.loads((table.folder / "table.json").read_text())
    quantities = [metric.get("quantity") for metric in header["metrics"]]
    assert quantities == ["SSIM", "negative L2 loss", "ROC-AUC", None]
    assert table.metrics["object_top1"].quantity == "accuracy"


def test_ties_of_a_small_unit_are_as_narrow(table: ColumnTable) -> None:
    best = table.best("normal_ssim")
    assert table.standing("normal_ssim", best - 5e-6)[1] == 1
    assert table.standing("normal_ssim", best - 5e-8)[1] == 0
    assert table.standing("object_top1", table.best("object_top1") - 5e-6)[1] == 0


# --- how numbers are written ---------------------------------------------------------------------


def test_digits_go_by_the_size_of_the_numbers() -> None:
    ssim = Quantity("SSIM", "", 1.0)
    sizes = {0.04: (5, 6), 0.81: (4, 5), 1.0: (4, 5), -7.0: (3, 4), 640.0: (1, 2)}
    for number, digits in sizes.items():
        sized = ssim.sized([number, 0.0, float("nan")])
        assert (sized.digits, sized.difference_digits) == digits
    percent = Quantity().sized([0.3])
    assert (percent.digits, percent.difference_digits) == (2, 3)


def test_amounts_name_what_they_are_of() -> None:
    said = {
        Quantity(): "0.2 points",
        Quantity("ROC-AUC"): "0.2 points",
        Quantity("SSIM", "", 1.0): "0.2 SSIM",
        Quantity("negative L2 loss", "", 1.0): "0.2 of negative L2 loss",
        Quantity("negative loss", "nats", 1.0): "0.2 nats",
    }
    assert {quantity: quantity.amount("0.2") for quantity in said} == said


def test_a_unit_that_repeats_the_quantity_is_none(table: ColumnTable) -> None:
    from dataclasses import replace

    named = replace(table.metrics["normal_ssim"], unit="SSIM")
    assert quantity_of(named) == quantity_of(table.metrics["normal_ssim"])


# --- a study's tables ----------------------------------------------------------------------------


def test_results_say_what_they_are_judged_by(study: Study, dataset: str) -> None:
    trials, _ = load_results(study.folder)
    assert set(trials["metric_quantity"]) == {WORDS[dataset]}
    assert set(trials["metric_unit"]) == {""}
    assert (trials["accuracy"].abs() < 1).all()
    assert (trials["regret"] >= 0).all()


def test_an_accuracy_in_percent_has_no_further_columns(tmp_path: Path) -> None:
    trials, _ = load_results(scene_study(tmp_path / "s", "object", "rea", 1).folder)
    assert not {"metric_quantity", "metric_unit"} & set(trials)


def test_the_summary_is_in_the_unit(study: Study, dataset: str) -> None:
    data = load_study(study.folder)
    quantity = data.measure.quantity
    assert (data.measure.key, quantity.noun, quantity.size) == ("regret", WORDS[dataset], 1.0)
    row = data.row("rea")
    ends = data.done.loc[data.done["method"] == "rea", "accuracy"]
    assert row.accuracy_mean == pytest.approx(ends.mean())
    assert row.accuracy_low < row.accuracy_mean < row.accuracy_high  # 0 is no bound of a loss


def test_the_quantity_is_told_by_the_table_where_no_result_tells(study: Study) -> None:
    data = load_study(study.folder)
    older = data.trials.drop(columns=["metric_quantity", "metric_unit"])
    again = StudyData(data.study, older, data.history, data.space, data.table, "")
    assert again.measure == data.measure


# --- the report ----------------------------------------------------------------------------------


class Texts(HTMLParser):
    """What a reader of a page sees or is read out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._skipped += tag in ("script", "style")
        self.found += [str(v) for k, v in attrs if k in ("alt", "aria-label", "title") and v]

    def handle_endtag(self, tag: str) -> None:
        self._skipped -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.found.append(data)


def page_texts(page: Path) -> str:
    parser = Texts()
    parser.feed(page.read_text(encoding="utf-8"))
    return " ".join(" ".join(parser.found).split())


@pytest.fixture
def page(kept: Study, made: Path, dataset: str, quick: None) -> Path:
    page = made / f"report-{dataset}" / "index.html"
    return page if page.exists() else write_report(kept.folder, out=page.parent)


def wrong_in(text: str) -> list[str]:
    """Places where a number is called an accuracy or points."""
    left = HARMLESS.sub("", text)
    return [left[max(0, m.start() - 60) : m.end() + 40] for m in WRONG.finditer(left)]


def test_a_report_never_calls_them_accuracies_or_points(
    page: Path, dataset: str, study: Study
) -> None:
    seen = page_texts(page)
    markdown = (page.parent / "report.md").read_text(encoding="utf-8")
    for text in (seen, markdown):
        assert not wrong_in(text)
        assert WORDS[dataset] in text
    assert "lowest mean regret" in seen or "better than" in seen or "tell" in seen


def test_tables_of_the_report_have_the_unit_in_their_heads(page: Path, dataset: str) -> None:
    word = WORDS[dataset]
    latex = "".join(p.read_text() for p in (page.parent / "tables").glob("*.tex"))
    assert word in latex
    assert not wrong_in(latex)
    markdown = (page.parent / "report.md").read_text(encoding="utf-8")
    assert f"Regret ({word})" in markdown
    assert f"Difference ({word})" in markdown
    heading = word[:1].upper() + word[1:]
    assert f"| {heading} |" in markdown
    assert "(%)" not in markdown


def test_no_figure_has_a_per_cent_sign_over_them(page: Path, dataset: str) -> None:
    figures = {p.name: p.read_text() for p in (page.parent / "figures").glob("*.svg")}
    for name, svg in figures.items():
        assert not wrong_in(re.sub(r"points=", "", svg)), name
    assert figures
    labels = "".join(figures.values())
    assert f"regret, {WORDS[dataset]}" in labels


def test_numbers_have_digits_enough(page: Path, study: Study) -> None:
    data = load_study(study.folder)
    for label in data.done_labels:
        assert f"{data.row(label).regret_mean:.5f}" in page_texts(page)


def test_csv_heads_of_a_report_say_no_points(page: Path) -> None:
    for path in (page.parent / "tables").glob("*.csv"):
        assert not [c for c in pd.read_csv(path).columns if re.search("point|percent(?!ile)", c)]


# --- commands ------------------------------------------------------------------------------------


def test_compare_says_it_in_the_unit(study: Study, dataset: str) -> None:
    said = told("compare", "darts", "rea", str(study.folder))
    assert not wrong_in(said)
    assert Quantity(WORDS[dataset], "", 1.0).amount("").strip() in said
    found = json.loads(told("compare", "darts", "rea", str(study.folder), "--json"))[0]
    assert (found["quantity"], found["unit"]) == (WORDS[dataset], WORDS[dataset])
    assert "gain" in found
    assert "gain_points" not in found


def test_compare_by_the_number_itself(study: Study, dataset: str) -> None:
    said = told("compare", "darts", "rea", str(study.folder), "--metric", "accuracy")
    assert f"mean {WORDS[dataset]}" in said
    assert not wrong_in(said)


def test_query_has_groups_of_their_own(table: ColumnTable) -> None:
    said = told("query", "0-1-2-0", "--table", "scene_bench")
    assert "normal, 25 epochs, single runs: SSIM" in said
    assert "room, 25 epochs, single runs: negative L2 loss" in said
    assert "proteins, 25 epochs, single runs: ROC-AUC" in said
    assert "object, 25 epochs, single runs: accuracy" in said
    arch = registry.open_space("scenes").parse("0-1-2-0")
    assert re.search(rf"normal_ssim +{table.value('normal_ssim', arch):.6g}\n", said)


def test_the_best_of_a_loss_is_the_least_negative(table: CompleteTable) -> None:
    words = "query", "--top", "2", "--by", "room_neg_loss", "--table", "scene_bench", "--json"
    best, second = (row["room_neg_loss"] for row in json.loads(told(*words)))
    assert 0 > best > second
    assert best == table.best("room_neg_loss")


def test_show_table_names_quantities() -> None:
    said = told("show", "table", "scene_bench")
    assert re.search(r"normal_ssim +SSIM", said)
    assert re.search(r"proteins_auc +ROC-AUC, %", said)


def test_a_run_ends_with_heads_in_the_unit(tmp_path: Path, dataset: str) -> None:
    words = ["run", "-m", "rea", "--space", "scenes", "--dataset", dataset, "--steps", "5"]
    words += ["--seeds", "3", "-j", "1", "--no-report", "-o", str(tmp_path / "s")]
    said = told(*words)
    assert f"regret ({WORDS[dataset]})" in said
    assert not wrong_in(said)
    assert "(%)" not in said


def test_a_smallest_difference_is_in_the_unit(tmp_path: Path, dataset: str) -> None:
    words = ["run", "-m", "rea", "--space", "scenes", "--dataset", dataset, "--steps", "5"]
    words += ["--seeds", "3", "-j", "1", "--no-report", "-o", str(tmp_path / "s")]
    told(*words)
    told(*words, "--smallest-difference", "0.004")
    data = load_study(tmp_path / "s")
    assert data.smallest
    assert data.smallest.words == data.measure.quantity.amount("0.004")


# --- baselines and checks ------------------------------------------------------------------------


@pytest.fixture
def baseline(study: Study, tmp_path: Path) -> Path:
    path = tmp_path / "baseline.json"
    told("baseline", "save", str(study.folder), "--to", str(path))
    return path


def lowered(study: Study, by: float) -> Iterator[None]:
    """Make every result of a study worse."""
    for spec in study.specs:
        path = study.trials_folder / spec.trial_id / "result.json"
        result = json.loads(path.read_text())
        result[spec.report_metric] -= by
        path.write_text(json.dumps(result))
    yield


def test_a_baseline_keeps_the_quantity(baseline: Path, dataset: str, study: Study) -> None:
    rows = json.loads(baseline.read_text())["series"]
    quantities = {row["metric"]: row.get("metric_quantity") for row in rows}
    assert quantities[study.specs[0].report_metric] == WORDS[dataset]
    assert quantities["queries"] is None
    told("check", str(study.folder), "--baseline", str(baseline))


def test_a_check_tells_losses_in_the_unit(
    baseline: Path, dataset: str, study: Study, tmp_path: Path
) -> None:
    list(lowered(study, 0.0123))
    junit, summary = tmp_path / "c.xml", tmp_path / "c.md"
    words = ["check", str(study.folder), "--baseline", str(baseline), "--junit", str(junit)]
    found = CliRunner().invoke(app, [*words, "--markdown", str(summary)], env={"COLUMNS": "160"})
    assert found.exit_code in (1, 4), (found.output, found.exception)
    amount = Quantity(WORDS[dataset], "", 1.0).amount("0.01230")
    for text in (found.stdout, junit.read_text(), summary.read_text()):
        plain = " ".join(text.split())
        assert amount.replace(" ", "") in plain.replace(" ", "").replace("\\", "")
        assert not wrong_in(plain)
    assert f"loss, {WORDS[dataset]}: worse to the right" in summary.read_text()


def test_the_usual_margin_is_as_small_as_the_unit(baseline: Path, study: Study) -> None:
    from nasbench_harness.reports.regression.baseline import read_baseline
    from nasbench_harness.reports.regression.margins import find_margins, margin_of

    kept = read_baseline(baseline)
    allowed = find_margins(kept, {})
    judged = [s for s in kept.results.series if s.key.metric == study.specs[0].report_metric]
    assert {margin_of(series, allowed) for series in judged} == {0.002}
    given = find_margins(kept, {judged[0].key.metric: 0.01})
    assert margin_of(judged[0], given) == 0.01
    assert margin_of(judged[0], {**allowed, "accuracy": 5.0}) == 0.002

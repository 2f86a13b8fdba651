"""The report as a whole: what it states, what it needs, and what it does with bad input."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.landscape.kind import KIND as LANDSCAPE
from nasbench_harness.reports import write_report
from nasbench_harness.reports.study.data import load_study
from nasbench_harness.reports.words.marked import plain
from nasbench_harness.reports.words.verdict import judge
from nasbench_harness.store import ownership
from nasbench_harness.store.outcomes import Outcome, Status, write_failure
from nasbench_harness.store.studies import Study, gather
from nasbench_harness.study import citations

from .conftest import make_study, relabelled
from .htmlpage import Page

ODD = "<script>alert(1)</script>|`$x_1$` %~^\\{#}&\"'"


def test_page_needs_no_network(page: Path) -> None:
    text = page.read_text()
    loads = Page(text).loads
    assert all(load.startswith(("#", "data:")) for load in loads)
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


def test_only_the_page_s_own_script_may_run(page: Path) -> None:
    text = page.read_text()
    (script,) = Page(text).scripts
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text
    assert not re.search(r"<[^>]+ on[a-z]+=", text)


def test_page_is_well_formed_and_every_reference_resolves(page: Path) -> None:
    parsed = Page(page.read_text())
    assert parsed.open == []
    assert len(parsed.ids) == len(set(parsed.ids))
    inside = [load[1:] for load in parsed.loads if load.startswith("#")]
    inside += re.findall(r"url\(#([^)]+)\)", page.read_text())
    assert set(inside) <= set(parsed.ids)


def test_files_named_on_the_page_exist(page: Path) -> None:
    links = [link for link in Page(page.read_text()).links if not link.startswith("#")]
    assert len(links) >= 4 + 5 * 3
    assert all((page.parent / link).is_file() for link in links)
    assert {path.name for path in page.parent.rglob(".*")} <= {ownership.MARKER, ownership.LOCK}


def test_markdown_links_exist(page: Path) -> None:
    text = (page.parent / "report.md").read_text()
    links = re.findall(r"\]\(([^)]+)\)", text)
    files = [link for link in links if not link.startswith("#")]
    assert files
    assert all((page.parent / link).is_file() for link in files)
    anchors = re.findall(r'<a id="([^"]+)"></a>', text)
    assert len(anchors) == len(set(anchors)) > 10
    assert [link[1:] for link in links if link.startswith("#")] == anchors


def test_report_states_what_it_is_about(page: Path, finished: Study) -> None:
    spec = finished.specs[0]
    for text in (Page(page.read_text()).words, (page.parent / "report.md").read_text()):
        for fact in (spec.table_hash, "0–2", "nasbench-harness 0", "data.anb"):
            assert fact in text
        assert LANDSCAPE.caveat in text
        assert "not the official benchmark" in text
        assert re.search(r"Config\W*SHA-256 [0-9a-f]{64}", text)
        assert "the same as the one searched" in text
    assert finished.facts["machine"] in Page(page.read_text()).words


def test_caveats_come_before_any_number(page: Path) -> None:
    text = page.read_text()
    assert text.index(LANDSCAPE.caveat) < text.index("<table")


def test_the_verdict_stands_in_the_first_lines(page: Path, finished: Study) -> None:
    """Above the caveats, and once."""
    lead = plain(judge(load_study(finished.folder)).lead)
    markdown = (page.parent / "report.md").read_text()
    for text in (Page(page.read_text()).words, markdown.replace("`", "").replace("\\", "")):
        assert text.count(lead) == 1
        assert text.index(lead) < text.index("Read this first") < text.index("In words")
    assert markdown.index(markdown.splitlines()[2]) < 80


def test_contents_name_every_section_in_its_order(page: Path) -> None:
    text = page.read_text()
    contents = text[text.index('<nav class="toc"') :].partition("</nav>")[0]
    entries = re.findall(r'<a href="#([^"]+)">([^<]+)</a>', contents)
    heads = re.findall(r'<h2 class="head" id="([^"]+)">([^<]+)</h2>', text)
    assert entries == heads
    assert len(entries) == text.count('<h2 class="head"') > 10


def test_it_says_how_to_cite(page: Path, finished: Study) -> None:
    """All that `nasharness cite` prints, and whose it is."""
    version = finished.facts["versions"]["nasbench-harness"]
    things = [citations.harness([version]), *citations.used(finished.specs)]
    for text in (Page(page.read_text()).words, (page.parent / "report.md").read_text()):
        assert all(entry in text for entry in citations.distinct_entries(things))
        assert "the methods drnas, rea and random" in text.replace("`", "")


def test_every_trial_carries_its_command(page: Path, finished: Study) -> None:
    commands = set(pd.read_parquet(finished.folder / "trials.parquet")["command"])
    assert set(Page(page.read_text()).commands()) == commands
    text = (page.parent / "report.md").read_text()
    assert all(command in text for command in commands)


def test_theme_reaches_the_figures(page: Path) -> None:
    text = page.read_text()
    svg = "".join(re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL))
    assert "var(--ink)" in svg
    assert "#1f2328" not in svg
    assert "prefers-color-scheme: dark" in text


def test_tables_hold_the_summary(page: Path) -> None:
    summary = pd.read_csv(page.parent / "tables" / "summary.csv")
    assert set(summary["method"]) == {"drnas", "rea", "random"}
    assert set(summary["table"]) == {"analog"}
    for kind in ("md", "tex"):
        text = (page.parent / "tables" / f"summary.{kind}").read_text()
        assert f"{summary['regret_mean'][0]:.3f}" in text


def test_failed_interrupted_and_missing_trials_are_shown(tmp_path: Path, quick: None) -> None:
    study = make_study(tmp_path / "s", "drnas,rea", seeds=3)
    failed, missing = (next(s for s in study.specs if s.label == m) for m in ("drnas", "rea"))
    outcome = Outcome(failed.trial_id, Status.FAILED, "MemoryError: <no> room")
    write_failure(study.trials_folder / failed.trial_id, outcome)
    shutil.rmtree(study.trials_folder / missing.trial_id)
    gather(study)
    page = Page(write_report(study.folder).read_text())
    assert "2 of 9 trials have no result" in page.words
    assert "drnas seed 0 failed; rea seed 0 missing" in page.words
    assert "7 done, 1 failed, 1 missing" in page.words
    assert "2 of 3" in page.words
    assert sorted(page.trials[0]["status"]) == ["done"] * 7 + ["failed", "missing"]
    assert "MemoryError: <no> room" in page.trials[0]["texts"]


def test_a_study_without_a_single_result(tmp_path: Path) -> None:
    study = make_study(tmp_path / "s", run=False)
    words = Page(write_report(study.folder).read_text()).words
    assert "9 of 9 trials have no result" in words
    assert words.count("Not drawn:") == 5
    assert not (study.folder / "report" / "figures").exists()


def test_a_study_that_was_cut_off_before_its_tables(tmp_path: Path, quick: None) -> None:
    study = make_study(tmp_path / "s", "rea", seeds=2, random=False)
    for name in ("trials.parquet", "history.parquet"):
        (study.folder / name).unlink()
    assert "planned: 2 done" in Page(write_report(study.folder).read_text()).words


def test_one_seed_of_one_method(tmp_path: Path, quick: None) -> None:
    study = make_study(tmp_path / "s", "drnas", seeds=1, steps=1, random=False)
    words = Page(write_report(study.folder).read_text()).words
    assert "drnas has no other method to be compared with" in words
    assert "nan" not in words.split()


def test_odd_labels_are_escaped_everywhere(tmp_path: Path, quick: None) -> None:
    study = make_study(tmp_path / "a <b>&", "rea", seeds=2, edit=relabelled("rea", ODD))
    page = write_report(study.folder)
    text = page.read_text()
    assert "<script>alert" not in text
    parsed = Page(text)
    assert parsed.open == []
    assert len(parsed.scripts) == 1
    assert f"rea[note={ODD}]" in parsed.words
    assert f"rea[note={ODD}]" in [method["label"] for method in parsed.trials[0]["methods"]]
    assert "a <b>&" in parsed.words
    latex = (page.parent / "tables" / "summary.tex").read_text()
    assert r"\textless{}script\textgreater{}" in latex
    rows = (page.parent / "tables" / "summary.md").read_text().splitlines()
    cells = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert len(cells) == 1
    names = [path.name for path in page.parent.rglob("*")]
    assert all(re.fullmatch(r"[a-z.-]+", name) for name in names)


def test_a_table_that_changed_since_is_not_looked_into(tmp_path: Path, quick: None) -> None:
    study = make_study(tmp_path / "s", "rea", seeds=2, random=False)
    path = study.folder / "study.json"
    path.write_text(path.read_text().replace(study.specs[0].table_hash, "0" * 64))
    words = Page(write_report(study.folder).read_text()).words
    assert "installed here is not the one the study used" in words


def test_default_place_is_beside_the_study(tmp_path: Path) -> None:
    study = make_study(tmp_path / "s", run=False)
    assert write_report(study.folder) == study.folder / "report" / "index.html"


def test_no_study_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="holds no study"):
        write_report(tmp_path)


def test_damaged_tables_are_one_sentence(tmp_path: Path) -> None:
    study = make_study(tmp_path / "s", run=False)
    (study.folder / "trials.parquet").write_bytes(b"junk")
    with pytest.raises(HarnessError, match="cannot be read"):
        write_report(study.folder)


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, nasbench_harness.reports as r; assert callable(r.write_report);"
        "print([m for m in ('pandas', 'matplotlib', 'torch', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_reports_load_no_method_and_no_torch(finished: Study, tmp_path: Path) -> None:
    """What can be read of a method without running it, its set-up, tells where numbers are from."""
    code = (
        "import sys; from pathlib import Path; from nasbench_harness.reports import write_report;"
        f"write_report(Path({str(finished.folder)!r}), out=Path({str(tmp_path)!r}));"
        "light = ('nasbench_harness.methods', 'nasbench_harness.methods.setups');"
        "print([m for m in sys.modules if m == 'torch' or m.startswith('nasbench_harness.meth')"
        " and m not in light and not m.startswith(light[1] + '.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

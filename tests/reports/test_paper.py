"""What a paper is given: LaTeX that holds, figures of print size, nothing cut off or on top."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from typer.testing import CliRunner

from nasbench_harness.cli import app
from nasbench_harness.errors import HarnessError
from nasbench_harness.reports.earlier import is_paper
from nasbench_harness.reports.figures import anytime, cells, choices, relief
from nasbench_harness.reports.figures.printing import (
    DOUBLE,
    LARGEST,
    LOWEST,
    PRINT_RC,
    SINGLE,
    SMALLEST,
    TALLEST,
    sheets,
)
from nasbench_harness.reports.figures.style import method_styles
from nasbench_harness.reports.paper import portable, write_paper
from nasbench_harness.reports.report import FIGURES
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.reports.words.marked import latex, name
from nasbench_harness.store.ownership import publishing
from nasbench_harness.store.studies import Study
from nasbench_harness.study.config import BASELINE

from .conftest import make_study, relabelled

ODD = '$x_1^2$ 50% a\\b & {c} #~ é 漢\n\n"q" <|>`µ'
POINT = 72


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> Study:
    """A study one of whose methods has a label of everything that LaTeX reads as a command."""
    folder = tmp_path_factory.mktemp("odd") / "50%_of $x$ & [more]"
    return make_study(folder, "drnas,rea", seeds=2, edit=relabelled("drnas", ODD))


@pytest.fixture(scope="module")
def papers(
    finished: Study, searched: Study, odd: Study, tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    """Folders for papers: of a landscape and supernets at once, and of odd names alone."""
    out = tmp_path_factory.mktemp("papers")
    write_paper([finished.folder, searched.folder], out / "both")
    write_paper([odd.folder], out / "odd")
    return [out / "both", out / "odd"]


# --- LaTeX -------------------------------------------------------------------------------------

COMMANDS = {
    "textbackslash", "textasciitilde", "textasciicircum", "textless", "textgreater", "dots",
    "texttt", "pm", "times", "rightarrow", "leftarrow", "tau", "alpha", "mu", "lambda", "leq",
    "geq",
    "begin", "end", "toprule", "midrule", "bottomrule", "raggedright", "arraybackslash",
}  # fmt: skip


def uncommented(source: str) -> str:
    return re.sub(r"^%.*", "", source, flags=re.MULTILINE)


def check_text(source: str) -> None:
    """Braces and dollars in pairs, every special character escaped, known commands alone."""
    text = uncommented(source)
    assert set(re.findall(r"\\([a-zA-Z]+)", text)) <= COMMANDS
    bare = re.sub(r"\\[a-zA-Z]+|\\\\|\\[{}_#$%&]", "", text)
    assert "\\" not in bare
    depth = 0
    for character in bare:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert bare.count("$") % 2 == 0
    outside = "".join(bare.split("$")[::2])
    assert not set("#~^_%") & set(outside)
    assert all(c.isascii() or c in "éµ" for c in bare)


def check_table(source: str) -> None:
    """A `tabular` whose rows all have as many cells as it has columns."""
    check_text(source)
    (columns,) = re.findall(r"\\begin\{tabular\}\{(.*)\}\n", source)
    width = len(re.sub(r">\{.*?\}p\{.*?\}", "p", columns))
    assert set(re.sub(r">\{.*?\}p\{.*?\}", "p", columns)) <= set("lrp")
    body = source.split("\\toprule\n")[1].split("\\bottomrule", maxsplit=1)[0]
    lines = [line for line in body.splitlines() if line != "\\midrule"]
    assert len(lines) > 2
    for line in lines:
        assert line.endswith(" \\\\"), line
        assert len(re.findall(r"(?<!\\)&", line)) == width - 1, line


@pytest.mark.parametrize(
    "wrong",
    ["50% of it", r"a_b", r"$x", r"\unknown{x}", r"{x", "x}", "a # b", "漢", "tilde~"],
)
def test_the_check_itself_finds_what_is_wrong(wrong: str) -> None:
    with pytest.raises(AssertionError):
        check_text(wrong)
    with pytest.raises(AssertionError):
        check_table(
            f"\\begin{{tabular}}{{lr}}\n\\toprule\na & b \\\\\n{wrong} & 1 & 2 \\\\\n"
            "\\bottomrule\n\\end{tabular}\n"
        )


@pytest.mark.parametrize("text", [ODD, "--", "[x]", "¡", "a\x07b", "½ → ∞", "ÀÿĀ", " nbsp"])
def test_any_label_becomes_portable_latex(text: str) -> None:
    made = portable(" ".join(latex(f"{name(text)} {text}").split()))
    check_text(re.sub("[À-ÖØ-öø-ÿ]", "e", made).replace("~", " "))


def test_characters_without_a_letter_keep_their_number() -> None:
    assert portable("漢 τ é\n") == "U+6F22 $\\tau$ é\n"


def test_every_table_is_well_formed(papers: list[Path]) -> None:
    found = [path for paper in papers for path in paper.rglob("*.tex") if path.name != "main.tex"]
    assert {"summary.tex", "leaderboard.tex", "paired.tex"} <= {path.name for path in found}
    for path in found:
        check_table(path.read_text(encoding="utf-8"))


def test_document_shows_all_there_is_and_nothing_else(papers: list[Path]) -> None:
    for paper in papers:
        source = (paper / "main.tex").read_text(encoding="utf-8")
        shown = re.findall(r"\\fit\{([^#}]+)\}", source)
        drawn = re.findall(r"\\includegraphics\{(.+?)\}", source)
        tables = {str(p.relative_to(paper).with_suffix("")) for p in paper.rglob("tables/*.tex")}
        figures = {str(p.relative_to(paper).with_suffix("")) for p in paper.rglob("*.pdf")}
        assert set(shown) == tables
        assert set(drawn) == figures
        assert len(shown) == len(tables)
        assert len(drawn) == len(figures)
        opened = re.findall(r"\\begin\{(.+?)\}", source)
        assert sorted(opened) == sorted(re.findall(r"\\end\{(.+?)\}", source))


def test_document_says_what_a_landscape_is(papers: list[Path]) -> None:
    source = " ".join((papers[1] / "main.tex").read_text(encoding="utf-8").split())
    assert "is no evidence that a method works on images" in source
    assert "The two cannot be compared" in source


def test_several_studies_have_folders_of_their_own(papers: list[Path]) -> None:
    paper = papers[0]
    names = sorted(path.name for path in paper.iterdir())
    assert names == [".nasharness.json", ".nasharness.lock", "main.tex", "study-1", "study-2"]
    assert (paper / "study-1/tables/leaderboard.tex").exists()
    assert not (paper / "study-2/tables/leaderboard.tex").exists()  # digits: nobody published


def test_latex_sets_it(papers: list[Path], tmp_path: Path) -> None:
    if shutil.which("pdflatex") is None:
        pytest.skip("there is no pdflatex here; what it would choke on is looked for above")
    for paper in papers:
        work = tmp_path / paper.name
        shutil.copytree(paper, work)
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "main.tex"]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:]
        assert (work / "main.pdf").exists()
        assert "Overfull \\hbox" not in done.stdout


# --- figures -----------------------------------------------------------------------------------


def size_of(path: Path) -> tuple[float, float]:
    """Width and height of a PDF's only page, in points."""
    (box,) = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", path.read_bytes())
    return float(box[0]), float(box[1])


def test_figures_are_vectors_with_truetype_letters(papers: list[Path]) -> None:
    for path in (path for paper in papers for path in paper.rglob("*.pdf")):
        content = path.read_bytes()
        assert content.startswith(b"%PDF")
        assert b"/FontFile2" in content, path
        assert b"/Type3" not in content, path


def test_figures_have_the_width_of_one_column_or_two(papers: list[Path]) -> None:
    widths = set()
    for path in (path for paper in papers for path in paper.rglob("*.pdf")):
        width, height = size_of(path)
        assert width in (SINGLE, DOUBLE)
        assert height <= TALLEST
        widths.add(width)
    assert widths == {SINGLE, DOUBLE}


def test_writing_again_gives_the_same_and_leaves_nothing_of_before(
    odd: Study, papers: list[Path], tmp_path: Path
) -> None:
    again = tmp_path / "paper"
    with publishing(again, is_paper) as fresh:
        (fresh / "figures").mkdir()
        (fresh / "figures" / "gone.pdf").write_text("of another run")
    (again / "figures" / "mine.pdf").write_text("a figure of my own")
    write_paper([odd.folder], again)
    assert (again / "figures" / "mine.pdf").read_text() == "a figure of my own"
    (again / "figures" / "mine.pdf").unlink()
    found = {path.relative_to(again): path for path in again.rglob("*") if path.is_file()}
    before = {p.relative_to(papers[1]): p for p in papers[1].rglob("*") if p.is_file()}
    assert found.keys() == before.keys()
    assert all(path.read_bytes() == before[key].read_bytes() for key, path in found.items())
    assert not list(tmp_path.glob(".*"))


def drawn(data: StudyData, draws: Sequence[Any] = FIGURES) -> Iterator[tuple[str, Figure]]:
    """Every sheet of a study, one at a time."""
    styles = method_styles({spec.label: spec.method for spec in data.study.specs}, BASELINE)
    for draw in draws:
        with mpl.rc_context(PRINT_RC):
            result: Any = draw(data, styles)
        for drawing in result if isinstance(result, list) else [result]:
            if hasattr(drawing, "figure"):
                yield from ((sheet.key, sheet.figure) for sheet in sheets(drawing))


def texts_of(figure: Figure) -> list[tuple[str, float, Bbox]]:
    """What is written on the figure: words, size of the letters and place in points."""
    FigureCanvasAgg(figure).draw()
    found = []
    for axes in figure.axes:
        if not axes.get_visible():
            continue
        found += [text for text in axes.findobj(Text) if _shown(text, axes)]
    for legend in figure.legends:
        found += legend.get_texts()
    scale = POINT / figure.dpi
    return [
        (text.get_text(), text.get_fontsize(), text.get_window_extent().transformed(
            mpl.transforms.Affine2D().scale(scale)))
        for text in found
    ]  # fmt: skip


def _shown(text: Any, axes: Any) -> bool:
    """Whether a text has letters, and as a label of a tick lies within the limits of its axis."""
    if not text.get_visible() or not text.get_text().strip():
        return False
    if not axes.axison and text in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        return False
    for axis, place in ((axes.xaxis, 0), (axes.yaxis, 1)):
        if text in axis.get_ticklabels(which="both"):
            low, high = sorted(axis.get_view_interval())
            room = 1e-6 * (high - low)
            return low - room <= text.get_position()[place] <= high + room and axis.get_visible()
    return True


@pytest.fixture(params=["finished", "searched", "odd"])
def study(request: pytest.FixtureRequest) -> StudyData:
    """One study after the other."""
    return load_study(request.getfixturevalue(request.param).folder)


def test_nothing_is_cut_off_or_written_over(study: StudyData) -> None:
    keys = []
    for key, figure in drawn(study):
        keys.append(key)
        texts = texts_of(figure)
        width, height = (POINT * inches for inches in figure.get_size_inches())
        assert texts
        for words, size, box in texts:
            assert SMALLEST <= size <= LARGEST, (key, words)
            assert box.x0 >= -1, (key, words, box)
            assert box.y0 >= -1, (key, words, box)
            assert box.x1 <= width + 1, (key, words, box)
            assert box.y1 <= height + 1, (key, words, box)
        for (words, _, box), (other, _, place) in combinations(texts, 2):
            assert not _overlap(box, place), (key, words, other)
    assert {"anytime-regret-seconds", "distribution"} <= set(keys)


def _overlap(first: Bbox, second: Bbox) -> bool:
    """Whether boxes share more than the thin room above and below letters."""
    wide = min(first.x1, second.x1) - max(first.x0, second.x0)
    high = min(first.y1, second.y1) - max(first.y0, second.y0)
    return wide > 1 and high > 2.5


def test_a_legend_too_wide_stands_in_one_column_and_leaves_room(odd: Study) -> None:
    data = load_study(odd.folder)
    styles = method_styles({spec.label: spec.method for spec in data.study.specs}, BASELINE)
    with mpl.rc_context(PRINT_RC):
        result: Any = anytime.draw(data, styles)
    (sheet, *_) = sheets(result[0])
    (legend,) = sheet.figure.legends
    FigureCanvasAgg(sheet.figure).draw()
    lefts = {round(text.get_window_extent().x0) for text in legend.get_texts()}
    assert len(lefts) == 1
    assert any("$" in text.get_text() for text in legend.get_texts())
    (axes,) = sheet.figure.axes
    assert axes.bbox.height * POINT / sheet.figure.dpi >= LOWEST - 1


def test_panels_go_on_on_the_next_sheet(finished: Study) -> None:
    """Three heat maps, two beside each other: no panel is lost, none is there twice."""
    data = load_study(finished.folder)
    found: dict[str, list[str]] = {}
    for key, figure in drawn(data, (cells.draw, choices.draw, relief.draw)):
        stem = re.sub(r"-\d+$", "", key)
        shown = [axes.get_gid() for axes in figure.axes if axes.get_visible()]
        found.setdefault(stem, []).extend(g for g in shown if g and g.startswith("panel"))
    for stem in ("choices", "landscape", "architectures"):
        assert found[stem] == [f"panel-{i}" for i in range(len(found[stem]))]
    assert len(found["choices"]) == 3
    assert len(found["architectures"]) == len(cells.shown(cells.every_find(data)))


# --- the command -------------------------------------------------------------------------------


@pytest.mark.usefixtures("quick")
def test_command_writes_it_beside_the_page(odd: Study, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["report", str(odd.folder), "--paper", "--out", str(tmp_path / "r")]
    )
    assert done.exit_code == 0, done.output
    assert (tmp_path / "r/index.html").exists()
    assert (tmp_path / "r/paper/main.tex").exists()
    assert "paper/main.tex" in done.output.replace("\n", "")


def test_report_alone_writes_no_paper(page: Path) -> None:
    assert not (page.parent / "paper").exists()


def test_a_folder_without_a_study_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(HarnessError):
        write_paper([tmp_path / "none"], tmp_path / "paper")
    assert not (tmp_path / "paper").exists()

"""Labels with odd characters in HTML, Markdown and LaTeX."""

from __future__ import annotations

import pytest

from nasbench_harness.reports.words import marked

ODD = "m[note=<b>&|`$x_1^2$`\\{#%~}]"


def test_html_escapes_labels_and_text() -> None:
    text = marked.html(f"a < b: {marked.name(ODD)}")
    assert text == "a &lt; b: <code>m[note=&lt;b&gt;&amp;|`$x_1^2$`\\{#%~}]</code>"


def test_markdown_code_outlives_backticks() -> None:
    assert marked.markdown(marked.name("unas[a=1]")) == "`unas[a=1]`"
    assert marked.markdown(marked.name("a`b")) == "``a`b``"
    assert marked.markdown(marked.name("`a`")) == "`` `a` ``"
    assert marked.markdown("a_b *c* <d>") == r"a\_b \*c\* \<d\>"
    assert marked.markdown_cell("`a|b`") == r"`a\|b`"


def test_latex_escapes_what_it_must() -> None:
    assert marked.latex("5 % of_all & $1") == r"5 \% of\_all \& \$1"
    assert marked.latex(marked.name("a^b~c\\d{e}#")) == (
        r"\texttt{a\textasciicircum{}b\textasciitilde{}c\textbackslash{}d\{e\}\#}"
    )


def test_plain_text_has_no_marks() -> None:
    assert marked.plain(f"{marked.name('darts')} wins") == "darts wins"


@pytest.mark.parametrize(
    ("items", "expected"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_lists_in_words(items: list[str], expected: str) -> None:
    assert marked.listing(items) == expected


def test_runs_of_numbers_are_drawn_together() -> None:
    assert marked.ranges([7, 0, 1, 2, 9, 10]) == "0–2, 7, 9–10"


def test_long_labels_are_broken_after_a_comma_and_cut() -> None:
    assert marked.shortened("unas[temperature=0.4,cost=params]", 24) == (
        "unas[temperature=0.4,\ncost=params]"
    )
    lines = marked.shortened("x" * 100, 24).split("\n")
    assert [len(line) for line in lines] == [24, 24]

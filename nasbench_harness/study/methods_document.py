"""The built-in methods as a page; run as a module it prints docs/methods.md.

What it tells of a method is what the method declares; see `contracts.Fidelity`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nasbench_harness import registry
from nasbench_harness.contracts import Basis, Passes
from nasbench_harness.study.told import (
    Described,
    cost_sentence,
    describe,
    formula,
    recipes_by_space,
)

INTRODUCTION = """\
# The methods

What each built-in method is, what it was written from, where it differs from that, what a step \
of it costs, and the tests that hold it to its formula. `nasharness list methods` and `nasharness \
show method NAME` tell the same, and of every setting where its number is from; methods of other \
packages tell as much as they declare ([a method](plugins/method.md)).

**Written from** says how sure one can be. What was read was not run beside ours: where a formula \
is held against numbers, these are exact ones that the tests work out themselves, and published \
accuracies are compared in [results](results.md) and in reports.

**Worse than random** are methods where their answers were measured to be, on the tables that come \
with the package ([results](results.md#the-suite-quick)), by a study's own verdict; of the others \
none was seen to be.

"""

MEANINGS = {
    Basis.CODE: "the code of the method's authors was read, with its numbers",
    Basis.BENCHMARK_CODE: "the code of a benchmark's authors, who ran the method, was read",
    Basis.OTHERS_CODE: "code of others than the authors was read",
    Basis.TEXT: "the paper's text, or its authors' answers, without code",
    Basis.ABSTRACT: "nothing but the abstract was at hand",
    Basis.OWN: "ours; published by nobody under that name",
}
PASSES = """\
**Passes** are those of the network over one batch in one step of a search on images, `forward + \
backward`, under the method's default settings: of the update of the network weights, and of that \
of the architecture parameters. A pass that serves both counts as one of the weights'. Passes over \
a network of which one operation an edge is run cost far less than those of a whole one.
"""
UNDECLARED = "does not say"
HEAD = ("method", "year", "runs on", "written from", "weights", "architecture")


def document() -> str:
    """The content of docs/methods.md."""
    methods = [describe(name) for name in registry.methods.built_in()]
    meanings = "\n".join(f"| {basis} | {meaning} |" for basis, meaning in MEANINGS.items())
    parts = [
        INTRODUCTION + f"| written from | what was at hand |\n|---|---|\n{meanings}\n",
        PASSES,
        _overview(methods),
        *(_section(one) for one in methods),
    ]
    return "\n".join(parts)


def _overview(methods: Iterable[Described]) -> str:
    rows = [HEAD, ("---",) * len(HEAD), *(_row(one) for one in methods)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _row(one: Described) -> tuple[str, ...]:
    cost = one.fidelity.cost if one.fidelity else None
    passes = ("", "") if cost is None else (_passes(cost.weights), _passes(cost.architecture))
    link = f"[{one.name}](#{one.name})"
    return link, str(one.year or ""), one.needs, one.basis or UNDECLARED, *passes


def _passes(passes: Passes) -> str:
    """`4 + 2`: forward and backward."""
    return f"{passes.forward} + {passes.backward}" if passes.forward or passes.backward else "–"


def _section(one: Described) -> str:
    lines = [f"## {one.name}", "", one.summary, ""]
    if told := formula(one.name):
        lines += ["```text", told, "```", ""]
    lines += _truth(one)
    lines += ["| recipe | space | problem | source |", "|---|---|---|---|"]
    lines += _recipes(one.name)
    return "\n".join([*lines, ""])


def _recipes(name: str) -> Iterator[str]:
    """A row each; of several spaces one, where all else is the same."""
    spaces: dict[tuple[str, str, str], list[str]] = {}
    for one in recipes_by_space(name):
        if not one["package"]:
            spaces.setdefault((one["name"], one["kind"], one["source"]), []).append(one["space"])
    for (called, kind, source), of in spaces.items():
        yield f"| {called} | {', '.join(of)} | {kind} | {_cell(source)} |"


def _truth(one: Described) -> Iterator[str]:
    """What the method declares, a paragraph each."""
    declared = one.fidelity
    if declared is None:
        yield from (f"It {UNDECLARED} what it was written from.", "")
        return
    yield from (f"**Written from** {declared.basis}. {declared.against}".rstrip(), "")
    if declared.deviations:
        yield from ("**Differs**", "", *(f"- {one}" for one in declared.deviations), "")
    if declared.cost is not None:
        yield from (f"**A step**: {cost_sentence(declared.cost)}.", "")
    if declared.tests:
        links = ", ".join(f"[{path}](../{path})" for path in declared.tests)
        yield from (f"**Tests**: {links}.", "")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    print(document(), end="")

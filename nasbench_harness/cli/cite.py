"""`nasharness cite`: what to cite of a study."""

from __future__ import annotations

from nasbench_harness.cli.app import JsonOption, app
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.cli.options.studies import ReadStudies


@app.command(
    "cite",
    cls=Command,
    epilog=examples(
        "nasharness cite runs/unas-drnas-nb201 >> references.bib",
        "nasharness cite runs/a runs/b --json",
    ),
)
def cite_studies(
    studies: ReadStudies,
    json: JsonOption = False,
) -> None:
    """BibTeX of all that studies used: harness, methods, spaces, tables, images; each entry once.

    What names no entry of its own is told in a comment. `nasharness data cite` has what one
    benchmark or set of images comes from.
    """
    from nasbench_harness import __version__
    from nasbench_harness.cli import console
    from nasbench_harness.store.provenance import PACKAGE
    from nasbench_harness.store.studies import open_study, studies_in
    from nasbench_harness.study import citations

    opened = [open_study(folder) for folder in studies_in(studies)]
    versions = [study.facts.get("versions", {}).get(PACKAGE, __version__) for study in opened]
    things = [
        citations.harness(versions),
        *citations.used(spec for study in opened for spec in study.specs),
    ]
    entries = citations.distinct_entries(things)
    without = [thing for thing in things if thing.without]
    if json:
        told = [{"kind": one.kind, "name": one.name, "why": one.without} for one in without]
        console.print_json({"bibtex": entries, "without": told})
        return
    for one in without:
        line = f"% {one.kind} {one.name}: {one.without}"
        console.out.print(line, markup=False, soft_wrap=True)
    console.out.print("\n\n".join(entries), markup=False, soft_wrap=True)

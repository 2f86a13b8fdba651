"""What a run ends with: summary, report, and how to go on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbench_harness.errors import ExitCode

if TYPE_CHECKING:
    import pandas as pd

    from nasbench_harness.study import StudyRun


def tell(done: list[StudyRun], report: Path | None, *, json: bool) -> None:
    """What a run ends with: summary, report, and how to go on."""
    from nasbench_harness import console
    from nasbench_harness.reports import write_report

    summaries = [_summary(part) for part in done]
    some = any(len(summary) for summary in summaries)
    page = write_report(*(p.study.folder for p in done), out=report) if report and some else None
    if json:
        console.print_json({"report": page, "studies": list(map(_as_json, done, summaries))})
        return
    for part, summary in zip(done, summaries, strict=True):
        if len(summary):
            console.print_summary(summary.to_dict("records"), title=_title(part))
            _print_costs(part)
    if page:
        console.out.print(f"\nReport: {page}", markup=False)
    console.out.print(_next(done), markup=False)


def _summary(part: StudyRun) -> pd.DataFrame:
    from nasbench_harness.reports import summarise

    return summarise(part.trials)


def _print_costs(part: StudyRun) -> None:
    """What the answers cost beside the target, where a method holds a cost down."""
    from nasbench_harness import console
    from nasbench_harness.reports.heldcost import cells, held_costs

    rows = held_costs(part.trials)
    if len(rows):
        headings = ("method", "held", "target", "cost", "target met", "regret within (points)")
        lines = [cells(row) for row in rows.itertuples()]
        console.print_rows("\nWithin the target", headings, lines, numbers=range(2, 6))


def _costs(part: StudyRun) -> dict[str, Any]:
    from nasbench_harness.reports.heldcost import held_costs

    rows = held_costs(part.trials)
    return {"costs": rows.to_dict("records")} if len(rows) else {}


def _as_json(part: StudyRun, summary: pd.DataFrame) -> dict[str, Any]:
    return {
        "folder": part.study.folder,
        "dataset": part.study.config["dataset"],
        "status": {str(name): count for name, count in part.counts().items()},
        "summary": summary.to_dict("records"),
        **_costs(part),
    }


def _title(part: StudyRun) -> str:
    spec = part.study.specs[0]
    return f"{spec.searched}; answers looked up in table `{spec.table}`, {spec.report_metric}"


def _next(done: list[StudyRun]) -> str:
    if any(part.exit_code is not ExitCode.DONE for part in done):
        why = "Interrupted" if done[-1].interrupted else "Some trials did not finish"
        folder = done[-1].study.folder
        return (
            f"{why}; what is done is kept. Run the same command again, or `nasharness resume"
            f" {folder}`, to go on."
        )
    steps = [
        ("more seeds", "nasharness run ... --seeds 50"),
        (
            "another setting beside the old one",
            "nasharness run --methods 'unas[temperature=1]' ...",
        ),
        ("what a method's settings mean", "nasharness show method unas"),
    ]
    if done[0].study.config["search"] == "landscape":
        steps.append(
            (
                "the same on real images, about a minute a trial",
                "nasharness run -m ... --search supernet --dataset digits --recipe quick",
            )
        )
    if done[0].study.config["table"] != "official":
        steps.append(("the official NAS-Bench-201 tables", "nasharness data pull nb201"))
    width = max(len(what) for what, _ in steps)
    lines = [f"  {what:<{width}}  {command}" for what, command in steps]
    return "\n".join(["Next:", *lines])

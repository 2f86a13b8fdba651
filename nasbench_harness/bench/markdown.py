"""The numbers of a bench as Markdown, for people and for docs/results.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nasbench_harness.bench.asked import (
    CAPTURED,
    COMPILED,
    FULL,
    HALF,
    PARTS,
    REDUCED,
    SEEDS,
    mode_name,
)
from nasbench_harness.bench.record import BenchRecord, BenchResult

COLUMNS: Mapping[str, str] = {
    FULL: "fp32",
    HALF: "TF32",
    REDUCED: "bf16",
    mode_name(HALF, CAPTURED): "captured",
    mode_name(REDUCED, CAPTURED): "bf16 captured",
    mode_name(HALF, COMPILED): "compiled",
    mode_name(REDUCED, COMPILED): "bf16 compiled",
}
"""What a way to run is called in a table."""
OF_METHODS = (FULL, HALF, REDUCED, mode_name(HALF, CAPTURED), mode_name(HALF, COMPILED))
NONE = "–"


def as_markdown(record: BenchRecord) -> str:
    """Tables of what was measured, and what was not with its reason."""
    parts = [_head(record), _passes(record), _steps(record), _recipes(record), _cohorts(record)]
    return "\n\n".join(part for part in [*parts, _checks(record), _left_out(record)] if part) + "\n"


def _head(record: BenchRecord) -> str:
    asked, facts = record.asked, record.machine
    size = "tiny networks on tiny noise, whose times say nothing" if asked.tiny else "whole size"
    told = ", ".join(f"{name} {value}" for name, value in facts.items() if value not in ("", None))
    minutes = f"{record.spent / 60:.1f} minutes"
    lines = [
        f"# {asked.space} on {facts.get('device', asked.device)}",
        "",
        f"`nasharness bench gpu`, recipe `{asked.recipe}`, {size}, in {minutes}.",
        "Steps are medians from an idle device to an idle device, by turns with those of the",
        "network written plainly (a module per operation per edge, eager, of the same arithmetic).",
        "",
        f"Machine: {told}.",
    ]
    return "\n".join(lines)


def _passes(record: BenchRecord) -> str:
    rows = [
        [COLUMNS[name], _ms(one, "step_ms"), _ms(one, "plain_ms"), _times(one),
         _number(one, "first_step_s", 1), _number(one, "peak_mb", 0)]
        for name, one in _done(record, "pass").items()
    ]  # fmt: skip
    headings = ["arithmetic", "ms", "plain, ms", "times as fast", "first, s", "peak, MB"]
    return _table("Mixed passes: alpha's gradient and a step of the weights", headings, rows)


def _steps(record: BenchRecord) -> str:
    measured = _done(record, "steps")
    rows = []
    for method in record.asked.methods:
        of = {mode: measured.get(f"{method} {mode}") for mode in OF_METHODS}
        if any(of.values()):
            told = of[HALF] or next(one for one in of.values() if one)
            rows.append(
                [method, *(_ms(of[mode], "step_ms") for mode in OF_METHODS),
                 _ms(told, "plain_ms"), _times(told), _number(told, "peak_mb", 0)]
            )  # fmt: skip
    headings = ["method", *(f"{COLUMNS[mode]}, ms" for mode in OF_METHODS)]
    headings += ["plain, ms", "times as fast", "peak, MB"]
    return _table("Steps of methods; the last three columns are of TF32", headings, rows)


def _recipes(record: BenchRecord) -> str:
    rows = [
        [method, _number(one, "whole_search_s", 2, per=3600), _seen(one),
         _number(one, "recording_s", 2, per=3600), _number(one, "peak_mb", 0),
         str(one.values.get("images", NONE))]
        for method, one in _done(record, "recipe").items()
    ]  # fmt: skip
    headings = ["method", "hours, extrapolated", "epochs seen", "of it measuring", "peak, MB"]
    return _table("Whole searches by the recipe", [*headings, "images"], rows)


def _seen(one: BenchResult) -> str:
    seen, epochs = (one.values.get(name, NONE) for name in ("epochs_seen", "epochs"))
    return f"{seen} of {epochs}"


def _cohorts(record: BenchRecord) -> str:
    measured = _done(record, "cohort")
    rows = [
        [str(seeds), str(one.values.get("method", NONE)), _ms(one, "step_ms"), _ms(one, "seed_ms"),
         _number(one, "peak_mb", 0)]
        for seeds in SEEDS
        if (one := measured.get(str(seeds)))
    ]  # fmt: skip
    headings = ["seeds", "method", "step, ms", "of it a seed, ms", "peak, MB"]
    return _table("Seeds stepped as one", headings, rows)


def _checks(record: BenchRecord) -> str:
    checked = {**_done(record, "checks"), **_done(record, "tests")}
    rows = [
        [name, ", ".join(f"{key} {_short(value)}" for key, value in _told(one).items())]
        for name, one in checked.items()
    ]
    return _table("Checks that passed", ["check", "numbers"], rows)


def _told(one: BenchResult) -> dict[str, Any]:
    """The values that there are: waits are counted on CUDA devices only."""
    return {key: value for key, value in one.values.items() if value is not None}


def _left_out(record: BenchRecord) -> str:
    rows = [
        [f"{part}/{name}", one.status, one.reason.replace("|", "\\|")]
        for part in PARTS
        for name, one in record.of_part(part).items()
        if one.status != "done"
    ]
    return _table("Not measured", ["what", "", "why"], rows)


def _done(record: BenchRecord, part: str) -> dict[str, BenchResult]:
    return {n: one for n, one in record.of_part(part).items() if one.status == "done"}


def _table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(_lines(title, headings, rows)) if rows else ""


def _lines(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    for cells in (headings, ["---"] * len(headings), *rows):
        yield f"| {' | '.join(cells)} |"


def _ms(one: BenchResult | None, name: str) -> str:
    return _number(one, name, 2)


def _times(one: BenchResult) -> str:
    return _number(one, "times_as_fast", 2)


def _number(one: BenchResult | None, name: str, digits: int, *, per: float = 1.0) -> str:
    value = None if one is None else one.values.get(name)
    return f"{value / per:,.{digits}f}" if isinstance(value, int | float) else NONE


def _short(value: Any) -> str:
    return f"{value:.2g}" if isinstance(value, float) else str(value)

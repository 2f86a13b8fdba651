"""`nasharness bench`: what searches take on a machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from nasbench_harness.cli.app import JsonOption, bench_app
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.cli.options.benching import BenchedSearches, Benching
from nasbench_harness.cli.options.grouped import grouped
from nasbench_harness.errors import ExitCode, HarnessError

if TYPE_CHECKING:
    from nasbench_harness.bench.asked import BenchItem
    from nasbench_harness.bench.record import BenchRecord, BenchResult


@bench_app.command(
    "gpu",
    cls=Command,
    epilog=examples(
        "nasharness bench gpu --out gpu.json",
        "nasharness bench gpu -m drnas,unas --minutes 5 --out gpu.json",
        "nasharness bench gpu --device cpu --tiny -m darts --out try.json",
    ),
)
@grouped
def gpu(searches: BenchedSearches, benching: Benching, *, json: JsonOption = False) -> None:
    """Check and time searches on a GPU, in ten minutes, and write down what comes out.

    Passes and searches are checked against the CPU's, then steps of every method are timed in fp32,
    TF32 and bf16, captured and compiled, beside the supernet as published codes write it; the
    time of whole searches is extrapolated from their first epochs, and seeds are stepped together.
    What cannot be measured here is left out with its reason. The same command goes on with what
    there was no time for.
    """
    from nasbench_harness.bench.asked import measurements
    from nasbench_harness.bench.process import MeasuringProcess, now
    from nasbench_harness.bench.record import open_record
    from nasbench_harness.bench.running import run_bench
    from nasbench_harness.cli import console

    asked, out = benching.request(searches), benching.out
    _check_out(out)
    record, wanted = open_record(out, asked, overwrite=benching.overwrite), measurements(asked)
    try:
        with MeasuringProcess(asked) as measurer:
            run_bench(
                record, out, wanted, measurer, seconds=60 * benching.minutes, clock=now,
                told=_tell_silently if json else _tell,
            )  # fmt: skip
    except KeyboardInterrupt:
        if record.measured:
            console.note(f"What was measured is in {out}; the same command goes on with the rest.")
        raise
    if json:
        from nasbench_harness.store.files import read_json

        console.print_json(read_json(out))
    else:
        _sum_up(record, out)
    states = {one.status for one in record.measured.values()}
    if "failed" in states:
        raise typer.Exit(ExitCode.INCOMPLETE)
    if "done" not in states:
        raise HarnessError("Nothing could be measured; the reasons stand above and in the file.")


def _check_out(out: Path) -> None:
    from nasbench_harness.store.files import check_writable
    from nasbench_harness.store.ownership import claim
    from nasbench_harness.store.seals import is_sealed

    if out.suffix != ".json":
        raise HarnessError(f"`--out {out}` must end in .json.")
    check_writable(out)
    table = out.with_suffix(".md")
    claim(table, "a table of a bench", lambda content: is_sealed(content, ".md"))


def _tell(one: BenchItem, found: BenchResult, done: int, all_of_them: int) -> None:
    """A line on standard error."""
    from nasbench_harness.cli import console

    told = found.reason or _number(found)
    console.note(f"{done}/{all_of_them} {one.key}: {found.status}{f', {told}' if told else ''}")


def _tell_silently(one: BenchItem, found: BenchResult, done: int, all_of_them: int) -> None:
    """Nothing."""


def _number(found: BenchResult) -> str:
    """The one of its values that says most."""
    values = found.values
    if "whole_search_s" in values:
        return f"{_duration(values['whole_search_s'])} a search, extrapolated"
    if "step_ms" not in values:
        return ""
    times = values.get("times_as_fast")
    beside = f", {times:.2f} times as fast as plain" if times is not None else ""
    return f"{values['step_ms']:.2f} ms{beside}"


def _duration(seconds: float) -> str:
    return f"{seconds / 3600:.2f} hours" if seconds >= 600 else f"{seconds:.1f} seconds"


def _sum_up(record: BenchRecord, out: Path) -> None:
    from nasbench_harness.cli import console

    states = [one.status for one in record.measured.values()]
    counts = ", ".join(f"{states.count(one)} {one}" for one in ("done", "skipped", "failed"))
    console.say(f"{record.machine['device']}: {counts}; {record.spent / 60:.1f} minutes in all.")
    console.out.print(f"Numbers: {out}", soft_wrap=True)
    console.out.print(f"Table: {out.with_suffix('.md')}", soft_wrap=True)
    late = sum(one.is_late for one in record.measured.values())
    again = [f"goes on with the {late} that there was no time for"] if late else []
    again += ["tries what failed once more"] if "failed" in states else []
    if again:
        console.say(f"The same command {' and '.join(again)}.")
    if never := states.count("skipped") - late:
        console.say(f"{never} cannot be measured here; the table says why.")

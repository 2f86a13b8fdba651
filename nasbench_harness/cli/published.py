"""What `nasharness query` and `train` tell of results that others have published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nasbench_harness import registry
from nasbench_harness.errors import (
    HarnessError,
    InvalidArchitectureError,
    UnknownNameError,
    nearest,
)

if TYPE_CHECKING:
    from nasbench_harness.contracts import SearchSpace
    from nasbench_harness.reports.published import PublishedResult
    from nasbench_harness.reports.published.trained import BesideTrained
    from nasbench_harness.training.run import TrainingRun

NOT_KNOWN = "No published result of this architecture is known here."


def tell_all(space: str, dataset: str | None, *, json: bool) -> None:
    """Everything published in a space, on one data set where one is asked for."""
    from nasbench_harness.cli import console
    from nasbench_harness.reports.published import published, unknown

    opened = registry.open_space(space)
    every = published(opened.name, split=None)
    if dataset is not None and dataset not in (known := {result.dataset for result in every}):
        what = f"data set with results published in `{opened.name}`"
        raise UnknownNameError(what, dataset, known)
    results, others = [one for one in every if dataset in (None, one.dataset)], unknown(opened.name)
    if json:
        console.print_json(
            {
                "space": opened.name,
                "published": _records(opened, results),
                "unknown": [_unknown(one) for one in others],
            }
        )
        return
    _tell_results(opened, results)
    for one in others:
        console.say(f"{one.name}: no accuracy is known here{f'; {one.note}' if one.note else ''}.")


def tell_of(space: SearchSpace, text: str, *, json: bool) -> None:
    """Exact facts of an architecture, and what is published of it, in a space without a table.

    `text` is the architecture, or what a method is published as whose cell is not known here.
    InvalidArchitectureError with the nearest names where it is neither.
    """
    from nasbench_harness.reports.published.cells import results_called, results_of

    try:
        arch = space.parse(text)
    except InvalidArchitectureError as error:
        if called := results_called(space.name, text):
            _tell_called(space, called, json=json)
            return
        raise _with_near(space.name, text, error) from error
    results = results_of(space, arch)
    facts = {"architecture": str(arch), **space.describe(arch)}
    facts |= {cost.name: space.cost(arch, cost.name, "") for cost in space.costs}
    _tell_facts(space, facts, results, json=json)


def beside_trained(done: TrainingRun) -> list[tuple[str, BesideTrained]]:
    """The label of every architecture with a result here, and what is published of it."""
    from nasbench_harness.reports.published import trained

    found: dict[str, list[BesideTrained]] = {}
    finished = set(done.trials.loc[done.trials["status"] == "done", "architecture"])
    for spec in done.trainings.specs:
        if spec.architecture in found or spec.architecture not in finished:
            continue
        space = registry.open_space(spec.space)
        as_trained = trained.TrainedAs(spec.dataset, spec.settings, spec.limit, spec.image_size)
        found[spec.architecture] = trained.beside_trained(
            space, space.parse(spec.architecture), as_trained
        )
    labels = {spec.architecture: spec.label for spec in done.trainings.specs}
    return [(labels[arch], one) for arch, several in found.items() for one in several]


def trained_records(
    done: TrainingRun, beside: Sequence[tuple[str, BesideTrained]]
) -> list[dict[str, Any]]:
    """The same for programs."""
    from nasbench_harness.reports.published.cells import record

    if not beside:
        return []
    space = registry.open_space(done.trainings.specs[0].space)
    return [
        {"label": label, **record(space, one.result), "differs": one.differs}
        for label, one in beside
    ]


def tell_trained(
    rows: Sequence[Mapping[str, Any]], beside: Sequence[tuple[str, BesideTrained]]
) -> None:
    """Errors trained and published, in columns of their own; nothing where none is known."""
    from nasbench_harness.cli import console
    from nasbench_harness.reports.published.trained import CAUTION
    from nasbench_harness.reports.published.wording import line_text, number_text

    if not beside:
        return
    errors = {row["label"]: 100 - row["test_accuracy_mean"] for row in rows}
    dataset, measure = beside[0][1].training.dataset, beside[0][1].result.measure
    cells = [
        [
            label, f"{errors[label]:.2f}", number_text(one.result), one.result.dataset,
            f"{line_text(one.result)} ({one.result.source})",
            "; ".join(one.differs) or "nothing that is known here",
        ]
        for label, one in beside
    ]  # fmt: skip
    headings = [
        "cell", f"trained here: error on {dataset} (%)", f"published: test {measure} (%)", "on",
        "result of", "what differs here",
    ]  # fmt: skip
    console.out.print()
    console.print_rows(
        "Published beside trained", headings, cells, numbers=(1,), below=(len(headings) - 1,)
    )
    console.out.print()
    console.say(CAUTION)
    _tell_legend()


# --- the parts ---------------------------------------------------------------------------------


def _tell_facts(
    space: SearchSpace, facts: dict[str, Any], results: list[PublishedResult], *, json: bool
) -> None:
    from nasbench_harness.cli import console
    from nasbench_harness.cli.facts import lines

    if json:
        console.print_json({**facts, "published": _records(space, results)})
        return
    for line in lines(facts, {}, {cost.name: cost for cost in space.costs}):
        console.out.print(line, markup=False, soft_wrap=True)
    console.out.print()
    if results:
        _tell_results(space, results)
        return
    console.say(f"{NOT_KNOWN} {_how_to_list(space.name)}")


def _tell_called(space: SearchSpace, results: list[PublishedResult], *, json: bool) -> None:
    from nasbench_harness.cli import console

    if json:
        console.print_json({"published": _records(space, results)})
        return
    _tell_results(space, results)


def _tell_results(space: SearchSpace, results: Sequence[PublishedResult]) -> None:
    from nasbench_harness.cli import console
    from nasbench_harness.reports.published import wording
    from nasbench_harness.reports.published.cells import counted

    rows = []
    for result in results:
        exact = counted(space, result)
        rows.append(
            [
                wording.line_text(result), _on(result), wording.number_text(result),
                wording.top5_text(result), wording.params_text(result), wording.cost_text(result),
                result.architecture, *(_millions(exact.get(what)) for what in ("params", "flops")),
                "; ".join(filter(None, [str(result.source), result.source.link, result.note])),
            ]
        )  # fmt: skip
    measure = results[0].measure if results else ""
    measure = f"test {measure}" if all(one.split == "test" for one in results) else measure
    headings = [
        "result of", "on", f"{measure} (%)", "top-5 (%)", "params", "search",
        "released as", "counted params (M)", "counted multiply-adds (M)", "source",
    ]  # fmt: skip
    kept = [at for at, _ in enumerate(headings) if any(row[at] for row in rows)]
    console.print_rows(
        f"Published results in {space.name}",
        [headings[at] for at in kept],
        [[row[at] for at in kept] for row in rows],
        below=(len(kept) - 1,),
    )
    console.out.print()
    if any(result.architecture for result in results):
        console.say(
            "A number is of the line of a table whose authors released this architecture; it may be"
            " a mean over several. Parameters and multiply-adds of what was released are counted"
            " here, where the space has it."
        )
    _tell_legend()


def _tell_legend() -> None:
    from nasbench_harness.cli import console
    from nasbench_harness.reports.published.wording import LEGEND

    console.say(f"From: {LEGEND}.")


def _records(space: SearchSpace, results: Sequence[PublishedResult]) -> list[dict[str, Any]]:
    from nasbench_harness.reports.published.cells import record

    return [record(space, result) for result in results]


def _unknown(one: Any) -> dict[str, Any]:
    told = {"name": one.name, "source": str(one.source), "link": one.source.link, "note": one.note}
    return {**told, "provenance": [str(level) for level in one.provenance]}


def _on(result: PublishedResult) -> str:
    return result.dataset if result.split == "test" else f"{result.dataset} ({result.split})"


def _millions(value: float | None) -> str:
    return "" if value is None else f"{value / 1e6:.2f}"


def _how_to_list(space: str) -> str:
    from nasbench_harness.process.names import shell_word

    told = f"nasharness query --space {shell_word(space)} --published"
    return f"`{told}` lists all that is."


def _with_near(space: str, text: str, error: InvalidArchitectureError) -> HarnessError:
    """The same sentence, with what is published under a name like this."""
    from nasbench_harness.reports.published.cells import names_in

    told = _how_to_list(space)
    suggested = "did you mean" in str(error).lower() or len(text) > LONGEST_NAME
    if not suggested and (meant := nearest(text, names_in(space))):
        told = f"Results are published as `{meant}`; {told}"
    return HarnessError(f"{error}\n{told}")


LONGEST_NAME = 60
"""Characters of what can be meant as a name."""

"""`nasharness score`: zero-cost proxies of single architectures, without any training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbench_harness import registry
from nasbench_harness.cli import completion
from nasbench_harness.cli.app import JsonOption, app
from nasbench_harness.cli.architectures import read_architecture
from nasbench_harness.cli.help import Command, examples
from nasbench_harness.cli.options.grouped import grouped
from nasbench_harness.cli.options.scoring import ScoringMachine, Untrained
from nasbench_harness.errors import HarnessError

if TYPE_CHECKING:
    from nasbench_harness.training.scoring import Scoring


@app.command(
    cls=Command,
    epilog=examples(
        "nasharness score 13714 9930 --proxy synflow,nwot",
        "nasharness score DARTS_V2 PC_DARTS_cifar --space darts --proxy params,synflow --width 8",
    ),
)
@grouped
def score(
    archs: Annotated[
        list[str], typer.Argument(metavar="ARCH", help="Architecture strings, or indices.")
    ],
    *,
    proxy: Annotated[
        str | None,
        typer.Option(
            help="Proxies with commas, of `list proxies`.",
            show_default="all",
            autocompletion=completion.names("proxies"),
        ),
    ] = None,
    space: Annotated[
        str, typer.Option(help="Search space.", autocompletion=completion.names("spaces"))
    ] = registry.default_space(),
    untrained: Untrained,
    machine: ScoringMachine,
    json: JsonOption = False,
) -> None:
    """Score architectures by zero-cost proxies: fresh weights, one batch, no training.

    More is better. Scores rank architectures of one space on the same seed, images and sizes;
    values of different proxies, sizes or batches cannot be compared. Every architecture begins
    with weights from the same seed.
    """
    from nasbench_harness.cli import console
    from nasbench_harness.training.scoring import score_architectures
    from nasbench_harness.training.settings import network_space

    names = _names(proxy)
    networks = network_space(space)
    architectures = [read_architecture(space, text) for text in archs]
    scoring = _scoring(names, networks, untrained, machine)
    with console.counting_bar("scoring", "architectures") as told:
        scores = score_architectures(scoring, networks, architectures, told)
    texts = [str(arch) for arch in architectures]
    if json:
        rows = zip(texts, scores, strict=True)
        console.print_json([{"architecture": text, **of_arch} for text, of_arch in rows])
    else:
        _tell(names, texts, scores, _title(untrained, scoring))
    _tell_missing(names, texts, scores)


def _tell(
    names: Sequence[str], archs: Sequence[str], scores: Sequence[dict[str, float]], title: str
) -> None:
    from nasbench_harness.cli import console

    last = len(names)
    cells = [
        (*(_shown(of_arch[name]) for name in names), arch)
        for arch, of_arch in zip(archs, scores, strict=True)
    ]
    headings = (*names, "architecture")
    console.print_rows(title, headings, cells, numbers=range(last), below=(last,))


def _names(asked: str | None) -> list[str]:
    """The proxies that are meant, each once."""
    known = registry.proxies.names()
    names = known if asked is None else [name.strip() for name in asked.split(",")]
    for name in names:
        registry.open_proxy(name)
    if not names:
        raise HarnessError("No proxy is installed.")
    return list(dict.fromkeys(names))


def _scoring(
    names: Sequence[str], space: Any, asked: Untrained, machine: ScoringMachine
) -> Scoring:
    from nasbench_harness.images.datasets import open_dataset
    from nasbench_harness.training.scoring import Scoring, random_batch, sized_for

    device = machine.hardware.open()
    dataset = open_dataset(asked.dataset, data_dir=machine.data_dir, download=machine.download)
    shape = sized_for(space, dataset, asked.width, asked.cells)
    batch = random_batch(dataset, asked.batch_size, asked.seed, device)
    return Scoring([registry.open_proxy(name) for name in names], shape, batch, asked.seed)


def _title(asked: Untrained, scoring: Scoring) -> str:
    shape = scoring.shape
    return (
        f"untrained, width {shape.width}, cells {shape.cells}, {asked.batch_size} images of"
        f" {asked.dataset}, seed {asked.seed}; more is better"
    )


def _shown(value: float) -> str:
    return f"{value + 0.0:,.0f}" if value.is_integer() else f"{value:.6g}"  # -0 is 0


def _tell_missing(
    names: Sequence[str], archs: Sequence[str], scores: Sequence[dict[str, float]]
) -> None:
    """A sentence for the proxies that have no finite value of the same architectures."""
    from nasbench_harness.cli import console

    alike: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        finite = [math.isfinite(of_arch[name]) for of_arch in scores]
        without = tuple(arch for arch, has in zip(archs, finite, strict=True) if not has)
        alike.setdefault(without, []).append(f"`{name}`")
    for without, called in alike.items():
        if without:
            console.note(
                f"No finite value of {', '.join(called)} for {len(without)} of {len(archs)}"
                f" architectures, such as `{without[0]}`: the formula divides by nothing or takes"
                " the logarithm of nothing, because images do not reach the output of the network"
                " or cannot be told apart there; such an architecture ranks last."
            )

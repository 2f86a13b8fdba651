"""What is measured on a machine, and how: the options of `nasharness bench gpu`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from nasbench_harness import registry
from nasbench_harness.bench.asked import BenchRequest
from nasbench_harness.cli import completion
from nasbench_harness.cli.app import finite
from nasbench_harness.cli.help import MACHINE, OUTPUT
from nasbench_harness.errors import HarnessError

MOST_MINUTES = 1440.0
OF_TINY = "quick"
"""The recipe for tiny networks."""


@dataclass(frozen=True)
class BenchedSearches:
    """Of which methods, in which space, how large."""

    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--methods",
            "-m",
            help="Methods, separated by commas.",
            show_default="all that step what they search",
            autocompletion=completion.methods,
        ),
    ] = None
    space: Annotated[
        str | None,
        typer.Option(
            help="Search space.",
            show_default=registry.default_space(),
            autocompletion=completion.names("spaces"),
        ),
    ] = None
    recipe: Annotated[
        str | None,
        typer.Option(help="Recipe of every method.", show_default=f"paper; {OF_TINY} with --tiny"),
    ] = None
    tiny: Annotated[
        bool, typer.Option("--tiny", help="Networks and images so small that times say nothing.")
    ] = False

    @property
    def names(self) -> tuple[str, ...]:
        """Of the methods; UnknownNameError where one is none."""
        if not self.methods:
            names = registry.methods.names()
            setups = {name: registry.open_setup(name) for name in names}
            return tuple(name for name in names if not getattr(setups[name], "queries", False))
        named = [name.strip() for name in ",".join(self.methods).split(",") if name.strip()]
        if not named:
            raise HarnessError("`--methods` names none; write them as in `--methods NAME,NAME`.")
        for name in named:
            registry.open_setup(name)
        return tuple(dict.fromkeys(named))

    @property
    def space_name(self) -> str:
        """In its one spelling; UnknownNameError where it is none."""
        name = self.space or registry.default_space()
        registry.open_space(name)
        return registry.canonical_space(name)


@dataclass(frozen=True)
class Benching:
    """Where, for how long, and into which file."""

    minutes: Annotated[
        float, typer.Option(help="All of it takes at most so long.", callback=finite)
    ] = 10.0
    device: Annotated[
        str,
        typer.Option(
            help="cuda, cuda:1 or cpu.", rich_help_panel=MACHINE, autocompletion=completion.devices
        ),
    ] = "cuda"
    threads: Annotated[
        int, typer.Option(min=1, help="Threads on the CPU.", rich_help_panel=MACHINE)
    ] = 1
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            help="File for the numbers (.json); a table (.md) is put beside it.",
            rich_help_panel=OUTPUT,
        ),
    ] = Path("gpu.json")
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Begin anew in a file of before.", rich_help_panel=OUTPUT),
    ] = False

    def request(self, searches: BenchedSearches) -> BenchRequest:
        """HarnessError where something that is asked for is none."""
        if not 0 < self.minutes <= MOST_MINUTES:
            most = f"more than 0 and at most {MOST_MINUTES:.0f}"
            raise HarnessError(f"`--minutes {self.minutes:g}`: give {most}.")
        if not re.fullmatch("cpu|cuda(:[0-9]{1,3})?", self.device):
            raise HarnessError(
                f"`--device {self.device}` cannot be measured; write cuda, cuda:1 or cpu."
            )
        from nasbench_harness.study.recipes import PAPER

        recipe = searches.recipe or (OF_TINY if searches.tiny else PAPER)
        return BenchRequest(
            self.device, searches.space_name, searches.names, searches.tiny, recipe, self.threads
        )

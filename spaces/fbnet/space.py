"""The FBNet space by its latencies: 22 layers x 9 blocks, 10^21 networks that are not built here.

Source: Wu et al., "FBNet", CVPR 2019; blocks in the order of the latencies that Lee et al., "HELP",
NeurIPS 2021, publish. The project has no source of the skeleton (widths and strides), so that there
are no networks and nothing to search: architectures can be drawn, read and asked for their latency.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from nasbench_harness.contracts import Architecture, Decision
from nasbench_harness.errors import InvalidArchitectureError, nearest
from nasbench_harness.spaces.fbnet.citations import FBNET_BIBTEX
from nasbench_harness.spaces.shared.product import ProductSpace
from nasbench_harness.spaces.shared.words import words

LAYERS = 22
OPTIONS = (
    "k3_e1", "k3_e1_g2", "k3_e3", "k3_e6", "k5_e1", "k5_e1_g2", "k5_e3", "k5_e6", "skip",
)  # fmt: skip
"""Kernel, expansion and groups; in the order of the published latencies, whose digits they are."""
NOTATION = (
    f"An architecture is {LAYERS} digits from 0 to 8, one a layer, or as many names of blocks:"
    f" {', '.join(OPTIONS)}."
)
_LONGEST = 40


class FBNet(ProductSpace):
    """Latencies only: 22 digits, one a layer, such as `7818488874147327324245`, and no networks.

    Names of blocks are read as well, as a list or with / between them.
    """

    name = "fbnet"
    decisions = tuple(
        Decision(f"layer{layer + 1}", OPTIONS, group=f"layer{layer + 1}", free=("skip",))
        for layer in range(LAYERS)
    )
    tables = ("fbnet",)
    citation = FBNET_BIBTEX

    def __repr__(self) -> str:
        return f"<space {self.name}: {len(self.decisions)} decisions>"

    def architecture(self, choices: Sequence[int]) -> Architecture:
        """The one with these options; ValueError where there are none such."""
        chosen = super().architecture(choices).choices
        return Architecture(self.name, chosen, "".join(map(str, chosen)))

    def parse(self, text: str) -> Architecture:
        """Read 22 digits or names of blocks; InvalidArchitectureError points at the first fault."""
        choices: list[int] = []
        for position, choice in (one for word in words(text) for one in _choices(text, *word)):
            if len(choices) == LAYERS:
                _fail(text, position, f"There are more than {LAYERS} layers.")
            choices.append(choice)
        if len(choices) < LAYERS:
            told = f"{len(choices)} of {LAYERS} layers are there."
            _fail(text, len(text.rstrip()), told if choices else "No layer is there.")
        return self.architecture(choices)


def _choices(text: str, at: int, word: str) -> list[tuple[int, int]]:
    """The layers of a word, each with its place: a block's name, or digits."""
    name = word.lower()
    if name in OPTIONS:
        return [(at, OPTIONS.index(name))]
    if not (word.isascii() and word.isdecimal()):
        hint = nearest(word[:_LONGEST], OPTIONS)
        meant = f" Did you mean `{hint}`?" if hint else ""
        _fail(text, at, f"`{word[:_LONGEST]}` at character {at + 1} is no block.{meant}")
    for place, digit in enumerate(word):
        if digit == "9":
            _fail(text, at + place, f"There is no block 9, at character {at + place + 1}.")
    return [(at + place, int(digit)) for place, digit in enumerate(word)]


def _fail(text: str, position: int, problem: str) -> NoReturn:
    raise InvalidArchitectureError(text, position, f"{problem} {NOTATION}")

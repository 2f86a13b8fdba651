"""How NAS-Bench-Macro writes its networks: a digit per layer.

Eight layers in stages of two, three and three. The first layer of a stage halves height and width
and doubles the channels, so that an identity there is a 1x1 convolution with a batch norm; any
other identity passes its input on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NoReturn

from nasbench_harness.errors import InvalidArchitectureError, nearest

OPTIONS = ("identity", "mbconv_3x3_e3", "mbconv_5x5_e6")
"""The digits 0, 1 and 2: kernel size and expansion ratio of inverted residual blocks."""
IDENTITY = OPTIONS.index("identity")
STAGES = (2, 3, 3)
"""Layers of each stage."""
LAYERS = sum(STAGES)
STAGE_OF = tuple(stage for stage, layers in enumerate(STAGES) for _ in range(layers))
"""Per layer its stage, from 0."""
FIRST = tuple(layer == 0 or STAGE_OF[layer] != STAGE_OF[layer - 1] for layer in range(LAYERS))
"""Per layer: is it the one that changes the shape."""

ALIASES = {
    "id": "identity",
    "identity": "identity",
    "ir_3x3_t3": "mbconv_3x3_e3",
    "ir_5x5_t6": "mbconv_5x5_e6",
    "mb3_k3": "mbconv_3x3_e3",
    "mb6_k5": "mbconv_5x5_e6",
}
"""What the benchmark's code and its pages call the options, in small letters."""

NOTATION = (
    f"An architecture is {LAYERS} digits, one a layer, such as `22212220`: 0 identity, 1 MBConv 3x3"
    " with expansion 3, 2 MBConv 5x5 with expansion 6."
)
_SEPARATORS = re.compile(r"(?:[\s,;|/\[\](){}'\"`]|(?<=[0-9])-(?=[0-9]))+")
_WRAPPER = re.compile(r"[A-Za-z_][\w.]*\(")
"""`tensor(`, `np.array(` and the like."""
_WORD = re.compile(r"[A-Za-z]\w*")
_LONGEST = 40


def format_layers(choices: Sequence[int]) -> str:
    """Eight option numbers to `22212220`."""
    return "".join(map(str, choices))


def parse_layers(text: str) -> tuple[int, ...]:
    """The inverse of `format_layers`; InvalidArchitectureError points at the first fault.

    Blanks, commas, bars, hyphens, brackets and quotes may stand between the layers, as in a pasted
    list; names of options are read as well.
    """
    choices: list[int] = []
    for position, choice in _layers(text):
        if len(choices) == LAYERS:
            _fail(text, position, f"There are more than {LAYERS} layers.")
        choices.append(choice)
    if len(choices) < LAYERS:
        told = f"{len(choices)} of {LAYERS} layers are there." if choices else "No layer is there."
        _fail(text, len(text.rstrip()) if choices else 0, told)
    return tuple(choices)


def trained_as(choices: Sequence[int]) -> tuple[int, ...]:
    """The architecture whose trainings a string's numbers are.

    Behind the first layer of a stage an identity changes nothing wherever it stands; the authors'
    script (`get_real_arch`) trained the network with these at the end of their stage, once for all
    its strings: 3,969 networks of 6,561 strings.
    """
    kept: list[int] = []
    for stage in range(len(STAGES)):
        first, *others = (c for c, own in zip(choices, STAGE_OF, strict=True) if own == stage)
        kept += [first, *sorted(others, key=lambda choice: choice == IDENTITY)]
    return tuple(kept)


def _layers(text: str) -> Iterator[tuple[int, int]]:
    """Every layer's place in the text and its option."""
    at = 0
    while at < len(text):
        if passed := _SEPARATORS.match(text, at) or _WRAPPER.match(text, at):
            at = passed.end()
        elif word := _WORD.match(text, at):
            yield at, _option(text, at, word[0])
            at = word.end()
        else:
            if text[at] not in "012":
                found = text[at] if text[at].isprintable() else " "
                _fail(text, at, f"Expected 0, 1 or 2 at character {at + 1}, found `{found}`.")
            yield at, int(text[at])
            at += 1


def _option(text: str, at: int, word: str) -> int:
    name = word.lower()
    name = ALIASES.get(name, name)
    if name not in OPTIONS:
        word = word[:_LONGEST]
        hint = nearest(word, [*OPTIONS, *ALIASES])
        meant = f" Did you mean `{hint}`?" if hint else ""
        _fail(text, at, f"`{word}` at character {at + 1} is no option of a layer.{meant}")
    return OPTIONS.index(name)


def _fail(text: str, position: int, problem: str) -> NoReturn:
    raise InvalidArchitectureError(text, position, f"{problem} {NOTATION}")

"""How networks of the ProxylessNAS space are written: an option a layer, and a few by their names.

Where identities stand between the width-changing layers changes nothing of a network; those of the
ProxylessNAS-GPU network are written behind their stage's blocks here.
"""

from __future__ import annotations

import re
from typing import NoReturn

from nasbench_harness.errors import InvalidArchitectureError, nearest
from nasbench_harness.spaces.proxyless.structure import (
    BLOCKS,
    IDENTITY,
    LAYERS,
    OPTIONS,
    WIDENING_LAYERS,
)
from nasbench_harness.spaces.shared.words import words

_ID = IDENTITY
PUBLISHED: dict[str, tuple[str, ...]] = {
    "UNAS": (
        "5x5_e3", "3x3_e3", _ID, _ID,
        "7x7_e3", _ID, _ID, _ID,
        "7x7_e3", "3x3_e3", "3x3_e3", "3x3_e3",
        "5x5_e3", "3x3_e3", "3x3_e3", "3x3_e3",
        "7x7_e6", "7x7_e3", "7x7_e3", "7x7_e3",
        "7x7_e6",
    ),
    "ProxylessNAS-GPU": (
        "5x5_e3", _ID, _ID, _ID,
        "7x7_e3", "3x3_e3", _ID, _ID,
        "7x7_e6", "5x5_e3", _ID, _ID,
        "5x5_e6", "3x3_e3", "5x5_e3", _ID,
        "7x7_e6", "7x7_e6", "7x7_e6", "5x5_e6",
        "7x7_e6",
    ),
}  # fmt: skip
"""Networks by the name of the publication that found them. Parameters and multiply-adds of both are
the published ones: 5,965,528 and 428.02 million, 7,119,848 and 465.26 million."""
ALIASES = {"id": IDENTITY, "zero": IDENTITY, "skip": IDENTITY, "skip_connect": IDENTITY}
"""Small letters; authors' codes call the identity `zero`."""

NOTATION = (
    f"An architecture is {LAYERS} options, one a layer, such as 3x3_e3 (kernel and expansion) or"
    f" identity, with / between them, or the name of a published one: {', '.join(PUBLISHED)}."
)
_MBCONV = re.compile(r"(\d)x\1_mbconv(\d)")
"""As the code of ProxylessNAS names its blocks, in small letters."""
_LONGEST = 40


def parse_layers(text: str) -> tuple[int, ...]:
    """Option numbers of all layers; InvalidArchitectureError points at the first fault.

    Blanks, commas, bars, brackets and quotes may stand between them, as in a pasted list.
    """
    named = {name.lower(): options for name, options in PUBLISHED.items()}
    if (found := named.get(text.strip().lower())) is not None:
        return tuple(OPTIONS[layer].index(option) for layer, option in enumerate(found))
    choices: list[int] = []
    for position, word in words(text):
        if len(choices) == LAYERS:
            _fail(text, position, f"There are more than {LAYERS} layers.")
        choices.append(_option(text, position, word, len(choices)))
    if len(choices) < LAYERS:
        told = f"{len(choices)} of {LAYERS} layers are there." if choices else "No layer is there."
        _fail(text, len(text.rstrip()) if choices else 0, told)
    return tuple(choices)


def _option(text: str, at: int, word: str, layer: int) -> int:
    name = word.lower()
    if block := _MBCONV.fullmatch(name):
        name = f"{block[1]}x{block[1]}_e{block[2]}"
    name = ALIASES.get(name, name)
    if name not in OPTIONS[layer]:
        _fail(text, at, _misfit(word[:_LONGEST], name, layer, at))
    return OPTIONS[layer].index(name)


def _misfit(word: str, name: str, layer: int, at: int) -> str:
    """Why that is no option of a layer."""
    if name == IDENTITY and layer in WIDENING_LAYERS:
        return (
            f"Layer {layer + 1} changes the width, so that it cannot be `{word}`; expected one of"
            f" {', '.join(BLOCKS)}."
        )
    hint = nearest(word, [*BLOCKS, IDENTITY, *ALIASES, *PUBLISHED])
    meant = f" Did you mean `{hint}`?" if hint else ""
    return f"`{word}` at character {at + 1} is no option of layer {layer + 1}.{meant}"


def _fail(text: str, position: int, problem: str) -> NoReturn:
    raise InvalidArchitectureError(text, position, f"{problem} {NOTATION}")

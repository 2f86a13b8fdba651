"""What all pictures of a data set have in common, so that they are mapped to 8 bits by one rule."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

WHITE, BLACK, GREY = 255, 0, 128
BACKGROUNDS = {WHITE: "white", BLACK: "black", GREY: "grey"}
DEPTHS = (8, 10, 12, 14, 16)
LEAST_CONTRAST = 32
"""Of 255: a pixel that differs less than this from its background does not stand out."""
LEAST_SHARE = 0.25
"""Of the sum of alpha: a picture of which less than this stands out has vanished."""
LEAST_LEVELS = 16
"""A conversion that leaves no more of 256 levels than these is refused."""
LARGEST = 2**16 - 1
DEEP_GREY, DEEP_COLOUR, FLOAT = "grey beyond 8 bits", "channels of 16 bits", "floating-point grey"
TRANSPARENT = "transparent"

FAULTS = {
    "broken": ("cannot be read as images", "repair or delete them"),
    "changed": ("changed while they were read", "run again when nobody writes to them"),
    "float": (
        "have floating-point values that are not from 0 to 1",
        "scale all files by one factor to 0 to 1, or save them with 8 or 16 bits",
    ),
    "memory": ("need more memory than there is", "make them smaller"),
    "pages": ("hold more than one picture, as frames or pages", "keep one picture a file"),
    "transparent": (
        "are transparent everywhere, so that nothing of their content shows",
        "save them without the alpha channel, or delete them",
    ),
    "whole": (
        f"have values outside 0 to {LARGEST:,}",
        "scale all files by one factor and save them with 8 or 16 bits",
    ),
}
"""What can be wrong with files, and what to do about it."""


class PictureError(Exception):
    """A picture that cannot be mapped; `fault` is one of `FAULTS`."""

    def __init__(self, fault: str, detail: str = "") -> None:
        super().__init__(FAULTS[fault][0])
        self.fault, self.detail = fault, detail


@dataclass(frozen=True)
class Rule:
    """What is chosen once for all pictures of a data set."""

    depth: int = 16
    """Bits that the largest value of grey pictures of more than 8 bits needs."""
    background: int = WHITE
    """Grey value that transparent pictures stand on."""


class Traits(NamedTuple):
    """What a picture has to say about the data set's rule."""

    words: tuple[str, ...] = ()
    """What was done to its pixels, where that is not trivial."""
    kind: str = ""
    """`DEEP_GREY`, `DEEP_COLOUR` or `FLOAT`; empty for any other."""
    peak: float = 0.0
    """Largest value, of those kinds: of 65,535, of 255 (the upper 8 bits), of 1."""
    hidden: tuple[int, ...] = ()
    """Backgrounds on which its shape vanishes."""


@dataclass
class Survey:
    """The traits of many pictures together."""

    words: Counter[str] = field(default_factory=Counter)
    peaks: dict[str, float] = field(default_factory=dict)
    hidden: dict[int, str] = field(default_factory=dict)
    """A picture that vanishes, for each background on which one does."""

    def add(self, path: str, traits: Traits) -> None:
        """Take in the picture at `path`."""
        self.words.update(traits.words)
        if traits.kind:
            self.peaks[traits.kind] = max(self.peaks.get(traits.kind, 0.0), traits.peak)
        for background in traits.hidden:
            self.hidden.setdefault(background, path)

    def merge(self, other: Survey) -> None:
        """Take in what another survey saw."""
        self.words.update(other.words)
        for kind, peak in other.peaks.items():
            self.peaks[kind] = max(self.peaks.get(kind, 0.0), peak)
        self.hidden = {**other.hidden, **self.hidden}

    def rule(self) -> Rule:
        """The rule that these pictures need; ValueError says why there is none."""
        self._refuse_loss()
        peak = self.peaks.get(DEEP_GREY, LARGEST)
        depth = next(bits for bits in DEPTHS if peak < 2**bits)
        seen_on = [background for background in BACKGROUNDS if background not in self.hidden]
        if not seen_on:
            names = (f"{path} on {BACKGROUNDS[of]}" for of, path in self.hidden.items())
            raise ValueError(
                f"There is no background on which every shape is seen ({', '.join(names)});"
                " give these pictures a background of your own"
            )
        return Rule(depth, seen_on[0])

    def _refuse_loss(self) -> None:
        levels = {DEEP_COLOUR: 1.0, FLOAT: 255.0}
        for kind, scale in levels.items():
            if kind in self.peaks and self.peaks[kind] * scale < LEAST_LEVELS:
                raise ValueError(
                    f"The pictures ({kind}) are so dark that at most {LEAST_LEVELS} of 256 levels"
                    " would be left of them; scale all files by one factor, or save them with 8"
                    " bits"
                )

    def told(self, rule: Rule) -> tuple[str, ...]:
        """How many pictures were mapped in which way, in words."""
        ends = {
            DEEP_GREY: f" (0 to {2**rule.depth - 1} became 0 to 255)",
            FLOAT: " (0 to 1 became 0 to 255)",
            TRANSPARENT: f" (put on {BACKGROUNDS[rule.background]})",
        }
        return tuple(
            f"{count} {word}{ends.get(word, '')}" for word, count in sorted(self.words.items())
        )

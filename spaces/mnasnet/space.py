"""The MnasNet-like ImageNet space of Accel-NASBench: 7 blocks of 4 decisions, 10^11 networks.

Source: Ahmad et al., "Accel-NASBench", DAC 2024 (its appendix B), after Tan et al., "MnasNet", CVPR
2019. A block is a stack of inverted residuals: by how much they expand (1, 4, 6), the kernel of
their depthwise convolution (3, 5), how many there are (1 to 3, in the sixth block 1 to 4), and
whether they squeeze and excite. Widths and strides are fixed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nasbench_harness.contracts import Architecture, Column, Decision, Role, Value
from nasbench_harness.errors import InvalidArchitectureError
from nasbench_harness.spaces.mnasnet.citations import ACCEL_BIBTEX, MNASNET_BIBTEX
from nasbench_harness.spaces.shared.product import ProductSpace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLOCKS = 7
PARTS = ("e", "k", "l", "se")
"""Expansion, kernel, layers, squeeze-excite: as the benchmark's files call them."""
_LAYERS = ("layers1", "layers2", "layers3")
_DEEPER = 5
"""The block, from 0, that may have a layer more."""
_BLOCK = re.compile(r"(e\d)(k\d)l(\d)(se)?")
_BETWEEN = "-"


def _decisions() -> tuple[Decision, ...]:
    found = []
    for block in range(BLOCKS):
        layers = (*_LAYERS, "layers4") if block == _DEEPER else _LAYERS
        options = (("e1", "e4", "e6"), ("k3", "k5"), layers, ("se0", "se1"))
        found += [
            Decision(f"block{block}_{part}", names, group=f"block{block}")
            for part, names in zip(PARTS, options, strict=True)
        ]
    return tuple(found)


class MnasNet(ProductSpace):
    """Networks written block by block, `e6k3l1-e4k5l2se-...`: expansion, kernel, layers, and `se`.

    The four lists of the benchmark's own example are read as well: expansions, kernels, layers and
    squeeze-excite states, of seven blocks each.
    """

    name = "mnasnet"
    decisions = _decisions()
    columns = (Column("depth", Value.WHOLE, Role.RECORD, "layers of all blocks", "count"),)
    tables = ("accel",)
    citation = f"{ACCEL_BIBTEX}\n\n{MNASNET_BIBTEX}"

    def __repr__(self) -> str:
        return f"<space {self.name}: {BLOCKS} blocks, {len(self.decisions)} decisions>"

    def architecture(self, choices: Sequence[int]) -> Architecture:
        """The network with these options; ValueError where there are none such."""
        chosen = super().architecture(choices).choices
        words = self.options(chosen)
        blocks = (words[at : at + len(PARTS)] for at in range(0, len(words), len(PARTS)))
        text = _BETWEEN.join(_written(*block) for block in blocks)
        return Architecture(self.name, chosen, text)

    def parse(self, text: str) -> Architecture:
        """Read `e6k3l1-e4k5l2se-...`, or four lists of seven; else InvalidArchitectureError."""
        if text.lstrip().startswith("["):
            return self._of_lists(text)
        blocks, position = text.strip().split(_BETWEEN), len(text) - len(text.lstrip())
        if len(blocks) != BLOCKS:
            raise InvalidArchitectureError(
                text, 0, f"{len(blocks)} blocks with `{_BETWEEN}` between where there are {BLOCKS}"
            )
        words: list[str] = []
        for block in blocks:
            if not (found := _BLOCK.fullmatch(block)):
                told = "a block is written e6k3l1, and with squeeze-excite e6k3l1se"
                raise InvalidArchitectureError(text, position, told)
            words += [found[1], found[2], f"layers{found[3]}", "se1" if found[4] else "se0"]
            position = self._checked(text, position, words) + len(block) + 1
        return self._of_words(words)

    def _checked(self, text: str, position: int, words: Sequence[str]) -> int:
        """The position, where the last block of `words` has options of its decisions only."""
        first = len(words) - len(PARTS)
        for decision, word in zip(self.decisions[first:], words[first:], strict=False):
            if word not in decision.options:
                told = f"{decision.name} is one of {', '.join(decision.options)}"
                raise InvalidArchitectureError(text, position, told)
        return position

    def _of_words(self, words: Sequence[str]) -> Architecture:
        named = zip(self.decisions, words, strict=True)
        return self.architecture([decision.options.index(word) for decision, word in named])

    def _of_lists(self, text: str) -> Architecture:
        told = f"expected four lists of {BLOCKS}: expansions, kernels, layers, squeeze-excite"
        try:
            e, k, layers, se = ast.literal_eval(text.strip())
            blocks = list(zip(e, k, layers, se, strict=True))
            words = [w for block in blocks for w in words_of(*block)]
            return self._of_words(words)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
            raise InvalidArchitectureError(text, 0, told) from error

    def describe(self, arch: Architecture) -> dict[str, Any]:
        """How deep it is."""
        words = self.options(arch.choices)[2 :: len(PARTS)]
        return {"depth": sum(int(word.removeprefix("layers")) for word in words)}

    def draw(self, arch: Architecture, axes: Axes) -> None:
        """A bar for each block, as long as it has layers."""
        from nasbench_harness.spaces.mnasnet.drawing import draw_blocks

        words = self.options(arch.choices)
        draw_blocks([words[at : at + len(PARTS)] for at in range(0, len(words), 4)], axes)


def words_of(expansion: int, kernel: int, layers: int, squeeze: bool) -> tuple[str, ...]:
    """The options of a block, from the numbers of the benchmark's files."""
    return f"e{expansion}", f"k{kernel}", f"layers{layers}", f"se{int(squeeze)}"


def _written(expansion: str, kernel: str, layers: str, squeeze: str) -> str:
    """The options of a block as the text of an architecture has them."""
    told = f"{expansion}{kernel}l{layers.removeprefix('layers')}"
    return f"{told}se" if squeeze == "se1" else told

"""Latency look-up tables of once-for-all networks, as costs that add up.

Source: Cai et al., "Once-for-All", ICLR 2020, and the tables of the phone Note10 that its authors
publish: milliseconds of every layer that there may be, at one size of images. The space,
MobileNetV3 of width 1.2, has five stages of up to four blocks, each with a kernel of 3, 5 or 7 and
an expansion of 3, 4 or 6; a stage has 2, 3 or 4 blocks. What a block takes depends on its own
kernel and expansion, and on whether its stage is so deep, so that the network's latency is a sum of
parts of three decisions. No accuracies come with it: it is a cost, and no space to search.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nasbench_harness.errors import HarnessError, reason
from nasbench_harness.tables.additive import AdditiveCost, CostPart

KERNELS, EXPANSIONS, DEPTHS = (3, 5, 7), (3, 4, 6), (2, 3, 4)
"""Options of the three sorts of decisions, in their order."""
DEEPEST = max(DEPTHS)
CLASSES, HEAD, FEATURES, STEM = 1000, 1152, 1536, 24


class BlockStage(NamedTuple):
    """Blocks of one width; the first of them changes width and resolution."""

    width: int
    stride: int
    squeeze: int
    hard_swish: int


STAGES = (
    BlockStage(32, 2, 0, 0),
    BlockStage(48, 2, 1, 0),
    BlockStage(96, 2, 0, 1),
    BlockStage(136, 1, 1, 1),
    BlockStage(192, 2, 1, 1),
)
BLOCKS = DEEPEST * len(STAGES)


def kernel_of(block: int) -> int:
    """Which decision the kernel of a block, 0 to 19, is."""
    return block


def expansion_of(block: int) -> int:
    """Which decision the expansion of a block, 0 to 19, is."""
    return BLOCKS + block


def depth_of(stage: int) -> int:
    """Which decision the depth of a stage, 0 to 4, is."""
    return 2 * BLOCKS + stage


def read_latency(file: Path, size: int) -> AdditiveCost:
    """Milliseconds of the networks on images of size x size pixels, from the table for that size.

    Over 45 decisions of three options: the kernels of all 20 blocks, their expansions, and the
    depths of the five stages. HarnessError where an entry is missing.
    """
    import yaml

    try:
        with file.open(encoding="utf-8") as text:
            return latency(yaml.safe_load(text), size)
    except (OSError, yaml.YAMLError, TypeError, ValueError) as error:
        raise HarnessError(
            f"{file} is no latency table that can be read ({reason(error)})."
        ) from error
    except KeyError as error:
        raise HarnessError(
            f"{file} has no entry {error}; it is of images of another size."
        ) from error


def latency(entries: Mapping[str, Mapping[str, Any]], size: int) -> AdditiveCost:
    """The same from entries by their names, each with its `mean`; KeyError for a missing one."""

    def taken(name: str) -> float:
        return float(entries[name]["mean"])

    constant, place, width = 0.0, _halved(size), STEM
    constant += taken(f"Conv-input:{size}x{size}x3-output:{place}x{place}x{STEM}")
    constant += taken(_block(place, STEM, BlockStage(STEM, 1, 0, 0), STEM, 3))
    parts = []
    for number, stage in enumerate(STAGES):
        for block in range(DEEPEST):
            times = [
                [taken(_block(place, width, _at(stage, block), width * e, k)) for e in EXPANSIONS]
                for k in KERNELS
            ]
            there = [[[time if block < depth else 0.0 for depth in DEPTHS] for time in row]
                     for row in times]  # fmt: skip
            at = number * DEEPEST + block
            parts.append(CostPart((kernel_of(at), expansion_of(at), depth_of(number)), there))
            if block == 0:
                place, width = _halved(place) if stage.stride == 2 else place, stage.width
    constant += taken(f"Conv_1-input:{place}x{place}x{width}-output:{place}x{place}x{HEAD}")
    constant += taken(f"AvgPool2D-input:{place}x{place}x{HEAD}-output:1x1x{HEAD}")
    constant += taken(f"Conv_2-input:1x1x{HEAD}-output:1x1x{FEATURES}")
    constant += taken(f"Logits-input:1x1x{FEATURES}-output:{CLASSES}")
    return AdditiveCost(constant, parts)


def _halved(size: int) -> int:
    return (size + 1) // 2


def _at(stage: BlockStage, block: int) -> BlockStage:
    """The stage as a block has it: only the first changes the resolution."""
    return stage if block == 0 else stage._replace(stride=1)


def _block(place: int, width: int, stage: BlockStage, expanded: int, kernel: int) -> str:
    """The name of a block's entry: what comes in, what goes out, and what it is made of."""
    out = _halved(place) if stage.stride == 2 else place
    same = int(stage.stride == 1 and stage.width == width)
    return (
        f"expanded_conv-input:{place}x{place}x{width}-output:{out}x{out}x{stage.width}"
        f"-expand:{expanded}-kernel:{kernel}-stride:{stage.stride}-idskip:{same}"
        f"-se:{stage.squeeze}-hs:{stage.hard_swish}"
    )

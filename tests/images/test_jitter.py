"""Changes of colour: torchvision's, of each image by its own chance, whatever its batch."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest
import torch
from torchvision.transforms import functional as tv

from nasbench_harness.images.jitter import ColorJitter

STRENGTHS = (0.4, 0.4, 0.4, 0.2)
ONE_BY_ONE: Sequence[Callable[[torch.Tensor, float], torch.Tensor]] = (
    tv.adjust_brightness, tv.adjust_contrast, tv.adjust_saturation, tv.adjust_hue,
)  # fmt: skip


def images(count: int, channels: int = 3, seed: int = 0) -> torch.Tensor:
    chance = torch.Generator().manual_seed(seed)
    return torch.randint(256, (count, channels, 9, 7), generator=chance, dtype=torch.uint8)


def chances(count: int, seed: int = 0) -> list[random.Random]:
    return [random.Random(seed + n) for n in range(count)]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("what", range(4))
def test_each_change_is_that_of_torchvision(what: int, channels: int) -> None:
    strengths = [0.0] * 4
    strengths[what] = STRENGTHS[what]
    jitter, pixels = ColorJitter(strengths), images(40, channels)
    found = jitter(pixels, chances(40))
    factors = [jitter.draw(chance)[1][what] for chance in chances(40)]
    theirs = torch.stack(
        [ONE_BY_ONE[what](image, own) for image, own in zip(pixels, factors, strict=True)]
    )
    assert (found.int() - theirs.int()).abs().max() <= 1  # they round factors otherwise
    assert (found != theirs).double().mean() < 0.005


def test_all_four_one_after_the_other_in_the_order_of_the_image() -> None:
    jitter, pixels = ColorJitter(STRENGTHS), images(60)
    found, orders = jitter(pixels, chances(60)), set()
    for n, chance in enumerate(chances(60)):
        order, factors = jitter.draw(chance)
        orders.add(tuple(order))
        theirs = pixels[n]
        for what in order:
            theirs = ONE_BY_ONE[what](theirs, factors[what])
        assert (found[n] != theirs).double().mean() < 0.05
        assert (found[n].int() - theirs.int()).abs().max() <= 8
    assert len(orders) > 15


def test_colours_without_a_hue_keep_it() -> None:
    grey = torch.arange(256, dtype=torch.uint8)[None, None, None].expand(1, 3, 1, 256)
    assert torch.equal(ColorJitter((0, 0, 0, 0.5))(grey, chances(1)), grey)


def test_factors_are_even_between_their_ends() -> None:
    jitter = ColorJitter((0.4, 1.5, 0.4, 0.2))
    drawn = torch.tensor([jitter.draw(random.Random(n))[1] for n in range(4000)])
    ends = torch.tensor([[0.6, 1.4], [0.0, 2.5], [0.6, 1.4], [-0.2, 0.2]]).T
    spans = ends[1] - ends[0]
    assert torch.all((drawn >= ends[0]) & (drawn <= ends[1]))
    shares = (drawn - ends[0]) / spans
    assert torch.all((shares.mean(dim=0) - 0.5).abs() < 0.02)
    assert torch.all((shares.std(dim=0) - 12**-0.5).abs() < 0.02)


def test_an_image_is_changed_alike_in_every_batch() -> None:
    jitter, pixels = ColorJitter(STRENGTHS), images(8)
    whole = jitter(pixels, chances(8))
    assert torch.equal(jitter(pixels[3:5], chances(8)[3:5]), whole[3:5])
    assert not torch.equal(jitter(pixels, chances(8, seed=100)), whole)
    assert torch.equal(pixels, images(8))  # what was given is as it was

"""The operations of DARTS cells, one by one."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from nasbench_harness.spaces.darts import branches
from nasbench_harness.spaces.darts.branches import WideHalving
from nasbench_harness.spaces.darts.encoding import DILATED, NONE, OPERATIONS, SEPARABLE, SKIP
from nasbench_harness.spaces.darts.operations import HalvingSkip, Norms, make_operation
from nasbench_harness.spaces.shared.halving import both_halves

CHANNELS = 6
PLAIN = Norms(affine=False)


def noise_of(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("sides", [(8, 8), (7, 5), (1, 1)])
def test_maps_keep_their_sides_or_halve_them_rounded_up(name: str, sides: tuple[int, int]) -> None:
    images = noise_of(0, 3, CHANNELS, *sides)
    halves = tuple((side + 1) // 2 for side in sides)
    assert make_operation(name, CHANNELS, 1, Norms())(images).shape == images.shape
    assert make_operation(name, CHANNELS, 2, Norms())(images).shape == (3, CHANNELS, *halves)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("name", OPERATIONS)
def test_parameters_are_those_of_the_definition(name: str, stride: int) -> None:
    expected = norms = 0
    if name in SEPARABLE:
        expected, norms = 2 * (CHANNELS * SEPARABLE[name] ** 2 + CHANNELS**2), 2
    elif name in DILATED:
        expected, norms = CHANNELS * DILATED[name] ** 2 + CHANNELS**2, 1
    elif name == SKIP and stride == 2:
        expected, norms = CHANNELS**2, 1
    assert parameters(make_operation(name, CHANNELS, stride, PLAIN)) == expected
    learned = make_operation(name, CHANNELS, stride, Norms())
    assert parameters(learned) == expected + 2 * CHANNELS * norms


@pytest.mark.parametrize("name", ["max_pool_3x3", "avg_pool_3x3"])
def test_a_norm_follows_a_pooling_only_where_it_is_asked_for(name: str) -> None:
    plain = make_operation(name, CHANNELS, 1, Norms())
    normed = make_operation(name, CHANNELS, 1, Norms(affine=False, after_pools=True))
    images = noise_of(1, 4, CHANNELS, 8, 8)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in plain.modules())
    pooled = plain(images)
    mean, variance = (
        pooled.mean((0, 2, 3), keepdim=True),
        pooled.var((0, 2, 3), keepdim=True, unbiased=False),
    )
    torch.testing.assert_close(normed(images), (pooled - mean) / (variance + 1e-5).sqrt())


def test_a_mean_does_not_count_what_lies_outside() -> None:
    ones = torch.ones(1, CHANNELS, 5, 5)
    assert make_operation("avg_pool_3x3", CHANNELS, 2, Norms())(ones).eq(1).all()


def test_half_of_a_halving_skip_sees_the_pixels_in_between() -> None:
    skip = HalvingSkip(CHANNELS, CHANNELS, PLAIN).eval()
    images = noise_of(2, 2, CHANNELS, 8, 6)
    kept = images.relu()
    made = [
        conv2d(kept[:, :, ::2, ::2], skip.even.weight),
        conv2d(kept[:, :, 1::2, 1::2], skip.odd.weight),
    ]
    torch.testing.assert_close(skip(images), torch.cat(made, dim=1) / (1 + 1e-5) ** 0.5)


def reach(name: str) -> set[int]:
    """Offsets of the rows that a pixel of the output depends on."""
    images = noise_of(3, 1, 2, 21, 21).abs().requires_grad_()
    operation = make_operation(name, 2, 1, PLAIN).double().eval()
    for kernel in operation.parameters():
        nn.init.uniform_(kernel, 0.5, 1.0)  # above 0, so that no activation is cut off
    operation(images.double())[0, :, 10, 10].sum().backward()
    assert images.grad is not None
    rows = images.grad.abs().sum((0, 1, 3)).nonzero().flatten().tolist()
    return {row - 10 for row in rows}


@pytest.mark.parametrize(
    ("name", "offsets"),
    [
        ("dil_conv_3x3", {-2, 0, 2}),
        ("dil_conv_5x5", {-4, -2, 0, 2, 4}),
        ("max_pool_3x3", {-1, 0, 1}),
        (SKIP, {0}),
        (NONE, set()),
        ("noise", set()),
    ],
)
def test_what_a_pixel_depends_on(name: str, offsets: set[int]) -> None:
    if name == "noise":
        images = noise_of(3, 1, 2, 5, 5).requires_grad_()
        assert not make_operation(name, 2, 1, PLAIN)(images).requires_grad
    elif name == "max_pool_3x3":
        assert reach(name) <= offsets
    else:
        assert reach(name) == offsets


@pytest.mark.parametrize("name", SEPARABLE)
def test_a_separable_convolution_reaches_twice_its_kernel(name: str) -> None:
    most = 2 * (SEPARABLE[name] // 2)
    assert max(reach(name)) <= most
    assert max(reach(name)) > most // 2


@pytest.mark.parametrize("name", [*SEPARABLE, *DILATED])
def test_convolutions_see_nothing_below_zero(name: str) -> None:
    operation = make_operation(name, CHANNELS, 1, PLAIN).eval()
    assert operation(-torch.ones(1, CHANNELS, 4, 4)).eq(0).all()


def test_noise_is_standard_normal_whatever_comes_in() -> None:
    noise = make_operation("noise", CHANNELS, 2, Norms())
    made = []
    for images in (torch.zeros(64, CHANNELS, 16, 16), 100 * torch.ones(64, CHANNELS, 16, 16)):
        torch.manual_seed(0)
        made.append(noise(images))
    assert made[0].equal(made[1])
    assert abs(float(made[0].mean())) < 0.02
    assert abs(float(made[0].std()) - 1) < 0.02


def test_an_odd_number_of_channels_cannot_be_halved() -> None:
    with pytest.raises(ValueError, match="a width of 7 channels cannot be halved"):
        make_operation(SKIP, 7, 2, Norms())


def test_a_pixel_of_four_is_read_in_place_of_a_stride(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gradient of a convolution 1x1 of stride 2 writes beyond its memory in torch 2.14."""
    given: list[tuple[torch.Size, dict[str, Any]]] = []

    def spied(x: Tensor, kernel: Tensor, **named: Any) -> Tensor:
        given.append((x.shape, named))
        return conv2d(x, kernel, **named)

    monkeypatch.setattr(branches, "conv2d", spied)
    WideHalving([0, 1], 4, track=False).every(noise_of(0, 2, 4, 8, 8), None)
    assert given == [((2, 4, 4, 4), {}), ((2, 4, 4, 4), {})]
    halving = HalvingSkip(4, 4, PLAIN)
    assert halving.even.stride == halving.odd.stride == (1, 1)


@pytest.mark.parametrize("sides", [(8, 8), (7, 5), (1, 1)])
def test_it_is_what_the_stride_would_read(sides: tuple[int, int]) -> None:
    images, kernel = noise_of(1, 2, 4, *sides).double(), noise_of(2, 6, 4, 1, 1).double()
    shifted = torch.nn.functional.pad(images, (0, 1, 0, 1))[:, :, 1:, 1:]
    for found, strided in zip(both_halves(images), (images, shifted), strict=True):
        assert torch.allclose(conv2d(found, kernel), conv2d(strided, kernel, stride=2), atol=1e-12)

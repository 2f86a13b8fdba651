"""What spaces share: products of their decisions, and plain supernets."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from nasbench_harness.contracts import (
    Architecture,
    Cost,
    Decision,
    Enumerable,
    SearchSpace,
    Widening,
)
from nasbench_harness.errors import InvalidArchitectureError, UnknownNameError
from nasbench_harness.methods.random import RandomSearch
from nasbench_harness.methods.rea import RegularisedEvolution
from nasbench_harness.registry import lacking
from nasbench_harness.spaces.shared.mixing import PlainSupernet, mixed
from nasbench_harness.spaces.shared.product import ListedProduct, ProductSpace
from nasbench_harness.spaces.shared.words import words
from nasbench_harness.testing import ToyProblem, check_costs, check_searcher, check_space

MB = tuple(f"mb{ratio}_{kernel}" for ratio in (3, 6) for kernel in (3, 5, 7))


class Ragged(ListedProduct):
    name = "ragged"
    decisions = (
        Decision("stem", ("a", "b", "c"), "in"),
        Decision("only", ("x",), "mid"),
        Decision("head", ("skip", "conv"), "out", ("skip",)),
    )


class Mobile(ProductSpace):
    """As ProxylessNAS has it: 21 layers, 7 blocks; more than anybody lists."""

    name = "mobile"
    decisions = tuple(
        Decision(f"layer{i}", (*MB, "skip"), f"stage{i // 4}", ("skip",)) for i in range(21)
    )
    costs = (Cost("latency:phone", "sum over a look-up table", "ms", "Latency"),)

    def cost(self, arch: Architecture, what: str, dataset: str) -> float:
        if what != "latency:phone":
            return super().cost(arch, what, dataset)
        return sum(0.5 + 0.1 * MB.index(o) for o in self.options(arch.choices) if o in MB)


@pytest.mark.parametrize("space", [Ragged(), Mobile()], ids=lambda space: space.name)
def test_products_keep_the_contract(space: ProductSpace) -> None:
    assert lacking(space, SearchSpace) == []
    check_space(space, samples=10)
    check_costs(space)


def test_only_what_is_listed_is_enumerable() -> None:
    assert isinstance(Ragged(), Enumerable)
    assert not isinstance(Mobile(), Enumerable)
    assert Ragged().size == 6
    assert [str(arch) for arch in Ragged().enumerate()] == [
        f"{stem}/x/{head}" for stem in "abc" for head in ("skip", "conv")
    ]
    assert [Ragged().rank(arch) for arch in Ragged().enumerate()] == list(range(6))
    for rank in (-1, 6):
        with pytest.raises(IndexError, match="from 0 to 5"):
            Ragged().unrank(rank)


def test_methods_search_what_nobody_lists() -> None:
    check_searcher(RandomSearch, make_problem=lambda: ToyProblem(Mobile()))
    check_searcher(RegularisedEvolution, make_problem=lambda: ToyProblem(Mobile()))


def test_mutations_reach_every_neighbour_alike() -> None:
    space, generator = Ragged(), torch.Generator().manual_seed(0)
    arch = space.parse("a/x/skip")
    children = [str(space.mutate(arch, generator)) for _ in range(400)]
    assert set(children) == {str(near) for near in space.neighbours(arch)}
    assert 150 < children.count("a/x/conv") < 250  # the decision first, then the option


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("a/x", 0, "2 options where ragged has 3"),
        ("d/x/skip", 0, "stem is one of a, b, c"),
        ("a/x/pool", 4, "head is one of skip, conv"),
    ],
)
def test_a_fault_is_pointed_at(text: str, position: int, said: str) -> None:
    with pytest.raises(InvalidArchitectureError, match=said) as caught:
        Ragged().parse(text)
    assert caught.value.position == position


def test_what_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="out of range"):
        Ragged().architecture((0, 1, 0))
    with pytest.raises(ValueError, match="out of range"):
        Ragged().architecture((0, 0))
    with pytest.raises(UnknownNameError, match="latency:phone"):
        Mobile().cost(Mobile().sample(torch.Generator()), "latency:tablet", "")


# --- plain supernets ---------------------------------------------------------------------------


class Fails(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        raise AssertionError("computed")


def test_a_mixture_is_the_weighed_sum_of_what_is_active() -> None:
    torch.manual_seed(0)
    x, operations = torch.randn(2, 3, 4, 4), [nn.Identity(), nn.Conv2d(3, 3, 1)]
    row = torch.tensor([0.25, 0.75])
    expected = 0.25 * x + 0.75 * operations[1](x)
    torch.testing.assert_close(mixed(operations, x, row), expected)
    each = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    expected = torch.stack([x[0], operations[1](x)[1]])
    torch.testing.assert_close(mixed(operations, x, each), expected)
    active = torch.tensor([True, False])
    torch.testing.assert_close(mixed([operations[0], Fails()], x, row, active), 0.25 * x)
    assert not mixed(operations, x, row, ~active & active).any()


def test_where_nothing_is_active_the_zeros_have_the_shape_of_what_operations_make() -> None:
    torch.manual_seed(0)
    narrow = nn.Sequential(nn.Conv2d(3, 6, 3, stride=2, padding=1), nn.BatchNorm2d(6), nn.Dropout())
    narrow[2].eval()
    before = {name: value.clone() for name, value in narrow.state_dict().items()}
    none = torch.zeros(2, dtype=torch.bool)
    made = mixed([narrow, Fails()], torch.randn(2, 3, 8, 8), torch.ones(2), none)
    assert made.shape == (2, 6, 4, 4)
    assert not made.any()
    assert not made.requires_grad
    assert [module.training for module in narrow] == [True, True, False]
    assert all(torch.equal(value, before[name]) for name, value in narrow.state_dict().items())


def test_frozen_parameters_are_as_they_were_afterwards() -> None:
    network = PlainSupernet()
    network.layer, network.fixed = nn.Linear(2, 2), nn.Linear(2, 2).requires_grad_(False)
    with network.frozen():
        assert not any(parameter.requires_grad for parameter in network.parameters())
    assert network.layer.weight.requires_grad
    assert not network.fixed.weight.requires_grad
    assert not isinstance(network, Widening)


def test_words_of_a_pasted_list_are_found_with_their_places() -> None:
    assert list(words("['a', \"b\"]")) == [(2, "a"), (7, "b")]
    assert list(words("a/b | c;\n(d)")) == [(0, "a"), (2, "b"), (6, "c"), (10, "d")]
    assert list(words(" []")) == []

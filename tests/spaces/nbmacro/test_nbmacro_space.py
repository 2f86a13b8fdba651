"""The NAS-Bench-Macro space: notation, decisions, costs."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness import registry
from nasbench_harness.contracts import Enumerable, NetworkSpace, Numbered, SearchSpace
from nasbench_harness.errors import InvalidArchitectureError, UnknownNameError
from nasbench_harness.registry import lacking
from nasbench_harness.spaces.nbmacro import NBMacro, encoding
from nasbench_harness.testing import check_costs, check_space

BEST = (2, 2, 2, 1, 2, 2, 2, 0)


@pytest.fixture(scope="module")
def space() -> NBMacro:
    return NBMacro()


def test_the_space_keeps_its_contracts(space: NBMacro) -> None:
    assert lacking(space, SearchSpace) == []
    assert isinstance(space, Enumerable)
    assert isinstance(space, NetworkSpace)
    assert not isinstance(space, Numbered)  # the benchmark numbers nothing
    check_space(space)
    check_costs(space, dataset="cifar10")
    assert registry.open_space("nbmacro").name == "nbmacro"


def test_eight_layers_of_three_options_in_three_stages(space: NBMacro) -> None:
    assert space.size == 3**8 == 6561
    stages = [
        [d.name for d in group]
        for _, group in itertools.groupby(space.decisions, lambda d: d.group)
    ]
    assert [len(layers) for layers in stages] == [2, 3, 3]
    assert [layers[0] for layers in stages] == ["layer1", "layer3", "layer6"]


def test_an_identity_is_free_only_where_it_changes_no_shape(space: NBMacro) -> None:
    free = [d.free == ("identity",) for d in space.decisions]
    assert free == [False, True, False, True, True, False, True, True]


# --- notation ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "22212220", " 22212220\n", "22|212|220", "2-2-2-1-2-2-2-0", "2,2,2,1,2,2,2,0", "2 2 212220",
        "[2, 2, 2, 1, 2, 2, 2, 0]", "(2, 2, 2, 1, 2, 2, 2, 0)", "'22212220'", '["2", "2"], 212220',
        "tensor([2, 2, 2, 1, 2, 2, 2, 0])", "np.array([2, 2, 2, 1, 2, 2, 2, 0])",
        "ir_5x5_t6 ir_5x5_t6 ir_5x5_t6 ir_3x3_t3 ir_5x5_t6 ir_5x5_t6 ir_5x5_t6 id",
        "MB6_K5, MB6_K5, MB6_K5, MB3_K3, MB6_K5, MB6_K5, MB6_K5, Identity",
        "/".join(encoding.OPTIONS[choice] for choice in BEST),
    ],
)  # fmt: skip
def test_what_people_paste_is_read(space: NBMacro, text: str) -> None:
    arch = space.parse(text)
    assert arch.choices == BEST
    assert str(arch) == "22212220"


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("22212230", 6, "0, 1 or 2 at character 7, found `3`"),
        ("2221222", 7, "7 of 8 layers are there"),
        ("222122 ", 6, "6 of 8 layers"),
        ("222122201", 8, "more than 8 layers"),
        ("[2, 2, 2, 1, 2, 2, 2, -1]", 22, "found `-`"),
        ("2,2,2,1,2,2,2,mb6_k3", 14, "Did you mean `mb6_k5`"),
        ("2221222٠", 7, "found `٠`"),
        ("", 0, "No layer is there"),
    ],
)
def test_a_fault_is_pointed_at(space: NBMacro, text: str, position: int, said: str) -> None:
    with pytest.raises(InvalidArchitectureError, match=said) as caught:
        space.parse(text)
    assert caught.value.position == position
    assert "`22212220`" in str(caught.value)  # what is expected


def test_every_string_is_read_back(space: NBMacro) -> None:
    for rank, arch in enumerate(space.enumerate()):
        assert int(str(arch), 3) == rank
        assert space.parse(str(arch)) == arch


# --- one network, several strings --------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "trained"),
    [
        ("22212202", "22212220"), ("00202121", "00220121"), ("21101001", "21110010"),
        ("02000000", "02000000"), ("20012220", "20012220"), ("10100100", "10100100"),
        ("12012012", "12012012"), ("12002002", "12020020"),
    ],
)  # fmt: skip
def test_whose_trainings_a_string_has(space: NBMacro, text: str, trained: str) -> None:
    """Only behind the first layer of a stage an identity may move."""
    assert space.describe(space.parse(text)) == {"trained_as": trained}


def test_strings_of_one_network_are_kept_apart(space: NBMacro) -> None:
    one, other = space.parse("22212220"), space.parse("22212202")
    assert one != other
    assert space.rank(one) != space.rank(other)
    assert space.cost(one, "params") == space.cost(other, "params")
    assert len({space.describe(arch)["trained_as"] for arch in space.enumerate()}) == 3969


# --- costs -------------------------------------------------------------------------------------


def test_parameters_of_all_identities_by_hand(space: NBMacro) -> None:
    stem, halvings = 3 * 32 * 9 + 64, (32 * 64 + 128) + (64 * 128 + 256) + (128 * 256 + 512)
    tail, classifier = 256 * 1280 + 2560, 1280 * 10 + 10
    assert stem + halvings + tail + classifier == 387_882
    assert space.cost(space.parse("00000000"), "params") == 387_882


def test_costs_are_those_of_the_benchmark(space: NBMacro, reference_data: Path) -> None:
    import pandas as pd

    path = reference_data / "more" / "nasbench_macro" / "nasbench_macro_cifar10.csv.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    told = pd.read_csv(path, dtype={"arch": str}).set_index("arch")
    assert len(told) == space.size
    for arch in space.enumerate():
        row: Any = told.loc[str(arch)]
        assert space.cost(arch, "params") == row["params"]
        assert space.cost(arch, "flops") == row["madds"]


def test_costs_of_other_images_are_refused(space: NBMacro) -> None:
    arch = space.parse("00000000")
    assert space.cost(arch, "params", "") == space.cost(arch, "params", "cifar10")
    with pytest.raises(UnknownNameError, match="cifar10"):
        space.cost(arch, "params", "cifar100")

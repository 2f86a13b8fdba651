"""The space of NAS-Bench-Graph."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from nasbench_harness import registry
from nasbench_harness.errors import InvalidArchitectureError
from nasbench_harness.spaces.nbgraph import NBGraph
from nasbench_harness.testing import check_space

SPACE = NBGraph()


def test_keeps_the_contract() -> None:
    check_space(SPACE, samples=20)


def test_is_a_product_of_five_decisions() -> None:
    assert [len(decision.options) for decision in SPACE.decisions] == [9] * 5
    assert SPACE.size == 59_049


def test_registry_lists_it() -> None:
    assert isinstance(registry.open_space("nbgraph"), NBGraph)


def test_ranks_are_in_the_order_of_the_digits() -> None:
    assert SPACE.unrank(0).text == "0000/gat/gat/gat/gat"
    assert SPACE.unrank(1).text == "0000/gat/gat/gat/gcn"
    assert SPACE.rank(SPACE.parse("88888")) == 59_048


def test_reads_its_five_digits_as_well() -> None:
    assert str(SPACE.parse("30187")) == "0012/gat/gcn/skip/fc"


def test_tells_the_architecture_that_was_trained() -> None:
    told = SPACE.describe(SPACE.parse("0000/skip/gcn/gat/gat"))
    assert told == {"canonical_form": "58001", "collapsed": False}


def test_tells_what_was_never_trained() -> None:
    skips = SPACE.parse("0012/skip/skip/skip/skip")
    assert SPACE.describe(skips) == {"canonical_form": "", "collapsed": True}
    assert "never" in SPACE.flaw(skips) or "no such network" in SPACE.flaw(skips)
    assert SPACE.flaw(SPACE.parse("00000")) == ""


def test_neither_samples_nor_mutates_to_skips_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(0)
    near = SPACE.parse("0000/skip/skip/skip/gat")
    children = [SPACE.mutate(near, generator) for _ in range(400)]
    assert not any(SPACE.flaw(child) for child in children)
    skips = SPACE.parse("88888")
    drawn = iter([skips, near])
    monkeypatch.setattr(
        "nasbench_harness.spaces.shared.product.ProductSpace.sample", lambda *_: next(drawn)
    )
    assert SPACE.sample(generator) == near


@pytest.mark.parametrize(
    ("text", "position", "told"),
    [
        ("0012/gat/gcn/skip", 0, "5 parts"),
        ("0012/gat/gcn/skp/fc", 13, "Did you mean `skip`"),
        ("0021/gat/gcn/skip/fc", 0, "no graph"),
        ("3018", 0, "5 digits"),
        ("30197", 3, "0 to 8"),
    ],
)
def test_points_at_the_fault(text: str, position: int, told: str) -> None:
    with pytest.raises(InvalidArchitectureError, match=told) as caught:
        SPACE.parse(text)
    assert caught.value.position == position


def test_can_be_drawn() -> None:
    from matplotlib.figure import Figure

    axes = Figure().add_subplot()
    SPACE.draw(SPACE.parse("0012/gat/gcn/skip/fc"), axes)
    names = [text.get_text() for text in axes.texts]
    assert names == ["in", "out", "gat", "gcn", "skip", "fc"]
    assert len(axes.patches) == 6  # four predecessors, two ways to the output


def test_opens_without_torch() -> None:
    code = (
        "import sys; from nasbench_harness.spaces.nbgraph import NBGraph;"
        "NBGraph().describe(NBGraph().parse('30187'));"
        "print([n for n in ('numpy', 'pandas', 'torch', 'matplotlib') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

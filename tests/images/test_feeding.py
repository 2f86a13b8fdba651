"""How many images are evaluated at a time where memory is short."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from nasbench_harness.images.feeding import within_memory
from tests.methods.tiny_supernet import supernet


def with_room_for(room: int, asked: list[int]) -> Callable[[int], int]:
    def act(size: int) -> int:
        asked.append(size)
        if size > room:
            raise RuntimeError("CUDA out of memory. Tried to allocate 8.00 GiB")
        return size

    return act


@pytest.mark.parametrize(
    ("room", "tried"), [(500, [250]), (249, [250, 125]), (20, [250, 125, 62, 31, 16])]
)
def test_half_as_many_are_tried_down_to_those_that_are_trained_on(
    room: int, tried: list[int]
) -> None:
    asked: list[int] = []
    assert within_memory(250, 16, with_room_for(room, asked)) == tried[-1]
    assert asked == tried


def test_where_those_do_not_fit_either_it_is_told() -> None:
    asked: list[int] = []
    with pytest.raises(RuntimeError, match="out of memory"):
        within_memory(250, 100, with_room_for(99, asked))
    assert asked == [250, 125, 100]


def test_another_fault_is_told_at_once() -> None:
    def broken(size: int) -> int:
        raise RuntimeError(f"{size} is no number of mine")

    with pytest.raises(RuntimeError, match="250 is no number"):
        within_memory(250, 16, broken)


def refusing(forward: Any, room: int, seen: list[int]) -> Any:
    """A network's forward with memory for so many images."""

    def forwarded(images: torch.Tensor, *more: Any) -> torch.Tensor:
        seen.append(len(images))
        if len(images) > room:
            raise RuntimeError("CUDA out of memory. Tried to allocate 8.00 GiB")
        result: torch.Tensor = forward(images, *more)
        return result

    return forwarded


@pytest.mark.parametrize(("evaluation", "fits"), [("running", True), ("batch", False)])
def test_a_supernet_is_evaluated_all_the_same(
    monkeypatch: pytest.MonkeyPatch, evaluation: str, fits: bool
) -> None:
    """Not where batches are measured by their own statistics: another size is another number."""
    problem, seen = supernet(evaluation=evaluation, track_running_stats=True), list[int]()
    arch = problem.space.sample(torch.Generator().manual_seed(0))
    expected = problem.accuracy(arch, 24)
    short = refusing(problem.supernet.forward, 10, seen)
    monkeypatch.setattr(problem.supernet, "forward", short)
    if fits:
        assert problem.accuracy(arch, 24) == expected
        assert seen[-3:] == [7, 7, 3]
        return
    with pytest.raises(RuntimeError, match="out of memory"):
        problem.accuracy(arch, 24)
    assert seen == [24]

"""Sets of methods of which no two are told apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def groups(labels: Sequence[str], separated: Callable[[str, str], bool]) -> list[tuple[str, ...]]:
    """The largest sets of two labels or more of which none is `separated` from another.

    Labels keep their order within a set, and sets that of their first label. These are the maximal
    cliques of the labels that are not separated: being told apart need not go by any order.
    """
    beside = {
        label: {other for other in labels if other != label and not separated(label, other)}
        for label in labels
    }
    found: list[set[str]] = []
    _grow(set(), set(labels), set(), beside, found)
    place = {label: i for i, label in enumerate(labels)}
    ordered = [tuple(sorted(group, key=place.__getitem__)) for group in found if len(group) > 1]
    return sorted(ordered, key=lambda group: [place[label] for label in group])


def _grow(
    group: set[str],
    left: set[str],
    done: set[str],
    beside: dict[str, set[str]],
    found: list[set[str]],
) -> None:
    """Every maximal set that holds `group`, some of `left` and none of `done`.

    Source: Bron & Kerbosch, "Algorithm 457: Finding All Cliques of an Undirected Graph", CACM 1973,
    with a pivot.
    """
    if not left and not done:
        found.append(group)
        return
    pivot = max(left | done, key=lambda label: len(beside[label] & left))
    for label in sorted(left - beside[pivot]):
        near = beside[label]
        _grow(group | {label}, left & near, done & near, beside, found)
        left = left - {label}
        done = done | {label}

"""What a user should hear of the costs of a study before it runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from nasbench_harness.study.cost_options import counted, setting_of
from nasbench_harness.study.heldcost import (
    COST,
    RAMP,
    TARGET,
    HeldCost,
    HeldCosts,
    held_costs,
    seeks_fronts,
)
from nasbench_harness.study.latencies import other_threads

if TYPE_CHECKING:
    from nasbench_harness.study.spec import TrialSpec


def cost_notes(specs: Iterable[TrialSpec]) -> Iterator[str]:
    """What is to be known of the costs of a study before it runs, a sentence each."""
    by_label = {spec.label: spec for spec in specs}
    held = {label: held_costs(spec) for label, spec in by_label.items()}
    for label, spec in by_label.items():
        if (costs := held[label]) is not None:
            yield from _notes(label, spec, costs)
            yield from other_threads((one.cost.name for one in costs), spec.space)
        elif spec.overrides.get(setting_of(spec.method, TARGET)):
            name = next(iter(counted(spec.space)), "NAME")
            yield (
                f"`{label}` has a target and holds no cost, so that the target does nothing; add"
                f" `{setting_of(spec.method, COST)}={name}` to its brackets, or `--cost {name}`."
            )
    without = [f"`{label}`" for label, spec in by_label.items() if COST not in spec.roles]
    if without and any(held.values()):
        takes = "holds no cost and searches" if len(without) == 1 else "hold no cost and search"
        yield (
            f"{_listed(without)} {takes} without it; what the answers cost is recorded all the"
            " same."
        )


def _notes(label: str, spec: TrialSpec, held: HeldCosts) -> Iterator[str]:
    from nasbench_harness.tables.within import known_of_all

    yield from _of_ramp(label, spec, held)
    target = setting_of(spec.method, TARGET)
    if not any(one.target for one in held) and target not in spec.overrides:
        if seeks_fronts(spec.method):
            yield (
                f"`{label}` looks for the whole front of {_names(held)}, whatever its answer costs;"
                f" --target (in brackets `{target}=...`) says what that may cost."
            )
            return
        per = " and every ".join(_one(one) for one in held)
        yield (
            f"`{label}` holds {_names(held)} down without a target, so that every {per} is"
            f" penalised; --target (in brackets `{target}=...`) says how much is free."
        )
        return
    if unknown := [one.what for one in held if not one.cost.of_all]:
        within, it = ("target", "it") if len(held.each) == 1 else ("targets", "them")
        yield (
            f"{_listed(unknown)} {'is' if len(unknown) == 1 else 'are'} measured of answers alone,"
            f" so that nobody knows the best architecture within the {within}: there is no regret"
            f" within {it}."
        )
    if known_of_all(spec):
        yield from _out_of_range(spec, held)


def _one(held: HeldCost) -> str:
    """What is penalised: `million params`, `ms`."""
    return f"{held.unit} {held.what}" if held.cost.scale != 1.0 else held.unit


def _of_ramp(label: str, spec: TrialSpec, held: HeldCosts) -> Iterator[str]:
    """Where the search ends before the cost has its whole weight."""
    ramp = spec.roles.get(RAMP)
    if isinstance(ramp, int) and ramp > spec.steps:
        setting = setting_of(spec.method, RAMP)
        what = "the cost" if len(held.each) == 1 else "no cost"
        never = "never has" if len(held.each) == 1 else "ever has"
        yield (
            f"The weight of {_names(held)} grows over {ramp:,} steps and `{label}` searches for"
            f" {spec.steps:,}, so that {what} {never} its whole weight; give it more steps, or"
            f" a shorter ramp with `--set {spec.method}.{setting}=...`."
        )


# --- where nothing, or everything, is within the targets -----------------------------------------


def _out_of_range(spec: TrialSpec, held: HeldCosts) -> Iterator[str]:
    told = [note for one in held if one.cost.of_all for note in _of_one(spec, held, one)]
    yield from told
    if sum(one.target is not None for one in held) > 1 and held.of_all and not told:
        yield from _together(spec, held)


def _of_one(spec: TrialSpec, held: HeldCosts, one: HeldCost) -> Iterator[str]:
    import numpy as np

    from nasbench_harness.tables.within import costs_of

    if (target := one.target) is None:  # an objective
        return
    costs = costs_of(spec, one)
    least, most = float(np.nanmin(costs)), float(np.nanmax(costs))
    where = f"{one.what} of {spec.space} on {spec.dataset}"
    several = len(held.each) > 1
    if target < least:
        missing = "the targets and this one" if several else "the target and it"
        yield (
            f"Nothing is within the target of {target:g} {one.unit}: {where} begin at"
            f" {least:.6g} {one.unit}, so that there is no regret within {missing}"
            " cannot be met."
        )
    elif target >= most:
        penalised = f"{one.what} is never penalised" if several else "nothing is ever penalised"
        yield (
            f"Everything is within the target of {target:g} {one.unit}: {where} end at"
            f" {most:.6g} {one.unit}, so that {penalised}."
        )


def _together(spec: TrialSpec, held: HeldCosts) -> Iterator[str]:
    """Where each target can be kept, and not all by one architecture."""
    import numpy as np

    from nasbench_harness.tables.within import costs_of, within

    if within(spec, held).any():
        return
    found = []
    kept_down = [one for one in held if one.target is not None]
    for one in kept_down:
        others = HeldCosts(tuple(other for other in kept_down if other is not one))
        if (kept := within(spec, others)).any():
            least = float(np.nanmin(costs_of(spec, one)[kept]))
            found.append(f"with {_kept(others)} {one.what} begin at {least:.6g} {one.unit}")
    within_others = f": {_listed(found)}" if found else ""
    yield (
        f"No architecture of {spec.space} on {spec.dataset} keeps all targets,"
        f" {_kept(held)}{within_others}. So there is no regret within them, and they cannot be met."
    )


def _kept(held: HeldCosts) -> str:
    """`at most 0.5 million params and 8 ms latency:pixel3`."""
    free = [(one.target, one) for one in held if one.target is not None]
    return "at most " + _listed([f"{target:g} {one.unit} {one.what}" for target, one in free])


def _names(held: HeldCosts) -> str:
    return _listed([one.what for one in held])


def _listed(names: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))

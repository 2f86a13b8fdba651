"""`all` in the place of methods: every built-in one that can run on the problem of a study.

What cannot is left out with its reason, where a method that is named stays the user's to mend.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nasbench_harness import registry
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import Hardware
from nasbench_harness.problems.kinds import open_kind
from nasbench_harness.study.capabilities import LackingError
from nasbench_harness.study.choice import MethodChoice
from nasbench_harness.study.keys import ALL_DATASETS, BASELINE, StudyConfig
from nasbench_harness.study.notation import EVERY, ConfigError
from nasbench_harness.study.planning import plan
from nasbench_harness.study.recipes import PAPER, NoPaperError
from nasbench_harness.tables.library import find_table


@dataclass(frozen=True)
class Every:
    """What `all` comes to on a problem."""

    problem: str
    """As a sentence names it: `a landscape of nb201`."""
    methods: tuple[str, ...]
    reasons: Mapping[str, str]
    """Of each method that cannot run there, a sentence."""
    lacking: Mapping[str, str] = field(default_factory=dict)
    """Of those that need what no problem of the kind has, what that is."""
    unpublished: Sequence[str] = ()
    """Those of which nothing is `paper` there."""

    def sentences(self) -> Iterator[str]:
        """What a user should hear of it: what runs, what the others need, and other reasons."""
        yield f"`{EVERY}` on {self.problem}: {', '.join(self.methods)}."
        needs: dict[str, list[str]] = {}
        for name, what in self.lacking.items():
            needs.setdefault(what, []).append(name)
        if needs:
            told = ", ".join(f"{what} ({', '.join(names)})" for what, names in needs.items())
            yield f"Left out, for {self.problem} has not what they need: {told}."
        if self.unpublished:
            yield (
                f"`{EVERY}` leaves out what has no recipe `{PAPER}` for this space:"
                f" {', '.join(self.unpublished)}; --recipe NAME asks for another, and"
                " `nasharness show method NAME` lists a method's."
            )
        for name, reason in self.reasons.items():
            if name not in self.lacking and name not in self.unpublished:
                yield f"`{EVERY}` leaves out {name}: {reason}"


def asks_for_every(choices: Sequence[MethodChoice]) -> bool:
    """Is `all` among the methods."""
    return any(choice.name == EVERY for choice in choices)


def expanded(config: StudyConfig, hardware: Hardware | None = None) -> tuple[StudyConfig, Every]:
    """The study with methods in the place of `all`: those that are not named beside it.

    ConfigError where `all` has settings, where a method is called so, or where none can run.
    """
    _refuse(config.methods)
    named = {choice.name for choice in config.methods}
    names = [
        name
        for name in registry.methods.built_in()
        if name not in named and (config.random or name != BASELINE)
    ]
    faults = {name: fault for name in names if (fault := _fault(config, name, hardware))}
    if names and len(faults) == len(names) and len(set(map(str, faults.values()))) == 1:
        faults = {}  # wrong with the study and not with a method, which planning tells
    able = [MethodChoice(name=name) for name in names if name not in faults]
    others = [choice for choice in config.methods if choice.name != EVERY]
    if not able and not others:
        raise ConfigError(f"No built-in method can run here. {' '.join(map(str, faults.values()))}")
    place = [choice.name for choice in config.methods].index(EVERY)
    methods = (*others[:place], *able, *others[place:])
    every = Every(
        f"a {open_kind(config.search).name} of {config.space}",
        tuple(choice.name for choice in able),
        {name: str(fault) for name, fault in faults.items()},
        {n: fault.lacking for n, fault in faults.items() if isinstance(fault, LackingError)},
        [name for name, fault in faults.items() if isinstance(fault, NoPaperError)],
    )
    return config.model_copy(update={"methods": methods}), every


def _fault(config: StudyConfig, name: str, hardware: Hardware | None) -> HarnessError | None:
    """Why one trial of a method cannot be planned; None where it can."""
    only = {"methods": (MethodChoice(name=name),), "random": False, "seeds": config.seeds[:1]}
    try:
        plan(config.model_copy(update={**only, "dataset": _dataset(config)}), hardware)
    except HarnessError as error:
        return error
    return None


def _dataset(config: StudyConfig) -> str:
    """Of several data sets the first: what a method needs is the same on all of a table."""
    table = find_table(config.table) if config.dataset == ALL_DATASETS else None
    metrics = [] if table is None else list(table.metrics.values())
    return next((metric.dataset for metric in metrics if metric.report), config.dataset)


def _refuse(choices: Sequence[MethodChoice]) -> None:
    if EVERY in registry.methods.names():
        raise ConfigError(
            f"`{EVERY}` stands for every built-in method, and {registry.methods.origin(EVERY)} has"
            " a method of that name: name the methods one by one, and give that one another name."
        )
    if given := next(
        (choice for choice in choices if choice.name == EVERY and choice.settings), None
    ):
        setting = next(iter(given.settings))
        raise ConfigError(
            f"`{EVERY}` is several methods and has no settings; give `{setting}` to one of them, as"
            f" in `--methods {EVERY},NAME[{setting}=...]` or `--set NAME.{setting}=...`."
        )

"""Whether the seeds of a method can be trained as one wide network, told before anything runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nasbench_harness import registry
from nasbench_harness.contracts import (
    ChosenMixture,
    GroupingSpace,
    JointSearcher,
    SearchSpace,
    Setup,
    WholeMixture,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.supernet.network_settings import NetworkSettings
from nasbench_harness.study.capabilities import has_capability, in_words
from nasbench_harness.study.notation import ConfigError

if TYPE_CHECKING:
    from nasbench_harness.study.spec import TrialSpec


def check_cohort(
    name: str, method: type[Setup], settings: Any, space: SearchSpace, network: Mapping[str, Any]
) -> None:
    """ConfigError where seeds of the method cannot be trained as one; the first reason there is.

    What the method asks of a problem is held against what a joint one has.
    """
    from nasbench_harness.problems.supernet.joint import check_settings

    if not isinstance(space, GroupingSpace):
        raise ConfigError(
            f"The supernets of `{space.name}` cannot be trained as one (the space has no"
            " `grouped`); leave `--cohort` out."
        )
    if reason := next(_reasons(name, method, settings), ""):
        raise ConfigError(
            f"Seeds of `{name}` with these settings cannot be trained as one network: {reason};"
            " leave `--cohort` or the method out."
        )
    try:
        check_settings(NetworkSettings.build("network", network))
    except HarnessError as error:
        raise ConfigError(f"`{name}` cannot be run with `--cohort`: {error}") from error


def _reasons(name: str, method: Any, settings: Any) -> Iterator[str]:
    """What stands in the way."""
    from nasbench_harness.problems.supernet.joint import JointSharing

    for capability in method.requires(settings):
        if not has_capability(JointSharing, capability):
            yield f"it needs {in_words(capability)}, which such a network has not"
    searcher = registry.methods.load(name)
    if not isinstance(searcher, JointSearcher) or not searcher.joins(settings):
        yield "it cannot step several searches as one"
    if isinstance(method, ChosenMixture):
        if reason := method.stays_alone(settings):
            yield reason
    elif not isinstance(method, WholeMixture):
        yield "it does not say that it runs all options in every pass (`runs_all`)"
    elif not method.runs_all(settings):
        yield "it does not run all options in every pass, for all images alike"


def empty_places(specs: Sequence[TrialSpec]) -> str:
    """What to say of cohorts that are not full; empty where all are."""
    for family in dict.fromkeys(spec.family for spec in specs if spec.places):
        of_family = [spec for spec in specs if spec.family == family]
        networks = max(Counter(spec.place for spec in of_family).values())
        if empty := networks * of_family[0].places - len(of_family):
            return _of_empty(of_family, networks, empty)
    return ""


def _of_empty(specs: Sequence[TrialSpec], networks: int, empty: int) -> str:
    count, places, one = len(specs), specs[0].places, empty == 1
    return (
        f"Of the places of {networks} network{'s' if networks != 1 else ''} of {places}, {empty}"
        f" stay{'s' if one else ''} empty with {count} seed{'s' if count != 1 else ''}, and"
        f" cost{'s' if one else ''} as much as a seed: a seed's place is what it leaves when it is"
        f" divided by {places}, so that `--seeds 0-{networks * places - 1}` takes all."
    )

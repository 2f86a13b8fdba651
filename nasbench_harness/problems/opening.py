"""From what a trial says of its problem to the problem itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from nasbench_harness.contracts import Problem, SearchSpace, Table
from nasbench_harness.errors import HarnessError
from nasbench_harness.seeding import stream_seed

if TYPE_CHECKING:
    import torch

    from nasbench_harness.hardware import Hardware
    from nasbench_harness.study.spec import TrialSpec


def open_problem(
    spec: TrialSpec, space: SearchSpace, table: Table, hardware: Hardware, device: torch.device
) -> Problem:
    """A landscape over the table, or a supernet on images."""
    if spec.problem == "supernet":
        return _weight_sharing(spec, space, table, hardware, device)
    return _landscape(spec, space, table)


def can_join(problem: Problem) -> bool:
    """Can problems like this one, of searches that differ in their seed only, become one."""
    from nasbench_harness.problems.landscape.objective import Landscape

    return isinstance(problem, Landscape) and problem.batch_size == 1


def join_problems(problems: Sequence[Problem]) -> Problem:
    """One problem with weights [R, D, K] and losses [R, B]: all that a joint searcher asks."""
    from nasbench_harness.problems.landscape.joint import JointLandscape
    from nasbench_harness.problems.landscape.objective import Landscape

    return cast("Problem", JointLandscape(cast("Sequence[Landscape]", problems)))


def _landscape(spec: TrialSpec, space: SearchSpace, table: Table) -> Problem:
    from nasbench_harness.problems.landscape.objective import Landscape

    return Landscape(
        space,
        table,
        metric=spec.search_metric,
        dataset=spec.dataset,
        steps=spec.steps,
        epochs=spec.epochs,
        batch_size=spec.batch_size,
        noise="seeds" if spec.noise == "seeds" else float(spec.noise),
        seed=stream_seed(spec.seed, "problem"),
    )


def _weight_sharing(
    spec: TrialSpec, space: SearchSpace, table: Table, hardware: Hardware, device: torch.device
) -> Problem:
    from nasbench_harness.images.datasets import open_dataset
    from nasbench_harness.problems.supernet.network_settings import NetworkSettings
    from nasbench_harness.problems.supernet.weight_sharing import WeightSharing

    dataset = open_dataset(
        spec.images,
        data_dir=hardware.data_dir,
        image_size=spec.image_size,
        image_layout=spec.image_layout,
        limit=spec.image_limit,
        planned=spec.image_digest,
    )
    if dataset.digest != spec.image_digest:
        raise HarnessError(
            f"The images of `{spec.images}` have changed since the study was planned"
            f" ({spec.image_digest[:12]} then, {dataset.digest[:12]} now)."
        )
    return WeightSharing(
        space,
        dataset,
        NetworkSettings.build("network", spec.network),
        steps=spec.steps,
        epochs=spec.epochs,
        seed=stream_seed(spec.seed, "problem"),
        device=device,
        table=table,
        table_dataset=spec.dataset,
        compile_mode=hardware.compile,
    )

"""Settings of methods whose architecture parameters are alpha under Adam."""

from __future__ import annotations

from collections.abc import Sequence

from nasbench_harness.contracts import Decision, SearchSpace
from nasbench_harness.methods.setups.excluded import check_excluded
from nasbench_harness.settings import Settings, setting


class AlphaSettings(Settings):
    """Adam on the architecture parameters, as every DARTS descendant uses it."""

    learning_rate: float = setting(
        3e-4, "Adam's step on the architecture parameters", role="rate", tag="C", gt=0
    )
    beta1: float = setting(0.5, "Adam's decay of the first moment", tag="C", ge=0, lt=1)
    beta2: float = setting(0.999, "Adam's decay of the second moment", tag="C", ge=0, lt=1)
    weight_decay: float = setting(
        0.0, "L2 pull on the architecture parameters, added to their gradient", tag="D", ge=0
    )
    init_scale: float = setting(
        1e-3, "standard deviation of the initial architecture parameters", tag="C", ge=0
    )
    excluded: tuple[str, ...] = setting(
        (),
        "options that are not searched, by name; some publications leave `none` out",
        tag="D",
        later=True,
    )

    def check_space(self, space: SearchSpace) -> None:
        """HarnessError where options are excluded that are not there, or all of a decision's."""
        check_excluded(space.name, self.searched(space), self.excluded)

    def searched(self, space: SearchSpace) -> Sequence[Decision]:
        """What a search of the space chooses among."""
        return space.decisions

"""Settings of methods whose samples have a temperature."""

from __future__ import annotations

from nasbench_harness.methods.setups.alpha import AlphaSettings
from nasbench_harness.settings import setting


class TemperatureSettings(AlphaSettings):
    """A temperature that changes along a line, epoch by epoch; GDAS' authors' values."""

    learning_rate: float = setting(
        3e-4, "Adam's step on the architecture parameters", role="rate", tag="B", gt=0
    )
    beta1: float = setting(0.5, "Adam's decay of the first moment", tag="B", ge=0, lt=1)
    beta2: float = setting(0.999, "Adam's decay of the second moment", tag="B", ge=0, lt=1)
    weight_decay: float = setting(
        1e-3, "L2 pull on the architecture parameters, added to their gradient", tag="B", ge=0
    )
    init_scale: float = setting(
        1e-3, "standard deviation of the initial architecture parameters", tag="B", ge=0
    )
    temperature_start: float = setting(
        10.0, "temperature of the samples in the first epoch", tag="B", gt=0
    )
    temperature_end: float = setting(0.1, "what it falls to along a line", tag="B", gt=0)
    temperature_reached: bool = setting(
        True, "it ends in the last epoch, or (false) an epoch later, never reached", tag="B"
    )

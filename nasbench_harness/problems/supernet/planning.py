"""What a search on a supernet adds to its trials: the images are opened here, once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from nasbench_harness import registry
from nasbench_harness.contracts import (
    Benchmark,
    CompleteTable,
    NetworkShape,
    NetworkSpace,
    Recipe,
    SearchSpace,
    Setup,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.images.place import absolute
from nasbench_harness.problems.supernet.cohorts import check_cohort
from nasbench_harness.problems.supernet.network_settings import NetworkSettings
from nasbench_harness.problems.supernet.options import ALPHA_RATE, SCALED
from nasbench_harness.settings import named
from nasbench_harness.study.config import BASELINE, StudyConfig
from nasbench_harness.study.notation import ConfigError
from nasbench_harness.study.recipes import asked_of, find_recipe
from nasbench_harness.study.spec import COHORT
from nasbench_harness.tables.library import find_table

if TYPE_CHECKING:
    import torch
    from torch import nn

    from nasbench_harness.contracts import CellShifts
    from nasbench_harness.hardware import Hardware
    from nasbench_harness.images.parts import ImageDataset
    from nasbench_harness.networks.memory import StepBytes
    from nasbench_harness.problems.supernet.options import SupernetOptions
    from nasbench_harness.study.spec import TrialSpec

RATE, RATE_ROLE = "learning_rate", "rate"
"""That of the network's settings; the role of a method's."""
WARMUP = "warmup"
WITH_WARMUP = ("reset_optimizer_epoch", "constant_epochs")
"""Epochs of the network's training that are the method's warm-up, where the recipe sets them."""
SAMPLING = "sampling"
DEFAULT_LOOKUP = "cifar10"


class OnImages:
    """What a search on a supernet adds to its trials."""

    def __init__(
        self,
        config: StudyConfig,
        options: SupernetOptions,
        space: SearchSpace,
        hardware: Hardware,
        opened: Callable[[ImageDataset], None],
    ) -> None:
        from nasbench_harness.images.datasets import open_dataset

        self.config, self.options = config, options
        if not isinstance(space, NetworkSpace):
            raise ConfigError(
                f"Space `{space.name}` builds no networks, so that nothing can be trained;"
                f" {_instead(config)}."
            )
        self.space, self.size = space, space.shapes.search
        self._compiled = hardware.compile != "none"
        self._supernets: dict[tuple[NetworkShape, bool], nn.Module] = {}
        self.images = open_dataset(
            config.dataset,
            data_dir=hardware.data_dir,
            download=hardware.download,
            image_size=options.image_size,
            image_layout=options.image_layout,
            limit=options.limit,
            stream=options.stream,
        )
        opened(self.images)

    def dataset(self, table: Benchmark) -> str:
        """The table's data set that answers are looked up on: the images' own where it has one.

        Else CIFAR-10, and the first that it has where it has not that either.
        """
        known = [m.dataset for m in table.metrics.values() if m.report]
        wanted = (self.images.table_dataset, DEFAULT_LOOKUP)
        return next((name for name in wanted if name in known), (*known, DEFAULT_LOOKUP)[0])

    def recipe(self, method: str) -> str | None:
        """Random search asks for trained networks, so here it only samples."""
        return SAMPLING if method == BASELINE else None

    def shared(self) -> dict[str, Any]:
        """What all trials have in common."""
        scaled = self._of_options()
        return {
            **({"options": scaled} if scaled else {}),
            "search_metric": "",
            "images": absolute(self.config.dataset),
            "image_limit": self.options.limit,
            "image_size": self.options.image_size,
            "image_layout": self.options.image_layout,
            "image_stream": True if self.images.streamed else self.options.stream,
            "image_digest": self.images.digest,
            "diagnose_every": self.config.diagnose_every,
        }

    def resolve(self, table: Benchmark | None, method: Any, recipe: Recipe) -> dict[str, Any]:
        """What depends on the method: the steps of an epoch, and how many of them."""
        from nasbench_harness.images.splits import search_split

        network = self._network(recipe)
        train, valid = search_split(
            self.images, network.split, train_share=network.train_share,
            valid_share=network.valid_share,
        )  # fmt: skip
        smaller = min(len(train), len(valid))
        if smaller < network.batch_size:
            raise ConfigError(
                f"The halves of `{self.images.name}` have {len(train)} and {len(valid)} images, too"
                f" few for batches of {network.batch_size}; set --batch-size to {smaller} or less."
            )
        epoch_steps = len(train) // network.batch_size
        epochs, steps = self._length(method, recipe, epoch_steps)
        return {"epoch_steps": epoch_steps, "epochs": epochs, "steps": steps}

    def _length(self, method: Any, recipe: Recipe, epoch_steps: int) -> tuple[int, int]:
        """Epochs and steps; whichever is given decides, both must fit together.

        The steps of a recipe for images are a number of batches: of few images they are more
        epochs. Those of another kind's recipe go on beyond its epochs, as they always did. What
        only draws takes its one step, whatever is asked of others.
        """
        epochs, steps = self.options.epochs, self.config.steps
        if recipe.steps:
            if steps is None or method is registry.open_setup(BASELINE):
                epochs, steps = None, recipe.steps
            counted = math.ceil(steps / epoch_steps) if recipe.kind == "supernet" else 0
            return max(epochs or recipe.epochs, counted), steps
        if steps is None:
            epochs = epochs or recipe.epochs
            return epochs, epochs * epoch_steps
        if epochs is None:
            return math.ceil(steps / epoch_steps), steps
        if steps > epochs * epoch_steps:
            raise ConfigError(
                f"{epochs} epochs of {epoch_steps} steps are {epochs * epoch_steps} steps, fewer"
                f" than {steps}; give one of --epochs and --steps."
            )
        return epochs, steps

    def resolve_network(self, recipe: Recipe, roles: Mapping[str, Any]) -> dict[str, Any]:
        """The supernet of a method; what ends with the method's warm-up does so when it moves."""
        warmup = roles.get(WARMUP, 0)
        moved = {
            name: warmup
            for name in WITH_WARMUP
            if recipe.network.get(name) and name not in self.options.network
        }
        network = self._network(recipe).model_copy(update=moved)
        return {
            "network": network.identity(),
            "network_overrides": dict(self.options.network),
            "batch_size": network.batch_size,
        }

    def joined(
        self, name: str, method: type[Setup], settings: Any, network: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The places of the wide network; nothing of what trains none."""
        places = self.options.cohort
        if places is None or name == BASELINE:
            return {}
        if self._compiled:
            raise ConfigError(
                "A network of several seeds is not compiled; leave one of `--cohort` and"
                " `--compile` out."
            )
        check_cohort(name, method, settings, self.space, network)
        return {"options": {**self._of_options(), COHORT: places}}

    def _of_options(self) -> dict[str, Any]:
        """Of the options that have no field of their own in a trial, what all trials have."""
        return {ALPHA_RATE: SCALED} if self.options.alpha_rate == SCALED else {}

    def shape(self, network: Mapping[str, Any]) -> NetworkShape:
        """Of the supernet; a search has the sizes that its images and settings give it."""
        return NetworkSettings.build("network", network).shape(self.images)

    def step_bytes(self, network: Mapping[str, Any]) -> Callable[[torch.Tensor], int]:
        """What a step takes of the memory; the supernet is built when it is asked first."""
        settings = NetworkSettings.build("network", network)

        @cache
        def counted() -> StepBytes:
            from nasbench_harness.problems.supernet import memory

            return memory.built(self._built(settings), settings, settings.shape(self.images))

        def step_bytes(active: torch.Tensor) -> int:
            return counted()(active)

        return step_bytes

    def check_network(self, network: Mapping[str, Any], capabilities: Sequence[type]) -> None:
        """HarnessError where the supernet has not what these take; see `asked`."""
        from nasbench_harness.problems.supernet.asked import NEEDED, check_supernet_has

        settings = NetworkSettings.build("network", network)
        for capability in capabilities:
            if capability in NEEDED:
                supernet = self._built(settings)
                check_supernet_has(supernet, capability, self.space.name, settings.precision)

    def cell_decisions(self, network: Mapping[str, Any]) -> Sequence[Sequence[int]]:
        """By cell, the decisions that it mixes by."""
        supernet = self._built(NetworkSettings.build("network", network))
        return cast("CellShifts", supernet).cell_decisions()

    def _built(self, settings: NetworkSettings) -> nn.Module:
        """A supernet as a search would begin with; global random state stays as it is."""
        from nasbench_harness.problems.supernet.memory import unbuilt

        shape, track = settings.shape(self.images), settings.track_running_stats
        if (shape, track) not in self._supernets:  # the last alone is kept: some are large
            supernet = unbuilt(self.space, shape, track_running_stats=track)
            self._supernets = {(shape, track): supernet}
        return self._supernets[shape, track]

    def _network(self, recipe: Recipe) -> NetworkSettings:
        network = NetworkSettings.build("network", recipe.network, self.options.network)
        network = network.sized(self.size)
        if RATE in self.options.network:
            return network
        return network.model_copy(update=_for_batch(recipe, network.batch_size, network, RATE))

    def rates(self, method: type[Setup], recipe: Recipe) -> dict[str, float]:
        """The method's learning rate for this batch, and for a search of so many epochs.

        It grows with the batch where the recipe says so, and where the study asks for it
        (`alpha_rate`) in a search of fewer epochs by the share of them that is left out: our own
        decision, as with warm-ups. What a rate ends at stays.
        """
        batch, name = self._network(recipe).batch_size, named(method.Settings, RATE_ROLE) or ""
        settings = method.Settings.build("recipe", recipe.settings)
        rates = _for_batch(recipe, batch, settings, name)
        rate = rates.get(name, getattr(settings, name, None))
        if self.options.alpha_rate != SCALED or rate is None:
            return rates
        epochs = self.resolve(None, method, recipe)["epochs"]
        return {name: rate * recipe.epochs / epochs} if epochs < recipe.epochs else rates


def only_draws(spec: TrialSpec) -> bool:
    """Whether a trial trains nothing, as the baseline's on images, and its answer is a draw."""
    return spec.method == BASELINE


def counts_steps(spec: TrialSpec) -> bool:
    """Whether a trial's recipe says how many steps it takes, whatever `--epochs` says."""
    try:
        recipe = find_recipe(spec.method, asked_of(spec), spec.space, spec.problem).recipe
    except HarnessError:  # of a method that is not installed
        return False
    return bool(recipe.steps) and not only_draws(spec)


def without_epochs(epochs: int | None, specs: Sequence[TrialSpec]) -> str:
    """What to say where epochs were asked for of methods that count steps; empty if they were not.

    `specs` are those of such methods.
    """
    labels = {f"`{spec.label}`": spec.steps for spec in specs}
    if epochs is None or not labels:
        return ""
    steps = " and ".join(f"{count:,}" for count in dict.fromkeys(labels.values()))
    return (
        f"`--epochs {epochs}` is not for {', '.join(labels)}, whose recipe counts steps ({steps});"
        " `--steps` sets them."
    )


def cut_short(steps: int, epoch_steps: int, epochs: int) -> str:
    """What to say of a search that ends before its epochs do; empty if it does not."""
    if steps >= epochs * epoch_steps:
        return ""
    epoch = math.ceil(steps / epoch_steps)
    left = steps - (epoch - 1) * epoch_steps
    whole = "1 whole epoch" if epochs == 1 else f"{epochs} whole epochs"
    return (
        f"`--steps {steps}` ends searches in epoch {epoch} of {epochs}, after {left:,} of its"
        f" {epoch_steps:,} steps; schedules are those of {whole}, and `--epochs`"
        " alone ends with one."
    )


def scaled_rates(specs: Sequence[TrialSpec]) -> str:
    """What to say of learning rates that are scaled to the search; empty if none is."""
    scaled = [spec for spec in specs if spec.options.get(ALPHA_RATE) == SCALED]
    rates = {
        spec.label: spec.roles[RATE_ROLE]
        for spec in scaled
        if RATE_ROLE in spec.roles and not _set_by_hand(spec)
    }
    if not rates:
        return ""
    told = ", ".join(f"{label} {rate:.4g}" for label, rate in rates.items())
    return (
        "Learning rates of the architecture are multiplied by the recipe's epochs / epochs where a"
        f" search has fewer, our own decision: {told}."
    )


def _set_by_hand(spec: TrialSpec) -> bool:
    """Whether somebody said the rate, which then stays."""
    return named(registry.open_setup(spec.method).Settings, RATE_ROLE) in spec.overrides


def _for_batch(recipe: Recipe, batch: int, settings: Any, name: str) -> dict[str, float]:
    """The learning rate in proportion to the batch; nothing where the recipe does not say so."""
    rate = getattr(settings, name, None)
    if rate is None or recipe.rates_for_batch in (None, batch):
        return {}
    return {name: rate * batch / recipe.rates_for_batch}


def _instead(config: StudyConfig) -> str:
    """What a space without networks can be searched by."""
    if isinstance(find_table(config.table), CompleteTable):
        return "`--search landscape` searches its table"
    return (
        "and without a complete table of it (`--table NAME`; `nasharness list tables`) there is"
        " nothing else to search"
    )

"""Where a study searches: on a table itself, or on a supernet trained on images."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from nasbench_harness.contracts import NetworkSpace, Recipe, Searcher, SearchSpace, Table
from nasbench_harness.hardware import Hardware
from nasbench_harness.images.place import absolute
from nasbench_harness.study.choice import MethodChoice
from nasbench_harness.study.config import BASELINE, PAPER, StudyConfig
from nasbench_harness.study.notation import ConfigError
from nasbench_harness.tables.metrics import find_metric

if TYPE_CHECKING:
    from nasbench_harness.images.parts import ImageDataset
    from nasbench_harness.problems.supernet.network_settings import NetworkSettings

STEPS_PER_EPOCH = 391
"""Batches of 64 in the 25,000 CIFAR-10 training images of a search."""
RATE = "learning_rate"
WITH_WARMUP = ("reset_optimizer_epoch", "constant_epochs")
"""Epochs of the network's training that are the method's warm-up, where the recipe sets them."""
SAMPLING = "sampling"
DEFAULT_LOOKUP = "cifar10"


class OnTable:
    """What a search on the table itself adds to its trials."""

    measures = False

    def __init__(self, config: StudyConfig) -> None:
        self.config = config
        for name in ("epochs", "limit", "image_size", "image_layout", "network"):
            if getattr(config, name):
                raise ConfigError(
                    f"`{name}` is about supernets, and a landscape has none; add `--search"
                    " supernet`."
                )

    def dataset(self, table: Table) -> str:
        """The table's data set."""
        return self.config.dataset

    def recipe(self, choice: MethodChoice, config: StudyConfig) -> str:
        """The recipe's name."""
        return config.space if config.recipe == PAPER else config.recipe

    def shared(self) -> dict[str, Any]:
        """What all trials have in common."""
        return {"batch_size": self.config.batch_size}

    def problem(self) -> type:
        """What is searched."""
        from nasbench_harness.problems.landscape.objective import Landscape

        return Landscape

    def resolve(self, table: Table, method: type[Searcher], recipe: Recipe) -> dict[str, Any]:
        """What depends on the method."""
        metric = _search_metric(table, self.config, queries=method.queries)
        _check_noise(self.config, table, metric)
        return {
            "search_metric": metric,
            "steps": self.config.steps or recipe.steps or recipe.epochs * STEPS_PER_EPOCH,
            "epochs": recipe.epochs,
        }

    def rates(self, method: type[Searcher], recipe: Recipe) -> dict[str, float]:
        """A table has no batches of images that learning rates could grow with."""
        return {}

    def resolve_network(self, recipe: Recipe, settings: Mapping[str, Any]) -> dict[str, Any]:
        """A table has none."""
        return {}


class OnImages:
    """What a search on a supernet adds to its trials: the images are opened here, once."""

    measures = True

    def __init__(
        self,
        config: StudyConfig,
        space: SearchSpace,
        hardware: Hardware,
        opened: Callable[[ImageDataset], None] = lambda images: None,
    ) -> None:
        from nasbench_harness.images.datasets import open_dataset

        self.config = config
        if not isinstance(space, NetworkSpace):
            raise ConfigError(
                f"Space `{space.name}` builds no networks, so that nothing can be trained;"
                " `--search landscape` searches its table."
            )
        if config.noise or config.search_metric:
            raise ConfigError(
                "`noise` and `search_metric` are about landscapes; a supernet is searched on its"
                " own validation loss."
            )
        self.images = open_dataset(
            config.dataset,
            data_dir=hardware.data_dir,
            download=hardware.download,
            image_size=config.image_size,
            image_layout=config.image_layout,
            limit=config.limit,
        )
        opened(self.images)

    def dataset(self, table: Table) -> str:
        """The table's data set that answers are looked up on: the images' own where it has one."""
        known = {m.dataset for m in table.metrics.values() if m.report}
        own = self.images.table_dataset
        return own if own in known else DEFAULT_LOOKUP

    def recipe(self, choice: MethodChoice, config: StudyConfig) -> str:
        """The recipe's name; random search asks for trained networks, so here it only samples."""
        if choice.name == BASELINE:
            return SAMPLING
        return config.space if config.recipe == PAPER else config.recipe

    def shared(self) -> dict[str, Any]:
        """What all trials have in common."""
        return {
            "search_metric": "",
            "images": absolute(self.config.dataset),
            "image_limit": self.config.limit,
            "image_size": self.config.image_size,
            "image_layout": self.config.image_layout,
            "image_digest": self.images.digest,
            "diagnose_every": self.config.diagnose_every,
        }

    def problem(self) -> type:
        """What is searched."""
        from nasbench_harness.problems.supernet.weight_sharing import WeightSharing

        return WeightSharing

    def resolve(self, table: Table, method: type[Searcher], recipe: Recipe) -> dict[str, Any]:
        """What depends on the method: the steps of an epoch, and how many of them."""
        from nasbench_harness.images.splits import search_split

        network = self._network(recipe)
        train, valid = search_split(self.images, network.split, train_share=network.train_share)
        smaller = min(len(train), len(valid))
        if smaller < network.batch_size:
            raise ConfigError(
                f"The halves of `{self.images.name}` have {len(train)} and {len(valid)} images, too"
                f" few for batches of {network.batch_size}; set --batch-size to {smaller} or less."
            )
        epoch_steps = len(train) // network.batch_size
        epochs, steps = self._length(recipe, epoch_steps)
        return {"epoch_steps": epoch_steps, "epochs": epochs, "steps": steps}

    def _length(self, recipe: Recipe, epoch_steps: int) -> tuple[int, int]:
        """Epochs and steps; whichever is given decides, both must fit together."""
        if recipe.steps:
            return recipe.epochs, recipe.steps
        epochs, steps = self.config.epochs, self.config.steps
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

    def resolve_network(self, recipe: Recipe, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The supernet of a method; what ends with the method's warm-up does so when it moves."""
        moved = {
            name: settings.get("warmup_epochs", 0)
            for name in WITH_WARMUP
            if recipe.network.get(name) and name not in self.config.network
        }
        network = self._network(recipe).model_copy(update=moved)
        return {
            "network": network.identity(),
            "network_overrides": dict(self.config.network),
            "batch_size": network.batch_size,
        }

    def _network(self, recipe: Recipe) -> NetworkSettings:
        from nasbench_harness.problems.supernet.network_settings import NetworkSettings

        network = NetworkSettings.build("network", recipe.network, self.config.network)
        if RATE in self.config.network:
            return network
        return network.model_copy(update=_for_batch(recipe, network.batch_size, network))

    def rates(self, method: type[Searcher], recipe: Recipe) -> dict[str, float]:
        """The method's learning rate for this batch, where the recipe's grows with it."""
        batch = self._network(recipe).batch_size
        return _for_batch(recipe, batch, method.Settings.build("recipe", recipe.settings))


def _for_batch(recipe: Recipe, batch: int, settings: Any) -> dict[str, float]:
    """The learning rate in proportion to the batch; nothing where the recipe does not say so."""
    rate = getattr(settings, RATE, None)
    if rate is None or recipe.rates_for_batch in (None, batch):
        return {}
    return {RATE: rate * batch / recipe.rates_for_batch}


def _search_metric(table: Table, config: StudyConfig, *, queries: bool) -> str:
    """What searches look at; a metric that is for reporting only where that is allowed."""
    if config.search_metric is None:
        return table.search_metric(config.dataset, queries=queries)
    metric = find_metric(table, config.dataset, config.search_metric)
    if not metric.search and not config.allow_test_search:
        raise ConfigError(
            f"`{metric.name}` is no metric to search on: a search that looks at what it is judged"
            " by is an oracle study. `--allow-test-search` runs it all the same and the report"
            " will say so."
        )
    return metric.name


def _check_noise(config: StudyConfig, table: Table, metric: str) -> None:
    from nasbench_harness.problems.landscape.objective import run_metrics

    if config.noise == "seeds" and not run_metrics(table, metric):
        raise ConfigError(
            f"Table `{table.name}` has no single runs behind `{metric}`, so that --noise seeds has"
            " nothing to draw from; choose another --search-metric or Gaussian noise."
        )

"""From a study to its trials: everything that can be wrong with a study is found here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from nasbench_harness import registry
from nasbench_harness.config import BASELINE, MethodChoice, StudyConfig
from nasbench_harness.contracts import NetworkSpace, Recipe, Searcher, SearchSpace, Table
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.hardware import Hardware
from nasbench_harness.notation import ConfigError
from nasbench_harness.tables.metrics import devices, find_metric
from nasbench_harness.trial import TrialSpec

STEPS_PER_EPOCH = 391
"""Batches of 64 in the 25,000 CIFAR-10 training images of a search."""
PAPER, SAMPLING = "paper", "sampling"
DEFAULT_LOOKUP = "cifar10"


def plan(config: StudyConfig, hardware: Hardware | None = None) -> list[TrialSpec]:
    """Every trial of the study, seed by seed; `hardware` tells where images are."""
    space, table = registry.open_space(config.space), registry.open_table(config.table)
    if table.space != space.name:
        raise ConfigError(
            f"Table `{table.name}` is about space `{table.space}`, not `{space.name}`."
        )
    place = (
        OnImages(config, space, hardware or Hardware())
        if config.search == "supernet"
        else OnTable(config)
    )
    dataset = place.dataset(table)
    shared: dict[str, Any] = {
        "recipe": config.recipe,
        "space": space.name,
        "space_version": space.version,
        "table": table.name,
        "table_hash": table.content_hash,
        "problem": config.search,
        "dataset": dataset,
        "report_metric": _report_metric(table, config, dataset),
        "noise": config.noise,
        **place.shared(),
    }
    methods = [_resolve(choice, config, table, place) for choice in config.choices]
    specs = [
        TrialSpec(**shared, **method, seed=seed) for seed in config.seeds for method in methods
    ]
    _refuse_twins(specs)
    return specs


def _resolve(
    choice: MethodChoice, config: StudyConfig, table: Table, place: OnTable | OnImages
) -> dict[str, Any]:
    method: type[Searcher] = registry.methods.load(choice.name)
    recipe = find_recipe(choice.name, method, place.recipe(choice, config))
    settings = method.Settings.build(choice.name, recipe.settings, choice.settings)
    _check_capabilities(choice.name, method, settings, place.problem())
    dumped = settings.model_dump(mode="json")
    _check_cost(choice.name, dumped.get("cost", "none"), table, measured=place.measures)
    resolved = {
        "method": choice.name,
        "method_version": method.version,
        "settings": dumped,
        "overrides": {name: dumped[name] for name in choice.settings},
        **place.resolve(table, method, recipe),
    }
    if dumped.get("warmup_epochs", 0) >= resolved["epochs"]:
        raise ConfigError(
            f"`{choice.name}` leaves the architecture alone for {dumped['warmup_epochs']} epochs"
            f" and the search has {resolved['epochs']}; give it more --epochs, or fewer"
            f" warm-up epochs with `--set {choice.name}.warmup_epochs=...`."
        )
    return resolved


class OnTable:
    """What a search on the table itself adds to its trials."""

    measures = False

    def __init__(self, config: StudyConfig) -> None:
        self.config = config
        for name in ("epochs", "limit", "image_size", "network", "diagnose_every"):
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
        from nasbench_harness.problems.landscape import Landscape

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


class OnImages:
    """What a search on a supernet adds to its trials: the images are opened here, once."""

    measures = True

    def __init__(self, config: StudyConfig, space: SearchSpace, hardware: Hardware) -> None:
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
            limit=config.limit,
        )

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
            "images": self.config.dataset,
            "image_limit": self.config.limit,
            "image_size": self.config.image_size,
            "image_digest": self.images.digest,
            "diagnose_every": self.config.diagnose_every,
        }

    def problem(self) -> type:
        """What is searched."""
        from nasbench_harness.problems.weight_sharing import WeightSharing

        return WeightSharing

    def resolve(self, table: Table, method: type[Searcher], recipe: Recipe) -> dict[str, Any]:
        """What depends on the method: its network, and the steps of an epoch."""
        from nasbench_harness.images.splits import search_split
        from nasbench_harness.problems.network_settings import NetworkSettings

        given = dict(self.config.network)
        if self.config.batch_size != 1:
            given["batch_size"] = self.config.batch_size
        network = NetworkSettings.build("network", recipe.network, given)
        train, valid = search_split(self.images, network.split, train_share=network.train_share)
        smaller = min(len(train), len(valid))
        if smaller < network.batch_size:
            raise ConfigError(
                f"The halves of `{self.images.name}` have {len(train)} and {len(valid)} images, too"
                f" few for batches of {network.batch_size}; set --batch-size to {smaller} or less."
            )
        epoch_steps = len(train) // network.batch_size
        epochs = self.config.epochs if self.config.epochs and not recipe.steps else recipe.epochs
        return {
            "network": network.model_dump(mode="json"),
            "network_overrides": given,
            "batch_size": network.batch_size,
            "epoch_steps": epoch_steps,
            "epochs": epochs,
            "steps": recipe.steps or self.config.steps or epochs * epoch_steps,
        }


def find_recipe(name: str, method: type[Searcher], recipe: str) -> Recipe:
    """A method's recipe by name."""
    if recipe not in method.recipes:
        raise UnknownNameError(f"recipe of `{name}`", recipe, method.recipes)
    return method.recipes[recipe]


# --- metrics -----------------------------------------------------------------------------------


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


def _report_metric(table: Table, config: StudyConfig, dataset: str) -> str:
    if config.report_metric is None:
        return table.report_metric(dataset)
    return find_metric(table, dataset, config.report_metric).name


def _check_noise(config: StudyConfig, table: Table, metric: str) -> None:
    from nasbench_harness.problems.landscape import run_metrics

    if config.noise == "seeds" and not run_metrics(table, metric):
        raise ConfigError(
            f"Table `{table.name}` has no single runs behind `{metric}`, so that --noise seeds has"
            " nothing to draw from; choose another --search-metric or Gaussian noise."
        )


def _check_cost(method: str, cost: str, table: Table, *, measured: bool) -> None:
    from nasbench_harness.problems.costs import LATENCY, MEASURED

    if not cost.startswith(LATENCY):
        return
    known = devices(table) + ([MEASURED] if measured else [])
    if (device := cost.removeprefix(LATENCY)) not in known:
        raise UnknownNameError(f"device in table `{table.name}` for `{method}`", device, known)


def _check_capabilities(name: str, method: type[Searcher], settings: Any, problem: type) -> None:
    for capability in method.requires(settings):
        if not all(hasattr(problem, attribute) for attribute in _members(capability)):
            kind = problem.kind  # type: ignore[attr-defined]
            raise ConfigError(
                f"`{name}` with these settings needs a problem with {_said(capability)}, and a"
                f" {kind} has none; leave the method out or change its settings."
            )


def _said(capability: type) -> str:
    """`PartialChannels` to `partial channels`."""
    return re.sub(r"(?<!^)([A-Z])", r" \1", capability.__name__).lower()


def _members(protocol: type) -> list[str]:
    return [name for name in vars(protocol) if not name.startswith("_")]


def _refuse_twins(specs: Sequence[TrialSpec]) -> None:
    seen: dict[str, TrialSpec] = {}
    for spec in specs:
        twin = seen.setdefault(spec.fingerprint, spec)
        if twin is not spec:
            raise ConfigError(
                f"`{twin.label}` and `{spec.label}` are the same setting; leave one of them out."
            )

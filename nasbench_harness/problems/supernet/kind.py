"""A kind of problem: a supernet is trained on images and searched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from nasbench_harness.contracts import (
    Benchmark,
    CellWeights,
    ChosenLosses,
    EdgeWeights,
    EvaluatedProxies,
    FittedGradient,
    FreshWeights,
    GroupingSpace,
    Kind,
    NetworkWeights,
    OperationGradients,
    PartialChannels,
    Problem,
    ProxyScores,
    Search,
    SearchSpace,
    SkipRates,
    StepMemory,
    SynapticFlow,
    TunedTraining,
    UnrolledGradient,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.images.place import FOLDER, absolute, is_folder, place_name
from nasbench_harness.problems.base import PlainKind
from nasbench_harness.problems.spent import duration
from nasbench_harness.problems.supernet.columns import COLUMNS, CPU_HOURS, GPU_DAYS, PLACES
from nasbench_harness.problems.supernet.options import ALPHA_RATE, SupernetOptions
from nasbench_harness.seeding import stream_seed
from nasbench_harness.study.spec import COHORT

if TYPE_CHECKING:
    import torch

    from nasbench_harness.hardware import Hardware
    from nasbench_harness.problems.supernet.planning import OnImages
    from nasbench_harness.problems.supernet.weight_sharing import WeightSharing
    from nasbench_harness.study.config import StudyConfig
    from nasbench_harness.study.spec import TrialSpec


_SHOWS = (
    "It shows how a whole method does on these images, at this size of network and length of"
    " training. Where width, number of cells, epochs or images are not the published ones, no"
    " number here reproduces a paper's."
)


class SupernetKind(PlainKind):
    """One network in which all architectures share their weights."""

    name = "supernet"
    plural = "supernets"
    Options = SupernetOptions
    absorbed: ClassVar[Mapping[str, str]] = {"batch_size": "network"}
    named = (
        "table", "dataset", "recipe", "steps", "epochs", "limit", "image_size", "network",
        "batch_size", "report_metric", "image_layout", "stream", "alpha_rate",
        COHORT,
    )  # fmt: skip
    columns = COLUMNS
    meanings: ClassVar[Mapping[str, str]] = {
        "search": "real images",
        "diagnose": (
            "Kendall tau with the table, gradient variance, Hessian eigenvalue, skip connections"
        ),
        "diagnose_every": "epochs",
        "batch_size": "images",
    }
    recipe = "paper"
    capabilities = (
        UnrolledGradient, FittedGradient, ChosenLosses, PartialChannels, NetworkWeights,
        EdgeWeights, SynapticFlow, ProxyScores, TunedTraining, EvaluatedProxies,
        OperationGradients, CellWeights, SkipRates, FreshWeights, StepMemory,
    )  # fmt: skip
    measures = True
    concludes = "oneshot_accuracy"
    conclusion = "one-shot accuracy"
    conclusion_told = (
        "One-shot accuracy is that of the answer with the supernet's weights, over all"
        " search-validation images"
    )
    observes = "oneshot_accuracy_derived"
    signals = ("oneshot_accuracy_mixture", "oneshot_accuracy_derived", "mean_train_accuracy")
    uses = ("device", "compile", "deterministic", "data_dir", "download", "workers")
    trains = True
    paired = True
    dear = True
    title = "Searches on images (supernet)"
    does = "train networks on images"
    caveat = (
        "This is a supernet study: networks with shared weights were trained on images, no search"
        f" saw the table, and only the answers were looked up in it. {_SHOWS}"
    )
    caveat_alone = (
        "This is a supernet study: networks with shared weights were trained on images. One-shot"
        " accuracy is that of an answer inside the supernet of its own search: it may be high"
        " because the architecture is good, or because these weights were trained well or long,"
        f" and nothing here tells the two apart. No number here is the accuracy of a network that"
        f" was trained by itself. {_SHOWS}"
    )

    # --- planning ------------------------------------------------------------------------------

    def plan(
        self,
        config: StudyConfig,
        options: SupernetOptions,
        space: SearchSpace,
        hardware: Hardware,
        opened: Callable[[Any], None],
    ) -> OnImages:
        """Opens the images."""
        from nasbench_harness.problems.supernet.planning import OnImages

        return OnImages(config, options, space, hardware, opened)

    def notes(self, config: Mapping[str, Any], specs: Sequence[TrialSpec]) -> Iterable[str]:
        """Where `--steps` ends a search within an epoch, where `--epochs` is not meant.

        And what scaled rates have become.
        """
        from nasbench_harness.problems.supernet.cohorts import empty_places
        from nasbench_harness.problems.supernet.planning import (
            counts_steps,
            cut_short,
            scaled_rates,
            without_epochs,
        )

        steps, epochs = config.get("steps"), config.get("epochs")
        by_label = {spec.label: spec for spec in specs} if steps or epochs else {}
        counted = [spec for spec in by_label.values() if counts_steps(spec)]
        searches = [spec for spec in by_label.values() if steps == spec.steps]
        cut = [
            cut_short(spec.steps, spec.epoch_steps, spec.epochs)
            for spec in searches
            if spec not in counted
        ]
        unused = without_epochs(epochs, counted) if steps is None else ""
        told = [*cut, unused, scaled_rates(specs), empty_places(specs)]
        return dict.fromkeys(note for note in told if note)

    def elsewhere(self, given: Mapping[str, Any], there: Kind) -> str:
        """Where nothing is trained seeds are stepped together without being asked."""
        if COHORT in given and there.trains is False:
            return (
                f"`--{COHORT}` is about networks; seeds of a {there.name} are stepped together by"
                f" themselves, and each finds what it finds alone: leave `--{COHORT}` out."
            )
        return super().elsewhere(given, there)

    def settled(self, config: StudyConfig) -> dict[str, Any]:
        """Images are found from everywhere."""
        return {"dataset": absolute(config.dataset)}

    def problem(self) -> type:
        """Of torch."""
        from nasbench_harness.problems.supernet.weight_sharing import WeightSharing

        return WeightSharing

    # --- running -------------------------------------------------------------------------------

    def processes(self, hardware: Hardware) -> int | None:
        """One trial at a time on an accelerator."""
        from nasbench_harness.hardware import find_device

        return None if find_device(hardware.device).type == "cpu" else 1

    def device(self, hardware: Hardware) -> torch.device:
        """The one that was asked for."""
        return hardware.open()

    def host_bytes(self, specs: Sequence[TrialSpec], hardware: Hardware) -> int:
        """Images, and on a CPU the network in training."""
        from nasbench_harness.problems.supernet.hosting import host_bytes

        return host_bytes(specs, hardware)

    def open(
        self,
        spec: TrialSpec,
        space: SearchSpace,
        table: Benchmark | None,
        hardware: Hardware,
        device: torch.device,
    ) -> Problem:
        """A fresh supernet; HarnessError where the images are not the planned ones."""
        from nasbench_harness.problems.supernet.network_settings import NetworkSettings
        from nasbench_harness.problems.supernet.opened import images_of
        from nasbench_harness.problems.supernet.weight_sharing import WeightSharing

        dataset = images_of(spec, hardware, hardware.decoders(device))
        if dataset.digest != spec.image_digest:
            raise HarnessError(
                f"The images of `{spec.images}` have changed since the study was planned"
                f" ({spec.image_digest[:12]} then, {dataset.digest[:12]} now)."
            )
        if spec.places and hardware.compile != "none":
            raise HarnessError("Seeds that are one network are not compiled; leave --compile out.")
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
            places=spec.places,
            place=spec.place,
        )

    def joins(self, problem: Problem) -> bool:
        """Where the trial was planned for it."""
        return cast("WeightSharing", problem).places > 1

    def join(self, problems: Sequence[Problem]) -> Problem:
        """One wide network, of as many places as were planned."""
        from nasbench_harness.problems.supernet.joint import JointSharing

        sharing = cast("Sequence[WeightSharing]", problems)
        space = cast("GroupingSpace", sharing[0].space)
        return cast("Problem", JointSharing(sharing, space.grouped))

    def recorded(self, spec: TrialSpec) -> list[int]:
        """The last step of every epoch, and the last of all."""
        return sorted({*range(spec.epoch_steps, spec.steps + 1, spec.epoch_steps), spec.steps})

    def record(self, search: Search, p: torch.Tensor) -> dict[str, Any]:
        """Memory, and every so many epochs what is known of failing searches."""
        from nasbench_harness.hardware import peak_memory_mb

        spec: TrialSpec = search.spec
        problem: WeightSharing = search.problem
        facts: dict[str, Any] = {"peak_memory_mb": peak_memory_mb(problem.device)}
        every, epoch = spec.diagnose_every, search.step // spec.epoch_steps
        searches = spec.steps >= spec.epoch_steps  # a single draw leaves nothing to diagnose
        if every and searches and (epoch % every == 0 or search.step == spec.steps):
            from nasbench_harness.problems.supernet.diagnostics import diagnose

            facts |= diagnose(problem, p, search.table, spec.report_metric)
        return facts

    def result(self, search: Search) -> dict[str, Any]:
        """GPU-days where a GPU ran, CPU-hours (times threads) where not."""
        from nasbench_harness.hardware import describe_device, peak_memory_mb

        device, seconds = search.problem.device, search.seconds
        facts = {"device": describe_device(device), "peak_memory_mb": peak_memory_mb(device)}
        if device.type == "cpu":
            return {**facts, CPU_HOURS: seconds * search.hardware.threads / 3600}
        return {**facts, GPU_DAYS: seconds / 86_400}

    # --- telling -------------------------------------------------------------------------------

    def told(self, spec: TrialSpec) -> str:
        """With the images."""
        images = f"{FOLDER}{place_name(spec.images)}" if is_folder(spec.images) else spec.images
        return f"{spec.space} on a supernet trained on {images}"

    def observed(self, spec: TrialSpec) -> str:
        """In the images that it is measured on."""
        images = spec.network.get("evaluated_images")
        if not images:
            return ""
        return (
            f"After every epoch it is measured on at most {images:,} of the search-validation"
            " images, in the summary on all of them: a line need not end at that number."
        )

    def saw(self, spec: TrialSpec, spent: Mapping[str, float]) -> str:
        """Epochs, and the time that was measured; nothing of what only drew an architecture."""
        from nasbench_harness.problems.supernet.planning import only_draws

        if only_draws(spec):
            return "nothing (a blind draw)"
        steps = spec.epochs * spec.epoch_steps
        length = f"{spec.steps:,} step{'s' if spec.steps != 1 else ''}"
        if spec.steps == steps:
            length = f"{spec.epochs:,} epoch{'s' if spec.epochs != 1 else ''}"
        hours = {"GPU": 24 * spent.get(GPU_DAYS, 0.0), "CPU": spent.get(CPU_HOURS, 0.0)}
        return ", ".join([length, *(duration(n, on) for on, n in hours.items() if n)])

    def identity(self, spec: TrialSpec) -> dict[str, Any]:
        """Images and network."""
        images = {"images": spec.images, "image_limit": spec.image_limit}
        network = {f"network_{name}": value for name, value in spec.network.items()}
        return images | network | ({PLACES: spec.places} if spec.places else {})

    def command(self, spec: TrialSpec, *, allow_test_search: bool = False) -> list[str]:
        """Epochs, images and what was changed of the network."""
        from nasbench_harness.problems.supernet.planning import counts_steps

        words = ["--search", self.name, "--epochs", str(spec.epochs)]
        if spec.steps != spec.epochs * spec.epoch_steps or counts_steps(spec):
            words += ["--steps", str(spec.steps)]
        for option, value in (
            ("--limit", spec.image_limit),
            ("--image-size", spec.image_size),
            ("--image-layout", spec.image_layout),
            ("--diagnose-every", spec.diagnose_every),
            ("--alpha-rate", spec.options.get(ALPHA_RATE)),
            (f"--{COHORT}", spec.places),
        ):
            words += [option, str(value)] if value else []
        if spec.image_stream is not None:
            words.append("--stream" if spec.image_stream else "--no-stream")
        for name, value in sorted(spec.network_overrides.items()):
            words += ["--set", f"network.{name}={json.dumps(value)}"]
        return words


KIND = SupernetKind()

"""The real thing: one supernet trained on images, in which all architectures share their weights.

Network weights descend the training loss, the searcher's architecture parameters the validation
loss of the same network. No table is read here: what a derived architecture is worth is looked up
or trained afterwards.

Three decisions are our own. Batches are of one size, so that an epoch leaves out the last images
of its order (390 steps instead of the papers' 391 on 25,000 images). Validation batches go through
their half in random order, as UNAS's do; DARTS and DrNAS draw a fresh batch at every step, the
NAS-Bench-201 codes one with replacement. The forward passes of the second order count in running
statistics all the same, one at w' more than in the authors' code.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from nasbench_harness import registry
from nasbench_harness.contracts import (
    Architecture,
    Benchmark,
    ChosenLosses,
    Cost,
    EdgeWeighing,
    EdgeWeights,
    Log,
    NetworkSpace,
    OperationPlace,
    Progress,
    SearchSpace,
    ShiftedMaps,
    Split,
    Supernet,
    Widening,
    WideningCheck,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import onto
from nasbench_harness.images.augment import Augment
from nasbench_harness.images.feeding import (
    Feed,
    evaluation_batch,
    feed,
    measured,
    within_memory,
)
from nasbench_harness.images.parts import ImageDataset, ImagePart
from nasbench_harness.images.splits import search_split
from nasbench_harness.networks.chance import Chance
from nasbench_harness.networks.losses import begin_epoch, training_loss
from nasbench_harness.networks.memory import StepBytes
from nasbench_harness.networks.meters import Meters
from nasbench_harness.networks.precision import Precision
from nasbench_harness.networks.schedules import Cosine, Schedule, Tuned
from nasbench_harness.networks.untrained import (
    Mixture,
    fresh_network,
    proxy_score,
    synaptic_flow,
)
from nasbench_harness.problems.costs import Costs
from nasbench_harness.problems.supernet import operations
from nasbench_harness.problems.supernet.asked import check_supernet_has, check_widths
from nasbench_harness.problems.supernet.memory import built
from nasbench_harness.problems.supernet.network_settings import NetworkSettings
from nasbench_harness.problems.supernet.parts import SupernetParts
from nasbench_harness.problems.supernet.unrolled import unrolled_gradient
from nasbench_harness.seeding import stream_seed

EVALUATION_BATCH = 250
BACKENDS = {"inductor": "inductor", "graph": "cudagraphs"}
"""What `torch.compile` is asked for."""


class WeightSharing(SupernetParts):
    """A supernet on a data set of images, split in two for the search."""

    kind = "supernet"

    def __init__(  # noqa: PLR0913 - keywords, each a fact of the study
        self,
        space: SearchSpace,
        dataset: ImageDataset,
        settings: NetworkSettings,
        *,
        steps: int,
        epochs: int,
        seed: int = 0,
        device: torch.device | str = "cpu",
        table: Benchmark | None = None,
        table_dataset: str = "cifar10",
        compile_mode: str = "none",
        places: int = 0,
        place: int = 0,
    ) -> None:
        """Search for `steps` steps that belong to `epochs` passes over the training half.

        `places` of a wide network, in one of which (`place`) this is trained; 0: by itself.

        `table` gives device latencies, never accuracies. HarnessError where batches are larger
        than the halves.
        """
        self.space = space
        self.device = torch.device(device)
        self.dtype = torch.float32
        self.settings = settings
        self.batch_size = settings.batch_size
        self._steps, self._epochs, self._step, self._seed = steps, epochs, -1, seed
        self._schedule: Schedule = _schedule(settings, epochs)
        self._restarted, self._renewed = 0, 0
        self._split_images(dataset)
        size = cast("NetworkSpace", space).shapes.search
        self._shape = settings.sized(size).shape(dataset)
        self._compile_mode, self.places, self.place = compile_mode, places, place
        self._weighs_edges = False
        self._frozen: frozenset[OperationPlace] = frozenset()
        self._build(1)
        self._precision = Precision(settings.precision, self.device)
        self._chance = Chance(stream_seed(seed, "dropout"), self.device)
        self._costs = Costs(space, table, table_dataset, self._shape, self.device)
        self._meters = Meters(self.device)
        self._batch: dict[Split, tuple[Tensor, Tensor]] = {}

    def _split_images(self, dataset: ImageDataset) -> None:
        s = self.settings
        train, valid = search_split(
            dataset, s.split, train_share=s.train_share, valid_share=s.valid_share
        )
        self._held_out = valid.to(self.device)
        halves: dict[Split, ImagePart] = {"train": train.to(self.device), "valid": self._held_out}
        self.augment = Augment(
            dataset, device=self.device, cutout=s.cutout, at_random=s.augmentation == "random"
        )
        self._batches: dict[Split, Feed] = {
            split: feed(
                images,
                s.batch_size,
                seed=stream_seed(self._seed, split),
                augment=self.augment,
            )
            for split, images in halves.items()
        }

    def _build(self, factor: int) -> None:
        """A fresh supernet from the trial's own seed."""
        self.supernet: nn.Module = self._fresh(factor, "network").to(self.device)
        if self._weighs_edges:
            self.use_edge_weights()
        self._compiled = self._compile()
        self._optimizer = self._make_optimizer()
        self._channel_factor = factor
        self._bytes: StepBytes | None = None
        self._find_frozen()

    def _fresh(self, factor: int, stream: str) -> nn.Module:
        """On the host; global random state stays as it is."""
        space = cast("NetworkSpace", self.space)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(stream_seed(self._seed, stream))
            try:
                return space.supernet(
                    self._shape,
                    track_running_stats=self.settings.track_running_stats,
                    partial=factor,
                )
            except ValueError as error:
                raise HarnessError(f"The supernet cannot be built: {error}.") from error

    def _make_optimizer(self) -> torch.optim.Optimizer:
        s, parameters = self.settings, list(self.supernet.parameters())
        if s.optimizer == "adam":
            return torch.optim.Adam(
                parameters, lr=s.learning_rate, weight_decay=s.weight_decay, fused=True
            )
        optimizer = torch.optim.SGD(
            parameters, lr=s.learning_rate, momentum=s.momentum,
            nesterov=s.nesterov and s.momentum > 0,
            weight_decay=s.weight_decay, fused=True,
        )  # fmt: skip
        if s.momentum:
            # A step may use a part of the weights only; the fused step wants all momenta there.
            for parameter in parameters:
                optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
        return optimizer

    # --- the search ----------------------------------------------------------------------------

    @property
    def steps_per_epoch(self) -> int:
        """Batches of the training half."""
        return len(self._batches["train"])

    @property
    def progress(self) -> Progress:
        """The current step and the pass over the training half it belongs to."""
        step = max(self._step, 0)
        return Progress(step, self._steps, step // self.steps_per_epoch, self._epochs)

    def advance(self) -> None:
        """Draw a batch of either half; at the start of an epoch set its learning rate."""
        self._step += 1
        if self._step % self.steps_per_epoch == 0:
            self._begin_epoch(self._step // self.steps_per_epoch)
        self._batch = {split: batches.next() for split, batches in self._batches.items()}

    def _begin_epoch(self, epoch: int) -> None:
        reset = epoch and epoch == self.settings.reset_optimizer_epoch
        if reset or self._schedule.begins(epoch):
            self._optimizer = self._make_optimizer()
        self._meters.reset()
        begin_epoch(self.supernet, epoch, self._epochs)
        for group in self._optimizer.param_groups:
            group["lr"] = self._schedule.rate(epoch, self._restarted)

    def losses(self, weights: Tensor, split: Split, active: Tensor | None = None) -> Tensor:
        """Cross-entropy of each example, [B]; the network's own weights get no gradient."""
        with cast("Supernet", self.supernet).frozen():
            return self._losses(weights, split, active)

    def _losses(self, weights: Tensor, split: Split, active: Tensor | None) -> Tensor:
        logits = self._logits(self._precision.reduce(weights), split, active)
        losses = cross_entropy(logits, self._batch[split][1], reduction="none")
        return self._precision.enlarge(losses)

    def fit(self, weights: Tensor, active: Tensor | None = None) -> Log:
        """One step of the network's optimiser on the train batch; see `SupernetLoss`."""
        return self._fit(weights.detach(), active)

    def _fit(self, weights: Tensor, active: Tensor | None) -> Log:
        self._optimizer.zero_grad()
        loss, logits = self._descended(weights, active, self._network(active))
        self._precision.enlarge(loss).backward()  # type: ignore[no-untyped-call]
        return self._stepped(loss, logits)

    def _stepped(self, loss: Tensor, logits: Tensor) -> Log:
        """A step of the optimiser along the gradients that are there, of this loss."""
        parameters = list(self.supernet.parameters())
        self._precision.reduce_gradients(parameters)
        operations.forget_gradients(self._frozen_rows)
        if self.settings.clip_norm:
            nn.utils.clip_grad_norm_(parameters, self.settings.clip_norm)
        with operations.held(self._frozen_rows):
            self._optimizer.step()
        self.count(loss.detach(), logits.detach())
        return {"train_loss": loss.detach()}

    def count(self, loss: Tensor, logits: Tensor) -> None:
        """Take in what a step of the network's weights met, for what is told of the epoch."""
        self._meters.add(loss, logits, self._batch["train"][1], self._step + 1)

    @property
    def optimizer(self) -> torch.optim.Optimizer:
        """Of the network's weights; an epoch can begin with another one."""
        return self._optimizer

    def batch(self, split: Split) -> tuple[Tensor, Tensor]:
        """Images and labels of this step."""
        return self._batch[split]

    def _logits(self, weights: Tensor, split: Split, active: Tensor | None) -> Tensor:
        images = self._batch[split][0]
        with self._chance(), self._precision():
            logits: Tensor = self._network(active)(images, weights, active)
        return logits.float() if self._precision.dtype else logits

    def _descended(
        self, weights: Tensor, active: Tensor | None, network: Any
    ) -> tuple[Tensor, Tensor]:
        """What the shared weights descend on the train batch, and the logits beside it."""
        with self._chance(), self._precision():
            return training_loss(self.supernet, network, self._batch["train"], (weights, active))

    def _network(self, active: Tensor | None) -> Any:
        return self.supernet if active is not None else self._compiled

    def _compile(self) -> Any:
        """The supernet as mixed passes run it; those of chosen operations differ step by step."""
        if self._compile_mode == "none":
            return self.supernet
        return torch.compile(self.supernet, backend=BACKENDS[self._compile_mode], dynamic=False)

    # --- capabilities --------------------------------------------------------------------------

    def fit_gradient(self, weights: Tensor, active: Tensor | None = None) -> tuple[Log, Tensor]:
        """A training step whose pass goes back to the weights too; see `FittedGradient`."""
        point = weights.detach().requires_grad_()
        log = self._fit(self._precision.reduce(point), active)
        return log, torch.zeros_like(point) if point.grad is None else point.grad

    def chosen_losses(self, weights: Tensor, split: Split, active: Tensor) -> Tensor:
        """Losses with what is not active added as numbers; see `ChosenLosses`."""
        check_supernet_has(self.supernet, ChosenLosses, self.space.name)
        rest = weights.masked_fill(onto(active, weights.device), 0.0).sum(dim=-1)
        with cast("ShiftedMaps", self.supernet).shifted(rest):
            return self.losses(weights, split, active)

    def unrolled_gradient(self, weights: Tensor) -> Tensor:
        """DARTS' second order, eq. 7 and 8; see `unrolled`. Its passes drop out the same."""
        drawn = self._chance.state

        def loss(weights: Tensor, split: Split) -> Tensor:
            self._chance.state = drawn
            return self._loss(weights, split)

        return unrolled_gradient(loss, weights, self._optimizer, self.settings.weight_decay)

    def _loss(self, weights: Tensor, split: Split) -> Tensor:
        """The batch's mean loss, differentiable in the network's parameters too."""
        if split == "train":
            return self._descended(weights, None, self._network(None))[0]
        return cross_entropy(self._logits(weights, split, None), self._batch[split][1])

    def evaluated_losses(
        self, weights: Tensor, split: Split, active: Tensor | None = None
    ) -> Tensor:
        """The losses as the network is evaluated; see `NetworkWeights`."""
        with self.evaluating("running"):
            return self.losses(weights, split, active)

    def use_tuning(self, epoch: int, share: float, *, decays: bool) -> None:
        """A fresh optimiser from an epoch on; see `TunedTraining`."""
        first = share * self.settings.learning_rate
        last = min(first, self.settings.learning_rate_min) if decays else first
        tuning = Cosine(first, last, self._epochs - epoch)
        self._schedule = Tuned(_schedule(self.settings, epoch), tuning)

    def renew_weights(self) -> None:
        """Other fresh weights, and statistics as at the start; see `FreshWeights`."""
        self._renewed += 1
        fresh = self._fresh(self._channel_factor, f"network {self._renewed}")
        there = {name: onto(value, self.device) for name, value in fresh.state_dict().items()}
        self.supernet.load_state_dict(there)

    def use_edge_weights(self) -> None:
        """Weigh what bypasses an edge's operations by the sum of its row; see `EdgeWeights`."""
        check_supernet_has(self.supernet, EdgeWeights, self.space.name)
        cast("EdgeWeighing", self.supernet).weighs_edges = self._weighs_edges = True

    def use_channels(self, factor: int) -> None:
        """Let 1/factor of the channels through the mixed operations; see `PartialChannels`."""
        if factor == self._channel_factor:
            return
        if self._step < 0:
            self._build(factor)
            return
        self.check_widening()
        seed = stream_seed(self._seed, f"widen to 1/{factor}")
        generator = torch.Generator().manual_seed(seed)
        old = self._optimizer
        grown = {g.new: g for g in cast("Widening", self.supernet).use_channels(factor, generator)}
        self._channel_factor, self._bytes = factor, None
        if self.settings.restart_when_widened:
            self._restarted = self.progress.epoch
        self._optimizer = self._make_optimizer()
        rate = self._schedule.rate(self.progress.epoch, self._restarted)
        self._optimizer.param_groups[0]["lr"] = rate
        for parameter in self.supernet.parameters():
            change = grown.get(parameter)
            state = old.state.get(change.old if change else parameter, {})
            self._optimizer.state[parameter] = {
                name: change.grow(v) if change and v is not None and v.dim() else v
                for name, v in state.items()
            }
        self._find_frozen()

    def check_widening(self, *factors: int) -> None:
        """HarnessError where the supernet's channels are fixed, or cannot be divided so."""
        check_widths(self._shape.width, *factors)
        check_supernet_has(self.supernet, WideningCheck, self.space.name)

    def proxy(self, candidate: Tensor | Architecture, name: str) -> float:
        """A zero-cost proxy on this step's training batch; see `ProxyScores`."""
        return self._proxy(candidate, name, training=True)

    def evaluated_proxy(self, candidate: Tensor | Architecture, name: str) -> float:
        """The same of networks as they are evaluated; see `EvaluatedProxies`."""
        return self._proxy(candidate, name, training=False)

    def _proxy(self, candidate: Tensor | Architecture, name: str, *, training: bool) -> float:
        seed = stream_seed(self._seed, "proxy")
        if isinstance(candidate, Tensor):
            weights = candidate.detach().to(self.device, self.dtype)
            active = candidate.detach().cpu() != 0 if training else self.space.mask
            network: nn.Module = Mixture(self.supernet, weights, active, apart=not training)
        else:
            space = cast("NetworkSpace", self.space)
            network = fresh_network(space, candidate, self._shape, seed).to(self.device)
        proxy, batch = registry.open_proxy(name), self._batch["train"]
        return proxy_score(proxy, network, batch, seed, training=training)

    def flow(
        self, weights: Tensor, active: Tensor | None = None, *, norms: bool
    ) -> tuple[Tensor, Tensor]:
        """What flows through the supernet as it is; see `SynapticFlow`."""
        image = (self._shape.in_channels, *self._shape.image_size)
        return synaptic_flow(self.supernet, weights, image, active, norms=norms)

    def step_bytes(self, active: Tensor) -> int:
        """What a step on these options takes of the memory; see `StepMemory`."""
        if self._bytes is None:
            self._bytes = built(self.supernet, self.settings, self._shape)
        return self._bytes(active)

    # --- what is measured ----------------------------------------------------------------------

    def score(self, candidate: Tensor | Architecture) -> float:
        """One-shot accuracy, percent: inherited weights, all search-validation images."""
        return self.accuracy(candidate, len(self._held_out))

    def observe(self, weights: Tensor, arch: Architecture) -> dict[str, float]:
        """One-shot accuracy of the mixture and of the architecture derived now; the epoch so far.

        The difference is the discretisation gap. The mixture is the searcher's preferences p
        themselves: what DARTS trains; DrNAS and UNAS train samples around it, EDAS single
        operations. Images: the first `evaluated_images` of the search-validation half.
        """
        images = self.settings.evaluated_images
        mixture = self.accuracy(weights.to(self.device, self.dtype), images)
        derived = self.accuracy(arch, images)
        return {
            **self._meters.read(),
            "learning_rate": self._optimizer.param_groups[0]["lr"],
            "oneshot_accuracy_mixture": mixture,
            "oneshot_accuracy_derived": derived,
            "discretisation_gap": mixture - derived,
            "skip_connections": float(self._skips(arch)),
        }

    def _skips(self, arch: Architecture) -> int:
        """Options kept that need no training."""
        kept = zip(self.space.decisions, self.space.weights(arch).bool().tolist(), strict=True)
        return sum(
            used and option in decision.free
            for decision, row in kept
            for option, used in zip(decision.options, row, strict=False)  # rows are padded
        )

    def check(self) -> None:
        """DivergedError, with the step, once a training loss was not finite."""
        self._meters.check()

    def conclude(self, arch: Architecture) -> dict[str, float]:
        """One-shot accuracy of the answer over the whole search-validation half."""
        return {"oneshot_accuracy": self.score(arch)}

    @torch.no_grad()
    def accuracy(self, candidate: Tensor | Architecture, images: int) -> float:
        """One-shot accuracy, percent, over the first `images` search-validation images.

        Of fewer at a time where memory is short, unless the statistics of batch norms are theirs.
        """
        weights, active = self.as_weights(candidate)
        count = min(images, len(self._held_out))
        size = evaluation_batch(self._held_out, EVALUATION_BATCH, self.batch_size)

        def correct(at_a_time: int) -> float:
            with self.evaluating(self.settings.evaluation):
                found = torch.zeros((), device=self.device)
                for seen, labels in measured(self._held_out, self.augment, at_a_time, 0, count):
                    with self._precision():
                        logits = self.supernet(seen, weights, active)
                    found += (logits.argmax(dim=1) == labels).sum()
            return float(found)

        least = self.batch_size if self.settings.evaluation == "running" else size
        return 100 * within_memory(size, least, correct) / count

    def as_weights(self, candidate: Tensor | Architecture) -> tuple[Tensor, Tensor | None]:
        """Weights [D, K] with the choices that are needed (None: all): those of any weight."""
        if isinstance(candidate, Tensor):
            needed = candidate.detach().cpu() != 0
            every = bool((needed | ~self.space.mask).all())
            return candidate, None if every else needed
        weights = self.space.weights(candidate)
        return onto(weights.to(self.dtype), self.device), weights.bool()

    @contextlib.contextmanager
    def evaluating(self, statistics: str) -> Iterator[None]:
        """Evaluation mode with the `batch`'s own or the `running` statistics in batch norms.

        What a network draws all the same, such as noise, is the same each time.
        """
        hidden: list[tuple[nn.Module, dict[str, Tensor | None]]] = []
        self.supernet.eval()
        if statistics == "batch":
            for module in self.supernet.modules():
                if module._buffers.get("running_mean") is not None:
                    hidden.append((module, dict(module._buffers)))
                    module._buffers["running_mean"] = module._buffers["running_var"] = None
        try:
            with Chance(stream_seed(self._seed, "evaluation"), self.device)():
                yield
        finally:
            for module, buffers in hidden:
                module._buffers.update(buffers)
            self.supernet.train()

    @property
    def costs(self) -> Mapping[str, Cost]:
        """The space's, the table's and what is measured here, by name."""
        return self._costs.named

    def cost(self, arch: Architecture, what: str) -> float:
        """Of the stand-alone network of this size; a space or a table tells that of its own."""
        return self._costs.cost(arch, what)

    @property
    def held_out(self) -> ImagePart:
        """The search-validation half."""
        return self._held_out

    # --- state ---------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Network, optimiser, order of the images and every generator."""
        return {
            "step": self._step,
            "channel_factor": self._channel_factor,
            "restarted": self._restarted,
            "renewed": self._renewed,
            "network": self.supernet.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "batches": {split: b.state_dict() for split, b in self._batches.items()},
            "meters": self._meters.state_dict(),
            "latencies": dict(self._costs.measured),
            **({"frozen": sorted(map(list, self._frozen))} if self._frozen else {}),
            **self._chance.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on after the step of `state`."""
        self._frozen = frozenset(OperationPlace(*place) for place in state.get("frozen", ()))
        if state["channel_factor"] != self._channel_factor:
            self._build(state["channel_factor"])
        self._step = state["step"]
        self._restarted = state.get("restarted", 0)  # checkpoints of earlier versions have none
        self._renewed = state.get("renewed", 0)
        self.supernet.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        for split, batches in self._batches.items():
            batches.load_state_dict(state["batches"][split])
        self._meters.load_state_dict(state["meters"])
        self._costs.measured.update(state["latencies"])
        self._chance.load_state_dict(state)
        self._find_frozen()
        begin_epoch(self.supernet, max(self._step, 0) // self.steps_per_epoch, self._epochs)


def _schedule(settings: NetworkSettings, epochs: int) -> Cosine:
    return Cosine(
        settings.learning_rate,
        settings.learning_rate_min,
        epochs,
        settings.constant_epochs,
        settings.cycles,
        settings.learning_rate_warmup,
    )

"""One network from fresh weights to its last epoch; no files, no clock."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from nasbench_harness.contracts import Architecture, NetworkShape, NetworkSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.images.augment import Augment
from nasbench_harness.images.feeding import evaluation_batch, feed, measured, within_memory
from nasbench_harness.images.parts import ImageDataset, ImagePart
from nasbench_harness.networks.chance import Chance
from nasbench_harness.networks.losses import begin_epoch, training_loss
from nasbench_harness.networks.precision import Precision
from nasbench_harness.networks.schedules import cosine
from nasbench_harness.networks.totals import Totals
from nasbench_harness.seeding import stream_seed
from nasbench_harness.training.images import TrainingImages
from nasbench_harness.training.settings import TrainingSettings

EVALUATION_BATCH = 500


class Training:
    """Trains one network by `settings`; the same seed gives the same weights, order and crops."""

    def __init__(
        self,
        network: nn.Module,
        images: TrainingImages,
        settings: TrainingSettings,
        *,
        seed: int,
        device: torch.device,
    ) -> None:
        """`images` are on `device` already; HarnessError if they make no batch to train on.

        The last image of an epoch is left out where it is alone in its batch, and the network
        cannot be trained on one.
        """
        self.settings = settings
        self.device = device
        self.steps = 0
        """Batches trained on so far."""
        channels_last, layout = _layout(device)
        self.network = network.to(device=device, memory_format=layout)  # type: ignore[call-overload]
        self._augment = Augment(
            images.dataset, device=device, channels_last=channels_last,
            cutout=settings.cutout, color_jitter=settings.color_jitter,
        )  # fmt: skip
        self._batches = feed(
            images.train,
            settings.batch_size,
            seed=stream_seed(seed, "batches"),
            augment=self._augment,
            drop_last=_dropped(self.network, images.train, settings.batch_size),
        )
        self._evaluated, self._validated = images.evaluated, images.validated
        self._precision = Precision(settings.precision, device)
        self._optimizer = torch.optim.SGD(
            self.network.parameters(),
            lr=settings.learning_rate,
            momentum=settings.momentum,
            nesterov=settings.nesterov and settings.momentum > 0,
            weight_decay=settings.weight_decay,
            fused=device.type in ("cpu", "cuda"),
        )
        self._chance = Chance(stream_seed(seed, "dropout"), device)
        self._seed = seed
        self._totals = Totals(device)

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch, the last of them smaller where images do not divide."""
        return len(self._batches)

    @property
    def epoch(self) -> int:
        """Whole epochs trained."""
        return self.steps // self.steps_per_epoch

    @property
    def finished(self) -> bool:
        """Is the last epoch done."""
        return self.epoch >= self.settings.epochs

    def step(self) -> bool:
        """Train on the next batch; True where it was the last of an epoch."""
        if self.steps % self.steps_per_epoch == 0:
            self._begin_epoch()
        batch = self._batches.next()
        self._optimizer.zero_grad()
        with self._chance(), self._precision():
            loss, logits = training_loss(
                self.network, self.network, batch, label_smoothing=self.settings.label_smoothing
            )
        self._precision.enlarge(loss).backward()  # type: ignore[no-untyped-call]
        self._precision.reduce_gradients(self.network.parameters())
        if self.settings.clip_norm:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip_norm)
        self._optimizer.step()
        self.steps += 1
        self._totals.add(loss.detach(), logits.detach(), batch[1], self.steps)
        return self.steps % self.steps_per_epoch == 0

    def _begin_epoch(self) -> None:
        self.network.train()
        self._totals.reset()
        begin_epoch(self.network, self.epoch, self.settings.epochs)
        rate = learning_rate(self.settings, self.epoch)
        for group in self._optimizer.param_groups:
            group["lr"] = rate

    def record(self) -> dict[str, float | int | None]:
        """The epoch that just ended: its number from 1, its learning rate, losses, accuracies.

        Training numbers are means over the augmented images as they were trained on; the loss is
        the network's own where it has one (`TrainingLoss`), that of the test is not. Accuracies
        are percent; those of the test are None in an epoch that is not evaluated. `valid_loss` and
        `valid_accuracy` are there where the images have a validation part beside the test part.
        DivergedError if a training loss was not finite.
        """
        self._totals.check()
        train_loss, train_accuracy = self._totals.read()
        due = self.finished or self.epoch % self.settings.evaluate_every == 0
        test_loss, test_accuracy = self.evaluate() if due else (None, None)
        validated = {}
        if self._validated is not None:
            found = self._measure(self._validated) if due else (None, None)
            validated = dict(zip(("valid_loss", "valid_accuracy"), found, strict=True))
        return {
            "epoch": self.epoch,
            "learning_rate": self._optimizer.param_groups[0]["lr"],
            "train_loss": train_loss,
            "train_accuracy": train_accuracy,
            "test_loss": test_loss,
            "test_accuracy": test_accuracy,
            **validated,
        }

    def evaluate(self) -> tuple[float, float]:
        """Mean loss and accuracy, percent, over the evaluated images; running statistics.

        What the network draws all the same, such as noise, is the same each time.
        """
        return self._measure(self._evaluated)

    def _measure(self, images: ImagePart) -> tuple[float, float]:
        """Of fewer at a time where memory is short: as many as are trained on fit."""
        trained = self.settings.batch_size
        size = evaluation_batch(images, EVALUATION_BATCH, trained)
        return within_memory(size, trained, partial(self._measure_by, images))

    @torch.no_grad()
    def _measure_by(self, images: ImagePart, batch_size: int) -> tuple[float, float]:
        self.network.eval()
        totals = Totals(self.device)
        chance = Chance(stream_seed(self._seed, "evaluation"), self.device)
        for seen, labels in measured(images, self._augment, batch_size):
            with chance(), self._precision():
                logits = self.network(seen)
            logits = logits.float()
            totals.add(cross_entropy(logits, labels), logits, labels)
        self.network.train()
        return totals.read()

    def state_dict(self) -> dict[str, Any]:
        """Network, optimiser, order of the images and every generator."""
        return {
            "steps": self.steps,
            "network": self.network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "batches": self._batches.state_dict(),
            "totals": self._totals.state_dict(),
            **self._chance.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on after the batch of `state`."""
        self.steps = int(state["steps"])
        self.network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._batches.load_state_dict(state["batches"])
        self._totals.load_state_dict(state["totals"])
        self._chance.load_state_dict(state)
        self.network.train()
        begin_epoch(self.network, self.epoch, self.settings.epochs)


def learning_rate(settings: TrainingSettings, epoch: int) -> float:
    """Of an epoch, 0 for the first."""
    start, warm = settings.learning_rate, settings.warmup_epochs
    if epoch < warm:
        return start * (epoch + 1) / warm
    passed, epochs = epoch - warm, max(1, settings.epochs - warm)
    if settings.schedule == "exponential":
        return float(start * settings.decay**passed)
    if settings.schedule == "linear":
        return start * (1 - passed / epochs)
    return cosine(start, 0.0, passed, epochs)


def _layout(device: torch.device) -> tuple[bool, torch.memory_format]:
    """Are maps channels-last, and how torch calls it.

    1.4 times as fast on the CPU, and what tensor cores want; nobody measured it on MPS.
    """
    channels_last = device.type != "mps"
    return channels_last, torch.channels_last if channels_last else torch.contiguous_format


def _dropped(
    network: nn.Module, images: ImagePart, batch_size: int
) -> Literal["lone"] | Literal[False]:
    """`"lone"` where a batch of one image cannot be trained on; asked where there is such a batch.

    Where maps have shrunk to one pixel, a batch norm has a single value of each channel.
    HarnessError where all batches are of one image.
    """
    if batch_size > 1 and len(images) % batch_size != 1:
        return False
    probe = copy.deepcopy(network).train()
    image = torch.zeros(1, images.channels, *images.size, device=images.labels.device)
    try:
        devices = [image.device] if image.device.type == "cuda" else []
        with torch.no_grad(), torch.random.fork_rng(devices=devices):
            probe(image)
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):  # torch's words of a batch norm
            raise
        if batch_size > 1:
            return "lone"
        raise HarnessError(
            f"The network cannot be trained on batches of one image of {images.size[0]}x"
            f"{images.size[1]} pixels: its batch norms have one value of a channel; take a"
            " `--batch-size` of 2 or more."
        ) from error
    return False


def build_network(
    space: NetworkSpace,
    arch: Architecture,
    dataset: ImageDataset,
    settings: TrainingSettings,
    seed: int,
) -> nn.Module:
    """Fresh weights from the seed alone; torch's global generator stays as it was."""
    size = space.shapes.evaluation
    shape = NetworkShape(
        classes=len(dataset.classes),
        width=settings.width or size.width,
        cells=settings.cells or size.cells,
        in_channels=dataset.train.channels,
        image_size=dataset.train.size,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stream_seed(seed, "network"))
        return space.network(arch, shape)


@torch.no_grad()
def count_costs(network: nn.Module, dataset: ImageDataset) -> dict[str, int]:
    """`params` (count) and `flops` of the very network on one image of the data set.

    FLOPs are multiply-adds of convolutions and matrix products, half of what torch's counter says;
    a bias, batch norms, pooling and sums count nothing. HarnessError where the images are too
    small for the network.
    """
    from torch.utils.flop_counter import FlopCounterMode

    image = torch.zeros(1, dataset.train.channels, *dataset.train.size)
    network.eval()
    try:
        with FlopCounterMode(display=False) as counter, torch.random.fork_rng(devices=[]):
            cast("Tensor", network(image))
    except RuntimeError as error:
        height, width = dataset.train.size
        raise HarnessError(
            f"The network cannot read the {height}x{width} images of `{dataset.name}`"
            f" ({str(error).splitlines()[0]}); take larger ones."
        ) from error
    finally:
        network.train()
    params = sum(parameter.numel() for parameter in network.parameters())
    return {"params": params, "flops": counter.get_total_flops() // 2}

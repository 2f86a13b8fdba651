"""The memory that a training step or a pass takes, counted on a few images before it is run."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable, Iterable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from nasbench_harness.contracts import NetworkShape, Supernet
from nasbench_harness.networks.losses import training_loss

FEW = 2
"""Images of the smaller of two batches; norms have nothing to do with a single pixel of one."""


class StepBytes:
    """Bytes of a search step on a supernet, by the options that are run; see `StepMemory`.

    A step is the pass that trains the network, whose gradients stay, and the one that goes back to
    the mixing weights; the larger of both counts for what a way back keeps. That is counted on two
    and on three images, of which each further one takes as much more. Each storage counts once, in
    32 bits. What kernels need for themselves, and what an allocator rounds up, is not in.
    """

    def __init__(
        self, network: nn.Module, shape: NetworkShape, batch_size: int, *, moments: int
    ) -> None:
        """`moments` are the tensors of each parameter's shape that the optimiser keeps.

        The network stays as it is: a copy on the host is run.
        """
        self._network = copy.deepcopy(network).to("cpu").train()
        self._image = shape.in_channels, *shape.image_size
        self._batch_size, self._moments = batch_size, moments
        self._known: dict[bytes, int] = {}

    def __call__(self, active: Tensor) -> int:
        """Where these options, bool [D, K] on the host, are run and no other."""
        key = active.numpy().tobytes()
        if key not in self._known:
            with torch.random.fork_rng(devices=[]):
                self._known[key] = self._counted(active)
        return self._known[key]

    def _counted(self, active: Tensor) -> int:
        parameters = list(self._network.parameters())
        few, more = (self._step(active, images) for images in (FEW, FEW + 1))
        gradients = _bytes(p.grad for p in parameters if p.grad is not None)
        self._network.zero_grad()
        kept = max(
            small + (large - small) * (self._batch_size - FEW)
            for small, large in zip(few, more, strict=True)
        )
        resident = _bytes(parameters) * (1 + self._moments) + _bytes(self._network.buffers())
        return resident + gradients + 2 * self._batch_size * _bytes(self._batch(1)) + kept

    def _step(self, active: Tensor, images: int) -> tuple[int, int]:
        """What the ways back of both passes keep; gradients of the first are left."""
        network, batch = self._network, self._batch(images)
        weights = active / active.sum(dim=-1, keepdim=True).clamp(min=1)
        point = weights.clone().requires_grad_()

        def search() -> Tensor:
            with cast("Supernet", network).frozen():
                return cross_entropy(network(batch[0], point, active), batch[1])

        searched = self._kept(search, batch[0])
        network.zero_grad()
        trained = self._kept(
            lambda: training_loss(network, network, batch, (weights, active))[0], batch[0]
        )
        return searched, trained

    def _batch(self, images: int) -> tuple[Tensor, Tensor]:
        return torch.rand(images, *self._image), torch.zeros(images, dtype=torch.long)

    def _kept(self, run: Callable[[], Tensor], images: Tensor) -> int:
        """What the way back of a loss keeps beside the network and its input."""
        there = [*self._network.parameters(), *self._network.buffers(), images]
        known = {tensor.untyped_storage().data_ptr() for tensor in there}
        kept: dict[int, Any] = {}

        def note(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            kept[storage.data_ptr()] = storage
            return tensor

        with saved_tensors_hooks(note, lambda tensor: tensor):
            loss = run()
        if loss.requires_grad:
            loss.backward()  # type: ignore[no-untyped-call]
        return sum(storage.nbytes() for place, storage in kept.items() if place not in known)


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def pass_bytes(network: nn.Module, shape: NetworkShape, weights: Tensor, images: int) -> int:
    """The most that is alive at a time in a pass of so many images that is not gone back through.

    `weights` [D, K]. Counted on two and on three images, beside the network itself, and without
    what kernels need for themselves.
    """
    network = copy.deepcopy(network).to("cpu").train()

    def counted(few: int) -> int:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            batch = torch.rand(few, shape.in_channels, *shape.image_size)
            with _Alive() as alive:
                network(batch, weights, None)
        total: int = _bytes([batch]) + alive.most
        return total

    few, more = counted(FEW), counted(FEW + 1)
    return few + (more - few) * max(0, images - FEW)


class _Alive(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Bytes of the tensors that were made and are not gone, each storage once."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.most = 0
        self._owners: dict[int, int] = {}
        """By storage, how many tensors have it."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        known = {x.untyped_storage().data_ptr() for x in tree_iter(args) if isinstance(x, Tensor)}
        for tensor in tree_iter(out):
            if isinstance(tensor, Tensor):
                self._add(tensor, known)
        return out

    def _add(self, tensor: Tensor, known: set[int]) -> None:
        storage = tensor.untyped_storage()
        place, size = storage.data_ptr(), storage.nbytes()
        if place not in self._owners:
            if place in known:  # of the network or the batch
                return
            self._owners[place] = 0
            self.now += size
            self.most = max(self.most, self.now)
        self._owners[place] += 1
        weakref.finalize(tensor, self._drop, place, size)

    def _drop(self, place: int, size: int) -> None:
        self._owners[place] -= 1
        if not self._owners[place]:
            del self._owners[place]
            self.now -= size

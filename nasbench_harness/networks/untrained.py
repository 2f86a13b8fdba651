"""What networks tell before any training: proxies, and the flow through a supernet."""

from __future__ import annotations

import contextlib
import copy

import torch
from torch import Tensor, nn

from nasbench_harness.contracts import Architecture, NetworkShape, NetworkSpace, Probe, Proxy
from nasbench_harness.errors import HarnessError
from nasbench_harness.networks.chance import Chance
from nasbench_harness.networks.passes import Homogeneous


def fresh_network(
    space: NetworkSpace, arch: Architecture, shape: NetworkShape, seed: int
) -> nn.Module:
    """The stand-alone network with weights from the seed alone; on the CPU.

    HarnessError where the space builds none of that shape.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            return space.network(arch, shape)
        except ValueError as error:
            raise HarnessError(f"The network of `{arch}` cannot be built: {error}.") from error


def proxy_score(
    proxy: Proxy,
    network: nn.Module,
    batch: tuple[Tensor, Tensor],
    seed: int,
    *,
    training: bool = True,
) -> float:
    """Of a network on a batch (images, labels); both stay as they are, and so does global chance.

    It looks at the network in training mode, or as it is evaluated. Not a finite number where the
    proxy has none for this network. HarnessError where the network cannot read the images, or has
    not what the proxy looks at.
    """
    images, labels = batch
    generator = torch.Generator().manual_seed(seed)
    probe = Probe(copy.deepcopy(network).train(training), images.clone(), labels, generator)
    try:
        with Chance(seed, images.device)():
            return float(proxy.score(probe))
    except (RuntimeError, ValueError) as error:
        raise HarnessError(
            f"`{proxy.name}` cannot score this network on {len(images)} images of"
            f" {images.shape[-2]}x{images.shape[-1]} pixels ({str(error).splitlines()[0]})."
        ) from error


class Mixture(nn.Module):
    """A supernet at fixed weights, as a network of images alone."""

    def __init__(
        self, supernet: nn.Module, weights: Tensor, active: Tensor | None, *, apart: bool = False
    ) -> None:
        """`weights` [D, K]; `active` bool [D, K] on the host, None for all.

        With `apart` every image brings the weights by itself: wide operations written by hand have
        ReLUs that nobody sees.
        """
        super().__init__()
        self.supernet, self.weights, self.active, self.apart = supernet, weights, active, apart

    def forward(self, images: Tensor) -> Tensor:
        """Logits [B, classes]."""
        weights = self.weights.expand(len(images), -1, -1) if self.apart else self.weights
        logits: Tensor = self.supernet(images, weights, self.active)
        return logits


def synaptic_flow(
    supernet: nn.Module,
    weights: Tensor,
    image: tuple[int, int, int],
    active: Tensor | None = None,
    *,
    norms: bool,
) -> tuple[Tensor, Tensor]:
    """R and dR/dweights of a `Supernet`, [] and [D, K], in float64; see `SynapticFlow`.

    `image` are channels, height and width. The supernet stays as it is. HarnessError where its
    batch norms are kept and cannot normalise a single image of that size.
    """
    device = weights.device if weights.device.type != "mps" else torch.device("cpu")  # no float64
    network = copy.deepcopy(supernet).to(device, torch.float64).requires_grad_(False)
    for values in network.state_dict().values():
        values.abs_()
    network.train(norms)
    point = weights.detach().to(device, torch.float64).requires_grad_()
    ones = torch.ones(1, *image, dtype=torch.float64, device=device)
    try:
        with contextlib.nullcontext() if norms else Homogeneous():
            # A weight for each example: wide operations written by hand have norms nobody sees.
            total = network(ones, point[None], active).sum()
    except ValueError as error:
        raise HarnessError(
            f"A single image of {image[1]}x{image[2]} pixels cannot pass the batch norms of this"
            f" network ({str(error).splitlines()[0]}); take larger images."
        ) from error
    (gradient,) = torch.autograd.grad(total, point, allow_unused=True, materialize_grads=True)
    return total.detach().to(weights.device), gradient.to(weights.device)

"""The random numbers that networks draw: dropout and drop path in training, noise always."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

State = list[Tensor]


class Chance:
    """A run's own random numbers, within which torch's global generators stand aside.

    What a network draws in a forward pass comes from the global generators of the host and of the
    device. Within this they are the run's: nothing else in the process moves them, and they are
    part of the run's state, so that a run that is gone on with draws what it would have drawn.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self._device = device
        places = [torch.device("cpu"), *([device] if device.type != "cpu" else [])]
        self._first = [torch.Generator(p).manual_seed(seed).get_state() for p in places]
        self.state: State = self._first
        """Where the generators stand."""

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Within it networks draw from these."""
        before = self._read()
        self._write(self.state)
        try:
            yield
        finally:
            self.state = self._read()
            self._write(before)

    def _read(self) -> State:
        device = self._device
        states = [torch.get_rng_state()]
        if device.type == "cuda":
            states.append(torch.cuda.get_rng_state(device))
        elif device.type == "mps":
            states.append(torch.mps.get_rng_state())
        return states

    def _write(self, state: State) -> None:
        device = self._device
        torch.set_rng_state(state[0])
        if device.type == "cuda":
            torch.cuda.set_rng_state(state[1], device)
        elif device.type == "mps":
            torch.mps.set_rng_state(state[1])

    def state_dict(self) -> dict[str, State]:
        """`chance`, on the host; {} as long as no network has drawn anything."""
        if all(map(torch.equal, self.state, self._first)):
            return {}
        return {"chance": [state.clone() for state in self.state]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there; a run that goes on with another kind of device keeps what fits."""
        own, saved = self._first, state.get("chance", [])
        fits = [a.shape == b.shape for a, b in zip(own, saved, strict=False)]
        self.state = [s.cpu().clone() for s, fit in zip(saved, fits, strict=False) if fit]
        self.state += own[len(self.state) :]

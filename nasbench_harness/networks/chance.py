"""The random numbers that networks draw while they are trained: dropout, drop path."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

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
        self.state: State = [torch.Generator(p).manual_seed(seed).get_state() for p in places]

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

    def state_dict(self) -> State:
        """Where the generators stand, on the host."""
        return [state.clone() for state in self.state]

    def load_state_dict(self, state: State) -> None:
        """Go on from there; a run that was begun on another kind of device keeps what fits."""
        for place, (own, saved) in enumerate(zip(self.state, state, strict=False)):
            if own.shape == saved.shape:
                self.state[place] = saved.cpu().clone()

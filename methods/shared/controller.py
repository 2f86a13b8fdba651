"""A recurrent policy that chooses one decision after the other and knows what it chose."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

Choose = Callable[[Tensor], int]
"""An option, of the log-probabilities [K_d] of a decision's."""


class Controller(nn.Module):
    """p(z) = product over d of p(z_d | z_1 ... z_{d-1}), by an LSTM; in float64 on the host.

    Its first input is zeros, each further one the one-hot [K] of the choice before. A linear layer
    of each decision's own makes logits of the state, [K_d] of the options that it has.
    """

    def __init__(self, options: Sequence[int], hidden: int, generator: torch.Generator) -> None:
        """`options` counts those of each decision, `hidden` is the length of the state.

        All numbers begin uniform within 1/sqrt(hidden), torch's own bounds, of the generator.
        """
        super().__init__()
        self.options, self.hidden = tuple(options), hidden
        with torch.random.fork_rng(devices=[]):  # what is drawn here is drawn again below
            self.cell = nn.LSTMCell(max(options), hidden, dtype=torch.float64)
            self.heads = nn.ModuleList(nn.Linear(hidden, k, dtype=torch.float64) for k in options)
        bound = 1 / math.sqrt(hidden)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.uniform_(-bound, bound, generator=generator)

    def forward(self, choose: Choose) -> tuple[list[int], Tensor]:
        """An option for every decision, as `choose` says, and their log-probabilities [D]."""
        state = (torch.zeros(1, self.hidden, dtype=torch.float64),) * 2
        choice = torch.zeros(1, max(self.options), dtype=torch.float64)
        chosen: list[int] = []
        log_p: list[Tensor] = []
        for head in self.heads:
            state = self.cell(choice, state)
            row = head(state[0])[0].log_softmax(dim=-1)
            chosen.append(choose(row.detach()))
            log_p.append(row[chosen[-1]])
            choice = torch.zeros_like(choice)
            choice[0, chosen[-1]] = 1.0
        return chosen, torch.stack(log_p)

    def sample(self, generator: torch.Generator) -> tuple[list[int], Tensor]:
        """A draw of p."""
        drawn: tuple[list[int], Tensor] = self(
            lambda row: int(torch.multinomial(row.exp(), 1, generator=generator))
        )
        return drawn

    def log_p(self, choices: Sequence[int]) -> Tensor:
        """[D] the log-probabilities of these choices, each given those before."""
        given = iter(choices)
        log_p: Tensor = self(lambda row: next(given))[1]
        return log_p

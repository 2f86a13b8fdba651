"""What gradient methods share: architecture parameters, their optimiser and random generator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, Problem
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.setups.alpha import AlphaSettings
from nasbench_harness.methods.shared.cohort import JointAdam, drawn_apart, stacked_apart
from nasbench_harness.methods.shared.options import searched_mask
from nasbench_harness.methods.shared.relaxations import masked_softmax

S = TypeVar("S", bound=AlphaSettings)


class AlphaSearcher(Generic[S]):
    """A searcher whose state is alpha [D, K] under Adam; a method adds its `step`.

    A method whose step is written for alpha with leading axes says so with `batched`: `join` then
    makes one searcher with alpha [R, D, K] of R.
    """

    queries = False
    batched: ClassVar[bool] = False
    """Is the step, as this very class has it, written for alpha [R, D, K]; not inherited."""

    own: ClassVar[Sequence[str]] = ()
    """Attributes that are a run's state besides: a tensor [] of each, or a number that is the same
    for runs that are joined."""

    def __init__(self, problem: Problem, settings: S, seed: int) -> None:
        self.problem, self.settings = problem, settings
        self.device = torch.device("cpu") if self.on_host else problem.device
        self.mask = searched_mask(problem.space, settings.excluded).to(self.device)
        self.generator = torch.Generator(self.device).manual_seed(seed)
        self.generators: Sequence[torch.Generator] | None = None  # of joined runs
        self.alpha = (settings.init_scale * self.normal(self.mask.shape)).requires_grad_()
        self.optimizer: torch.optim.Adam | JointAdam = self.adam([self.alpha])

    @property
    def on_host(self) -> bool:
        """Are alpha and its draws kept on the host, for a method that chooses what is run at all:
        then no pass waits until a device has told what was drawn (see `placed`)."""
        return False

    @classmethod
    def requires(cls, settings: S) -> Sequence[type]:
        """No optional capability."""
        return ()

    @classmethod
    def joins(cls, settings: S) -> bool:
        """Can searches of these settings be stepped as one."""
        return bool(vars(cls).get("batched", False))

    @classmethod
    def join(cls, searchers: Sequence[Self], problem: Problem) -> Self:
        """One searcher that steps all of them; `problem` is theirs joined.

        Its alpha [R, D, K] holds theirs: each of them goes on to tell its own scores, answer and
        state, and can be stepped alone afterwards.
        """
        joint = copy(searchers[0])
        joint.problem = problem
        joint.generators = [searcher.generator for searcher in searchers]
        joint.alpha = stacked_apart([searcher.alpha for searcher in searchers]).requires_grad_()
        for searcher, row in zip(searchers, joint.alpha.detach(), strict=True):
            searcher.alpha.data = row
        optimizers = [cast("torch.optim.Adam", searcher.optimizer) for searcher in searchers]
        joint.join_optimizers(optimizers)
        for name in cls.own:
            values = [getattr(searcher, name) for searcher in searchers]
            setattr(joint, name, torch.stack(values) if _is_tensor(values[0]) else values[0])
        return joint

    def join_optimizers(self, optimizers: Sequence[torch.optim.Adam]) -> None:
        """From now on one steps the alpha of all."""
        self.optimizer = JointAdam(optimizers, self.alpha)

    def part(self, searchers: Sequence[Self]) -> None:
        """Give each what the joint searcher keeps besides alpha and generators."""
        if isinstance(self.optimizer, JointAdam):
            self.optimizer.part()
        for name in self.own:
            value = getattr(self, name)
            for place, searcher in enumerate(searchers):
                setattr(searcher, name, value[place].clone() if _is_tensor(value) else value)

    def scores(self) -> Tensor:
        """softmax(alpha), 0 where masked."""
        return masked_softmax(self.alpha.detach(), self.mask)

    def architecture(self) -> Architecture:
        """The space's discretisation of the scores."""
        return self.problem.space.derive(self.scores())

    def state_dict(self) -> dict[str, Any]:
        """Alpha, Adam's moments, the generator, and what else is the method's own."""
        return {
            "alpha": self.alpha.detach().clone(),
            "optimizer": cast("torch.optim.Adam", self.optimizer).state_dict(),
            "generator": self.generator.get_state(),
            **{name: getattr(self, name) for name in self.own},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        with torch.no_grad():
            self.alpha.copy_(state["alpha"])
        cast("torch.optim.Adam", self.optimizer).load_state_dict(state["optimizer"])
        self._go_on_drawing(state["generator"].cpu())
        for name in self.own:
            value = state.get(name, getattr(self, name))  # earlier versions may have kept less
            setattr(self, name, value.to(self.device) if _is_tensor(value) else value)

    def _go_on_drawing(self, state: Tensor) -> None:
        """Draw on from a state; HarnessError where it is of another kind of device."""
        if len(state) != len(self.generator.get_state()):
            raise HarnessError(
                "The random numbers of this checkpoint were drawn on another kind of device than"
                f" `{self.device.type}`, where they are drawn now; delete the checkpoint to start"
                " the trial again."
            )
        self.generator.set_state(state)

    def adam(self, parameters: Sequence[Tensor]) -> torch.optim.Adam:
        """The settings' Adam (coupled weight decay, not AdamW)."""
        s = self.settings
        return torch.optim.Adam(
            parameters,
            lr=s.learning_rate,
            betas=(s.beta1, s.beta2),
            weight_decay=s.weight_decay,
            fused=True,
        )

    def descend(self, loss: Tensor, clip_norm: float = 0.0) -> None:
        """One Adam step of alpha along the gradient of `loss`, one per run; nothing else changes.

        A run's gradient is no longer than `clip_norm`, where that is not 0. No step where the loss
        does not depend on alpha: the discrete choices around a relaxed one may leave a network
        whose output nothing reaches.
        """
        self.optimizer.zero_grad()
        if loss.requires_grad:
            loss.sum().backward()  # type: ignore[no-untyped-call]
            if clip_norm and self.alpha.grad is not None:
                self.alpha.grad.mul_(_shortening(self.alpha.grad, clip_norm))
            self.optimizer.step()

    def gradient(self, loss: Tensor) -> Tensor:
        """Of a scalar in alpha, [D, K], updating nothing; 0 where alpha does not matter."""
        if not loss.requires_grad:
            return torch.zeros_like(self.alpha)
        (found,) = torch.autograd.grad(loss, self.alpha)
        return found

    def normal(self, shape: Sequence[int]) -> Tensor:
        """Standard normal numbers of this searcher's own generator; [R, *shape] of joined runs."""
        return self.drawn(lambda own: torch.randn(*shape, generator=own, **self._like()))

    def uniform(self, shape: Sequence[int]) -> Tensor:
        """Uniform numbers in [0, 1) of the own generator; [R, *shape] of joined runs."""
        return self.drawn(lambda own: torch.rand(*shape, generator=own, **self._like()))

    def drawn(self, draw: Callable[[torch.Generator], Tensor]) -> Tensor:
        """A draw of the own generator, or [R, ...] of those of joined runs."""
        if self.generators is None:
            return draw(self.generator)
        return drawn_apart(draw, self.generators)

    def _like(self) -> dict[str, Any]:
        return {"dtype": self.problem.dtype, "device": self.device}


def _shortening(gradient: Tensor, clip_norm: float) -> Tensor:
    """What each run's gradient [D, K] is multiplied by, as torch's `clip_grad_norm_` does it."""
    norm: Tensor = torch.linalg.vector_norm(gradient, dim=(-2, -1), keepdim=True)
    return (clip_norm / (norm + 1e-6)).clamp(max=1.0)


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor)

"""Columns that several methods log."""

from __future__ import annotations

from nasbench_harness.contracts import Column, Role, Value

VALID_LOSS = Column(
    "valid_loss", Value.NUMBER, Role.RECORD,
    "loss the architecture's step descended, before its step; on a table minus the accuracy as a"
    " fraction", "nats", missing="other methods",
)  # fmt: skip
EARLY_STOP = Column(
    "early_stop", Value.NUMBER, Role.RECORD,
    "1 where the search had ended before, as its answer had too many skips: nothing was trained any"
    " more", missing="searches that go on",
)  # fmt: skip
SCORE = Column(
    "score", Value.NUMBER, Role.RECORD,
    "what the architecture asked for at this step is worth, with noise if there is any",
    "percent, or its own", missing="other methods",
)  # fmt: skip
BEST_SCORE = Column(
    "best_score", Value.NUMBER, Role.RECORD, "best score so far", "percent, or its own",
    missing="other methods",
)  # fmt: skip
TEMPERATURE = Column(
    "temperature", Value.NUMBER, Role.RECORD,
    "temperature of the samples in this step; soft ones are one-hot where small, all alike where"
    " large", missing="other methods",
)  # fmt: skip
REWARD = Column(
    "reward", Value.NUMBER, Role.RECORD,
    "reward of the architecture or subspace that the policy drew last, accuracies and costs scaled"
    " to 0 to 1", missing="other methods, and before the first",
)  # fmt: skip

"""A search by factors: what is recorded on the way is of the architecture that it would answer."""

from __future__ import annotations

import torch

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.search import SearchJob, open_search
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan


def opened() -> SearchJob:
    given = {
        "methods": "unas", "space": "darts[variant=s2]", "search": "supernet", "dataset": "digits",
        "recipe": "quick", "table": "none", "epochs": 1, "limit": 60, "seeds": "0,",
        "random": False, "network": {"width": 4, "cells": 2, "batch_size": 20},
    }  # fmt: skip
    (spec,) = plan(build_config(None, given, []), Hardware("cpu"))
    return open_search(spec, Hardware("cpu"))


def test_the_accuracy_on_the_way_is_that_of_the_answer() -> None:
    """The space derives another cell from the paths that are expected of both choices together."""
    job = opened()
    searcher, problem, space = job.run.searcher, job.run.problem, job.run.space
    job.advance()
    for seed in range(20):
        chance = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            searcher.alpha.copy_(torch.randn(searcher.alpha.shape, generator=chance))  # type: ignore[attr-defined]
        if space.derive(searcher.mixture().cpu()) != searcher.architecture():  # type: ignore[attr-defined]
            break
    else:
        raise AssertionError("no alpha tells the two apart")
    row = job.record()
    assert row["architecture"] == str(searcher.architecture())
    images = problem.settings.evaluated_images
    expected = problem.accuracy(searcher.architecture(), images)
    assert row["oneshot_accuracy_derived"] == expected
    assert row["discretisation_gap"] == row["oneshot_accuracy_mixture"] - expected

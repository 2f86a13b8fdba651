"""Whole searches by mixtures on a pretended accelerator: their steps wait for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.methods.whole_searches import Allowed, check_whole_search, planned

FREEZING: Allowed = {("to the host", "methods/oles.py:judge"): 1}
"""What is frozen is known to the host, which asks once in so many steps."""
CASES: dict[str, Allowed] = {
    "darts": {},
    "darts[order=second,arch_before_weight=false]": {},
    "drnas[warmup_epochs=0]": {},
    "drnas[warmup_epochs=0,partial_channels=2]": {},
    "pcdarts[warmup_epochs=0,partial_channels=2]": {},
    "sdarts": {},
    "sdarts[perturbation=adversarial,perturbation_steps=2]": {},
    "fairdarts": {},
    "betadarts": {},
    "dartsminus": {},
    "oles[window=2,added_gradients=true,threshold=0.6]": FREEZING,
    "lambdadarts[layer_weight=5.0]": {},
    "snas": {},
    "unas[sample_per=example,warmup_epochs=0]": {},
}


@pytest.mark.parametrize("method", CASES)
def test_a_search_by_mixtures(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_whole_search(planned(method), CASES[method], tmp_path, monkeypatch)

"""Whole searches that draw or choose what runs, on a pretended accelerator: they wait where alpha's
gradient comes back, and where candidates are compared.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from nasbench_harness import registry
from tests.methods.accelerator_checks import CASES as MIXED
from tests.methods.whole_searches import GRADIENT, Allowed, Wait, check_whole_search, planned

MANY = 1_000_000
SCORED: Wait = ("a number is read", "supernet/weight_sharing.py:correct")
"""A candidate's accuracy, by which another is taken out or chosen."""
WEIGHTS: Wait = ("to the host", "supernet/weight_sharing.py:as_weights")
"""A candidate that is a mixture names what it needs."""
LEFT: Wait = ("to the host", "shared/stages.py:keep")
"""What is left, once an option is taken out."""
BUILT: Wait = ("to the device", "supernet/weight_sharing.py:_proxy")
"""A fresh network that a proxy scores."""
CASES: dict[str, Allowed] = {
    "random": {},
    "rsws[candidates=3]": {SCORED: 3},
    "dartspt": {
        SCORED: MANY,
        WEIGHTS: MANY,
        LEFT: MANY,
        ("a number is read", "methods/dartspt.py:below"): 6,
    },
    "zerocostpt[proposals=1,validation_rounds=2]": {
        BUILT: MANY,
        ("a number is read", "proxies/nwot.py:nwot"): MANY,
    },
    "freedarts": {
        ("to the device", "methods/freedarts.py:score"): 1,
        ("to the host", "methods/freedarts.py:score"): 1,
        ("a number is read", "methods/freedarts.py:score"): 2,
    },
    "proxy[candidates=3]": {BUILT: MANY, ("a number is read", "proxies/synflow.py:synflow"): 3},
    "radars[proposals=1,proposal_epochs=1,options=4]": {  # all at the start of a subspace
        SCORED: 1,
        WEIGHTS: 1,
        LEFT: 2,
        ("to the host", "networks/memory.py:__init__"): MANY,  # once, a copy that is measured
        ("to the host", "nb201/__init__.py:derive"): 1,
        ("to the device", "methods/radars.py:worth"): 1,
        ("to the device", "methods/radars.py:_search"): 1,
        ("to the device", "shared/alpha.py:__init__"): 1,
    },
    "twotemp": {},
    "gdas": {GRADIENT: 1},
    "gdas[unchosen=none,arch_before_weight=true]": {GRADIENT: 1},
    "reinmax": {GRADIENT: 1},
    "unas[sample_per=batch,warmup_epochs=0]": {GRADIENT: 1},
    "unas[sample_per=batch,warmup_epochs=0,cost=flops,cost_fit_samples=50]": {GRADIENT: 2},
    "edas": {GRADIENT: 1},
    "edas[scoring=one_hot,log_relax_gap=true]": {GRADIENT: 1},
    "edas[trained_on=relaxed,skip_drop=0.3,entropy_weight=0.1]": {GRADIENT: 1},
}


SLOW = {"zerocostpt[proposals=1,validation_rounds=2]"}
"""It builds hundreds of networks."""


@pytest.mark.parametrize(
    "method",
    [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in CASES],
)
def test_a_search_by_draws(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_whole_search(planned(method), CASES[method], tmp_path, monkeypatch)


def test_every_method_that_searches_supernets_is_checked() -> None:
    names = {case.partition("[")[0] for case in (*MIXED, *CASES)}
    on_supernets = {m for m in registry.methods.names() if not registry.methods.load(m).queries}
    assert on_supernets - names == set()

"""Ray's clusters: reaching one, what fits onto its nodes, and whether they see a folder.

Whatever is wrong is told in a sentence before anything runs.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nasbench_harness.errors import reason
from nasbench_harness.jobs.executors.requests import ClusterError, Request

PACKAGE = "nasbench-harness"
ANSWER_SECONDS = 5.0
"""How long an address may take to answer."""
PROBE_SECONDS = 120.0
"""How long a node may take to begin its first task; it starts Python and imports us."""
SEEN_SECONDS = 10.0
"""How long a file may take to be seen on another machine."""
AUTO, LOCAL = "auto", "local"


def connect(address: str) -> Any:
    """Ray, connected; `auto` is the cluster of this machine, `local` one begun for this process.

    ClusterError where there is no Ray, no cluster, or one of another version.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        ray = import_module("ray")
    except ImportError as error:
        raise ClusterError(
            "`--executor ray` needs Ray: pip install 'nasbench-harness[ray]'."
        ) from error
    if ray.is_initialized():
        return ray
    if address not in (AUTO, LOCAL):
        _refuse_silent(address)
    try:
        with _own_signals():
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except ConnectionError as error:
        raise ClusterError(
            f"No Ray cluster is running at `{address}`; start one with `ray start --head`, or name"
            " another by --address HOST:PORT."
        ) from error
    except Exception as error:
        raise ClusterError(_mismatch(address, error)) from error
    return ray


def _mismatch(address: str, error: Exception) -> str:
    text = reason(error)
    if "ersion mismatch" in text:
        return (
            f"The Ray cluster at `{address}` runs other versions than this machine; install the"
            f" same Ray and Python on all of them ({text})."
        )
    return f"The Ray cluster at `{address}` cannot be joined: {text}"


def _refuse_silent(address: str) -> None:
    """Ray itself waits for a minute, and may end the process."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "/" in host:
        raise ClusterError(f"--address takes auto, local or HOST:PORT, not `{address}`.")
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise ClusterError(
            f"Nothing answers at `{address}` ({reason(error)}); `ray start --head` tells the"
            " address of the cluster that it starts."
        ) from error


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """What stops this process stops it as before, whatever a library would have instead."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def places(ray: Any, request: Request) -> int:
    """How many trials the cluster can run at once, as it is now."""
    return sum(_fits(node["Resources"], request) for node in ray.nodes() if node["Alive"])


def _fits(there: Mapping[str, float], request: Request) -> int:
    asked = request.resources
    return min(int(there.get(name, 0.0) / amount + 1e-9) for name, amount in asked.items())


def within(ray: Any, request: Request) -> Request:
    """The request with no more memory than the largest of the nodes has that fit otherwise.

    With none at all where these count no memory.
    """
    bare = replace(request, memory_gb=0.0)
    nodes = [n["Resources"] for n in ray.nodes() if n["Alive"] and _fits(n["Resources"], bare)]
    most = max((node.get("memory", 0.0) for node in nodes), default=0.0) / 1e9
    return request if request.memory_gb <= most else replace(request, memory_gb=most)


def refuse_unfit(ray: Any, request: Request) -> None:
    """ClusterError where no node of the cluster can ever run a trial."""
    if places(ray, request):
        return
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    most = [f"{max(n.get(name, 0.0) for n in nodes):g} {name}s" for name in ("CPU", "GPU")]
    memory = max(n.get("memory", 0.0) for n in nodes) / 1e9
    raise ClusterError(
        f"A trial asks for {request}, which no node of the cluster has; the most that one has is"
        f" {', '.join(most)} and {memory:.1f} GB of memory; ask for less by --gpus-per-trial,"
        " --cpus-per-trial or --memory-per-trial, or add a node."
    )


def unseeing(ray: Any, folder: Path, request: Request) -> list[str]:
    """Nodes that may run trials, and from which this machine does not read what they write.

    Each leaves a file in `folder`, which is there already. ClusterError unless all of them have
    this release.
    """
    nodes = [n for n in ray.nodes() if n["Alive"] and _fits(n["Resources"], request)]
    pinned = import_module("ray.util.scheduling_strategies").NodeAffinitySchedulingStrategy
    probe = ray.remote(_probe)
    tokens = {node["NodeID"]: f".nasharness-{secrets.token_hex(8)}" for node in nodes}
    answers = {
        node["NodeManagerHostname"] + "/" + node["NodeID"][:6]: probe.options(
            num_cpus=0, max_retries=0, scheduling_strategy=pinned(node["NodeID"], soft=False)
        ).remote(str(folder), tokens[node["NodeID"]])
        for node in nodes
    }
    try:
        for name, answer in answers.items():
            _refuse_answer(ray, name, answer)
        until = time.monotonic() + SEEN_SECONDS
        named = zip(answers, tokens.values(), strict=True)
        return [name for name, token in named if not _arrives(folder, token, until)]
    finally:
        for token in tokens.values():
            (folder / token).unlink(missing_ok=True)


def _refuse_answer(ray: Any, name: str, answer: Any) -> None:
    try:
        theirs = ray.get(answer, timeout=PROBE_SECONDS)
    except ray.exceptions.RayError as error:
        last = str(error).strip().rpartition("\n")[2].strip() or type(error).__name__
        raise ClusterError(
            f"The Ray node {name} cannot run trials; is {PACKAGE} installed there, with the same"
            f" Python? ({last})"
        ) from error
    if theirs != version(PACKAGE):
        raise ClusterError(
            f"The Ray node {name} has {PACKAGE} {theirs} and this machine {version(PACKAGE)};"
            " install the same on both."
        )


def _arrives(folder: Path, token: str, until: float) -> bool:
    while token not in os.listdir(folder):  # a listing is asked for anew, a name may be remembered
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def _probe(folder: str, token: str) -> str:
    """Runs on a node: leave a file, if the folder is there; the release."""
    with contextlib.suppress(OSError):
        (Path(folder) / token).touch()
    return version(PACKAGE)

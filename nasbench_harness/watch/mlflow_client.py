"""The connection to an MLflow server: quiet, without telemetry, and with little patience."""

from __future__ import annotations

import logging
import os
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nasbench_harness.watch.trackers import TrackingError, missing_package, one_line

if TYPE_CHECKING:
    from mlflow import MlflowClient

_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}
"""What MLflow is told unless the user has told it something else."""


def connect(address: str) -> MlflowClient:
    """A client of the server at `address`; TrackingError if there is none, or no package."""
    if "://" not in address and address != "databricks":
        raise TrackingError(
            f"--mlflow takes the address of an MLflow server, such as http://127.0.0.1:5000, not"
            f" `{address}`."
        )
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise missing_package("mlflow", "mlflow") from error
    for name in ("mlflow", "alembic", "urllib3"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        client = MlflowClient(tracking_uri=address)
        client.search_experiments(max_results=1)
    except Exception as error:  # each kind of address fails in its own way
        raise TrackingError(
            f"MLflow cannot be used at {shown(address)}: {reason(error)}. Start its server, give"
            " another address, or leave --mlflow out."
        ) from error
    return client


def reason(error: BaseException) -> str:
    """Why the server could not be talked to, without the layers of libraries around it."""
    text = one_line(error)
    if found := re.search(r"\[Errno -?\d+\] ([^'\")]+)", str(error)):
        return found[1].strip()
    if "timed out" in str(error):
        return "it does not answer in time"
    return text.rstrip(".")


def shown(address: str) -> str:
    """The address without the password that may stand in it."""
    parts = urlsplit(address)
    if not parts.password:
        return address
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

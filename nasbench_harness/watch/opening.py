"""From `--tensorboard` and `--mlflow` to the trackers of a study."""

from __future__ import annotations

from collections.abc import Callable

from nasbench_harness.watch.trackers import Tracker


def open_trackers(*, tensorboard: bool, mlflow: str | None) -> Callable[[], list[Tracker]]:
    """What makes the trackers of a study; `mlflow` is the address of a server.

    TrackingError, before anything has run, if a package is missing or the server does not answer.
    """
    kinds: list[Callable[[], Tracker]] = []
    if tensorboard:
        from nasbench_harness.watch.tensorboard import TensorBoard, check_package

        check_package()
        kinds.append(TensorBoard)
    if mlflow:
        from nasbench_harness.watch.mlflow import MLflow
        from nasbench_harness.watch.mlflow_client import connect

        client = connect(mlflow)
        kinds.append(lambda: MLflow(client, mlflow))
    return lambda: [kind() for kind in kinds]

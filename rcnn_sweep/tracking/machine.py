"""MLflow's own record of what a run takes from its machine: CPU, memory, disk, network, GPU."""

from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.environment_variables import MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING as SWITCH


@contextmanager
def system_metrics(run_id: str, uri: str) -> Iterator[None]:
    """Record the machine's metrics as ``system/...`` each ten seconds of the block.

    Unless ``MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING=false``; other seconds are
    ``MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL``, both MLflow's own. What cannot be measured or
    recorded is left out: it is no part of the result.
    """
    if SWITCH.is_set() and not SWITCH.get():
        yield
        return
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

    monitor = SystemMetricsMonitor(run_id, tracking_uri=uri)
    monitor.start()
    try:
        yield
    finally:
        monitor.finish()

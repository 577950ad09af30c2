"""The address of the MLflow store: which it is, and whether it can be used. No MLflow here."""

import os
from pathlib import Path

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import as_mysql, remember, without_password
from rcnn_sweep.tracking.database import SQLITE, tables_of
from rcnn_sweep.tracking.reach import unusable

DEFAULT_DATABASE = "mlflow.db"


def tracking_uri(configured: str | None) -> str:
    """Give the store's URI: ``tracking.uri``, else ``MLFLOW_TRACKING_URI``, else MLflow's default.

    The default is the database ``mlflow.db`` in the working directory, as an absolute path, so
    that a later change of directory does not change the store. ``mariadb`` is written ``mysql``,
    the one name of the two that MLflow knows.
    """
    uri = configured or os.environ.get("MLFLOW_TRACKING_URI") or SQLITE + DEFAULT_DATABASE
    remember(uri)
    uri = as_mysql(uri)
    path = database_path(uri)
    return uri if path is None else SQLITE + str(path)


def database_path(uri: str) -> Path | None:
    """Give the absolute path of an SQLite store's file, None for any other store."""
    return Path(uri.removeprefix(SQLITE)).absolute() if uri.startswith(SQLITE) else None


def is_there() -> bool:
    """Say whether the default store exists: its file, or a server that the environment names."""
    path = database_path(tracking_uri(None))
    return path is None or path.exists()


def check_store(uri: str, *, is_known: bool = False) -> None:
    """Raise :class:`UserError` where the store cannot be used; imports no MLflow.

    A server is asked whether it is there, unless it ``is_known``, as in a trial: then it was, and
    whoever opens the store is to wait for its return.
    """
    path = database_path(uri)
    if path is None:
        if not is_known and (reason := unusable(uri)) is not None:
            raise UserError(
                f"tracking.uri: expected sqlite:///FILE, a database or a server that answers; "
                f"received {without_password(uri)}, which {without_password(reason)}."
            )
        return
    folder = path.parent
    if not folder.is_dir():
        raise UserError(
            f"tracking.uri: expected an existing folder; received {folder}, which is none."
        )
    target = path if path.exists() else folder
    if not os.access(target, os.W_OK):
        raise UserError(
            f"tracking.uri: expected a writable store; received {target}, which is read-only."
        )
    _check_artifacts(Path("mlruns"))
    if path.exists() and path.stat().st_size:
        _check_database(path)


def _check_artifacts(folder: Path) -> None:
    if folder.exists() and not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise UserError(
            f"mlruns: expected a writable folder for artifacts; found {folder.absolute()}, "
            "which is not one. Free it or start in another directory."
        )


def _check_database(path: Path) -> None:
    tables = tables_of(path)
    if tables and "experiments" not in tables:
        raise UserError(
            f"tracking.uri: expected an MLflow database; received {path}, which holds "
            f"{', '.join(sorted(tables)[:3])}, ...\nIt is left as it is: name another file."
        )

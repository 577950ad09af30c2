"""The model registry: versions of one model, and the alias that says which of them is in use."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlflow.entities import LoggedModelOutput
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from rcnn_sweep.tracking.models import ALIAS, MODEL

CHAMPION = ALIAS
FORMER = "former_champion"


@dataclass(frozen=True)
class Version:
    """A version of the model :data:`MODEL`."""

    number: int
    run_id: str
    tags: Mapping[str, str]


class Registry:
    """The versions of :data:`MODEL` in the store that ``client`` writes to."""

    def __init__(self, client: MlflowClient) -> None:
        """Read and write through ``client``; creates nothing yet."""
        self.client = client

    def champion(self) -> Version | None:
        """Give the version with the alias :data:`CHAMPION`, None where there is none.

        Raises :class:`MlflowException` where the store does not say.
        """
        try:
            return _plain(self.client.get_model_version_by_alias(MODEL, CHAMPION))
        except MlflowException as error:
            if not _says_that_there_is_none(error):
                raise
            return None

    def tagged(self, key: str, value: str) -> Version | None:
        """Give the newest version whose tag ``key`` is ``value``."""
        found = self.client.search_model_versions(f"name = '{MODEL}'")
        same = [_plain(version) for version in found if version.tags.get(key) == value]
        return max(same, key=lambda version: version.number, default=None)

    def logged_model(self, run_id: str) -> str | None:
        """Give the id of the model that a run logged, None if it logged none."""
        outputs = self.client.get_run(run_id).outputs
        logged: list[LoggedModelOutput] = list(outputs.model_outputs) if outputs else []
        return str(logged[-1].model_id) if logged else None

    def register(self, run_id: str, tags: Mapping[str, str], description: str) -> Version:
        """Make the model that a run logged a new version; it has no alias yet."""
        model_id = self.logged_model(run_id)
        try:
            self.client.create_registered_model(MODEL)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        return _plain(
            self.client.create_model_version(
                MODEL,
                source=f"models:/{model_id}",
                run_id=run_id,
                tags=dict(tags),
                description=description,
                model_id=model_id,
            )
        )

    def crown(self, version: Version) -> None:
        """Give ``version`` the alias :data:`CHAMPION`; who had it becomes :data:`FORMER`."""
        before = self.champion()
        if before is not None and before.number != version.number:
            former = str(before.number)
            self.client.set_registered_model_alias(MODEL, FORMER, former)
        number = str(version.number)
        self.client.set_registered_model_alias(MODEL, CHAMPION, number)


def _says_that_there_is_none(error: MlflowException) -> bool:
    """Tell a model or an alias that is not there, which MLflow's stores say in either way."""
    told = str(error).lower()
    return error.error_code == "RESOURCE_DOES_NOT_EXIST" or (
        error.error_code == "INVALID_PARAMETER_VALUE" and "alias" in told and "not found" in told
    )


def _plain(version: Any) -> Version:
    return Version(int(version.version), str(version.run_id), dict(version.tags))

"""What the user asks for, as Hydra hands it over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from hydra.core.config_loader import ConfigLoader
from omegaconf import DictConfig

from rcnn_sweep.overrides import as_typed
from rcnn_sweep.process import CommandLine
from rcnn_sweep.sweep.space import Command, Composer, read_command


@dataclass(frozen=True)
class Request:
    """The sweeper's options, its space, the task's overrides and the composed config.

    ``typed`` is the command that would ask for the same in a shell: the study records it as what
    resumes it. A program that is not run by such a command passes one.
    """

    options: Mapping[str, Any]
    space: Mapping[str, Any]
    arguments: list[str]
    master: DictConfig
    loader: ConfigLoader
    typed: CommandLine = field(default_factory=CommandLine.own)

    @cached_property
    def command(self) -> Command:
        """What the command fixes and what it varies."""
        return read_command(self.arguments, self.loader)

    @cached_property
    def asked(self) -> Composer:
        """Composes the command as it was typed."""
        return Composer(self.loader, self.master, self.command.fixed)

    def base_config(self) -> DictConfig:
        """Compose the command's fixed overrides as a task function would get them."""
        return self.asked.task({})

    @property
    def job_name(self) -> str:
        """Give the name of the Hydra app."""
        return str(self.master.hydra.job.name)

    def gives(self, option: str) -> bool:
        """Say whether the command itself sets this option of the sweeper."""
        given = as_typed(self.master.hydra.overrides.hydra)
        return any(o.lstrip("+").startswith(f"hydra.sweeper.{option}") for o in given)

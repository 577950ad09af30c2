"""Command-line arguments of the verbs; a mistake is one line."""

import argparse
from typing import NoReturn

from rcnn_sweep.errors import UserError


class Arguments(argparse.ArgumentParser):
    """A parser for ``python -m rcnn_sweep VERB``.

    >>> Arguments("studies", "List the studies.").parse_args([])
    Namespace()
    """

    def __init__(self, verb: str, description: str) -> None:
        """Take the verb's name and what it does in a sentence or two."""
        super().__init__(
            prog=f"python -m rcnn_sweep {verb}", description=description, allow_abbrev=False
        )

    def error(self, message: str) -> NoReturn:
        """Raise :class:`UserError` rather than print the usage."""
        raise UserError(f"{self.prog}: {message}.\nSee {self.prog} --help.")

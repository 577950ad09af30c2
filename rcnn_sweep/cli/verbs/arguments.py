"""Command-line arguments of the verbs; a mistake is one line."""

import argparse
import re
from typing import NoReturn

from rcnn_sweep.errors import UserError
from rcnn_sweep.process import command
from rcnn_sweep.rules import closest

# argparse's complaints, and what to say instead.
SENTENCES = {
    r"unrecognized arguments: (.*)": r"expected none but its own arguments; received \1",
    r"the following arguments are required: (.*)": r"expected \1; received none",
    r"argument (.*): invalid choice: (.*) \(choose from (.*)\)": r"\1: expected \3; received \2",
    r"argument (.*): invalid (\w+) value: (.*)": r"\1: expected \2; received \3",
    r"argument (.*): expected (.*)": r"\1: expected \2; received none",
}


class Arguments(argparse.ArgumentParser):
    """A parser for ``python -m rcnn_sweep VERB``.

    >>> Arguments("studies", "List the studies.").parse_args([])
    Namespace()
    """

    def __init__(self, verb: str, description: str) -> None:
        """Take the verb's name and what it does in a sentence or two."""
        super().__init__(prog=command(verb), description=description, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise :class:`UserError` rather than print the usage."""
        raise UserError(f"{self.prog}: {self._sentence(message)}.\nSee {self.prog} --help.")

    def _sentence(self, message: str) -> str:
        """Give argparse's ``message`` as what was expected and what was received."""
        for pattern, sentence in SENTENCES.items():
            if found := re.fullmatch(pattern, message, re.DOTALL):
                return found.expand(sentence) + self._nearest(message)
        return f"expected other arguments; received these: {message}"

    def _nearest(self, message: str) -> str:
        flag = re.search(r" (--[\w-]+)", message)
        near = closest(flag[1], self._option_string_actions) if flag else None
        return f" (did you mean {near}?)" if near and near not in message else ""

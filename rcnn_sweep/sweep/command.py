"""The command that started this process, as a user would type it again."""

import shlex
import sys

from rcnn_sweep.passwords import without_password


def command_line(arguments: list[str] | None = None) -> str:
    """Give the command, passwords in URLs masked; ``arguments`` replace those it was given."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    module = spec.name.removesuffix(".__main__") if spec is not None else None
    program = ["python", "-m", module] if module else ["python", sys.argv[0]]
    words = [*program, *(sys.argv[1:] if arguments is None else arguments)]
    return without_password(shlex.join(words))

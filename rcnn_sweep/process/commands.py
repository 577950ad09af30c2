"""Commands as a user would type them: this process's own, and others to come next."""

import shlex
import sys

from rcnn_sweep.process.passwords import without_password


def own_command(arguments: list[str] | None = None) -> str:
    """Give this process's command, passwords masked; ``arguments`` replace those it was given."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    module = spec.name.removesuffix(".__main__") if spec is not None else None
    program = ["python", "-m", module] if module else ["python", sys.argv[0]]
    words = [*program, *(sys.argv[1:] if arguments is None else arguments)]
    return without_password(shlex.join(words))


def command(*words: str) -> str:
    """Give ``python -m rcnn_sweep WORDS`` quoted for a shell."""
    return shlex.join(["python", "-m", "rcnn_sweep", *words])

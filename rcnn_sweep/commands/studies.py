"""``studies``: the studies of a storage and the commands that resume them."""

from collections.abc import Sequence

from rcnn_sweep.commands.arguments import Arguments


def main(words: Sequence[str]) -> None:
    """Do ``studies [--storage URL]``."""
    parser = Arguments(
        "studies", "List the studies with counts by state, best value and the resuming command."
    )
    parser.add_argument("--storage", metavar="URL", help="default: studies.db in this directory")
    storage = parser.parse_args(words).storage
    from rcnn_sweep.sweep.listing import list_studies

    for line in list_studies(storage):
        print(line)

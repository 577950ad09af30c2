"""The end of a sweep that reached no result."""


class SweepFailed(Exception):
    """Too many trials failed in a row, or all of them, or workers could not be kept alive.

    The message says which; the command ends with exit code 1.
    """

"""The two ways a command can end early: a mistake the user can mend, and a request to stop."""


class UserError(Exception):
    """A mistake in the command, the configuration, the data or the surroundings.

    The message is one or two lines: what was expected, what was received and the next step.
    It ends the command with exit code 2 and without a traceback, before any run exists.
    """


class DataError(UserError):
    """The data cannot be had or cannot be trained on."""


class DataUnavailable(DataError):
    """The data is neither on this machine nor within reach of the network."""


class Terminated(BaseException):
    """SIGTERM was received. Like ``KeyboardInterrupt`` it passes every ``except Exception``."""


class Preempted(Terminated):
    """A scheduler has warned that the process must go: its time is up, or its place is needed."""

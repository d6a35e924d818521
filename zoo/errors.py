"""The errors of archzoo: each says in a line what was received, what is allowed, and what to do next.

Parameters and calls are written in backticks, as Python has them: "`seed=-1`: use 0 or more". The
command line prints its own options and commands for these (`zoo.cli.wording`), so no message names one.
"""


class ZooError(Exception):
    """A failure; the command exits with code 1."""

    exit_code = 1


class UsageError(ZooError):
    """An argument is not allowed; the command exits with code 2."""

    exit_code = 2


class PluginError(ZooError):
    """A plugin cannot be loaded, or fails.

    Attributes:
        details: the frames of the plugin's own code, a line each.
    """

    def __init__(self, message: str, details: str = ""):
        super().__init__(message)
        self.details = details


class DataError(ZooError):
    """A dataset is missing or damaged, or cannot be trained on."""


class DataMissing(DataError):
    """A dataset is not on this machine, and cannot be downloaded."""


class Diverged(ZooError):
    """The loss became NaN or infinite; the run has no result."""


class Pruned(ZooError):
    """A search gave the training up; the run has no result."""


class Interrupted(ZooError):
    """Ctrl-C or SIGTERM stopped the training, after a checkpoint was written.

    Attributes:
        exit_code: 128 plus the signal's number: 130 for SIGINT, 143 for SIGTERM.
    """

    def __init__(self, message: str, signal_number: int):
        super().__init__(message)
        self.exit_code = 128 + signal_number

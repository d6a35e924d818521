"""What people are told when something is wrong: one line, and what to type next."""


class ZooError(Exception):
    """Something failed. The message says what was seen and what to do; exit code 1."""

    exit_code = 1


class UsageError(ZooError):
    """What was asked for cannot be done as typed; exit code 2."""

    exit_code = 2


class PluginError(ZooError):
    """A plugin could not be loaded or did not do what its hooks promise.

    `details` are the author's own frames, for lines after the message.
    """

    def __init__(self, message: str, details: str = ""):
        super().__init__(message)
        self.details = details


class DataError(ZooError):
    """A dataset is missing, damaged or not usable."""


class DataMissing(DataError):
    """A dataset is not on this machine and cannot be downloaded."""


class Diverged(ZooError):
    """The loss became NaN or infinite; such a run never counts as a result."""


class Interrupted(ZooError):
    """Ctrl-C or SIGTERM stopped a training after a checkpoint was written.

    `exit_code` is 128 plus the signal's number: 130 for SIGINT, 143 for SIGTERM.
    """

    def __init__(self, message: str, signal_number: int):
        super().__init__(message)
        self.exit_code = 128 + signal_number

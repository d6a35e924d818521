"""Ctrl-C and SIGTERM as a request to stop at the next step, with a checkpoint."""

import signal
import threading
from typing import Any


class Interruption:
    """Between `with` and its end, the first SIGINT or SIGTERM only sets `signal_number`.

    A second SIGINT raises KeyboardInterrupt at once. Outside the main thread signals are not ours.
    """

    def __init__(self) -> None:
        self.signal_number: int | None = None
        self._before: dict[int, Any] = {}

    @property
    def requested(self) -> bool:
        """Whether a signal asked the training to stop."""
        return self.signal_number is not None

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: Any, _frame: Any) -> None:
        if self.requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signal_number = number

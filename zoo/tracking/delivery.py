"""Calling a tracker from a thread of its own, so that it can neither stop nor slow a training."""

import queue
import threading
import time
from collections.abc import Callable

from zoo.tracker import Tracker
from zoo.tracking.secrets import masked

IN_A_HURRY = 10.0
"""Seconds that a tracker has at the end if the command was interrupted or has failed."""


class Delivery:
    """The thread of one tracker, and what is still to be told it.

    Args:
        tracker: is called in the order of `post`, until it fails or a call outlasts its patience.

    Attributes:
        problem: why it is not called any more; empty while all is well.
    """

    def __init__(self, tracker: Tracker):
        self.tracker = tracker
        self.problem = ""
        self._told = False
        self._waiting: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._since: float | None = None
        self._idle = threading.Event()
        # A daemon: a tracker that hangs must not keep the process.
        self._thread = threading.Thread(target=self._work, daemon=True, name=f"track-{self.name}")

    @property
    def name(self) -> str:
        """The tracker's name."""
        return self.tracker.name or type(self.tracker).__name__

    def start(self) -> None:
        """Connect; wait for it as long as its patience lasts."""
        connected = threading.Event()
        self.post(self.tracker.open)
        self.post(connected.set)
        self._thread.start()
        until = time.monotonic() + self.tracker.patience
        while not self.problem and not connected.wait(0.05):
            if time.monotonic() > until:
                self._give_up()

    def post(self, action: Callable[[], None]) -> None:
        """Do this after what was posted before; nothing if the tracker has failed."""
        if not self.problem:
            self._waiting.put(action)

    def news(self) -> str:
        """What went wrong, once; else empty."""
        if not self.problem and self._since and self._outlasted(self._since):
            self._give_up()
        if not self.problem or self._told:
            return ""
        self._told = True
        return (
            f"tracking by {self.name} was switched off: {self.problem}. The training is not affected; "
            "its run folder has everything"
        )

    def close(self, *, hurried: bool = False) -> None:
        """Wait until everything is told; a call that outlasts the patience ends it."""
        self.post(self.tracker.close)
        self._waiting.put(None)
        until = time.monotonic() + IN_A_HURRY
        while self._thread.is_alive() and not self.problem:
            self._thread.join(0.05)
            since = self._since
            if (since and self._outlasted(since)) or (hurried and time.monotonic() > until):
                self._give_up()

    def _outlasted(self, since: float) -> bool:
        return time.monotonic() - since > self.tracker.patience

    def _give_up(self) -> None:
        since = self._since or time.monotonic()
        self.problem = self.problem or f"no answer for {time.monotonic() - since:.0f} s"

    def _work(self) -> None:
        while action := self._waiting.get():
            if self.problem:
                return
            self._since = time.monotonic()
            try:
                action()
            except BaseException as error:  # a stranger's code may raise anything, SystemExit too
                self.problem = self.problem or _cause(error)
                return
            finally:
                self._since = None


def _cause(error: BaseException) -> str:
    text = masked(" ".join(str(error).split()))
    return f"{type(error).__name__}: {text}"[:300] if text else type(error).__name__

"""Connections whose clients are slow: each has a deadline, and there is a most of them."""

import asyncio
import json
import time
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from zoo.serving.serve_options import ServeOptions

LARGEST_HEAD = 32 * 2**10
"""Bytes of a request's first line and headers."""
EVERY = 0.5
"""Seconds between two looks at the deadlines."""
LAST_WORDS = 2.0
"""Seconds for taking an error's text."""
GUARD = "connection_guard"
"""Under which name the guard is in the state that the application's start gives to connections."""


class ConnectionGuard:
    """Closes connections whose client is late, and the one longest waited for where there are too many."""

    def __init__(self, options: ServeOptions):
        self.options = options
        self._waited_for: dict[GuardedProtocol, float] = {}
        """Connections whose client is to act, by the time until it has to; the longest waiting first."""
        self._open = 0

    def opened(self, protocol: "GuardedProtocol") -> None:
        """A connection was made: close another one if there are too many."""
        self._open += 1
        if self._open > self.options.max_connections:
            late = next(iter(self._waited_for), None)
            (late or protocol).drop()
        self.wait_for(protocol, self.options.header_timeout)

    def wait_for(self, protocol: "GuardedProtocol", seconds: float) -> None:
        """The client has to act within so many seconds."""
        self._waited_for.pop(protocol, None)
        self._waited_for[protocol] = time.monotonic() + seconds

    def at_work(self, protocol: "GuardedProtocol") -> None:
        """The whole request was received: now the server is to act."""
        self._waited_for.pop(protocol, None)

    def closed(self, protocol: "GuardedProtocol") -> None:
        self._open -= 1
        self._waited_for.pop(protocol, None)

    async def watch(self) -> None:
        """Look at the deadlines for ever."""
        while True:
            await asyncio.sleep(EVERY)
            now = time.monotonic()
            late = [each for each, until in self._waited_for.items() if until < now]
            for protocol in late:
                protocol.too_late()


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol on httptools, with deadlines, a largest head, and errors as JSON."""

    _guard: ConnectionGuard
    _head: int | None = 0
    """Bytes of the head so far; None: no head is awaited."""
    _in_body = False
    """Whether the body of a request is awaited; it may be answered before."""
    _ended = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._guard = self.app_state[GUARD]
        self._guard.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._guard.closed(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        if self._head is None and self._idle and not self._in_body:
            self._head = 0
            self._guard.wait_for(self, self._guard.options.header_timeout)
        if self._head is not None:
            self._head += len(data)
        super().data_received(data)
        if self._head is not None and self._head > LARGEST_HEAD:
            self._say(431, "head_too_large", f"the head is larger than {LARGEST_HEAD:,} bytes.")

    def on_headers_complete(self) -> None:
        self._head, self._in_body = None, True
        self._guard.wait_for(self, self._guard.options.timeout)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_body = False
        if self.cycle.response_complete:
            self._guard.wait_for(self, self.timeout_keep_alive)
        else:
            self._guard.at_work(self)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._in_body:
            return
        # Longer than an idle connection is kept: only one whose client does not read is still there.
        self._guard.wait_for(self, self._guard.options.timeout + self.timeout_keep_alive)

    @property
    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def send_400_response(self, msg: str) -> None:
        self._say(400, "bad_request", "this is no HTTP request.")

    def too_late(self) -> None:
        """The client did not act in time."""
        options = self._guard.options
        if (
            self._ended
            or (self.cycle is not None and self.cycle.response_started)
            or self._head == 0
        ):
            self.drop()
        elif self._head is not None:
            self._say(
                408, "timeout", f"the head did not arrive within {options.header_timeout:g} s."
            )
        else:
            self._say(408, "timeout", f"the body did not arrive within {options.timeout:g} s.")

    def drop(self) -> None:
        """Close at once, whatever was not sent."""
        self.transport.abort()

    def _say(self, status: int, code: str, message: str) -> None:
        """Answer without the application, and close."""
        if self._ended:
            return
        self._ended = True
        body = json.dumps({"error": {"code": code, "message": message}}).encode()
        started = self.cycle is not None and not self._idle and self.cycle.response_started
        if not started:
            head = [
                STATUS_LINE[status],
                b"content-type: application/json\r\nconnection: close\r\n",
                b"content-length: %d\r\n\r\n" % len(body),
            ]
            self.transport.write(b"".join([*head, body]))
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._guard.wait_for(self, LAST_WORDS)
        self.transport.close()

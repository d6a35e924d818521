"""A headless Chromium that evaluates JavaScript in a page, by its DevTools pipe; no driver is needed."""

import contextlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--no-default-browser-check",
    "--remote-debugging-pipe",
)
SECONDS = 180.0


class BrowserFailed(Exception):
    """The browser does not start, ends, or is too slow."""


def find_browser() -> str | None:
    """The path of a Chromium; on Windows none, whose pipes are others."""
    if os.name == "nt":
        return None
    return next(filter(None, map(shutil.which, NAMES)), None)


class Tab:
    """A page in the browser."""

    def __init__(self, write: int, read: int):
        self._write, self._read, self._number, self._buffer = write, read, 0, b""
        self._until = time.monotonic() + SECONDS
        self._session: str | None = None

    def open(self, path: Path) -> None:
        """Open a file in a new tab."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self.send("Page.enable")
        self.send("Page.navigate", url=path.resolve().as_uri())

    def version(self) -> str:
        """`Chrome 150.0.1`, without the word headless."""
        product = self.send("Browser.getVersion")["product"]
        return product.replace("HeadlessChrome", "Chrome").replace("/", " ")

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, awaited.

        Raises:
            BrowserFailed: it throws.
        """
        found = self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in found:
            thrown = found["exceptionDetails"]
            text = thrown.get("exception", {}).get("description") or thrown.get("text", "")
            raise BrowserFailed(text.splitlines()[0][:200])
        return found["result"].get("value")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and wait for its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        content = json.dumps(message).encode() + b"\0"
        try:
            while content:
                content = content[os.write(self._write, content) :]
        except OSError as error:
            raise BrowserFailed("it ended") from error
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise BrowserFailed(answer["error"]["message"][:200])
                return answer["result"]

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            left = self._until - time.monotonic()
            if left <= 0 or not select.select([self._read], [], [], left)[0]:
                raise BrowserFailed(f"it took longer than {SECONDS:g} s")
            part = os.read(self._read, 2**20)
            if not part:
                raise BrowserFailed("it ended")
            self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(line)


@contextlib.contextmanager
def opened(browser: str, path: Path) -> Iterator[Tab]:
    """A file in a new browser with a profile of its own, which ends with the block.

    Raises:
        BrowserFailed: it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="zoo-browser-", ignore_cleanup_errors=True) as profile:
        process, write, read = _started(browser, profile)
        try:
            tab = Tab(write, read)
            tab.open(path)
            yield tab
        finally:
            process.kill()
            process.wait()
            os.close(write)
            os.close(read)


def _started(browser: str, profile: str) -> tuple["subprocess.Popen[bytes]", int, int]:
    """The browser reads commands from its descriptor 3 and writes answers to 4."""
    theirs_in, write = os.pipe()
    read, theirs_out = os.pipe()
    flags = [*FLAGS, f"--user-data-dir={profile}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium refuses to run as root otherwise
    redirected = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
    try:
        process = subprocess.Popen(
            ["/bin/bash", "-c", redirected, "browser", browser, *flags, "about:blank"],
            pass_fds=(theirs_in, theirs_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        os.close(write)
        os.close(read)
        raise BrowserFailed(f"it does not start ({error.strerror})") from error
    finally:
        os.close(theirs_in)
        os.close(theirs_out)
    return process, write, read

"""Sockets, processes and signals: a server from its start to its stop."""

import contextlib
import inspect
import ipaddress
import logging
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from zoo.errors import UsageError, ZooError
from zoo.serving.loaded_model import LoadedModel
from zoo.serving.named_models import ServedFile
from zoo.serving.serve_options import ServeOptions
from zoo.serving.telemetry import SHARED
from zoo.version import __version__

KEPT = 15
"""Seconds that an idle connection is kept."""
BACKLOG = 2048
HUNG = 20
"""Seconds without a sign of life after which a worker is replaced; on a busy machine it needs some to start.
uvicorn looks at nothing else meanwhile."""
FILES_BESIDE = 100
"""Open files of a process that are no connections."""
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


def listen(host: str, port: int) -> socket.socket:
    """A socket at this address, which takes connections from now on.

    Raises:
        UsageError: the address or the port cannot be one.
        ZooError: the port is in use, or may not be used.
    """
    if not 0 <= port < 2**16:
        raise UsageError(f"`port={port}`: use 1 to 65535, or 0 for a free one.")
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"`host={host!r}`: is no address of this machine ({reason}).") from error
    found = socket.socket(family, kind)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(BACKLOG)
    except OSError as error:
        found.close()
        raise ZooError(
            f"`port={port}`: cannot be used on {host} ({error.strerror or error}). Use another port, or "
            "`port=0` for a free one."
        ) from error
    found.set_inheritable(True)
    return found


def is_public(sock: socket.socket) -> bool:
    """Whether other machines may reach the socket."""
    return not ipaddress.ip_address(sock.getsockname()[0].partition("%")[0]).is_loopback


class Server:
    """Models served over HTTP.

    Attributes:
        url: where.
        models: what is known of each, as `GET /v1/models` has it.

    Example:
        >>> with zoo.serve("last", port=0, block=False) as server:  # doctest: +SKIP
        ...     print(server.url)
    """

    def __init__(
        self,
        files: Sequence[ServedFile],
        sock: socket.socket,
        host: str,
        options: ServeOptions,
        workers: int = 1,
        kept: object = None,
    ):
        self._files, self._socket, self._workers = tuple(files), sock, workers
        self._kept = kept  # a folder of files that is removed with the server
        self._options = _completed(options, sock, host)
        self._loaded = [LoadedModel.load(each) for each in files]
        self._thread: threading.Thread | None = None
        self._running: Any = None
        self.models = [each.description for each in self._loaded]
        name = f"[{host}]" if ":" in host else host
        self.url = f"http://{name}:{sock.getsockname()[1]}"
        self.public = is_public(sock)

    def run(self, on_ready: "Callable[[Server], None]" = lambda server: None) -> None:
        """Answer requests until SIGINT or SIGTERM; then answer those that were accepted, and return.

        Args:
            on_ready: called with the server when signals end it in this way.
        """
        _raise_limit_of_files()
        if self._workers > 1:
            self._run_workers(lambda: on_ready(self))
        else:
            self._run_here(lambda: on_ready(self))

    def start(self) -> "Server":
        """Answer requests in a thread, until `stop`.

        Raises:
            UsageError: there are several workers, for which `run` is.
        """
        if self._workers > 1:
            raise UsageError("`block=False` is for one worker; several are run by `block=True`.")
        self._running = self._uvicorn()
        self._thread = threading.Thread(target=self._serve_in_thread, name="zoo-serve", daemon=True)
        self._thread.start()
        while not self._running.started and self._thread.is_alive():
            time.sleep(0.01)
        if not self._running.started:
            raise ZooError("the server did not start.")
        return self

    def stop(self) -> None:
        """Answer what was accepted, and end; does nothing if it was ended."""
        if self._thread is not None:
            self._running.should_exit = True
            self._thread.join()
            self._thread = None
        self._socket.close()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Server of {', '.join(each['name'] for each in self.models)} at {self.url}>"

    def _serve_in_thread(self) -> None:
        self._running.run(sockets=[self._socket])

    def _uvicorn(self, on_ready: Callable[[], None] = lambda: None) -> Any:
        import uvicorn

        from zoo.serving.web_app import make_app

        app = make_app(lambda: self._loaded, self._options, on_ready)
        return uvicorn.Server(uvicorn.Config(app, **_settings(self._options)))

    def _run_here(self, on_ready: Callable[[], None]) -> None:
        server = self._uvicorn(on_ready)
        with _signals_to(server.handle_exit):
            server.run(sockets=[self._socket])

    def _run_workers(self, on_ready: Callable[[], None]) -> None:
        import uvicorn
        from uvicorn.config import STARTUP_FAILURE
        from uvicorn.supervisors import Multiprocess

        self._loaded.clear()  # each worker has its own
        app = partial(make_worker_app, self._files, self._options)
        settings = _settings(self._options)
        if "timeout_worker_healthcheck" in inspect.signature(uvicorn.Config).parameters:
            settings["timeout_worker_healthcheck"] = HUNG
        config = uvicorn.Config(app, factory=True, workers=self._workers, **settings)
        with tempfile.TemporaryDirectory(prefix="zoo-metrics-") as folder, _metrics_in(folder):
            before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
            try:
                processes = Multiprocess(config, sockets=[self._socket])
                on_ready()
                processes.run()
                if any(each.exitcode == STARTUP_FAILURE for each in processes.processes):
                    raise ZooError("a worker did not start, so the server ended.")
            finally:
                for each, handler in before.items():
                    signal.signal(each, handler)
                self._socket.close()


def make_worker_app(files: Sequence[ServedFile], options: ServeOptions) -> Any:
    """The application of a worker process."""
    from zoo.orphan import end_with_parent
    from zoo.serving.web_app import make_app

    end_with_parent()
    return make_app(lambda: [LoadedModel.load(each) for each in files], options)


def _settings(options: ServeOptions) -> dict[str, Any]:
    """uvicorn's, in this process and in workers."""
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # a bad form is an answer
    from zoo.serving.connections import GuardedProtocol

    return {
        "http": GuardedProtocol,
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "log_level": "critical",  # errors of requests are answers; failures are printed by web_app
        "access_log": False,
        "proxy_headers": False,
        "server_header": False,
        "headers": [("server", f"archzoo/{__version__}")],
        "timeout_keep_alive": KEPT,
        "timeout_graceful_shutdown": max(1, round(options.stop_timeout)),
        "backlog": BACKLOG,
    }


def _completed(options: ServeOptions, sock: socket.socket, host: str) -> ServeOptions:
    """The options with what depends on the machine and the address."""
    hosts: tuple[str, ...] = ()
    if not is_public(sock):
        own = f"[{host}]" if ":" in host else host
        hosts = (*LOCAL_NAMES, own.lower(), *(each.lower() for each in options.allow_hosts))
    most = max(8, _most_files() - FILES_BESIDE)
    return replace(options, allow_hosts=hosts, max_connections=min(options.max_connections, most))


def _most_files() -> int:
    try:
        import resource
    except ImportError:  # not on Windows
        return 512
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return 2**20 if hard == resource.RLIM_INFINITY else hard


def _raise_limit_of_files() -> None:
    """Each connection is an open file; shells allow 1,024, and the system more."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 2**16 if hard == resource.RLIM_INFINITY else hard
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextlib.contextmanager
def _signals_to(handler: Any) -> Iterator[None]:
    """uvicorn raises a signal again when it has ended; here that is no failure."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, handler) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, earlier in before.items():
            signal.signal(each, earlier)


@contextlib.contextmanager
def _metrics_in(folder: str) -> Iterator[None]:
    """Workers keep their counters in files, so that each can tell those of all."""
    before = os.environ.get(SHARED)
    os.environ[SHARED] = folder
    try:
        yield
    finally:
        os.environ.pop(SHARED)
        if before is not None:
            os.environ[SHARED] = before

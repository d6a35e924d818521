"""How a server batches, and what it allows."""

from dataclasses import dataclass, fields

from zoo.errors import UsageError


@dataclass(frozen=True)
class ServeOptions:
    """Limits and sizes of one worker process.

    Attributes:
        max_batch: samples that one call of ONNX Runtime answers.
        max_wait: seconds that a request waits for others before a batch that is not full begins. With 0,
            requests that arrive during a call make the next batch.
        max_queue: samples that wait for one model; beyond them requests are refused (503).
        max_body: bytes of a request's body.
        max_instances: samples of a request.
        max_pixels: of an uploaded image.
        max_connections: open at once; beyond them the one that has been waited for longest is closed.
        body_memory: bytes of bodies that are held at once; beyond them requests are refused (503).
        timeout: seconds for receiving and answering a request.
        header_timeout: seconds for receiving a request's head.
        stop_timeout: seconds for answering accepted requests when the server is stopped.
        threads: of ONNX Runtime, and for reading files.
        allow_origins: web sites whose pages may call the server; `*` for all.
        allow_hosts: names under which the server may be called beside its own address, while it listens on
            the loopback only.
    """

    max_batch: int = 64
    max_wait: float = 0.0
    max_queue: int = 4096
    max_body: int = 10 * 2**20
    max_instances: int = 1024
    max_pixels: int = 2**24
    max_connections: int = 2000
    body_memory: int = 256 * 2**20
    timeout: float = 30.0
    header_timeout: float = 10.0
    stop_timeout: float = 10.0
    threads: int = 1
    allow_origins: tuple[str, ...] = ()
    allow_hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """
        Raises:
            UsageError: a number is too small; it is named.
        """
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, tuple):
                continue
            least: float = {"max_wait": 0, "max_connections": 8}.get(each.name, 1)
            if isinstance(each.default, float) and each.name != "max_wait":
                least = 0.1
            if not least <= value < 2**40:
                raise UsageError(f"`{each.name}={value!r}`: use at least {least:g}.")

"""A node's end of a run on Ray: starts the run's process there, passes lines on, packs its folder.

Ray makes an actor of `NodeHost`, which holds the CPUs and GPUs of the run. The process that it starts is
the one that a run on this machine has, so that both make the same numbers.
"""

import getpass
import os
import queue
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import msgspec

from zoo import atomic, orphan
from zoo.comparison.executors.cores import claimed_cores
from zoo.exit_reason import exit_reason
from zoo.runs.packed import forget, pack, unpack
from zoo.runs.run import Run

SCRATCH = "ZOO_SCRATCH_DIR"
"""The environment variable that names a node's folder for runs that are brought back."""
QUIET_SECONDS = 20.0
"""How long a question for lines waits for one."""
TOGETHER_SECONDS = 1.0
"""How long steps are collected, so that many runs do not ask their driver for too much."""
UNLOCKING_SECONDS = 20.0
"""How long the process of a lost worker may take to write its checkpoint and end."""
NOT_OURS = ("OMP_NUM_THREADS",)
"""Variables that Ray sets for its workers, and a run on one machine does not have."""


class Place(msgspec.Struct, kw_only=True):
    """What a driver tells a node.

    Attributes:
        runs_dir: the driver's folder of runs.
        token: the name of a file in it, which a node sees only if they share the folder.
        working_dir: the driver's.
        environ: variables that the process gets, as the driver has them.
        data_dir, found_data_dir: where data are: as the user said, and as the driver's environment says.
        cores: cores that the process may use; 0: all.
        hashes: SHA-256 of the files that the run needs, by their paths on the driver.
        hides_gpus: whether the run has no GPU.
    """

    runs_dir: str
    token: str
    working_dir: str
    environ: dict[str, str]
    data_dir: str | None = None
    found_data_dir: str | None = None
    cores: int = 0
    hashes: dict[str, str] = msgspec.field(default_factory=dict)
    hides_gpus: bool = False


class Settled(msgspec.Struct, kw_only=True):
    """What a node answers.

    Attributes:
        node: its id.
        runs_dir: where it trains.
        shared: whether that is the driver's folder.
        data_dir: where it looks for data; None: the usual places.
        missing: files that it lacks.
        files: the folder for files that it is sent.
    """

    node: str
    runs_dir: str
    shared: bool
    data_dir: str | None
    missing: list[str]
    files: str


class _Child:
    """A process of a task, and the lines that it has written."""

    def __init__(self, module: str, environ: Mapping[str, str]):
        self.stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self.process = orphan.start(module, self.stderr, environ)
        self.output: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.output.put(line)
        self.output.put(None)


class NodeHost:
    """Starts processes on a node. Ray calls its methods in several threads at once.

    Args:
        place: what the driver tells, a `Place`.
    """

    def __init__(self, place: bytes):
        import ray

        self._node = ray.get_runtime_context().get_node_id()
        self._place = msgspec.msgpack.decode(place, type=Place)
        self._children: list[_Child] = []
        self._held = ExitStack()
        for name in NOT_OURS:
            os.environ.pop(name, None)
        os.environ.update(self._place.environ)
        if self._place.hides_gpus:
            os.environ["CUDA_VISIBLE_DEVICES"] = ""
        self._scratch: Path | None = None
        self._settle()

    def _settle(self) -> None:
        place = self._place
        shared = (Path(place.runs_dir) / place.token).exists() and not os.environ.get(SCRATCH)
        if not shared:
            self._scratch = self._held.enter_context(_scratch_folder())
        self._runs_dir = Path(place.runs_dir) if shared or not self._scratch else self._scratch
        if Path(place.working_dir).is_dir():
            os.chdir(place.working_dir)
        elif self._scratch:
            os.chdir(self._scratch)
        cores = self._held.enter_context(claimed_cores(place.cores))
        if cores:
            os.sched_setaffinity(0, cores)  # its threads and the processes that it starts

    def settled(self) -> bytes:
        """Where the node trains, and what it lacks, as `Settled`."""
        from zoo.comparison.executors.node_facts import lacking, node_data_dir

        place, files = self._place, str((self._scratch or self._runs_dir) / ".files")
        return msgspec.msgpack.encode(
            Settled(
                node=self._node,
                runs_dir=str(self._runs_dir),
                shared=self._scratch is None,
                data_dir=node_data_dir(place.data_dir, place.found_data_dir),
                missing=lacking(place.hashes),
                files=files,
            )
        )

    def put_file(self, path: str, content: bytes) -> None:
        """Write a file that the run needs."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        atomic.write(Path(path), lambda file: file.write(content))

    def put_run(self, name: str, content: bytes) -> None:
        """Write the folder of a run that goes on here."""
        unpack(content, self._runs_dir / name)

    def pack_run(self, name: str) -> bytes:
        """The folder of a run, as `zoo.runs.packed` packs it; empty if there is none."""
        folder = self._runs_dir / name
        return pack(folder) if (folder / "run.json").exists() else b""

    def launch(self, module: str, task: str, environ: dict[str, str], resumes: str) -> int:
        """Start a process for a task; its number is what the other methods want.

        `resumes` is the folder of a run that a lost process may still be writing; it is waited for.
        """
        self._wait_for(resumes)
        self._children.append(_Child(module, environ))
        number = len(self._children) - 1
        self.send(number, task)
        return number

    def _wait_for(self, folder: str) -> None:
        end = time.monotonic() + UNLOCKING_SECONDS
        while folder and time.monotonic() < end and Run(Path(folder)).is_locked():
            time.sleep(0.2)

    def send(self, number: int, line: str) -> None:
        """Write a line to a process; nothing happens if it is gone."""
        with suppress(BrokenPipeError, ValueError):
            stream = self._children[number].process.stdin
            assert stream
            stream.write(line)
            stream.flush()

    def lines(self, number: int) -> list[str | None]:
        """The next lines that a process writes; None is the end. Empty if there is none for long."""
        output, found = self._children[number].output, list[str | None]()
        end = time.monotonic() + QUIET_SECONDS
        while (left := end - time.monotonic()) > 0:
            try:
                line = output.get(timeout=left)
            except queue.Empty:
                break
            found.append(line)
            if line is None or '"event": "step"' not in line:
                break  # somebody may wait for it
            end = min(end, time.monotonic() + TOGETHER_SECONDS)
        while not output.empty():
            found.append(output.get())
        return found

    def death(self, number: int) -> tuple[int, str]:
        """The exit code of a process that ended, and what that was."""
        child = self._children[number]
        code = child.process.wait()
        child.stderr.seek(0)
        return code, exit_reason(code, child.stderr.read().decode(errors="replace"))

    def signal(self, number: int, signal_number: int) -> None:
        """Send a process a signal."""
        with suppress(ProcessLookupError):
            self._children[number].process.send_signal(signal_number)

    def end(self, number: int, last: bool) -> None:
        """Nothing more will be asked of a process; it is waited for.

        `last`: nor of the host, which removes its scratch folder.
        """
        process = self._children[number].process
        with suppress(BrokenPipeError, ValueError):
            assert process.stdin
            process.stdin.close()
        process.wait()
        if last:
            self._held.close()


@contextmanager
def _scratch_folder() -> Iterator[Path]:
    """A folder for runs that are brought back; those that killed hosts have left are removed."""
    import filelock

    root = Path(os.environ.get(SCRATCH) or Path(tempfile.gettempdir()) / f"archzoo-{_user()}")
    root.mkdir(parents=True, exist_ok=True)
    for left in (path for path in root.glob("run-*") if path.is_dir()):
        with suppress(OSError, filelock.Timeout), filelock.FileLock(f"{left}.lock").acquire(0):
            forget(left)
            Path(f"{left}.lock").unlink(missing_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"run-{socket.gethostname()}-", dir=root))
    lock = filelock.FileLock(f"{folder}.lock")
    lock.acquire(timeout=0)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def as_place(values: dict[str, Any]) -> bytes:
    """A `Place` as a host takes it."""
    return msgspec.msgpack.encode(Place(**values))

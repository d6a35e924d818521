"""The process that does what the fuzz suite asks: one request a line, watched, with a limit on memory.

`python inside.py LIMIT`; requests and answers are JSON on standard input and output.
"""

import contextlib
import io
import json
import os
import resource
import sys
import time
import traceback
from pathlib import Path

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
PATHS = {
    "os.remove": 1, "os.rename": 2, "os.mkdir": 1, "os.rmdir": 1, "os.link": 2, "os.symlink": 2,
    "os.truncate": 1, "os.chmod": 1, "os.chown": 1, "os.utime": 1, "os.setxattr": 1,
    "shutil.rmtree": 1, "shutil.move": 2, "shutil.copyfile": 2,
}  # fmt: skip
"""Events that change the files which are their first arguments, and how many arguments those are."""
ELSEWHERE = {
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty",
    "socket.connect",
}  # fmt: skip
HARMLESS = ("/dev/null", "/dev/shm", "/proc/self")


class Watch:
    """An audit hook: which files outside the allowed folder are changed, what else is started."""

    def __init__(self):
        self.allowed, self.seen = None, []
        sys.addaudithook(self)

    @contextlib.contextmanager
    def over(self, folder: str):
        self.allowed, self.seen = folder, []
        try:
            yield self.seen
        finally:
            self.allowed = None

    def __call__(self, event, arguments):
        if self.allowed is None:
            return
        if event == "open":
            path, mode, flags = arguments
            if (flags or 0) & WRITING or (mode and set(mode) & set("wax+")):
                self._changed(event, path)
        elif event in PATHS:
            for path in arguments[: PATHS[event]]:
                self._changed(event, path)
        elif event in ELSEWHERE and arguments[0] not in ("git", "uname"):
            self.seen.append(f"{event} {arguments!r}"[:300])

    def _changed(self, event, path):
        if isinstance(path, int) or path is None:
            return
        where = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - resolves nothing
        if not where.startswith((self.allowed, *HARMLESS)):
            self.seen.append(f"{event} {where}")


def picture(run: str, path: str) -> int:
    """Read a picture as `zoo predict` does before it asks the engine."""
    from zoo.contract import InputContract
    from zoo.pictures import PictureReader
    from zoo.runs.run import Run

    read = PictureReader(InputContract.of_run(Run.open(Path(run)))).read(Path(path))
    print(read.sample.shape, read.sample.dtype, read.done, read.unusual)
    return 0


def idx(path: str, rank: int) -> int:
    """Read an IDX file as the built-in datasets do."""
    from zoo.datasets.idx import read_idx

    print(read_idx(Path(path), rank).shape)
    return 0


def cifar(path: str, form: str) -> int:
    """Read a batch of CIFAR as after its checksum."""
    from zoo.datasets.cifar import CIFAR10_FILES

    read = CIFAR10_FILES.read_pickled if form == "pickled" else CIFAR10_FILES.read_binary
    x, y = read(Path(path).read_bytes(), 10, path)
    print(x.shape, y.shape)
    return 0


def packed(path: str) -> int:
    """Read IDX files in an archive as EMNIST's are after its checksum."""
    from zoo.datasets.idx_sets import _unpacked
    from zoo.datasets.published import in_archive

    [content] = in_archive(Path(path), ["x.gz"], 2**20).values()
    print(_unpacked(content, path, "x").shape)
    return 0


def samples(path: str) -> int:
    """Read every sample of a dataset of the user's."""
    import numpy as np

    from zoo.datasets.catalog import own_dataset
    from zoo.datasets.location import Locations
    from zoo.datasets.samples import blocks

    arrays = own_dataset(Path(path)).load(Locations.of_user())
    for x in (arrays.x_train, arrays.x_test):
        for block in blocks(x):
            assert np.isfinite(block.sum(dtype="float64"))
    print(arrays.x_train.shape, arrays.x_test.shape)
    return 0


def recipe(path: str, architecture: str) -> int:
    """Read a recipe as `--recipe FILE.toml` does."""
    from zoo.manifest import Manifest
    from zoo.recipe import resolve

    print(resolve(Manifest.read(), path, architecture))
    return 0


def zoo(*arguments: str) -> int:
    from zoo.__main__ import run

    return run(list(arguments))


DOES = {each.__name__: each for each in (zoo, picture, idx, cifar, packed, samples, recipe)}


def library(call, *arguments) -> int:
    """The exit code that the command would give for what a function raises."""
    from zoo.errors import ZooError
    from zoo.printable import printable

    try:
        return call(*arguments)
    except ZooError as error:
        print(f"zoo: {printable(str(error))}", file=sys.stderr)
        return error.exit_code


def memory(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    return 0


def forget_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def captured(files) -> list[str]:
    texts = []
    for file in files:
        file.seek(0)
        texts.append(file.read().decode("utf-8", "backslashreplace"))
        file.seek(0)
        file.truncate()
    return texts


@contextlib.contextmanager
def changed_environment(variables: dict[str, str]):
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def answer(request: dict, watch: Watch, files) -> dict:
    os.chdir(request["folder"])
    forget_peak()
    before, start = memory("VmRSS"), time.process_time()
    with changed_environment(request["environment"]), watch.over(request["allowed"]) as outside:
        try:
            code = library(DOES[request["do"]], *request["arguments"])
        except BaseException:
            traceback.print_exc()
            code = -1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    out, err = captured(files)
    return {
        "code": code,
        "out": out,
        "err": err,
        "seconds": time.process_time() - start,
        "grown": memory("VmHWM") - before,
        "outside": outside,
    }


def main() -> None:
    limit = int(sys.argv[1])
    if limit:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    replies = os.fdopen(os.dup(1), "w")
    requests = os.fdopen(os.dup(0), "r")
    with open(os.devnull) as null:  # noqa: PTH123
        os.dup2(null.fileno(), 0)
    files = [open(name, "w+b", buffering=0) for name in sys.argv[2:]]  # noqa: PTH123, SIM115
    for file, number in zip(files, (1, 2), strict=True):
        os.dup2(file.fileno(), number)
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "wb", closefd=False), "utf-8", write_through=True)
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "wb", closefd=False), "utf-8", write_through=True)
    watch = Watch()
    for line in requests:
        replies.write(json.dumps(answer(json.loads(line), watch, files)) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()

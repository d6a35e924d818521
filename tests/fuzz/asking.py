"""Asking archzoo thousands of things in one process, and what must hold of every answer."""

import contextlib
import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

PROJECT = Path(__file__).parent.parent.parent
SEED = os.environ.get("FUZZ_SEED", "")
"""Another number makes other inputs; empty: the same each time."""

SECONDS, WAITED = 10, 60
"""Of the processor, for one input; and of the clock, after which nothing more will come."""
GIB = 2**30
MOST = 8 * GIB
"""What the process may ever take: more than is allowed, so that taking too much is seen as such."""

CODES = {0, 1, 2}
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
TOO_MUCH = "takes more memory than there is"


@dataclass(frozen=True)
class Answer:
    """What came of an input; `outside` are changes of files that it has no business with."""

    code: int
    out: str
    err: str
    seconds: float
    grown: int
    outside: list[str]


@dataclass
class Zoo:
    """A process that does what it is asked, in a folder for each input.

    Args:
        home: a folder of its own.
        limit: bytes of memory that it may take; 0: no limit.
    """

    home: Path
    limit: int = MOST
    asked: int = 0
    _process: subprocess.Popen | None = field(default=None, repr=False)

    @contextlib.contextmanager
    def folder(self, files: Mapping[str, bytes] | None = None) -> Iterator[Path]:
        """A folder for one input, with these files in it: their contents by their paths."""
        self.home.mkdir(exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=self.home, prefix="in-"))
        try:
            for name, content in (files or {}).items():
                path = made / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            yield made
        finally:
            shutil.rmtree(made)

    def ask(
        self,
        do: str,
        folder: Path,
        *arguments: Any,
        changes: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> Answer:
        """Do it in a folder, and check what must hold of anything.

        Args:
            do: `zoo`, or what else `inside.py` offers.
            changes: whether the command may write into the folder.
            environment: variables besides.
        """
        before = contents(folder)
        found = self.tell(do, folder, *arguments, environment=environment)
        check(found)
        if not changes:
            assert contents(folder) == before, "files were changed"
        return found

    def tell(
        self,
        do: str,
        folder: Path,
        *arguments: Any,
        environment: Mapping[str, str] | None = None,
    ) -> Answer:
        """Do it, whatever comes."""
        process = self._started()
        self.asked += 1
        request = {
            "do": do,
            "arguments": arguments,
            "folder": str(folder),
            "allowed": str(self.home),
            "environment": dict(environment or {}),
        }
        assert process.stdin
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        return Answer(**json.loads(self._reply(process)))

    def _reply(self, process: subprocess.Popen) -> str:
        assert process.stdout
        ready, _, _ = select.select([process.stdout], [], [], WAITED)
        line = process.stdout.readline() if ready else ""
        if not line:
            self.stop()
            raise AssertionError("it took for ever" if not ready else "the process died")
        return line

    def _started(self) -> subprocess.Popen:
        if self._process is None:
            self.home.mkdir(exist_ok=True)
            streams = [str(self.home / name) for name in ("out", "err")]
            self._process = subprocess.Popen(
                [sys.executable, str(PROJECT / "tests/fuzz/inside.py"), str(self.limit), *streams],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=surroundings(self.home),
            )
        return self._process

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None


def surroundings(home: Path) -> dict[str, str]:
    """That of the process: nothing of the user's, and no bytecode written beside what is imported."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ZOO_", "KERAS_"))}
    return kept | {
        "ZOO_CACHE_DIR": str(home / "cache"),
        "ZOO_STATE_DIR": str(home / "state"),
        "KERAS_HOME": str(home / "keras"),
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "TMPDIR": str(home),
        "ZOO_OFFLINE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")]),
        "OPENBLAS_NUM_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def check(found: Answer) -> None:
    """What must hold of every answer, whatever was asked."""
    seen = f"{found.code} {found.err[-1500:]}"
    assert found.code in CODES, seen
    assert "Traceback (most recent" not in found.err + found.out, seen
    assert not re.search("^zoo: unexpected ", found.err, re.MULTILINE), seen
    assert not CONTROL.search(found.err + found.out), repr(seen)
    assert TOO_MUCH not in found.err, seen
    assert not found.outside, found.outside
    assert found.seconds < SECONDS, found.seconds
    assert found.grown < GIB, found.grown
    if found.code:
        check_message(found.err)


def check_message(err: str) -> None:
    """An error is one line, the last; after it may come frames of an author's own code."""
    assert len(re.findall("^zoo: ", err, re.MULTILINE)) == 1, err
    line, *more = err[re.search("^zoo: ", err, re.MULTILINE).start() :].splitlines()  # type: ignore
    assert len(line) > len("zoo: ?"), err
    assert not more or re.match(r"  File|\w+(Error|Warning)", more[0]), err


def contents(folder: Path) -> Mapping[str, bytes]:
    """The files in a folder by name; locks are left out."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in sorted(folder.rglob("*"))
        if path.name != ".lock"
    }


COUNTS: dict[str, tuple[int, int]] = {}
"""How many inputs each test makes: in the default set, in the slow one."""


def inputs(name: str, few: int, many: int):
    """Parametrize a test by its number of inputs, `count`: few, and slowly many."""
    COUNTS[name] = (few, many)
    return pytest.mark.parametrize(
        "count",
        [pytest.param(few, id="few"), pytest.param(many, id="many", marks=pytest.mark.slow)],
    )


def fuzz(strategy: SearchStrategy, attempt: Callable[[Any], Any], count: int) -> None:
    """Try `count` inputs of a strategy; the smallest that fails is shown."""
    tried = 0

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=not SEED,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(strategy)
    def each(value):
        nonlocal tried
        tried += 1
        attempt(value)

    each = seed(int(SEED))(each) if SEED else each
    each()
    assert tried >= count, f"{tried} inputs instead of {count}"

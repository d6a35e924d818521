"""Keeping the start-up messages of C++ libraries off the terminal."""

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator

NATIVE_LOG = re.compile(rb"[IWE]\d{4} |WARNING: All log messages before absl")


@contextlib.contextmanager
def quiet_native_logs() -> Iterator[None]:
    """Hide log lines of C++ libraries that are loaded within the block, unless it fails.

    TensorFlow warns of missing CUDA drivers on every start, before any log level is set; Keras imports
    it under every backend, where it is installed. Other lines are printed at the end of the block.
    `ZOO_DEBUG=1` prints everything at once.
    """
    if os.environ.get("ZOO_DEBUG", "") not in ("", "0") or sys.stderr is None:
        yield
        return
    sys.stderr.flush()
    terminal, failed = os.dup(2), True
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
            failed = False
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)
            kept.seek(0)
            for line in kept:
                if failed or not NATIVE_LOG.match(line):
                    os.write(2, line)

"""How a process ended, for people."""

import signal

KILLED = -9
"""The return code of a process that SIGKILL ended; Windows has no such signal."""

LAST_WORDS = 300
"""Characters of its last line that are quoted."""


def exit_reason(code: int, stderr: str) -> str:
    """In a line: what ended a process, by its return code, and the last line it wrote."""
    if code == KILLED:
        cause = "killed by signal 9: the system does that to a process that takes too much memory"
    elif code < 0:
        cause = f"crashed: {signal.Signals(-code).name}"
    else:
        cause = f"ended with code {code}"
    lines = stderr.strip().splitlines()
    return f"{cause}; its last words: {lines[-1].strip()[:LAST_WORDS]}" if lines else cause

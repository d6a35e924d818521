"""The environment of a run: versions, machine, commit."""

import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any


def versions(backend: str) -> dict[str, str]:
    """Versions of Python, archzoo, Keras, NumPy and the backend; imports none of them."""
    wanted = ("archzoo", "keras", "numpy", backend, *(("jaxlib",) if backend == "jax" else ()))
    found = {name: distribution_version(name) or "?" for name in wanted}
    return {"python": platform.python_version(), **found}


def distribution_version(name: str) -> str | None:
    """An installed distribution's version, or None; imports nothing."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def machine() -> dict[str, Any]:
    """Operating system, processor, cores this process may use, memory in bytes."""
    import psutil

    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": cpu_name(),
        "cores": usable_cores(),
        "memory_bytes": psutil.virtual_memory().total,
    }


def cpu_name() -> str:
    """The processor's model, as the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def usable_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cores_in_words(count: int) -> str:
    """`1 core`, `2 cores`."""
    return f"{count} core{'' if count == 1 else 's'}"


def nvidia() -> dict[str, str]:
    """Driver and CUDA version that `nvidia-smi` tells; empty where there is none."""
    try:
        query = ["nvidia-smi", "--query-gpu=driver_version,name", "--format=csv,noheader"]
        answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return {}
    driver, _, name = answer.stdout.strip().splitlines()[0].partition(",")
    return {"driver": driver.strip(), "gpu": name.strip()}


def git_state() -> dict[str, Any] | None:
    """The commit of the working folder and whether it has changes; None outside a checkout."""
    try:
        commit = _git("rev-parse", "HEAD")
        return {"commit": commit, "dirty": bool(_git("status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    answer = subprocess.run(
        ["git", *arguments], capture_output=True, text=True, timeout=10, check=True
    )
    return answer.stdout.strip()


def peak_memory() -> int:
    """The most memory this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count what the parent held before exec
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024

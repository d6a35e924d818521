"""A fresh environment on top of the one the tests run in: what is installed here is there, too."""

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path

TOOLS = ("pip", "pytest", "zoo")
OFFLINE = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it as the value of build_isolation
    "PIP_NO_INDEX": "1",
}


class Environment:
    """A virtual environment whose installed packages come before those of this one."""

    def __init__(self, folder: Path):
        self.folder = folder
        venv.create(folder, with_pip=False)
        self.python = folder / "bin" / "python"
        paths = {"base": str(folder), "platbase": str(folder)}
        site = Path(sysconfig.get_path("purelib", "venv", paths))
        # addsitedir, and not the bare path, so that what is installed editable is found as well.
        below = dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
        lines = (f"import site; site.addsitedir({place!r})\n" for place in below)
        (site / "below.pth").write_text("".join(lines))
        for tool in TOOLS:
            script = folder / "bin" / tool
            script.write_text(f'#!/bin/sh\nexec "{self.python}" -P -m {tool} "$@"\n')
            script.chmod(0o755)

    def run(
        self, command: str | Sequence[str], cwd: Path, timeout: float = 300
    ) -> subprocess.CompletedProcess:
        """Run a line of shell, or a command's words, as somebody who activated it would."""
        shell = isinstance(command, str)
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command] if shell else command,
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
            env=os.environ | OFFLINE | {"PATH": self._path()},
        )

    def succeed(self, command: str | Sequence[str], cwd: Path, timeout: float = 300) -> str:
        """What it prints; a failure is the test's."""
        result = self.run(command, cwd, timeout)
        assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
        return result.stdout

    def _path(self) -> str:
        places = (self.folder / "bin", Path(sys.executable).parent, os.environ["PATH"])
        return os.pathsep.join(map(str, places))

"""onnxruntime-web: ONNX Runtime as WebAssembly, which an exported page has inside.

It is not part of archzoo. It is found in a folder, in the cache, on a public CDN or by npm, and
every file's SHA-256 is checked.
"""

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from zoo.datasets.download import fetch
from zoo.datasets.location import Locations
from zoo.errors import DataError, DataMissing, ZooError

PACKAGE = "onnxruntime-web"
VERSION = "1.30.0"
SCRIPT, WASM = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
"""The smallest build: no WebGPU, no WebGL. It runs on one thread where a page has no shared memory."""
SHA256 = {
    SCRIPT: "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    WASM: "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
FOLDER = "ZOO_ONNXRUNTIME_WEB"
"""The environment variable that names a folder with the files."""
CDN = f"https://cdn.jsdelivr.net/npm/{PACKAGE}@{VERSION}/dist/"
NPM_SECONDS = 300
LICENCE = """MIT License

Copyright (c) Microsoft Corporation

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


@dataclass(frozen=True)
class RuntimeFiles:
    """The runtime's JavaScript and WebAssembly."""

    script: bytes
    wasm: bytes


def find_runtime() -> RuntimeFiles:
    """The runtime's files, from `ZOO_ONNXRUNTIME_WEB`, the cache, a public CDN, or by npm.

    Raises:
        DataMissing: none of these has them; it is said what to type.
        DataError: files in the named folder are missing or others.
        ZooError: the cache cannot be written.
    """
    if named := os.environ.get(FOLDER):
        return _read(_named(Path(named).expanduser()))
    locations = Locations.of_user()
    folder = locations.cache.parent / f"{PACKAGE}-{VERSION}"
    if not _complete(folder):
        _fetch(folder, locations.download)
    return _read(folder)


def _named(folder: Path) -> Path:
    for place in (folder, folder / "dist", folder / "package" / "dist"):
        if all((place / name).is_file() for name in SHA256):
            if wrong := [name for name in SHA256 if not _right(place / name)]:
                raise DataError(
                    f"{place / wrong[0]}: is not that of {PACKAGE} {VERSION}. {_next()}"
                )
            return place
    raise DataError(f"{FOLDER}={folder}: lacks {SCRIPT} or {WASM}. {_next()}")


def _read(folder: Path) -> RuntimeFiles:
    return RuntimeFiles(*((folder / name).read_bytes() for name in (SCRIPT, WASM)))


def _right(path: Path) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == SHA256[path.name]


def _complete(folder: Path) -> bool:
    return all(_right(folder / name) for name in SHA256)


def _fetch(folder: Path, allowed: bool) -> None:
    if not allowed:
        raise _absent("downloading is switched off (ZOO_OFFLINE)")
    try:
        fetch(folder, PACKAGE, SHA256, [CDN])
        return
    except DataError as error:  # DataMissing, too
        reason = str(error).rstrip(".")
    if npm := shutil.which("npm"):
        reason = _by_npm(npm, folder) or ""
    else:
        reason += "; npm is not installed"
    if reason:
        raise _absent(reason)


def _by_npm(npm: str, folder: Path) -> str | None:
    """Let npm fetch the package; on failure say why."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        command = [
            npm,
            "pack",
            f"{PACKAGE}@{VERSION}",
            "--silent",
            "--pack-destination",
            str(folder),
        ]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=NPM_SECONDS, check=False
        )
        packed = next(folder.glob("*.tgz"), None)
        if done.returncode or packed is None:
            line = (done.stderr.strip().splitlines() or ["no reason given"])[0]
            return f"the CDN does not answer, and npm pack fails ({line[:200]})"
        _unpack(packed, folder)
        packed.unlink()
    except subprocess.TimeoutExpired:
        return f"the CDN does not answer, and npm pack took longer than {NPM_SECONDS} s"
    except (OSError, tarfile.TarError) as error:
        raise ZooError(f"{folder}: cannot be written ({error}); set ZOO_CACHE_DIR.") from error
    return None if _complete(folder) else f"npm's {PACKAGE} {VERSION} has other files"


def _unpack(packed: Path, folder: Path) -> None:
    with tarfile.open(packed) as archive:
        for name in SHA256:
            file = archive.extractfile(f"package/dist/{name}")
            content = file.read() if file else b""
            if hashlib.sha256(content).hexdigest() == SHA256[name]:
                part = folder / f"{name}.partial"
                part.write_bytes(io.BytesIO(content).getbuffer())
                part.replace(folder / name)


def _next() -> str:
    return (
        f"Where there is a network, type: npm pack {PACKAGE}@{VERSION}; unpack it with tar, and name its "
        f"folder: export {FOLDER}=.../package/dist."
    )


def _absent(reason: str) -> DataMissing:
    return DataMissing(f"{PACKAGE} {VERSION} is not on this machine: {reason}. {_next()}")

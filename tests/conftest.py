"""What the tests share: real data, the command as people run it, and small architectures in files."""

import functools
import gzip
import http.server
import os
import struct
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path

import numpy as np
import platformdirs
import pytest

PROJECT = Path(__file__).parent.parent
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# One state folder for the session: what a module has trained, its tests use without --trust-source.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="zoo-state-")


def _data_dir() -> Path | None:
    """Where genuine MNIST lies: `ZOO_DATA_DIR`, else `../shared/datasets` beside the checkout."""
    for place in (os.environ.get("ZOO_DATA_DIR"), PROJECT.parent / "shared" / "datasets"):
        if place and (Path(place) / "mnist").is_dir():
            return Path(place).resolve()
    return None


DATA_DIR = _data_dir()


@pytest.fixture(scope="session")
def data_dir() -> Path:
    if DATA_DIR is None:
        pytest.skip("needs MNIST's files: set ZOO_DATA_DIR to a folder that has mnist/")
    return DATA_DIR


@pytest.fixture(scope="session")
def spoken_digits_archive(data_dir) -> Path:
    archive = data_dir / "spoken-digits" / "recordings.tar.xz"
    if not archive.is_file():
        pytest.skip("needs spoken-digits/recordings.tar.xz in ZOO_DATA_DIR")
    return archive


@pytest.fixture
def save_wav():
    """Write a WAV file by hand, so that any header can be written: PCM of `samples` in -1 to 1."""

    def save(path: Path, samples, rate=8000, channels=1, bits=16) -> Path:
        scaled = np.round(np.asarray(samples) * 32767).astype("<i2")
        data = scaled.tobytes() if bits == 16 else (scaled // 256 + 128).astype("u1").tobytes()
        block = channels * bits // 8
        form = struct.pack("<HHIIHH", 1, channels, rate, rate * block, block, bits)
        chunks = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            b"RIFF" + struct.pack("<I", 4 + len(chunks) + len(data)) + b"WAVE" + chunks + data
        )
        return path

    return save


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """Each test works in a folder of its own, with no data, cache or settings of the user's."""
    for name in list(os.environ):
        if name.startswith("ZOO_"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("ZOO_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("ZOO_STATE_DIR", platformdirs.user_state_dir("archzoo"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def mnist_arrays(data_dir) -> dict[str, np.ndarray]:
    """Genuine MNIST, read without any code of ours."""

    def read(name, header):
        return np.frombuffer(
            gzip.decompress((data_dir / "mnist" / name).read_bytes()), np.uint8, offset=header
        )

    return {
        "x_train": read("train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28),
        "y_train": read("train-labels-idx1-ubyte.gz", 8),
        "x_test": read("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28),
        "y_test": read("t10k-labels-idx1-ubyte.gz", 8),
    }


@pytest.fixture(scope="session")
def small_npz(mnist_arrays, tmp_path_factory) -> Path:
    """The first 1,200 training and 300 test images of MNIST."""
    path = tmp_path_factory.mktemp("data") / "small.npz"
    np.savez(path, **{k: v[: 1200 if "train" in k else 300] for k, v in mnist_arrays.items()})
    return path


@pytest.fixture(scope="session")
def tiny_py(tmp_path_factory) -> Path:
    """A network with everything that has state: batch norm, dropout's generator, weights."""
    path = tmp_path_factory.mktemp("nets") / "tiny.py"
    path.write_text(
        textwrap.dedent('''
        """A network small enough to train in seconds."""

        def build(input_shape, num_classes, *, filters: int = 8, dropout: float = 0.2):
            import keras
            from keras import layers

            return keras.Sequential([
                keras.Input(input_shape),
                layers.Conv2D(filters, 5, strides=3, activation="relu"),
                layers.BatchNormalization(momentum=0.9),
                layers.Dropout(dropout),
                layers.Flatten(),
                layers.Dense(num_classes),
            ])
    ''')
    )
    return path


@pytest.fixture(scope="session")
def tiny_run(tiny_py, small_npz, tmp_path_factory) -> Path:
    """The folder of a finished run of `tiny_py`, two epochs. Copy it."""
    into = tmp_path_factory.mktemp("runs")
    options = ["--recipe", "tutorial", "--epochs", "2", "--device", "cpu", "--runs-dir", into]
    subprocess.run(
        [sys.executable, "-m", "zoo", "train", tiny_py, "--dataset", small_npz, *options],
        capture_output=True,
        check=True,
    )
    return next(into.iterdir())


@pytest.fixture
def zoo():
    """Run `python -m zoo` in a process of its own."""

    def run(*arguments, env=None, timeout=300, cwd=None, **options) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "zoo", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            **options,
        )

    return run


@pytest.fixture
def zoo_here(capfd):
    """Run `zoo` in this process, for speed: `(exit code, stdout, stderr)`."""
    from zoo.__main__ import run

    def call(*arguments) -> tuple[int, str, str]:
        capfd.readouterr()
        code = run(list(map(str, arguments)))
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture(scope="session")
def asked(tmp_path_factory):
    """A process that the fuzz suite asks; what it takes of memory is bounded."""
    from asking import Zoo  # beside the tests that ask

    process = Zoo(tmp_path_factory.mktemp("asked"))
    yield process
    process.stop()


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    """Another one, which imports Keras; it maps more memory than it takes."""
    from asking import Zoo

    process = Zoo(tmp_path_factory.mktemp("engine"), limit=0)
    yield process
    process.stop()


@pytest.fixture(scope="session")
def trained(engine) -> Path:
    """A folder with a small dataset, an architecture's file and `runs/` with a finished run."""
    place = engine.home / "trained"
    place.mkdir()
    x = np.random.default_rng(0).integers(0, 256, (60, 8, 8), "uint8")
    y = np.arange(60) % 3
    np.savez(place / "d.npz", x_train=x[:45], y_train=y[:45], x_test=x[45:], y_test=y[45:])
    (place / "tiny.py").write_text(TINY)
    words = "train ./tiny.py --dataset ./d.npz --recipe tutorial --epochs 2 --quiet"
    found = engine.tell("zoo", place, *words.split())
    assert found.code == 0, found.err
    return place


TINY = """
def build(input_shape, num_classes, *, filters: int = 4):
    import keras
    from keras import layers

    return keras.Sequential([
        keras.Input(input_shape),
        layers.Conv2D(filters, 5, strides=3, activation="relu"),
        layers.Flatten(),
        layers.Dense(num_classes),
    ])
"""


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    """Serve a folder on this machine, as a mirror would: `serve(folder)` is its address."""
    servers = []

    def start(folder: Path) -> str:
        handler = functools.partial(_Silent, directory=str(folder))
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()


@pytest.fixture
def distribution(tmp_path, monkeypatch):
    """Install a plugin package the way an installer does: a module and its metadata on sys.path."""
    site = tmp_path / "site"

    def install(
        name: str, source: str, *, version="1.0", entry_points=None, module=None, requires=()
    ) -> Path:
        module = module or name.replace("-", "_")
        site.mkdir(exist_ok=True)
        (site / f"{module}.py").write_text(textwrap.dedent(source))
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: the {name} plugin\n"
            + "".join(f"Requires-Dist: {each}\n" for each in requires)
        )
        entry_points = entry_points or {module: module}
        lines = "\n".join(f"{key} = {value}" for key, value in entry_points.items())
        (info / "entry_points.txt").write_text(f"[archzoo]\n{lines}\n")
        return site

    monkeypatch.setenv("PYTHONPATH", str(site), prepend=os.pathsep)
    return install


def assert_one_line_error(result, code: int, *parts: str) -> None:
    """Exit code, no traceback, one line on standard error that says all of `parts`."""
    returncode, _, stderr = (
        (result.returncode, result.stdout, result.stderr) if hasattr(result, "stderr") else result
    )
    assert returncode == code, stderr
    assert "Traceback" not in stderr
    lines = [line for line in stderr.strip().splitlines() if line.startswith("zoo: ")]
    assert len(lines) == 1, stderr
    for part in parts:
        assert part in lines[0], lines[0]


def assert_predictions_see_training(dataset) -> None:
    """The files of a dataset, read by the contract that a run records, are its training samples."""
    from zoo.contract import InputContract
    from zoo.media_files import reader_of
    from zoo.reading_records import reading_of

    x = dataset.load(None).x_train
    contract = InputContract.of(dataset, x)
    record = contract.as_record()
    assert reading_of(record.reading, record.shape) == dataset.reading
    reader = reader_of(contract, None)
    for file, sample in zip(x.files, np.asarray(x), strict=True):
        assert np.array_equal(reader.read(file).sample, sample), file

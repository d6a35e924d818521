"""Exported files: what they answer in their own runtimes, what the proof says, and what is refused."""

import json
import re
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import numpy as np
import psutil
import pytest
from conftest import PROJECT, assert_one_line_error

import zoo as package
from zoo.datasets.location import Locations
from zoo.errors import UsageError, ZooError
from zoo.exporting import export_worker, exporter, format_writing, formats, proof, rewrites
from zoo.exporting.export_report import read_report, report_path
from zoo.exporting.runtimes import open_export
from zoo.manifest import Manifest
from zoo.registry import Registry
from zoo.testing import Skipped
from zoo.testing.checks import export_check

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("tf2onnx")
pytest.importorskip("ai_edge_litert")

IMAGES = """
def build(input_shape, num_classes, *, filters: int = 8):
    import keras
    from keras import layers

    return keras.Sequential([
        keras.Input(input_shape),
        layers.Conv2D(filters, 3, strides=2, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Flatten(),
        layers.Dense(num_classes),
    ])
"""
SEQUENCES = """
layout = "sequence"

def build(input_shape, num_classes, *, mask_value: float | None = None):
    import keras
    from keras import layers

    given = keras.Input(input_shape)
    x = given if mask_value is None else layers.Masking(mask_value)(given)
    x = layers.Bidirectional(layers.GRU(6, return_sequences=True))(x)
    x = layers.LSTM(6, return_sequences=True, go_backwards=True)(x)
    x = layers.SimpleRNN(6)(x)
    return keras.Model(given, layers.Dense(num_classes)(x))
"""
FRAMES = """
layout = "frames"

def build(input_shape, num_classes):
    import keras
    from keras import layers

    x = given = keras.Input(input_shape)
    x = layers.Conv3D(4, 3, padding="same")(x)
    x = layers.MaxPooling3D((2, 2, 2), padding="same")(x)
    x = layers.AveragePooling3D((1, 2, 2), padding="same")(x)
    x = layers.ConvLSTM2D(4, 3, padding="same")(x)
    return keras.Model(given, layers.Dense(num_classes)(layers.Flatten()(x)))
"""
UNKNOWN = """
def build(input_shape, num_classes):
    import keras
    from keras import layers

    class Odd(layers.Layer):
        def call(self, x):
            return keras.ops.erfinv(keras.ops.tanh(x) * 0.5)

    x = given = keras.Input(input_shape)
    x = Odd(name="the_odd_one")(layers.Flatten()(x))
    return keras.Model(given, layers.Dense(num_classes)(x))
"""


def _arrays(kind: str) -> dict[str, np.ndarray]:
    """Three classes that differ in brightness or level; sequences have features of other ranges."""
    rng, y = np.random.default_rng(0), np.arange(120) % 3
    if kind == "sequences":
        x = (rng.normal(size=(120, 9, 2)) + y[:, None, None]).astype("float32") * [1, 1000]
        x = x.astype("float32")
    else:
        shape = (120, 8, 8, 3) if kind == "images" else (120, 5, 8, 8, 1)
        high = 86 + 85 * y.reshape(-1, *[1] * (len(shape) - 1))
        x = rng.integers(0, high, shape).astype("uint8")
    return {"x_train": x[:60], "y_train": y[:60], "x_test": x[60:], "y_test": y[60:]}


def _save_series(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """As `.ts` files, every fourth series shorter than the others."""
    path.mkdir()
    for split in ("train", "test"):
        lines = ["@univariate false", "@classLabel true 0 1 2", "@data"]
        for i, (x, y) in enumerate(zip(arrays[f"x_{split}"], arrays[f"y_{split}"], strict=True)):
            steps = x if i % 4 else x[: 5 + i % 3]
            lines.append(":".join([*(",".join(map(str, each)) for each in steps.T), str(y)]))
        (path / f"{path.name}_{split.upper()}.ts").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Finished runs of the files above, an epoch each, in `DIR/runs`; each test has copies."""
    home = tmp_path_factory.mktemp("exports")
    sources = {"images": IMAGES, "sequences": SEQUENCES, "frames": FRAMES, "unknown": UNKNOWN}
    for name, source in sources.items():
        (home / f"{name}.py").write_text(textwrap.dedent(source))
        data, parameters = home / f"{name}.npz", {}
        if name == "sequences":
            data, parameters = home / "padded", {"unequal": "pad"}
            _save_series(data, _arrays(name))
        else:
            np.savez(data, **_arrays("images" if name == "unknown" else name))
        package.train(
            home / f"{name}.py",
            data,
            data_parameters=parameters,
            recipe="tutorial",
            epochs=1,
            device="cpu",
            progress=False,
            runs_dir=home / "runs" / name,
        )
    return home / "runs"


@pytest.fixture
def run(runs, tmp_path):
    """`run(name)`: a copy of a run."""

    def copy(name: str) -> "package.Run":
        found = next((runs / name).iterdir())
        return package.load_run(shutil.copytree(found, tmp_path / found.name))

    return copy


@pytest.fixture
def here(monkeypatch):
    """Export in this process: TensorFlow is imported once."""

    def carry_out(task, on_stage):
        try:
            return export_worker.export(task, on_stage).report
        except OSError as error:
            raise ZooError(f"{task.name}: cannot be written ({error.strerror}).") from error

    monkeypatch.setattr(exporter, "carry_out", carry_out)
    monkeypatch.setattr(proof, "ROUNDS", 3)


def test_set(run) -> np.ndarray:
    return run.find_dataset(Registry.discover()).load(Locations.of_user()).x_test


test_set.__test__ = False


@pytest.mark.parametrize("kind", ["images", "sequences", "frames"])
@pytest.mark.parametrize("format", ["onnx", "litert"])
def test_a_file_answers_as_the_run_did(kind, format, run, here):
    """Stored samples go in, in batches of any size; the run's own logits come out."""
    found = run(kind)
    done = found.export(format)
    assert done.path == found.folder / "export" / formats.file_name(format)
    assert done.path.is_file() and report_path(done.path).is_file()
    answer, x = open_export(done.path, format, threads=1), test_set(found)
    recorded, _ = found.read_predictions()
    for size in (1, 7, len(x)):
        logits, probabilities = answer(x[:size])
        np.testing.assert_allclose(logits, recorded[:size], atol=1e-3)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    report = package.load_export(done.path).report
    assert report == done.report
    assert (report.parity.samples, report.parity.available) == (60, 60)
    assert report.parity.largest_difference <= report.parity.tolerance
    assert report.parity.changed == report.parity.changed_from_run == 0
    assert report.parity.accuracy == found.test.accuracy
    assert report.bytes == done.path.stat().st_size
    assert report.input.dtype == str(x.dtype) and report.input.shape == x.shape[1:]
    assert done.verdict == "cannot tell" and repr(done).startswith("<Export ")


def test_lists_of_tensors_and_full_tensorflow_are_not_needed(run, here):
    from ai_edge_litert.interpreter import Interpreter

    path = run("frames").export("litert").path
    operations = {each["op_name"] for each in Interpreter(str(path))._get_ops_details()}
    assert "WHILE" in operations
    assert not [name for name in operations if "Flex" in name or "TensorList" in name]


@pytest.mark.parametrize("format", ["saved_model", "keras"])
def test_files_of_tensorflow_and_keras(format, run, here):
    found = run("images")
    done = found.export(format)
    logits, _ = open_export(done.path, format, threads=1)(test_set(found))
    np.testing.assert_allclose(logits, found.read_predictions()[0], atol=1e-4)
    if format == "keras":
        with zipfile.ZipFile(done.path) as archive:
            metadata = json.loads(archive.read("archzoo.json"))
    else:
        metadata = json.loads((done.path / "assets" / "metadata.json").read_text())
    assert json.loads(metadata["classes"]) == found.classes
    assert found.export(format).path == done.path  # replaces the earlier one
    (done.path / "fingerprint.pb" if done.path.is_dir() else done.path).write_bytes(b"other")
    with pytest.raises(ZooError, match=r"is not the file that .* describes"):
        package.load_export(done.path)


def test_what_a_file_says_of_itself(run, here):
    found = run("images")
    model = onnx.load(found.export("onnx").path)
    of_onnx = {each.key: each.value for each in model.metadata_props}
    with zipfile.ZipFile(found.export("litert").path) as archive:
        of_litert = json.loads(archive.read("metadata.json"))
        assert archive.read("labels.txt").decode().split() == found.classes
    assert of_onnx == of_litert
    assert of_onnx["run"] == found.name and of_onnx["recipe"] == "tutorial"
    assert json.loads(of_onnx["input"])["values"] == "uint8 pixels from 0 to 255"
    assert [each.name for each in model.graph.input] == ["samples"]
    assert [each.name for each in model.graph.output] == ["logits", "probabilities"]


@pytest.mark.parametrize("kind", ["images", pytest.param("sequences", marks=pytest.mark.slow)])
@pytest.mark.parametrize("quantize", ["int8", "float16"])
@pytest.mark.parametrize("format", ["onnx", "litert"])
def test_quantized_files_have_a_verdict(format, quantize, kind, run, here):
    done = run(kind).export(format, quantize=quantize)
    assert done.path.stem == f"model-{quantize}"
    report = done.report
    assert 0 < report.parity.largest_difference < 0.3 * report.parity.largest_logit
    accuracy = report.accuracy
    assert accuracy.test == "mcnemar exact" and accuracy.verdict in ("cannot tell", "worse")
    assert accuracy.low <= accuracy.difference <= accuracy.high
    assert accuracy.difference == pytest.approx(
        report.parity.accuracy - report.parity.keras_accuracy
    )


def test_int8_never_sees_the_test_set(run, here, monkeypatch):
    found, seen = run("images"), []
    original = format_writing.write
    monkeypatch.setattr(
        format_writing,
        "write",
        lambda *given: (seen.extend(given[0].calibration), original(*given)),
    )
    found.export("onnx", quantize="int8")
    with np.load(found.record.dataset.origin) as arrays:
        train = {each.tobytes() for each in arrays["x_train"]}
    assert len(seen) == 60 and {each.tobytes() for each in seen} == train


def test_a_worse_file_is_called_worse():
    labels = np.arange(400) % 2
    right = np.eye(2, dtype="float32")[labels]
    wrong = right.copy()
    wrong[:20] = 1 - wrong[:20]
    verdict = proof.accuracy_verdict(proof.Answers(wrong, right, labels))
    assert (verdict.verdict, verdict.difference) == ("worse", -0.05)
    assert verdict.high < 0
    assert proof.accuracy_verdict(proof.Answers(right, wrong, labels)).verdict == "better"
    one = proof.Answers(right[:1], wrong[:1], labels[:1])
    assert proof.accuracy_verdict(one).verdict == "cannot tell"


def test_a_file_that_answers_otherwise_is_not_kept(run, here, monkeypatch):
    found = run("images")
    path = found.export("onnx").path
    before = path.read_bytes(), report_path(path).read_bytes()
    monkeypatch.setattr(proof, "TOLERANCE", 0.0)
    keras = proof.answer_both
    monkeypatch.setattr(
        proof,
        "answer_both",
        lambda file, other, *rest: keras(lambda x: _shifted(file(x)), other, *rest),
    )
    with pytest.raises(ZooError, match=r"is not kept: its logits differ from Keras' by up to 0.5"):
        found.export("onnx")
    assert (path.read_bytes(), report_path(path).read_bytes()) == before
    with pytest.raises(ZooError, match="is not kept"):
        found.export("litert")
    assert sorted(each.name for each in path.parent.iterdir()) == [
        "model.onnx",
        "model.onnx.export.json",
    ]


def _shifted(answers):
    logits, probabilities = answers
    return logits + np.float32(0.5), probabilities


@pytest.mark.parametrize("format", ["onnx", "litert"])
def test_an_operation_that_cannot_be_exported_is_named_with_its_layer(format, run, here):
    found = run("unknown")
    with pytest.raises(ZooError, match=r"Erfinv \(layer the_odd_one\)"):
        found.export(format)
    assert list((found.folder / "export").iterdir()) == []


@pytest.mark.slow
def test_what_is_not_rewritten_is_named_too(run, here, monkeypatch):
    """What rewriting is for: LiteRT has no lists of tensors, and no pooling in three dimensions."""
    monkeypatch.setattr(rewrites, "for_litert", lambda model, **_: None)
    with pytest.raises(ZooError, match=r"no operation for TensorListReserve \(layer .*gru"):
        run("sequences").export("litert")
    with pytest.raises(
        ZooError, match=r"MaxPool3D \(layer max_pooling3d|TensorListReserve \(layer"
    ):
        run("frames").export("litert")


def test_what_is_refused(run, here, tmp_path, monkeypatch):
    found = run("images")
    for given, part in (
        ({"format": "onxx"}, "Did you mean onnx"),
        ({"quantize": "int4"}, "unknown quantization"),
        ({"format": "keras", "quantize": "int8"}, "keras is not quantized; onnx, litert are"),
        ({"out": tmp_path / "model.tflite"}, "a file whose name ends in .onnx"),
        ({"format": "saved_model", "out": tmp_path / "m.pb"}, "a folder without a suffix"),
        ({"out": tmp_path / "missing" / "model.onnx"}, "there is no folder"),
        ({"data_parameters": {"size": 3}}, "name it, too"),
    ):
        with pytest.raises(UsageError, match=part):
            found.export(**given)
    (tmp_path / "mine.onnx").write_bytes(b"mine")
    (tmp_path / "folder.onnx").mkdir()
    (tmp_path / "folder").mkdir()
    for name, format in (("mine.onnx", "onnx"), ("folder.onnx", "onnx"), ("folder", "saved_model")):
        with pytest.raises(UsageError, match="is there already and is no export"):
            found.export(format, out=tmp_path / name)
    assert (tmp_path / "mine.onnx").read_bytes() == b"mine"
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'archzoo\[litert\]'"):
        found.export("litert")


def test_a_run_without_weights_or_data(run, here, tmp_path):
    found = run("images")
    moved = Path(found.record.dataset.origin)
    moved.rename(moved.with_suffix(".away"))
    try:
        with pytest.raises(ZooError, match=moved.name):
            found.export("onnx")
        np.savez(tmp_path / "other.npz", **_arrays("images"))
        done = found.export("onnx", dataset=tmp_path / "other.npz")
        assert done.report.parity.dataset == "other"
        assert done.report.parity.changed_from_run is None
        np.savez(tmp_path / "frames.npz", **_arrays("frames"))
        with pytest.raises(UsageError, match="reads image"):
            found.export("onnx", dataset=tmp_path / "frames.npz")
    finally:
        moved.with_suffix(".away").rename(moved)
    found.model_file.unlink()
    with pytest.raises(ZooError, match=r"model.keras: is missing"):
        found.export("onnx")
    found.update(status="interrupted")
    with pytest.raises(UsageError, match="so it has no model yet"):
        found.export("onnx")


def test_the_command(run, zoo, zoo_here):
    """In a process of its own, from a process that runs no Keras: prints, writes, answers as JSON."""
    found = run("images")
    done = zoo("export", found.folder, "--format", "litert", "--out", "digits.tflite", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["path"] == "digits.tflite" and answer["parity"]["changed"] == 0
    assert read_report(Path("digits.tflite")).to_dict() == {
        key: value for key, value in answer.items() if key != "path"
    }
    for words, parts in (
        (("--out", "digits.onnx", "--format", "litert"), ("--out digits.onnx", ".tflite")),
        (("--format", "keras", "--quantize", "int8"), ("--quantize int8: keras",)),
    ):
        assert_one_line_error(zoo_here("export", found.folder, *words), 2, *parts)


def test_a_full_disk_leaves_the_earlier_file(run, zoo, here):
    found = run("images")
    path = found.export("onnx").path
    before = path.read_bytes()

    def little_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))

    result = zoo("export", found.folder, preexec_fn=little_room)
    assert_one_line_error(result, 1, "model.onnx: cannot be written (File too large)")
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) == 2


def test_a_killed_export_leaves_no_file_and_the_next_one_cleans_up(run, here):
    found = run("images")
    command = [sys.executable, "-m", "zoo", "export", str(found.folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if line.startswith("converting"):
                break
        started = psutil.Process(process.pid).children()
        assert [each for each in started if "zoo.exporting.export_worker" in each.cmdline()]
        process.send_signal(signal.SIGKILL)
    place = found.folder / "export"
    assert [each.name for each in place.iterdir()] == [f".model.onnx.{process.pid}.exporting"]
    with found.locked():  # a training that goes on there is not disturbed
        pass
    path = found.export("onnx").path
    assert sorted(each.name for each in place.iterdir()) == [path.name, f"{path.name}.export.json"]
    assert psutil.wait_procs(started, timeout=20)[1] == []  # what it had started ends as well


def test_the_python_of_the_documentation_runs(run, here, tmp_path, monkeypatch):
    page = (PROJECT / "docs" / "export.md").read_text(encoding="utf-8")
    found = run("images")
    monkeypatch.chdir(tmp_path)
    for format in ("onnx", "litert"):
        found.export(format, out=formats.file_name(format))
        (code,) = re.findall(rf"```python\n# {format}\n(.*?)```", page, re.DOTALL)
        names: dict[str, object] = {}
        exec(code, names)
        assert len(names["labels"]) == 5 and set(names["labels"]) <= set(found.classes)


def test_the_check_is_skipped_without_the_packages(monkeypatch):
    monkeypatch.setattr(export_check, "missing", lambda info: ["something"])
    with pytest.raises(Skipped, match=r"pip install 'archzoo\[onnx,litert\]'"):
        export_check.EXPORTS.run(None)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(Manifest.read().architectures))
def test_every_shipped_architecture_can_be_exported(name):
    (report,) = package.check(name, checks=["exports"])
    assert report.passed, report.verdicts
    assert "onnx" in report.verdicts[0].seen and "litert" in report.verdicts[0].seen


@pytest.mark.slow
def test_a_run_of_another_backend_is_exported(runs, tmp_path, zoo):
    pytest.importorskip("jax")
    source = next((runs / "images").iterdir())
    record = package.load_run(source).record
    words = ("--dataset", record.dataset.origin, "--recipe", "tutorial", "--epochs", "1")
    done = zoo("train", record.architecture.origin.file, *words, env={"KERAS_BACKEND": "jax"})
    assert done.returncode == 0, done.stderr
    done = zoo("export", "last", "--json", env={"KERAS_BACKEND": "jax"})
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["run"]["backend"] == "jax" and answer["parity"]["changed_from_run"] == 0

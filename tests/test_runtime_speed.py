"""`zoo bench --runtime`: the same models in Keras and in the runtimes of exported files."""

import json

import pytest
from conftest import assert_one_line_error
from scipy import stats

import zoo as package
from zoo.exporting.runtime_report import RuntimeReport, SpeedRatio, foot, grid, speeds_of

pytest.importorskip("onnxruntime")
pytest.importorskip("tf2onnx")

TINY = """
def build(input_shape, num_classes):
    import keras
    from keras import layers

    return keras.Sequential(
        [keras.Input(input_shape), layers.Flatten(), layers.Dense(num_classes)]
    )
"""
FFT = TINY.replace(
    "layers.Flatten()",
    "layers.Flatten(), layers.Lambda(lambda x: keras.ops.rfft(x)[0])",
)
QUICK = ("--dataset", "digits", "--rounds", "1", "--processes", "1", "--batch-size", "16")


def test_runtimes_are_measured_beside_each_other(zoo_here, tmp_path):
    (tmp_path / "tiny.py").write_text(TINY)
    (tmp_path / "transformed.py").write_text(FFT)
    files = (tmp_path / "tiny.py", tmp_path / "transformed.py")
    out = tmp_path / "speed.json"
    code, said, err = zoo_here(
        "bench", *files, "--runtime", "keras,onnx", *QUICK, "--out", out, "--json"
    )
    report = json.loads(said)
    assert report == json.loads(out.read_text())
    assert code == 1, err
    assert list(report["entries"]) == ["tiny"]
    assert report["problems"]["transformed"].startswith("onnx cannot hold this model")
    keras, onnx = (report["entries"]["tiny"][name] for name in ("keras", "onnx"))
    assert keras["latency_ratio"] is None
    assert onnx["latency_ratio"]["value"] == pytest.approx(
        keras["latency"]["median"] / onnx["latency"]["median"]
    )
    assert onnx["throughput_ratio"]["value"] == pytest.approx(
        onnx["throughput"]["median"] / keras["throughput"]["median"]
    )
    # One process says nothing of how much a process matters.
    assert onnx["latency_ratio"]["low"] is None
    assert onnx["latency_ratio"]["verdict"] == "cannot tell"


def test_the_interval_is_students_over_processes():
    times = [
        {
            "keras": {"latency": [0.2, 0.2], "throughput": [100.0, 100.0]},
            "onnx": {"latency": [0.2 / ratio, 0.2 / ratio], "throughput": [90.0, 110.0]},
        }
        for ratio in (2.0, 2.2, 2.5)
    ]
    found = speeds_of(times, ["keras", "onnx"])["onnx"].latency_ratio
    low, high = stats.t.interval(
        0.95, 2, *(f([0.693147, 0.788457, 0.916291]) for f in (_mean, stats.sem))
    )
    assert (found.value, found.low, found.high) == pytest.approx(
        (11.0 ** (1 / 3), 2.718281828**low, 2.718281828**high), rel=1e-4
    )
    assert found.verdict == "faster"
    assert SpeedRatio.of([1 / 2.0, 1 / 2.2, 1 / 2.5]).verdict == "slower"
    assert SpeedRatio.of([0.7, 1.2, 1.1]).verdict == "cannot tell"


def _mean(values):
    return sum(values) / len(values)


def test_the_table_says_what_cannot_be_told():
    times = [
        {name: {"latency": [0.001], "throughput": [value]} for name, value in pair.items()}
        for pair in ({"keras": 10.0, "onnx": 20.0}, {"keras": 10.0, "onnx": 9.0})
    ]
    report = RuntimeReport(
        created="", dataset="digits", runtimes=["keras", "onnx"], batch=16, processes=2, rounds=1,
        threads=2, machine={}, versions={}, entries={"a": speeds_of(times, ["keras", "onnx"])},
        problems={"b": "does not build"},
    )  # fmt: skip
    titles, rows = grid(report)
    assert "batch 16 samples/s" in titles
    assert rows[0][3] == rows[0][5] == ""
    assert rows[1][5].endswith("(cannot tell)")
    assert foot(report)[-1] == "FAILED: b: does not build"
    assert list(report.to_frame()["runtime"]) == ["keras", "onnx"]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--runtime", "keras"), "two or more runtimes"),
        (("--runtime", ""), "two or more runtimes"),
        (("--runtime", "onx,keras"), "Did you mean onnx?"),
        (("--runtime", "onnx,onnx"), "'onnx' is given twice"),
        (("--runtime", "keras,onnx", "--backend", "jax"), "leave --backend jax out"),
        (("--runtime", "keras,onnx", "--device", "gpu"), "leave --device gpu out"),
        (("--runtime", "keras,onnx", "--rounds", "0"), "--rounds 0"),
    ],
)
def test_what_cannot_be_measured_is_refused(words, part, zoo_here):
    assert_one_line_error(zoo_here("bench", "cnn", "--dataset", "digits", *words), 2, part)


def test_a_runtime_that_is_not_installed_names_its_extra(monkeypatch):
    monkeypatch.setattr("zoo.exporting.runtime_names.missing", lambda info: ["ai-edge-litert"])
    with pytest.raises(package.UsageError, match=r"litert needs .*'archzoo\[litert\]'"):
        package.benchmark_runtimes(["cnn"], "digits", runtimes=["keras", "litert"])


def test_lazy_samples_are_measured(data_dir, tmp_path):
    (tmp_path / "tiny.py").write_text(TINY)
    found = package.benchmark_runtimes(
        [tmp_path / "tiny.py"],
        "moving_digits",
        data_parameters={"clips": 100, "test_clips": 10, "frames": 2},
        data_dir=data_dir,
        batch_size=4,
        processes=1,
        rounds=1,
        progress=False,
    )
    assert not found.problems
    assert list(found.entries["tiny"]) == ["keras", "onnx"]


def test_an_unknown_runtime_is_refused_in_python():
    with pytest.raises(package.UsageError, match="unknown runtime 'tvm'"):
        package.benchmark_runtimes(["cnn"], "digits", runtimes=["keras", "tvm"])

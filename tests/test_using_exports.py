"""What is made of an export: model cards whose code runs, and predictions without Keras."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from browsing import browsing, until
from conftest import assert_one_line_error
from web_runtime import web_runtime

import zoo as package
from zoo.cards.model_card import MARK, plain
from zoo.errors import UsageError, ZooError
from zoo.exporting import fast_answers
from zoo.exporting.export_report import report_path
from zoo.serving.page import runtime_files

pytest.importorskip("onnxruntime")

ARCHITECTURE = """
def build(input_shape, num_classes, *, units: int = 4, sizes: tuple[int, ...] = (1, 2)):
    import keras
    from keras import layers

    return keras.Sequential(
        [keras.Input(input_shape), layers.Flatten(), layers.Dense(num_classes)]
    )
"""
CLASSES = ["one|two", '<b>"é"</b>', "a`b"]
"""Names that are markup where nobody escapes them."""


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> package.Run:
    """A run of three classes, exported to ONNX."""
    pytest.importorskip("tf2onnx")
    home = tmp_path_factory.mktemp("cards")
    (home / "my_net.py").write_text(ARCHITECTURE)
    rng, y = np.random.default_rng(0), np.arange(180) % 3
    x = rng.integers(0, 120 + 60 * y[:, None, None, None], (180, 6, 6, 1)).astype("uint8")
    x[:, 0, 0, 0] = 255
    parts = {"x_train": x[:120], "y_train": y[:120], "x_test": x[120:], "y_test": y[120:]}
    np.savez(home / "mine.npz", classes=np.array(CLASSES), **parts)
    done = package.train(
        home / "my_net.py",
        home / "mine.npz",
        recipe="tutorial",
        epochs=1,
        seed=3,
        device="cpu",
        progress=False,
        runs_dir=home / "runs",
    )
    done.export("onnx")
    return done


def _block(text: str) -> dict:
    assert text.startswith("---\n")
    return yaml.safe_load(text.split("---\n")[1])


def _code(text: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1]


def test_metrics_are_those_of_the_run_with_intervals(run):
    card = run.card()
    assert _block(card.text) == card.metadata
    (indexed,) = card.metadata["model-index"]
    found = {each["type"]: each for each in indexed["results"][0]["metrics"]}
    assert found["accuracy"]["value"] == pytest.approx(run.metrics["test_accuracy"])
    assert found["f1"]["value"] == pytest.approx(run.metrics["test_macro_f1"])
    assert found["log_loss"]["value"] == pytest.approx(run.metrics["test_loss"], rel=1e-5)
    low, high = run.metrics["test_accuracy_interval"]
    assert f"{100 * low:.2f} to {100 * high:.2f}" in card.text
    assert f"(95 % interval {low:.4g} to {high:.4g})" in found["accuracy"]["name"]


def test_the_hub_reads_it(run):
    hub = pytest.importorskip("huggingface_hub")
    card = hub.ModelCard(run.card(repo_id="me/mine", licence="mit").text)
    said = card.data.to_dict()
    assert (said["license"], said["library_name"]) == ("mit", "keras")
    assert card.data.pipeline_tag == "image-classification"
    accuracy = next(each for each in card.data.eval_results if each.metric_type == "accuracy")
    assert accuracy.metric_value == pytest.approx(run.metrics["test_accuracy"])
    assert accuracy.dataset_split == "test"


def test_the_whole_run_is_on_it_and_no_path_of_the_machine(run):
    text, record = run.card().text, run.record
    for checksum in record.identity["checksums"].values():
        assert checksum in text
    counted = run.read_predictions()[0].argmax(axis=1) != run.read_predictions()[1]
    assert ("Most frequent confusions" in text) == (counted.sum() > 6)
    assert f"| parameters | {record.parameters.trainable:,} trainable" in text
    assert "One seed was trained" in text and "0 of 60" in text  # the export changed no answer
    assert str(run.folder.parent.parent) not in text and str(Path.home()) not in text
    assert "`one\\|two`" in text and "&lt;b>" in text and "<b>" not in text.split("```")[0]
    assert plain("a`b") == "a\\`b"


def test_its_command_trains_the_same_run(run, tmp_path):
    again = re.search(r"## Train it again\n\n```sh\n(.*?)```", run.card().text, re.DOTALL)
    assert again
    command = again[1].split("\n", 1)[1]
    for name in ("my_net.py", "mine.npz"):
        shutil.copy(run.folder.parent.parent / name, tmp_path / name)
    (tmp_path / "source").mkdir()
    (tmp_path / "my_net.py").rename(tmp_path / "source" / "my_net.py")
    result = subprocess.run(
        command.replace("zoo train", f"{sys.executable} -P -m zoo train"),
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    (other,) = package.load_runs(tmp_path / "runs")
    assert other.record.dataset.sizes == run.record.dataset.sizes
    assert other.recipe == run.recipe and other.hyperparameters == run.hyperparameters
    assert np.array_equal(other.read_predictions()[0], run.read_predictions()[0])


def test_its_python_runs_in_a_fresh_process(run, tmp_path):
    shutil.copy(run.folder / "export" / "model.onnx", tmp_path)
    (tmp_path / "use.py").write_text(_code(run.card().text, "python"))
    result = subprocess.run(
        [sys.executable, "use.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    _is_answer_to_black(run, result.stdout)


def test_its_javascript_runs_in_a_browser(run, serve, tmp_path):
    site = tmp_path / "site"
    shutil.copytree(web_runtime(), site)
    shutil.copy(run.folder / "export" / "model.onnx", site)
    (site / "use.mjs").write_text(_code(run.card().text, "js"))
    names = json.dumps({"imports": {"onnxruntime-web": f"./{runtime_files.SCRIPT}"}})
    (site / "index.html").write_text(
        f'<script type="importmap">{names}</script>'
        "<script>console.log = (...words) => { document.title = words.join(' '); };</script>"
        '<script type="module" src="use.mjs"></script>'
    )
    with browsing(tmp_path / "profile") as chrome:
        chrome.get(serve(site))
        _is_answer_to_black(run, until(chrome, "return document.title"))


def _is_answer_to_black(run: package.Run, printed: str) -> None:
    """Both examples classify one sample of zeros."""
    name, _, probability = printed.strip().rpartition(" ")
    wanted = run.predict(np.zeros((1, *run.record.input.shape), "uint8"), invert=False)
    assert name == wanted.labels[0]
    assert float(probability) == pytest.approx(wanted.probabilities.max(), abs=1e-4)


def test_the_command_writes_it_and_replaces_only_cards(run, zoo_here, tmp_path):
    code, out, err = zoo_here("card", run.folder)
    assert code == 0 and out.startswith("---\n") and MARK in out, err
    code, out, _ = zoo_here("card", run.folder, "--json")
    assert json.loads(out)["metadata"]["license"] == "unknown"
    file = tmp_path / "README.md"
    assert zoo_here("card", run.folder, "--out", file)[0] == 0
    assert zoo_here("card", run.folder, "--out", file, "--license", "mit")[0] == 0
    assert _block(file.read_text())["license"] == "mit"
    file.write_text("# My project")
    found = zoo_here("card", run.folder, "--out", file)
    assert found[0] == 2 and "README.md: is there already and is no model card" in found[2]
    assert file.read_text() == "# My project"


@pytest.mark.parametrize(
    ("option", "value", "part"),
    [("--repo-id", "a b/c", "use OWNER/NAME"), ("--license", "My Own", "--license My Own: use")],
)
def test_what_the_hub_would_refuse_is_refused(option, value, part, run, zoo_here):
    code, out, err = zoo_here("card", run.folder, option, value)
    assert code == 2 and part in err and not out and err.count("\n") == 1


def test_runs_that_cannot_have_a_card(run, tmp_path):
    copy = package.load_run(shutil.copytree(run.folder, tmp_path / run.name))
    np.savez(copy.folder / "predictions.npz", logits=np.zeros((60, 3)), labels=np.zeros(60))
    with pytest.raises(ZooError, match="is not what this run wrote"):
        copy.card()
    copy.record.status = "interrupted"
    with pytest.raises(UsageError, match="is interrupted, so there is nothing to put on a card"):
        copy.card()


def test_a_run_that_never_read_the_test_set_has_no_results(run, tmp_path):
    home = run.folder.parent.parent
    done = package.train(
        home / "my_net.py",
        home / "mine.npz",
        recipe="tutorial",
        epochs=1,
        test=False,
        device="cpu",
        progress=False,
        runs_dir=tmp_path,
    )
    card = done.card()
    assert "model-index" not in card.metadata and "None: the test set was not read." in card.text


def test_help_says_what_it_does(zoo):
    assert_one_line_error(zoo("card", "nowhere"), 2, "nowhere")


def _measured(run: package.Run, tmp_path: Path, *, onnx: float, keras: float) -> package.Run:
    """A copy of the run whose proof has these milliseconds for one sample."""
    copy = package.load_run(shutil.copytree(run.folder, tmp_path / run.name))
    path = report_path(copy.folder / "export" / "model.onnx")
    report = json.loads(path.read_text())
    for name, latency in (("speed", onnx), ("keras_speed", keras)):
        report[name] |= {"latency_ms": latency, "throughput": 1000 / latency}
    path.write_text(json.dumps(report))
    return copy


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(fast_answers, "nvidia", dict)


@pytest.mark.usefixtures("no_gpu")
def test_predictions_come_from_what_was_measured_to_be_faster(run, tmp_path):
    x = np.random.default_rng(1).integers(0, 256, (200, 6, 6, 1)).astype("uint8")
    fast = _measured(run, tmp_path / "a", onnx=0.1, keras=1.0).predict(x)
    slow = _measured(run, tmp_path / "b", onnx=1.0, keras=0.1).predict(x)
    assert (fast.runtime, slow.runtime) == ("ONNX Runtime", "Keras on tensorflow")
    assert fast.probabilities == pytest.approx(slow.probabilities, abs=1e-5)
    assert run.predict(x, runtime="onnx").runtime == "ONNX Runtime"
    assert run.predict(x, runtime="keras").runtime == "Keras on tensorflow"
    # Values between those of pixels are not rounded to fit the file.
    between = ((x / 255) ** 0.5).astype("float32")
    copy = package.load_run(tmp_path / "a" / run.name)
    assert copy.predict(between, invert=False).runtime == "Keras on tensorflow"
    assert copy.predict((x / 255).astype("float32"), invert=False).labels == fast.labels
    with pytest.raises(UsageError, match="takes uint8, and these samples cannot be that"):
        run.predict(between, invert=False, runtime="onnx")


@pytest.mark.usefixtures("no_gpu")
def test_a_measurement_counts_where_it_was_made(run, tmp_path, monkeypatch):
    copy = _measured(run, tmp_path, onnx=0.1, keras=1.0)
    report = fast_answers.find_export(copy)
    assert fast_answers.why_keras(copy, report, 1) == ""
    other = {**report.machine, "processor": "another"}
    monkeypatch.setattr(fast_answers, "machine", lambda: other)
    assert "another machine" in fast_answers.why_keras(copy, report, 1)
    monkeypatch.undo()
    monkeypatch.setattr(fast_answers, "nvidia", lambda: {"gpu": "one"})
    assert "a GPU is here" in fast_answers.why_keras(copy, report, 1)
    monkeypatch.setattr(fast_answers, "distribution_version", lambda name: "0.0")
    assert "another version of" in fast_answers.why_keras(copy, report, 1)


def test_a_file_that_is_older_than_the_model_answers_nothing(run, tmp_path):
    copy = _measured(run, tmp_path, onnx=0.1, keras=1.0)
    copy.update(finished="2999-01-01T00:00:00+00:00")
    assert fast_answers.find_export(copy) is None
    with pytest.raises(UsageError, match="no ONNX file that is newer than its model"):
        copy.predict(np.zeros((1, 6, 6, 1), "uint8"), runtime="onnx")


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"runtime": "onnx", "backend": "tensorflow"}, "is of Keras"),
        ({"runtime": "onnx", "device": "gpu"}, "is of Keras"),
        ({"runtime": "onx"}, "Did you mean onnx"),
    ],
)
def test_runtimes_that_cannot_be_are_refused(given, part, run):
    with pytest.raises(UsageError, match=part):
        run.predict(np.zeros((1, 6, 6, 1), "uint8"), **given)


def test_the_command_answers_without_importing_keras(run, tmp_path):
    from PIL import Image

    Image.fromarray(np.full((6, 6), 90, "uint8")).save(tmp_path / "grey.png")
    probe = (
        "import sys; from zoo.__main__ import run; code = run(sys.argv[1:]);"
        "print(code, sorted({'keras', 'tensorflow'} & set(sys.modules)))"
    )
    words = ["predict", run.folder, tmp_path / "grey.png", "--as-is", "--runtime", "onnx"]
    result = subprocess.run(
        [sys.executable, "-c", probe, *map(str, words)], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "0 []", result.stderr
    assert "note: answered by ONNX Runtime" in result.stderr

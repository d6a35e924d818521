"""The Python API, as a notebook uses it."""

import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import assert_one_line_error

import zoo
from zoo.errors import UsageError
from zoo.function_source import source_of

FAST = {"recipe": "quick", "epochs": 1, "progress": False}
SCALE = 2


def helper(filters: int) -> int:
    return filters * SCALE


def my_net(input_shape, num_classes, *, filters: int = 4):
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Conv2D(helper(filters), 5, strides=3, activation="relu"),
            layers.Flatten(),
            layers.Dense(num_classes),
        ]
    )


@pytest.fixture(scope="module")
def arrays():
    loaded = zoo.load_dataset("digits").load(zoo.Locations.of_user(download=False))
    return loaded.x_train[:400], loaded.y_train[:400], loaded.x_test[:120], loaded.y_test[:120]


@pytest.fixture(scope="module")
def run(arrays, tmp_path_factory):
    folder = tmp_path_factory.mktemp("api") / "runs"
    return zoo.train(my_net, arrays, runs_dir=folder, recipe="small", epochs=3, progress=False)


def test_a_function_and_arrays_are_trained_and_give_tables(run, arrays):
    assert run.metrics["test_accuracy"] > 0.5
    assert list(run.history["epoch"]) == [1, 2, 3]
    found = run.predictions
    assert np.mean(np.array(found["class"]) == np.array(found["predicted"])) == pytest.approx(
        run.metrics["test_accuracy"]
    )
    assert np.allclose(sum(found[f"p({name})"] for name in run.classes), 1)
    assert repr(run).startswith(f"<Run {run.name}: test accuracy ")
    assert "<table>" in run._repr_html_()


def test_the_same_call_gives_the_same_run(run, arrays):
    again = zoo.train(
        my_net, arrays, runs_dir=run.folder.parent, recipe="small", epochs=3, progress=False
    )
    assert again.folder == run.folder


def test_a_function_is_kept_as_a_file_that_another_process_runs(run):
    text = run.source.read_text()
    assert "SCALE = 2" in text
    assert text.index("def helper") < text.index("def my_net") < text.index("build = my_net")
    done = subprocess.run(
        [sys.executable, "-m", "zoo", "evaluate", run.folder, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f'"test_correct": {run.metrics["test_correct"]}' in done.stdout


def test_predict_and_evaluate_are_those_of_the_run(run, arrays):
    x, y = arrays[2], arrays[3]
    found = run.predict(x)
    assert np.mean(np.array(found.labels) == y.astype(str)) == run.metrics["test_accuracy"]
    assert run.predict(x[0]).labels == found.labels[:1]
    assert run.predict((x / 255).astype("float32")).labels == found.labels
    assert len(found.to_frame()["predicted"]) == len(x)
    measured = run.evaluate()
    assert measured.metrics["test_correct"] == run.metrics["test_correct"]
    assert measured.scores.accuracy == pytest.approx(run.metrics["test_accuracy"])
    assert measured.scores.confusion.trace() == run.metrics["test_correct"]
    unit = {"x_train": arrays[0] / 255, "y_train": arrays[1], "x_test": x / 255, "y_test": y}
    assert run.evaluate(unit).metrics["test_correct"] == run.metrics["test_correct"]
    with pytest.raises(UsageError, match=r"reads image \(N, 28, 28, 1\); received uint8"):
        run.predict(x[:, :9])


def test_the_model_gives_the_logits_of_scaled_samples(run, arrays):
    logits = np.asarray(run.model()(arrays[2][:10].astype("float32") / 255))
    assert np.allclose(logits, run.read_predictions()[0][:10], atol=1e-4)


def test_several_seeds_are_a_list(arrays, tmp_path):
    runs = zoo.train(my_net, arrays, runs_dir=tmp_path / "r", seeds=2, **FAST)
    assert [each.record.seed for each in runs] == [0, 1]
    assert [each.name for each in zoo.load_runs(tmp_path / "r")] == [each.name for each in runs]
    assert zoo.load_run("last", tmp_path / "r").name == runs[1].name


def test_hyperparameters_and_recipe_keys(arrays, tmp_path):
    run = zoo.train(
        my_net,
        arrays,
        runs_dir=tmp_path / "r",
        hyperparameters={"filters": 6},
        recipe_changes={"validation": 0.2},
        **FAST,
    )
    assert run.hyperparameters == {"filters": 6}
    assert run.record.dataset.sizes.validation == 80
    with pytest.raises(UsageError, match="unknown hyperparameter"):
        zoo.train(my_net, arrays, runs_dir=tmp_path / "r", hyperparameters={"width": 6}, **FAST)


def test_a_run_is_extended_to_more_epochs(arrays, tmp_path, zoo_here):
    options = {"recipe": "small", "progress": False, "runs_dir": tmp_path / "r"}
    constant = {"schedule": "constant", "warmup": 0.0, "clean_epochs": 0}
    run = zoo.train(my_net, arrays, epochs=1, recipe_changes=constant, **options)
    longer = zoo.train(resume=run, epochs=2, progress=False)
    assert longer.folder != run.folder
    assert list(longer.history["epoch"]) == [1, 2]
    assert longer.history["loss"][0] == run.history["loss"][0]
    code, out, err = zoo_here("train", "--resume", longer.folder, "--epochs", "3", "--json")
    assert code == 0, err
    assert '"epochs": 3' in out
    with pytest.raises(UsageError, match="leave `seed` out"):
        zoo.train(resume=run, seed=3)
    with pytest.raises(UsageError, match="give more than 1"):
        zoo.train(resume=run, epochs=1)
    refused = zoo_here("train", "--resume", run.folder, "--epochs", "1")
    assert_one_line_error(refused, 2, "--epochs 1: ", "give more than 1")
    scheduled = zoo.train(my_net, arrays, epochs=1, **options)
    refused = zoo_here("train", "--resume", scheduled.folder, "--epochs", "2")
    assert_one_line_error(refused, 2, "constant", "zoo train ... --epochs 2")


def test_a_plan_is_trained_as_its_arguments_are(run, arrays):
    runs_dir = run.folder.parent
    plan = zoo.plan(my_net, arrays, recipe="small", epochs=3, runs_dir=runs_dir)
    assert zoo.train(plan, runs_dir=runs_dir, progress=False).folder == run.folder
    assert zoo.train(run.plan(), runs_dir=runs_dir, progress=False).folder == run.folder
    with pytest.raises(UsageError, match="leave `epochs` out"):
        zoo.train(plan, epochs=4, runs_dir=runs_dir)


def test_runs_made_elsewhere_are_compared(run):
    found = zoo.compare_runs(run.folder.parent, progress=False)
    assert list(found.to_frame()["architecture"]) == ["my_net"]
    with pytest.raises(UsageError, match="unknown architecture in these runs 'gru'"):
        zoo.compare_runs(run.folder.parent, ["gru"], progress=False)


def test_functions_of_the_module_are_the_methods_of_a_run(run, arrays):
    x = arrays[2][:4]
    assert zoo.predict(run.folder, x).labels == run.predict(x).labels
    assert zoo.evaluate(run).metrics == run.evaluate().metrics
    shifted = zoo.evaluate(run, tta_shift=1)
    assert shifted.recipe.tta_shift == 1


def test_architectures_datasets_and_checks_are_described():
    found = zoo.describe("cnn", hyperparameters={"filters": (4, 8, 8)})
    assert found.on_mnist.input_shape == (28, 28, 1)
    assert {each.name: each.value for each in found.hyperparameters}["filters"] == (4, 8, 8)
    data = zoo.describe_dataset("motion", parameters={"frames": 5})
    assert {each.name: each.value for each in data.parameters}["frames"] == 5
    assert {"mnist", "digits"} <= {each.name for each in zoo.list_datasets()}
    (report,) = zoo.check("cnn", checks=["hyperparameters_documented"])
    assert report.passed
    assert [each.state for each in report.verdicts] == ["passed"]
    with pytest.raises(UsageError, match="needs no download"):
        zoo.fetch_dataset("digits")


def test_the_test_set_can_stay_untouched(arrays, tmp_path, zoo_here):
    run = zoo.train(my_net, arrays, runs_dir=tmp_path / "runs", test=False, **FAST)
    assert set(run.metrics) == {"epoch", "val_accuracy", "val_loss"}
    assert not (run.folder / "predictions.npz").exists()
    assert "test set untouched" in repr(run)
    with pytest.raises(UsageError, match="no test results"):
        _ = run.predictions
    tested = zoo.train(my_net, arrays, runs_dir=tmp_path / "runs", **FAST)
    assert tested.folder != run.folder
    assert tested.metrics["val_accuracy"] == run.metrics["val_accuracy"]
    assert zoo_here("runs", "--runs-dir", tmp_path / "runs")[0] == 0
    assert "untouched" in zoo_here("runs", "show", run.folder)[1]
    _, _, err = zoo_here("compare", "--from", tmp_path / "runs")
    assert f"skipped: {run.folder} left the test set untouched" in err


def test_a_comparison_has_a_table_differences_a_verdict_and_a_page(arrays, tmp_path):
    found = zoo.compare(
        ["cnn", my_net],
        arrays,
        seeds=2,
        recipe="quick",
        runs_dir=tmp_path / "runs",
        hyperparameters={"cnn": {"filters": (4, 8, 8)}},
        progress=False,
    )
    assert set(found.to_frame()["architecture"]) == {"cnn", "my_net"}
    assert len(found.differences["verdict"]) == 1
    assert found.verdict("cnn", "my_net") == found.verdict("my_net", "cnn")
    assert found.verdict("cnn", "my_net") == found.differences["verdict"][0]
    with pytest.raises(UsageError, match="unknown architecture in this comparison 'gru'"):
        found.verdict("cnn", "gru")
    page = found.to_html(tmp_path / "page.html").read_text()
    assert "my_net" in page
    shown = found._repr_html_()
    assert "<table>" in shown
    assert "<svg" in shown


def test_keras_callbacks_see_the_logs_and_the_model(arrays, tmp_path):
    import keras

    class Seen(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.events = []

        def on_train_begin(self, logs=None):
            self.events.append(("begin", self.params["epochs"], len(self.model.weights)))

        def on_epoch_begin(self, epoch, logs=None):
            self.events.append(("epoch", epoch))

        def on_epoch_end(self, epoch, logs=None):
            self.events.append(("end", epoch, sorted(logs)))

        def on_train_end(self, logs=None):
            self.events.append(("done",))

    seen, log = Seen(), tmp_path / "log.csv"
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=1, min_delta=10.0)
    run = zoo.train(
        my_net,
        arrays,
        runs_dir=tmp_path / "runs",
        recipe="small",
        epochs=8,
        progress=False,
        callbacks=[
            seen,
            stop,
            keras.callbacks.CSVLogger(str(log)),
            keras.callbacks.TensorBoard(str(tmp_path / "tb")),
        ],
    )
    epochs = run.record.progress.epochs
    assert epochs == 2
    logs = ["accuracy", "learning_rate", "loss", "val_accuracy", "val_loss"]
    assert seen.events == [
        ("begin", 8, 4),
        ("epoch", 0),
        ("end", 0, logs),
        ("epoch", 1),
        ("end", 1, logs),
        ("done",),
    ]
    assert len(log.read_text().splitlines()) == 1 + epochs
    assert list((tmp_path / "tb").rglob("events*"))
    # A training that a callback may end early is another run than one without.
    assert any("EarlyStopping" in each for each in run.record.identity["callbacks"])


def test_a_callback_may_not_change_the_rate(arrays, tmp_path):
    import keras

    schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    with pytest.raises(UsageError, match="learning rate"):
        zoo.train(my_net, arrays, runs_dir=tmp_path / "r", callbacks=[schedule], **FAST)


def test_patience_is_a_recipe_key(arrays, tmp_path):
    changes = {"patience": 2, "schedule": "constant", "learning_rate": 0.02}
    run = zoo.train(
        my_net,
        arrays,
        runs_dir=tmp_path / "r",
        recipe="small",
        epochs=40,
        recipe_changes=changes,
        progress=False,
    )
    accuracies = list(run.history["val_accuracy"])
    best = accuracies.index(max(accuracies))
    assert len(accuracies) == best + 1 + 2 < 40


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: lambda input_shape, num_classes: None, "not defined with def"),
        (lambda: closure(3), "uses k of the function around it"),
        (lambda: uses_an_array, "it uses ARRAY, a ndarray"),
    ],
)
def test_functions_that_cannot_be_written_down(make, said):
    with pytest.raises(UsageError, match=said):
        source_of(make())


ARRAY = np.zeros(3)


def uses_an_array(input_shape, num_classes):
    return ARRAY


def closure(k):
    def net(input_shape, num_classes):
        return k

    return net


def test_what_is_no_architecture_or_dataset_is_said(tmp_path):
    with pytest.raises(UsageError, match="received int"):
        zoo.train(3, "digits", runs_dir=tmp_path)
    with pytest.raises(UsageError, match="received float"):
        zoo.train("cnn", 1.5, runs_dir=tmp_path)


def test_loading_by_name():
    assert zoo.load_recipe("quick", epochs=7).epochs == 7
    assert zoo.load_dataset("motion", parameters={"frames": 5}).parameters["frames"] == 5
    assert {"cnn", "cnn_lstm"} <= set(zoo.list_architectures("cnn*"))


def test_every_public_function_is_documented_with_an_example_or_its_errors():
    for name in zoo.__all__:
        each = getattr(zoo, name)
        if inspect.isfunction(each):
            assert each.__doc__, name
    text = zoo.__doc__
    for name in ("train", "compare", "load_run", "load_dataset", "load_recipe", "check"):
        assert f"zoo.{name}(" in text
    assert len(text.splitlines()) < 24
    assert Path(zoo.__file__).read_text().count("import keras") == 0

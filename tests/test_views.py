"""Test-time shifts: what the views are, and that they are what is validated, tested and recorded."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import assert_one_line_error
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from test_compare import change_record
from test_training import weights

from zoo.classification import measured
from zoo.registry import Registry
from zoo.runs.run import Run
from zoo.training.examples import Examples
from zoo.training.saved import load_engine
from zoo.training.tta import shifted

FAST = ("--recipe", "quick", "--epochs", "1")


@st.composite
def batches(draw):
    """Images or clips of any small size, every pixel another number."""
    count, height, width, channels = (draw(st.integers(1, most)) for most in (3, 9, 9, 3))
    steps = draw(st.lists(st.integers(1, 3), max_size=1))
    shape = (count, *steps, height, width, channels)
    kind = draw(st.sampled_from(["uint8", "float32"]))
    return np.arange(1, np.prod(shape) + 1).reshape(shape).astype(kind)


def by_hand(x: np.ndarray, down: int, right: int) -> np.ndarray:
    """`x` moved pixel by pixel, with zeros where nothing was."""
    moved = np.zeros_like(x)
    height, width = x.shape[-3:-1]
    for row in range(height):
        for column in range(width):
            if 0 <= row - down < height and 0 <= column - right < width:
                moved[..., row, column, :] = x[..., row - down, column - right, :]
    return moved


def moves(most: int) -> list[tuple[int, int]]:
    ways = range(-most, most + 1)
    return [(down, right) for down in ways for right in ways]


@settings(deadline=None, max_examples=60)
@given(batches(), st.integers(0, 3))
def test_the_views_are_all_moves_in_both_directions_each_once(x, most):
    views = list(shifted(x, most))
    assert len(views) == (2 * most + 1) ** 2
    assert np.array_equal(views[len(views) // 2], x)
    expected = {by_hand(x, *move).tobytes() for move in moves(most)}
    assert {view.tobytes() for view in views} == expected
    assert {(view.shape, view.dtype) for view in views} == {(x.shape, x.dtype)}


@settings(deadline=None, max_examples=60)
@given(batches(), st.integers(0, 3))
def test_nothing_is_lost_of_what_lies_within_an_empty_border(x, most):
    border = [(0, 0)] * (x.ndim - 3) + [(most, most), (most, most), (0, 0)]
    for view in shifted(np.pad(x, border), most):
        assert np.array_equal(np.sort(view[view != 0]), np.sort(x[x != 0]))


@settings(deadline=None, max_examples=60)
@given(batches(), st.integers(0, 3))
def test_all_frames_of_a_clip_move_alike(x, most):
    if x.ndim == 4:
        return
    for clip, *frames in zip(
        shifted(x, most), *(shifted(x[:, t], most) for t in range(x.shape[1])), strict=True
    ):
        assert np.array_equal(clip, np.stack(frames, axis=1))


@pytest.fixture(scope="module")
def folder(tiny_py, small_npz, tmp_path_factory) -> Path:
    """Two runs that differ in nothing but tta_shift: 0 and 1."""
    folder = tmp_path_factory.mktemp("runs")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ZOO_")}
    for shift in ("0", "1"):
        command = [sys.executable, "-m", "zoo", "train", tiny_py, "--dataset", small_npz, *FAST]
        command += ["--tta-shift", shift, "--runs-dir", folder, "--quiet"]
        subprocess.run(list(map(str, command)), check=True, env=clean, capture_output=True)
    return folder


@pytest.fixture
def runs(folder) -> tuple[Run, Run]:
    """The run that answers the image alone, and the one that answers nine views."""
    found = {run.recipe.tta_shift: run for run in map(Run.open, folder.glob("tiny-*"))}
    return found[0], found[1]


def mean_by_hand(run: Run, x: np.ndarray) -> np.ndarray:
    """The mean probability of a run without tta_shift over images moved by hand."""
    engine = load_engine(run, Registry.discover(), None, "auto")
    views = [engine.logits(by_hand(x, *move)).astype("float64") for move in moves(1)]
    return softmax(np.stack(views), axis=-1).mean(axis=0)


def test_the_test_images_are_answered_by_the_mean_over_their_views(runs, small_npz):
    plain, shifting = runs
    for name, value in weights(plain).items():  # it changes nothing that is learned
        assert np.array_equal(value, weights(shifting)[name])
    with np.load(small_npz) as held:
        expected = mean_by_hand(plain, held["x_test"][..., None])
    logits, labels = shifting.read_predictions()
    assert logits.dtype == np.float32
    assert softmax(logits, axis=-1) == pytest.approx(expected, abs=1e-6)
    assert not np.allclose(softmax(plain.read_predictions()[0], axis=-1), expected, atol=1e-3)
    metrics = shifting.record.to_dict()["metrics"]
    assert metrics["test_accuracy"] == (expected.argmax(axis=-1) == labels).mean()
    loss = -np.log(expected[np.arange(len(labels)), labels]).mean()
    assert metrics["test_loss"] == pytest.approx(loss, rel=1e-5)


def test_the_validation_images_are_answered_alike(runs, small_npz):
    plain, shifting = runs
    from zoo.datasets.npz import dataset_from_npz

    examples = Examples.split(dataset_from_npz(small_npz).load(None), plain.recipe)
    expected = mean_by_hand(plain, examples.x_validation)
    found = measured(np.log(expected), examples.y_validation)
    assert shifting.read_history()[-1]["val_loss"] == pytest.approx(found["test_loss"], rel=1e-5)
    assert shifting.read_history()[-1]["val_accuracy"] == found["test_accuracy"]
    assert plain.read_history()[-1]["val_loss"] != pytest.approx(found["test_loss"], rel=1e-3)


@pytest.mark.parametrize("shift", [0, 1])
def test_evaluate_takes_the_runs_own_or_another(runs, zoo_here, shift):
    for run in runs:
        given = [] if run is runs[shift] else ["--tta-shift", shift]
        code, out, err = zoo_here("evaluate", run.folder, *given, "--json")
        assert code == 0, err
        found = json.loads(out)
        assert found["tta_shift"] == shift
        for key in ("test_loss", "test_accuracy", "test_correct", "test_accuracy_interval"):
            assert found[key] == runs[shift].record.to_dict()["metrics"][key]
        _, out, _ = zoo_here("evaluate", run.folder, *given)
        assert ("tta_shift 1: mean over 9 shifted copies" in out) == bool(shift)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_gives_the_same_views(runs, zoo, backend):
    pytest.importorskip(backend)
    plain, shifting = runs
    result = zoo(
        "evaluate", plain.folder, "--tta-shift", "1", "--backend", backend, "--json"
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    expected = shifting.test.loss
    assert json.loads(result.stdout)["test_loss"] == pytest.approx(expected, rel=1e-4)


def test_the_record_and_what_is_shown_name_it(runs, folder, zoo_here):
    plain, shifting = runs
    assert plain.record.recipe["digest"] != shifting.record.recipe["digest"]
    assert shifting.record.recipe["tta_shift"] == 1
    for run in runs:
        _, out, _ = zoo_here("runs", "show", run.name, "--runs-dir", folder)
        assert f"tta_shift={run.recipe.tta_shift}" in out
        assert ("mean over 9 shifted copies" in out) == (run is shifting)


def test_predict_answers_from_the_views_that_the_run_was_tested_with(runs, zoo_here, mnist_arrays):
    from PIL import Image

    plain, shifting = runs
    Image.fromarray(mnist_arrays["x_test"][0]).save("seven.png")
    (answer,) = json.loads(zoo_here("predict", shifting.folder, "seven.png", "--json")[1])
    expected = mean_by_hand(plain, mnist_arrays["x_test"][:1, ..., None])[0]
    assert answer["class"] == str(expected.argmax())
    assert answer["probability"] == pytest.approx(expected.max(), abs=1e-6)


def test_a_comparison_names_it_and_does_not_mix_it(runs, zoo_here, tmp_path):
    plain, shifting = runs
    code, out, _ = zoo_here("compare", "--from", shifting.folder)
    assert code == 0
    assert (
        "note: tta_shift 1: test and validation predictions average the probabilities of 9 copies"
        in out
    )
    _, out, _ = zoo_here("compare", "--from", plain.folder)
    assert "tta_shift" not in out
    # Of one seed as they are, neither is the other's twin.
    result = zoo_here("compare", "--from", plain.folder, "--from", shifting.folder)
    assert_one_line_error(result, 2, "must not be mixed: recipe:", "tta_shift=1 (tiny)")
    copy = Path(shutil.copytree(shifting.folder, tmp_path / "again" / "run"))
    code, _, err = zoo_here("compare", "--from", shifting.folder, "--from", copy)
    assert code == 0
    assert "is its later twin" in err


@pytest.mark.slow
def test_compare_trains_with_it(tiny_py, small_npz, runs, zoo_here):
    (Path.cwd() / "one.toml").write_text('base = "quick"\nepochs = 1\n')
    arguments = ["compare", tiny_py, "--dataset", small_npz, "--recipe", "one.toml", "--seeds", "1"]
    arguments += ["--costs", "none", "--tta-shift", "1", "--json"]
    code, out, err = zoo_here(*arguments)
    assert code == 0, err
    document = json.loads(out)
    assert document["recipe"]["tta_shift"] == 1
    assert "--tta-shift 1" in document["command"]
    assert document["rows"][0]["accuracy"] == runs[1].test.accuracy
    assert any(note.startswith("tta_shift 1:") for note in document["notes"])


def test_one_architecture_alone_is_named(runs, zoo_here, tmp_path):
    for run, name in zip(runs, ("flat", "many"), strict=True):
        copy = Path(shutil.copytree(run.folder, tmp_path / "both" / run.name))

        def rename(record, name=name):
            record["architecture"]["name"] = record["identity"]["architecture"] = name

        change_record(copy, rename)
    _, out, _ = zoo_here("compare", "--from", tmp_path / "both", "--allow-mixed")
    assert "note: the recipe differs in tta_shift: 0 (flat), 1 (many)" in out
    assert "note: tta_shift 1 of many: test and" in out


def test_clips_train_with_it(mnist_arrays, zoo_here, tmp_path):
    (tmp_path / "flat.py").write_text(
        'layout = "frames"\n\ndef build(input_shape, num_classes):\n'
        "    import keras\n    from keras import layers\n"
        "    return keras.Sequential([keras.Input(input_shape), layers.Flatten(),"
        " layers.Dense(num_classes)])\n"
    )
    x, y = mnist_arrays["x_train"][:400, None, ..., None], mnist_arrays["y_train"][:400]
    np.savez(tmp_path / "clips.npz", x_train=np.concatenate([x, x[:, :, ::-1]], axis=1), y_train=y)
    arguments = ["train", "flat.py", "--dataset", "clips.npz", *FAST, "--batch-size", "20"]
    code, _, err = zoo_here(*arguments, "--tta-shift", "2")
    assert code == 0, err
    code, out, _ = zoo_here("evaluate", "last")
    assert "mean over 25 shifted copies" in out


@pytest.fixture
def rows_npz(tmp_path) -> Path:
    path = tmp_path / "lines.npz"
    x, y = np.zeros((90, 28, 28), "uint8"), np.arange(90) % 3
    np.savez(path, x_train=x, y_train=y, layout="sequence")
    return path


@pytest.mark.parametrize("command", [["train"], ["train", "--dry-run"], ["compare"]], ids=" ".join)
def test_rows_cannot_be_moved(rows_npz, tiny_py, zoo_here, command):
    name, *options = command
    result = zoo_here(name, tiny_py, "--dataset", rows_npz, "--tta-shift", "1", *options)
    assert_one_line_error(result, 2, "--tta-shift 1", "lines has sequences", "Use 0")
    assert not Path("runs").exists()


def test_images_cannot_be_moved_out_of_sight(tiny_py, zoo_here, tmp_path):
    x, y = np.zeros((90, 6, 4), "uint8"), np.arange(90) % 3
    np.savez(tmp_path / "narrow.npz", x_train=x, y_train=y)
    result = zoo_here("train", tiny_py, "--dataset", "narrow.npz", "--tta-shift", "4")
    assert_one_line_error(result, 2, "--tta-shift 4", "narrow has images of 6 × 4", "use 0 to 3")


@pytest.mark.parametrize(
    ("shift", "parts"),
    [
        ("9", ["--tta-shift 9", "0 to 8"]),
        ("-1", ["--tta-shift -1", "0 to 8"]),
        ("1.5", ["'1.5' is not a valid integer"]),
    ],
)
def test_wrong_shifts_are_refused(runs, zoo_here, shift, parts):
    train = zoo_here("train", "cnn", "--dataset", "digits", "--tta-shift", shift)
    assert_one_line_error(train, 2, *parts)
    assert_one_line_error(zoo_here("evaluate", runs[0].folder, "--tta-shift", shift), 2, *parts)


def test_resume_takes_it_from_the_run(runs, folder, zoo_here):
    given = ["--resume", runs[1].name, "--runs-dir", folder]
    assert_one_line_error(zoo_here("train", *given, "--tta-shift", "1"), 2, "--tta-shift out")

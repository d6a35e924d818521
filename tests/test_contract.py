"""What a model sees at predict and evaluate is what it saw in training, or it is refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import assert_one_line_error
from PIL import Image

import zoo as archzoo
from zoo.contract import InputContract
from zoo.datasets.encoding import Statistics, pixel_range
from zoo.errors import UsageError

STORED = {
    "uint8": lambda x: x,
    "uint16": lambda x: x.astype("uint16") * 257,
    "unit": lambda x: (x / 255).astype("float32"),
    "symmetric": lambda x: (x / 127.5 - 1).astype("float32"),
    "bytes": lambda x: x.astype("float32"),
}
"""Ways to store one image: white is 255, 65535, 1, 1 and 255."""

SIDES = {"light": lambda x: x, "dark": lambda x: 255 - x}

ASKED = 30
TRAINED = [("uint8", "light"), ("uint8", "dark"), ("unit", "light"), ("symmetric", "dark")]
"""What is trained on; the tests below ask each of these about all others."""


@pytest.fixture(scope="module")
def digits(mnist_arrays):
    """600 and 200 images of MNIST, `(train, labels, test, labels)`."""
    return (
        mnist_arrays["x_train"][:600],
        mnist_arrays["y_train"][:600],
        mnist_arrays["x_test"][:200],
        mnist_arrays["y_test"][:200],
    )


@pytest.fixture(scope="module")
def place(digits, tmp_path_factory) -> Path:
    """A folder with every way to store the images, and with a run trained on some of them."""
    folder = tmp_path_factory.mktemp("contract")
    x, y, x_test, y_test = digits
    for stored, store in STORED.items():
        for name, turn in SIDES.items():
            np.savez(
                folder / f"{stored}_{name}.npz",
                x_train=store(turn(x)),
                y_train=y,
                x_test=store(turn(x_test)),
                y_test=y_test,
            )
    for name, turn in SIDES.items():
        for number, image in enumerate(x_test[:ASKED]):
            Image.fromarray(turn(image)).save(folder / f"{name}_{number:02}.png")
    return folder


@pytest.fixture(scope="module")
def answers(place):
    """`answers(stored, side)`: the folder of the run trained on it, made once."""
    made: dict[tuple[str, str], Path] = {}
    from zoo.__main__ import run

    def trained(stored: str, side: str) -> Path:
        if (stored, side) not in made:
            runs = place / f"runs_{stored}_{side}"
            data = str(place / f"{stored}_{side}.npz")
            words = f"train cnn --recipe tutorial --epochs 3 --quiet --runs-dir {runs}"
            assert run([*words.split(), "--dataset", data]) == 0
            made[stored, side] = next(runs.glob("*/run.json")).parent
        return made[stored, side]

    return trained


def evaluated(zoo_here, run: Path, *arguments) -> tuple[int, dict, str]:
    code, out, err = zoo_here("evaluate", run, *arguments, "--json")
    return code, json.loads(out) if code == 0 else {}, err


def predicted(zoo_here, run: Path, *images, options=()) -> tuple[int, list[str], str]:
    code, out, err = zoo_here("predict", run, *images, *options, "--json")
    return code, [each["class"] for each in json.loads(out)] if code == 0 else [], err


@pytest.mark.parametrize(("stored", "side"), TRAINED)
def test_evaluate_gives_equal_answers_or_refuses(zoo_here, place, answers, stored, side):
    run = answers(stored, side)
    _, own, _ = evaluated(zoo_here, run)
    assert own["test_accuracy"] > 0.6
    for other in STORED:
        for turned in SIDES:
            data = place / f"{other}_{turned}.npz"
            code, found, err = evaluated(zoo_here, run, "--dataset", data)
            if turned != side:
                assert code == 2, data
                assert "--invert" in err
                code, found, err = evaluated(zoo_here, run, "--dataset", data, "--invert")
            assert code == 0, err
            assert found["test_correct"] == own["test_correct"], data
            assert found["test_loss"] == pytest.approx(own["test_loss"], rel=1e-4)


@pytest.mark.parametrize(("stored", "side"), TRAINED)
def test_predict_gives_equal_answers_or_refuses(zoo_here, place, answers, stored, side):
    run = answers(stored, side)
    with np.load(run / "predictions.npz") as kept:
        known = list(map(str, kept["logits"][:ASKED].argmax(axis=1)))
    own = sorted(place.glob(f"{side}_*.png"))
    (turned,) = set(SIDES) - {side}
    others = sorted(place.glob(f"{turned}_*.png"))
    assert predicted(zoo_here, run, *own)[1] == known
    code, _, err = predicted(zoo_here, run, *others)
    assert code == 2
    assert "--invert" in err
    assert predicted(zoo_here, run, *others, options=["--invert"])[1] == known


def as_file(kind: str, image: np.ndarray, folder: Path, number: int) -> Path:
    path = folder / f"{kind}_{number:02}.{'jpg' if kind == 'turned' else 'png'}"
    if kind == "sixteen bits":
        Image.fromarray(image.astype("uint16") * 257).save(path)
    elif kind == "strokes on transparency":
        white = np.full((*image.shape, 3), 255, "uint8")
        Image.fromarray(np.dstack([white, image])).save(path)
    elif kind == "palette":
        Image.fromarray(image).convert("P").save(path)
    elif kind == "colour":
        Image.fromarray(image).convert("RGB").save(path)
    elif kind == "turned":
        exif = Image.Exif()
        exif[0x0112] = 6
        turned = Image.fromarray(image).transpose(Image.Transpose.ROTATE_90)
        turned.save(path, exif=exif, quality=100)
    return path


@pytest.mark.parametrize(
    "kind", ["sixteen bits", "strokes on transparency", "palette", "colour", "turned"]
)
def test_kinds_of_file_are_one_image(zoo_here, answers, digits, tmp_path, kind):
    run = answers("uint8", "light")
    files = [as_file(kind, image, tmp_path, n) for n, image in enumerate(digits[2][:ASKED])]
    with np.load(run / "predictions.npz") as kept:
        known = list(map(str, kept["logits"][:ASKED].argmax(axis=1)))
    code, found, err = predicted(zoo_here, run, *files)
    assert code == 0, err
    assert sum(a == b for a, b in zip(found, known, strict=True)) >= ASKED - (kind == "turned")


def test_strokes_of_the_other_colour_are_refused(zoo_here, answers, digits, tmp_path):
    ink = np.zeros((28, 28, 4), "uint8")
    ink[..., 3] = digits[2][0]
    Image.fromarray(ink).save(tmp_path / "black.png")
    result = zoo_here("predict", answers("uint8", "light"), tmp_path / "black.png")
    assert_one_line_error(result, 2, "dark on light", "--invert")


def test_a_files_name_decides_nothing(zoo_here, tmp_path):
    """Where a spot is would be lost by MNIST's centring."""
    generator = np.random.default_rng(0)
    y = generator.integers(0, 4, 240)
    x = np.zeros((240, 28, 28), "uint8")
    for image, label in zip(x, y, strict=True):
        top, left = ((4, 4), (4, 18), (18, 4), (18, 18))[label]
        image[top : top + 6, left : left + 6] = 255
    x += generator.integers(0, 2, x.shape, "uint8") * (x == 0)
    np.savez("digits.npz", x_train=x[:200], y_train=y[:200], x_test=x[200:], y_test=y[200:])
    code, _, err = zoo_here(
        "train", "cnn", "--dataset", "./digits.npz", "--recipe", "small", "--quiet"
    )
    assert code == 0, err
    images = []
    for number in range(200, 240):
        Image.fromarray(np.kron(x[number], np.ones((3, 3), "uint8"))).save(f"{number}.png")
        images.append(f"{number}.png")
    assert predicted(zoo_here, "last", *images)[1] == list(map(str, y[200:]))


def test_mnists_own_runs_read_drawings_of_either_side(zoo_here, data_dir, digits):
    code, _, err = zoo_here(
        "train", "cnn", "--dataset", "digits", "--recipe", "small", "--epochs", "6", "--quiet"
    )
    assert code == 0, err
    large = np.kron(digits[2][0], np.ones((5, 5), "uint8"))
    Image.fromarray(large).save("light.png")
    Image.fromarray(255 - large).save("dark.png")
    code, out, _ = zoo_here("predict", "last", "light.png", "dark.png", "--json")
    light, dark = json.loads(out)
    assert light["probability"] == pytest.approx(dark["probability"], abs=1e-6)
    assert "inverted" in dark["done"]
    assert not any("inverted" in each for each in light["done"])


def test_classes_are_matched_by_name(zoo_here, digits):
    x, y, x_test, y_test = digits
    names = np.array(list("abcdefghij"))
    order = np.random.default_rng(1).permutation(10)
    place = np.argsort(order)
    np.savez("one.npz", x_train=x, y_train=y, x_test=x_test, y_test=y_test, classes=names)
    np.savez(
        "two.npz",
        x_train=x,
        y_train=place[y],
        x_test=x_test,
        y_test=place[y_test],
        classes=names[order],
    )
    np.savez(
        "three.npz", x_train=x, y_train=y, x_test=x_test, y_test=y_test, classes=list("abcdefghiX")
    )
    zoo_here("train", "cnn", "--dataset", "one.npz", "--recipe", "tutorial", "--epochs", "2")
    _, own, _ = evaluated(zoo_here, "last")
    _, found, _ = evaluated(zoo_here, "last", "--dataset", "two.npz")
    assert found["test_correct"] == own["test_correct"]
    assert "two: classes are matched by name" in found["notes"]
    result = zoo_here("evaluate", "last", "--dataset", "three.npz")
    assert_one_line_error(result, 2, "'X'", "a, b, c")


def test_data_that_have_changed_since_are_said(zoo_here, digits):
    x, y, x_test, y_test = digits
    np.savez("own.npz", x_train=x, y_train=y, x_test=x_test, y_test=y_test)
    zoo_here("train", "cnn", "--dataset", "own.npz", "--recipe", "tutorial", "--epochs", "1")
    assert evaluated(zoo_here, "last")[1]["notes"] == []
    np.savez("own.npz", x_train=x, y_train=y, x_test=x_test, y_test=(y_test + 1) % 10)
    _, found, _ = evaluated(zoo_here, "last")
    assert found["notes"] == ["own has changed since this run was trained (y_test differ)"]


def test_splits_of_other_ranges_are_refused_by_training_and_by_check(zoo_here, digits):
    x, y, x_test, y_test = digits
    unit = (x / 255).astype("float32")
    np.savez("m.npz", x_train=unit, y_train=y, x_test=x_test.astype("float32"), y_test=y_test)
    result = zoo_here("train", "cnn", "--dataset", "m.npz")
    assert_one_line_error(result, 1, "0 to 1", "0 to 255")
    code, out, _ = zoo_here("check", "m.npz")
    assert code == 1
    assert "same_pixel_range" in out
    assert not Path("runs").exists() or not list(Path("runs").glob("*/run.json"))


OTHERWISE = {
    "dark bytes beside ones": (lambda x: x / 255, lambda x: x * 0.7),
    "standardized beside ones": (lambda x: x / 255, lambda x: (x - 33.3) / 78.6),
    "bytes beside standardized": (lambda x: (x - 33.3) / 78.6, lambda x: x),
    "dark ones beside bytes": (lambda x: x, lambda x: x / 255 * 0.8),
    "around 0 beside ones": (lambda x: x / 255, lambda x: x / 127.5 * 0.8 - 1),
}


@pytest.mark.parametrize("case", OTHERWISE.values(), ids=OTHERWISE)
def test_splits_that_are_scaled_otherwise_are_refused(zoo_here, digits, case):
    x, y, x_test, y_test = digits
    one, other = (
        (make(each)).astype("float32") for make, each in zip(case, (x, x_test), strict=True)
    )
    np.savez("m.npz", x_train=one, y_train=y, x_test=other, y_test=y_test)
    result = zoo_here("datasets", "show", "m.npz")
    assert_one_line_error(
        result, 1, "x_train has values from", "and x_test from", "store both alike"
    )


def test_noise_beyond_black_and_white_is_no_other_scale(zoo_here, digits):
    x, y, x_test, y_test = digits
    noisy = (x_test / 255 * 1.1 - 0.05).astype("float32")
    np.savez("m.npz", x_train=(x / 255).astype("float32"), y_train=y, x_test=noisy, y_test=y_test)
    assert zoo_here("datasets", "show", "m.npz")[0] == 0


ARRAYS = {
    "bool": lambda x: x > 99,
    "0 and 1": lambda x: (x > 99).astype("int64"),
    "int64": lambda x: x.astype("int64"),
    "uint16 of bytes": lambda x: x.astype("uint16"),
    "uint16": lambda x: x.astype("uint16") * 257,
    "float16": lambda x: (x / 255).astype("float16"),
    "float64": lambda x: x.astype("float64"),
    "numbers": lambda x: (x // 16).astype("int32"),
}


@pytest.mark.parametrize("store", ARRAYS.values(), ids=ARRAYS)
def test_arrays_of_any_type_are_for_predict_what_they_were_for_training(digits, store):
    """What the contract makes of an array is what the file's samples became."""
    x, y, x_test, y_test = digits
    given = {"x_train": store(x), "y_train": y, "x_test": store(x_test), "y_test": y_test}
    dataset = archzoo.load_dataset(given)
    arrays = dataset.load(None)
    contract = InputContract.of(dataset, arrays.x_train)
    read = contract.batch(store(x_test))
    assert np.allclose(read, arrays.x_test, atol=1e-6)
    assert read.shape == arrays.x_test.shape


def test_arrays_that_few_samples_do_not_explain_are_asked_for(digits):
    x, y, x_test, y_test = digits
    dataset = archzoo.load_dataset({"x_train": x, "y_train": y, "x_test": x_test, "y_test": y_test})
    contract = InputContract.of(dataset, dataset.load(None).x_train)
    for odd, said in (
        ((x_test[:2] > 99).astype("uint8"), "values 0 and 1 only"),
        ((x_test[:2] // 2).astype("uint16"), "no value above 1"),
    ):
        with pytest.raises(UsageError, match=said):
            contract.batch(odd)


def test_an_unusual_picture_is_warned_of_and_shown(zoo_here, answers, digits, tmp_path):
    Image.fromarray(np.zeros((28, 28), "uint8") + 90).save("even.png")
    Image.fromarray(digits[2][0]).save("usual.png")
    run = answers("uint8", "light")
    code, _, err = zoo_here(
        "predict", run, "even.png", "usual.png", "--as-is", "--show", "seen.png"
    )
    assert code == 0
    assert "warning: even.png: is unlike the training images (" in err
    assert "usual.png" not in err
    seen = np.asarray(Image.open("seen.png").convert("L"))
    assert 80 < np.median(seen[:100, :100]) < 100
    assert seen[:100, 112:].max() == 255
    result = zoo_here("predict", run, "even.png", "--show", "./even.png")
    assert_one_line_error(result, 2, "--show")


@pytest.mark.parametrize(
    ("low", "high", "known"),
    [
        (0, 1, (0, 1)),
        (0, 255, (0, 255)),
        (-1, 1, (-1, 1)),
        (-0.5, 0.5, None),
        (0, 16, None),
        (-3, 4, None),
    ],
)
def test_black_and_white_are_known_only_where_they_are_certain(low, high, known):
    x = np.linspace(low, high, 4 * 16, dtype="float32").reshape(4, 4, 4, 1)
    assert pixel_range(x, "image") == known
    assert pixel_range(x[..., 0], "sequence") is None


def test_values_that_are_no_pixels_refuse_pictures(zoo_here, digits):
    x, y, x_test, y_test = digits
    standard = [((each - 33.3) / 78.6).astype("float32") for each in (x, x_test)]
    np.savez("s.npz", x_train=standard[0], y_train=y, x_test=standard[1], y_test=y_test)
    zoo_here("train", "cnn", "--dataset", "s.npz", "--recipe", "tutorial", "--epochs", "1")
    Image.fromarray(x_test[0]).save("a.png")
    assert_one_line_error(zoo_here("predict", "last", "a.png"), 2, "black and white")
    np.savez("raw.npz", x_train=x, y_train=y, x_test=x_test, y_test=y_test)
    result = zoo_here("evaluate", "last", "--dataset", "raw.npz")
    assert_one_line_error(result, 2, "0 to 255", "-0.42")


def test_features_with_units_of_their_own_are_scaled_each(zoo_here):
    """The class is in the small feature; one scaling for both would drown it."""
    generator = np.random.default_rng(0)
    y = generator.integers(0, 2, 300)
    x = np.zeros((300, 8, 2), "float32")
    x[..., 0] = generator.random((300, 8)) * 0.004 + y[:, None] * 0.005
    x[..., 1] = generator.random((300, 8)) * 10_000
    np.savez(
        "u.npz",
        x_train=x[:240],
        y_train=y[:240],
        x_test=x[240:],
        y_test=y[240:],
        layout="sequence",
    )
    code, out, err = zoo_here("train", "gru", "--dataset", "u.npz", "--recipe", "small", "--json")
    assert code == 0, err
    record = json.loads(out)
    assert record["metrics"]["test_accuracy"] > 0.95
    assert record["identity"]["scaling"] == "by channel"
    assert len(record["input"]["scale"]) == 2
    code, out, _ = zoo_here("datasets", "show", "u.npz")
    assert "features have different ranges (feature 0: " in out


def test_the_largest_class_is_said_beside_an_accuracy_that_it_explains(zoo_here):
    generator = np.random.default_rng(0)
    y = (np.arange(400) % 20 == 0).astype("int64")
    x = generator.integers(0, 256, (400, 8, 8), "uint8")
    np.savez("few.npz", x_train=x[:300], y_train=y[:300], x_test=x[300:], y_test=y[300:])
    arguments = ("cnn", "--dataset", "few.npz", "--recipe", "tutorial", "--epochs", "1")
    _, out, _ = zoo_here("train", *arguments)
    assert "cannot be told from always answering '0', which is right for 95.00 %" in out
    code, out, _ = zoo_here("check", "few.npz")
    assert code == 0
    assert "95.0 % of the training samples are of 0" in out
    _, out, _ = zoo_here("compare", *arguments[:5], "--seeds", "1", "--costs", "none")
    assert "note: cnn: cannot be told from always answering '0'" in out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x, y: (np.where(x > 0.99, -9999, x), y), "are -9999, far from the others"),
        (lambda x, y: (np.concatenate([x[:200], x[:50]]), y), "50 of 50 test samples are training"),
        (lambda x, y: (x, np.sort(y)), "classes have other shares"),
        (lambda x, y: (np.concatenate([x[:200] / 2, x[200:] * 3]), y), "are unlike"),
        (lambda x, y: (x * 0 + 3, y), "all values of x_train are 3"),
    ],
)
def test_what_looks_wrong_is_said_with_figures(zoo_here, change, said):
    generator = np.random.default_rng(0)
    x, y = change(
        generator.random((250, 6, 6)).astype("float32") * 0.999, np.arange(250) * 4 // 250
    )
    generator = np.random.default_rng(1)
    if said != "classes have other shares":
        y = generator.permutation(y)
    x = x.astype("float32")
    np.savez("d.npz", x_train=x[:200], y_train=y[:200], x_test=x[200:], y_test=y[200:])
    _, out, _ = zoo_here("datasets", "show", "d.npz")
    assert said in out


def test_an_older_record_without_a_contract_is_read_by_its_scaling(zoo_here, answers, place):
    run = answers("uint8", "light")
    path = run / "run.json"
    before = path.read_text()
    record = json.loads(before)
    del record["contract"]
    try:
        path.write_text(json.dumps(record))
        code, found, _ = predicted(zoo_here, run, *sorted(place.glob("light_*.png")))
    finally:
        path.write_text(before)
    assert code == 0
    with np.load(run / "predictions.npz") as kept:
        assert found == list(map(str, kept["logits"][:ASKED].argmax(axis=1)))


def test_a_contract_is_its_record(digits):
    x = digits[0][..., None]
    seen = Statistics.of(x, "image")
    contract = InputContract(
        "image", (28, 28, 1), "uint8", (0.0, 255.0), ("a",), None, False, "crop", seen
    )
    kept = contract.as_record()
    assert (kept.other_sizes, kept.shape, kept.pixel_range) == (
        "cropped",
        (28, 28, 1),
        (0.0, 255.0),
    )
    assert kept.seen and (kept.seen.polarity, kept.seen.background) == ("light on dark", 0)
    assert replace(contract, seen=None).as_record().seen is None


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> Path:
    """A folder with one dataset of series in tables of several makes, and a run trained on one."""
    import pandas as pd

    from zoo.__main__ import run

    folder = tmp_path_factory.mktemp("tables")
    x = np.random.default_rng(0).normal(size=(40, 6)).round(4)
    labels, ids = np.array(["up", "down"] * 20), np.arange(40).repeat(6)
    split = np.array(["train"] * 24 + ["test"] * 16)
    wide = pd.DataFrame(x, columns=[f"t{step}" for step in range(6)]).assign(y=labels, split=split)
    long = pd.DataFrame({"id": ids, "time": np.tile(np.arange(6), 40), "v": x.reshape(-1)})
    long = long.assign(label=labels[ids], split=split[ids]).sample(frac=1, random_state=0)
    wide.to_csv(folder / "wide.csv", index=False)
    wide[[*reversed(wide.columns)]].to_parquet(folder / "reversed.parquet")
    wide.to_csv(folder / "commas.csv", sep=";", decimal=",", encoding="utf-16")
    long.to_csv(folder / "long.tsv", sep="\t", index=False)
    wide.assign(y=np.where(labels == "up", "down", "up")).to_csv(folder / "turned.csv")
    wide.rename(columns={"y": "a"}).assign(b="x").to_csv(folder / "asked.csv")
    wide.drop(columns="t5").to_csv(folder / "short.csv")
    wide.assign(y="left").assign(y=["left", "up"] * 20).to_csv(folder / "other.csv")
    words = f"train gru --set units=2 --set depth=1 --epochs 1 --quiet --runs-dir {folder}/runs"
    assert run([*words.split(), "--dataset", str(folder / "wide.csv")]) == 0
    return folder


def test_a_table_of_another_make_gives_equal_answers_or_is_refused(zoo_here, tables):
    run = next((tables / "runs").glob("*/run.json")).parent
    _, own, _ = evaluated(zoo_here, run)
    for name in ("reversed.parquet", "commas.csv", "long.tsv"):
        code, found, err = evaluated(zoo_here, run, "--dataset", tables / name)
        assert code == 0, err
        assert found["test_loss"] == pytest.approx(own["test_loss"], rel=1e-5), name
    _, found, _ = evaluated(zoo_here, run, "--dataset", tables / "turned.csv")
    assert found["test_correct"] == 16 - own["test_correct"]
    asked = tables / "asked.csv"
    result = zoo_here("evaluate", run, "--dataset", asked)
    assert_one_line_error(result, 1, "which column has the labels", "--data-set label=a")
    chosen = ("--data-set", "label=a", "--data-set", "drop=b")
    _, found, err = evaluated(zoo_here, run, "--dataset", asked, *chosen)
    assert found["test_correct"] == own["test_correct"], err
    for name, part in (("short.csv", "(5, 1)"), ("other.csv", "left")):
        assert_one_line_error(zoo_here("evaluate", run, "--dataset", tables / name), 2, part)
    result = zoo_here("compare", "gru", "fcn", "--dataset", asked, "--dry-run")
    assert_one_line_error(result, 1, "which column has the labels", "--data-set label=a")
    result = zoo_here("predict", run, tables / "wide.csv")
    assert_one_line_error(result, 2, "reads sequence", "zoo evaluate")

"""The drawing page makes the very samples that archzoo makes: its JavaScript beside Python, in Node."""

import base64
import io
import json
import shutil
import subprocess
import tarfile
from importlib.resources import files

import numpy as np
import pytest
from PIL import Image, ImageDraw

from zoo import layouts
from zoo.contract import InputContract
from zoo.datasets import wav
from zoo.datasets.sound_reading import resampled
from zoo.datasets.spectrogram import LogMel
from zoo.pictures import PictureReader

PAGE = files("zoo.serving.page")
CLASSES = ("a", "b")


def calculate(code: str, given: object) -> object:
    """What JavaScript makes of `given`, with the page's functions."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node on PATH")
    names = ("pixels.js", "spectrogram.js", "sound.js", "series.js", "prefixes.js")
    script = "".join((PAGE / name).read_text("utf-8") for name in names)
    script += (
        "\nconst given = JSON.parse(require('fs').readFileSync(0, 'utf-8'));"
        "\nconst bytes = (text) => new Uint8Array(Buffer.from(text, 'base64'));"
        f"\nconsole.log(JSON.stringify(((given) => {{{code}}})(given)));"
    )
    done = subprocess.run(
        [node, "-e", script], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def as_text(x: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(x).tobytes()).decode()


def drawing(size: tuple[int, int], paper: int, ink: int, width: int) -> Image.Image:
    image = Image.new("L", size, paper)
    points = [(0.2, 0.2), (0.7, 0.25), (0.4, 0.8), (0.5, 0.85)]
    line = [(x * size[0], y * size[1]) for x, y in points]
    ImageDraw.Draw(image).line(line, fill=ink, width=width, joint="curve")
    return image


PICTURES = {
    "dark on light": (
        drawing((200, 150), 250, 20, 12),
        {"polarity": "light on dark", "centred": True},
    ),
    "light on dark": (
        drawing((90, 300), 10, 240, 9),
        {"polarity": "light on dark", "centred": True},
    ),
    "not centred": (drawing((64, 40), 255, 0, 5), {"polarity": "light on dark"}),
    "fitted": (drawing((64, 40), 255, 0, 5), {}),
    "cropped": (drawing((64, 40), 90, 200, 5), {"resize": "crop"}),
    "stretched": (drawing((20, 33), 90, 200, 3), {"resize": "stretch"}),
}


@pytest.mark.parametrize("shape", [(28, 28, 1), (16, 12, 1), (28, 28, 3)], ids=str)
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_becomes_the_sample_that_zoo_predict_makes(name, shape, tmp_path):
    image, options = PICTURES[name]
    if shape[2] == 3:
        options = {key: value for key, value in options.items() if key == "resize"}
    contract = InputContract("image", shape, "uint8", (0.0, 255.0), CLASSES, **options)
    image.save(tmp_path / "drawn.png")
    expected = PictureReader(contract).read(tmp_path / "drawn.png").sample
    record = contract.as_record()
    found = calculate(
        "const data = new Uint8ClampedArray(bytes(given.data));"
        "return [...pictureSample({...given, data}, given.input).values]",
        {
            "data": as_text(np.asarray(image.convert("RGBA"))),
            "height": image.height,
            "width": image.width,
            "input": {
                "shape": shape,
                "dtype": "uint8",
                "pixel_range": [0, 255],
                "centred": contract.centred,
                "drawn": bool(contract.polarity),
                "other_sizes": record.other_sizes,
            },
        },
    )
    difference = np.abs(np.reshape(found, shape).astype(int) - expected.astype(int))
    assert difference.max() <= 1  # Pillow calculates in float32
    assert (difference > 0).mean() < 0.02


@pytest.fixture(scope="module")
def recordings(spoken_digits_archive) -> list[bytes]:
    """Genuine recordings, one in fifty."""
    with tarfile.open(spoken_digits_archive) as archive:
        members = [each for each in archive if each.name.endswith("_7.wav")][:40:5]
        return [archive.extractfile(each).read() for each in members]


def test_a_recording_becomes_the_spectrogram_that_models_are_trained_on(recordings):
    assert len(recordings) == 8
    expected = np.stack([LogMel(8000, 64)(wav.read(io.BytesIO(x), "it")[1]) for x in recordings])
    found = calculate(
        "return given.map((text) => { const {heard, rate} = readWav(bytes(text).buffer);"
        " return [...spectrogram(heard, rate, 64)] })",
        [base64.b64encode(x).decode() for x in recordings],
    )
    difference = np.abs(np.reshape(found, expected.shape).astype(int) - expected.astype(int))
    assert expected.std() > 20
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-3


def test_a_sound_of_another_rate_is_resampled_alike(recordings, tmp_path):
    pytest.importorskip("soxr")
    rate, samples = wav.read(io.BytesIO(recordings[0]), "it")
    faster = resampled(samples, rate, 48000, tmp_path)
    expected = LogMel(8000, 64)(resampled(faster, 48000, 8000, tmp_path))
    code = (
        "const heard = new Float64Array(bytes(given).buffer);"
        "return [...spectrogram(atRate(heard, 48000, 8000), 8000, 64)]"
    )
    found = np.reshape(calculate(code, as_text(faster)), expected.shape)
    loud = expected > 100  # what is 50 dB below the loudest differs by the filters' own noise
    loud[:, -2:] = False  # and near half the rate, by where they begin to cut
    assert loud.sum() > 200
    assert np.abs(found.astype(int) - expected)[loud].max() <= 3


@pytest.mark.parametrize(
    ("target", "how", "count"),
    [("sequence", "whole", 28), ("frames", "strips", 4), ("frames", "space_to_depth", 4)],
)
def test_a_prefix_holds_the_steps_that_were_read_and_nothing_else(target, how, count):
    sample = np.random.default_rng(0).integers(1, 256, (28, 28, 1), "uint8")
    model = {
        "input": {
            "layout": "image",
            "shape": sample.shape,
            "pixel_range": [0, 255],
            "dtype": "uint8",
        },
        "conversion": {
            "target": target,
            "how": how,
            "shape": layouts.shape("image", sample.shape, target, how),
        },
    }
    found = calculate(
        "const development = developmentOf(given.model);"
        "return [development.ends, [...prefixes(bytes(given.sample), development)]]",
        {"model": model, "sample": as_text(sample)},
    )
    assert found[0] == list(range(1, count + 1))
    blank = np.reshape(found[1], (count, *sample.shape))
    for end in range(1, count + 1):
        steps, whole = in_steps(blank[end - 1], how, count), in_steps(sample, how, count)
        assert np.array_equal(steps[:end], whole[:end])
        assert not steps[end:].any()


def in_steps(image: np.ndarray, how: str, count: int) -> np.ndarray:
    """Rows, strips or the four halves in resolution of an image, as docs/layouts.md has them."""
    if how == "space_to_depth":
        return np.stack([image[i::2, j::2] for i in (0, 1) for j in (0, 1)])
    return image.reshape(count, -1)


def test_numbers_that_do_not_fit_are_refused_with_the_reason():
    code = (
        "return given.texts.map((text) => { try { return [...seriesOf(text, given.input)] }"
        " catch (error) { return error.message } })"
    )
    texts = ["a,b\n1,2\n3,4.5\n-1,0", "1,2\n3,4", "1,2\n3\n4,5", "1,2\n3,x\n4,5"]
    found = calculate(code, {"texts": texts, "input": {"shape": [3, 2], "padded": False}})
    assert found == [
        [1, 2, 3, 4.5, -1, 0],
        "There are 2 steps; the model reads 3.",
        "Line 2 has 1 numbers; the model reads 2 in each step.",
        "x is no number.",
    ]

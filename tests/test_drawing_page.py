"""The drawing page in a browser: of a server, and as one file that is opened from disk."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from conftest import assert_one_line_error

pytest.importorskip("httpx")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("tf2onnx")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from browsing import (  # noqa: E402
    ONE,
    SEVEN,
    ZERO,
    browsing,
    complaints,
    draw,
    requested,
    settled,
    show,
    until,
)
from served import CLASSES, Served, contract, expected, handmade  # noqa: E402
from web_runtime import web_runtime  # noqa: E402

from zoo.datasets.sound_reading import SoundReading  # noqa: E402
from zoo.serving.page import runtime_files  # noqa: E402

READING = SoundReading(8000, 64)


@pytest.fixture(scope="module")
def home(tmp_path_factory, data_dir) -> Path:
    """A CNN that was trained on MNIST for a few steps, with its ONNX file; and models made by hand."""
    place = tmp_path_factory.mktemp("page")
    train = ["train", "cnn", "--dataset", "mnist", "--recipe", "quick", "--steps", "70", "--quiet"]
    _zoo(train, place, data_dir)
    _zoo(["export", "cnn"], place, data_dir)
    rows = handmade(
        place / "rows.onnx", contract(shape=(28, 28, 1), polarity="light on dark"), "rows"
    )
    _convert(rows, {"target": "sequence", "how": "whole", "shape": [28, 28], "text": "in rows"})
    sounds = contract("sequence", READING.shape, reading=READING)
    handmade(place / "sounds.onnx", sounds, "sounds")
    handmade(place / "steps.onnx", contract("sequence", (6, 1), "float32"), "steps")
    handmade(place / "clips.onnx", contract("frames", (3, 8, 8, 1)), "clips")
    return place


def _zoo(words, cwd: Path, data_dir: Path, **env) -> subprocess.CompletedProcess:
    environment = {**os.environ, "ZOO_DATA_DIR": str(data_dir), **env}
    command = [sys.executable, "-m", "zoo", *words]
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def _convert(path: Path, conversion: dict) -> None:
    model = onnx.load(path)
    model.metadata_props.add(key="conversion", value=json.dumps(conversion))
    path.write_bytes(model.SerializeToString())


@pytest.fixture(scope="module")
def server(home):
    names = ("rows", "sounds", "steps", "clips")
    served = Served("cnn", *(f"{name}={name}.onnx" for name in names), cwd=home)
    yield served
    served.stop()


@pytest.fixture(scope="module")
def chrome(tmp_path_factory):
    with browsing(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture
def page(chrome, server):
    """The server's page; nothing complains, and nobody else is asked."""
    requested(chrome)
    show(chrome, server.url)
    yield chrome
    assert complaints(chrome) == []
    assert all(url.startswith(server.url) for url in requested(chrome))


def test_the_right_digit_comes_while_one_draws(page):
    for strokes, digit in ((SEVEN, "7"), (ONE, "1"), (ZERO, "0")):
        draw(page, strokes)
        assert settled(page, "cnn") == digit
    card = page.find_element("css selector", "[data-model=cnn]")
    assert card.find_element("css selector", ".time").text.endswith(" ms")
    assert len(card.find_elements("css selector", ".bars li")) == 10
    assert page.find_element("css selector", ".agreement").text.startswith(
        "mnist: The answer is 0."
    )
    until(page, "return document.querySelector('#picture .spoken').textContent.includes('0')")
    assert not card.find_elements("css selector", ".strip")  # a CNN reads all at once
    page.find_element("css selector", ".undo").click()
    assert settled(page, "cnn") == "–"


def test_the_answer_after_each_row_is_that_of_the_sample_with_the_rest_blank(page):
    draw(page, SEVEN)
    settled(page, "rows")
    pixels = page.execute_script(
        "const [shown] = document.querySelectorAll('#picture .seen canvas');"
        "const {data} = shown.getContext('2d').getImageData(0, 0, 28, 28);"
        "return [...data].filter((_, i) => i % 4 === 0)"
    )
    sample = np.reshape(pixels, (28, 28))
    assert sample.max() == 255 and 30 < (sample > 127).sum() < 150
    prefixes = np.stack([np.where(np.arange(28)[:, None] < end, sample, 0) for end in range(1, 29)])
    answers = expected(prefixes).argmax(axis=1)
    since = 28 - int((answers[::-1] == answers[-1]).cumprod().sum()) + 1
    label = page.find_element("css selector", "[data-model=rows] .strip").get_attribute(
        "aria-label"
    )
    assert label == f"{CLASSES[answers[-1]]} from row {since} of 28 on"


def test_a_sound_file_is_answered_and_shown(page, spoken_digits_archive, tmp_path):
    with tarfile.open(spoken_digits_archive) as archive:
        member = next(each for each in archive if each.name.endswith("7_theo_3.wav"))
        (tmp_path / "seven.wav").write_bytes(archive.extractfile(member).read())
    sample = READING.read(tmp_path / "seven.wav")
    page.find_element("css selector", "#sound input[type=file]").send_keys(
        str(tmp_path / "seven.wav")
    )
    said = until(page, "return group('sound').cards[0].said")
    assert said == CLASSES[expected(sample[None]).argmax()]
    width, height = page.execute_script(
        "const c = document.querySelector('#sound .seen canvas'); return [c.width, c.height]"
    )
    assert (width, height) == READING.shape


def test_numbers_are_answered_or_explained(page):
    field = page.find_element("id", "numbers")
    field.send_keys("1 2 3 4 5")
    trouble = page.find_element("css selector", "#series .trouble")
    assert trouble.text == "There are 5 steps; the model reads 6."
    field.send_keys(" -900")
    said = until(page, "return group('series').cards[0].said")
    assert said == CLASSES[expected(np.array([[1, 2, 3, 4, 5, -900]])).argmax()]
    assert not trouble.is_displayed()


def test_a_model_whose_input_cannot_be_made_says_so(page):
    card = page.find_element("css selector", "#others [data-model=clips]")
    assert "cannot make its input: frames samples 3 × 8 × 8 × 1" in card.text


def test_a_picture_file_is_answered(page, tmp_path):
    from PIL import Image, ImageDraw

    image = Image.new("L", (200, 200), 255)
    line = [(50, 45), (100, 40), (150, 45), (100, 120), (85, 170)]
    ImageDraw.Draw(image).line(line, fill=0, width=16, joint="curve")
    image.save(tmp_path / "seven.png")
    field = page.find_element("css selector", "#picture input[type=file]")
    field.send_keys(str(tmp_path / "seven.png"))
    assert until(page, "return group('picture').cards[0].said") == "7"
    (tmp_path / "not.png").write_text("no picture")
    field.send_keys(str(tmp_path / "not.png"))
    until(page, "return !document.querySelector('#picture .trouble').hidden")
    assert "no picture that the browser reads" in page.find_element("css selector", ".trouble").text


def test_it_is_used_by_keyboard(page):
    from selenium.webdriver.common.keys import Keys

    pad = page.find_element("css selector", "canvas.pad")
    page.execute_script("arguments[0].focus()", pad)
    down = [Keys.ARROW_DOWN] * 16
    pad.send_keys(Keys.ARROW_UP, Keys.ARROW_UP, Keys.ARROW_UP, " ", *down, " ")
    assert settled(page, "cnn") == "1"
    pad.send_keys(Keys.DELETE)
    assert settled(page, "cnn") == "–"
    order = []
    for _ in range(3):
        page.switch_to.active_element.send_keys(Keys.TAB)
        order.append(page.switch_to.active_element.text)
    assert order == ["Clear", "Undo", "Choose a picture"]


def test_it_is_dark_for_who_wants_that_and_fits_a_phone(page, server):
    def background(scheme):
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        return page.execute_script("return getComputedStyle(document.body).backgroundColor")

    light, dark = background("light"), background("dark")
    assert light != dark
    page.find_element("id", "theme").click()
    assert background("dark") == light
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    show(page, server.url, width=360)
    scroll = page.execute_script("return document.documentElement.scrollWidth")
    assert scroll <= 360


@pytest.fixture(scope="module")
def lesson(home, data_dir) -> tuple[Path, dict]:
    """The page as one file, and what the command says of it."""
    runtime = web_runtime()
    words = ["export", "cnn", "--format", "html", "--out", "lesson.html", "--json"]
    done = _zoo(words, home, data_dir, **{runtime_files.FOLDER: str(runtime)})
    return home / "lesson.html", json.loads(done.stdout)


def test_one_file_answers_without_a_network(chrome, lesson):
    path, said = lesson
    requested(chrome)
    show(chrome, path.as_uri())
    for strokes, digit in ((SEVEN, "7"), (ZERO, "0")):
        draw(chrome, strokes)
        assert settled(chrome, "cnn") == digit
    assert complaints(chrome) == []
    assert requested(chrome) == {path.as_uri()}
    assert said["bytes"] == path.stat().st_size < 7_000_000
    assert "Permission is hereby granted" in path.read_text("utf-8")


def test_the_page_is_proved_where_it_runs(lesson):
    path, said = lesson
    record = json.loads(path.with_name("lesson.html.export.json").read_text("utf-8"))
    assert said == {"path": str(Path("lesson.html")), **record}
    (model,) = record["models"]
    assert model["onnx"]["parity"]["changed"] == 0
    if shutil.which("chromium") or shutil.which("google-chrome"):
        assert record["proved_by"].startswith("Chrome ")
        assert model["page"]["samples"] == 64
        assert model["page"]["changed"] == 0
        assert model["page"]["largest_difference"] <= model["page"]["tolerance"]


def test_what_cannot_be_a_page_is_refused(zoo, tiny_run, tmp_path, monkeypatch):
    runs = ("--runs-dir", tiny_run.parent)
    page = ("export", tiny_run.name, "--format", "html", *runs)
    mine = tmp_path / "mine.html"
    mine.write_text("keep me")
    assert_one_line_error(zoo(*page, "--out", mine), 2, "is there already")
    assert mine.read_text() == "keep me"
    assert_one_line_error(zoo(*page, "--out", tmp_path / "a.txt"), 2, ".html")
    assert_one_line_error(zoo(*page, "--quantize", "int8"), 2, "--quantize")
    several = ("export", tiny_run.name, tiny_run.name, *runs)
    assert_one_line_error(zoo(*several), 2, "holds one run")
    assert_one_line_error(zoo(*several, "--format", "html"), 2, "--out")
    result = zoo(*page, "--out", tmp_path / "b.html")
    assert_one_line_error(result, 1, "onnxruntime-web", "npm pack onnxruntime-web@", "ZOO_OFFLINE")
    (tmp_path / "dist").mkdir()
    for name in runtime_files.SHA256:
        (tmp_path / "dist" / name).write_text("another")
    monkeypatch.setenv(runtime_files.FOLDER, str(tmp_path))
    assert_one_line_error(zoo(*page, "--out", tmp_path / "b.html"), 1, "is not that of", "npm pack")
    assert [each.name for each in tmp_path.glob("*b.html*")] == []

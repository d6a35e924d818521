"""Serving: what a server answers, what it refuses, and how it ends."""

import io
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from conftest import PROJECT, assert_one_line_error
from PIL import Image

import zoo as package
from zoo.datasets.location import Locations
from zoo.datasets.sound_reading import SoundReading
from zoo.errors import UsageError, ZooError
from zoo.media_files import reader_of

httpx = pytest.importorskip("httpx")
pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
parser = pytest.importorskip("prometheus_client.parser")

from served import Served, contract, expected, handmade, logits_of, npy  # noqa: E402

from zoo.serving import current_export, named_models, packages, sample_bodies  # noqa: E402
from zoo.serving.refusals import Refusal  # noqa: E402

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (5, 4, 4, 1), "uint8")
READING = SoundReading(8000, 12)
SOUNDS = contract("sequence", READING.shape, reading=READING)
LIMITS = ("--max-body-mib", "0.1", "--max-instances", "40", "--max-pixels", "10000")


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A folder with ONNX files made by hand."""
    place = tmp_path_factory.mktemp("served")
    handmade(place / "pixels.onnx", contract(), "pixels")
    handmade(place / "unknown.onnx", contract(), "unknown", known=False)
    steps = contract("sequence", (6, 2), "float32", padded=True)
    handmade(place / "steps.onnx", steps, "steps")
    handmade(place / "slow.onnx", contract(), "slow", work=2)
    handmade(place / "sounds.onnx", SOUNDS, "sounds")
    return place


@pytest.fixture(scope="module")
def server(home):
    served = Served(
        "pixels.onnx", "unknown.onnx", "other=steps.onnx", "sounds.onnx", *LIMITS, cwd=home
    )
    yield served
    assert served.stop() == 0
    assert served.errors == []


def _png(values, form="PNG", **given) -> bytes:
    file = io.BytesIO()
    Image.fromarray(values).save(file, form, **given)
    return file.getvalue()


# What it answers


def test_arrays_are_answered(server):
    for request in (
        {"json": {"instances": PIXELS.tolist()}},
        {"json": {"instances": PIXELS[..., 0].tolist()}},
        npy(PIXELS),
        npy(np.asfortranarray(PIXELS)),
        npy(PIXELS.astype("int64")),
    ):
        answer = server.predict("pixels", **request)
        assert np.allclose(logits_of(answer), expected(PIXELS), atol=1e-4)
    content = answer.json()
    assert content["model"] == "pixels" and content["run"] == "pixels-run"
    assert content["milliseconds"] > 0
    first = content["predictions"][0]
    assert sum(first["probabilities"]) == pytest.approx(1, abs=1e-5)
    assert first["index"] == int(expected(PIXELS)[0].argmax())
    assert first["class"] == "abc"[first["index"]]
    timing = answer.headers["server-timing"]
    assert re.fullmatch(r"read;dur=[\d.]+, answer;dur=[\d.]+, model;dur=[\d.]+", timing)


def test_a_sample_may_come_without_a_batch(server):
    for request in (npy(PIXELS[0]), npy(PIXELS[0, ..., 0])):
        answer = logits_of(server.predict("pixels", **request))
        assert np.allclose(answer, expected(PIXELS[:1]), atol=1e-4)


def test_pixels_of_another_range_are_converted_exactly(server):
    whole = np.where(PIXELS.max() == PIXELS, 255, PIXELS).astype("uint8")
    request = {"json": {"instances": (whole / 255).tolist()}}
    assert np.allclose(logits_of(server.predict("pixels", **request)), expected(whole), atol=1e-4)
    assert server.predict("pixels", **npy(whole / 256)).status_code == 422
    inverted = server.client.post("/v1/models/pixels:predict?invert=true", **npy(whole))
    assert np.allclose(logits_of(inverted), expected(255 - whole), atol=1e-4)


def test_sequences_may_be_shorter(server):
    whole = RNG.normal(size=(6, 2)).astype("float32")
    padded = np.full((2, 6, 2), np.nan, "float32")
    padded[0], padded[1, :3] = whole, whole[:3]
    request = {"json": {"instances": [whole.tolist(), whole[:3].tolist()]}}
    for each in (request, npy(padded)):
        answer = logits_of(server.predict("other", **each))
        assert np.allclose(answer, expected(padded), atol=1e-5)
    hole = whole.copy()
    hole[2] = np.nan
    assert server.predict("other", **npy(hole)).status_code == 422
    assert server.predict("other", json={"instances": [[[1, 2]] * 7]}).status_code == 422


def test_files_are_read(server):
    image = _png(PIXELS[0, ..., 0])
    for request in (
        {"files": {"image": ("a.png", image)}},
        {"content": image, "headers": {"content-type": "image/png"}},
    ):
        answer = server.predict("pixels", **request)
        assert np.allclose(logits_of(answer), expected(PIXELS[:1]), atol=1e-4)
        assert answer.json()["predictions"][0]["done"] == []
    many = [("image", (f"{i}.png", _png(each[..., 0]))) for i, each in enumerate(PIXELS)]
    assert np.allclose(logits_of(server.predict("pixels", files=many)), expected(PIXELS), atol=1e-4)


def test_models_are_described(server):
    listed = server.client.get("/v1/models").json()["models"]
    assert [each["name"] for each in listed] == ["pixels", "unknown", "other", "sounds"]
    assert server.client.get("/v1/models/pixels").json() == listed[0] == server.ready["models"][0]
    assert listed[0]["input"]["shape"] == [4, 4, 1] and listed[0]["takes_files"] == "image"
    assert listed[0]["classes"] == ["a", "b", "c"]
    assert listed[1]["takes_files"] is listed[2]["takes_files"] is None
    assert (listed[3]["takes_files"], listed[3]["input"]["reading"]["rate"]) == ("audio", 8000)
    assert listed[2]["architecture"] == "steps" and listed[2]["input"]["padded"]
    assert str(PROJECT) not in json.dumps(listed)


def test_concurrent_requests_share_batches_and_are_answered_before_it_ends(home):
    served = Served("slow.onnx", "--max-batch", "4", "--threads", "1", cwd=home)
    try:
        with ThreadPoolExecutor(12) as pool:
            answers = list(
                pool.map(lambda i: served.predict("slow", **npy(PIXELS[i % 5])), range(12))
            )
        for i, answer in enumerate(answers):
            assert np.allclose(logits_of(answer), expected(PIXELS[i % 5][None]), atol=1e-4)
        found = _metrics(served)
        assert found["archzoo_batch_samples_sum"] == 12
        assert 3 <= found["archzoo_batch_samples_count"] < 12
        ten = served.predict("slow", **npy(np.concatenate([PIXELS] * 2)))
        assert np.allclose(logits_of(ten)[5:], expected(PIXELS), atol=1e-4)
        _stop_while_it_answers(served, signal.SIGINT, {200})
    finally:
        served.stop()


def _stop_while_it_answers(served, number, statuses) -> None:
    """Every request that was accepted is answered, the exit code is 0, and it does not last."""
    answers = []

    def ask():
        answers.append(
            httpx.post(f"{served.url}/v1/models/slow:predict", **npy(PIXELS[0]), timeout=60)
        )

    threads = [threading.Thread(target=ask) for _ in range(6)]
    before = _metrics(served)["archzoo_batch_samples_count"]
    for each in threads:
        each.start()
    while _metrics(served)["archzoo_batch_samples_count"] == before:
        time.sleep(0.005)
    start = time.monotonic()
    assert served.stop(number) == 0
    assert time.monotonic() - start < 20
    for each in threads:
        each.join()
    assert {each.status_code for each in answers} <= statuses and len(answers) == 6
    assert served.errors == []


def test_a_full_queue_is_refused(home):
    served = Served("slow.onnx", "--max-queue", "3", "--max-batch", "1", "--threads", "1", cwd=home)
    try:
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: served.predict("slow", **npy(PIXELS[0])), range(24)))
        refused = [each for each in answers if each.status_code == 503]
        assert 0 < len(refused) < 24
        assert {each.status_code for each in answers} == {200, 503}
        _refused(refused[0], 503, "at most 3", "Try again")
        assert refused[0].headers["retry-after"] == "1"
        _stop_while_it_answers(served, signal.SIGTERM, {200, 503})
    finally:
        served.stop()


def test_a_batch_may_wait_for_more_and_other_sites_be_allowed(home):
    words = ("--allow-origin", "https://a.example", "--allow-host", "model.example")
    served = Served("pixels.onnx", "--max-wait-ms", "300", "--max-batch", "3", *words, cwd=home)
    try:
        start = time.monotonic()
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda _: served.predict("pixels", **npy(PIXELS[0])), range(3)))
        assert _metrics(served)["archzoo_batch_samples_count"] <= 2
        answer = served.predict("pixels", **npy(PIXELS[0]))
        assert answer.status_code == 200 and time.monotonic() - start > 0.3
        headers = {"origin": "https://a.example", "access-control-request-method": "POST"}
        allowed = served.client.options("/v1/models/pixels:predict", headers=headers)
        assert allowed.headers["access-control-allow-origin"] == "https://a.example"
        other = served.client.get("/healthz", headers={"origin": "https://b.example"})
        assert "access-control-allow-origin" not in other.headers
        assert served.client.get("/healthz", headers={"host": "model.example"}).status_code == 200
    finally:
        assert served.stop() == 0


def _metrics(served) -> dict[str, float]:
    """The figures of the server, added up over labels."""
    answer = served.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    found: dict[str, float] = {}
    for family in parser.text_string_to_metric_families(answer.text):
        for each in family.samples:
            found[each.name] = found.get(each.name, 0) + each.value
    return found


# Runs


def _tone(hertz: float, rate=8000) -> bytes:
    time_of = np.arange(int(0.2 * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * hertz * time_of) * 32767).astype("<i2").tobytes()


@pytest.fixture(scope="module")
def runs(tiny_py, tmp_path_factory) -> Path:
    """A folder with a run on images that are centred."""
    into = tmp_path_factory.mktemp("serve-runs")
    settings = {"recipe": "tutorial", "epochs": 1, "runs_dir": into / "runs", "progress": False}
    package.train(tiny_py, "digits", **settings)
    return into


@pytest.fixture(scope="module")
def of_runs(runs):
    """It is exported by the server, as nobody has exported it."""
    served = Served("digits", cwd=runs)
    yield served
    assert served.stop(signal.SIGINT) == 0
    assert [line for line in served.errors if not line.endswith("...\n")] == []


def _tolerance(runs: Path, part: str) -> float:
    found = package.load_run(part, runs / "runs").folder / "export" / "model.onnx"
    return package.load_export(found).report.parity.tolerance


def test_pictures_are_answered_as_by_predict(runs, of_runs, tmp_path):
    arrays = package.load_dataset("digits").load(Locations.of_user())
    drawn = Image.fromarray(np.asarray(arrays.x_test[0])[..., 0])
    large = Image.new("L", (300, 400), 255)
    large.paste(Image.eval(drawn.resize((200, 200)), lambda value: 255 - value), (40, 120))
    large.convert("RGB").save(tmp_path / "photo.jpg", quality=95)
    large.rotate(90, expand=True).save(tmp_path / "turned.tiff")
    drawn.save(tmp_path / "as_stored.png")
    clear = Image.new("RGBA", drawn.size, (0, 0, 0, 0))
    clear.putalpha(drawn)
    clear.save(tmp_path / "clear.png")
    paths = sorted(tmp_path.glob("*.*"))
    wanted = package.predict("digits", paths, runs_dir=runs / "runs")
    files = [("f", (path.name, path.read_bytes())) for path in paths]
    answer = of_runs.predict("tiny", files=files)
    _assert_alike(answer, wanted, _tolerance(runs, "digits"))
    found = [each["done"] for each in answer.json()["predictions"]]
    assert found == [each.done for each in wanted.pictures]
    assert [len(each) > 0 for each in found] == [False, True, True, True]


def test_arrays_are_answered_as_by_predict(runs, of_runs):
    arrays = package.load_dataset("digits").load(Locations.of_user())
    x = np.asarray(arrays.x_test[:20])
    wanted = package.predict("digits", x, runs_dir=runs / "runs")
    for request in ({"json": {"instances": x.tolist()}}, npy(x), npy(x / 255)):
        _assert_alike(of_runs.predict("tiny", **request), wanted, _tolerance(runs, "digits"))
    answer = of_runs.predict("tiny", **npy(255 - x))
    assert answer.status_code == 422 and "?invert=true" in answer.text
    inverted = of_runs.client.post("/v1/models/tiny:predict?invert=true", **npy(255 - x))
    _assert_alike(inverted, wanted, _tolerance(runs, "digits"))


@pytest.mark.parametrize(
    ("asked", "quicker", "answers"),
    [("keras", "onnx", "Keras on tensorflow"), ("auto", "keras", "Keras on tensorflow"),
     ("auto", "onnx", "ONNX Runtime"), ("onnx", "keras", "ONNX Runtime")],
)  # fmt: skip
def test_the_faster_runtime_answers_or_the_one_that_is_asked_for(
    runs, of_runs, tmp_path, asked, quicker, answers
):
    copy = shutil.copytree(runs / "runs", tmp_path / "runs")
    (report,) = copy.glob("*/export/model.onnx.export.json")
    measured = json.loads(report.read_text())
    for name, key in (("onnx", "speed"), ("keras", "keras_speed")):
        measured[key]["latency_ms"] = 0.001 if name == quicker else 1000.0
    report.write_text(json.dumps(measured))
    x = np.asarray(package.load_dataset("digits").load(Locations.of_user()).x_test[:7])
    wanted = package.predict("digits", x, runs_dir=copy, runtime="keras")
    with package.serve("digits", port=0, block=False, runtime=asked, runs_dir=copy) as server:
        (described,) = server.models
        assert described["runtime"] == answers
        answer = httpx.post(f"{server.url}/v1/models/tiny:predict", **npy(x))
    _assert_alike(answer, wanted, _tolerance(runs, "digits"))


def test_a_measurement_of_another_machine_does_not_choose_keras(runs, of_runs, tmp_path):
    copy = shutil.copytree(runs / "runs", tmp_path / "runs")
    (report,) = copy.glob("*/export/model.onnx.export.json")
    measured = json.loads(report.read_text())
    measured["speed"]["latency_ms"], measured["machine"]["processor"] = 1000.0, "another"
    report.write_text(json.dumps(measured))
    with package.serve("digits", port=0, block=False, runs_dir=copy) as server:
        assert server.models[0]["runtime"] == "ONNX Runtime"


def test_sounds_are_read_as_by_predict(server, tmp_path):
    soundfile = pytest.importorskip("soundfile")
    tone = np.frombuffer(_tone(700, 16000), "<i2")
    soundfile.write(tmp_path / "two channels.flac", np.stack([tone, tone], axis=1), 16000)
    soundfile.write(tmp_path / "short.wav", tone[:900], 8000)
    paths = sorted(tmp_path.glob("*.*"))
    wanted = [reader_of(SOUNDS, None).read(path) for path in paths]
    files = [("f", (path.name, path.read_bytes())) for path in paths]
    answer = server.predict("sounds", files=files)
    spectrograms = np.stack([each.sample for each in wanted])
    assert np.allclose(logits_of(answer), expected(spectrograms), atol=1e-3)
    assert [each["done"] for each in answer.json()["predictions"]] == [each.done for each in wanted]
    answer = server.predict("sounds", **npy(spectrograms))
    assert np.allclose(logits_of(answer), expected(spectrograms), atol=1e-3)
    _refused(server.predict("sounds", files={"f": ("a.wav", b"RIFF")}), 422, "a.wav")
    _refused(
        server.predict("sounds", files={"f": ("a.png", _png(PIXELS[0, ..., 0]))}), 422, "a.png"
    )


def _assert_alike(answer, wanted, tolerance: float) -> None:
    assert answer.status_code == 200, answer.text
    found = answer.json()["predictions"]
    assert [each["class"] for each in found] == wanted.labels
    given = np.array([each["probabilities"] for each in found])
    assert np.abs(given - wanted.probabilities).max() <= tolerance


def test_a_run_is_described(runs, of_runs):
    (image,) = of_runs.client.get("/v1/models").json()["models"]
    run = package.load_run("digits", runs / "runs")
    assert image["run"] == run.name and image["recipe"] == "tutorial"
    assert image["test"]["accuracy"] == run.metrics["test_accuracy"]
    assert image["input"]["centred"] and image["input"]["polarity"] == "light on dark"
    assert image["conversion"]["target"] == "image" and image["conversion"]["shape"] == [28, 28, 1]
    assert image["architecture"] == "tiny" and str(PROJECT) not in json.dumps(image)
    assert "/tmp" not in json.dumps(image)


def test_an_export_that_is_current_is_used(runs, of_runs, monkeypatch, tmp_path):
    made = []

    def export(run, settings, on_stage):
        made.append(settings.out)
        return package.Export(settings.out or run.folder / "export" / "model.onnx", None)

    monkeypatch.setattr(current_export, "export", export)
    run, settings = package.load_run("digits", runs / "runs"), current_export.Settings()
    find = current_export.current_export
    path = find(run, settings, tmp_path, print)
    assert path == run.folder / "export" / "model.onnx" and made == []
    monkeypatch.setattr(current_export, "_writable", lambda folder: False)
    run.record.finished = "2999-01-01T00:00:00+00:00"  # it was trained on
    assert find(run, settings, tmp_path, print) == tmp_path / f"{run.name}.onnx"
    assert made == [tmp_path / f"{run.name}.onnx"]


def test_an_exported_file_says_how_files_are_read(runs, of_runs, tmp_path):
    """Without the run's folder: on another machine."""
    folder = package.load_run("digits", runs / "runs").folder
    (tmp_path / "mine.onnx").write_bytes((folder / "export" / "model.onnx").read_bytes())
    image = (tmp_path / "seven.png", np.asarray(Image.new("L", (90, 90), 255)).copy())
    image[1][20:70, 40:48] = 0
    Image.fromarray(image[1]).save(image[0])
    with package.serve(tmp_path / "mine.onnx", port=0, block=False) as server:
        (alone,) = server.models
        files = {"f": image[0].read_bytes()}
        given = httpx.post(f"{server.url}/v1/models/tiny:predict", files=files).json()
    assert given["predictions"] == of_runs.predict("tiny", files=files).json()["predictions"]
    ours = of_runs.client.get("/v1/models/tiny").json()
    assert {**alone, "test": None} == {**ours, "test": None}


# What it refuses


def _refused(answer, status: int, *parts: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert set(error) == {"code", "message"}
    for part in parts:
        assert part in error["message"], error["message"]
    for secret in ("Traceback", str(PROJECT), "/tmp", ".onnx", 'File "'):
        assert secret not in error["message"]


JSON = {"content-type": "application/json"}
NPY = {"content-type": "application/x-npy"}
BAD = {
    "no JSON": ({"content": b"{", "headers": JSON}, 400, "no JSON"),
    "deep JSON": ({"content": b"[" * 90_000, "headers": JSON}, 400, "no JSON"),
    "NaN": ({"content": b'{"instances": [NaN]}', "headers": JSON}, 400, "no JSON"),
    "no instances": ({"json": [1]}, 400, '{"instances"'),
    "another key": ({"json": {"instances": [], "x": 1}}, 400, "'x'"),
    "no sample": ({"json": {"instances": []}}, 422, "at least one"),
    "ragged": ({"json": {"instances": [[1], [2, [3]]]}}, 422, "instances[1]", "(4, 4, 1)"),
    "two shapes": ({"json": {"instances": [[1], [2, 3]]}}, 422, "instances[1]"),
    "text": ({"json": {"instances": ["a"]}}, 422, "no numbers"),
    "true": ({"json": {"instances": [[True] * 16]}}, 422, "no numbers"),
    "null": ({"json": {"instances": [None]}}, 422, "no numbers"),
    "large": ({"json": {"instances": [[[[10**30]] * 4] * 4]}}, 422, "too large"),
    "shape": ({"json": {"instances": [[1, 2]]}}, 422, "(1, 2)", "(N, 4, 4, 1)", "0 to 255"),
    "range": ({"json": {"instances": [[[[256]] * 4] * 4]}}, 422, "256 to 256", "0 to 255"),
    "negative": (npy(np.full((1, 4, 4, 1), -1)), 422, "-1 to -1"),
    "infinite": (npy(np.full((1, 4, 4, 1), np.inf)), 422, "NaN or infinite"),
    "many": (npy(np.zeros((41, 4, 4, 1), "uint8")), 413, "41 samples", "at most 40"),
    "many grey": (npy(np.zeros((41, 4, 4), "uint8")), 413, "41 samples", "at most 40"),
    "empty": (npy(np.zeros((0, 4, 4, 1), "uint8")), 422, "at least one"),
    "no npy": ({"content": b"x", "headers": NPY}, 400, "numpy.save"),
    "zip": ({"content": b"PK\x03\x04" + b"0" * 99, "headers": NPY}, 400, "numpy.save"),
    "short npy": ({"content": npy(PIXELS)["content"][:-1], "headers": NPY}, 400, "80 bytes", "79"),
    "objects": (npy(np.array([[1], None], dtype=object)), 400, "object"),
    "scalar": (npy(np.float32(1)), 422, "shape ()"),
    "no type": ({"content": b"x"}, 415, "application/json"),
    "odd type": ({"content": b"x", "headers": {"content-type": "text/csv"}}, 415, "text/csv"),
    "form": ({"data": {"a": "b"}}, 415, "multipart"),
    "no boundary": (
        {"content": b"x", "headers": {"content-type": "multipart/form-data"}}, 400, "form",
    ),
    "no file": (
        {"content": b"--a--\r\n", "headers": {"content-type": "multipart/form-data; boundary=a"}},
        422, "no file",
    ),
    "field": ({"files": {"a": (None, b"text")}}, 400, "files only"),
    "no image": ({"files": {"f": ("/etc/a.png", b"text")}}, 422, "a.png: is no image"),
    "no name": ({"files": {"f": ("\x07\n", b"text")}}, 422, "is no image"),
    "bomb": ({"files": {"f": ("b.png", None)}}, 413, "b.png: has 120×120", "at most 10,000"),
    "long": ({"content": b"x" * 104_858, "headers": JSON}, 413, "104,858", "at most 104,857"),
    "longer": ({"content": (b"x" * 9999 for _ in range(20)), "headers": JSON}, 413, "more than"),
    "files": ({"files": [("f", ("a.png", b""))] * 41}, 413, "more than 40"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_requests_are_refused(server, name):
    request, status, *parts = BAD[name]
    if name == "bomb":
        request = {"files": {"f": ("b.png", _png(np.zeros((120, 120), "uint8")))}}
    _refused(server.predict("pixels", **request), status, *parts)
    assert server.predict("pixels", **npy(PIXELS)).status_code == 200


def test_a_bomb_is_not_unpacked(server):
    """100 million pixels in a few kilobytes; the header says so."""
    file = io.BytesIO()
    Image.new("1", (20_000, 5_000)).save(file, "PNG")
    assert len(file.getvalue()) < 20_000
    start = time.monotonic()
    _refused(server.predict("pixels", files={"f": file.getvalue()}), 422, "50 million")
    assert time.monotonic() - start < 5


def test_unknown_addresses_are_refused(server):
    get = server.client.get
    _refused(server.predict("pixel", **npy(PIXELS)), 404, "Did you mean pixels?")
    _refused(get("/v1/models/" + "x" * 5000), 404, "Known: other")
    _refused(get("/v1/nothing"), 404, "/docs")
    _refused(get("/v1/models/pixels:predict"), 405, "POST")
    _refused(server.client.post("/v1/models"), 405, "GET")
    _refused(
        server.client.post("/v1/models/pixels:predict?invert=1", **npy(PIXELS)), 400, "true or"
    )
    _refused(get("/healthz", headers={"host": "evil.example"}), 421, "evil.example")
    assert get("/healthz", headers={"host": "LOCALHOST:1"}).status_code == 200


def test_files_without_a_contract_are_refused(server):
    image = {"files": {"f": ("a.png", _png(PIXELS[0, ..., 0]))}}
    _refused(server.predict("unknown", **image), 415, "takes no files")
    _refused(server.predict("other", **image), 415, "takes no files")
    assert np.allclose(
        logits_of(server.predict("unknown", **npy(PIXELS))), expected(PIXELS), atol=1e-4
    )
    _refused(server.predict("unknown", **npy(PIXELS / 255)), 422, "no whole pixels")


def test_values_that_the_graph_does_not_take_are_refused():
    description = {
        "shape": [2],
        "layout": "sequence",
        "padded": False,
        "dtype": "uint8",
        "values": "v",
    }
    for values in ([[-1.0, 3]], [[0.5, 3]], [[256.0, 3]]):
        with pytest.raises(Refusal):
            sample_bodies.as_stored(np.array(values), None, description, None)


# Around it


def test_pages_and_descriptions_load_nothing_from_elsewhere(server):
    for path in ("/", "/docs"):
        answer = server.client.get(path)
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "connect-src 'self'" in policy
        assert not re.search(r"(?:src|href)=.?(?:https?:)?//", answer.text)
    for path in ("/healthz", "/readyz", "/v1/models", "/nothing"):
        headers = server.client.get(path, headers={"origin": "https://x.example"}).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "access-control-allow-origin" not in headers


def test_the_description_is_true(server):
    document = server.client.get("/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            address = path.replace("{name}", "pixels")
            request = npy(PIXELS) if method == "post" else {}
            answer = server.client.request(method.upper(), address, **request)
            assert answer.status_code == 200, path
            (kind,) = operation["responses"]["200"]["content"]
            assert answer.headers["content-type"].startswith(kind)
    schemas = document["components"]["schemas"]
    for name in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)):
        assert name in schemas
    answer = server.predict("pixels", **npy(PIXELS)).json()
    assert set(schemas["Answer"]["required"]) == set(answer)
    assert set(schemas["Prediction"]["required"]) == set(answer["predictions"][0])


def test_what_is_counted(server):
    server.predict("pixels", **npy(PIXELS))
    before = _metrics(server)
    for _ in range(3):
        server.predict("pixels", **npy(PIXELS))
    server.predict("nothing", **npy(PIXELS))
    after = _metrics(server)
    assert after["archzoo_requests_total"] - before["archzoo_requests_total"] == 5
    assert after["archzoo_batch_samples_sum"] - before["archzoo_batch_samples_sum"] == 15
    assert after["archzoo_resident_bytes"] > 2**20 and after["archzoo_waiting_samples"] == 0


# Its start and its end


def test_workers_share_the_port_and_their_counts(home):
    served = Served("pixels.onnx", "--workers", "2", "--host", "0.0.0.0", cwd=home)
    served.client.base_url = f"http://127.0.0.1:{served.port}"
    try:
        for _ in range(10):
            with httpx.Client(base_url=served.client.base_url, timeout=30) as client:
                answer = client.post("/v1/models/pixels:predict", **npy(PIXELS))
                assert np.allclose(logits_of(answer), expected(PIXELS), atol=1e-4)
        found = _metrics(served)
        assert found["archzoo_batch_samples_sum"] == 50
        workers = psutil.Process(served.process.pid).children(recursive=True)
        rss = sorted(each.memory_info().rss for each in workers)[-2:]
        assert found["archzoo_resident_bytes"] == pytest.approx(sum(rss), rel=0.3)
    finally:
        assert served.stop(signal.SIGINT) == 0


@pytest.mark.slow  # for uvicorn waits for them
def test_workers_that_cannot_start_end_the_server(home, tmp_path):
    path = tmp_path / "gone.onnx"
    path.write_bytes((home / "pixels.onnx").read_bytes())
    code = f"""
import zoo
from pathlib import Path
try:
    zoo.serve({str(path)!r}, port=0, workers=2, on_ready=lambda server: Path({str(path)!r}).unlink())
except zoo.ZooError as error:
    print(error)
"""
    (tmp_path / "program.py").write_text(
        f"if __name__ == '__main__':\n{textwrap.indent(code, '    ')}"
    )
    command = [sys.executable, "program.py"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "a worker did not start" in done.stdout
    assert "zoo: " in done.stderr and "gone.onnx" in done.stderr and "Traceback" not in done.stderr


def test_a_port_in_use(home, zoo):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = zoo("serve", home / "pixels.onnx", "--port", port)
    assert_one_line_error(result, 1, f"--port {port}", "in use", "--port 0")


def test_what_cannot_be_served(home, zoo_here, tmp_path, monkeypatch):
    (tmp_path / "text.onnx").write_text("text")
    file, other = home / "pixels.onnx", home / "steps.onnx"
    for words, code, *parts in (
        (["nothing", "--runs-dir", tmp_path], 2, "unknown run", "nothing"),
        (["missing.onnx"], 2, "no such file"),
        ([tmp_path / "text.onnx"], 1, "ONNX Runtime does not load it"),
        ([f"a={file}", f"a={other}"], 2, "served as 'a'", "NAME=RUN"),
        ([file, "--runtime", "keras"], 2, "--runtime keras", "is a file; give its run"),
        ([file, "--port", "70000"], 2, "--port 70000"),
        ([file, "--host", "nowhere.invalid"], 2, "--host nowhere.invalid"),
        ([file, "--workers", "0"], 2, "--workers 0"),
        ([file, "--max-batch", "0"], 2, "--max-batch 0"),
        ([file, "--timeout", "0"], 2, "--timeout 0"),
    ):
        assert_one_line_error(zoo_here("serve", *words), code, *parts)
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: None)
    assert_one_line_error(zoo_here("serve", file), 2, "starlette", "pip install 'archzoo[serve]'")


def test_a_graph_that_is_not_as_it_says(tmp_path):
    onnx = pytest.importorskip("onnx")
    path = handmade(tmp_path / "odd.onnx", contract())
    model = onnx.load(path)
    known = {each.key: each.value for each in model.metadata_props}
    onnx.helper.set_model_props(model, {**known, "classes": '["a", "b"]'})
    onnx.save(model, path)
    with pytest.raises(ZooError, match="its graph is not what its metadata say"):
        package.serve(path, port=0, block=False)
    onnx.helper.set_model_props(model, {"run": "x"})
    onnx.save(model, path)
    with pytest.raises(ZooError, match="no ONNX file that archzoo exported"):
        package.serve(path, port=0, block=False)


def test_names():
    made = [named_models.ServedFile(Path(x), "cnn", f"cnn-{x}") for x in "ab"]
    assert named_models.names_of(made) == ["cnn-a", "cnn-b"]
    assert named_models.names_of([made[0], replace(made[1], given="new")]) == ["cnn", "new"]
    assert named_models.split_name("new=runs/x") == ("new", "runs/x")
    assert named_models.split_name("runs/x=1") == ("", "runs/x=1")
    for given in ([replace(each, given="cnn") for each in made], [made[0], made[0]]):
        with pytest.raises(UsageError, match="another name"):
            named_models.names_of(given)
    for given in ({"a b": "last"}, {"../a": "last"}, []):
        with pytest.raises(UsageError):
            named_models.by_name(given)


def test_the_documentation_runs(of_runs, tmp_path, monkeypatch):
    page = (PROJECT / "docs" / "serve.md").read_text(encoding="utf-8")
    Image.new("L", (28, 28)).save(tmp_path / "seven.png")
    monkeypatch.chdir(tmp_path)
    codes = re.findall(r"```python\n# client\n(.*?)```", page, re.DOTALL)
    assert codes
    for code in codes:
        names: dict[str, object] = {}
        exec(code.replace("http://127.0.0.1:8000", of_runs.url).replace("cnn", "tiny"), names)
        assert names["label"] in list("0123456789")
    lines = re.findall(r"^curl .*(?:\\\n.*)*", page, re.MULTILINE)
    assert len(lines) >= 3
    for line in lines:
        line = line.replace("http://127.0.0.1:8000", of_runs.url).replace("cnn", "tiny")
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
        assert "error" not in json.loads(done.stdout)

"""Code that a run brings: executed as it was recorded, and only if the user knows it."""

import importlib.util
import io
import json
import py_compile
import shutil
import textwrap
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import assert_one_line_error
from PIL import Image

from zoo.errors import ZooError
from zoo.runs.files import sha256
from zoo.runs.run import Run

NET = """
from blocks import head
import parts.conv as whole

open("executed", "a").close()


def build(input_shape, num_classes):
    import keras
    import parts.conv
    from keras import layers

    assert parts.conv is whole
    return keras.Sequential(
        [keras.Input(input_shape), whole.conv(4), layers.Flatten(), head(num_classes)]
    )
"""
BLOCKS = """
import random  # Python's, although there is a random.py beside it
from parts import conv

assert random.randint(0, 0) == 0


def head(num_classes):
    from keras import layers

    return layers.Dense(num_classes)
"""
CONV = """
from .sizes import STRIDE


def conv(filters):
    from keras import layers

    return layers.Conv2D(filters, 3, strides=STRIDE, activation="relu")
"""
FILES = {
    "net.py": NET,
    "blocks.py": BLOCKS,
    "random.py": "raise RuntimeError('not me')\n",
    "unused.py": "raise RuntimeError('not me either')\n",
    "parts/__init__.py": "",
    "parts/conv.py": CONV,
    "parts/sizes.py": "STRIDE = 3\n",
}
NEIGHBOURS = ["blocks.py", "parts/__init__.py", "parts/conv.py", "parts/sizes.py"]


def write_net(folder: Path, files=FILES) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text))
    return folder / "net.py"


def train(zoo_here, net, *options) -> Run:
    options = ("--dataset", "digits", "--recipe", "tutorial", "--epochs", "1", "--json", *options)
    code, out, err = zoo_here("train", net, *options)
    assert code == 0, err
    return Run.open(Path(json.loads(out)["folder"]))


@pytest.fixture
def image(tmp_path) -> Path:
    path = tmp_path / "image.png"
    Image.new("L", (8, 8)).save(path)
    return path


@pytest.fixture
def stranger(monkeypatch, tmp_path):
    """From here on the user is another one, who has trained nothing."""

    def become() -> None:
        monkeypatch.setenv("ZOO_STATE_DIR", str(tmp_path / "of-somebody-else"))
        Path("executed").unlink(missing_ok=True)

    return become


def test_a_file_imports_its_neighbours_and_the_run_keeps_them(zoo_here, tmp_path, image):
    net = write_net(tmp_path / "nets")
    run = train(zoo_here, net)
    origin = run.record.to_dict()["architecture"]["origin"]
    assert list(origin["neighbours"]) == NEIGHBOURS
    assert run.record.identity["origin"]["neighbours"] == origin["neighbours"]
    for name in ["net.py", *NEIGHBOURS]:
        assert (run.folder / "source" / name).read_text() == (net.parent / name).read_text()
    shutil.rmtree(net.parent)
    code, out, err = zoo_here("predict", run.folder, image)
    assert code == 0, err
    assert "image.png: " in out


def test_a_changed_neighbour_is_another_run_and_two_folders_do_not_collide(zoo_here, tmp_path):
    one = train(zoo_here, write_net(tmp_path / "one"))
    other = train(
        zoo_here, write_net(tmp_path / "other", {**FILES, "parts/sizes.py": "STRIDE = 2"})
    )
    assert one.record.parameters.total != other.record.parameters.total
    assert one.folder != other.folder
    assert train(zoo_here, tmp_path / "one" / "net.py").folder == one.folder


def test_a_file_without_neighbours_has_the_identity_that_it_always_had(zoo_here, tiny_py):
    run = train(zoo_here, tiny_py)
    for origin in (run.record.to_dict()["architecture"]["origin"], run.record.identity["origin"]):
        assert list(origin) == ["distribution", "version", "file", "sha256"]


USES = {
    "predict": lambda run, image: ("predict", run.folder, image),
    "evaluate": lambda run, _: ("evaluate", run.folder),
    "resume": lambda run, _: ("train", "--resume", run.folder, "--json"),
}


@pytest.mark.parametrize("use", USES)
def test_a_strangers_code_is_run_when_it_is_trusted_and_not_before(
    use, zoo_here, tmp_path, image, stranger
):
    net = write_net(tmp_path / "nets")
    run = train(zoo_here, net)
    command = USES[use](run, image)
    if use == "resume":
        run.update(status="interrupted")
    assert zoo_here(*command)[0] == 0
    stranger()
    if use == "resume":
        Run.open(run.folder).update(status="interrupted")
    result = zoo_here(*command)
    assert_one_line_error(result, 2, f"{run.folder}/source/net.py", "blocks.py", "--trust-source")
    assert not Path("executed").exists()
    code, _, err = zoo_here(*command, "--trust-source")
    assert code == 0, err
    assert Path("executed").exists()
    assert zoo_here(*USES["predict"](run, image))[0] == 0  # it has been run here now


def spoil_the_file(run):
    (run.folder / "source" / "net.py").write_text(NET + "# other")


def spoil_a_neighbour(run):
    (run.folder / "source" / "parts" / "sizes.py").write_text("STRIDE = 2\n")


def lose_a_neighbour(run):
    (run.folder / "source" / "blocks.py").unlink()


@pytest.mark.parametrize("spoil", [spoil_the_file, spoil_a_neighbour, lose_a_neighbour])
def test_code_that_is_not_what_was_trained_is_never_run(spoil, zoo_here, tmp_path, image, stranger):
    run = train(zoo_here, write_net(tmp_path / "nets"))
    spoil(run)
    stranger()
    for more in ((), ("--trust-source",)):
        result = zoo_here("predict", run.folder, image, *more)
        assert_one_line_error(result, 1, f"{run.folder}/source/")
    assert not Path("executed").exists()


def test_bytecode_beside_the_source_is_not_run(zoo_here, tmp_path, image):
    """Python itself would take it for the file's, whatever the file says."""
    run = train(zoo_here, write_net(tmp_path / "nets"))
    evil = tmp_path / "evil.py"
    evil.write_text("raise RuntimeError('executed')\n")
    for name in ("net.py", "blocks.py"):
        cached = importlib.util.cache_from_source(run.folder / "source" / name)
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(evil), cached, invalidation_mode=mode)
    code, _, err = zoo_here("predict", run.folder, image)
    assert code == 0, err


def changed_record(run: Run, change) -> None:
    record = json.loads((run.folder / "run.json").read_text())
    change(record["architecture"])
    (run.folder / "run.json").write_text(json.dumps(record))


@pytest.mark.parametrize(
    "origin",
    [
        {"neighbours": {"../../evil.py": "0" * 64}},
        {"neighbours": {"/etc/evil.py": "0" * 64}},
        {"neighbours": ["blocks.py"]},
        {"sha256": 7},
        {"file": None},
        {"more": "than there is"},
    ],
    ids=str,
)
def test_a_record_that_no_archzoo_wrote(origin, zoo_here, tmp_path, image):
    run = train(zoo_here, write_net(tmp_path / "nets"))
    changed_record(run, lambda architecture: architecture["origin"].update(origin))
    result = zoo_here("predict", run.folder, image)
    assert_one_line_error(result, 1, "run.json", "is damaged", "architecture.origin")


def test_a_plugins_name_that_is_a_path_is_not_run_as_a_file(zoo_here, tmp_path, image):
    net = write_net(tmp_path / "nets")
    run = train(zoo_here, net)
    Path("executed").unlink()
    empty = {"distribution": "x", "version": "1", "file": "", "sha256": ""}
    changed_record(run, lambda a: a.update(origin=empty, name=str(net)))
    result = zoo_here("predict", run.folder, image, "--trust-source")
    assert_one_line_error(result, 1, "is damaged", "architecture.name")
    assert not Path("executed").exists()


def test_a_state_folder_that_cannot_be_written_stops_no_training(zoo_here, tiny_py, monkeypatch):
    Path("file").write_text("")
    monkeypatch.setenv("ZOO_STATE_DIR", str(Path("file") / "state"))
    train(zoo_here, tiny_py)


def test_trust_is_asked_for_where_a_run_is_used(zoo_here, tiny_py):
    result = zoo_here("train", tiny_py, "--trust-source", "--dataset", "digits")
    assert_one_line_error(result, 2, "--trust-source goes with --resume")


def repacked(run: Run, name: str, **arrays) -> None:
    """Put other arrays into one of a run's files, and its hash into run.json, as a forger would."""
    np.savez_compressed(run.folder / name, **arrays)
    files = {**run.record.files, name: sha256(run.folder / name)}
    Run.open(run.folder).update(files=files)


def test_predictions_that_unpack_to_something_else_are_not_unpacked(zoo_here, tiny_py):
    run = train(zoo_here, tiny_py)
    logits, labels = run.read_predictions()
    for arrays in (
        {"logits": np.zeros((2**22, 10), "float32"), "labels": labels},  # 160 MiB from 160 KiB
        {"logits": logits, "labels": labels[:-1]},
        {"logits": logits},
    ):
        repacked(run, "predictions.npz", **arrays)
        with pytest.raises(ZooError, match=r"predictions\.npz: cannot be used"):
            Run.open(run.folder).read_predictions()


def test_predictions_are_packed_as_numpy_packs_them(zoo_here, tiny_py):
    run = train(zoo_here, tiny_py)
    path = run.folder / "predictions.npz"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(ZooError, match=r"cannot be used \(logits is compressed as NumPy does not"):
        run.read_predictions()


def test_a_model_file_whose_arrays_claim_to_be_huge(zoo_here, tiny_py, image):
    import h5py

    run = train(zoo_here, tiny_py)
    with zipfile.ZipFile(run.model_file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    weights = io.BytesIO(members["model.weights.h5"])
    with h5py.File(weights, "a") as file:
        del file["layers/dense/vars/0"]
        file.create_dataset(
            "layers/dense/vars/0", shape=(2**20, 2**20), dtype="f4"
        )  # takes nothing
    members["model.weights.h5"] = weights.getvalue()
    with zipfile.ZipFile(run.model_file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    files = {**run.record.files, "model.keras": sha256(run.model_file)}
    run.update(files=files)
    result = zoo_here("predict", run.folder, image)
    assert_one_line_error(result, 1, "model.keras", "its arrays take more than")

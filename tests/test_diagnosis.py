"""What the author of a broken plugin is told: whose it is, which file, which line, what to do."""

import json
from pathlib import Path

import pytest
from conftest import assert_one_line_error

from zoo import diagnosis

BUILD = """
import zoo

def build(input_shape, num_classes):
    {body}

@zoo.hookimpl
def zoo_architectures():
    return [zoo.Architecture(name="net", build=build, layout="image", summary="s")]
"""
TRAIN = ("train", "net", "--dataset", "digits", "--quiet")


@pytest.fixture
def install(distribution):
    """The plugin `net`, of the distribution zoo-net 2.3, in zoo_net.py."""

    def install(source: str, **options) -> None:
        options = {"entry_points": {"net": "zoo_net"}, **options}
        distribution("zoo-net", source, version="2.3", **options)

    return install


def assert_everything_else_works(zoo) -> None:
    for command in ("--help", "list", "plugins"):
        assert zoo(command).returncode == 0
    states = {
        row["name"]: row["state"]
        for row in json.loads(zoo("plugins", "--verbose", "--json").stdout)
    }
    assert states["cnn"] == "ok"
    assert zoo("train", "cnn", "--dataset", "digits", "--dry-run").returncode == 0


LOADING = {
    "an import error": (
        "import helper\n",
        {},
        ["zoo-net 2.3", "zoo_net.py is broken", "ImportError: cannot import name 'nothing'"],
        ["zoo_net.py", "helper.py", "from json import nothing"],
    ),
    "a missing dependency": (
        "def load():\n    import yaml_is_not_here\nload()\n",
        {},
        ["zoo-net 2.3", "zoo_net.py", "pip install yaml_is_not_here"],
        ["in load", "import yaml_is_not_here"],
    ),
    "a missing dependency that it asks for": (
        "import not_here_at_all\n",
        {"requires": ["not-here-at-all>=3.1", 'torch; extra == "gpu"']},
        ["zoo-net 2.3", "pip install 'not-here-at-all>=3.1'"],
        ["import not_here_at_all"],
    ),
    "a missing dependency with another name": (
        "import skimage.io\n",
        {},
        ["pip install scikit-image"],
        [],
    ),
    "an entry point to no module": (
        "",
        {"entry_points": {"net": "zoo_nte"}},
        ["zoo-net 2.3", "there is no module 'zoo_nte'", "[project.entry-points.archzoo]"],
        [],
    ),
    "an entry point to nothing in a module": (
        "plugin = 3\n",
        {"entry_points": {"net": "zoo_net:plugn"}},
        ["zoo_net.py has no 'plugn'", "[project.entry-points.archzoo]"],
        [],
    ),
    "a build with a wrong signature": (
        BUILD.replace("input_shape, num_classes", "shape").format(body="return 1"),
        {},
        ["zoo-net 2.3", "zoo_net.py", "build(shape) must be build(input_shape, num_classes"],
        ["zoo_net.py", "zoo.Architecture(name="],
    ),
    "a syntax error": (
        "def build(:\n",
        {},
        ["zoo-net 2.3", "zoo_net.py", "SyntaxError"],
        ["def build(:", "^"],
    ),
    "a newer archzoo wanted": (
        "import zoo\nzoo.NotYetThere\n",
        {"requires": ["archzoo>=77"]},
        ["zoo-net 2.3", "it needs archzoo>=77", "pip install -U archzoo"],
        [],
    ),
}


@pytest.mark.parametrize("what", LOADING)
def test_a_plugin_that_cannot_be_loaded(what, install, zoo, tmp_path):
    source, options, parts, frames = LOADING[what]
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "helper.py").write_text("from json import nothing\n")
    install(source, **options)
    result = zoo(*TRAIN)
    assert_one_line_error(result, 1, *parts, "pip uninstall zoo-net")
    for frame in frames:
        assert frame in result.stderr
    assert "registry.py" not in result.stderr
    assert "importlib" not in result.stderr
    assert_everything_else_works(zoo)


BUILDING = {
    "an exception": (
        "raise ValueError('too narrow')",
        ["zoo-net 2.3", "ValueError: too narrow", "(28, 28, 1), 10 classes"],
        ["in build", "raise ValueError('too narrow')"],
    ),
    "an exception within Keras": (
        "import keras; return keras.layers.Dense(num_classes, activation='rellu')",
        ["zoo-net 2.3", "rellu"],
        ["in build", "activation='rellu'"],
    ),
    "a subclass": (
        "import keras; return type('Mine', (keras.Model,), "
        "{'call': lambda self, x, training=False: x, 'build': lambda self, s: None})()",
        ["zoo-net 2.3", "returned Mine", "keras.Model(inputs, outputs)"],
        [],
    ),
    "an exception without a text": (
        "class Bad(Exception):\n        def __str__(self): raise self\n    raise Bad",
        ["zoo-net 2.3", "Bad: (no text)"],
        ["in build"],
    ),
    "no model": ("return 3", ["zoo-net 2.3", "returned int, not a keras.Model"], []),
    "a wrong shape": (
        "import keras; return keras.Sequential([keras.Input(input_shape), keras.layers.Flatten(), "
        "keras.layers.Dense(num_classes + 1)])",
        ["zoo-net 2.3", "(None, 11)", "(batch, 10) is wanted", "layers.Dense(num_classes)"],
        [],
    ),
}


@pytest.mark.parametrize("what", BUILDING)
def test_a_build_that_does_not_give_the_model(what, install, zoo):
    body, parts, frames = BUILDING[what]
    install(BUILD.format(body=body))
    result = zoo(*TRAIN)
    assert_one_line_error(result, 1, "build of net", "zoo_net.py:", *parts)
    for frame in frames:
        assert frame in result.stderr
    for ours in ("training", "site-packages/keras"):
        assert ours not in result.stderr.replace(parts[0], "")


def test_two_plugins_with_one_name_are_named_with_their_files(distribution, zoo):
    for name in ("zoo-first", "zoo-second"):
        distribution(
            name, BUILD.format(body="return 1"), entry_points={"net": name.replace("-", "_")}
        )
    result = zoo(*TRAIN)
    parts = ("zoo-first 1.0", "zoo_first.py", "zoo-second 1.0", "zoo_second.py", "ZOO_PLUGINS")
    assert_one_line_error(result, 1, *parts)
    assert_everything_else_works(zoo)


def test_a_file_shows_its_own_frames(tmp_path, zoo_here):
    Path("net.py").write_text("def f():\n    return 1 / 0\nf()\n")
    result = zoo_here("train", "./net.py", "--dataset", "digits")
    assert_one_line_error(result, 1, "net.py: cannot be imported", "ZeroDivisionError")
    assert "return 1 / 0" in result[2]
    assert "single_file.py" not in result[2]


@pytest.mark.parametrize("folder", ["site-packages", "dist-packages"])
def test_frames_of_keras_are_not_the_authors_wherever_it_is_installed(folder):
    code = compile("raise ValueError", f"/elsewhere/{folder}/keras/layer.py", "exec")
    with pytest.raises(ValueError) as caught:
        exec(code)
    assert "keras/layer.py" not in diagnosis.own_frames(caught.value)
    assert "test_diagnosis.py" in diagnosis.own_frames(caught.value)

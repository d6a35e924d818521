"""Plugins: found by metadata, loaded one at a time, and isolated when they are broken."""

import json
import os

import pytest
from conftest import assert_one_line_error

GOOD = """
    import zoo

    def build(input_shape, num_classes, *, width: int = 4):
        import keras
        return keras.Sequential([
            keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Dense(num_classes)
        ])

    @zoo.hookimpl
    def zoo_architectures():
        return [zoo.Architecture(name=NAME, build=build, layout="image", summary="fine")]
"""


def good(*names: str) -> str:
    text = GOOD.replace("NAME", repr(names[0]))
    if len(names) > 1:
        text = GOOD.replace(
            '[zoo.Architecture(name=NAME, build=build, layout="image", summary="fine")]',
            "[zoo.Architecture(name=n, build=build, layout='image', summary='fine') for n in "
            f"{names!r}]",
        )
    return text


BROKEN = {
    "raises": ("raise RuntimeError('half an hour of work lost')", "RuntimeError: half an hour"),
    "exits": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "lacks": ("import not_to_be_found_anywhere", "try: pip install not_to_be_found_anywhere"),
    "syntax": ("def build(:", "SyntaxError"),
    "hookless": ("x = 1", "implements no hook"),
    "typo": ("import zoo\n@zoo.hookimpl\ndef zoo_architecture(): return []", "unknown hook"),
    "single": (
        "import zoo\n@zoo.hookimpl\ndef zoo_architectures(): return 3",
        "must return a list of Architecture",
    ),
    "stranger": (
        "import zoo\n@zoo.hookimpl\ndef zoo_architectures(): return ['cnn']",
        "'cnn', which is no Architecture",
    ),
    "badname": (
        "import zoo\n@zoo.hookimpl\ndef zoo_architectures():\n"
        "    return [zoo.Architecture(name='A B', build=lambda input_shape, num_classes: 0,"
        " layout='image', summary='')]",
        "lower-case",
    ),
    "badsignature": (
        "import zoo\n@zoo.hookimpl\ndef zoo_architectures():\n"
        "    return [zoo.Architecture(name='x', build=lambda shape: 0, layout='image', summary='')]",
        "must be build(input_shape, num_classes",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_plugin_is_named_with_its_cause_and_the_rest_work(kind, distribution, zoo):
    source, cause = BROKEN[kind]
    distribution(f"zoo-{kind}", source, version="2.3", entry_points={kind: f"zoo_{kind}"})
    assert_one_line_error(
        zoo("train", kind, "--dataset", "digits"),
        1,
        f"plugin {kind} (zoo-{kind} 2.3)",
        f"zoo_{kind}.py is broken",
        cause,
        f"pip uninstall zoo-{kind}",
    )
    listed = zoo("plugins", "--verbose", "--json")
    rows = {row["name"]: row for row in json.loads(listed.stdout)}
    assert rows[kind]["state"] == "broken"
    assert cause in rows[kind]["error"]
    assert rows["cnn"]["state"] == "ok"
    for command in ("--help", "list", "plugins"):
        assert zoo(command).returncode == 0


def test_frames_shown_for_a_broken_plugin_are_the_authors_own(distribution, zoo):
    distribution("zoo-raises", "def f():\n    raise RuntimeError('deep')\nf()")
    text = zoo("plugins", "--verbose").stdout
    assert "zoo_raises.py" in text
    assert "in f" in text
    assert "registry.py" not in text
    assert "importlib" not in text


def test_strict_mode_raises_and_an_allow_list_leaves_the_broken_one_out(distribution, zoo):
    distribution("zoo-raises", "raise RuntimeError('no')")
    strict = {"ZOO_STRICT_PLUGINS": "1"}
    assert_one_line_error(
        zoo("plugins", "-v", env=strict), 1, "zoo-raises 1.0", "ZOO_STRICT_PLUGINS"
    )
    chosen = zoo("plugins", "-v", env={**strict, "ZOO_PLUGINS": "cnn, lrcn"})
    assert chosen.returncode == 0
    assert "convlstm2d" not in chosen.stdout
    assert_one_line_error(
        zoo("list", env={"ZOO_PLUGINS": "cnm"}), 2, "ZOO_PLUGINS", "Did you mean", "cnn"
    )


def test_no_plugins_leaves_files_working(zoo, tiny_py, small_npz):
    assert "No architecture is installed" in zoo("list", "--no-plugins").stdout
    assert_one_line_error(
        zoo("--no-plugins", "train", "cnn", "--dataset", "digits"), 2, "archzoo-cnn", "pip install"
    )
    dry = zoo("train", tiny_py, "--no-plugins", "--dataset", small_npz, "--dry-run", "--json")
    assert json.loads(dry.stdout)["architecture"] == "tiny"


def test_two_distributions_with_one_plugin_name_are_both_named(distribution, zoo):
    distribution("zoo-first", good("twin"), version="1.5", entry_points={"twin": "zoo_first"})
    distribution("zoo-second", good("twin"), version="2.5", entry_points={"twin": "zoo_second"})
    result = zoo("train", "twin", "--dataset", "digits")
    assert_one_line_error(result, 1, "zoo-first 1.5", "zoo-second 2.5", "ZOO_PLUGINS")
    assert "duplicate" in zoo("plugins").stdout
    assert "claimed twice" in zoo("list").stdout
    one = zoo(
        "train", "twin", "--dataset", "digits", "--dry-run", env={"ZOO_PLUGINS": "zoo-second"}
    )
    assert one.returncode == 0
    assert "zoo-second" in one.stdout


def test_one_architecture_in_two_differently_named_plugins_is_a_collision(distribution, zoo):
    distribution("zoo-first", good("shared_net"))
    distribution("zoo-second", good("shared_net"))
    assert_one_line_error(
        zoo("train", "shared_net", "--dataset", "digits"),
        1,
        "architecture 'shared_net' is claimed by",
        "zoo-first 1.0",
        "zoo-second 1.0",
    )


def test_a_plugin_may_bring_several_architectures_under_another_name(distribution, zoo):
    distribution("zoo-many", good("wide_net", "deep_net"))
    shown = zoo("train", "deep_net", "--dataset", "digits", "--dry-run", "--json")
    assert json.loads(shown.stdout)["from"]["distribution"] == "zoo-many"
    assert "zoo_many" in zoo("list").stdout


def test_metadata_without_its_module_is_seen_without_importing_anything(distribution, zoo):
    site = distribution("zoo-gone", good("gone"), entry_points={"gone": "zoo_gone"})
    (site / "zoo_gone.py").unlink()
    assert "broken: its module zoo_gone is not there" in zoo("plugins").stdout
    result = zoo("train", "gone", "--dataset", "digits")
    assert_one_line_error(result, 1, "zoo-gone 1.0", "there is no module 'zoo_gone'")


def test_loading_one_plugin_loads_no_other(distribution, zoo):
    distribution("zoo-raises", "raise RuntimeError('must not be imported')")
    distribution("zoo-fine", good("fine"), entry_points={"fine": "zoo_fine"})
    assert zoo("train", "fine", "--dataset", "digits", "--dry-run").returncode == 0


def test_unknown_architecture_shows_close_matches_and_broken_plugins(distribution, zoo):
    distribution("zoo-raises", "raise RuntimeError('no')")
    result = zoo("train", "convlstm", "--dataset", "digits")
    assert_one_line_error(result, 2, "unknown architecture 'convlstm'", "convlstm2d", "zoo-raises")


def test_a_shipped_but_uninstalled_plugin_says_how_to_get_it(zoo):
    assert_one_line_error(
        zoo("train", "lrcn", env={"ZOO_PLUGINS": "cnn"}),
        2,
        "archzoo-lrcn",
        "pip install archzoo-lrcn",
    )


def test_list_takes_patterns(zoo):
    names = [row["name"] for row in json.loads(zoo("list", "*lstm*", "--json").stdout)]
    assert names == ["cnn_lstm", "convlstm1d", "convlstm2d", "lstm", "lstm_fcn"]
    assert [row["name"] for row in json.loads(zoo("list", "lrc", "--json").stdout)] == ["lrcn"]
    assert "No architecture matches" in zoo("list", "zzz").stdout


def test_a_plugins_dataset_is_listed_and_found(distribution, zoo):
    distribution(
        "zoo-data",
        """
        import zoo

        def load(locations):
            import numpy as np
            x = np.zeros((100, 4, 4, 1), "uint8"); y = np.arange(100, dtype="int32") % 2
            x[y == 1] = 255
            return zoo.Arrays(x, y, x, y, "made")

        @zoo.hookimpl
        def zoo_datasets():
            return [zoo.Dataset(name="stripes", classes=("a", "b"), layout="image",
                                shape=(4, 4, 1), load=load, summary="black or white")]
        """,
    )
    assert "stripes" in zoo("datasets").stdout
    assert_one_line_error(zoo("train", "cnn", "--dataset", "strypes"), 2, "Did you mean stripes")
    dry = zoo("train", "cnn", "--dataset", "stripes", "--dry-run", "--json")
    assert json.loads(dry.stdout)["dataset"] == "stripes"


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("x = 1", ["defines no build"]),
        ("raise ValueError('boom')", ["cannot be imported", "ValueError: boom"]),
        ("def build(shape): ...", ["must be build(input_shape, num_classes"]),
        ("layout = 'cube'\ndef build(input_shape, num_classes): ...", ["layout 'cube'"]),
    ],
)
def test_a_file_that_is_no_architecture(source, parts, tmp_path, zoo_here):
    (tmp_path / "net.py").write_text(source)
    assert_one_line_error(zoo_here("train", "./net.py", "--dataset", "digits"), 1, "net.py", *parts)


def test_a_file_that_is_not_there(zoo_here):
    assert_one_line_error(zoo_here("train", "./gone.py"), 2, "gone.py", "no such file")


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("raise ValueError('too narrow')", ["build of net", "failed", "ValueError: too narrow"]),
        ("return 3", ["returned int, not a keras.Model"]),
        (
            "import keras; return keras.Sequential([keras.Input(input_shape), keras.layers.Flatten(), "
            "keras.layers.Dense(num_classes + 1)])",
            ["(None, 11)", "(batch, 10) is wanted"],
        ),
    ],
)
def test_a_build_that_does_not_give_a_model(body, parts, tmp_path, zoo_here):
    (tmp_path / "net.py").write_text(f"def build(input_shape, num_classes):\n    {body}\n")
    result = zoo_here("train", "./net.py", "--dataset", "digits", "--quiet")
    assert_one_line_error(result, 1, *parts)


LAYERS = """
def head(num_classes):
    import keras
    return keras.layers.Dense(num_classes, name={name!r})
"""
PACKAGE = """
import zoo
import same_name.parts
from same_name.parts import head as absolute

def build(input_shape, num_classes):
    import keras
    from .parts import head
    assert head is absolute is same_name.parts.head
    return keras.Sequential([keras.Input(input_shape), keras.layers.Flatten(), head(num_classes)])

@zoo.hookimpl
def zoo_architectures():
    return [zoo.Architecture(name={name!r}, build=build, layout="image", summary="fine")]
"""


def install_package(folder, name: str) -> None:
    """A distribution in a folder of its own, whose package has the name that another's has."""
    package = folder / "same_name"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(PACKAGE.format(name=name))
    (package / "parts.py").write_text(LAYERS.format(name=f"head_of_{name}"))
    info = folder / f"zoo_{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: zoo-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[archzoo]\n{name} = same_name\n")


@pytest.mark.slow
def test_two_distributions_with_one_module_name_are_each_loaded_from_their_own(
    tmp_path, zoo, monkeypatch
):
    for name in ("one", "other"):
        install_package(tmp_path / name, name)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / name), prepend=os.pathsep)
    for name in ("one", "other"):
        result = zoo("train", name, "--dataset", "digits", "--dry-run")
        assert result.returncode == 0, result.stderr
    states = {row["name"]: row["state"] for row in json.loads(zoo("plugins", "--json").stdout)}
    assert states["other"] == "installed"
    assert f"{tmp_path}/other/same_name/__init__.py hides its module" in states["one"]


def test_two_distributions_that_installed_one_file_are_named(distribution, zoo):
    distribution("zoo-one", good("one_net"), module="same", entry_points={"one_net": "same"})
    distribution("zoo-other", good("other_net"), module="same", entry_points={"other_net": "same"})
    assert zoo("train", "other_net", "--dataset", "digits", "--dry-run").returncode == 0
    result = zoo("train", "one_net", "--dataset", "digits")
    assert_one_line_error(
        result, 2, "'one_net' of zoo-one 1.0 is hidden", "zoo-other 1.0", "same.py", "overwritten"
    )
    states = {row["name"]: row["state"] for row in json.loads(zoo("plugins", "--json").stdout)}
    assert "zoo-other 1.0 installed the same file" in states["one_net"]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("net.ipynb", ["is a notebook", "net.py"]),
        ("net.keras", ["is a saved model", "net.py", "zoo predict"]),
        ("net.weights.h5", ["is a saved model"]),
        ("net.txt", ["is no Python file", "ends in .py"]),
        ("folder.d", ["is a folder"]),
        ("gone.ipynb", ["no such file"]),
    ],
)
@pytest.mark.parametrize("place", ["", "./"])
def test_what_is_no_python_file_is_named_by_its_kind(name, parts, place, tmp_path, zoo_here):
    if name.endswith(".d"):
        (tmp_path / name).mkdir()
    elif not name.startswith("gone"):
        (tmp_path / name).write_text("{}")
    result = zoo_here("train", place + name, "--dataset", "digits")
    assert_one_line_error(result, 2, name, "a Python file with build", *parts)

"""Named sizes: `cnn@small` wherever an architecture is named; a record has the hyperparameters."""

import json
import subprocess
import sys

import pytest
from conftest import PROJECT, assert_one_line_error
from test_shell import complete

import zoo as package
from zoo import named_sizes
from zoo.manifest import Manifest
from zoo.parameters import plain
from zoo.registry import Registry

QUICK = ("--recipe", "quick", "--device", "cpu")
NET = '''
"""A network with sizes."""

sizes = {"small": {"units": 4}, "large": {"units": 32}}


def build(input_shape, num_classes, *, units: int = 16, bias: bool = True):
    """`units` of the hidden layer, `bias` of the last."""
    import keras
    from keras import layers

    return keras.Sequential([
        keras.Input(input_shape), layers.Flatten(), layers.Dense(units, activation="relu"),
        layers.Dense(num_classes, use_bias=bias),
    ])
'''


def build(input_shape, num_classes, *, units: int = 16, bias: bool = True,
          kernel: tuple[int, int] = (3, 3)):  # fmt: skip
    return None


def made(sizes):
    return package.Architecture("net", build, layout="image", summary="for a test", sizes=sizes)


@pytest.fixture
def net(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(NET)
    return path


def test_texts_are_split_at_the_size():
    assert named_sizes.split("cnn") == ("cnn", "")
    assert named_sizes.split("./net.py@small") == ("./net.py", "small")
    assert named_sizes.split("./a@b/net.py") == ("./a@b/net.py", "")
    assert named_sizes.split("a@b.py") == ("a@b.py", "")


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ({"small": {"unit": 8}}, "unknown hyperparameter 'unit'. Did you mean units?"),
        ({"base": {"units": 8}}, "size 'base' is reserved"),
        ({"Small": {"units": 8}}, "lower-case letters"),
        ({"small": {}}, "give hyperparameters of build"),
        ({"small": 8}, "give hyperparameters of build"),
        ({"small": {"units": "many"}}, "units is int, received 'many'"),
        ({"small": {"units": 0.5}}, "units is int, received 0.5"),
        ({"small": {"bias": 0}}, "bias is bool, received 0"),
        ({"small": {"units": 16}}, "the same as 'base'"),
        ({"small": {"units": 8}, "tiny": {"units": 8}}, "the same as 'small'"),
        ([("small", 8)], "not a mapping"),
    ],
)
def test_a_wrong_size_is_refused_when_it_is_registered(sizes, said):
    with pytest.raises(ValueError, match="net: ") as raised:
        made(sizes)
    assert said in str(raised.value) and "\n" not in str(raised.value)


def test_a_plugin_with_a_wrong_size_is_broken_in_one_line(zoo, distribution):
    source = """
        import zoo

        def build(input_shape, num_classes, *, units: int = 4): ...

        @zoo.hookimpl
        def zoo_architectures():
            return [zoo.Architecture("sized", build, layout="image", summary="s",
                                     sizes={"small": {"width": 3}})]
    """
    distribution("zoo-sized", source, entry_points={"sized": "zoo_sized"})
    assert_one_line_error(zoo("show", "sized"), 1, "size 'small'", "unknown hyperparameter 'width'")


def test_the_file_of_shipped_architectures_names_the_sizes_that_their_plugins_have():
    registry = Registry.discover()
    for name, shipped in Manifest.read().architectures.items():
        sizes = registry.architecture(name)[0].sizes
        assert shipped.sizes == ("small", "base", "large"), name
        assert set(sizes) == {"small", "large"}, name


def test_sizes_grow():
    small, base, large = (
        package.describe(each).on_mnist for each in ("cnn@small", "cnn", "cnn@large")
    )
    assert 2 * small.parameters < base.parameters < large.parameters / 2
    assert 2 * small.flops < base.flops < large.flops / 2


def test_the_recorded_sizes_are_those_of_the_plugins_and_grow():
    recorded = json.loads((PROJECT / "bench" / "results" / "named-sizes.json").read_text())["sizes"]
    registry = Registry.discover()
    assert set(recorded) == set(Manifest.read().architectures)
    for name, sizes in recorded.items():
        found = registry.architecture(name)[0]
        for size in ("small", "large"):
            assert sizes[size]["hyperparameters"] == plain(found.sizes[size]), (name, size)
        for key in ("parameters", "flops"):
            small, base, large = (sizes[each][key] for each in ("small", "base", "large"))
            assert 1.5 * small < base < large / 1.5, (name, key)


def test_show_and_list(zoo):
    shown = json.loads(zoo("show", "cnn@small", "--json").stdout)
    small, large = {"filters": [12, 24, 32]}, {"filters": [48, 96, 128]}
    assert shown["size"] == "small"
    assert shown["sizes"] == {"base": {}, "small": small, "large": large}
    filters = next(each for each in shown["hyperparameters"] if each["name"] == "filters")
    assert (filters["default"], filters["value"]) == ([24, 48, 64], [12, 24, 32])
    listed = json.loads(zoo("list", "--json", "gru").stdout)
    assert listed[0]["sizes"] == "small base large"


def test_completion(zoo, distribution):
    assert complete(zoo, "zoo train cnn@") == ["cnn@small", "cnn@base", "cnn@large"]
    assert complete(zoo, "zoo compare cnn gru@l") == ["gru@large"]
    assert complete(zoo, "zoo train nothing@") == []


def test_names_that_are_no_size(zoo):
    usual = ("--dataset", "digits", "--dry-run")
    assert_one_line_error(
        zoo("train", "cnn@smal", *usual), 2, "unknown size of cnn 'smal'", "Did you mean small?"
    )
    assert_one_line_error(zoo("train", "cnn@", *usual), 2, "unknown size of cnn")
    assert_one_line_error(zoo("train", "cn@small", *usual), 2, "unknown architecture 'cn'")
    assert_one_line_error(
        zoo("compare", "cnn", "cnn@base", *usual), 2, "cnn and cnn@base are the same"
    )
    assert_one_line_error(zoo("check", "cnn@small"), 2, "include all of its sizes; give cnn")
    assert_one_line_error(
        zoo("tune", "cnn@small", "--trials", "1", "--dataset", "digits"), 2, "Tune cnn with fixed"
    )


def test_hyperparameters_are_set_on_top_of_a_size():
    plan = package.plan("gru@small", "digits", hyperparameters={"depth": 1})
    assert (plan.hyperparameters["units"], plan.hyperparameters["depth"]) == (40, 1)
    assert plan.architecture.name == "gru"


def test_an_architecture_in_memory_keeps_its_sizes(tmp_path):
    from zoo.materials import architecture_text

    text = architecture_text(made({"small": {"kernel": (1, 1)}}), tmp_path)
    assert Registry.discover().architecture(text)[0].sizes == {"small": {"kernel": (1, 1)}}


def test_the_check_builds_every_size(net):
    net.write_text(NET.replace('{"units": 4}', '{"units": 0}'))
    seen = {
        v.check.name: v.seen
        for v in package.check(str(net), checks=["builds", "sizes"])[0].verdicts
    }
    assert "net@small cannot be built" in seen["sizes"]
    net.write_text(NET)
    [report] = package.check(str(net), checks=["sizes"])
    assert "small 3,190, base 12,730, large 25,450" in report.verdicts[0].seen


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Two sizes of a file, one seed each, by one comparison."""
    folder = tmp_path_factory.mktemp("sizes")
    (folder / "net.py").write_text(NET)
    words = ["compare", "./net.py@small", "./net.py@large", "--dataset", "digits"]
    result = subprocess.run(
        [sys.executable, "-m", "zoo", *words, *QUICK, "--seeds", "1", "--costs", "none",
         "--json", "--set", "net@small.bias=no"],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(result.stdout)


def test_sizes_are_rows_of_a_comparison(compared):
    rows = {row["name"]: row for row in compared["rows"]}
    assert set(rows) == {"net@small", "net@large"}
    assert rows["net@small"]["hyperparameters"] == {"units": 4, "bias": False}
    assert rows["net@large"]["hyperparameters"] == {"units": 32, "bias": True}
    assert rows["net@small"]["flops"] < rows["net@large"]["flops"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of two sizes of a plugin's architecture."""
    folder = tmp_path_factory.mktemp("runs")
    found = [
        package.train(name, "digits", recipe="quick", epochs=1, device="cpu", runs_dir=folder)
        for name in ("cnn@small", "cnn")
    ]
    return folder, found


def test_a_size_is_its_hyperparameters_in_the_record(runs):
    """The same run is found by the size's name and by its hyperparameters."""
    folder, (small, _) = runs
    again = package.train(
        "cnn", "digits", recipe="quick", epochs=1, device="cpu", runs_dir=folder,
        hyperparameters={"filters": (12, 24, 32)},
    )  # fmt: skip
    assert again.folder == small.folder
    assert again.record.architecture.name == "cnn"
    assert "small" not in (small.folder / "run.json").read_text()


def test_recorded_runs_are_named_by_their_size(runs):
    folder, _ = runs
    both = package.compare_runs(folder, ["cnn"])
    assert {row.name for row in both.report.rows} == {"cnn@base", "cnn@small"}
    one = package.compare_runs(folder, ["cnn@small"])
    assert [row.hyperparameters["filters"] for row in one.report.rows] == [[12, 24, 32]]
    with pytest.raises(package.UsageError, match="unknown architecture in these runs 'cnn@large'"):
        package.compare_runs(folder, ["cnn@large"])

"""The checks of architectures: each catches what fails it, and nothing else does."""

import json
import subprocess
import sys
import textwrap
import tomllib
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import pytest
import wrong_architectures as wrong
from conftest import PROJECT, assert_one_line_error
from test_cold_start import HEAVY, loaded_by

import zoo as package
from zoo.architecture import Hyperparameter
from zoo.manifest import Manifest
from zoo.registry import Registry
from zoo.single_file import architecture_from_file
from zoo.testing import CHECKS, CheckFailed, Skipped, check_architecture, enforce
from zoo.testing.alternatives import alternatives
from zoo.testing.checks import backends, memory
from zoo.testing.import_ref import ImportRef

BY_NAME = {check.name: check for check in CHECKS}
ELSEWHERE = ("light_import", "saving", "backends_agree", "memory", "exports")
"""Checks that need a new process, seconds each."""

HERE = [check for check in CHECKS if check.name not in ELSEWHERE]
TRAIN = ("gradients", "hyperparameters_matter", "overfits_small_batch", "mixed_precision", "xla")
QUICK = [check for check in HERE if check.name not in TRAIN]
NEED_A_MODEL = {check.name for check in HERE} - {
    "hyperparameters_documented",
    "search_space",
    "sizes",
    "padding",
}

WRONG = {
    # Nothing that needs a model can be said of what builds none.
    "raises": (NEED_A_MODEL, "ValueError: no (28, 28, 1) today", "shown last"),
    "exits": (NEED_A_MODEL, "SystemExit: no more", "shown last"),
    "no_model": (NEED_A_MODEL, "returned int, not a keras.Model", "return the model"),
    "subclassed": (NEED_A_MODEL, "Net, a subclass whose output has no shape", "from an Input"),
    "grey_only": ({"builds"}, "(32, 32, 3) and 2 classes: ValueError: colour", "input_shape"),
    "size_that_fails": ({"sizes"}, "size_that_fails@none cannot be built", "of size none"),
    "always_ten": ({"output"}, "shape (3, 10); expected (3, 2)", "Dense(num_classes)"),
    # What has no row of numbers for a label cannot be trained either.
    "sequence": (
        {"output", "batch_of_one", "gradients", "overfits_small_batch", "mixed_precision"},
        "(3, 4, 2); expected (3, 2)",
        "return_sequences",
    ),
    # NaN is no answer to anything.
    "infinite": (
        NEED_A_MODEL
        - {
            "builds",
            "logits",
            "seed",
            "hyperparameters_matter",
            "input_range",
            "no_custom_training",
        },
        "6 of 6 outputs are NaN or infinite",
        "logarithm",
    ),
    "squeezed": ({"batch_of_one"}, "a single sample fails: ValueError", "never the batch axis"),
    "softmax": ({"logits"}, "each row adds up to 1, as after softmax", "without an activation"),
    "rescaled": ({"input_range"}, "scales the input down", "already in [0, 1]"),
    "compiled": ({"no_custom_training"}, "the loss and optimizer of compile()", "uncompiled model"),
    "own_step": ({"no_custom_training"}, "Net.train_step of the model: not used", "add_loss"),
    "relu": ({"logits"}, "as after ReLU", "without an activation"),
    "batch_mean": ({"batch_independence"}, "they differ by 0.", "axis 0"),
    "sees_padding": ({"padding"}, "changes the logits by", "zoo.layers.mask_of"),
    "normalises_padding": ({"padding"}, "changes in training, the logits by", "mask="),
    "fixed_seed": ({"seed"}, "another seed gave the same 4 initial weights", "seed="),
    "no_seed": ({"seed"}, "the same seed gave other initial weights: dense", "keras.random"),
    "undocumented": ({"hyperparameters_documented"}, "units is not documented", "Annotated[int"),
    "unsearchable": (
        {"search_space"},
        "units: the default 32 is not in 64 to 128",
        "hold the default",
    ),
    "untyped": ({"hyperparameters_documented"}, "units has no type", "units: int = 16"),
    "unreadable": ({"hyperparameters_documented"}, "units=[16]", "tuple[...]"),
    "mistyped": ({"hyperparameters_documented"}, "units: int = 16.5", "of the annotated type"),
    "unused": ({"hyperparameters_matter"}, "depth has no effect: depth = 1 or 6", "remove it"),
    "stuck": ({"hyperparameters_matter"}, "units must be 16", "other values of units"),
    "stopped": ({"gradients"}, "2 of 6 trainable weights never change: idle/kernel", "connect"),
    # What has nothing to train learns nothing.
    "frozen": (
        {"gradients", "overfits_small_batch"},
        "it has no trainable weight",
        "layers with weights",
    ),
    "unsaved_constant": ({"weights_round_trip"}, "get_weights() set gives other", "add_weight"),
    "bottleneck": ({"overfits_small_batch"}, "of 32 training examples, at most", "bottleneck"),
    "three_digits": ({"mixed_precision"}, "the loss is nan", "three significant digits"),
    "not_for_xla": ({"xla"}, "no kernel for ImageProjectiveTransformV3", "replace that operation"),
}
WRONG_ELSEWHERE = {
    "lambda_layer": ("saving", "in a new process: ValueError", "instead of a Lambda"),
    "asks_for_backend": ("backends_agree", "jax and tensorflow differ by", "keras.ops"),
    "not_exported": (
        "exports",
        "onnx cannot hold this model: it has no operation for Erfinv (layer bent)",
        "operations that both formats have",
    ),
    "greedy": ("memory", "a training step of 128 grey images of 28×28 holds", "square"),
    # So would the others do that need a new process.
    "dies_elsewhere": ("saving", "ended with code 77; its last words: segmentation", "os._exit"),
}


def failures(verdicts) -> dict[str, tuple[str, str]]:
    return {v.check.name: (v.seen, v.change) for v in verdicts if v.state == "failed"}


def run(name, checks):
    return failures(check_architecture(wrong.architecture(getattr(wrong, name)), checks=checks))


def with_quick(names) -> list:
    """These checks, and those that are checked in a moment."""
    return [check for check in CHECKS if check in QUICK or check.name in names]


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_architecture_is_caught_by_its_check_alone(name):
    checks, seen, change = WRONG[name]
    found = run(name, with_quick(checks))
    assert set(found) == checks
    first = next(iter(found.values()))
    assert seen in first[0]
    assert change in " ".join(each[1] for each in found.values())


@pytest.mark.slow  # a second or two each
@pytest.mark.parametrize("name", [*WRONG, *WRONG_ELSEWHERE])
def test_no_other_check_fails(name):
    checks = WRONG[name][0] if name in WRONG else set()
    assert set(run(name, HERE)) == checks


def test_masks_that_are_obeyed_pass():
    assert not run("without_padding", [BY_NAME["padding"], BY_NAME["batch_of_one"]])


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=[] if name in ("lambda_layer", "dies_elsewhere") else pytest.mark.slow
        )
        for name in WRONG_ELSEWHERE
    ],
)
def test_a_check_that_needs_a_new_process_catches_it_alone(name, monkeypatch):
    check, seen, change = WRONG_ELSEWHERE[name]
    # Less than what the pairs of all pixels take, and more than a small model.
    monkeypatch.setattr(memory, "LIMIT", 1.2 * 2**30)
    found = run(name, with_quick({check}))
    assert set(found) == {check}
    assert seen in found[check][0]
    assert change in found[check][1]


def test_every_check_has_something_wrong_that_only_it_catches():
    alone = {checks for checks, *_ in WRONG_ELSEWHERE.values()} | {"light_import"}
    for checks, *_ in WRONG.values():
        alone |= checks if len(checks) == 1 else set()
    assert alone == set(BY_NAME)


def test_frames_of_a_failure_are_the_authors():
    seen, _ = run("raises", [BY_NAME["gradients"]])["gradients"]
    assert "wrong_architectures.py" in seen
    assert 'raise ValueError(f"no {input_shape} today")' in seen
    assert "zoo/testing" not in seen
    assert "site-packages" not in seen


@pytest.mark.slow
def test_the_right_one_passes_every_check(monkeypatch):
    # The shipped one below is compared with PyTorch, too.
    monkeypatch.setattr(backends, "installed_backends", lambda: ["tensorflow", "jax"])
    verdicts = list(check_architecture(wrong.architecture(wrong.right)))
    assert [(v.check.name, v.seen) for v in verdicts if v.state != "passed"] == []
    assert [v.check for v in verdicts] == list(CHECKS)
    assert all(v.seen and not v.change for v in verdicts)


FILE = """
from typing import Annotated
HEAD
def build(input_shape, num_classes, *, unitsANNOTATION = 8):
    import keras
    from keras import layers
    return keras.Sequential([
        keras.Input(input_shape), layers.Flatten(), layers.Dense(units), layers.Dense(num_classes)
    ])
"""


@pytest.fixture
def file(tmp_path):
    """Write an architecture of its own, with lines at the top."""

    def write(head="", annotation=': Annotated[int, "of the layer"]') -> Path:
        path = tmp_path / "net.py"
        path.write_text(FILE.replace("HEAD", head).replace("ANNOTATION", annotation))
        return path

    return write


@pytest.mark.parametrize(
    ("head", "imports"),
    [
        ("import keras", "keras"),
        ("from tensorflow.keras import layers", "tensorflow"),
        ("try:\n    import jax.numpy\nexcept Exception:\n    jax = None", "jax"),
    ],
)
def test_a_heavy_import_is_caught_with_its_line(head, imports, file):
    path = file(head)
    subject = architecture_from_file(path)
    checks = [BY_NAME[name] for name in ("light_import", "hyperparameters_documented", "output")]
    found = failures(check_architecture(*subject, checks))
    assert set(found) == {"light_import"}
    assert f"importing the plugin imports {imports}" in found["light_import"][0]
    assert head.splitlines()[-1 if "try" not in head else 1].strip() in found["light_import"][0]
    assert "into build" in found["light_import"][1]


def test_asking_whether_a_backend_is_there_is_light(file):
    path = file("import importlib.util\nHAS = importlib.util.find_spec('torch') is not None")
    assert not failures(
        check_architecture(*architecture_from_file(path), [BY_NAME["light_import"]])
    )


def test_a_build_that_no_module_has_by_name_is_found_through_its_hook():
    (architecture,) = wrong.zoo_architectures()
    found = ImportRef(**json.loads(json.dumps(ImportRef.of(architecture, None).as_json()))).find()
    assert found.name == "by_hook"
    lost = wrong.architecture(wrong.made(wrong.small_one))
    seen, _ = failures(check_architecture(lost, checks=[BY_NAME["saving"]]))["saving"]
    assert "inner cannot be imported in a new process: define build at the top level" in seen


def test_what_a_layer_defined_within_build_needs_is_saved(file):
    path = file()
    path.write_text(
        textwrap.dedent("""
        def build(input_shape, num_classes):
            import keras

            @keras.saving.register_keras_serializable(package="net")
            class Twice(keras.layers.Layer):
                def call(self, x):
                    return 2 * x

            return keras.Sequential([
                keras.Input(input_shape), Twice(), keras.layers.Flatten(),
                keras.layers.Dense(num_classes),
            ])
        """)
    )
    assert not failures(check_architecture(*architecture_from_file(path), [BY_NAME["saving"]]))


def test_only_one_backend_is_a_reason_to_skip(monkeypatch):
    monkeypatch.setattr(backends, "installed_backends", lambda: ["tensorflow"])
    right = wrong.architecture(wrong.right)
    (verdict,) = check_architecture(right, checks=[BY_NAME["backends_agree"]])
    assert (verdict.state, verdict.change) == ("skipped", "")
    assert "only tensorflow is installed" in verdict.seen
    with pytest.raises(pytest.skip.Exception, match="only tensorflow"):
        enforce(BY_NAME["backends_agree"], right)


def test_enforce_says_check_sight_reason_and_remedy():
    enforce(BY_NAME["output"], wrong.architecture(wrong.right))
    with pytest.raises(AssertionError) as caught:
        enforce(BY_NAME["logits"], wrong.architecture(wrong.softmax))
    text = str(caught.value)
    check = BY_NAME["logits"]
    for part in (
        "softmax fails the check logits",
        check.says,
        check.why,
        "adds up to 1",
        "activation",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("annotation", "default", "others"),
    [
        (bool, True, [False]),
        (int, 1, [2, 0]),
        (int, 8, [4, 16, 9, 7]),
        (float, 0.0, [0.1, -0.1]),
        (str, "relu", []),
        (Literal["lstm", "gru"], "lstm", ["gru"]),
        (int | None, None, [1, 2, 8]),
        (int | None, 8, [4, 16, 9, 7, None]),
        (Literal["max", "mean"] | None, "max", ["mean", None]),
        (tuple[int, ...], (8, 4), [(4, 2), (16, 8), (9, 5), (7, 3)]),
        (tuple[int, str], (8, "same"), []),
    ],
)
def test_other_values_are_guessed_from_type_and_default(annotation, default, others):
    assert alternatives(Hyperparameter("x", annotation, default)) == others


def test_checks_are_explained():
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)
    for check in CHECKS:
        assert check.says.endswith(".")
        assert check.why.endswith(".")
    assert issubclass(CheckFailed, Exception)
    assert issubclass(Skipped, Exception)


PYTEST_FILE = """
import net
import zoo
import zoo.testing

ARCHITECTURES = [zoo.Architecture(name="net", build=net.build, layout="image", summary="s")]


def test_check(zoo_architecture, zoo_check):
    zoo.testing.enforce(zoo_check, zoo_architecture)
"""


def run_pytest(*arguments) -> subprocess.CompletedProcess:
    # An editable installation from before the entry point was declared does not have it.
    known = "archzoo" in {each.name for each in entry_points(group="pytest11")}
    plugin = [] if known else ["-p", "zoo.testing.pytest_plugin"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *plugin, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_pytest_plugin_is_declared():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"archzoo": "zoo.testing.pytest_plugin"}


def test_pytest_runs_every_check_on_what_a_test_file_names(file, tmp_path):
    file(annotation="")
    (tmp_path / "test_net.py").write_text(PYTEST_FILE)
    listed = run_pytest("--collect-only", "-q").stdout
    for check in CHECKS:
        assert f"test_net.py::test_check[net-{check.name}]" in listed
    done = run_pytest("-q", "-k", "light_import or documented")
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert "net fails the check hyperparameters_documented" in done.stdout
    assert "checking.py" not in done.stdout


def test_without_a_list_pytest_takes_every_installed_plugin(tmp_path):
    lines = [line for line in PYTEST_FILE.splitlines() if "net" not in line]
    (tmp_path / "test_all.py").write_text("\n".join(lines))
    listed = run_pytest("--collect-only", "-q").stdout
    for name in Manifest.read().architectures:
        assert f"test_check[{name}-builds]" in listed


def test_a_broken_plugin_is_no_silent_absence(tmp_path, distribution):
    distribution("zoo-raises", "raise RuntimeError('no')")
    lines = [line for line in PYTEST_FILE.splitlines() if "net" not in line]
    (tmp_path / "test_all.py").write_text("\n".join(lines))
    done = run_pytest("--collect-only", "-q")
    assert done.returncode != 0
    assert "zoo_raises (zoo-raises 1.0): RuntimeError: no" in done.stdout + done.stderr


def test_importing_the_kit_imports_nothing_heavy():
    probe = "import sys, zoo.testing, zoo.testing.pytest_plugin; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & set(HEAVY)
    assert not loaded_by("check", "--list") & set(HEAVY)
    # Keeping the process on the CPU asks the backend's own file, which needs NumPy.
    without_building = loaded_by("check", "cnn", "--only", "hyperparameters_documented")
    assert not without_building & (set(HEAVY) - {"numpy"})


# The command.


@pytest.mark.slow
def test_a_shipped_architecture_passes(zoo):
    result = zoo("check", "cnn")
    assert result.returncode == 0, result.stdout
    lines = result.stdout.splitlines()
    assert lines[0] == f"cnn  architecture from archzoo-cnn {package.__version__}"
    assert [line.split()[:2] for line in lines[1 : 1 + len(CHECKS)]] == [
        ["✓" if "skipped" not in line else "-", check.name]
        for line, check in zip(lines[1:], CHECKS, strict=False)
    ]
    assert f"cnn: {len(CHECKS)} passed" in result.stdout
    assert result.stderr == ""


@pytest.mark.slow  # about a minute each
@pytest.mark.parametrize("name", sorted({*Manifest.read().architectures} - {"cnn"}))
def test_the_other_shipped_architectures_pass(name):
    verdicts = check_architecture(*Registry.discover().architecture(name))
    assert failures(verdicts) == {}


def test_a_failure_is_reported_as_a_linter_does(zoo, file):
    path = file("import keras")
    path.write_text(path.read_text().replace("layers.Dense(num_classes)", "1 / 0"))
    checks = ("light_import", "hyperparameters_documented", "output", "logits", "seed")
    result = zoo("check", path, *(word for check in checks for word in ("--only", check)))
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    for part in (
        f"net  architecture from {path}",
        "✗ light_import",
        "    seen    importing the plugin imports keras",
        "            import keras",
        "    why     archzoo imports plugins",
        "    change  move that import into build",
        "✓ hyperparameters_documented",
        "✗ output",
        "1 / 0",
        "net: 1 passed, 4 failed in",
    ):
        assert part in result.stdout, part
    assert result.stdout.count("ZeroDivisionError: division by zero") == 1  # told once
    assert result.stdout.count("seen    the same as under output") == 2


def test_json_has_every_verdict_and_nothing_else(zoo, file):
    path = file("print('hello from the file')")
    path.write_text(path.read_text().replace("    import keras\n", "    import keras; print(1)\n"))
    result = zoo("check", path, "--json", "--only", "output", "--only", "light_import")
    (row,) = json.loads(result.stdout)
    assert (row["name"], row["kind"], row["passed"], row["failed"]) == ("net", "architecture", 2, 0)
    first, second = row["checks"]
    assert (first["check"], second["check"]) == ("light_import", "output")
    assert set(first) == {"check", "state", "seen", "says", "why", "change", "seconds"}
    assert "hello from the file" in result.stderr


@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
def test_another_backend(zoo, file):
    result = zoo("check", file(), "--only", "xla", "--only", "gradients", "--backend", "torch")
    assert result.returncode == 0, result.stdout
    assert "- xla" in result.stdout
    assert "PyTorch does not compile" in result.stdout
    assert "net: 1 passed, 1 skipped" in result.stdout


PYPROJECT = """
[project]
name = "archzoo-ours"
version = "3.1"
[project.entry-points.archzoo]
ours = "ours_net"
"""
HOOK = """
import zoo

@zoo.hookimpl
def zoo_architectures():
    return [zoo.Architecture(name="ours", build=build, layout="image", summary="ours")]
"""


@pytest.mark.parametrize("place", ["ours_net.py", "src/ours_net/__init__.py"])
def test_a_package_is_checked_where_it_lies(place, tmp_path, zoo, file):
    folder = tmp_path / "package"
    (folder / place).parent.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / place).write_text(file().read_text() + HOOK)
    checks = ("--only", "light_import", "--only", "hyperparameters_documented")
    result = zoo("check", folder, *checks)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "ours  architecture from archzoo-ours 3.1" in result.stdout
    (folder / place).write_text(file(annotation="").read_text() + HOOK)
    result = zoo("check", "package", *checks)
    assert result.returncode == 1
    assert "units has no type" in result.stdout


def test_a_folder_that_is_no_package_of_a_plugin(tmp_path, zoo_here):
    folder = tmp_path / "package"
    folder.mkdir()
    assert_one_line_error(zoo_here("check", "./package"), 2, "no pyproject.toml")
    project = folder / "pyproject.toml"
    project.write_text("[project\n")
    assert_one_line_error(zoo_here("check", "package"), 2, "not valid TOML")
    project.write_text("[project]\nname = 'x'\n")
    assert_one_line_error(zoo_here("check", "package"), 2, "[project.entry-points.archzoo]")
    project.write_text(PYPROJECT)
    assert_one_line_error(zoo_here("check", "package"), 2, "neither ours_net nor ours_net.py")
    (folder / "ours_net.py").write_text("1 / 0")
    result = zoo_here("check", "package")
    assert_one_line_error(result, 1, "ours (archzoo-ours 3.1) is broken", "ZeroDivisionError")
    assert "ours_net.py" in result[2]


def test_unknown_names_and_checks_are_usage_errors(zoo_here):
    assert_one_line_error(zoo_here("check"), 2, "check what?")
    assert_one_line_error(zoo_here("check", "lrcnn"), 2, "Did you mean lrcn")
    assert_one_line_error(zoo_here("check", "mnits"), 2, "architecture or dataset", "mean mnist")
    assert_one_line_error(zoo_here("check", "./gone.py"), 2, "no such file")
    assert_one_line_error(
        zoo_here("check", "cnn", "--only", "gradient"), 2, "unknown check", "Did you mean gradients"
    )
    assert_one_line_error(
        zoo_here("check", "cnn", "--only", "disjoint"), 2, "(architecture)", "zoo check --list"
    )


def test_the_list_of_checks(zoo_here):
    code, text, _ = zoo_here("check", "--list")
    assert code == 0
    for check in CHECKS:
        assert f"{check.name} " in text
        assert check.says in text
    rows = json.loads(zoo_here("check", "--list", "--json", "--only", "seed")[1])
    assert [(row["check"], row["of"]) for row in rows] == [("seed", "architecture")]

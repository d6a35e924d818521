"""docs/plugins.md: the tutorial runs as it is written, and the reference is what the code says."""

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from layered import Environment

from zoo import hookspecs
from zoo.testing import CHECKS, DATASET_CHECKS

PROJECT = Path(__file__).parent.parent
PAGE = (PROJECT / "docs" / "plugins.md").read_text(encoding="utf-8")
TUTORIAL, _, REFERENCE = PAGE.partition("\n## Reference\n")
STEP = re.compile(
    r"(?P<not_run><!-- not run by the tests: .+ -->\n)?"
    r"(?:`(?P<file>[\w./-]+\.py)`:\n\n)?"
    r"```(?P<language>sh|python)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
TWENTY_LINES = 22
ROW = r"^{} +[\d to]+ +\d+\.\d+ "
"""A row of `zoo compare`: name, rank, accuracy in percent."""
posix = pytest.mark.skipif(sys.platform == "win32", reason="the tutorial is for a POSIX shell")
needs_hatchling = pytest.mark.skipif(
    not (find_spec("hatchling") and find_spec("editables")),
    reason="installs packages without a network: pip install hatchling editables",
)


def steps() -> Iterator[re.Match]:
    """What a reader of the tutorial does, in order: write a file, or type commands."""
    for step in STEP.finditer(TUTORIAL):
        if not step["not_run"]:
            assert step["language"] == "sh" or step["file"], f"of which file? {step['text'][:50]}"
            yield step


def test_every_block_of_the_tutorial_is_a_step():
    assert len(list(STEP.finditer(TUTORIAL))) == len(
        re.findall(r"^```(?:sh|python)$", TUTORIAL, re.M)
    )
    files = {step["file"]: step["text"] for step in steps() if step["file"]}
    assert len(files["my_net.py"].splitlines()) <= TWENTY_LINES


@pytest.mark.slow
@posix
@needs_hatchling
def test_the_tutorial_as_written(tmp_path):
    environment = Environment(tmp_path / "fresh")
    place = tmp_path / "place"
    place.mkdir()
    shown = {}
    for step in steps():
        if step["file"]:
            (place / step["file"]).write_text(step["text"], encoding="utf-8")
            continue
        for line in step["text"].splitlines():
            result = environment.run(line, place)
            shown[line] = result.stdout + result.stderr
            assert result.returncode == 0, f"{line}\n{shown[line]}"
    _check_what_was_shown(shown)


def _check_what_was_shown(shown: dict[str, str]) -> None:
    def of(beginning: str) -> str:
        (text,) = [text for line, text in shown.items() if line.startswith(beginning)]
        return text

    assert "test accuracy" in of("zoo train ./my_net.py")
    assert "✗" not in of("zoo check ./my_net.py")
    assert f"{len(CHECKS)} passed" in of("zoo check ./my_net.py")
    for name in ("cnn", "my_net"):
        assert re.search(ROW.format(name), of("zoo compare cnn ./my_net.py"), re.MULTILINE)
    assert "archzoo-my-film 0.1.0" in of("zoo list")
    assert "2 passed" in of("zoo check my_film")
    assert "2 cached" in of("zoo compare my_film")
    assert re.search(ROW.format("my_film"), of("zoo compare my_film"), re.MULTILINE)
    assert "two_lines" in of("zoo datasets")
    assert f"{len(DATASET_CHECKS)} passed" in of("zoo check two_lines")
    assert "test accuracy" in of("zoo train my_film")
    assert "my_film  archzoo-my-film 0.1.0  ok" in of("zoo plugins --verbose")


def test_every_hook_is_described_in_its_own_words():
    hooks = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("zoo_")}
    described = re.findall(r"^`(zoo_\w+)(\(.*\) -> .*)`\n: (.+)$", REFERENCE, re.MULTILINE)
    assert [name for name, _, _ in described] == list(hooks)
    for name, signature, text in described:
        said = str(inspect.signature(hooks[name]))
        assert signature == said.replace("collections.abc.", "").replace("'", "")
        summary, when, *_ = inspect.getdoc(hooks[name]).split("\n\n")
        assert text == f"{summary} {when}"


def test_every_check_is_in_the_tables():
    subprocess.run([sys.executable, PROJECT / "docs" / "checks.py", "--check"], check=True)
    for check in (*CHECKS, *DATASET_CHECKS):
        assert f"| `{check.name}` | " in REFERENCE


def messages() -> list[str]:
    """The messages of the table of broken plugins; `…` stands for what differs."""
    table = TUTORIAL.partition("<!-- messages -->")[2].partition("<!-- end of messages -->")[0]
    return re.findall(r"^\| `(.+?)` \|", table, re.MULTILINE)


ARCHITECTURE = """
import zoo

def build({parameters}):
    pass

@zoo.hookimpl
def zoo_architectures():
    return {returned}
"""
GOOD_PARAMETERS = "input_shape, num_classes"
NET = 'zoo.Architecture(name="{name}", build=build, layout="{layout}", summary="s")'


def plugin(parameters=GOOD_PARAMETERS, returned="[NET]", name="net", layout="image") -> str:
    returned = returned.replace("NET", NET.format(name=name, layout=layout))
    return ARCHITECTURE.format(parameters=parameters, returned=returned)


BROKEN_PLUGINS = {
    "missing_module": ("import not_here_at_all\n", {}),
    "wrong_module": ("", {"entry_points": {"wrong_module": "not_this"}}),
    "wrong_name": ("", {"entry_points": {"wrong_name": "zoo_wrong_name:plugin"}}),
    "too_new": ("", {"requires": ["archzoo>=77"]}),
    "no_hook": ("", {}),
    "other_hook": (plugin().replace("def zoo_architectures", "def zoo_architecture"), {}),
    "no_list": (plugin(returned="NET"), {}),
    "no_architecture": (plugin(returned="['cnn']"), {}),
    "twice": (plugin(returned="[NET, NET]"), {}),
    "bad_name": (plugin(name="My Net"), {}),
    "bad_layout": (plugin(layout="cube"), {}),
    "bad_parameters": (plugin("shape"), {}),
    "any_parameters": (plugin(GOOD_PARAMETERS + ", **options"), {}),
    "no_default": (plugin(GOOD_PARAMETERS + ", *, width"), {}),
    "mask_default": (
        plugin(GOOD_PARAMETERS + ", *, mask_value=0.0", layout="sequence"),
        {},
    ),
    "mask_layout": (plugin(GOOD_PARAMETERS + ", *, mask_value=None"), {}),
    "first": (plugin(name="twin"), {"entry_points": {"twin": "zoo_first"}}),
    "second": (plugin(name="twin"), {"entry_points": {"twin": "zoo_second"}}),
}
DATASET = """
import zoo

@zoo.hookimpl
def zoo_datasets():
    return [zoo.Dataset("mnist", ("a", "b"), "image", (4, 4, 1), None)]
"""
BROKEN_FILES = {
    "no_build": "x = 1",
    "raises": "1 / 0",
    "build_raises": f"def build({GOOD_PARAMETERS}):\n    1 / 0",
    "no_model": f"def build({GOOD_PARAMETERS}):\n    pass",
    "subclass": f"""
def build({GOOD_PARAMETERS}):
    import keras
    rest = {{"call": lambda self, x, training=False: x, "build": lambda self, shape: None}}
    return type("Mine", (keras.Model,), rest)()
""",
    "wrong_output": f"""
def build({GOOD_PARAMETERS}):
    import keras
    return keras.Sequential([keras.Input(input_shape), keras.layers.Flatten()])
""",
    "two_inputs": f"""
def build({GOOD_PARAMETERS}):
    import keras
    images = [keras.Input(input_shape), keras.Input(input_shape)]
    return keras.Model(images, keras.layers.Flatten()(images[0] + images[1]))
""",
    "fixed_batch": f"""
def build({GOOD_PARAMETERS}):
    import keras
    image = keras.Input(input_shape, batch_size=8)
    return keras.Model(image, keras.layers.Dense(num_classes)(keras.layers.Flatten()(image)))
""",
    "no_layout": f"""
def build({GOOD_PARAMETERS}):
    import keras
    return keras.Sequential([keras.Input(input_shape), keras.layers.LSTM(num_classes)])
""",
    "sequences": f"""
layout = "sequence"

def build({GOOD_PARAMETERS}):
    import keras
    lstm = keras.layers.LSTM(num_classes, return_sequences=True)
    return keras.Sequential([keras.Input(input_shape), lstm])
""",
    "no_phases": f"""
layout, frames_from_image = "frames", "space_to_depth"

def build({GOOD_PARAMETERS}):
    pass
""",
    "diverges": f"""
def build({GOOD_PARAMETERS}):
    import keras
    image = keras.Input(input_shape)
    x = keras.layers.Dense(num_classes)(keras.layers.Flatten()(image))
    return keras.Model(image, x / keras.ops.sum(x * 0.0))
""",
}


@pytest.fixture
def seen(distribution, zoo, zoo_here, tmp_path) -> str:
    """What archzoo says of plugins and files that are broken in every documented way."""
    for name, (source, options) in BROKEN_PLUGINS.items():
        options = {"entry_points": {name: f"zoo_{name}"}, **options}
        distribution(f"zoo-{name}".replace("_", "-"), source, module=f"zoo_{name}", **options)
    said = [zoo("plugins"), zoo("plugins", "--verbose")]
    said += [zoo("train", name, "--dataset", "digits") for name in ("twin", "nobody")]
    distribution("zoo-namesake", DATASET)
    said.append(zoo("datasets"))
    texts = [result.stdout + result.stderr for result in said]
    for name, source in BROKEN_FILES.items():
        (tmp_path / f"{name}.py").write_text(source)
    data = tmp_path / "odd.npz"
    _write_odd(data)
    for name in ("not_there", *BROKEN_FILES):
        texts += zoo_here("train", f"./{name}.py", "--dataset", data, "--batch-size", "8")[1:]
    return "\n".join(texts)


def _write_odd(path: Path) -> None:
    """Sixty images of a size that 2 does not divide."""
    import numpy as np

    labels = np.arange(60) % 2
    images = np.zeros((60, 7, 7), "uint8") + 9 * labels.astype("uint8")[:, None, None]
    np.savez(path, x_train=images, y_train=labels)


def test_messages_of_broken_plugins_are_those_of_the_table(seen):
    """Every documented one is seen, and every one that is seen is documented."""
    patterns = {message: ".*".join(map(re.escape, message.split("…"))) for message in messages()}
    assert len(patterns) > 20
    for message, pattern in patterns.items():
        assert re.search(pattern, seen), f"{message}\n\n{seen}"
    said = re.findall(r"^(?:zoo:|    cause:) (.+)$", seen, re.MULTILINE)
    assert len(said) > 20
    for message in said:
        assert any(re.search(pattern, message) for pattern in patterns.values()), message

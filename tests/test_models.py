"""Models that people write: what cannot be trained is said in a line, and so is what is ignored."""

import json
import textwrap
from pathlib import Path

import pytest
from conftest import assert_one_line_error

from zoo.runs.run import Run

QUICK = ("--dataset", "digits", "--recipe", "tutorial", "--epochs", "1")

HEAD = "from keras import Input, Model, Sequential, layers, ops\n"


def write(body: str, top: str = "") -> Path:
    """An architecture whose `build` is `body`."""
    lines = textwrap.indent(HEAD + "import keras\n" + textwrap.dedent(body), "    ")
    Path("net.py").write_text(f"{top}\ndef build(input_shape, num_classes):\n{lines}\n")
    return Path("net.py")


REFUSED = {
    "two inputs": (
        """
        one, other = Input(input_shape), Input(input_shape)
        x = layers.Flatten()(one + other)
        return Model([one, other], layers.Dense(num_classes)(x))
        """,
        ["takes 2 inputs", "one array of shape (batch, 28, 28, 1) is wanted", "Input(input_shape)"],
    ),
    "a dictionary": (
        """
        image = Input(input_shape, name="image")
        return Model({"image": image}, layers.Dense(num_classes)(layers.Flatten()(image)))
        """,
        ["takes a dictionary of inputs (image)", "one array of shape (batch, 28, 28, 1)"],
    ),
    "two outputs": (
        """
        image = Input(input_shape)
        x = layers.Flatten()(image)
        return Model(image, [layers.Dense(num_classes)(x), layers.Dense(1)(x)])
        """,
        ["gives 2 outputs", "(batch, 10) is wanted"],
    ),
    "a dictionary of outputs": (
        """
        image = Input(input_shape)
        return Model(image, {"y": layers.Dense(num_classes)(layers.Flatten()(image))})
        """,
        ["or a dictionary of them", "(batch, 10) is wanted"],
    ),
    "a fixed batch": (
        """
        return Sequential([
            Input(batch_shape=(32, *input_shape)), layers.Flatten(), layers.Dense(num_classes)
        ])
        """,
        ["fixes the batch at 32 samples", "Leave batch_shape and batch_size out"],
    ),
    "another image": (
        """
        return Sequential([Input((8, 8, 1)), layers.Flatten(), layers.Dense(num_classes)])
        """,
        ["takes input of shape (batch, 8, 8, 1)", "(batch, 28, 28, 1) is wanted"],
    ),
    "one output too many": (
        """
        return Sequential([Input(input_shape), layers.Flatten(), layers.Dense(num_classes + 1)])
        """,
        ["gives output of shape (None, 11)", "End with layers.Dense(num_classes)"],
    ),
    "no flattening": (
        "return Sequential([Input(input_shape), layers.Dense(num_classes)])",
        ["gives output of shape (None, 28, 28, 10)", "layers.Flatten()"],
    ),
    "an exit": ("raise SystemExit(0)", ["build of net", "SystemExit: 0"]),
    "a strange end": (
        "raise type('Halt', (BaseException,), {})('enough')",
        ["build of net", "Halt: enough"],
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_trained_is_refused_before_training_and_by_a_dry_run(what, zoo_here):
    body, parts = REFUSED[what]
    net = write(body)
    for more in ((), ("--dry-run",)):
        assert_one_line_error(zoo_here("train", net, *QUICK, *more), 1, *parts)
    assert not list(Path().glob("runs/*/run.json"))


RECURRENT = """
return Sequential([
    Input(input_shape), layers.LSTM(4, return_sequences={}), layers.Dense(num_classes)
])
"""


def test_rows_without_a_layout_are_told_to_name_it(zoo_here):
    result = zoo_here("train", write(RECURRENT.format(False)), *QUICK)
    assert_one_line_error(result, 1, "layout is 'image'", 'write layout = "sequence" at the top')
    assert "Mend it there" not in result[2]
    net = write(RECURRENT.format(False), 'layout = "sequence"')
    code, _, err = zoo_here("train", net, *QUICK, "--quiet")
    assert code == 0, err


def test_images_given_as_rows_are_told_to_name_it(zoo_here):
    net = write(
        "return Sequential([Input(input_shape), layers.Conv2D(2, 3), layers.Flatten(),"
        " layers.Dense(num_classes)])",
        'layout = "sequence"',
    )
    result = zoo_here("train", net, *QUICK)
    assert_one_line_error(result, 1, "layout is 'sequence'", 'layout = "image"')


def test_sequences_that_reach_the_classifier_are_named(zoo_here):
    result = zoo_here("train", write(RECURRENT.format(True), 'layout = "sequence"'), *QUICK)
    assert_one_line_error(result, 1, "an answer for each step", "return_sequences=False")
    assert "End with" not in result[2]


def test_a_module_that_ends_in_its_own_way(zoo_here):
    for text in ("raise SystemExit(0)", "class Halt(BaseException): ...\nraise Halt('enough')"):
        Path("net.py").write_text(text)
        assert_one_line_error(zoo_here("train", "./net.py", *QUICK), 1, "net.py", "cannot be imp")


def test_a_layer_that_fails_while_it_is_trained(zoo_here):
    net = write("""
    class Odd(layers.Layer):
        def call(self, x, training=False):
            if training:
                raise SystemExit(0)
            return x

    return Sequential([Input(input_shape), Odd(), layers.Flatten(), layers.Dense(num_classes)])
    """)
    result = zoo_here("train", net, *QUICK)
    assert_one_line_error(result, 1, "build of net", "failed while it ran", "SystemExit: 0")


PLAIN = "Input(input_shape), layers.Flatten(), layers.Dense(num_classes)"
REMARKED = {
    "its own step": (
        f"""
        class Mine(Sequential):
            def train_step(self, data):
                raise RuntimeError("never called")

        return Mine([{PLAIN}])
        """,
        ["Mine.train_step of the model: not used"],
    ),
    "compiled": (
        f"""
        model = Sequential([{PLAIN}])
        model.compile(optimizer="sgd", loss="mse")
        return model
        """,
        ["the loss and optimizer of compile() of the model: not used"],
    ),
    "rescaled": (
        "return Sequential([Input(input_shape), layers.Rescaling(1 / 255), layers.Flatten(),"
        " layers.Dense(num_classes)])",
        ["layer rescaling scales the input down", "0 to 1"],
    ),
    "divided": (
        """
        image = Input(input_shape)
        return Model(image, layers.Dense(num_classes)(layers.Flatten()(image / 255.0)))
        """,
        ["scales the input down"],
    ),
    "within": (
        f"""
        image = Input(input_shape)
        inner = Sequential([Input(input_shape), layers.Rescaling(1 / 127.5, offset=-1)])
        return Model(image, Sequential([{PLAIN}])(inner(image)))
        """,
        ["layer rescaling scales the input down"],
    ),
    "normalised": (
        "return Sequential([Input(input_shape), layers.Normalization(mean=33.3, variance=6170),"
        " layers.Flatten(), layers.Dense(num_classes)])",
        ["layer normalization scales the input down"],
    ),
    "softmax": (
        f"return Sequential([{PLAIN}, layers.Softmax()])",
        ["the model ends with softmax", "leave the activation out"],
    ),
    "softmax within": (
        "return Sequential([Input(input_shape), layers.Flatten(),"
        " layers.Dense(num_classes, activation='softmax')])",
        ["the model ends with softmax"],
    ),
}


@pytest.mark.parametrize("what", REMARKED)
def test_what_is_ignored_or_spoils_the_result_is_said_once(what, zoo):
    body, parts = REMARKED[what]
    result = zoo("train", write(body), *QUICK)
    assert result.returncode == 0, result.stderr
    notes = [line for line in result.stderr.splitlines() if line.startswith("note: ")]
    assert len(notes) == 1, result.stderr
    for part in parts:
        assert part in notes[0]
    assert "Warning" not in result.stderr


def test_nothing_is_said_of_what_is_as_it_should_be(zoo):
    net = write("""
    image = Input(input_shape)
    x = layers.Rescaling(2.0, offset=-1)(image)
    x = layers.Conv2D(2, 3)(x) * 0.01
    return Model([image], [layers.Dense(num_classes)(layers.Flatten()(x))])
    """)
    result = zoo("train", net, *QUICK)
    assert result.returncode == 0, result.stderr
    assert "note: " not in result.stderr
    assert "Warning" not in result.stderr


NOT_DESCRIBED = """
class Scale(layers.Layer):
    def __init__(self, by):
        super().__init__()
        self.by = by

    def call(self, x):
        return self.by(x)

return Sequential([
    Input(input_shape), Scale(lambda x: 2 * x), layers.Flatten(), layers.Dense(num_classes)
])
"""


def test_a_layer_that_cannot_be_saved_costs_no_result(zoo_here):
    net = write(NOT_DESCRIBED)
    code, out, err = zoo_here("train", net, *QUICK, "--json")
    assert code == 0, err
    run = Run.open(Path(json.loads(out)["folder"]))
    code, out, err = zoo_here("evaluate", run.folder, "--json")
    assert code == 0, err
    assert json.loads(out)["test_accuracy"] == run.test.accuracy
    # And one whose saving failed, as it did before, is finished by going on.
    run.model_file.unlink()
    run.update(status="interrupted")
    code, out, err = zoo_here("train", "--resume", run.folder, "--json")
    assert code == 0, err
    assert json.loads(out)["metrics"] == run.record.to_dict()["metrics"]
    assert run.model_file.is_file()
    assert not list(run.folder.glob(".model*"))


def test_a_layer_that_cannot_be_saved_is_named_before_training(zoo):
    result = zoo("train", write(NOT_DESCRIBED), *QUICK)
    before, _, _ = result.stderr.partition("epoch 1/1")
    assert "note: the model cannot be saved whole" in before
    assert "get_config()" in before


def test_importing_keras_at_the_top_says_nothing_and_leaves_the_choice_of_backend(zoo, monkeypatch):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    net = write(f"return Sequential([{PLAIN}])", "import keras")
    result = zoo("train", net, *QUICK, "--backend", "jax", "--quiet")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""

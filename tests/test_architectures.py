"""Checks that every shipped architecture keeps."""

import keras
import numpy as np
import pytest
from keras import ops

from zoo import Registry, layouts
from zoo.errors import UsageError
from zoo.manifest import Manifest

NAMES = sorted(Manifest.read().architectures)
IMAGES = [(28, 28, 1), (32, 20, 3)]


@pytest.fixture(scope="module")
def registry():
    return Registry.discover()


def make(registry, name, image=(28, 28, 1), classes=10, **settings):
    architecture, _ = registry.architecture(name)
    shape = layouts.shape("image", image, architecture.layout, architecture.frames_from_image)
    return architecture.build(shape, classes, **settings), shape


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("classes", [2, 10, 37])
def test_builds_for_any_image_and_number_of_classes(registry, name, image, classes):
    model, shape = make(registry, name, image, classes)
    for batch in (1, 3):
        x = np.random.default_rng(0).random((batch, *shape), "float32")
        logits = ops.convert_to_numpy(model(x, training=False))
        assert logits.shape == (batch, classes)
        assert np.isfinite(logits).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_output_is_logits(registry, name):
    model, shape = make(registry, name)
    x = 20 * np.random.default_rng(0).random((16, *shape), "float32")
    logits = ops.convert_to_numpy(model(x, training=False))
    assert not np.allclose(logits.sum(axis=1), 1)
    assert logits.min() < 0


@pytest.mark.parametrize("name", NAMES)
def test_every_weight_gets_a_gradient(registry, name):
    import tensorflow as tf

    model, shape = make(registry, name)
    if name == "lrcn":  # of a single frame the LSTM's recurrent weights see nothing
        architecture, _ = registry.architecture(name)
        shape = (2, *shape[1:])
        model = architecture.build(shape, 10)
    x = np.random.default_rng(0).random((8, *shape), "float32")
    with tf.GradientTape() as tape:
        loss = keras.losses.sparse_categorical_crossentropy(
            np.arange(8), model(x, training=True), from_logits=True
        )
        loss = tf.reduce_mean(loss)
    variables = model.trainable_variables
    for variable, gradient in zip(
        variables, tape.gradient(loss, [v.value for v in variables]), strict=True
    ):
        assert gradient is not None, variable.path
        assert np.abs(ops.convert_to_numpy(gradient)).max() > 0, variable.path


@pytest.mark.parametrize("name", NAMES)
def test_in_inference_a_sample_does_not_depend_on_its_neighbours(registry, name):
    model, shape = make(registry, name)
    x = np.random.default_rng(0).random((6, *shape), "float32")
    together = ops.convert_to_numpy(model(x, training=False))
    alone = np.concatenate(
        [ops.convert_to_numpy(model(x[i : i + 1], training=False)) for i in range(6)]
    )
    np.testing.assert_allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_hyperparameters_are_documented_and_each_changes_the_model(registry, name):
    architecture, _ = registry.architecture(name)
    shape = layouts.shape("image", (28, 28, 1), architecture.layout, architecture.frames_from_image)
    for each in architecture.hyperparameters.values():
        assert each.doc, each.name
        changed = {
            bool: lambda v: not v,
            int: lambda v: v + 8,
            float: lambda v: v / 2 + 0.1,
            tuple: lambda v: tuple(n + 8 for n in v),
            type(None): lambda v: 2,  # the depth of tcn, which it finds by itself
            str: lambda v: "flat",  # of frames
        }[type(each.default)](each.default)
        given = (3, 28, 28, 1) if each.name == "frame_features" else shape
        before = architecture.build(given, 10).get_config()
        after = architecture.build(given, 10, **{each.name: changed}).get_config()
        assert str(before) != str(after), each.name


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides_the_weights(registry, name):
    def weights(seed):
        keras.utils.set_random_seed(seed)
        return make(registry, name)[0].get_weights()

    one, same, other = weights(1), weights(1), weights(2)
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_it_saves_and_loads(registry, name, tmp_path):
    model, shape = make(registry, name)
    x = np.random.default_rng(0).random((4, *shape), "float32")
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(
        ops.convert_to_numpy(loaded(x, training=False)),
        ops.convert_to_numpy(model(x, training=False)),
    )


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("lrcn", (16, 16, 1)),
        ("conv3d", (16, 16, 1)),
        ("conv3d", (1, 2, 3)),
        ("gru", (3,)),
        ("tcn", (3,)),
        ("transformer", (3,)),
    ],
)
def test_sequences_may_have_any_length(registry, name, sample):
    architecture, _ = registry.architecture(name)
    for steps in (1, 2, 7):
        model = architecture.build((steps, *sample), 5)
        assert model(np.zeros((2, steps, *sample), "float32")).shape == (2, 5)


@pytest.mark.parametrize("name", ["conv3d", "gru", "tcn", "transformer"])
def test_the_order_of_steps_tells(registry, name):
    model, shape = make(registry, name)
    x = np.random.default_rng(0).random((2, *shape), "float32")
    first, last = (ops.convert_to_numpy(model(each)) for each in (x, x[:, ::-1]))
    assert np.abs(first - last).max() > 1e-3


def test_the_last_step_of_tcn_sees_the_first_however_far_it_is(registry):
    architecture, _ = registry.architecture("tcn")

    def sees(steps, **settings):
        keras.utils.set_random_seed(0)
        model = architecture.build((steps, 3), 5, filters=16, **settings)
        x = np.zeros((2, steps, 3), "float32")
        x[1, 0] = 100
        one, other = ops.convert_to_numpy(model(x))
        return not np.array_equal(one, other)

    assert all(sees(steps) for steps in (1, 2, 5, 6, 29, 30, 64))
    assert sees(5, depth=1)  # two convolutions of three steps each look back by four
    assert not sees(6, depth=1)
    assert sees(4, kernel=1) is False  # steps on their own: only the last one counts


def test_cnn_halves_the_image_by_a_stride_or_by_pooling_to_the_same_features(registry):
    def convolutions(**settings):
        model, _ = make(registry, "cnn", **settings)
        found = [each for each in model.layers if isinstance(each, keras.layers.Conv2D)]
        return [each.output.shape[1] for each in found], model.layers[-1].kernel.shape

    strided, features = convolutions()
    assert strided == [14, 14, 7, 5]
    assert convolutions(strided=False) == ([28, 28, 14, 7, 5], features)
    assert convolutions(convolutions=(2, 3)) == ([14, 14, 14, 7, 7, 5], features)


def test_convlstm2d_is_deeper_on_each_frame_and_after_the_last(registry):
    def sizes(**settings):
        model, _ = make(registry, "convlstm2d", **settings)
        found = [each for each in model.layers if isinstance(each, keras.layers.Conv2D)]
        return [each.output.shape[1:3] for each in found], model.layers[-1].kernel.shape

    plain, features = sizes()
    assert plain == [(14, 14), (5, 5)]
    assert sizes(convolutions=(2, 3)) == ([(14, 14)] * 2 + [(7, 7)] * 2 + [(5, 5)], features)
    assert sizes(convolutions=(0, 0))[0] == []
    with pytest.raises(ValueError, match="use 0 or more"):
        sizes(convolutions=(1, -1))


def test_the_manifest_describes_what_the_plugins_bring(registry):
    for name, shipped in registry.manifest.architectures.items():
        architecture, origin = registry.architecture(name)
        assert (shipped.layout, shipped.summary) == (architecture.layout, architecture.summary)
        assert shipped.package == origin.distribution


def test_show_tells_layout_hyperparameters_recipes_and_cost(zoo_here):
    import json

    shown = json.loads(zoo_here("show", "cnn", "--json")[1])
    # 5×5 stem to 14×14×24, 3×3 to 14×14×48, 3×3 to 7×7×64, 3×3 valid to 5×5×64, dense to 10.
    multiplications = (
        196 * 24 * 25 + 196 * 48 * 24 * 9 + 49 * 64 * 48 * 9 + 25 * 64 * 64 * 9 + 1600 * 10
    )
    assert shown["on_mnist"]["flops"] == 2 * multiplications
    names = [each["name"] for each in shown["hyperparameters"]]
    assert names == ["filters", "convolutions", "strided", "dropout"]
    assert {"quick", "standard", "long", "tutorial", "speedrun"} < set(shown["recipes"])
    assert shown["on_mnist"]["conversion"] == "image: as stored"
    # 28 tokens of 64: embedding; in each of 3 blocks four projections, scores and their use, and a
    # feed-forward four times as wide; dense to 10.
    block = 4 * 28 * 64 * 64 + 2 * 28 * 28 * 64 + 2 * 28 * 64 * 256
    multiplications = 28 * 28 * 64 + 3 * block + 64 * 10
    shown = json.loads(zoo_here("show", "transformer", "--json")[1])
    assert shown["on_mnist"]["flops"] == 2 * multiplications
    text = zoo_here("show", "convlstm2d")[1]
    for part in (
        "layout frames (image to frames: space_to_depth)",
        "filters",
        "standard",
        "trainable parameters",
    ):
        assert part in text


def test_show_tells_what_another_size_costs(zoo_here):
    import json

    def shown(*given):
        return json.loads(zoo_here("show", "cnn", *given, "--json")[1])

    plain, wide = shown(), shown("--set", "filters=48,96,128")
    assert wide["on_mnist"]["parameters"] > 3 * plain["on_mnist"]["parameters"]
    assert wide["on_mnist"]["flops"] > 3 * plain["on_mnist"]["flops"]
    filters = next(each for each in wide["hyperparameters"] if each["name"] == "filters")
    assert (filters["default"], filters["value"]) == ([24, 48, 64], [48, 96, 128])
    assert "(48, 96, 128)" in zoo_here("show", "cnn", "--set", "filters=48,96,128")[1]
    code, _, error = zoo_here("show", "cnn", "--set", "filter=48,96,128")
    assert code == 2
    assert "Did you mean filters?" in error


def test_an_unknown_name_in_the_public_api_is_a_usage_error(registry):
    with pytest.raises(UsageError, match="Did you mean lrcn"):
        registry.architecture("lrcnn")

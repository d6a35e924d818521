"""The gate-fused ConvLSTM2D gives the stock layer's numbers, forward and backward, option by option."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from archzoo_convlstm2d.layers import UNROLL_UP_TO, FusedConvLSTM2D

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="gradients are taken with TensorFlow's tape"
)


def outputs_and_gradients(layer, x, **call):
    import tensorflow as tf

    x = tf.constant(x)

    def run():
        with tf.GradientTape() as tape:
            tape.watch(x)
            result = layer(x, **call)
            parts = result if isinstance(result, (list, tuple)) else [result]
            # Not a plain sum: each output element gets a weight of its own.
            loss = tf.add_n([tf.reduce_sum(part * _factors(part)) for part in parts])
        sources = [x, *[weight.value for weight in layer.trainable_weights]]
        return parts, tape.gradient(loss, sources)

    if layer.data_format == "channels_first":
        # On processors without AVX-512, TensorFlow convolves channels first only when XLA compiles it.
        run = tf.function(run, jit_compile=True)
    parts, gradients = run()
    outputs = [np.asarray(ops.convert_to_numpy(part)) for part in parts]
    return outputs, [None if g is None else ops.convert_to_numpy(g) for g in gradients]


def _factors(part):
    import tensorflow as tf

    return tf.reshape(tf.sin(tf.range(tf.size(part), dtype=tf.float32)), part.shape)


def assert_same(options, shape=(2, 3, 6, 5, 2), mask=None, initial=False, filters=3):
    """Both layers with the same weights: equal outputs and gradients."""
    random = np.random.default_rng(0)
    x = random.normal(size=shape).astype("float32")
    stock = keras.layers.ConvLSTM2D(filters, 3, **options)
    fused = FusedConvLSTM2D(filters, 3, **options)
    stock.build(shape)
    fused.build(shape)
    assert [w.path.split("/")[-1] for w in stock.weights] == [
        w.path.split("/")[-1] for w in fused.weights
    ]
    for weight in stock.weights:
        weight.assign(random.normal(scale=0.4, size=weight.shape))
    fused.set_weights(stock.get_weights())
    call = {} if mask is None else {"mask": mask}
    if initial:
        state = [
            random.normal(size=s.shape).astype("float32") for s in stock.get_initial_state(shape[0])
        ]
        call["initial_state"] = state
    for _ in range(2 if options.get("stateful") else 1):
        expected, expected_gradients = outputs_and_gradients(stock, x, **call)
        found, gradients = outputs_and_gradients(fused, x, **call)
        for one, other in zip(expected, found, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
        for one, other in zip(expected_gradients, gradients, strict=True):
            # A first step from zeros does not read the recurrent kernel; the stock layer does.
            other = np.zeros_like(one) if other is None else other
            np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"return_sequences": True},
        {"return_state": True},
        {"return_sequences": True, "return_state": True, "go_backwards": True},
        {"padding": "same"},
        {"padding": "same", "strides": 2},
        {"padding": "same", "dilation_rate": 2},
        {"strides": (1, 2)},
        {"use_bias": False},
        {"unit_forget_bias": False, "bias_initializer": "ones"},
        {"activation": "relu", "recurrent_activation": "hard_sigmoid"},
        {"activation": "softmax"},
        {"data_format": "channels_first", "padding": "same", "return_sequences": True},
        {"stateful": True},
        {"stateful": True, "return_state": True, "go_backwards": True},
        {"unroll": True},
        {"kernel_regularizer": "l2", "recurrent_regularizer": "l1", "bias_regularizer": "l2"},
        {"kernel_constraint": "max_norm", "recurrent_constraint": "non_neg"},
        {"kernel_initializer": "he_normal", "recurrent_initializer": "glorot_uniform"},
    ],
    ids=lambda options: ",".join(options) or "defaults",
)
def test_same_weights_in_same_numbers_out(options):
    assert_same(options)


MASK = np.array([[1, 1, 0], [0, 1, 1]], bool)


@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
def test_masked_steps(sequences, zeros, backwards):
    assert_same(
        {
            "return_sequences": sequences,
            "zero_output_for_mask": zeros,
            "go_backwards": backwards,
            "return_state": True,
        },
        mask=MASK,
    )


def test_an_initial_state_is_used():
    assert_same({"return_sequences": True, "return_state": True}, initial=True)


@pytest.mark.parametrize("options", [{}, {"return_sequences": True, "go_backwards": True}])
def test_long_sequences_are_scanned(options):
    steps = UNROLL_UP_TO + 2
    assert_same(options, shape=(2, steps, 4, 4, 1))
    mask = np.random.default_rng(1).random((2, steps)) < 0.7
    assert_same({**options, "return_state": True}, shape=(2, steps, 4, 4, 1), mask=mask)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(3, 8),
    st.integers(3, 8),
    st.integers(1, 4),
    st.integers(1, 5),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["same", "valid"]),
)
def test_any_shape(batch, steps, height, width, channels, filters, sequences, backwards, padding):
    assert_same(
        {"return_sequences": sequences, "go_backwards": backwards, "padding": padding},
        shape=(batch, steps, height, width, channels),
        filters=filters,
    )


@pytest.mark.parametrize("option", ["dropout", "recurrent_dropout"])
def test_dropout_is_refused_clearly(option):
    with pytest.raises(
        ValueError, match=rf"{option}=0.2.*SpatialDropout3D.*keras.layers.ConvLSTM2D"
    ):
        FusedConvLSTM2D(4, 3, **{option: 0.2})


def test_it_saves_and_loads_like_any_layer(tmp_path):
    frames = keras.Input((3, 6, 6, 1))
    model = keras.Model(
        frames, FusedConvLSTM2D(2, 3, padding="same", return_sequences=True)(frames)
    )
    x = np.random.default_rng(0).random((2, 3, 6, 6, 1), "float32")
    expected = model.predict(x, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), expected)
    copy = keras.Model.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(copy.predict(x, verbose=0), expected)


def test_it_does_fewer_convolutions():
    from zoo.training.flops import flops_per_sample

    def flops(layer):
        frames = keras.Input((4, 8, 8, 3))
        model = keras.Model(frames, layer(5, 3, padding="same")(frames))
        return flops_per_sample("tensorflow", model, (4, 8, 8, 3))

    per_step = 2 * 64 * 9 * 4 * 5
    assert flops(keras.layers.ConvLSTM2D) == 4 * per_step * (3 + 5)
    assert flops(FusedConvLSTM2D) == 4 * per_step * 3 + 3 * per_step * 5  # none at the first step

"""A training step of the gate-fused ConvLSTM2D against the stock layer's."""

import keras
import numpy as np
import pytest
from sizes import size

from archzoo_convlstm2d.layers import FusedConvLSTM2D

SHAPES = size([(4, 7, 7, 24), (4, 14, 14, 24), (10, 18, 18, 8)], [(2, 4, 4, 3)])
BATCH, FILTERS = size(128, 4), size(32, 4)


def gradient_step(layer, shape):
    """A compiled function that computes all gradients of one batch, and waits for them."""
    frames = keras.Input(shape)
    model = keras.Model(frames, layer(FILTERS, 3, padding="same")(frames))
    x = np.random.default_rng(0).random((BATCH, *shape), "float32")
    if keras.backend.backend() == "tensorflow":
        return _tensorflow(model, x)
    if keras.backend.backend() == "jax":
        return _jax(model, x)
    return _torch(model, x)


def _tensorflow(model, x):
    import tensorflow as tf

    variables, x = [v.value for v in model.trainable_variables], tf.constant(x)

    @tf.function(autograph=False)
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(x, training=True) ** 2)
        return tape.gradient(loss, variables)

    return lambda: step()[0].numpy()


def _jax(model, x):
    import jax

    trainable = [v.value for v in model.trainable_variables]
    others = [v.value for v in model.non_trainable_variables]

    def loss(trainable, x):
        return (model.stateless_call(trainable, others, x, training=True)[0] ** 2).mean()

    step = jax.jit(jax.grad(loss))
    return lambda: jax.block_until_ready(step(trainable, x))


def _torch(model, x):
    import torch

    x = torch.as_tensor(x)

    def step():
        model.zero_grad()
        (model(x, training=True) ** 2).mean().backward()

    return step


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "x".join(map(str, shape)))
def test_a_training_step_against_the_stock_layer(shape, against):
    against(
        gradient_step(FusedConvLSTM2D, shape),
        gradient_step(keras.layers.ConvLSTM2D, shape),
        rounds=5,
        baseline="keras.layers.ConvLSTM2D",
        backend=keras.backend.backend(),
        batch=BATCH,
        filters=FILTERS,
    )

"""As far as the first step of `zoo train cnn`, by hand: the baseline of its start-up.

What a short script does that has no zoo: import Keras, read the four .gz files of MNIST in the
folder $MNIST, build the network, compile an AdamW step on moved images, and run it once. No
checksums, no split, no record.
"""

import gzip
import os
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from archzoo_cnn import build

BATCH, STEPS, RISING = 128, 2145, 429  # those of recipe `standard`


def read(name: str, offset: int) -> np.ndarray:
    packed = (Path(os.environ["MNIST"]) / name).read_bytes()
    return np.frombuffer(gzip.decompress(packed), "uint8", offset=offset)


images = tf.constant(read("train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28, 1))
labels = tf.constant(read("train-labels-idx1-ubyte.gz", 8).astype("int32"))
test = read("t10k-images-idx3-ubyte.gz", 16), read("t10k-labels-idx1-ubyte.gz", 8)

keras.utils.set_random_seed(0)
model = build((28, 28, 1), 10)
rate = keras.optimizers.schedules.CosineDecay(
    0.004 / 25, STEPS - RISING, warmup_target=0.004, warmup_steps=RISING
)
optimizer = keras.optimizers.AdamW(rate, weight_decay=0.02)
optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
optimizer.build(model.trainable_variables)


@tf.function(autograph=False)
def step(indices, maps):
    x = tf.cast(tf.gather(images, indices), "float32")
    x = keras.ops.image.affine_transform(x, maps, "bilinear", "constant", 0.0) / 255
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        losses = keras.losses.sparse_categorical_crossentropy(
            tf.gather(labels, indices), logits, from_logits=True
        )
        loss = tf.reduce_mean(losses)
    gradients = tape.gradient(loss, [v.value for v in model.trainable_variables])
    optimizer.apply(gradients, model.trainable_variables)
    return loss


order = np.random.default_rng(0).permutation(len(images))[:BATCH].astype("int32")
maps = np.tile(np.array([1, 0, 1, 0, 1, -1, 0, 0], "float32"), (BATCH, 1))
float(step(tf.constant(order), tf.constant(maps)))
os._exit(0)  # as the other side: what the interpreter tidies up is not start-up

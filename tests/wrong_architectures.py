"""A right architecture, and for each check of the kit one that fails it."""

import os
import random
import sys
from typing import Annotated

from zoo import Architecture, Range


def small(input_shape, num_classes, *, units=16, after=lambda x: x, head=None, **dense):
    """Half the resolution, a hidden layer, then `after`, then a classifier."""
    from keras import Input, Model, layers

    image = Input(input_shape)
    x = layers.Flatten()(layers.AveragePooling2D(2)(image))
    x = after(layers.Dense(units, activation="tanh", **dense)(x))
    return Model(image, (head or layers.Dense(num_classes))(x))


def right(
    input_shape,
    num_classes,
    *,
    units: Annotated[int, "of the hidden layer"] = 32,
    dropout: Annotated[float, "share of them that is dropped"] = 0.1,
    normalise: Annotated[bool, "whether to normalise them"] = True,
):
    from keras import layers

    def after(x):
        x = layers.BatchNormalization(momentum=0.9)(x) if normalise else x
        return layers.Dropout(dropout)(x)

    return small(input_shape, num_classes, units=units, after=after)


def raises(input_shape, num_classes):
    raise ValueError(f"no {input_shape} today")


def no_model(input_shape, num_classes):
    return 3


def subclassed(input_shape, num_classes):
    import keras

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.head = keras.layers.Dense(num_classes)

        def call(self, x):
            return self.head(keras.ops.mean(x, axis=(1, 2)))

    return Net()


def size_that_fails(input_shape, num_classes, *, units: Annotated[int, "of the hidden layer"] = 16):
    return small(input_shape, num_classes, units=units)


size_that_fails.sizes = {"large": {"units": 64}, "none": {"units": 0}}


def grey_only(input_shape, num_classes):
    from keras import layers

    if input_shape[-1] != 1:
        raise ValueError("colour is not for me")
    return small(input_shape, num_classes, after=layers.Identity())


def always_ten(input_shape, num_classes):
    return small(input_shape, 10)


def sequence(input_shape, num_classes):
    from keras import layers

    return small(input_shape, num_classes, after=layers.Reshape((4, 4)))


def infinite(input_shape, num_classes):
    from keras import ops

    return small(input_shape, num_classes, after=lambda x: x + ops.log(x - x))


def squeezed(input_shape, num_classes):
    """Takes every axis of length one away: that of the batch, too."""
    from keras import layers, ops

    def after(x):
        return ops.squeeze(layers.Reshape((1, 16))(x))

    return small(input_shape, num_classes, after=after)


def softmax(input_shape, num_classes):
    from keras import layers

    return small(input_shape, num_classes, head=layers.Dense(num_classes, activation="softmax"))


def rescaled(input_shape, num_classes):
    """Takes its inputs for pixels from 0 to 255; what is left of them it enlarges later."""
    from keras import Input, Model, layers

    image = Input(input_shape)
    pixels = layers.Rescaling(255.0)(layers.Rescaling(1 / 255)(image))
    return Model(image, small(input_shape, num_classes)(pixels))


def compiled(input_shape, num_classes):
    model = small(input_shape, num_classes)
    model.compile(optimizer="sgd", loss="mse")
    return model


def own_step(input_shape, num_classes):
    import keras

    @keras.saving.register_keras_serializable(package="own_step")
    class Net(keras.Model):
        def train_step(self, data):
            raise NotImplementedError("never called")

    model = small(input_shape, num_classes)
    return Net(model.inputs, model.outputs)


def relu(input_shape, num_classes):
    from keras import layers

    head = layers.Dense(num_classes, activation="relu", bias_initializer="ones")
    return small(input_shape, num_classes, head=head)


def batch_mean(input_shape, num_classes):
    from keras import ops

    return small(input_shape, num_classes, after=lambda x: x - ops.mean(x, axis=0, keepdims=True))


def as_sequence(build):
    """A `build` for sequences."""
    build.layout = "sequence"
    return build


@as_sequence
def sees_padding(input_shape, num_classes, *, mask_value: float | None = None):
    """Takes padded steps for steps."""
    from keras import Input, Model, layers

    sequence = Input(input_shape)
    x = layers.Dense(32, activation="tanh")(layers.Flatten()(sequence))
    return Model(sequence, layers.Dense(num_classes)(x))


@as_sequence
def normalises_padding(input_shape, num_classes, *, mask_value: float | None = None):
    """Leaves padding out of the mean over time, and not out of the statistics of batches."""
    from keras import Input, Model, layers

    import zoo

    sequence = Input(input_shape)
    x, mask = zoo.layers.mask_of(sequence, mask_value)
    x = layers.BatchNormalization(momentum=0.9)(layers.Dense(64, activation="tanh")(x))
    x = layers.GlobalAveragePooling1D()(x, mask=mask)
    return Model(sequence, layers.Dense(num_classes)(x))


@as_sequence
def without_padding(input_shape, num_classes, *, mask_value: float | None = None):
    """Right: the mean of real steps."""
    from keras import Input, Model, layers

    import zoo

    sequence = Input(input_shape)
    x, mask = zoo.layers.mask_of(sequence, mask_value)
    x = layers.BatchNormalization(momentum=0.9)(layers.Dense(64, activation="tanh")(x), mask=mask)
    x = layers.GlobalAveragePooling1D()(x, mask=mask)
    return Model(sequence, layers.Dense(num_classes)(x))


def fixed_seed(input_shape, num_classes):
    from keras import initializers, layers

    def glorot():
        return initializers.GlorotUniform(seed=7)

    head = layers.Dense(num_classes, kernel_initializer=glorot())
    return small(input_shape, num_classes, head=head, kernel_initializer=glorot())


def no_seed(input_shape, num_classes):
    from keras import initializers, layers

    seed = int.from_bytes(os.urandom(3))
    glorot = initializers.GlorotUniform(seed=seed)
    return small(
        input_shape, num_classes, head=layers.Dense(num_classes, kernel_initializer=glorot)
    )


def undocumented(input_shape, num_classes, *, units: int = 16):
    return small(input_shape, num_classes, units=units)


def unsearchable(
    input_shape, num_classes, *, units: Annotated[int, "of the layer", Range(64, 128)] = 32
):
    return small(input_shape, num_classes, units=units)


def untyped(input_shape, num_classes, *, units=16):
    """`units` are those of the hidden layer."""
    return small(input_shape, num_classes, units=units)


def unreadable(input_shape, num_classes, *, units: Annotated[list[int], "one"] = [16]):  # noqa: B006
    return small(input_shape, num_classes, units=units[0])


def mistyped(input_shape, num_classes, *, units: Annotated[int, "of the layer"] = 16.5):
    return small(input_shape, num_classes, units=int(units))


def unused(input_shape, num_classes, *, depth: Annotated[int, "not used"] = 3):
    return small(input_shape, num_classes)


def stuck(input_shape, num_classes, *, units: Annotated[int, "only 16 will do"] = 16):
    if units != 16:
        raise ValueError("units must be 16")
    return small(input_shape, num_classes, units=units)


def stopped(input_shape, num_classes):
    from keras import layers, ops

    def after(x):
        return x + ops.stop_gradient(layers.Dense(16, name="idle")(x))

    return small(input_shape, num_classes, after=after)


def frozen(input_shape, num_classes):
    model = small(input_shape, num_classes)
    model.trainable = False
    return model


def unsaved_constant(input_shape, num_classes):
    """A random number that is no weight: Keras saves it, but a model built anew has another."""
    from keras import layers

    factor = random.uniform(0.5, 2)
    return small(input_shape, num_classes, after=layers.Rescaling(factor))


def bottleneck(input_shape, num_classes):
    """The mean brightness is all that it sees."""
    from keras import Input, Model, layers, ops

    image = Input(input_shape)
    mean = ops.mean(image, axis=(1, 2))
    return Model(image, layers.Dense(num_classes)(mean))


def three_digits(input_shape, num_classes):
    """Divides by a number that bfloat16 rounds to zero."""
    from keras import ops

    def after(x):
        one = ops.ones_like(x)
        return x * 1e-3 / (one + 1e-3 * one - one)

    return small(input_shape, num_classes, after=after)


def not_for_xla(input_shape, num_classes):
    """TensorFlow has no projective transformation for XLA."""
    from keras import Input, Model, layers, ops

    image = Input(input_shape)
    turned = ops.image.affine_transform(image, ops.convert_to_tensor([1.0, 0, 0, 0, 1, 0, 0, 0]))
    x = layers.Flatten()(layers.AveragePooling2D(2)(turned))
    return Model(image, layers.Dense(num_classes)(layers.Dense(16, activation="tanh")(x)))


def lambda_layer(input_shape, num_classes):
    """Python code in a file, which nobody loads from a stranger."""
    from keras import layers

    return small(input_shape, num_classes, after=layers.Lambda(lambda x: 2 * x))


def not_exported(input_shape, num_classes):
    """An operation that neither ONNX nor LiteRT has."""
    import keras

    class Bent(keras.layers.Layer):
        def call(self, x):
            return keras.ops.erfinv(0.9 * keras.ops.tanh(x))

    return small(input_shape, num_classes, after=Bent(name="bent"))


def asks_for_backend(input_shape, num_classes):
    import keras

    factor = 2.0 if keras.backend.backend() == "tensorflow" else 1.0
    return small(input_shape, num_classes, after=keras.layers.Rescaling(factor))


def greedy(input_shape, num_classes):
    """While it trains, every pixel and its negative look at every other one."""
    import keras
    from keras import ops

    @keras.saving.register_keras_serializable(package="greedy")
    class Pairs(keras.layers.Layer):
        def call(self, x, training=False):
            if not training:
                return x
            y = ops.reshape(x, (-1, input_shape[0] * input_shape[1] * input_shape[2], 1))
            y = ops.concatenate([y, -y], axis=1)
            pairs = ops.tanh(y * ops.transpose(y, (0, 2, 1)))
            return x + ops.reshape(ops.mean(pairs, axis=(1, 2)), (-1, 1, 1, 1))

    image = keras.Input(input_shape)
    return keras.Model(image, small(input_shape, num_classes)(Pairs()(image)))


def dies_elsewhere(input_shape, num_classes):
    """Ends its process without a word of Python's, but only where nobody else would be hurt."""
    if "pytest" not in sys.modules and "zoo.cli" not in sys.modules:
        print("segmentation faults feel like this", file=sys.stderr, flush=True)
        os._exit(77)
    return small(input_shape, num_classes)


def exits(input_shape, num_classes):
    sys.exit("no more")


def architecture(build) -> Architecture:
    layout, sizes = getattr(build, "layout", "image"), getattr(build, "sizes", {})
    return Architecture(build.__name__, build, layout, summary="for a test", sizes=sizes)


def made(build):
    """A `build` that no module has by its name."""

    def inner(input_shape, num_classes):
        return build(input_shape, num_classes)

    return inner


def zoo_architectures():
    return [
        Architecture(name="by_hook", build=made(small_one), layout="image", summary="for a test")
    ]


def small_one(input_shape, num_classes):
    return small(input_shape, num_classes)

"""Replacing, within one model in memory, what a format cannot hold or runs slowly.

Weights and results stay the same; the proof checks that. The model must not be used for anything else
afterwards.

Recurrent layers in TensorFlow keep their sequences in lists of tensors, which LiteRT has only through
the operations of full TensorFlow (Flex). A loop that reads a step with `gather` and writes one with a
scatter needs none, takes any batch and any length, and its file is as small as its weights. ONNX has
operations for the LSTM and the GRU, which tf2onnx finds; other recurrent layers are unrolled while they
are short.
docs/export.md has the figures.
"""

from collections.abc import Callable
from typing import Any

from zoo.exporting.serving_graph import layers_of

UNROLLED = 64
"""Steps up to which a recurrent layer is unrolled where that is faster: the file grows with each."""
UNROLLED_AT_MOST = 512
"""Steps up to which a layer is unrolled that can be exported in no other way."""


def for_onnx(model: Any) -> None:
    """Unroll short recurrent layers, but those that ONNX has."""
    import keras

    for layer in _recurrent(model):
        if isinstance(layer, keras.layers.GRU) and layer.reset_after and layer.use_bias:
            _write_gru_plainly(layer)
        elif not isinstance(layer, keras.layers.LSTM):
            _unroll_short(layer)


def for_litert(model: Any) -> None:
    """Make loops without lists of tensors; split pooling in three dimensions."""
    import keras

    for layer in _recurrent(model):
        if not _has_known_loop(layer):
            layer.unroll = (_steps(layer) or 0) <= UNROLLED_AT_MOST
        else:
            layer.inner_loop = _loop(layer)
    for layer in layers_of(model):
        kinds = (keras.layers.MaxPooling3D, keras.layers.AveragePooling3D)
        if isinstance(layer, kinds) and layer.data_format == "channels_last":
            layer.call = _pooling_in_two_steps(layer)


def _recurrent(model: Any) -> list[Any]:
    import keras

    return [each for each in layers_of(model) if isinstance(each, keras.layers.RNN)]


def _has_known_loop(layer: Any) -> bool:
    """Whether Keras runs it through time, and its output has the shape of its first state."""
    import keras

    cells = (keras.layers.LSTMCell, keras.layers.GRUCell, keras.layers.SimpleRNNCell)
    known = isinstance(layer.cell, cells) or type(layer.cell).__name__ == "ConvLSTMCell"
    return known and type(layer).call.__module__.startswith("keras.")


def _steps(layer: Any) -> int | None:
    try:
        return layer.input.shape[1]
    except (AttributeError, ValueError):  # it is inside another layer
        return None


def is_recurrent(model: Any) -> bool:
    """Whether a model has recurrent layers, which are loops in LiteRT."""
    return bool(_recurrent(model))


def _unroll_short(layer: Any) -> None:
    usual = layer.inner_loop

    def inner_loop(sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        layer.unroll = sequences.shape[1] is not None and sequences.shape[1] <= UNROLLED
        return usual(sequences, initial_state, mask, training=training)

    layer.inner_loop = inner_loop


def _write_gru_plainly(layer: Any) -> None:
    """Calculate a step of a GRU (Cho et al. 2014, reset gate after the product) as tf2onnx knows it.

    Keras 3 slices gates, where tf2onnx looks for splits and then uses ONNX' own GRU.
    """
    import tensorflow as tf

    usual, cell = layer.inner_loop, layer.cell

    def inner_loop(sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        of_input, of_state = tf.unstack(tf.convert_to_tensor(cell.bias))

        def call(inputs: Any, states: Any, training: bool = False) -> tuple[Any, list[Any]]:
            before = _as_list(states)[0]
            x = tf.nn.bias_add(tf.matmul(inputs, cell.kernel), of_input)
            h = tf.nn.bias_add(tf.matmul(before, cell.recurrent_kernel), of_state)
            x_update, x_reset, x_new = tf.split(x, 3, axis=1)
            h_update, h_reset, h_new = tf.split(h, 3, axis=1)
            update = cell.recurrent_activation(x_update + h_update)
            reset = cell.recurrent_activation(x_reset + h_reset)
            new = cell.activation(x_new + reset * h_new)
            output = update * before + (1 - update) * new
            return output, [output]

        cell.call = call
        return usual(sequences, initial_state, mask, training=training)

    layer.inner_loop = inner_loop


def _loop(layer: Any) -> Callable[..., Any]:
    """The layer's `inner_loop` as a loop over tensors: last output, outputs, states."""
    import tensorflow as tf

    usual = layer.inner_loop

    def inner_loop(sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        steps = sequences.shape[1]
        if steps is None:
            return usual(sequences, initial_state, mask, training=training)
        start = _as_list(initial_state)
        first = tf.zeros_like(start[0])
        kept = tf.tile(first[None], [steps, *[1] * first.shape.rank])
        found = tf.while_loop(
            lambda step, *_: step < steps,
            _body(layer, _by_time(layer, sequences), _by_time(layer, mask)),
            (tf.constant(0), kept if layer.return_sequences else first, first, *start),
            maximum_iterations=steps,
        )
        outputs, last, states = found[1], found[2], list(found[3:])
        return last, _swapped(outputs) if layer.return_sequences else last[:, None], states

    return inner_loop


def _body(layer: Any, sequences: Any, mask: Any) -> Callable[..., Any]:
    """One step of the loop, from sequences and a mask whose first axis is time; without mask: None."""
    import tensorflow as tf

    def body(step: Any, kept: Any, last: Any, *states: Any) -> tuple[Any, ...]:
        output, new = layer.cell(tf.gather(sequences, step), list(states), training=False)
        new = _as_list(new)
        if mask is not None:  # a padded step changes nothing
            seen = tf.reshape(tf.gather(mask, step), [-1, *[1] * (last.shape.rank - 1)])
            hidden = tf.zeros_like(last) if layer.zero_output_for_mask else last
            output = tf.where(seen, output, hidden)
            new = [tf.where(seen, *both) for both in zip(new, states, strict=True)]
        for tensor, before in zip((output, *new), (last, *states), strict=True):
            tensor.set_shape(before.shape)
        if layer.return_sequences:
            kept = tf.tensor_scatter_nd_update(kept, [[step]], output[None])
        return (step + 1, kept, output, *new)

    return body


def _by_time(layer: Any, tensor: Any) -> Any:
    """Time first, in the order in which the layer reads; None stays None."""
    import tensorflow as tf

    if tensor is None:
        return None
    tensor = _swapped(tensor)
    return tf.reverse(tensor, [0]) if layer.go_backwards else tensor


def _as_list(states: Any) -> list[Any]:
    return list(states) if isinstance(states, list | tuple) else [states]


def _swapped(tensor: Any) -> Any:
    """Batch and time exchanged."""
    import tensorflow as tf

    return tf.transpose(tensor, [1, 0, *range(2, tensor.shape.rank)])


def _pooling_in_two_steps(layer: Any) -> Callable[[Any], Any]:
    """Pooling over height and width, then over time: the same for the maximum and for the mean."""
    import keras
    import tensorflow as tf

    is_max = isinstance(layer, keras.layers.MaxPooling3D)
    pool = tf.nn.max_pool2d if is_max else tf.nn.avg_pool2d
    padding, size, strides = layer.padding.upper(), layer.pool_size, layer.strides

    def call(x: Any) -> Any:
        _, steps, height, width, channels = x.shape
        x = tf.reshape(x, (-1, height, width, channels))
        x = pool(x, size[1:], strides[1:], padding)
        _, height, width, _ = x.shape
        x = tf.reshape(x, (-1, steps, height * width, channels))
        x = pool(x, (size[0], 1), (strides[0], 1), padding)
        return tf.reshape(x, (-1, x.shape[1], height, width, channels))

    return call

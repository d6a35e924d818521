"""A gate-fused ConvLSTM2D layer: the same outputs as in Keras, with fewer convolutions."""

import keras
from keras import ops

UNROLL_UP_TO = 16
"""Longest static sequence that is unrolled; longer ones run faster as a loop."""


@keras.saving.register_keras_serializable(package="archzoo_convlstm2d")
class FusedConvLSTM2D(keras.layers.ConvLSTM2D):
    """A faster `keras.layers.ConvLSTM2D` without dropout: fewer, wider convolutions.

    The Keras layer runs eight convolutions per time step: four gates, each over the input and over
    the state. Without dropout all gates read the same tensors. This layer therefore runs one input
    convolution for all frames at once, and one recurrent convolution, four times as wide, per step;
    a first step that starts from zeros needs none. Weights, their names and order, the
    configuration and every option except the two below are those of the Keras layer (Shi et al.
    2015, https://arxiv.org/abs/1506.04214, without peephole connections).

    Raises:
        ValueError: `dropout` or `recurrent_dropout` is not 0. The Keras layer draws one mask per
            gate; with it, gates could not share a convolution.
    """

    def __init__(self, filters, kernel_size, *, dropout=0.0, recurrent_dropout=0.0, **kwargs):
        if dropout or recurrent_dropout:
            raise ValueError(
                "FusedConvLSTM2D has no dropout: received "
                f"dropout={dropout}, recurrent_dropout={recurrent_dropout}. Put a "
                "keras.layers.SpatialDropout3D before it, or use keras.layers.ConvLSTM2D."
            )
        super().__init__(filters, kernel_size, **kwargs)

    def call(self, sequences, initial_state=None, mask=None, training=False):
        """Inputs and outputs are those of `keras.layers.ConvLSTM2D`: `(batch, T, H, W, C)`."""
        states = self._starting_states(sequences, initial_state)
        gates = self._input_convolution(sequences)
        steps = sequences.shape[1]
        if steps is not None and (self.unroll or steps <= UNROLL_UP_TO):
            outputs, last, states = self._unrolled(gates, steps, states, mask)
        else:
            outputs, last, states = self._scanned(gates, ops.shape(sequences)[1], states, mask)
        if self.stateful:
            for variable, value in zip(self.states, states, strict=True):
                variable.assign(ops.cast(value, variable.dtype))
        output = outputs if self.return_sequences else last
        return (output, *states) if self.return_state else output

    def _starting_states(self, sequences, initial_state):
        """The initial state `[h, c]`; None means zeros, whose convolution is skipped."""
        if initial_state is None and self.stateful:
            initial_state = [variable.value for variable in self.states]
        if initial_state is None:
            return None
        return [ops.cast(state, self.compute_dtype) for state in initial_state]

    def _input_convolution(self, sequences):
        """Gate inputs of all frames, time first, `(T * batch, ...)` with `4 * filters` channels.

        Time is the first axis so that each step is a contiguous slice: the gradient of a slice along
        another axis would fill a whole tensor with zeros for every step.
        """
        frames = ops.reshape(ops.moveaxis(sequences, 1, 0), (-1, *sequences.shape[2:]))
        gates = ops.conv(
            frames,
            self.cell.kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        if not self.cell.use_bias:
            return gates
        shape = (1, -1, 1, 1) if self.data_format == "channels_first" else (1, 1, 1, -1)
        return gates + ops.cast(ops.reshape(self.cell.bias, shape), gates.dtype)

    def _step(self, x, states):
        """One time step from the gate inputs `x` and the state; `states=None` means zeros."""
        axis = 1 if self.data_format == "channels_first" else -1
        if states is None:
            i, _, g, o = ops.split(x, 4, axis=axis)
            c = self.recurrent_activation(i) * self.activation(g)
        else:
            h, c = states
            recurrent = ops.conv(
                h, self.cell.recurrent_kernel, padding="same", data_format=self.data_format
            )
            i, f, g, o = ops.split(x + recurrent, 4, axis=axis)
            c = self.recurrent_activation(f) * c + self.recurrent_activation(i) * self.activation(g)
        return [self.recurrent_activation(o) * self.activation(c), c]

    def _unrolled(self, gates, steps, states, mask):
        parts = ops.split(gates, steps, axis=0)
        order = range(steps - 1, -1, -1) if self.go_backwards else range(steps)
        outputs, shown, last = [], None, None
        for t in order:
            new = self._step(parts[t], states)
            last = new[0]
            if mask is not None:
                new, shown, last = self._hold(mask[:, t], new, states, shown)
            states = new
            outputs.append(last)
        stacked = ops.stack(outputs, axis=1) if self.return_sequences else None
        return stacked, last, states

    def _scanned(self, gates, steps, states, mask):
        xs = ops.reshape(gates, (steps, -1, *gates.shape[1:]))
        zeros = ops.zeros_like(ops.split(xs[0], 4, axis=self._gate_axis())[0])
        states = [zeros, zeros] if states is None else states
        keep = None if mask is None else ops.moveaxis(ops.cast(mask, "bool"), 1, 0)
        if self.go_backwards:
            xs = ops.flip(xs, axis=0)
            keep = None if keep is None else ops.flip(keep, axis=0)

        def step(carry, x):
            h, c, shown = carry
            if keep is None:
                h, c = self._step(x, [h, c])
                new = (h, c, h)
                return new, new
            x, kept = x
            new, shown, last = self._hold(kept, self._step(x, [h, c]), [h, c], shown)
            return (*new, shown), (*new, last)

        # On TensorFlow, ops.scan needs outputs of the same structure as the carry.
        carry, outputs = ops.scan(step, (*states, zeros), xs if keep is None else (xs, keep))
        outputs = outputs[2]
        return ops.moveaxis(outputs, 0, 1), outputs[-1], list(carry[:2])

    def _gate_axis(self):
        return 1 if self.data_format == "channels_first" else -1

    def _hold(self, kept, new, states, shown):
        """For masked steps, keep the state and repeat the last output (or zeros)."""
        kept = ops.reshape(ops.cast(kept, "bool"), (-1, 1, 1, 1))
        zeros = ops.zeros_like(new[0])
        shown = zeros if shown is None else shown
        states = [zeros, zeros] if states is None else states
        output = ops.where(kept, new[0], shown)
        held = [ops.where(kept, fresh, old) for fresh, old in zip(new, states, strict=True)]
        last = ops.where(kept, output, zeros) if self.zero_output_for_mask else output
        return held, output, last

"""Counting the floating-point operations of one sample's forward pass."""

import math
from functools import partial

COUNTED = "2 × multiply-adds of convolutions and matrix products, one sample, forward"


def flops_per_sample(backend: str, model, input_shape: tuple[int, ...]) -> int | None:
    """Operations of the convolutions and matrix products that one forward pass executes.

    A multiplication with its addition counts as two; element-wise work, pooling and normalisation
    are left out, as is usual in papers. Loops over time count each of their steps. None where the
    model cannot be traced.
    """
    count = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[backend]
    try:
        return count(model, (1, *input_shape))
    except Exception:  # a stranger's model; its training must not depend on being counted
        return None


def _tensorflow(model, shape) -> int:
    import tensorflow as tf
    from tensorflow.python.framework import op_callbacks  # no public way sees a loop's every step

    made = {}  # each tensor's id: the operations that made it, and from which tensors
    kept = []  # alive, so that no id is used twice

    def note(op_type, inputs, attrs, outputs, op_name=None, graph=None):
        name = op_type.decode() if isinstance(op_type, bytes) else op_type
        cost = _tensorflow_op(name, inputs, attrs, outputs)
        kept.extend((*inputs, *outputs))
        for output in outputs:
            made[id(output)] = (len(kept), cost, [id(each) for each in inputs])

    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    op_callbacks.add_op_callback(note)
    try:
        result = model(tf.zeros(shape), training=False)
    finally:
        op_callbacks.remove_op_callback(note)
        tf.config.run_functions_eagerly(before)
    return _reachable_cost(id(result), made)


def _reachable_cost(result: int, made: dict) -> int:
    """What the result needs. Keras' loop runs one step more, only to learn its output's shape."""
    total, seen, waiting = 0, set(), [result]
    while waiting:
        call, cost, inputs = made.get(waiting.pop(), (None, 0, ()))
        if call is not None and call not in seen:
            seen.add(call)
            total += cost
            waiting.extend(inputs)
    return int(total)


def _tensorflow_op(name: str, inputs, attrs, outputs) -> int:
    if name in ("Conv2D", "Conv3D"):
        return 2 * math.prod(outputs[0].shape) * math.prod(inputs[1].shape[:-1])
    if name == "DepthwiseConv2dNative":
        return 2 * math.prod(outputs[0].shape) * math.prod(inputs[1].shape[:2])
    if name in ("MatMul", "BatchMatMulV2", "BatchMatMulV3"):
        attributes = dict(zip(attrs[::2], attrs[1::2], strict=True))
        transposed = attributes.get("transpose_a") or attributes.get("adj_x")
        return 2 * math.prod(outputs[0].shape) * inputs[0].shape[-2 if transposed else -1]
    if name == "Einsum":
        attributes = dict(zip(attrs[::2], attrs[1::2], strict=True))
        return 2 * math.prod(outputs[0].shape) * _summed(attributes["equation"], inputs)
    return 0


def _summed(equation: str, inputs) -> int:
    """How many products an Einsum adds up for each number of its output."""
    terms, _, result = equation.partition("->")
    sizes: dict[str, int] = {}
    for term, tensor in zip(terms.split(","), inputs, strict=True):
        first, _, last = term.partition("...")  # batch axes may hide in the dots
        sizes |= zip(first, tensor.shape, strict=False)
        sizes |= zip(reversed(last), reversed(tensor.shape), strict=False)
    return math.prod(size for axis, size in sizes.items() if axis not in result)


def _jax(model, shape) -> int:
    import jax
    import jax.numpy as jnp

    trainable = [v.value for v in model.trainable_variables]
    others = [v.value for v in model.non_trainable_variables]
    forward = partial(model.stateless_call, training=False)
    return _count_jaxpr(jax.make_jaxpr(forward)(trainable, others, jnp.zeros(shape)).jaxpr)


def _count_jaxpr(jaxpr) -> int:
    total = 0
    for equation in jaxpr.eqns:
        name, params = equation.primitive.name, equation.params
        if name == "dot_general":
            (contracting, _), _ = params["dimension_numbers"]
            left = equation.invars[0].aval.shape
            inner = math.prod(left[axis] for axis in contracting)
            total += 2 * math.prod(equation.outvars[0].aval.shape) * inner
        elif name == "conv_general_dilated":
            kernel = equation.invars[1].aval.shape
            out_channels = kernel[params["dimension_numbers"].rhs_spec[0]]
            output = math.prod(equation.outvars[0].aval.shape)
            total += 2 * output * math.prod(kernel) // out_channels
        repeats = params.get("length", 1) if name == "scan" else 1
        if name == "while":
            raise NotImplementedError("a loop of unknown length")
        for value in params.values():
            inner_jaxpr = getattr(value, "jaxpr", value if hasattr(value, "eqns") else None)
            if inner_jaxpr is not None:
                total += repeats * _count_jaxpr(inner_jaxpr)
    return total


def _torch(model, shape) -> int:
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    device = next(iter(model.parameters())).device
    counter = FlopCounterMode(display=False)
    # The counter does not know the CPU's fused attention; this way it is two matrix products.
    with counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        model(torch.zeros(shape, device=device), training=False)
    return counter.get_total_flops()

"""The shipped `cnn` on 28×28 images with its training loop, written by hand for one library each.

They are what people write who use no zoo and no Keras, and so the yardsticks of our trainer. Both
do what it does by a recipe without augmentation: the same layers, loss, AdamW and one-cycle rate,
and uint8 images on the device, gathered by index.
"""

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from zoo.recipe import Recipe

# Each loop needs its own library only; test_yardsticks.py skips the one that is absent.
with contextlib.suppress(ModuleNotFoundError):
    import torch
    from torch import nn
with contextlib.suppress(ModuleNotFoundError):
    import jax
    from jax import lax
    from jax import numpy as jnp

CLASSES = 10
NORM_EPSILON, ADAM_EPSILON = 1e-3, 1e-7  # Keras' defaults; the libraries have their own


@dataclass
class Epoch:
    """One training pass over the batches each time it is called; waits for the device.

    Attributes:
        train: makes the pass and gives its mean loss.
        parameters: the number of trained values.
        device: `cpu` or `gpu`.
        loss: the mean loss of the latest pass.
    """

    train: Callable[[], float]
    parameters: int
    device: str
    loss: float = math.nan

    def __call__(self) -> None:
        self.loss = self.train()


def one_cycle(recipe: Recipe, steps: int) -> np.ndarray:
    """Shares of the peak rate, `(steps + 1,)`: up from a 25th, a cosine to the zero at the end."""
    rising = int(recipe.warmup * steps)
    falling = np.cos(np.linspace(0, np.pi, steps - rising + 1)) / 2 + 0.5
    return np.append(np.linspace(1 / 25, 1, rising, endpoint=False), falling)


def torch_epoch(x, y, batches, recipe: Recipe, *, filters, dropout) -> Epoch:
    """Plain PyTorch: modules, `torch.optim`, eager steps."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    model = _torch_cnn(filters, dropout).to(device)
    groups = [  # biases and normalisation have one axis and do not decay
        {"params": [p for p in model.parameters() if p.ndim > 1]},
        {"params": [p for p in model.parameters() if p.ndim == 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(
        groups, lr=recipe.learning_rate, eps=ADAM_EPSILON, weight_decay=recipe.weight_decay
    )
    rate = one_cycle(recipe, len(batches))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: rate[min(step, len(batches))]
    )
    images = torch.tensor(x.transpose(0, 3, 1, 2), device=device)
    labels = torch.tensor(y, device=device).long()

    def train() -> float:
        total = torch.zeros((), device=device)
        for indices in torch.tensor(batches, device=device):
            logits = model(images[indices].float() / 255)
            loss = nn.functional.cross_entropy(logits, labels[indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.detach()
        return total.item() / len(batches)

    parameters = sum(p.numel() for p in model.parameters())
    return Epoch(train, parameters, "gpu" if device == "cuda" else "cpu")


def _torch_cnn(filters, dropout) -> "nn.Module":
    def convolution(inputs, outputs, kernel, **options):
        yield nn.Conv2d(inputs, outputs, kernel, bias=False, **options)
        yield nn.BatchNorm2d(outputs, eps=NORM_EPSILON, momentum=0.1)
        yield nn.ReLU()

    stem, middle, last = filters
    return nn.Sequential(
        nn.ZeroPad2d((1, 2, 1, 2)),  # Keras' "same" at stride 2, which PyTorch does not have
        *convolution(1, stem, 5, stride=2),
        *convolution(stem, middle, 3, padding=1),
        nn.MaxPool2d(2),
        *convolution(middle, last, 3, padding=1),
        *convolution(last, last, 3),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(5 * 5 * last, CLASSES),
    )


def jax_epoch(x, y, batches, recipe: Recipe, *, filters, dropout) -> Epoch:
    """Plain JAX: a dict of parameters, one compiled step whose state is donated, a Python loop."""
    compiled = jax.jit(_jax_step(recipe, len(batches), dropout), donate_argnums=0)

    def run(state, images, labels):
        for indices in batches:
            state = compiled(state, images, labels, indices)
        return state

    return _jax_loop(run, x, y, len(batches), filters)


def scanned_jax_epoch(x, y, batches, recipe: Recipe, *, filters, dropout) -> Epoch:
    """The same with `lax.scan` over all steps: one compiled call an epoch."""
    step = _jax_step(recipe, len(batches), dropout)

    def scan(state, images, labels, batches):
        return lax.scan(lambda s, i: (step(s, images, labels, i), None), state, batches)[0]

    compiled, order = jax.jit(scan, donate_argnums=0), jnp.asarray(batches)
    return _jax_loop(lambda *state: compiled(*state, order), x, y, len(batches), filters)


def _jax_step(recipe: Recipe, steps: int, dropout: float) -> Callable:
    rates = jnp.asarray(recipe.learning_rate * one_cycle(recipe, steps))
    gradient = jax.value_and_grad(_jax_loss, has_aux=True)

    def step(state, images, labels, indices):
        key = jax.random.fold_in(jax.random.key(0), state["step"])
        (loss, moving), gradients = gradient(
            state["parameters"], state["moving"], images[indices], labels[indices], key, dropout
        )
        rate = rates[jnp.minimum(state["step"], steps)]
        trained = _jax_adamw(state, gradients, rate, recipe.weight_decay)
        return {**trained, "moving": moving, "loss": state["loss"] + loss}

    return step


def _jax_loop(run: Callable, x, y, steps: int, filters) -> Epoch:
    images, labels = jnp.asarray(x), jnp.asarray(y)
    state = _jax_state(filters)

    def train() -> float:
        nonlocal state
        state = run({**state, "loss": jnp.zeros(())}, images, labels)
        return float(state["loss"]) / steps

    parameters = sum(p.size for p in jax.tree.leaves(state["parameters"]))
    return Epoch(train, parameters, jax.default_backend())


def _jax_state(filters):
    """Parameters, the batch norms' moving statistics, Adam's two moments, and the steps done."""
    stem, middle, last = filters
    kernels = {
        "stem": (5, 5, 1, stem),
        "middle": (3, 3, stem, middle),
        "third": (3, 3, middle, last),
        "last": (3, 3, last, last),
        "dense": (5 * 5 * last, CLASSES),
    }
    glorot = jax.nn.initializers.glorot_uniform()
    keys = jax.random.split(jax.random.key(0), len(kernels))
    parameters, moving = {}, {}
    for key, (name, shape) in zip(keys, kernels.items(), strict=True):
        parameters[name] = {"kernel": glorot(key, shape), "bias": jnp.zeros(shape[-1])}
        if name != "dense":
            parameters[name]["scale"] = jnp.ones(shape[-1])
            moving[name] = {"mean": jnp.zeros(shape[-1]), "variance": jnp.ones(shape[-1])}
    return {
        "parameters": parameters,
        "moving": moving,
        "first": jax.tree.map(jnp.zeros_like, parameters),
        "second": jax.tree.map(jnp.zeros_like, parameters),
        "step": jnp.zeros((), "int32"),
    }


def _jax_loss(parameters, moving, images, labels, key, dropout):
    """The mean loss, and the batch norms' moving statistics."""
    moved = {}

    def convolution(x, name, stride=1, padding="SAME"):
        layer, strides = parameters[name], (stride, stride)
        axes = ("NHWC", "HWIO", "NHWC")
        x = lax.conv_general_dilated(x, layer["kernel"], strides, padding, dimension_numbers=axes)
        now = {"mean": x.mean((0, 1, 2)), "variance": x.var((0, 1, 2))}
        moved[name] = jax.tree.map(lambda old, new: 0.9 * old + 0.1 * new, moving[name], now)
        # One factor and one summand, as Keras has it, is a tenth less time a step on a CPU.
        factor = lax.rsqrt(now["variance"] + NORM_EPSILON) * layer["scale"]
        return jax.nn.relu(x * factor + (layer["bias"] - now["mean"] * factor))

    x = convolution(images.astype("float32") / 255, "stem", stride=2)
    x = convolution(x, "middle")
    x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "SAME")
    x = convolution(x, "third")
    x = convolution(x, "last", padding="VALID")
    x = x.reshape(len(x), -1)
    x = jnp.where(jax.random.bernoulli(key, 1 - dropout, x.shape), x / (1 - dropout), 0)
    logits = x @ parameters["dense"]["kernel"] + parameters["dense"]["bias"]
    right = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)
    return -right.mean(), moved


def _jax_adamw(state, gradients, rate, decay):
    """Adam with decoupled decay of whatever has more than one axis: no bias, no normalisation."""
    step = state["step"] + 1
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state["first"], gradients)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, state["second"], gradients)

    def update(value, m, v):
        kept = value * (1 - rate * decay) if value.ndim > 1 else value
        m, v = m / (1 - 0.9**step), v / (1 - 0.999**step)
        return kept - rate * m / (jnp.sqrt(v) + ADAM_EPSILON)

    parameters = jax.tree.map(update, state["parameters"], first, second)
    return {"parameters": parameters, "first": first, "second": second, "step": step}

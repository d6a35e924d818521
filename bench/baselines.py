"""The shipped `cnn` on 28×28 images with its training loop, written by hand for one library each.

They are what people write who use no zoo and no Keras, and so the baselines of our trainer. Both
do what it does by a recipe without augmentation: the same layers, loss, AdamW and one-cycle rate,
and uint8 images on the device, gathered by index. They build the plugin's network from its own
hyperparameters (`Network`), and test_baselines.py compares the two, weight by weight.
"""

import contextlib
import copy
import functools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np

from zoo.recipe import Recipe

# Each loop needs its own library only; test_baselines.py skips the one that is absent.
with contextlib.suppress(ModuleNotFoundError):
    import torch
    from torch import nn
with contextlib.suppress(ModuleNotFoundError):
    import jax
    from jax import lax
    from jax import numpy as jnp

CLASSES, SIDE = 10, 28
NORM_EPSILON, ADAM_EPSILON = 1e-3, 1e-7  # Keras' defaults; the libraries have their own


class Convolution(NamedTuple):
    """One convolution, with batch normalisation and ReLU after it."""

    inputs: int
    outputs: int
    kernel: int = 3
    stride: int = 1
    same: bool = True

    def padding(self, side: int) -> tuple[int, int]:
        """Before and after, as Keras pads images `side` pixels wide."""
        if not self.same:
            return 0, 0
        reached = (math.ceil(side / self.stride) - 1) * self.stride + self.kernel
        missing = max(reached - side, 0)
        return missing // 2, missing - missing // 2

    def side(self, side: int) -> int:
        """How wide the images are that it makes of those."""
        return (side + sum(self.padding(side)) - self.kernel) // self.stride + 1


@dataclass(frozen=True)
class Network:
    """The hyperparameters of the plugin `cnn`, and the layers that it makes of them."""

    filters: tuple[int, int, int]
    convolutions: tuple[int, int]
    strided: bool
    dropout: float

    @classmethod
    def of(cls, hyperparameters: Mapping[str, Any]) -> "Network":
        """That of a plugin's hyperparameters; exits where the plugin has others than are built here."""
        known = {field.name for field in fields(cls)}
        if other := known ^ hyperparameters.keys():
            raise SystemExit(
                f"bench/baselines.py: cnn takes {', '.join(sorted(hyperparameters))}; built by hand is "
                f"a network of {', '.join(sorted(known))}. Teach Network what {min(other)} does."
            )
        return cls(**hyperparameters)

    def layers(self) -> Iterator[tuple[Convolution | None, int]]:
        """Each convolution, or None for a pooling, and how wide the images before it are."""
        side = SIDE
        for layer in self._layers():
            if layer is not None:
                layer = layer._replace(same=layer.same or side <= 3)
            yield layer, side
            side = layer.side(side) if layer else math.ceil(side / 2)

    def _layers(self) -> Iterator[Convolution | None]:
        first, second, third = self.filters
        if self.strided:
            yield Convolution(1, first, kernel=5, stride=2)
        else:
            yield from (Convolution(1, first), Convolution(first, first), None)
        yield from _stage(first, second, self.convolutions[0])
        yield None
        inputs = second if self.convolutions[0] else first
        *others, last = [*_stage(inputs, third, self.convolutions[1])] or [None]
        yield from others
        if last:
            yield last._replace(same=False)

    def features(self) -> int:
        """How many values the classifier takes."""
        channels, side = 1, SIDE
        for layer, before in self.layers():
            channels = layer.outputs if layer else channels
            side = layer.side(before) if layer else math.ceil(before / 2)
        return channels * side * side


def _stage(inputs: int, outputs: int, count: int) -> Iterator[Convolution]:
    for number in range(count):
        yield Convolution(outputs if number else inputs, outputs)


@dataclass
class Epoch:
    """One training pass over the batches each time it is called; waits for the device.

    Attributes:
        train: makes the pass and gives its mean loss.
        logits: those of float images `(N, 28, 28, 1)` from 0 to 1, with the statistics of that batch,
            nothing dropped, and the weights that it is given: Keras' order, Keras' axes.
        shapes: of the trained weights, in that order.
        device: `cpu` or `gpu`.
        loss: the mean loss of the latest pass.
    """

    train: Callable[[], float]
    logits: Callable[[list[np.ndarray], np.ndarray], np.ndarray]
    shapes: list[tuple[int, ...]]
    device: str
    loss: float = math.nan

    def __call__(self) -> None:
        self.loss = self.train()

    @property
    def parameters(self) -> int:
        """The number of trained values."""
        return sum(map(math.prod, self.shapes))


def one_cycle(recipe: Recipe, steps: int) -> np.ndarray:
    """Shares of the peak rate, `(steps + 1,)`: up from a 25th, a cosine to the zero at the end."""
    rising = int(recipe.warmup * steps)
    falling = np.cos(np.linspace(0, np.pi, steps - rising + 1)) / 2 + 0.5
    return np.append(np.linspace(1 / 25, 1, rising, endpoint=False), falling)


def torch_epoch(x, y, batches, recipe: Recipe, network: Network) -> Epoch:
    """Plain PyTorch: modules, `torch.optim`, eager steps."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    model = _torch_cnn(network).to(device)
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

    kind = "gpu" if device == "cuda" else "cpu"
    return Epoch(train, _TorchLogits(model), [*map(_keras_shape, model.parameters())], kind)


def _torch_cnn(network: Network) -> "nn.Module":
    modules: list[nn.Module] = []
    for layer, side in network.layers():
        if layer is None:
            modules.append(nn.MaxPool2d(2, ceil_mode=True))
            continue
        before, after = layer.padding(side)
        if before != after:  # Keras' "same" at stride 2, which PyTorch does not have
            modules.append(nn.ZeroPad2d((before, after, before, after)))
        padding = before if before == after else 0
        modules += [
            nn.Conv2d(*layer[:3], stride=layer.stride, padding=padding, bias=False),
            nn.BatchNorm2d(layer.outputs, eps=NORM_EPSILON, momentum=0.1),
            nn.ReLU(),
        ]
    dense = nn.Linear(network.features(), CLASSES)
    return nn.Sequential(*modules, nn.Flatten(), nn.Dropout(network.dropout), dense)


def _keras_shape(parameter) -> tuple[int, ...]:
    """PyTorch has the outputs first, Keras last."""
    outputs, *inputs = parameter.shape
    return (*inputs[1:], *inputs[:1], outputs)


@dataclass
class _TorchLogits:
    model: "nn.Module"

    def __call__(self, weights, images):
        model = copy.deepcopy(self.model).cpu()
        for module in model:
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        *convolutions, dense, bias = map(torch.tensor, weights)
        channels = convolutions[-1].numel()
        # Keras flattens pixel by pixel, PyTorch channel by channel.
        dense = dense.reshape(-1, channels, CLASSES).transpose(0, 1).reshape(-1, CLASSES).T
        theirs = [each.permute(3, 2, 0, 1) if each.ndim == 4 else each for each in convolutions]
        with torch.no_grad():
            for parameter, value in zip(model.parameters(), [*theirs, dense, bias], strict=True):
                parameter.copy_(value)
            return model(torch.tensor(images.transpose(0, 3, 1, 2))).numpy()


def jax_epoch(x, y, batches, recipe: Recipe, network: Network) -> Epoch:
    """Plain JAX: a list of parameters, one compiled step whose state is donated, a Python loop."""
    compiled = jax.jit(_jax_step(recipe, len(batches), network), donate_argnums=0)

    def run(state, images, labels):
        for indices in batches:
            state = compiled(state, images, labels, indices)
        return state

    return _jax_loop(run, x, y, len(batches), network)


def scanned_jax_epoch(x, y, batches, recipe: Recipe, network: Network) -> Epoch:
    """The same with `lax.scan` over all steps: one compiled call an epoch."""
    step = _jax_step(recipe, len(batches), network)

    def scan(state, images, labels, batches):
        return lax.scan(lambda s, i: (step(s, images, labels, i), None), state, batches)[0]

    compiled, order = jax.jit(scan, donate_argnums=0), jnp.asarray(batches)
    return _jax_loop(lambda *state: compiled(*state, order), x, y, len(batches), network)


def _jax_step(recipe: Recipe, steps: int, network: Network) -> Callable:
    rates = jnp.asarray(recipe.learning_rate * one_cycle(recipe, steps))

    def loss(parameters, moving, images, labels, key):
        images = images.astype("float32") / 255
        logits, moved = _jax_logits(network, parameters, moving, images, key)
        right = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)
        return -right.mean(), moved

    gradient = jax.value_and_grad(loss, has_aux=True)

    def step(state, images, labels, indices):
        key = jax.random.fold_in(jax.random.key(0), state["step"])
        (loss, moving), gradients = gradient(
            state["parameters"], state["moving"], images[indices], labels[indices], key
        )
        rate = rates[jnp.minimum(state["step"], steps)]
        trained = _jax_adamw(state, gradients, rate, recipe.weight_decay)
        return {**trained, "moving": moving, "loss": state["loss"] + loss}

    return step


def _jax_loop(run: Callable, x, y, steps: int, network: Network) -> Epoch:
    images, labels = jnp.asarray(x), jnp.asarray(y)
    state = _jax_state(network)
    shapes = [value.shape for layer in state["parameters"] for value in layer.values()]

    def train() -> float:
        nonlocal state
        state = run({**state, "loss": jnp.zeros(())}, images, labels)
        return float(state["loss"]) / steps

    def logits(weights, images):
        given = iter(weights)
        parameters = [{name: next(given) for name in layer} for layer in state["parameters"]]
        compiled = jax.jit(functools.partial(_jax_logits, replace(network, dropout=0.0)))
        return np.asarray(compiled(parameters, state["moving"], images, jax.random.key(0))[0])

    return Epoch(train, logits, shapes, jax.default_backend())


def _jax_state(network: Network) -> dict[str, Any]:
    """Parameters, the batch norms' moving statistics, Adam's two moments, and the steps done."""
    kernels = [
        (layer.kernel, layer.kernel, layer.inputs, layer.outputs)
        for layer, _ in network.layers()
        if layer
    ]
    random = np.random.default_rng(0)  # jax.random would be compiled for each shape
    parameters = [
        {
            "kernel": _glorot(random, shape),
            "scale": jnp.ones(shape[-1]),
            "bias": jnp.zeros(shape[-1]),
        }
        for shape in kernels
    ]
    dense = _glorot(random, (network.features(), CLASSES))
    parameters.append({"kernel": dense, "bias": jnp.zeros(CLASSES)})
    return {
        "parameters": parameters,
        "moving": [
            {"mean": jnp.zeros(shape[-1]), "variance": jnp.ones(shape[-1])} for shape in kernels
        ],
        "first": jax.tree.map(jnp.zeros_like, parameters),
        "second": jax.tree.map(jnp.zeros_like, parameters),
        "step": jnp.zeros((), "int32"),
    }


def _glorot(random: np.random.Generator, shape: tuple[int, ...]):
    """A kernel, drawn as Keras draws it."""
    *window, inputs, outputs = shape
    limit = math.sqrt(6 / (math.prod(window) * (inputs + outputs)))
    return jnp.asarray(random.uniform(-limit, limit, shape), "float32")


def _jax_logits(network: Network, parameters, moving, x, key):
    """The logits, and the batch norms' moving statistics."""
    *convolutions, dense = parameters
    weights, statistics, moved = iter(convolutions), iter(moving), []
    for layer, side in network.layers():
        if layer is None:
            x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "SAME")
            continue
        x, now = _jax_convolution(layer, next(weights), x, side)
        moved.append(jax.tree.map(lambda old, new: 0.9 * old + 0.1 * new, next(statistics), now))
    x = x.reshape(len(x), -1)
    kept = 1 - network.dropout
    x = jnp.where(jax.random.bernoulli(key, kept, x.shape), x / kept, 0)
    return x @ dense["kernel"] + dense["bias"], moved


def _jax_convolution(layer: Convolution, weights, x, side: int):
    """What one makes of images, and the statistics of its batch."""
    strides, padding = (layer.stride, layer.stride), [layer.padding(side)] * 2
    axes = ("NHWC", "HWIO", "NHWC")
    x = lax.conv_general_dilated(x, weights["kernel"], strides, padding, dimension_numbers=axes)
    now = {"mean": x.mean((0, 1, 2)), "variance": x.var((0, 1, 2))}
    # One factor and one summand, as Keras has it, is a tenth less time a step on a CPU.
    factor = lax.rsqrt(now["variance"] + NORM_EPSILON) * weights["scale"]
    return jax.nn.relu(x * factor + (weights["bias"] - now["mean"] * factor)), now


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

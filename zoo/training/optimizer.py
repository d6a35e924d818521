"""The Keras optimizer and learning-rate schedule that a recipe asks for."""

from typing import TYPE_CHECKING, Any

from zoo.recipe import Recipe

if TYPE_CHECKING:
    import keras

START_DIVISOR = 25
"""The one-cycle rate starts at a 25th of its peak (Smith and Topin 2018, arXiv:1708.07120)."""


def learning_rate(recipe: Recipe, steps: int) -> Any:
    """A number, or Keras' cosine decay with warm-up over `steps` training steps."""
    import keras

    if recipe.schedule == "constant":
        return recipe.learning_rate
    rising = int(recipe.warmup * steps)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=recipe.learning_rate / (START_DIVISOR if rising else 1),
        decay_steps=max(1, steps - rising),
        warmup_target=recipe.learning_rate if rising else None,
        warmup_steps=rising,
    )


def averaging(kind: type["keras.optimizers.Optimizer"]) -> type["keras.optimizers.Optimizer"]:
    """The optimizer class, with averaged weights that soon forget where training began.

    The decay is at most (1 + t) / (10 + t) at step t, as TensorFlow's `ExponentialMovingAverage` has it
    with `num_updates`. Without, a decay of 0.999 keeps the random weights in the average for
    thousands of steps, in which validation shows chance.
    """
    from keras import ops

    class Averaging(kind):
        @property
        def ema_momentum(self) -> Any:
            done = ops.cast(self.iterations, "float32")
            return ops.minimum(self._longest, (1 + done) / (10 + done))

        @ema_momentum.setter
        def ema_momentum(self, longest: Any) -> None:
            self._longest = longest

    Averaging.__name__ = kind.__name__
    return Averaging


def make_optimizer(recipe: Recipe, steps: int) -> "keras.optimizers.Optimizer":
    """An optimizer for a training of `steps` steps; not yet built."""
    import keras

    kinds = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "sgd": keras.optimizers.SGD,
    }
    if recipe.optimizer == "sgd":
        own: dict[str, Any] = {"momentum": recipe.momentum, "nesterov": recipe.momentum > 0}
    else:
        own = {"beta_1": recipe.beta_1, "beta_2": recipe.beta_2}
    kind = kinds[recipe.optimizer]
    optimizer = (averaging(kind) if recipe.ema else kind)(
        learning_rate=learning_rate(recipe, steps),
        weight_decay=recipe.weight_decay or (0.0 if recipe.optimizer == "adamw" else None),
        global_clipnorm=recipe.clip_norm or None,
        use_ema=recipe.ema > 0,
        ema_momentum=recipe.ema or 0.99,
        **own,
    )
    if recipe.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer

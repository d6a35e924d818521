"""JAX: a whole epoch as one `lax.scan` on a GPU, a Python loop over one compiled step on a CPU."""

import jax
import jax.numpy as jnp
import numpy as np

from zoo.training.engine import Engine, Sums


class JaxEngine(Engine):
    name = "jax"

    @property
    def settings(self):
        return {"loop": "scan" if self._whole_epoch else "python", "jit": True}

    def prepare(self):
        # One call an epoch pays where launching a step costs as much as running it: on a GPU.
        self._whole_epoch = self.device.kind == "gpu"
        run = self._scan if self._whole_epoch else self._train_step
        self._run = jax.jit(run, donate_argnums=0)
        self._infer = jax.jit(self._logits)

    def load(self, x, y):
        self._x, self._y = jnp.asarray(x), jnp.asarray(y)

    def compile(self, steps, batch_size):
        lead = (steps,) if self._whole_epoch else ()
        indices = jax.ShapeDtypeStruct((*lead, batch_size), "int32")
        maps = (
            jax.ShapeDtypeStruct((*lead, batch_size, self.map_size), "float32")
            if self.augments
            else None
        )
        arguments = (self._state(Sums()), (self._x, self._y), (indices, maps))
        self._compiled = self._run.lower(*arguments).compile()
        self._compiled_steps = steps if self._whole_epoch else None

    def _state(self, sums):
        """Copies of all variables and the sums; the state is donated to each step."""
        groups = (
            self.model.trainable_variables,
            self.model.non_trainable_variables,
            self.optimizer.variables,
        )
        variables = [[jnp.array(v.value) for v in group] for group in groups]
        return (*variables, jnp.float32(sums.loss), jnp.float32(sums.correct))

    def _objective(self, trainable, others, x, labels):
        logits, others, losses = self.model.stateless_call(
            trainable, others, x, training=True, return_losses=True
        )
        loss, correct = self.loss_and_correct(logits, labels)
        total = loss + sum(jnp.asarray(each, loss.dtype) for each in losses)
        return total, (correct, others)

    def _train_step(self, state, examples, step):
        trainable, others, optimizer, loss, correct = state
        indices, maps = step
        x = self.pipeline(examples[0][indices], maps)
        gradient = jax.value_and_grad(self._objective, has_aux=True)
        (step_loss, (step_correct, others)), gradients = gradient(
            trainable, others, x, examples[1][indices]
        )
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trainable)
        size = indices.shape[0]
        return trainable, others, optimizer, loss + step_loss * size, correct + step_correct

    def _scan(self, state, examples, steps):
        return jax.lax.scan(
            lambda s, step: (self._train_step(s, examples, step), None), state, steps
        )[0]

    def _logits(self, trainable, others, x):
        logits, _ = self.model.stateless_call(trainable, others, self.pipeline(x), training=False)
        return logits.astype("float32")

    def train(self, batches, maps, sums, after):
        size = batches.shape[1]
        state = self._state(sums)
        done = 0

        def read() -> Sums:
            return Sums(np.float32(state[3]), np.float32(state[4]), sums.examples + done * size)

        examples = (self._x, self._y)
        if self._whole_epoch:
            # The rest of an interrupted epoch has another length, which is compiled for it.
            run = self._compiled if len(batches) == self._compiled_steps else self._run
            maps = None if maps is None else jnp.asarray(maps)
            state = run(state, examples, (jnp.asarray(batches), maps))
            done = len(batches)
            after(done, read)
        for indices in [] if self._whole_epoch else batches:
            step = (jnp.asarray(indices), None if maps is None else jnp.asarray(maps[done]))
            state = self._compiled(state, examples, step)
            done += 1
            if after(done, read):
                break
        self._store(state)
        return done, read()

    def _store(self, state):
        variables = (
            self.model.trainable_variables,
            self.model.non_trainable_variables,
            self.optimizer.variables,
        )
        for group, values in zip(variables, state, strict=False):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)

    def infer(self, x: np.ndarray) -> np.ndarray:
        trainable = [v.value for v in self.model.trainable_variables]
        others = [v.value for v in self.model.non_trainable_variables]
        return np.asarray(self._infer(trainable, others, jnp.asarray(x)))

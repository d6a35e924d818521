"""A budget in steps: how long a training is, where it ends, and what goes on to more steps."""

import json

import numpy as np
import pytest
from conftest import assert_one_line_error
from hypothesis import given
from hypothesis import strategies as st
from test_training import assert_same_results

import zoo
from zoo.comparison.cost import enough
from zoo.errors import UsageError, ZooError
from zoo.recipe import Recipe
from zoo.runs.run import Run
from zoo.training.examples import Examples
from zoo.training.optimizer import learning_rate

CHANGES = {"validation": 0.0, "schedule": "constant", "batch_size": 16}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """50 images of two classes: three steps of 16 an epoch."""
    random = np.random.default_rng(0)
    x = random.integers(0, 256, (60, 8, 8), "uint8")
    y = np.arange(60) % 2
    path = tmp_path_factory.mktemp("data") / "fifty.npz"
    np.savez(path, x_train=x[:50], y_train=y[:50], x_test=x[50:], y_test=y[50:])
    return path


@pytest.fixture
def train(data, tiny_py, tmp_path):
    def call(runs="runs", changes=CHANGES, **options):
        given = {"recipe": "tutorial", "recipe_changes": changes, "progress": False, **options}
        run = zoo.train(str(tiny_py), str(data), runs_dir=tmp_path / runs, **given)
        return Run.open(run.folder)

    return call


@given(
    examples=st.integers(1, 100_000),
    batch_size=st.integers(1, 512),
    steps=st.integers(1, 5000),
    epochs=st.integers(1, 50),
)
def test_a_budget_is_kept_to_the_step(examples, batch_size, steps, epochs):
    each = max(1, examples // batch_size)
    exact = Recipe(steps=steps, batch_size=batch_size).for_examples(examples)
    assert exact.total_steps(each) == steps
    assert (exact.epochs - 1) * each < steps <= exact.epochs * each
    least = Recipe(epochs=epochs, min_steps=steps, batch_size=batch_size).for_examples(examples)
    assert least.total_steps(each) == least.epochs * each >= max(steps, epochs * each)
    assert least.epochs == epochs or (least.epochs - 1) * each < steps


class Seen(zoo.Callback):
    def __init__(self):
        self.begun, self.rows = (), []

    def on_train_begin(self, folder, steps, epochs, start_epoch):
        self.begun = (steps, epochs, self.total_steps)

    def on_epoch_end(self, epoch, row, samples_per_second):
        self.rows.append(row)


def test_the_last_epoch_ends_where_the_steps_end(train):
    seen = Seen()
    run = train(steps=7, callbacks=[seen], changes={**CHANGES, "schedule": "one_cycle"})
    assert seen.begun == (3, 3, 7)
    assert (run.recipe.steps, run.recipe.epochs, run.record.progress.epochs) == (7, 3, 3)
    rate = learning_rate(run.recipe, 7)
    assert [row["learning_rate"] for row in seen.rows] == [
        pytest.approx(float(rate(step))) for step in (2, 5, 6)
    ]


def test_fewer_steps_than_an_epoch(train):
    seen = Seen()
    run = train(steps=2, callbacks=[seen])
    assert seen.begun == (2, 1, 2)
    assert run.finished


def test_at_least_so_many_steps_are_whole_epochs(train):
    assert train(epochs=2, min_steps=7).recipe.epochs == 3
    assert train(epochs=4, min_steps=7).recipe.epochs == 4


class Killed(zoo.Callback):
    """Fails in an epoch, as a process that is killed there."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_begin(self, epoch):
        if epoch == self.epoch:
            raise ZooError("killed")


def test_a_budget_is_resumed_to_the_same_bits(train):
    changes = {**CHANGES, "clean_epochs": 1, "shift": 1}
    whole = train("whole", steps=7, changes=changes)
    with pytest.raises(ZooError, match="killed"):
        train(steps=7, changes=changes, callbacks=[Killed(3)])
    assert_same_results(whole, train(steps=7, changes=changes))


def test_a_run_is_extended_by_steps(train, tmp_path):
    whole, short = train("whole", steps=8), train(steps=6)
    options = {"runs_dir": tmp_path / "runs", "progress": False}
    found = zoo.train(resume=short.folder, steps=8, **options)
    assert found.name == whole.name
    assert_same_results(whole, Run.open(found.folder))
    with pytest.raises(UsageError, match=r"`steps=5`: .* is a run of 6 steps; give more than 6"):
        zoo.train(resume=short.folder, steps=5, **options)
    # Eight steps end within an epoch, whose sums are gone.
    with pytest.raises(UsageError, match=r"its last epoch ended after 2 of 3 steps"):
        zoo.train(resume=found, steps=20, **options)
    longer = zoo.train(resume=short.folder, epochs=3, **options)
    assert (longer.recipe.steps, longer.recipe.epochs) == (0, 3)


def test_the_command_takes_steps_and_says_what_they_make(zoo_here, data, tiny_py, tmp_path):
    asked = ("train", tiny_py, "--dataset", data, "--recipe", "tutorial", "--batch-size", 16)
    code, out, _ = zoo_here(*asked, "--steps", 7, "--dry-run", "--json")
    assert code == 0
    # 46 examples remain: two steps an epoch.
    assert json.loads(out)["recipe"]["epochs"] == 4
    code, out, _ = zoo_here(*asked, "--min-steps", 7, "--dry-run")
    assert (code, "epochs=5" in out, "min_steps=7" in out) == (0, True, True)
    result = zoo_here(*asked, "--epochs", 2, "--steps", 7)
    assert_one_line_error(result, 2, "--epochs 2 and --steps 7 both", "--min-steps goes with")
    file = tmp_path / "both.toml"
    file.write_text("epochs = 2\nsteps = 7\n")
    result = zoo_here("train", tiny_py, "--dataset", data, "--recipe", file)
    assert_one_line_error(result, 2, "both.toml", "epochs and steps both say how long")
    code, _, err = zoo_here(*asked, "--steps", 7, "--runs-dir", tmp_path / "runs")
    assert code == 0
    assert "4 epochs of 2 steps, 7 in all" in err


def test_a_comparison_plans_and_estimates_steps(zoo_here, data, tiny_py, tmp_path):
    (tmp_path / "s.toml").write_text("steps = 300\nbatch_size = 16\nvalidation = 0.0\n")
    code, out, err = zoo_here(
        "compare", tiny_py, "--dataset", data, "--recipe", "s.toml", "--seeds", 1, "--dry-run", "--json",
    )  # fmt: skip
    assert code == 0, err
    (job,) = json.loads(out)["jobs"]
    assert job["state"] == "pending"
    assert 0 < job["seconds"] < 120


@pytest.mark.parametrize("validation", [0.0, 1 / 12, 0.5])
def test_costs_of_fewer_examples_than_a_batch_are_measured_on_repeated_ones(data, validation):
    arrays = zoo.load_dataset(data).load(None)
    recipe = Recipe(batch_size=128, validation=validation)
    more = enough(arrays, recipe)
    assert Examples.training_size(more, recipe) >= 128
    assert set(map(bytes, more.x_train)) == set(map(bytes, arrays.x_train))
    assert enough(arrays, Recipe(batch_size=16)) is arrays

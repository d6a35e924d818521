"""A run that is trained for more epochs is the run that had them from the start."""

import textwrap
from pathlib import Path

import pytest
from test_training import assert_same_results

import zoo
from zoo.errors import UsageError, ZooError
from zoo.runs.run import Run
from zoo.training.fit import extend

CONSTANT = """
    optimizer = "adam"
    schedule = "constant"
    batch_size = 50
    validation = 0.2
    shift = 1
    ema = 0.9
    select = "best"
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("recipes") / "steady.toml"
    path.write_text(textwrap.dedent(CONSTANT))
    return path


@pytest.fixture
def train(tiny_py, small_npz, recipe):
    def call(epochs: int, runs_dir: Path, **changed):
        options = {"recipe": str(recipe), "progress": False, "runs_dir": runs_dir, **changed}
        run = zoo.train(str(tiny_py), str(small_npz), epochs=epochs, **options)
        return Run.open(run.folder)

    return call


def longer(run: Run, epochs: int, **options) -> Run:
    locations = zoo.Locations.of_user(download=False)
    plan = zoo.load_run(run).plan(epochs=epochs)
    found = extend(run, plan, run.folder.parent, locations, **options)
    return Run.open(found.folder)


def contents(run: Run) -> dict[str, bytes]:
    files = [path for path in run.folder.rglob("*") if path.is_file() and path.name != ".lock"]
    return {str(path.relative_to(run.folder)): path.read_bytes() for path in files}


def test_an_extended_run_is_the_longer_run_bit_for_bit(train, tmp_path):
    whole, short = train(4, tmp_path / "whole"), train(2, tmp_path / "runs")
    before = contents(short)
    found = longer(short, 4)
    assert found.finished
    assert found.name == whole.name
    assert_same_results(whole, found)
    assert found.record.metrics == whole.record.metrics
    assert found.record.identity == whole.record.identity
    assert [each.from_epoch for each in found.record.sessions] == [0, 2]
    assert found.source is not None
    assert contents(short) == before
    # It is found as what it is, by whoever asks for so many epochs.
    assert train(4, tmp_path / "runs").folder == found.folder


class Stopped(zoo.Callback):
    """Fails after an epoch, as a process that is killed there."""

    def __init__(self, epoch):
        self.epoch, self.begun = epoch, []

    def on_epoch_begin(self, epoch):
        self.begun.append(epoch)
        if epoch == self.epoch:
            raise ZooError("killed")


@pytest.mark.parametrize("epoch", [3, 4])
def test_an_extension_that_is_interrupted_goes_on_and_leaves_the_old_run_alone(
    epoch, train, tmp_path
):
    whole, short = train(4, tmp_path / "whole"), train(2, tmp_path / "runs")
    before = contents(short)
    with pytest.raises(ZooError, match="killed"):
        longer(short, 4, callback=Stopped(epoch))
    half = Run.open(tmp_path / "runs" / whole.name)
    assert half.status == "interrupted"
    assert half.epochs_done == epoch - 1
    assert contents(short) == before
    # By the plain training of so many epochs, too.
    seen = Stopped(99)
    found = longer(short, 4, callback=seen) if epoch == 3 else train(4, tmp_path / "runs")
    assert seen.begun == ([3, 4] if epoch == 3 else [])
    assert found.folder == half.folder
    assert_same_results(whole, found)


def test_an_interrupted_run_is_extended_from_its_checkpoint(train, tmp_path):
    whole = train(3, tmp_path / "whole")
    with pytest.raises(ZooError, match="killed"):
        train(2, tmp_path / "runs", callbacks=[Stopped(2)])
    (short,) = (tmp_path / "runs").iterdir()
    seen = Stopped(99)
    found = longer(Run.open(short), 3, callback=seen)
    assert seen.begun == [2, 3]
    assert_same_results(whole, found)
    assert Run.open(short).status == "interrupted"


def test_patience_ends_the_longer_run_where_it_ended_the_shorter(train, tmp_path):
    patient = {"recipe_changes": {"patience": 1, "learning_rate": 1e-9}}
    whole, short = train(9, tmp_path / "whole", **patient), train(5, tmp_path / "runs", **patient)
    assert short.record.progress.epochs < 5
    found = longer(short, 9)
    assert found.name == whole.name
    assert_same_results(whole, found)


def test_what_cannot_be_extended_is_refused_with_the_reason(train, tmp_path):
    runs = tmp_path / "runs"
    steady = train(1, runs)
    with pytest.raises(UsageError, match=r"`epochs=1`: .* is a run of 1; give more than 1"):
        longer(steady, 1)
    falling = train(1, runs, recipe_changes={"schedule": "one_cycle"})
    with pytest.raises(UsageError, match=r"schedule one_cycle.*schedule = constant.*epochs=3"):
        longer(falling, 3)
    clean = train(2, runs, recipe_changes={"clean_epochs": 1})
    with pytest.raises(UsageError, match="clean_epochs = 1"):
        longer(clean, 3)
    steady.checkpoint.unlink()
    with pytest.raises(UsageError, match="checkpoint is missing"):
        longer(steady, 3)
    assert len(list(runs.glob("*/run.json"))) == 3


def test_an_extension_does_not_change_whether_the_test_set_is_read(train, tmp_path):
    short = train(2, tmp_path / "runs")
    with pytest.raises(UsageError, match="tests was None and is False"):
        zoo.train(resume=short, epochs=4, test=False, progress=False)

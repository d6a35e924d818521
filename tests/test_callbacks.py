"""Callbacks of a user's own, through `zoo.train`."""

from pathlib import Path

import pytest

import zoo
from zoo.errors import UsageError, ZooError
from zoo.training.callbacks import HOOKS

DIGITS = {"dataset": "digits", "recipe": "small", "progress": False}


class Seen(zoo.Callback):
    """Keeps what it is called with."""

    interval = 0.0

    def __init__(self):
        self.calls = []

    def __getattribute__(self, name):
        if name not in HOOKS:
            return super().__getattribute__(name)
        return lambda *arguments: self.calls.append((name, *arguments))

    def named(self, hook):
        return [call[1:] for call in self.calls if call[0] == hook]


@pytest.fixture(scope="module")
def seen(tiny_py, tmp_path_factory):
    callback, folder = Seen(), tmp_path_factory.mktemp("callbacks")
    run = zoo.train(str(tiny_py), epochs=2, runs_dir=folder, callbacks=[callback], **DIGITS)
    return callback, run, folder


def test_every_hook_is_called_in_the_order_that_is_documented(seen):
    callback, run, _ = seen
    names = [call[0] for call in callback.calls if call[0] != "on_note"]
    once = list(dict.fromkeys(names))
    assert once == [name for name in HOOKS if name != "on_note"]
    epochs = [name for name in names if name.startswith("on_epoch")]
    assert epochs == ["on_epoch_begin", "on_epoch_end"] * 2
    assert names.count("close") == names.count("on_test_begin") == 1
    assert run.finished


def test_hooks_get_what_the_run_keeps(seen):
    callback, run, _ = seen
    ((folder, steps, epochs, start_epoch),) = callback.named("on_train_begin")
    assert (folder, epochs, start_epoch) == (run.folder, 2, 0)
    assert callback.named("on_epoch_begin") == [(1,), (2,)]
    rows = [row for _epoch, row, _rate in callback.named("on_epoch_end")]
    assert rows == zoo.load_run(run.folder).read_history()
    last = {epoch: (step, metrics) for epoch, step, metrics in callback.named("on_train_batch_end")}
    for row in rows:
        step, metrics = last[row["epoch"]]
        assert step == steps
        assert (metrics.mean_loss, metrics.accuracy) == (row["loss"], row["accuracy"])
    ((model, optimizer),) = callback.named("on_model_built")
    sizes = [each.numpy().size for each in model.trainable_variables]
    assert sum(sizes) == run.record.parameters.trainable
    assert optimizer.built
    ((tested,),) = callback.named("on_test_end")
    assert tested["test_accuracy"] == run.metrics["test_accuracy"]
    assert callback.named("on_run_end") == [(run.record,)]


def test_a_callback_that_only_observes_leaves_the_identity_alone(seen, tiny_py):
    _, run, folder = seen
    again = Seen()
    same = zoo.train(str(tiny_py), epochs=2, runs_dir=folder, callbacks=[again], **DIGITS)
    assert same.folder == run.folder
    assert [call[0] for call in again.calls] == ["on_data_loaded", "on_note", "close"]


def test_an_untested_run_calls_no_hook_of_the_test(tiny_py, tmp_path):
    callback = Seen()
    zoo.train(str(tiny_py), epochs=1, test=False, runs_dir=tmp_path, callbacks=[callback], **DIGITS)
    assert not callback.named("on_test_begin") + callback.named("on_test_end")
    assert len(callback.named("on_run_end")) == 1


class Stops(zoo.Callback):
    may_stop = True

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, epoch, row, samples_per_second):
        self.stop_training = epoch >= self.epoch


def test_a_callback_stops_the_training_and_is_part_of_the_identity(tiny_py, tmp_path):
    run = zoo.train(
        str(tiny_py), epochs=9, runs_dir=tmp_path, callbacks=[Seen(), Stops(2)], **DIGITS
    )
    assert run.record.to_dict()["progress"] == {"epochs": 2, "steps": 0}
    assert run.record.identity["callbacks"] == ["Stops(epoch=2)"]


def test_a_callback_that_stops_without_saying_so_is_refused(tiny_py, tmp_path):
    class Silent(Stops):
        may_stop = False

    with pytest.raises(UsageError, match=r"Silent sets stop_training.*may_stop = True"):
        zoo.train(str(tiny_py), epochs=9, runs_dir=tmp_path, callbacks=[Silent(1)], **DIGITS)


def test_a_callback_that_fails_is_named_and_the_run_goes_on_later(tiny_py, tmp_path):
    class Wrong(zoo.Callback):
        def __init__(self):
            self.closed = 0

        def on_epoch_end(self, epoch, row, samples_per_second):
            raise KeyError("no such metric")

        def close(self):
            self.closed += 1

    wrong, given = Wrong(), {"epochs": 2, "runs_dir": tmp_path, **DIGITS}
    with pytest.raises(ZooError, match=r"Wrong\.on_epoch_end failed: .*no such metric"):
        zoo.train(str(tiny_py), callbacks=[wrong], **given)
    assert wrong.closed == 1
    run = zoo.train(str(tiny_py), **given)
    assert run.finished
    assert Path(run.folder).parent == tmp_path

"""Checkpoints that no training of this run can have written are refused, and cost nothing."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from conftest import assert_one_line_error

from zoo.runs.run import Run

TRAIN = ("--dataset", "digits", "--recipe", "own.toml", "--json")
RECIPE = 'base = "tutorial"\nepochs = 2\nselect = "best"\n'


@pytest.fixture
def run(zoo_here, tiny_py) -> Run:
    """A run whose training is complete and whose results are not written, as after a kill."""
    Path("own.toml").write_text(RECIPE)
    code, out, err = zoo_here("train", tiny_py, *TRAIN)
    assert code == 0, err
    made = Run.open(Path(json.loads(out)["folder"]))
    made.update(status="interrupted")
    return made


def rewrite(run: Run, change=lambda meta, arrays: None) -> None:
    with np.load(run.checkpoint) as archive:
        arrays = dict(archive)
    meta = json.loads(arrays.pop("meta").tobytes())
    change(meta, arrays)
    content = io.BytesIO()
    np.savez(content, meta=np.frombuffer(json.dumps(meta).encode(), np.uint8), **arrays)
    run.checkpoint.write_bytes(content.getvalue())


def test_one_that_is_written_anew_goes_on(run, zoo_here):
    rewrite(run)
    code, out, err = zoo_here("train", "--resume", run.folder, "--json")
    assert code == 0, err
    assert json.loads(out)["metrics"] == run.record.to_dict()["metrics"]


def test_one_of_an_older_archzoo_goes_on(run, zoo_here):
    rewrite(run, lambda meta, _: meta.pop("run"))
    assert zoo_here("train", "--resume", run.folder, "--json")[0] == 0


FORGED = {
    "epoch is 99 of 2": lambda m, a: m.update(epoch=99),
    "epoch is -1 of 2": lambda m, a: m.update(epoch=-1),
    "epoch is 1.0 of 2": lambda m, a: m.update(epoch=1.0),
    "epoch is True of 2": lambda m, a: m.update(epoch=True),
    "step is 1000000000": lambda m, a: m.update(step=10**9),
    "step is 1 of": lambda m, a: m.update(step=1),
    "its history has not 2 epochs": lambda m, a: m["history"].pop(),
    "epoch 2 of its history is 5": lambda m, a: m["history"][1].update(epoch=5),
    "epoch 1 of its history has other columns": lambda m, a: m["history"][0].pop("loss"),
    "epoch 1 of its history has values that are no numbers": lambda m, a: m["history"][0].update(
        loss="0.1"
    ),
    "other fields": lambda m, a: m.pop("sums"),
    "other fields than": lambda m, a: m.update(learning_rate=1),
    "sums are missing": lambda m, a: m.update(sums=3),
    "examples are no 0 steps": lambda m, a: m["sums"].update(examples=64),
    "its sums are no sums": lambda m, a: m["sums"].update(loss=float("nan")),
    "best_epoch is 0, which": lambda m, a: m.update(best_epoch=0),
    "best_epoch is 3 after": lambda m, a: m.update(best_epoch=3),
    "seconds are none": lambda m, a: m.update(seconds=[-1, 2]),
    "timings are none": lambda m, a: m.update(timings={"a" * 10**4: 1}),
    "it is another run's": lambda m, a: m.update(run="0" * 64),
    "it has no model/0": lambda m, a: a.pop("model/0"),
    "it has no best/1": lambda m, a: a.pop("best/1"),
    "it has no optimizer/0": lambda m, a: a.pop("optimizer/0"),
    "it has 'model/99'": lambda m, a: a.update({"model/99": np.zeros(1)}),
    "it has 'extra'": lambda m, a: a.update(extra=np.zeros(1)),
    "model/0 has shape (2000, 5000), the model's": lambda m, a: a.update(
        {"model/0": np.zeros((2000, 5000), "float32")}
    ),
    "model/0 has type": lambda m, a: a.update({"model/0": a["model/0"].astype(str)}),
    "its progress takes": lambda m, a: m.update(seconds=[1.0] * 10**6),
}


def test_a_forged_checkpoint_is_refused(run, zoo_here):
    before = (run.folder / "run.json").read_bytes()
    genuine = run.checkpoint.read_bytes()
    for what, forge in FORGED.items():
        run.checkpoint.write_bytes(genuine)
        rewrite(run, forge)
        result = zoo_here("train", "--resume", run.folder)
        assert_one_line_error(result, 1, "state.npz", "does not fit this run", what, "delete it")
        assert (run.folder / "run.json").read_bytes() == before


def test_deleting_it_starts_over(run, zoo_here):
    rewrite(run, FORGED["epoch is 99 of 2"])
    run.checkpoint.unlink()
    code, out, err = zoo_here("train", "--resume", run.folder, "--json")
    assert code == 0, err
    assert json.loads(out)["metrics"] == run.record.to_dict()["metrics"]


def test_headers_that_claim_more_than_there_is(run, zoo_here):
    content = run.checkpoint.read_bytes()
    at = content.index(b"'shape': (", content.index(b"model/0.npy"))
    run.checkpoint.write_bytes(content[: at + 10] + b"9" + content[at + 11 :])
    result = zoo_here("train", "--resume", run.folder)
    assert_one_line_error(result, 1, "state.npz", "delete it to start over")


def test_a_finished_run_stands_whatever_its_checkpoint_is(run, zoo_here):
    run.update(status="finished")
    run.checkpoint.write_bytes(b"nothing")
    code, out, err = zoo_here("train", "--resume", run.folder, "--json")
    assert code == 0, err
    assert json.loads(out)["metrics"] == run.record.to_dict()["metrics"]


def test_a_checkpoint_without_its_record(run, zoo_here, tiny_py):
    (run.folder / "run.json").unlink()
    result = zoo_here("train", tiny_py, *TRAIN)
    assert_one_line_error(result, 1, "has a checkpoint and no run.json", "delete the folder")


def test_a_folder_by_the_runs_name_that_holds_another_run(run, zoo_here, tiny_py):
    run.record.identity["seed"] = 7
    run.save()
    result = zoo_here("train", tiny_py, *TRAIN)
    assert_one_line_error(result, 2, "cannot go on", "seed was 7 and is 0")

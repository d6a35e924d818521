"""Studies as people make them: real processes, real kills, and a test set that nobody may read."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from conftest import assert_one_line_error

import zoo as library
from zoo.runs.run import Run
from zoo.runs.selection import all_runs
from zoo.tuning.study_folder import StudyFolder
from zoo.tuning.trial_store import TrialStore
from zoo.tuning.trials import Trial

GUARDED = '''
"""A dataset whose test samples raise when they are read, until the file `open` lies beside this one."""
from pathlib import Path
import numpy as np
import zoo


class Guarded(zoo.Samples):
    dtype, checksum = np.dtype("uint8"), "guarded 1"

    def __init__(self, x):
        self._x, self.shape = x, x.shape

    def take(self, indices):
        if not Path(__file__).with_name("open").exists():
            raise RuntimeError("the test set was read")
        return self._x[indices]


def load(locations):
    generator = np.random.default_rng(0)
    y = np.arange(480, dtype="int32") % 3
    x = generator.integers(0, 60, (480, 8, 8, 1), "uint8")
    for label in range(3):
        x[y == label, 2 * label : 2 * label + 3] += 120
    return zoo.Arrays(x[:360], y[:360], Guarded(x[360:]), y[360:], source="made here")


class Plugin:
    @zoo.hookimpl
    def zoo_datasets(self):
        return [zoo.Dataset("guarded", ("a", "b", "c"), "image", (8, 8, 1), load, recipe="tutorial")]


guarded_data = Plugin()
'''

NET = '''
"""A network with two hyperparameters, of which one has a range."""
from typing import Annotated
import zoo


def build(input_shape, num_classes, *, units: Annotated[int, "units", zoo.Range(4, 64, log=True)] = 16,
          bias: bool = True):
    import keras
    from keras import layers

    return keras.Sequential([
        keras.Input(input_shape),
        layers.Flatten(),
        layers.Dense(units, activation="relu", use_bias=bias),
        layers.Dense(num_classes),
    ])
'''

OPTIONS = ("--dataset", "guarded", "--epochs", "3", "--pruner", "none", "--device", "cpu")
TRIALS = 3


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with two architectures, and the plugin of the guarded dataset."""
    folder = tmp_path_factory.mktemp("tuning")
    for name in ("one_net", "other_net"):
        (folder / f"{name}.py").write_text(NET)
    site = folder / "site"
    info = site / "guarded-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "guarded_data.py").write_text(GUARDED)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: guarded\nVersion: 1.0\n")
    entry = "[archzoo]\nguarded = guarded_data:guarded_data\n"
    (info / "entry_points.txt").write_text(entry)
    return folder


def start(place: Path, *words, **options) -> subprocess.Popen:
    path = os.pathsep.join(filter(None, [str(place / "site"), os.environ.get("PYTHONPATH", "")]))
    return subprocess.Popen(
        [sys.executable, "-m", "zoo", *map(str, words)],
        cwd=place,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def finish(process: subprocess.Popen) -> subprocess.CompletedProcess:
    out, err = process.communicate(timeout=400)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def tune(place: Path, name: str, *names: str) -> tuple:
    return ("tune", *names, *OPTIONS, "--trials", TRIALS, "--study", name)


@pytest.fixture(scope="module")
def study(place) -> Path:
    """The folder of a study of two architectures, three trials each, on data whose test set raises."""
    done = finish(start(place, *tune(place, "both", "./one_net.py", "./other_net.py")))
    assert done.returncode == 0, done.stderr
    assert "next: zoo compare --tuned studies/both" in done.stdout
    return place / "studies" / "both"


def trials(folder: Path) -> dict[str, list[Trial]]:
    record = StudyFolder(folder).read()
    store = TrialStore.open(StudyFolder(folder), record)
    return {name: store.trials(name) for name in record.architectures}


def results(folder: Path, name: str = "one_net") -> list[tuple]:
    return [(each.number, each.values, each.score, each.steps) for each in trials(folder)[name]]


def test_every_architecture_gets_the_same_trials_and_the_first_has_the_defaults(study):
    found = trials(study)
    assert set(found) == {"one_net", "other_net"}
    for own in found.values():
        assert [each.state for each in own] == ["complete"] * TRIALS
        assert own[0].hyperparameters() == {"units": 16}
        assert own[0].recipe()["learning_rate"] == 0.001
        assert len({json.dumps(each.values, sort_keys=True) for each in own}) == TRIALS
        assert all(each.steps and each.seconds and each.epochs == 3 for each in own)
    one, other = found.values()
    # Before the sampler learns, the n-th trial draws the same for every architecture.
    assert [each.values for each in one] == [each.values for each in other]
    assert "bias" not in one[0].hyperparameters()


def test_the_test_set_is_not_touched(study):
    runs, problems = all_runs(study / "runs")
    assert len(runs) == 2 * TRIALS and not problems
    for run in runs:
        assert run.finished and not run.tested
        assert run.record.metrics.to_dict() if hasattr(run.record.metrics, "to_dict") else True
        assert run.record.metrics.test_loss is None
        assert run.record.dataset.sizes.test == 0
        assert run.record.identity["tests"] is False
        assert run.record.seed >= 1000
        assert not (run.folder / "predictions.npz").exists()
        assert not run.model_file.exists() and not run.checkpoint.exists()


@pytest.mark.slow
def test_a_trial_is_what_training_makes_in_a_process_of_its_own(study, place, monkeypatch):
    """A process trains many trials; what it trains is not changed by that."""
    last = trials(study)["other_net"][-1]
    recipe = {**last.recipe(), "epochs": 3}
    settings = [f"--set={key}={value}" for key, value in last.hyperparameters().items()]
    text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in recipe.items())
    (place / "alone.toml").write_text(f'base = "tutorial"\n{text}')
    code = (
        "import zoo, sys; r = zoo.train('./other_net.py', 'guarded', recipe='alone.toml', test=False, "
        f"seed={last.seed}, device='cpu', hyperparameters={dict(last.hyperparameters())!r}, "
        "runs_dir='alone', progress=False); print(r.folder)"
    )
    assert settings
    (place / "site" / "open").touch()  # a usual training looks at all splits first
    path = os.pathsep.join([str(place / "site"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    (place / "site" / "open").unlink()
    assert done.returncode == 0, done.stderr
    alone = Run.open(place / done.stdout.strip())
    assert alone.read_history() == Run.open(study / "runs" / last.run).read_history()


def test_the_record_says_what_was_tuned_and_what_each_spent(study, zoo_here):
    record = json.loads((study / "study.json").read_text())
    assert record["dataset"]["name"] == "guarded"
    assert set(record["dataset"]["checksums"]) == {"x_train", "y_train"}
    assert record["budget"] == {"unit": "trials", "amount": 3}
    assert record["versions"]["archzoo"] == library.__version__
    space = {each["name"]: each for each in record["architectures"]["one_net"]["space"]}
    assert space["hyperparameters.units"]["low"] == 4
    assert "recipe.jitter" not in space and "recipe.rotation" in space
    code, out, _ = zoo_here("tune", "--from", study, "--json")
    assert code == 0
    report = json.loads(out)
    assert report["equal"] and report["unit"] == "trials"
    assert all(row["counts"] == {"complete": 3} and row["steps"] > 0 for row in report["rows"])
    assert all(len(row["curve"]) == 3 for row in report["rows"])
    assert report["rows"][0]["tuned_rank"] == 1


def test_the_result_is_a_recipe(study):
    plan_of = {
        name: library.plan(study.parents[1] / f"{name}.py", "digits", recipe=study / "both.toml")
        for name in ("one_net", "other_net")
    }
    loaded = library.load_study(study)
    for name, plan in plan_of.items():
        best = max(trials(study)[name], key=lambda each: (each.score, -each.metrics["val_loss"]))
        assert plan.hyperparameters["units"] == best.hyperparameters()["units"]
        assert plan.recipe.epochs == 3
        for key, value in best.recipe().items():
            assert getattr(plan.recipe, key) == value
        assert loaded.best(name).keys() <= best.values.keys()
    assert len(loaded.trials["number"]) == 2 * TRIALS
    with pytest.raises(library.UsageError, match="unknown architecture in this study 'gru'"):
        loaded.best("gru")


def test_a_page_is_written_that_fetches_nothing(study, zoo_here):
    code, _, err = zoo_here("tune", "--from", study, "--html", "page.html")
    assert code == 0, err
    page = Path("page.html").read_text()
    for part in ("one_net", "other_net", "How ranks move", "Best score against budget", "units"):
        assert part in page
    assert page.count("<svg") >= 6
    assert "http://" not in page.replace("http://www.w3.org", "") and "https://" not in page


def test_the_same_command_trains_nothing_again(study, place):
    before = (study / "journal.log").read_bytes()
    done = finish(start(place, *tune(place, "both", "./one_net.py", "./other_net.py")))
    assert done.returncode == 0, done.stderr
    assert (study / "journal.log").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--sampler", "random"), "sampler: tpe (study), random (here)"),
        (("--dataset", "digits"), "dataset: guarded (study), digits (here)"),
        (("--recipe", "quick"), "recipe: tutorial (study), quick (here)"),
        (
            ("--set", "one_net.units=8"),
            "space of units of one_net: 4 to 64, logarithmic (study), fixed (here)",
        ),
        (("--seed", "3"), "seed: 0 (study), 3 (here)"),
        (("--objective", "val_loss"), "objective: val_accuracy (study), val_loss (here)"),
    ],
)
def test_another_study_is_refused(study, place, zoo_here, monkeypatch, words, said):
    monkeypatch.syspath_prepend(str(place / "site"))
    monkeypatch.chdir(place)
    result = zoo_here(*tune(place, "both", "./one_net.py"), *words)
    assert_one_line_error(result, 2, "is another study", said, "Choose another --study")


def test_another_kind_of_budget_is_refused(study, place, zoo_here, monkeypatch):
    monkeypatch.syspath_prepend(str(place / "site"))
    monkeypatch.chdir(place)
    words = ("tune", "./one_net.py", *OPTIONS, "--budget", "1h", "--study", "both")
    assert_one_line_error(zoo_here(*words), 2, "budget of 3 trials", "go on with --trials")


def wait_for(condition, process, seconds=240):
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def test_kills_and_several_processes_lose_nothing(study, place):
    """Ctrl-C, kill -9, then two processes at once: the trials are those of an uninterrupted study."""
    words, folder = tune(place, "killed", "./one_net.py"), place / "studies" / "killed"
    process = start(place, *words)
    wait_for(lambda: list(folder.glob("runs/*/checkpoint/state.npz")), process)
    process.send_signal(signal.SIGINT)
    done = finish(process)
    assert done.returncode == 130, done.stderr
    assert "Give the same command to continue" in done.stderr
    assert "Traceback" not in done.stderr

    process = start(place, *words)
    wait_for(lambda: (folder / "locks" / "one_net-1-run.lock").exists(), process)
    process.kill()
    process.communicate()
    with (folder / "journal.log").open("a") as file:
        file.write('{"op_code": 8, "worker_id"')  # killed while it wrote

    both = [start(place, *words) for _ in range(2)]
    for each in map(finish, both):
        assert each.returncode in (0, 1), each.stderr
        assert "Traceback" not in each.stderr
    assert results(folder) == results(study)
    assert len(all_runs(folder / "runs")[0]) == TRIALS


def test_a_comparison_uses_the_study_with_fresh_seeds(study, place):
    (place / "site" / "open").touch()
    command = ("compare", "./one_net.py", "--tuned", "both", "--seeds", 1, "--costs", "none", "--device",
               "cpu", "--html", "tuned.html", "--json")  # fmt: skip
    done = finish(start(place, *command))
    (place / "site" / "open").unlink()
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["tuned"]["study"] == "both" and report["tuned"]["trials"] == {"one_net": 3}
    assert report["recipe"]["name"] == "both" and not report["mixed"]
    assert report["dataset"]["name"] == "guarded"
    assert report["rows"][0]["seeds"] == [0]
    assert any("recipes tuned by study both" in note for note in report["notes"])
    assert "recipes tuned by study both" in (place / "tuned.html").read_text()
    (run,) = all_runs(place / "runs")[0]
    best = library.load_study(study).best("one_net")
    assert run.hyperparameters["units"] == best.get("hyperparameters.units", 16)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("cnn",), "unknown architecture tuned by both 'cnn'"),
        (("--recipe", "quick"), "leave --recipe out"),
        (("--dataset", "digits"), "was tuned on guarded, not on 'digits'"),
        (("--from", "runs"), "leave --tuned out"),
    ],
)
def test_a_comparison_by_a_study_of_something_else_is_refused(study, zoo_here, words, said):
    assert_one_line_error(zoo_here("compare", *words, "--tuned", study), 2, said)


@pytest.fixture
def copied(study, tmp_path) -> StudyFolder:
    shutil.copytree(study, tmp_path / "studies" / "both")
    return StudyFolder(tmp_path / "studies" / "both")


@pytest.mark.parametrize("line", ['{"op_code": 4, "worker', "nonsense", "[]", '"\\ud800"', "\0"])
def test_a_damaged_journal_is_named_and_left_as_it_is(copied, zoo_here, line):
    lines = copied.journal.read_text().splitlines()
    lines[5] = line
    copied.journal.write_text("\n".join(lines) + "\n")
    before = copied.journal.read_bytes()
    said = ("journal.log: is damaged", "line 6", "begin another --study")
    assert_one_line_error(zoo_here("tune", "--from", "both"), 1, *said)
    assert copied.journal.read_bytes() == before


def test_a_damaged_study_is_named(copied, zoo_here):
    record = json.loads(copied.record_file.read_text())
    copied.record_file.write_text(json.dumps({**record, "sampler": "dice"}))
    assert_one_line_error(
        zoo_here("tune", "--from", "both"), 1, "study.json: is damaged", "sampler"
    )
    copied.record_file.write_text("{")
    assert_one_line_error(zoo_here("tune", "--from", "both"), 1, "study.json: is no study")


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from zoo.errors import ZooError
from zoo.tuning.study_folder import StudyFolder
from zoo.tuning.trial_store import TrialStore
folder = StudyFolder(Path(sys.argv[1]))
store = TrialStore.open(folder, folder.read())
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
room = folder.journal.stat().st_size + 500
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
try:
    while True:
        store.begin("one_net")
except ZooError as error:
    print(error)
"""


def test_a_full_disk_leaves_a_whole_journal(copied):
    before = trials(copied.folder)["one_net"]
    assert resource.RLIMIT_FSIZE is not None
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(copied.folder)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "cannot be written (File too large)" in done.stdout
    assert "make room, and give the same command" in done.stdout
    assert copied.journal.read_bytes().endswith(b"\n")
    after = trials(copied.folder)["one_net"]
    assert after[:TRIALS] == before
    assert all(each.state == "running" for each in after[TRIALS:])


def test_pruning_sees_validation_alone_and_never_ends_the_first_trial(copied):
    record = copied.read()
    record.pruner = "asha"
    store = TrialStore.open(copied, record)
    name = "one_net"
    for score in (0.9, 0.8, 0.7):
        trial = store.begin(name)
        first = store.follow(name, trial, 3, score, {"steps": 3, "seconds": 1.0, "epochs": 1})
        assert first is (score < 0.9)
        state = "pruned" if first else "complete"
        store.end(name, trial, state, {"metrics": {}, "cause": "x"}, None if first else score)
    assert [each.state for each in store.trials(name)[TRIALS:]] == ["complete", "pruned", "pruned"]
    assert store.trials(name)[-1].levels == {3: 0.7}
    assert store.importances(name) or len(store.trials(name)) < 8


class GivesUp(library.Callback):
    may_stop = True

    def on_epoch_end(self, epoch, row, samples_per_second):
        if epoch == 2:
            self.pruned, self.stop_training = "others did better", True


def test_a_training_that_is_given_up_ends_as_pruned(place, zoo_here):
    from zoo.errors import Pruned

    with pytest.raises(Pruned, match="others did better"):
        library.train(
            place / "one_net.py", "digits", recipe="tutorial", epochs=4, test=False,
            callbacks=[GivesUp()], progress=False, device="cpu",
        )  # fmt: skip
    (run,) = all_runs(Path("runs"))[0]
    assert (run.status, run.record.error, run.epochs_done) == ("pruned", "others did better", 2)
    assert run.record.metrics is None and not run.model_file.exists()
    code, out, _ = zoo_here("runs")
    assert code == 0 and "pruned" in out


@pytest.mark.slow
def test_a_budget_of_steps_is_not_exceeded(place):
    """Steps are counted across the trials; the one that would exceed them is cut."""
    words = ("tune", "./one_net.py", "--dataset", "guarded", "--epochs", 4, "--pruner", "none", "--device",
             "cpu", "--budget-steps", 100, "--study", "steps", "--space", "sizes.toml")  # fmt: skip
    (place / "sizes.toml").write_text(
        textwrap.dedent("""
        defaults = false
        [recipe]
        batch_size = [8, 16]
        """)
    )
    done = finish(start(place, *words))
    assert done.returncode == 0, done.stderr
    own = trials(place / "studies" / "steps")["one_net"]
    # 330 samples in batches of 32, which the first trial has, are 10 steps an epoch; of 16 they are 20.
    assert [each.state for each in own] == ["complete", "pruned"]
    assert own[0].steps == 40 and own[0].recipe() == {"batch_size": 32}
    assert own[1].recipe()["batch_size"] in (8, 16)
    assert "the budget ended" in own[1].cause
    assert 100 - 330 // 8 < sum(each.steps for each in own) <= 100


def test_recipes_without_validation_hold_out_a_stated_share(zoo_here, monkeypatch):
    from zoo.api.arguments import make_request
    from zoo.comparison.entries import Entry
    from zoo.datasets.location import Locations
    from zoo.tuning.budget import Budget
    from zoo.tuning.space_file import SpaceFile
    from zoo.tuning.study_making import Wish, make_record

    def made(validation=None):
        wish = Wish(
            [Entry("cnn", "cnn")], make_request("", "digits", recipe="speedrun"), SpaceFile(),
            Budget("trials", 1), "tpe", "asha", "val_accuracy", 0, validation,
        )  # fmt: skip
        return make_record(wish, "x", library.Registry.discover(), Locations.of_user(None))

    record, notes = made()
    assert record.held_out == 0.2 and record.dataset.validation == round(0.2 * 1438)
    assert "holds out 20 % of the training set" in notes[0]
    assert made(0.5)[0].dataset.validation == round(0.5 * 1438)

"""`zoo compare`, as people use it: real processes, real files, genuine images."""

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import PROJECT, assert_one_line_error
from scipy.special import softmax
from scipy.stats import binomtest

from zoo.comparison import flat, table
from zoo.comparison.diagnostics import make_diagnostics
from zoo.comparison.results import Result
from zoo.comparison.schema import ComparisonReport
from zoo.errors import ZooError
from zoo.runs.run import Run

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")
OPTIONS = ("--recipe", "quick", "--target", "0.3")

NETS = {
    "wide": """
        def build(input_shape, num_classes, *, units: int = 32):
            import keras
            from keras import layers

            return keras.Sequential(
                [
                    keras.Input(input_shape),
                    layers.Flatten(),
                    layers.Dense(units, activation="relu"),
                    layers.Dense(num_classes),
                ]
            )
    """,
    "blind": """
        def build(input_shape, num_classes):
            import keras
            from keras import layers

            return keras.Sequential(
                [
                    keras.Input(input_shape),
                    layers.Flatten(),
                    layers.Dense(1),
                    layers.Dense(num_classes),
                ]
            )
    """,
    "crashes": """
        def build(input_shape, num_classes):
            import os

            os.abort()
    """,
    "killed": """
        def build(input_shape, num_classes):
            import os
            import signal

            os.kill(os.getpid(), signal.SIGKILL)
    """,
    "hungry": """
        def build(input_shape, num_classes):
            raise MemoryError("wanted 9 TiB")
    """,
    "diverges": """
        def build(input_shape, num_classes):
            import keras
            from keras import layers, ops

            image = keras.Input(input_shape)
            x = layers.Dense(num_classes)(layers.Flatten()(image))
            return keras.Model(image, x / ops.sum(x * 0.0, axis=-1, keepdims=True))
    """,
}


@pytest.fixture(scope="session")
def nets(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("nets")
    for name, source in NETS.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(source))
    return folder


def zoo_command(*arguments) -> list[str]:
    return [sys.executable, "-m", "zoo", *map(str, arguments)]


def clean_environment() -> dict[str, str]:
    # Fixtures of a module are made before conftest clears a test's environment.
    return {name: value for name, value in os.environ.items() if not name.startswith("ZOO_")}


@pytest.fixture(scope="module")
def made(nets, small_npz, tmp_path_factory) -> dict:
    """Two architectures, three seeds, with costs: the document, and where its runs are."""
    folder = tmp_path_factory.mktemp("made")
    names = (nets / "wide.py", nets / "blind.py")
    result = subprocess.run(
        zoo_command(
            "compare",
            *names,
            "--dataset",
            small_npz,
            *OPTIONS,
            "--seeds",
            "3",
            "--costs",
            "quick",
            "--json",
        ),
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=clean_environment(),
    )
    assert result.returncode == 0, result.stderr
    return {"document": json.loads(result.stdout), "runs": folder / "runs"}


@pytest.fixture
def runs(made, tmp_path) -> Path:
    """A copy of those runs, to be spoilt."""
    return Path(shutil.copytree(made["runs"], tmp_path / "copied"))


def row(document, name):
    return next(each for each in document["rows"] if each["name"] == name)


def test_the_better_one_comes_first_with_what_it_learned_and_costs(made):
    document = made["document"]
    wide, blind = document["rows"]
    assert (wide["name"], blind["name"]) == ("wide", "blind")
    assert wide["seeds"] == [0, 1, 2]
    assert wide["accuracy"] == pytest.approx(sum(wide["accuracies"]) / 3)
    assert wide["interval"][0] < wide["accuracy"] < wide["interval"][1]
    assert (wide["rank"], blind["rank"]) == ([1, 1], [2, 2])
    assert wide["parameters"] == 784 * 32 + 32 + 32 * 10 + 10
    assert wide["flops"] == 2 * (784 * 32 + 32 * 10)
    assert wide["target"]["reached"] == 3
    assert wide["target"]["seconds"] > 0
    for key in ("train_images_per_second", "inference_images_per_second", "latency_p50"):
        stat = wide[key]
        assert stat["n"] == 2
        assert 0 < stat["q1"] <= stat["median"] <= stat["q3"]
    assert wide["latency_p50"]["median"] <= wide["latency_p99"]["median"]
    assert wide["compile_seconds"]["n"] == 1
    assert wide["pareto"]
    assert blind["target"] == {"reached": 0, "of": 3, "epochs": None, "seconds": None}
    assert blind["text"]["target"] == "missed"


def test_how_samples_reached_each_model_is_said_everywhere(made, zoo_here):
    document = made["document"]
    assert [each["conversion"] for each in document["rows"]] == ["image: as stored"] * 2
    assert "input: image: as stored (wide, blind)" in table.foot(
        ComparisonReport.from_dict(document)
    )
    assert "| image: as stored |" in table.markdown(ComparisonReport.from_dict(document))
    (first, _) = csv.DictReader(io.StringIO(flat.as_csv(ComparisonReport.from_dict(document))))
    assert first["input"] == "image: as stored"
    run = json.loads(next(made["runs"].glob("wide-*/run.json")).read_text())
    assert run["input"]["conversion"] == "image: as stored"


def test_records_from_before_the_conversion_was_named_are_read(runs, zoo_here):
    for path in runs.glob("*/run.json"):
        record = json.loads(path.read_text())
        del record["input"]["conversion"]
        record["input"] |= {"source": "image", "target": "frames", "how": "strips"}
        path.write_text(json.dumps(record))
    code, out, err = zoo_here("compare", "--from", runs, "--json")
    assert code == 0, err
    assert {each["conversion"] for each in json.loads(out)["rows"]} == {"image to frames: strips"}


def test_the_document_says_how_it_came_about(made):
    document = made["document"]
    (pair,) = document["pairs"]
    assert (pair["first"], pair["second"], pair["different"]) == ("wide", "blind", True)
    assert document["noise"]["accuracy"] > 0
    assert 0.02 < document["noise"]["cost"]["train"] < 50  # a ratio, of a machine that may be busy
    assert document["cost"]["processes"] == 1
    harness = document["harness"]
    assert harness["trained"] == 6
    assert harness["wall_seconds"] > harness["phases_seconds"] > 0
    assert document["conditions"]["device"]["kind"] == "cpu"
    assert document["recipe"]["name"] == "quick"


def test_accuracies_are_those_of_the_runs_and_of_nothing_else(made):
    for each in made["document"]["runs"]:
        run = Run.open(made["runs"] / each["run"])
        logits, labels = run.read_predictions()
        assert each["test_accuracy"] == pytest.approx((logits.argmax(-1) == labels).mean())
        assert each["test_accuracy"] in row(made["document"], each["architecture"])["accuracies"]


def expected_ensemble(runs) -> dict:
    """By the textbook: the mean of the members' probabilities, and its largest."""
    logits, labels = zip(*(run.read_predictions() for run in runs), strict=True)
    probabilities = softmax(np.stack(logits).astype("float64"), axis=-1)
    right = int((probabilities.mean(axis=0).argmax(axis=-1) == labels[0]).sum())
    interval = binomtest(right, len(labels[0])).proportion_ci(0.95, method="wilson")
    alone = [(each.argmax(axis=-1) == labels[0]).mean() for each in logits]
    return {
        "members": len(runs),
        "accuracy": pytest.approx(right / len(labels[0])),
        "interval": [pytest.approx(interval.low), pytest.approx(interval.high)],
        "correct": right,
        "examples": len(labels[0]),
        "members_accuracy": pytest.approx(np.mean(alone)),
    }


def test_ensembles_are_the_mean_of_their_members_probabilities(made):
    document = made["document"]
    whose = {"wide": ["wide"], "blind": ["blind"], "all": ["wide", "blind"]}
    assert [each["name"] for each in document["ensembles"]] == list(whose)  # as the rows
    for each in document["ensembles"]:
        names = whose[each["name"]]
        runs = [
            Run.open(made["runs"] / run["run"])
            for run in document["runs"]
            if run["architecture"] in names
        ]
        assert each == {
            "name": each["name"], "architectures": names, **expected_ensemble(runs),
        }  # fmt: skip
    assert "one observation" in document["methods"]["ensemble"]


@pytest.mark.parametrize(
    ("chosen", "ensembles"),
    [
        ({"wide": [0]}, []),
        ({"wide": [0, 2]}, [("wide", 2)]),
        ({"wide": [0], "blind": [1]}, [("all", 2)]),
        ({"wide": [0, 1, 2], "blind": [1]}, [("wide", 3), ("all", 4)]),
    ],
    ids=str,
)
def test_an_ensemble_needs_two_members(runs, zoo_here, chosen, ensembles):
    folders = [of_seed(runs, name, seed) for name, seeds in chosen.items() for seed in seeds]
    given = [word for folder in folders for word in ("--from", folder)]
    code, out, err = zoo_here("compare", *given, "--json")
    assert code == 0, err
    found = [(each["name"], each["members"]) for each in json.loads(out)["ensembles"]]
    assert found == ensembles
    _, shown, _ = zoo_here("compare", *given)
    assert ("Ensembles" in shown) == bool(ensembles)
    _, shown, _ = zoo_here("compare", *given, "--csv")
    for line in csv.DictReader(io.StringIO(shown)):
        members = dict(ensembles).get(line["architecture"])
        assert line["ensemble_members"] == (str(members) if members else "")
        assert bool(line["ensemble_accuracy"]) == bool(members)


def test_what_was_trained_before_stands(made, nets, small_npz, zoo_here):
    before = {path: path.stat().st_mtime_ns for path in made["runs"].rglob("*.json")}
    given = (
        "compare", nets / "blind.py", nets / "wide.py", "--dataset", small_npz, *OPTIONS,
        "--seeds", "3", "--runs-dir", made["runs"], "--costs", "none",
    )  # fmt: skip
    code, out, err = zoo_here(*given)
    assert code == 0, err
    assert "0 runs to train, 6 cached" in err
    assert "every run was cached" in out
    code, out, err = zoo_here(*given, "--metric", "macro_f1")
    assert code == 0, err
    assert "0 runs to train, 6 cached" in err
    assert re.search(r"rank +macro F1 %", out)
    assert {path: path.stat().st_mtime_ns for path in made["runs"].rglob("*.json")} == before


def test_a_dry_run_plans_and_estimates_and_trains_nothing(made, nets, small_npz, zoo_here):
    before = sorted(made["runs"].iterdir())
    code, out, _ = zoo_here(
        "compare", nets / "wide.py", nets / "blind.py", "--dataset", small_npz, *OPTIONS,
        "--seeds", "4", "--runs-dir", made["runs"], "--dry-run", "--json", "--set", "wide.units=16",
    )  # fmt: skip
    assert code == 0
    plan = json.loads(out)
    states = [(job["architecture"], job["seed"], job["state"]) for job in plan["jobs"]]
    # Seeds in turn; other hyperparameters are another architecture.
    assert states[:4] == [
        ("wide", 0, "pending"), ("blind", 0, "cached"), ("wide", 1, "pending"), ("blind", 1, "cached"),
    ]  # fmt: skip
    assert states[-1] == ("blind", 3, "pending")
    seconds = {(job["architecture"], job["seed"]): job["seconds"] for job in plan["jobs"]}
    assert seconds["blind", 0] == 0
    assert 0.5 < seconds["wide", 0] < 60
    assert plan["seconds"] == pytest.approx(sum(seconds.values()))
    assert sorted(made["runs"].iterdir()) == before


def test_whatever_fails_is_a_row_that_says_so_and_the_rest_finish(nets, small_npz, zoo):
    names = ("wide", "crashes", "killed", "hungry", "diverges")
    result = zoo(
        "compare", *(nets / f"{name}.py" for name in names), "--dataset", small_npz, *OPTIONS,
        "--seeds", "1", "--costs", "none", "--json",
    )  # fmt: skip
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    document = json.loads(result.stdout)
    problems = {each["name"]: each["problem"] for each in document["rows"]}
    assert problems["wide"] == ""
    assert "SIGABRT" in problems["crashes"]
    assert "signal 9" in problems["killed"]
    assert "MemoryError" in problems["hungry"]
    assert "loss became nan" in problems["diverges"]
    assert document["rows"][0]["name"] == "wide"
    assert all(each["accuracy"] is None for each in document["rows"][1:])


def test_nothing_at_all_finished_is_an_error(nets, small_npz, zoo_here):
    result = zoo_here(
        "compare", nets / "hungry.py", "--dataset", small_npz, *OPTIONS, "--seeds", "1"
    )
    assert_one_line_error(result, 1, "no run is finished", "wanted 9 TiB")


@pytest.fixture
def interrupted(nets, small_npz, tmp_path):
    """A comparison of two seeds, started; and a function that waits for a run's folder."""
    command = zoo_command(
        "compare", nets / "wide.py", "--dataset", small_npz, *OPTIONS, "--seeds", "2",
        "--costs", "none", "--json",
    )  # fmt: skip
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )

    def wait_for_run(seed):
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob(f"runs/wide-*-s{seed}-*/run.json")):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return next(tmp_path.glob(f"runs/wide-*-s{seed}-*"))

    yield process, command, wait_for_run
    process.kill()
    process.wait()


@posix
@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_ctrl_c_stops_it_and_the_same_command_goes_on(interrupted, made, tmp_path, number):
    process, command, wait_for_run = interrupted
    second = wait_for_run(1)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "1 of 2 runs done. Give the same command to continue" in err
    assert Run.open(second).status in ("interrupted", "finished")
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    document = json.loads(result.stdout)
    assert document["harness"]["reused"] >= 1
    # Nothing of the interruption is in the result.
    assert row(document, "wide")["accuracies"] == row(made["document"], "wide")["accuracies"][:2]


@posix
def test_a_killed_comparison_leaves_no_training_behind(interrupted):
    process, _, wait_for_run = interrupted
    run = Run.open(wait_for_run(0))
    process.kill()
    process.wait()
    deadline = time.monotonic() + 60
    while run.is_locked():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_two_at_a_time_learn_the_same_and_the_table_says_so(made, nets, small_npz, tmp_path, zoo):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("needs two cores")
    result = zoo(
        "compare", nets / "wide.py", "--dataset", small_npz, *OPTIONS, "--seeds", "2",
        "--costs", "none", "--jobs", "2", "--json",
    )  # fmt: skip
    document = json.loads(result.stdout)
    assert row(document, "wide")["accuracies"] == row(made["document"], "wide")["accuracies"][:2]
    assert document["harness"]["overhead"] is None
    assert "in the runs' own phases, 2 at a time" in "\n".join(
        table.foot(ComparisonReport.from_dict(document))
    )
    assert any("timings are upper bounds" in note for note in document["notes"])


# Runs made elsewhere.


def test_runs_made_elsewhere_give_the_same_table(made, runs, zoo_here):
    code, out, err = zoo_here("compare", "--from", runs, "--target", "0.3", "--json")
    assert code == 0, err
    document = json.loads(out)
    for one, other in zip(document["rows"], made["document"]["rows"], strict=True):
        assert one == other
    assert document["pairs"] == made["document"]["pairs"]
    assert document["ensembles"] == made["document"]["ensembles"]


def test_a_validation_set_of_the_datasets_own_counts_as_one(runs, zoo_here):
    """The recipe then holds nothing out: `validation = 0`."""
    for folder in [each.parent for each in runs.glob("*/run.json")]:
        change_record(folder, lambda record: record["recipe"].update(validation=0.0, select="last"))
    _, out, _ = zoo_here("compare", "--from", runs, "--json")
    assert row(json.loads(out), "wide")["target"]["of"] == 3
    found = [Run.open(folder) for folder in sorted(runs.glob("wide*"))]
    assert len(make_diagnostics([Result("wide", found)], None, "image").curves["wide"]) == 3


def test_a_name_that_no_run_has_is_told(runs, zoo_here):
    result = zoo_here("compare", "wide", "blnd", "--from", runs)
    assert_one_line_error(result, 2, "'blnd'", "Did you mean blind?")


def test_some_of_the_runs_can_be_chosen(runs, zoo_here):
    code, out, _ = zoo_here("compare", "wide", "--from", runs, "--json")
    assert code == 0
    assert [each["name"] for each in json.loads(out)["rows"]] == ["wide"]


def change_record(folder: Path, change) -> None:
    record = json.loads((folder / "run.json").read_text())
    change(record)
    (folder / "run.json").write_text(json.dumps(record))


def of_seed(runs: Path, name: str, seed: int) -> Path:
    return next(runs.glob(f"{name}-*-s{seed}-*"))


MIXTURES = {
    "device": lambda record: record["device"].update(kind="gpu", name="H100"),
    "precision": lambda record: record.update(precision="mixed_bfloat16"),
    "keras": lambda record: record["sessions"][-1]["versions"].update(keras="3.12.0"),
    "recipe": lambda record: record["recipe"].update(epochs=7),
    "backend": lambda record: record.update(backend="jax"),
}


@pytest.mark.parametrize("what", MIXTURES)
def test_what_must_not_be_mixed_is_refused_by_name(runs, zoo_here, what):
    change_record(of_seed(runs, "blind", 1), MIXTURES[what])
    result = zoo_here("compare", "--from", runs)
    assert_one_line_error(
        result, 2, "must not be mixed", f"{what}:", "(wide, blind)", "--allow-mixed"
    )
    code, out, _ = zoo_here("compare", "--from", runs, "--allow-mixed")
    assert code == 0
    assert f"MIXED: {what}:" in out


def test_other_test_images_can_never_be_compared(runs, zoo_here):
    def change(record):
        record["identity"]["checksums"]["y_test"] = "0" * 64

    change_record(of_seed(runs, "blind", 1), change)
    result = zoo_here("compare", "--from", runs, "--allow-mixed")
    assert_one_line_error(result, 2, "not tested on the same images", "y_test")


def spoil(folder: Path, how: str) -> str:
    if how == "newer schema":
        change_record(folder, lambda record: record.update(schema=99))
        return "run.json: has schema 99"
    if how == "half a record":
        (folder / "run.json").write_text('{"schema": 1,')
        return "run.json: is damaged"
    if how == "no predictions":
        (folder / "predictions.npz").unlink()
        return "predictions.npz: is missing"
    if how == "another history":
        (folder / "history.csv").write_text("epoch\n1\n")
        return "history.csv: is not what this run wrote"
    (folder / "predictions.npz").write_bytes(b"PK")
    return "predictions.npz: is not what this run wrote"


SPOILT = ["newer schema", "half a record", "no predictions", "another history", "cut predictions"]


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_run_is_skipped_with_a_warning_that_names_the_file(runs, zoo_here, how):
    told = spoil(of_seed(runs, "wide", 1), how)
    code, out, err = zoo_here("compare", "--from", runs, "--json")
    assert code == 0
    assert told in err
    assert row(json.loads(out), "wide")["seeds"] == [0, 2]


def test_a_spoilt_run_is_trained_anew_beside_the_old_one(runs, nets, small_npz, made, zoo):
    folder = of_seed(runs, "blind", 0)
    told = spoil(folder, "no predictions")
    result = zoo(
        "compare", nets / "blind.py", "--dataset", small_npz, *OPTIONS, "--seeds", "1",
        "--runs-dir", runs, "--costs", "none", "--json",
    )  # fmt: skip
    assert told in result.stderr
    assert (runs / f"{folder.name}-2" / "run.json").exists()
    assert (
        row(json.loads(result.stdout), "blind")["accuracies"]
        == (row(made["document"], "blind")["accuracies"][:1])
    )


def test_a_run_by_other_versions_is_neither_used_nor_touched(runs, nets, small_npz, zoo_here):
    folder = of_seed(runs, "blind", 0)
    change_record(folder, MIXTURES["keras"])
    before = (folder / "run.json").read_bytes()
    code, out, _ = zoo_here(
        "compare", nets / "blind.py", "--dataset", small_npz, *OPTIONS, "--seeds", "1",
        "--runs-dir", runs, "--dry-run", "--json",
    )  # fmt: skip
    assert code == 0
    assert [job["state"] for job in json.loads(out)["jobs"]] == ["pending"]
    assert (folder / "run.json").read_bytes() == before


# Forms.


def test_csv_has_plain_numbers(made, runs, zoo_here):
    _, out, _ = zoo_here("compare", "--from", runs, "--target", "0.3", "--csv")
    wide = next(csv.DictReader(io.StringIO(out)))
    assert wide["architecture"] == "wide"
    expected = row(made["document"], "wide")
    assert float(wide["test_accuracy"]) == expected["accuracy"]
    assert float(wide["latency_p50"]) == expected["latency_p50"]["median"]
    together = made["document"]["ensembles"][0]
    assert int(wide["ensemble_members"]) == 3
    assert float(wide["ensemble_accuracy"]) == together["accuracy"]
    bounds = [float(wide[f"ensemble_interval_{end}"]) for end in ("low", "high")]
    assert bounds == together["interval"]


def test_markdown_has_the_table_the_pairs_and_the_foot(runs, zoo_here):
    _, out, _ = zoo_here("compare", "--from", runs, "--markdown")
    tables = [line for line in out.splitlines() if line.startswith("|")]
    assert tables[0].startswith("| architecture | rank | test accuracy % |")
    assert len({line.count("|") for line in tables[:4]}) == 1
    assert any(line.startswith("| wide - blind |") for line in tables)
    for start in ("| ensemble | members |", "| blind | 3 |", "| all | 6 |"):
        assert any(line.startswith(start) for line in tables), start
    for word in (
        "n: 3 seeds",
        "recipe: quick",
        "device: cpu",
        "noise floor: two seeds",
        "ensembles: ",
    ):
        assert f"- {word}" in out


def test_the_page_is_written(runs, small_npz, tmp_path, zoo_here):
    pytest.importorskip("matplotlib")
    code, _, err = zoo_here("compare", "--from", runs, "--html", tmp_path / "page.html")
    assert code == 0
    assert "page.html" in err
    page = (tmp_path / "page.html").read_text()
    assert page.count("data:image/png;base64,") > 5  # the images that split them
    for word in ("wide", "blind", "zoo compare", "Ensembles"):
        assert word in page


def test_a_document_from_before_there_were_ensembles_and_conversions_is_still_read(made):
    document = json.loads((PROJECT / "bench/results/compare-mnist-quick.json").read_text())
    document.pop("ensembles", None)
    for row in document["rows"]:
        row.pop("conversion", None)
        row["text"].pop("conversion", None)
    assert table.ensemble_grid(ComparisonReport.from_dict(document))[1] == []
    assert "ensemble" not in table.markdown(ComparisonReport.from_dict(document))
    assert len(flat.as_csv(ComparisonReport.from_dict(document)).splitlines()) == 1 + len(
        document["rows"]
    )


@pytest.mark.parametrize(
    "path", sorted((PROJECT / "bench/results").glob("compare-*.json")), ids=str
)
def test_a_recorded_report_is_read_and_written_as_it_was(path):
    text = path.read_text()
    report = ComparisonReport.from_dict(json.loads(text))
    assert json.dumps(report.to_dict(), indent=2) == text.strip()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("dataset", []),
        ("target", "high"),
        ("rows.1.accuracy", "high"),
        ("rows.0.status", "fine"),
        ("rows.0.latency_p50.median", float("nan")),
        ("pairs.0.interval", [0.1]),
        ("noise.cost.train", None),
        ("cost.entries.cnn.train", 3),
        ("harness.jobs", 1.5),
    ],
)
def test_a_damaged_report_is_refused_with_the_field(tmp_path, place, value):
    content = json.loads((PROJECT / "bench/results/compare-mnist-quick.json").read_text())
    *way, last = [int(step) if step.isdigit() else step for step in place.split(".")]
    inner = content
    for step in way:
        inner = inner[step]
    inner[last] = value
    path = tmp_path / "report.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ZooError, match=rf"report\.json: is damaged \({re.escape(place)}: "):
        ComparisonReport.read(path)


def test_explain_tells_of_every_column_that_is_printed(runs, zoo_here):
    _, explained, _ = zoo_here("compare", "--explain")
    _, out, _ = zoo_here("compare", "--from", runs, "--json")
    for column in json.loads(out)["columns"]:
        assert column["title"] in explained
        assert column["explanation"] in explained
    assert "one observation" in explained
    assert "arXiv:1612.01474" in explained


# Plugins.


def test_a_strangers_plugin_needs_nothing_but_to_be_installed(
    distribution, nets, small_npz, monkeypatch, zoo
):
    source = textwrap.dedent(NETS["wide"]) + textwrap.dedent("""
        import zoo

        @zoo.hookimpl
        def zoo_architectures():
            return [zoo.Architecture(name="strange", build=build, layout="image", summary="s")]
    """)
    distribution("strange", source)
    distribution("broken-one", "import nowhere_to_be_found")
    monkeypatch.setenv("ZOO_PLUGINS", "strange,broken_one")
    result = zoo(
        "compare",
        "--all",
        "--dataset",
        small_npz,
        *OPTIONS,
        "--seeds",
        "1",
        "--costs",
        "none",
        "--json",
    )
    assert result.returncode == 1
    document = json.loads(result.stdout)
    assert row(document, "strange")["accuracy"] > 0.3
    assert "nowhere_to_be_found" in row(document, "broken_one")["problem"]


# Bad input, found before anything is trained.


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["cnnn"], ["cnnn", "Did you mean cnn?"]),
        ([], ["no architecture is given", "zoo list"]),
        (["cnn", "--all"], ["not both"]),
        (["cnn", "cnn"], ["given twice"]),
        (["cnn", "--seeds", "0"], ["--seeds 0"]),
        (["cnn", "--target", "1.2"], ["--target 1.2", "at most 1"]),
        (["cnn", "--target", "0"], ["--target 0"]),
        (["cnn", "--jobs", "0"], ["--jobs 0", "cores"]),
        (["cnn", "--jobs", "1000"], ["--jobs 1000", "cores"]),
        (["cnn", "--recipe", "qick"], ["Did you mean quick?"]),
        (["cnn", "--dataset", "mnits"], ["Did you mean mnist"]),
        (["cnn", "--set", "filters=3"], ["as in --set cnn.filters=3"]),
        (["cnn", "--set", "cnn.filtrs=3"], ["Did you mean filters?"]),
        (["cnn", "--set", "lrcn.filters=3"], ["lrcn", "Known: cnn"]),
        (["cnn", "--json", "--csv"], ["one of"]),
        (["cnn", "--html", "nowhere/page.html"], ["no folder nowhere"]),
        (["cnn", "--html", "."], ["is a folder"]),
        (["cnn", "--allow-mixed"], ["--from"]),
        (["--from", "nowhere"], ["nowhere", "no such folder"]),
        (["--from", "."], ["holds no run"]),
        (["--from", ".", "--seeds", "3"], ["leave --seeds out"]),
        (["--from", ".", "--tta-shift", "1"], ["leave --tta-shift out"]),
        (["cnn", "--tta-shift", "9"], ["--tta-shift 9", "0 to 8"]),
    ],
)
def test_bad_input_is_told_at_once(zoo_here, arguments, parts):
    result = zoo_here("compare", *arguments)
    assert_one_line_error(result, 2, *parts)
    assert not Path("runs").exists()

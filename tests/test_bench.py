"""`zoo bench`, and the suite in bench/ that measures the same."""

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import variance
from types import SimpleNamespace

import pytest
from conftest import assert_one_line_error
from scipy import stats
from test_compare import clean_environment, nets, zoo_command  # noqa: F401 - nets is a fixture

from zoo.comparison.cost_record import BenchmarkReport

PROJECT = Path(__file__).parent.parent
SHORT = ("--processes", "1", "--rounds", "2")
MEASURES = {
    "train", "infer_1", "infer_32", "infer_256", "infer_1024", "latency_p50", "latency_p99",
    "start_up", "compile", "compile_inference",
}  # fmt: skip


@pytest.fixture(scope="module")
def measured(nets, small_npz, tmp_path_factory) -> tuple[subprocess.CompletedProcess, Path]:  # noqa: F811
    """One that works and one that does not, measured: what the command said, and its record."""
    out = tmp_path_factory.mktemp("bench") / "record.json"
    names = (nets / "wide.py", nets / "crashes.py")
    command = zoo_command("bench", *names, "--dataset", small_npz, *SHORT, "--out", out)
    result = subprocess.run(
        command, capture_output=True, text=True, check=False, env=clean_environment()
    )
    return result, out


def test_it_measures_everything_and_the_first_one_twice(measured):
    record = json.loads(measured[1].read_text())
    entry = record["entries"]["wide"]
    assert set(entry["measures"]) == set(record["again"]["measures"]) == MEASURES
    assert entry["measures"]["train"]["n"] == 2
    assert entry["measures"]["start_up"]["n"] == 1
    for stat in entry["measures"].values():
        assert 0 <= stat["q1"] <= stat["median"] <= stat["q3"]
    # A batch of 1,024 goes through a tiny network faster, image for image, than one at a time.
    rates = {name: stat["median"] for name, stat in entry["measures"].items()}
    assert rates["infer_1024"] > 2 * rates["infer_1"]
    assert rates["latency_p50"] == pytest.approx(1 / rates["infer_1"], rel=2)
    assert 0.3 < record["noise"]["infer_256"] < 3
    assert entry["peak_memory"] > 100e6


def test_one_that_fails_is_named_and_the_others_are_measured(measured):
    result, _ = measured
    assert result.returncode == 1
    assert "FAILED: crashes: crashed: SIGABRT" in result.stdout
    rows = [line.split()[:2] for line in result.stdout.splitlines() if line.startswith("wide")]
    assert rows[:2] == [["wide", rows[0][1]], ["wide", "(again)"]]


def test_a_record_is_shown_again(measured, zoo_here):
    code, out, _ = zoo_here("bench", "--from", measured[1])
    assert code == 1  # as it was
    assert out.strip() == measured[0].stdout.strip()
    _, markdown, _ = zoo_here("bench", "--from", measured[1], "--markdown")
    assert markdown.startswith("| architecture | training samples/s |")


@pytest.mark.slow
def test_the_record_of_pytest_benchmark_becomes_the_table_that_it_cannot_draw(
    data_dir, tmp_path, zoo_here
):
    record = tmp_path / "bench.json"
    result = subprocess.run(
        [
            sys.executable, "-m", "pytest", "bench/test_architectures.py", "-q",
            "-p", "no:cacheprovider", "--benchmark-json", record, "-k", "train or infer_32",
        ],
        cwd=PROJECT,
        env={
            # pytest-benchmark measures nothing within a worker of pytest-xdist.
            **{k: v for k, v in os.environ.items() if not k.startswith("PYTEST_XDIST")},
            "ZOO_DATA_DIR": str(data_dir),
            "ZOO_PLUGINS": "cnn",
        },
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    info = json.loads(record.read_text())["benchmarks"][0]["extra_info"]
    assert info["parameters"] == 91_890
    assert info["images_per_second"] > 0
    assert info["peak_memory"] > 100e6
    assert info["settings"]["batch_size"] == 128
    code, out, _ = zoo_here("bench", "--from", record, "--markdown")
    assert code == 0
    table = next(line for line in out.splitlines() if line.startswith("| cnn |"))
    shown = float(table.split("|")[2].split("[")[0].replace(",", ""))
    assert shown == pytest.approx(info["images_per_second"], rel=0.01)


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (["cnnn"], 2, ["Did you mean cnn?"]),
        (["cnn", "--rounds", "0"], 2, ["--rounds 0", "1 to 10,000"]),
        (["cnn", "--processes", "-1"], 2, ["--processes -1"]),
        (["cnn", "--batch-size", "0"], 2, ["--batch-size 0"]),
        (["cnn", "--json", "--markdown"], 2, ["not both"]),
        (["cnn", "--out", "nowhere/x.json"], 2, ["no folder nowhere"]),
        (["cnn", "--from", "x.json"], 2, ["leave the names out"]),
        (["--from", "x.json"], 1, ["x.json", "cannot be read"]),
        (["--from", "text.json"], 1, ["text.json", "is not JSON"]),
        (["--from", "other.json"], 1, ["other.json", "no record of zoo bench"]),
        (["--from", "newer.json"], 1, ["newer.json", "schema 9"]),
        (["--from", "empty.json"], 1, ["empty.json", "pytest bench/"]),
    ],
)
def test_bad_input_is_told_at_once(zoo_here, arguments, code, parts):
    Path("text.json").write_text("hello")
    Path("other.json").write_text('{"a": 1}')
    Path("newer.json").write_text('{"schema": 9, "entries": {}}')
    Path("empty.json").write_text('{"benchmarks": []}')
    result = zoo_here("bench", *arguments)
    assert_one_line_error(result, code, *parts)


def test_the_report_is_a_frame(measured):
    report = BenchmarkReport.read(measured[1])
    frame = report.to_frame()
    names = [*report.entries, f"{next(iter(report.entries))} (again)"]
    assert list(frame["architecture"]) == names
    first = report.entries[names[0]]
    for measure in ("train", "infer_1", "latency_p50", "compile"):
        assert frame[measure][0] == first.measures[measure].median
        assert frame[f"{measure}_q1"][0] <= frame[measure][0] <= frame[f"{measure}_q3"][0]
    assert frame["parameters"][0] == first.parameters
    assert frame["train"][len(names) - 1] == report.again.measures["train"].median


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("settings", []),
        ("created", 3),
        ("conditions", "cpu"),
        ("noise", {"train": 1.0}),
        ("problems", {"cnn": 3}),
        ("entries", []),
        ("entries/wide", 3),
        ("entries/wide/identity/recipe", None),
        ("entries/wide/measures/train/median", float("nan")),
        ("again/measures", {"train": []}),
    ],
)
def test_a_damaged_record_is_named_and_skipped(measured, zoo_here, tiny_run, place, value):
    record = json.loads(measured[1].read_text())
    *way, last = place.split("/")
    inner = record
    for name in way:
        inner = inner[name]
    inner[last] = value
    shutil.copytree(tiny_run, "runs/tiny")
    path = Path("runs/costs/costs-odd.json")
    path.parent.mkdir()
    path.write_text(json.dumps(record))
    assert_one_line_error(
        zoo_here("bench", "--from", path), 1, "costs-odd.json: is damaged", way[0] if way else last
    )
    code, _, err = zoo_here("compare", "--from", "runs")
    assert code == 0
    assert "skipped: runs/costs/costs-odd.json: is damaged" in err


def test_the_effect_of_an_ablation_is_told_from_chance(monkeypatch):
    monkeypatch.syspath_prepend(PROJECT / "bench")
    import tune

    def lines(*values):
        return [{"val_accuracy": each} for each in values]

    def accuracies(trainings):
        return [each["val_accuracy"] for each in trainings]

    base = lines(0.9930, 0.9938, 0.9934, 0.9934)
    ablations = {"helps": lines(0.9960, 0.9964), "nothing": lines(0.9932, 0.9936)}
    found = tune.effects(ablations, base, "val_accuracy", ".2f", 100)
    means, halves = zip(*(map(float, each.split(" ± ")) for each in found.values()), strict=True)
    assert means == (0.28, 0.0)
    # Two differences at once want a wider interval than each alone: of the deviation that all share.
    squares = sum(
        variance(each) * (len(each) - 1) for each in map(accuracies, (base, *ablations.values()))
    )
    alone = stats.t.ppf(0.975, 5) * 100 * math.sqrt(squares / 5 * (1 / 2 + 1 / 4))
    assert alone < halves[0] == halves[1] < 1.5 * alone < means[0]
    assert tune.effects(ablations, base[:1], "val_accuracy", ".2f") == {}  # one seed has no spread


def test_a_goal_is_told_with_every_size_that_was_recorded(monkeypatch):
    monkeypatch.syspath_prepend(PROJECT / "bench")
    import goals
    from comparisons import Key

    def row(name, accuracy, low=0.9, seeds=1):
        return SimpleNamespace(
            name=name,
            status="ok",
            accuracy=accuracy,
            interval=(low, 1.0),
            seeds=list(range(seeds)),
            parameters=1000,
        )

    def report(*rows, ensembles=()):
        return SimpleNamespace(rows=rows, ensembles=ensembles)

    def goal(architecture, **given):
        return {
            "dataset": "mnist",
            "recipe": "r",
            "architecture": architecture,
            "seeds": 2,
            **given,
        }

    def ensemble(name, accuracy):
        return SimpleNamespace(name=name, accuracy=accuracy, interval=(0.9, 1.0), members=2)

    failed = SimpleNamespace(name="gru", status="failed", accuracy=None)
    found = {
        Key("mnist", "", "r"): report(
            row("cnn", 0.95, seeds=2),
            row("tcn", 0.97, low=0.8),
            failed,
            ensembles=[ensemble("all", 0.98), ensemble("cnn", 0.95)],
        ),
        Key("mnist", "", "r", "cnn.filters=8,8,8"): report(row("cnn", 0.99)),
        Key("mnist", "", "other"): report(row("cnn", 1.0)),
    }
    wanted = [
        goal("cnn", goal=0.96, seconds=400, tried="Two sizes."),
        goal("tcn", goal=0.96, seconds=399, tried="Nothing faster."),
        goal("gru", goal=0.96),
        goal("every", at_most=0.85),
        goal("ensemble", goal=0.975),
    ]
    monkeypatch.setattr(goals, "ACCURACY", wanted)
    monkeypatch.setattr(goals, "training_seconds", lambda report, name: [50, 400])
    assert [(each.settings, each.met) for each in goals.judged(found)] == [
        ("", "missed by 1.00 points"),
        ("cnn.filters=8,8,8", "reached with 1 seed"),
        ("", "reached with 1 seed"),
        ("", "not recorded"),
        ("", "exceeded"),
        ("cnn.filters=8,8,8", "exceeded"),
        ("", "reached"),
    ]
    cnn, tcn, every = goals.missed(found)
    assert cnn.endswith(
        "`cnn`, 96.00 %: 95.000 %, missed by 1.00 points; 99.000 % with `cnn.filters=8,8,8`, "
        "reached with 1 seed. Two sizes."
    )
    assert tcn.endswith(
        "97.000 %, reached with 1 seed, 50 to 400 s, at most 399 s: exceeded. Nothing faster."
    )
    assert every.endswith(goals.UNTRIED)
    page = goals.at_a_glance(found)
    assert "with `filters=8,8,8`" in page
    assert "50 to 400 s, at most 400 s: kept" in page


def test_a_goal_on_time_series_is_judged_by_seeds_or_by_resamples(monkeypatch):
    monkeypatch.syspath_prepend(PROJECT / "bench")
    import timeseries_goals as goals

    def lines(name, architecture, *accuracies, resampled=False, seconds=20.0):
        return [
            {
                "set": name,
                "architecture": architecture,
                "accuracy": each,
                "resample": number * resampled,
                "seconds": seconds + number,
            }
            for number, each in enumerate(accuracies, 1)
        ]

    recorded = [
        *lines("A", "fcn", *[0.90] * 5),
        *lines("A", "gru", *[0.94] * 5),
        *lines("A", "tcn", 1.0),  # one seed is not yet the best
        *lines("B", "fcn", *[0.80] * 5),
        *lines("B", "fcn", *[0.95] * 10, resampled=True, seconds=50),
        *lines("B", "gru", *[0.91, 0.93] * 2, resampled=True),
        *lines("C", "gru", 0.97, 0.99),
    ]
    published = {("B", "Net"): {"mean_over_resamples": "0.95", "standard_deviation": "0.025"}}
    best = {"architecture": "best", "seconds": 55}
    net = {"architecture": "gru", "within": "Net", "seconds": 55}
    wanted = [
        {**best, "set": "A", "goal": 0.95, "tried": "Two batch sizes."},
        {**best, "set": "B", "goal": 0.95},
        {**net, "set": "B"},
        {**best, "set": "C", "goal": 0.98},
        {**net, "set": "B", "within": "Net", "architecture": "tcn"},
    ]
    monkeypatch.setattr(goals, "GOALS", wanted)
    page = goals.section(recorded, published)
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in page.splitlines()
        if line.startswith(("| A", "| B", "| C"))
    ]
    assert rows[0][2:6] == ["at least 95.00 %", "94.00 %, `gru` (5)", "", "missed by 1.00 points"]
    assert rows[1][3:] == [
        "80.00 %, `fcn` (5)",
        "95.00 %, `fcn` (10)",
        "reached",
        "21 to 60 s, at most 55 s: exceeded",
    ]
    assert rows[2][2] == "at least 92.50 % over resamples (published 95.00 % ± 2.50)"
    assert rows[2][5] == "missed by 0.50 points with 4 of 10 trainings"
    assert rows[3][5] == "reached with 2 of 5 trainings"
    assert rows[4][3:] == ["", "", "not recorded", ""]
    assert "- A, the best: missed by 1.00 points. Two batch sizes." in page
    assert f"- B, `gru`: missed by 0.50 points with 4 of 10 trainings. {goals.UNTRIED}" in page


def git(*words, cwd) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    done = subprocess.run(
        ["git", *who, *map(str, words)], cwd=cwd, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


class Checkout:
    """A repository with our bench/ in it, where runs are trained and collected."""

    def __init__(self, folder: Path, net: Path, data: Path):
        self.folder, self.net, self.data = folder, net, data
        self.results = folder / "bench" / "results"
        for path in [*(PROJECT / "bench").glob("*.*"), PROJECT / "docs" / "blocks.py"]:
            target = folder / path.relative_to(PROJECT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
        self.results.mkdir()
        (folder / ".gitignore").write_text("runs/\n__pycache__/\n")
        git("init", "-q", cwd=folder)
        git("add", "-A", cwd=folder)
        git("commit", "-qm", "All", cwd=folder)

    def run(self, *words) -> subprocess.CompletedProcess:
        command = [sys.executable, *map(str, words)]
        return subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False,
            env={**clean_environment(), "PYTHONPATH": str(PROJECT)},
        )  # fmt: skip

    def train(self, seed: int) -> Path:
        done = self.run(
            "-m", "zoo", "train", self.net, "--dataset", self.data, "--recipe", "quick",
            "--epochs", "1", "--seed", seed, "--json",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return self.folder / "runs" / json.loads(done.stdout)["name"]

    def collect(self, *paths) -> tuple[int, str, list[str]]:
        done = self.run("bench/results.py", "collect", *paths)
        return done.returncode, done.stdout, done.stderr.strip().splitlines()[-1:]

    def lines(self) -> list[dict]:
        (path,) = self.results.glob("runs-*.jsonl")
        return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def trained(tiny_py, small_npz, tmp_path_factory):
    """A checkout, and three of its runs: two of a commit, and one made with uncommitted changes."""
    checkout = Checkout(tmp_path_factory.mktemp("checkout"), tiny_py, small_npz)
    clean = [checkout.train(seed) for seed in (1, 0)]
    (checkout.folder / "note.txt").write_text("not committed")
    return checkout, clean, checkout.train(2)


def comparison(checkout, runs) -> Path:
    path = checkout.folder / "runs" / "compare-it.json"
    path.write_text(json.dumps({"runs": [{"run": run.name} for run in runs]}))
    return path


def test_a_run_with_uncommitted_changes_is_not_collected_nor_any_beside_it(trained):
    checkout, clean, dirty = trained
    code, _, said = checkout.collect(comparison(checkout, [*clean, dirty]))
    assert (code, said) == (
        1,
        [
            f"runs/{dirty.name}: was made with uncommitted changes; commit them, then make it again. "
            "Nothing was collected."
        ],
    )
    assert [*checkout.results.iterdir()] == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "running"}, "only finished runs are results"),
        ({"environment": {"git": None}}, "names no commit"),
        ({"environment": {}}, "names no commit"),
        ({"environment": {"git": {"commit": "0" * 40, "dirty": False}}}, "does not have"),
    ],
)
def test_a_run_that_no_commit_vouches_for_is_not_collected(trained, tmp_path, changes, said):
    checkout, clean, _ = trained
    record = json.loads((clean[0] / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps({**record, **changes}))
    code, _, line = checkout.collect(tmp_path)
    assert code == 1
    assert said in line[0]
    assert [*checkout.results.iterdir()] == []


def test_a_benchmark_with_uncommitted_changes_is_not_collected(trained, tmp_path):
    checkout, _, _ = trained
    info = {"id": git("rev-parse", "HEAD", cwd=checkout.folder), "dirty": True}
    record = tmp_path / "bench-cpu-x.json"
    record.write_text(json.dumps({"benchmarks": [], "commit_info": info}))
    code, _, line = checkout.collect(record)
    assert code == 1
    assert "was made with uncommitted changes" in line[0]


def test_nothing_is_measured_for_the_docs_with_uncommitted_changes(trained):
    checkout, _, _ = trained
    for command in (["results.py", "clean"], ["coverage.py"], ["frames.py"], ["tune.py", "run"]):
        done = checkout.run(f"bench/{command[0]}", *command[1:])
        assert done.returncode == 1, command
        assert "Uncommitted changes: note.txt. " in done.stderr.splitlines()[-1]
    assert [*checkout.results.iterdir()] == []


def test_runs_of_a_commit_are_collected_a_line_each_in_order(trained):
    checkout, clean, _ = trained
    before = comparison(checkout, clean).read_text()
    code, out, _ = checkout.collect(comparison(checkout, clean))
    assert code == 0
    assert (checkout.results / "compare-it.json").read_text() == before
    assert "runs-small.jsonl" in out
    lines = checkout.lines()
    assert [line["run"] for line in lines] == sorted(run.name for run in clean)
    for line in lines:
        record = json.loads((checkout.folder / "runs" / line["run"] / "run.json").read_text())
        assert line["run"].endswith(line["digest"])
        assert line["commit"] == git("rev-parse", "HEAD", cwd=checkout.folder)
        assert not line["dirty"]
        for key in ("identity", "metrics", "timings"):
            assert line[key] == record[key]
        assert line["environment"]["keras"]
    kept = (checkout.results / "runs-small.jsonl").read_bytes()
    assert checkout.collect(*clean)[0] == 0  # once more: the same bytes
    assert (checkout.results / "runs-small.jsonl").read_bytes() == kept


def test_every_published_run_has_the_digest_in_its_name(monkeypatch):
    monkeypatch.syspath_prepend(PROJECT / "bench")
    import records

    from zoo.runs.files import digest

    lines = records.runs()
    assert len(lines) >= 133
    for name, line in lines.items():
        assert name.endswith(f"-s{line['identity']['seed']}-{digest(line['identity'])}")
        assert {"commit", "dirty", "metrics", "timings", "environment"} <= line.keys()

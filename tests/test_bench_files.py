"""Each file of bench/ runs through at its smallest size, so that none is found broken when it is needed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import DATA_DIR, PROJECT

BENCH = PROJECT / "bench"
FILES = sorted(path.name for kind in ("*.py", "*.sh") for path in BENCH.glob(kind))
SUITES = [name for name in FILES if name.startswith("test_") and name != "test_convlstm.py"]

COMMANDS = {name: [("python", "-m", "pytest", f"bench/{name}", "-q")] for name in SUITES} | {
    "coverage.py": [
        ("python", "bench/coverage.py"),
        ("python", "bench/coverage.py", "--metrics"),
        ("python", "bench/coverage.py", "--folds"),
        ("python", "bench/coverage.py", "--sequential"),
    ],
    "exports.py": [("python", "bench/exports.py", "run"), ("python", "bench/exports.py", "table")],
    "exports_recurrent.py": [("python", "bench/exports_recurrent.py")],
    "frames.py": [("python", "bench/frames.py", "--folder", "{folder}")],
    "frames_curve.py": [
        ("python", "bench/frames_curve.py", "--runs", "{folder}"),
        ("python", "bench/frames_curve.py", "--figure"),
    ],
    "gpu.sh": [("bash", "bench/gpu.sh")],
    "limit.py": [("python", "bench/limit.py", "run"), ("python", "bench/limit.py", "table")],
    "lstm_fused.py": [("python", "bench/lstm_fused.py")],
    "named_sizes.py": [
        ("python", "bench/named_sizes.py", "run"),
        ("python", "bench/named_sizes.py", "table"),
    ],
    "many_datasets.py": [
        ("python", "bench/many_datasets.py", "run"),
        ("python", "bench/many_datasets.py", "table"),
    ],
    "ray_overhead.py": [
        ("python", "bench/ray_overhead.py", "run"),
        ("python", "bench/ray_overhead.py", "table"),
    ],
    "record.sh": [("bash", "bench/record.sh", "bench/test_convlstm.py")],
    "serving.py": [("python", "bench/serving.py", "run"), ("python", "bench/serving.py", "table")],
    "speedrun.py": [("python", "bench/speedrun.py", "tune")],
    "speedrun_port.py": [("python", "bench/speedrun.py")],
    "timeseries.py": [
        ("python", "bench/timeseries.py", "run", "ItalyPowerDemand"),
        ("python", "bench/timeseries.py", "table"),
    ],
    "tuning.py": [("python", "bench/tuning.py", "run"), ("python", "bench/tuning.py", "table")],
    "tune.py": [("python", "bench/tune.py", "run"), ("python", "bench/tune.py", "table")],
}
"""What runs through a file at the smallest size."""

WRITTEN = {
    "coverage.py": [
        "coverage.json",
        "coverage-metrics.json",
        "coverage-folds.json",
        "coverage-sequential.json",
    ],
    "exports.py": ["exports.json"],
    "exports_recurrent.py": ["exports-recurrent.json"],
    "frames.py": ["frames.json"],
    "frames_curve.py": [
        "moving_digits-frames.json",
        "moving_digits-frames.svg",
        "runs-moving_digits.jsonl",
    ],
    "gpu.sh": ["bench-gpu-convlstm.json", "compare-digits-quick.json", "runs-digits.jsonl"],
    "limit.py": ["limit.json"],
    "lstm_fused.py": ["lstm-fused.json"],
    "named_sizes.py": ["named-sizes.json"],
    "many_datasets.py": ["many-datasets.json"],
    "ray_overhead.py": ["ray-overhead.json"],
    "record.sh": ["bench-cpu-convlstm.json", "bench-cpu-convlstm-jax.json"],
    "serving.py": ["serving.json"],
    "speedrun.py": ["speedrun-tuning.json"],
    "speedrun_port.py": ["speedrun.json"],
    "timeseries.py": ["timeseries.jsonl"],
    "tune.py": ["tuning.jsonl"],
    "tuning.py": ["tuning-gunpoint.json"],
}
"""The records that it leaves."""

USED_BY = {
    "checkout.py": "results.py",
    "compare.sh": "gpu.sh",
    "comparison_figure.py": "results.py",
    "comparisons.py": "results_page.py",
    "conftest.py": "test_trainer.py",
    "coverage_folds.py": "coverage.py",
    "coverage_metrics.py": "coverage.py",
    "coverage_sequential.py": "coverage.py",
    "first_step.py": "test_start_up.py",
    "first_step_bare.py": "test_start_up.py",
    "goals.py": "results_page.py",
    "paired.py": "conftest.py",
    "records.py": "results.py",
    "results.py": "compare.sh",
    "results_page.py": "results.py",
    "sizes.py": "conftest.py",
    "speed_table.py": "results_page.py",
    "test_convlstm.py": "record.sh",
    "time_table.py": "results.py",
    "timeseries_goals.py": "timeseries.py",
    "baselines.py": "test_baselines.py",
}
"""Files that run when another does; the tables of results.py are made by test_documentation.py."""

NEEDS_MNIST = {"frames_curve.py", "test_clips.py", "test_start_up.py", "test_streaming.py"}


@pytest.mark.parametrize("name", FILES)
def test_every_file_has_a_smallest_run(name):
    used_by = USED_BY.get(name)
    assert name in COMMANDS or used_by, f"say in COMMANDS or USED_BY how bench/{name} is run in CI"
    if used_by and name != "conftest.py":
        assert Path(name).stem in (BENCH / used_by).read_text()


def test_no_smallest_run_is_of_a_file_that_is_gone():
    assert not {*COMMANDS, *USED_BY, *USED_BY.values()} - {*FILES}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_file_runs_through_at_its_smallest_size(name, tmp_path):
    if name in NEEDS_MNIST and DATA_DIR is None:
        pytest.skip("needs MNIST's files: set ZOO_DATA_DIR to a folder that has mnist/")
    if name in ("timeseries.py", "many_datasets.py") and not (
        DATA_DIR and (DATA_DIR / "timeseries").is_dir()
    ):
        pytest.skip("needs the sets of the archives: ZOO_DATA_DIR has no timeseries/")
    if name == "speedrun_port.py":
        pytest.importorskip("torch", reason="no torch here: pip install 'archzoo[torch]'")
    results = tmp_path / "results"
    for command in COMMANDS[name]:
        words = [word.format(folder=tmp_path / "runs") for word in command]
        done = subprocess.run(
            words,
            cwd=PROJECT,
            env=smallest(results, tmp_path / "runs"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    for record in WRITTEN.get(name, []):
        assert (results / record).stat().st_size, record


def smallest(results: Path, runs: Path) -> dict[str, str]:
    """The environment of a smallest run: nothing of it lands in the checkout."""
    # pytest-benchmark measures nothing within a worker of pytest-xdist.
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    return {
        **kept,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "ZOO_BENCH": "smallest",
        "ZOO_BENCH_RESULTS": str(results),
        "RUNS": str(runs),
        **({"ZOO_DATA_DIR": str(DATA_DIR)} if DATA_DIR else {}),
    }

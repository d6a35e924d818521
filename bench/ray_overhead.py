"""What Ray adds to a run, and the constants of docs/scale.md.

`python bench/ray_overhead.py run` trains the same runs in local processes and on a cluster of Ray on this
machine, in turn, and measures how fast the cluster starts, places tasks and starts the processes of runs;
the record is bench/results/ray-overhead.json. `python bench/ray_overhead.py table` writes the tables of
docs/scale.md from it.
"""

import argparse
import json
import os
import statistics
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import checkout
import psutil
from sizes import RESULTS, SMALLEST, size

from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.entries import Entry
from zoo.comparison.executors.dispatcher import Dispatcher
from zoo.comparison.executors.local_executor import LocalExecutor
from zoo.comparison.executors.node_host import NodeHost, as_place
from zoo.comparison.executors.ray_executor import ray_executor
from zoo.comparison.executors.ray_options import RayOptions
from zoo.comparison.executors.working_set import WorkingSet
from zoo.comparison.jobs import PENDING, Job, RunPlan
from zoo.environment import distribution_version, machine
from zoo.registry import Registry
from zoo.runs.packed import pack
from zoo.training.request import Request

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "scale.md"
RESULT = RESULTS / "ray-overhead.json"
COMMAND = "python bench/ray_overhead.py table"
PAIRS = size(2, 1)
EPOCHS = size(4, 1)
"""Of `cnn` on the embedded digits: about a minute on two cores that do other work, too."""
TASKS = size(2000, 50)
HOSTS = size(8, 2)
NODES = 1000
"""Of the cluster on paper."""
RUN_SECONDS = 600
"""Of its runs."""


def requested(seed: int) -> Request:
    changes = {"epochs": EPOCHS}
    return Request(
        "cnn", dataset="digits", recipe="quick", changes=changes, seed=seed, device="cpu"
    )


class _Times(ComparisonCallback):
    """The seconds of a training's phases, and that it ended well."""

    def on_run_end(self, job, outcome) -> None:
        if outcome.run is None:
            sys.exit(f"a run failed: {outcome.cause}")
        self.phases = outcome.seconds


def timed(executor, seed: int, folder: Path) -> dict:
    """One run by an executor: the wall time, and what of it were the training's own phases."""
    callback, driver = _Times(), psutil.Process()
    entry, request = Entry("cnn", "cnn"), requested(seed)
    plan = RunPlan((Job(entry, request, PENDING),), None)
    before, started = sum(driver.cpu_times()[:2]), time.perf_counter()
    (outcome,) = Dispatcher(executor, folder, False, True, None, callback).run(plan)
    wall = time.perf_counter() - started
    return {
        "wall": wall,
        "phases": callback.phases,
        "driver_cpu": sum(driver.cpu_times()[:2]) - before,
        "folder": str(outcome.run.folder),
    }


@contextmanager
def cluster(folder: Path):
    """A cluster on this machine, and how long it took to be ready for runs."""
    working_set = WorkingSet.of([requested(0)], Registry.discover(), None)
    started = time.perf_counter()
    with ray_executor(
        RayOptions("ray"), working_set, folder, "tensorflow", "cpu", lambda text: None
    ) as executor:
        yield executor, time.perf_counter() - started


def tasks_per_second(ray) -> float:
    """Empty tasks that are placed and carried out in a second, from one driver."""
    empty = ray.remote(lambda: None).options(num_cpus=1)
    ray.get([empty.remote() for _ in range(TASKS // 10)])
    started = time.perf_counter()
    ray.get([empty.remote() for _ in range(TASKS)])
    return TASKS / (time.perf_counter() - started)


def host_seconds(ray, folder: Path) -> list[float]:
    """How long it takes until the actor of a run answers, one after another."""
    place = as_place(
        {"runs_dir": str(folder), "token": "", "working_dir": str(folder), "environ": {}}
    )
    found = []
    for _ in range(HOSTS):
        started = time.perf_counter()
        host = ray.remote(NodeHost).options(num_cpus=1).remote(place)
        ray.get(host.settled.remote())
        found.append(time.perf_counter() - started)
        ray.kill(host)
    return found


def line_bytes(executor) -> list[int]:
    """Counts the bytes of the lines that come from nodes."""
    counted, get = [0], executor.get

    def counting(answer):
        found = get(answer)
        if isinstance(found, list):
            counted[0] += sum(len(line or "") for line in found)
        return found

    executor.get = counting
    return counted


def run() -> None:
    """Measure, and write the record."""
    commit, load = checkout.commit(), os.getloadavg()
    with TemporaryDirectory() as place:
        folder = Path(place)
        with cluster(folder / "ray") as (executor, ready):
            import ray  # only now: the cluster says how

            counted = line_bytes(executor)
            pairs = [_pair(executor, seed, folder) for seed in range(PAIRS)]
            told = counted[0] / PAIRS
            packed = len(pack(Path(pairs[0]["ray"]["folder"])))
            hosts = host_seconds(ray, folder)
            tasks = tasks_per_second(ray)
    for pair in pairs:
        for kind in ("local", "ray"):
            del pair[kind]["folder"]
    record = {
        "commit": commit,
        "created": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
        "machine": machine(),
        "load_average": load,
        "load_average_after": os.getloadavg(),
        "versions": {name: distribution_version(name) for name in ("archzoo", "ray", "tensorflow")},
        "epochs": EPOCHS,
        "pairs": pairs,
        "ready_seconds": ready,
        "host_seconds": hosts,
        "tasks_per_second": tasks,
        "run_bytes": packed,
        "line_bytes": told,
    }
    RESULT.write_text(json.dumps(record, indent=1) + "\n")


def _pair(executor, seed: int, folder: Path) -> dict:
    """The same run here and on the cluster; another one begins each time."""
    kinds = {"local": LocalExecutor(), "ray": executor}
    order = list(kinds.items()) if seed % 2 else list(kinds.items())[::-1]
    return {name: timed(each, seed, folder / name) for name, each in order}


def overheads(record: dict) -> list[float]:
    """How much longer each run took on Ray, as a share, beyond its own phases in both cases.

    The phases of the two runs differ by what else the machine did; the starting, waiting and bringing
    back around them is what Ray can change.
    """
    found = []
    for pair in record["pairs"]:
        around = {kind: pair[kind]["wall"] - pair[kind]["phases"] for kind in ("local", "ray")}
        found.append((around["ray"] - around["local"]) / pair["local"]["wall"])
    return found


def measured(record: dict) -> str:
    """What was measured."""
    pairs, about = record["pairs"], record["machine"]
    walls = {kind: statistics.median(p[kind]["wall"] for p in pairs) for kind in ("local", "ray")}
    shares = [100 * each for each in overheads(record)]
    lines = [
        f"{about['processor']}, {about['cores']} cores; Ray {record['versions']['ray']}; load average "
        f"{record['load_average'][0]:.1f} before and {record['load_average_after'][0]:.1f} after (other work "
        f"ran beside it where that is above {about['cores']}); {len(pairs)} pairs of runs, in turn: `cnn` on "
        f"the embedded digits, {record['epochs']} epochs.",
        "",
        "| measured | value |",
        "|---|---|",
        f"| a run in a local process, median | {walls['local']:.1f} s |",
        f"| the same run on Ray, median | {walls['ray']:.1f} s |",
        f"| added by Ray around a run's own phases, median (lowest to highest) | "
        f"{statistics.median(shares):.1f} % ({min(shares):.1f} to {max(shares):.1f} %) |",
        f"| start of a cluster on one machine, its node checked | {record['ready_seconds']:.1f} s |",
        f"| start of a run's actor, median | {statistics.median(record['host_seconds']):.2f} s |",
        f"| empty tasks a second, one driver | {record['tasks_per_second']:,.0f} |",
        f"| a run's folder, as it is brought back | {record['run_bytes'] / 1e6:.2f} MB |",
        f"| lines that a run sends while it trains | {record['line_bytes'] / 1e3:.1f} kB |",
        f"| processor time of the driver for a run | {_driver_seconds(record):.2f} s |",
    ]
    return "\n".join(lines)


def _driver_seconds(record: dict) -> float:
    return statistics.median(pair["ray"]["driver_cpu"] for pair in record["pairs"])


def planned(record: dict) -> str:
    """What these constants make of a large cluster."""
    cpu = _driver_seconds(record) / statistics.median(p["ray"]["wall"] for p in record["pairs"])
    share = cpu * NODES
    placing = NODES / record["tasks_per_second"]
    bringing = NODES * record["run_bytes"] / RUN_SECONDS / 1e6
    day = 86_400 / RUN_SECONDS * NODES * record["run_bytes"] / 1e9
    lines = [
        f"{NODES:,} nodes, a run of {RUN_SECONDS // 60} minutes on each at a time; computed from the table "
        "above, not tried.",
        "",
        "| of the driver | needed | limit |",
        "|---|---|---|",
        f"| processor time for {NODES:,} runs at once | {share:.1f} cores | one core: Python |",
        f"| placing a run on each node | {placing:.1f} s | {RUN_SECONDS} s |",
        f"| folders brought back | {bringing:.1f} MB/s | 125 MB/s (1 Gbit/s) |",
        f"| disk for a day's runs | {day:.0f} GB | the disk |",
        f"| runs at once until one core is busy | {1 / cpu:,.0f} | |",
    ]
    return "\n".join(lines)


def write(check: bool = False) -> None:
    """Write the page's blocks; with `check`, only say if they are not up to date."""
    sys.path.insert(0, str(PAGE.parent))
    import blocks

    record = json.loads(RESULT.read_text())
    found = {"ray-overhead": measured(record), "thousand-nodes": planned(record)}
    blocks.write(PAGE, found, COMMAND, check)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["run", "table"])
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    if given.what == "run":
        run()
    elif SMALLEST:
        record = json.loads(RESULT.read_text())
        print(measured(record), planned(record), sep="\n\n")
    else:
        write(given.check)


if __name__ == "__main__":
    main()

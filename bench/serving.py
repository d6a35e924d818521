"""`zoo serve` under load, beside the bare ONNX Runtime call: throughput, latency, memory.

`python bench/serving.py run` trains the CNN for a moment, serves it on the loopback and asks it from
processes of their own, at several concurrencies; what it measures goes to bench/results/serving.json.
`python bench/serving.py table` writes the table of docs/serve.md from it. The client runs on the same cores.
"""

import argparse
import io
import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import checkout
import numpy as np
import psutil
from sizes import IMAGES, RESULTS, SMALLEST, size

import zoo
from zoo.environment import distribution_version, machine, usable_cores

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "serve.md"
RESULT = RESULTS / "serving.json"
COMMAND = "python bench/serving.py table"
CONCURRENCIES = (1, 8, 64)
REQUESTS = size(4000, 128)
MANY = size(50_000, 400)
LOOKS = 5
"""How often memory is read while `MANY` requests are answered."""
PROCESSES = 2
PATH = "/v1/models/cnn:predict"


def served(folder: Path) -> tuple[Path, np.ndarray]:
    """An exported CNN, and a sample for it."""
    from zoo.datasets.location import Locations

    arrays = zoo.load_dataset(IMAGES).load(Locations.of_user())
    data = folder / "part.npz"
    some = {"x": 2000, "y": 2000}
    np.savez(
        data,
        **{f"{k}_train": getattr(arrays, f"{k}_train")[:n] for k, n in some.items()},
        **{f"{k}_test": getattr(arrays, f"{k}_test")[:200] for k in some},
    )
    run = zoo.train("cnn", data, recipe="quick", epochs=1, runs_dir=folder / "runs", progress=False)
    return run.export("onnx").path, np.asarray(arrays.x_test[:1])


def request_of(sample: np.ndarray) -> bytes:
    """A whole request as it is sent."""
    file = io.BytesIO()
    np.save(file, sample)
    body = file.getvalue()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-npy\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


def ask(connection: socket.socket, request: bytes) -> None:
    """Send a request and read its answer, which must be 200."""
    connection.sendall(request)
    received = connection.recv(65536)
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    if b" 200 " not in head[:16]:
        raise RuntimeError((head, body))


def client(port: int, request: bytes, threads: int, each: int, found: object) -> None:
    """A process that asks over so many connections, one request after another on each."""
    seconds: queue.Queue = queue.Queue()

    def one() -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(each):
                start = time.perf_counter()
                ask(connection, request)
                seconds.put(time.perf_counter() - start)

    _together([one] * threads)
    found.put(list(seconds.queue))


def _together(targets: list) -> None:
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def load(port: int, request: bytes, concurrency: int, count: int) -> dict:
    """Throughput and latencies of `count` requests over `concurrency` connections."""
    context = get_context("spawn")
    found = context.Queue()
    processes = min(PROCESSES, concurrency)
    threads, each = concurrency // processes, max(1, count // concurrency)
    workers = [
        context.Process(target=client, args=(port, request, threads, each, found))
        for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    parts = [found.get(timeout=900) for _ in workers]
    for worker in workers:
        worker.join()
    # Each process takes its own time to start: its connections' seconds count, not the clock's.
    rates = [len(part) / (sum(part) / threads) for part in parts]
    return _latencies([s for part in parts for s in part], sum(rates))


def bare(path: Path, sample: np.ndarray, concurrency: int, count: int) -> dict:
    """The same of ONNX Runtime alone, called by as many threads, a sample a call."""
    from zoo.exporting.runtimes import open_export

    answer = open_export(path, "onnx", 1)
    answer(sample)
    seconds: list[float] = []

    def one() -> None:
        for _ in range(max(1, count // concurrency)):
            start = time.perf_counter()
            answer(sample)
            seconds.append(time.perf_counter() - start)

    start = time.perf_counter()
    _together([one] * concurrency)
    return _latencies(seconds, len(seconds) / (time.perf_counter() - start))


def _latencies(seconds: list[float], rate: float) -> dict:
    p50, p99 = np.percentile(seconds, (50, 99)) * 1000
    return {
        "requests": len(seconds),
        "per_second": round(rate, 1),
        "p50_ms": round(float(p50), 3),
        "p99_ms": round(float(p99), 3),
    }


class Server:
    """`zoo serve` in a process of its own."""

    def __init__(self, path: Path):
        command = [sys.executable, "-m", "zoo", "serve", f"cnn={path}", "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = next(each for each in self.process.stdout if each.startswith("serving at"))
        self.port = int(line.split()[2].rpartition(":")[2])
        self.known = psutil.Process(self.process.pid)

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        times = self.known.cpu_times()
        return times.user + times.system

    def memory(self) -> int:
        """Resident bytes."""
        return self.known.memory_info().rss

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(60)


def measured(server: Server, request: bytes, concurrency: int) -> dict:
    """A load, with the processor time that each request took in the server."""
    load(server.port, request, concurrency, max(concurrency, REQUESTS // 20))
    before = server.cpu()
    found = load(server.port, request, concurrency, REQUESTS)
    used = server.cpu() - before
    return found | {"cpu_ms": round(1000 * used / found["requests"], 4)}


def memory(server: Server, request: bytes) -> list[dict]:
    """Resident bytes after each part of many requests."""
    looks = [{"requests": 0, "bytes": server.memory()}]
    for number in range(LOOKS):
        load(server.port, request, 8, MANY // LOOKS)
        looks.append({"requests": (number + 1) * (MANY // LOOKS), "bytes": server.memory()})
    return looks


def run() -> None:
    commit = checkout.commit()
    with TemporaryDirectory() as place:
        path, sample = served(Path(place))
        request = request_of(sample)
        server = Server(path)
        rows = []
        for concurrency in CONCURRENCIES:
            row = {
                "concurrency": concurrency,
                "bare": bare(path, sample, concurrency, REQUESTS),
                "server": measured(server, request, concurrency),
                "health": measured(server, HEALTH, concurrency),
            }
            print(json.dumps(row), flush=True)
            rows.append(row)
        looks = memory(server, request)
        code = server.stop()
    packages = ("archzoo", "onnxruntime", "starlette", "uvicorn", "httptools", "uvloop")
    record = {
        "commit": commit,
        "rows": rows,
        "memory": looks,
        "exit_code": code,
        "machine": machine(),
        "threads": usable_cores(),
        "load_average": os.getloadavg(),
        "versions": {name: distribution_version(name) for name in packages},
    }
    RESULT.write_text(json.dumps(record, indent=1) + "\n")


def table() -> str:
    """Throughput and latency at each concurrency, and memory."""
    record = json.loads(RESULT.read_text())
    versions = record["versions"]
    lines = [
        f"One image of 28×28 pixels a request as npy, model `cnn`; {record['machine']['processor']}, "
        f"{record['machine']['cores']} cores, client and server on them, one worker; load average "
        f"{record['load_average'][0]:.1f} (other work ran beside it where that is above "
        f"{record['machine']['cores']}); ONNX Runtime {versions['onnxruntime']}, Starlette "
        f"{versions['starlette']}, uvicorn {versions['uvicorn']}. Bare: ONNX Runtime called from as many "
        "threads, without HTTP. Health: `GET /healthz`, the server with no model. Processor: milliseconds "
        "of processor time of the server's process for a request.",
        "",
        "| requests at once | bare: per second | p50, p99 ms | server: per second | p50, p99 ms | "
        "processor | health: per second | processor |",
        "|---" * 8 + "|",
    ]
    lines += [_line(row) for row in record["rows"]]
    return "\n".join([*lines, "", _memory(record["memory"])])


def _line(row: dict) -> str:
    plain, server, health = row["bare"], row["server"], row["health"]
    cells = [
        str(row["concurrency"]),
        f"{plain['per_second']:,.0f}",
        _two(plain),
        f"{server['per_second']:,.0f}",
        _two(server),
        f"{server['cpu_ms']:.2g}",
        f"{health['per_second']:,.0f}",
        f"{health['cpu_ms']:.2g}",
    ]
    return f"| {' | '.join(cells)} |"


def _two(found: dict) -> str:
    """Median and 99th percentile in milliseconds."""
    shown = [
        f"{found[key]:.2g}" if found[key] < 10 else f"{found[key]:.0f}"
        for key in ("p50_ms", "p99_ms")
    ]
    return ", ".join(shown)


def _memory(looks: list[dict]) -> str:
    """Memory grows with the first requests, and should not after that."""
    mib = [each["bytes"] / 2**20 for each in looks]
    grown = mib[-1] - mib[1]
    said = "does not grow" if grown <= 0.01 * mib[1] else f"grows by {grown:.1f} MiB"
    return (
        f"Memory: {mib[0]:.0f} MiB before, {mib[1]:.0f} MiB after {looks[1]['requests']:,} requests and "
        f"{mib[-1]:.0f} MiB after {looks[-1]['requests']:,}: between these it {said}."
    )


def write(check: bool = False) -> None:
    """Write the page's block; with `check`, only say if it is not up to date."""
    sys.path.insert(0, str(PAGE.parent))
    import blocks

    blocks.write(PAGE, {"serving": table()}, COMMAND, check)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["run", "table"])
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    if given.what == "run":
        run()
    elif SMALLEST:
        print(table())
    else:
        write(given.check)


if __name__ == "__main__":
    main()

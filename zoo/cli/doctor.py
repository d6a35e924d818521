"""`zoo doctor`"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions

import click

from zoo.cli import options
from zoo.environment import distribution_version, nvidia, usable_cores
from zoo.terminal import echo, print_json, style

PROBE = """
import json, sys
from zoo.training.backend import choose_backend, choose_device
backend = choose_backend(sys.argv[1])
device = choose_device(backend, "auto")
import keras
print(json.dumps({"keras": keras.version(), "device": device.kind, "name": device.name}))
"""
PROBE_SECONDS = 120

Finding = tuple[str, str, str]
"""What was looked at, `ok`, `note` or `bad`, and what was found."""


@click.command("doctor")
@options.data_dir
@options.as_json
@click.pass_context
def command(context: click.Context, data_dir: str | None, as_json: bool) -> None:
    """Check Python, Keras, each backend and its devices, CUDA, data and plugins.

    Each backend is tried in its own process. No plugin is loaded. Exit code 1 if no backend can
    train on this machine.
    """
    checks = [*_python(), *_backends(), *_cuda(), *_data(data_dir), *_plugins(context)]
    if as_json:
        print_json(
            [{"check": name, "state": state, "found": found} for name, state, found in checks]
        )
    else:
        colours = {"ok": "green", "note": "yellow", "bad": "red"}
        for name, state, found in checks:
            echo(f"{style(f'{state:5}', fg=colours[state])} {name:22} {found}")
    usable = any(name.startswith("backend") and state == "ok" for name, state, _ in checks)
    if not usable or any(state == "bad" for _, state, _ in checks):
        context.exit(1)


def _python() -> Iterator[Finding]:
    yield "python", "ok", f"{platform.python_version()} at {sys.executable}"
    yield "archzoo", "ok", distribution_version("archzoo") or "not installed as a package"
    if others := [each for each in packages_distributions().get("zoo", []) if each != "archzoo"]:
        yield (
            "package zoo",
            "bad",
            f"{', '.join(others)} also installed a package zoo: uninstall it",
        )
    keras = distribution_version("keras")
    yield "keras", "ok" if keras else "bad", keras or "missing: pip install keras"
    yield "cores", "ok", str(usable_cores())


def _backends() -> Iterator[Finding]:
    from zoo.training.backend import BACKENDS

    default = os.environ.get("KERAS_BACKEND", "tensorflow")
    for backend, package in BACKENDS.items():
        name = f"backend {backend}" + (" (default)" if backend == default else "")
        version = distribution_version(package)
        if version is None:
            state = "bad" if backend == default else "note"
            yield name, state, f"not installed: pip install 'archzoo[{backend}]'"
            continue
        yield name, *_probe(backend, version)


def _probe(backend: str, version: str) -> tuple[str, str]:
    try:
        answer = subprocess.run(
            [sys.executable, "-P", "-c", PROBE, backend],
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "bad", f"{version}, does not start within {PROBE_SECONDS} s"
    if answer.returncode:
        lines = answer.stderr.strip().splitlines()
        return "bad", f"{version}, does not start: {lines[-1] if lines else 'no message'}"
    found = json.loads(answer.stdout.strip().splitlines()[-1])
    return "ok", f"{version}, trains on the {found['device'].upper()} ({found['name']})"


def _cuda() -> Iterator[Finding]:
    card = nvidia()
    if card:
        yield "cuda", "ok", f"driver {card['driver']}, {card['gpu']}"
    else:
        yield "cuda", "note", "nvidia-smi finds no card; training uses the CPU"


def _data(data_dir: str | None) -> Iterator[Finding]:
    from zoo.datasets.catalog import BUILT_IN
    from zoo.datasets.location import Locations

    locations = Locations.of_user(data_dir)
    for name, dataset in BUILT_IN.items():
        if dataset.find is None:
            yield f"data {name}", "ok", "built in"
        elif found := dataset.find(locations):
            yield f"data {name}", "ok", str(found)
        else:
            yield (
                f"data {name}",
                "note",
                f"not on this machine: zoo datasets fetch {name}, or --data-dir",
            )


def _plugins(context: click.Context) -> Iterator[Finding]:
    registry = options.registry(context)
    if not registry.plugins:
        yield "plugins", "note", "no plugin is installed or enabled: pip install archzoo-cnn"
    for plugin in registry.plugins:
        claims = registry.collisions.get(plugin.name, ())
        state = "bad" if claims else "ok"
        text = f"{plugin.distribution} {plugin.version}"
        if claims:
            text += ", name claimed by " + " and ".join(p.distribution for p in claims)
        yield f"plugin {plugin.name}", state, text

"""Messages of the library, in the words of the command line.

The library writes code as Python has it, in backticks: a parameter `seed`, an argument `seed=-1`, a
call `zoo.train(resume="runs/x")`. Here these become `--seed`, `--seed -1`, `zoo train --resume runs/x`.
"""

import ast
import re
import shlex
from collections.abc import Iterator
from typing import Any

OPTIONS = {
    "again": "--again",
    "allow_hosts": "--allow-host",
    "allow_mixed": "--allow-mixed",
    "allow_origins": "--allow-origin",
    "architecture": "NAME",
    "architectures": "--architectures",
    "backend": "--backend",
    "batch_size": "--batch-size",
    "budget": "--budget",
    "budget_steps": "--budget-steps",
    "costs": "--costs",
    "cpus_per_run": "--cpus-per-run",
    "data_dir": "--data-dir",
    "data_parameters": "--data-set",
    "dataset": "--dataset",
    "device": "--device",
    "directory": "--directory",
    "epochs": "--epochs",
    "folders": "--from",
    "folds": "--folds",
    "format": "--format",
    "gpus_per_run": "--gpus-per-run",
    "host": "--host",
    "hyperparameters": "--set",
    "invert": "--invert",
    "jobs": "--jobs",
    "latency": "--latency",
    "learning_rate": "--learning-rate",
    "licence": "--license",
    "max_batch": "--max-batch",
    "max_body": "--max-body-mib",
    "max_connections": "--max-connections",
    "max_instances": "--max-instances",
    "max_pixels": "--max-pixels",
    "max_queue": "--max-queue",
    "max_seeds": "--max-seeds",
    "max_wait": "--max-wait-ms",
    "memory": "--memory",
    "metric": "--metric",
    "min_steps": "--min-steps",
    "minutes": "--minutes",
    "objective": "--objective",
    "on": "--on",
    "out": "--out",
    "parameters": "--parameters",
    "port": "--port",
    "precision": "--precision",
    "processes": "--processes",
    "pruner": "--pruner",
    "quantize": "--quantize",
    "recipe": "--recipe",
    "repo_id": "--repo-id",
    "resamples": "--resamples",
    "resume": "--resume",
    "rope": "--rope",
    "rounds": "--rounds",
    "runs_dir": "--runs-dir",
    "runtime": "--runtime",
    "sample": "--sample",
    "sampler": "--sampler",
    "seed": "--seed",
    "seeds": "--seeds",
    "space": "--space",
    "steps": "--steps",
    "studies_dir": "--studies-dir",
    "study": "--study",
    "target": "--target",
    "track": "--track",
    "threads": "--threads",
    "timeout": "--timeout",
    "together": "--together",
    "trials": "--trials",
    "trust_source": "--trust-source",
    "tta_shift": "--tta-shift",
    "tuned": "--tuned",
    "until_told": "--until-told",
    "validation": "--validation",
    "value": "--value",
    "workers": "--workers",
}
"""The option that sets each parameter of the Python API."""

NEGATIONS = {"invert": "--as-is", "together": "--one-by-one"}
"""The option for `False`."""

COMMANDS = {
    "advise": "advise",
    "benchmark": "bench",
    "card": "card",
    "check": "check",
    "compare": "compare",
    "compare_runs": "compare",
    "compare_tables": "compare --from-table",
    "describe": "show",
    "evaluate": "evaluate",
    "export": "export",
    "fetch_dataset": "datasets fetch",
    "inspect_dataset": "datasets inspect",
    "list_architectures": "list",
    "list_checks": "check --list",
    "list_datasets": "datasets",
    "load_run": "runs show",
    "load_runs": "runs",
    "load_study": "tune --from",
    "diff_studies": "study diff",
    "plan_study": "study run --dry-run",
    "rerun_study": "study rerun",
    "run_study": "study run",
    "predict": "predict",
    "serve": "serve",
    "train": "train",
    "tune": "tune",
}
"""The command for each function of `zoo`."""

_CODE = re.compile(r"`([^`]+)`")


class _NotTyped(Exception):
    """No option or command says this."""


def in_options(message: str) -> str:
    """The message with options and commands for the Python code in it that has some.

    Example:
        >>> in_options("`seed=-1`: use 0 or more. Resume it: `zoo.train(resume='a b')`.")
        "--seed -1: use 0 or more. Resume it: zoo train --resume 'a b'."
    """
    return _CODE.sub(lambda found: _typed(found[1]) or found[0], message)


def _typed(code: str) -> str:
    """What is typed for a piece of Python; empty if nothing is."""
    if code in OPTIONS:
        return OPTIONS[code]
    try:
        if code.startswith("zoo."):
            return shlex.join(_command(ast.parse(code, mode="eval").body)).replace("'...'", "...")
        call = ast.parse(f"f({code})", mode="eval").body
        return " ".join(_words(call)) if isinstance(call, ast.Call) and not call.args else ""
    except (SyntaxError, ValueError, _NotTyped):
        return ""


def _command(call: ast.AST) -> list[str]:
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        raise _NotTyped
    if call.func.attr not in COMMANDS:
        raise _NotTyped
    return ["zoo", *COMMANDS[call.func.attr].split(), *_words(call)]


def _words(call: ast.Call) -> Iterator[str]:
    for argument in call.args:
        value = ast.literal_eval(argument)
        yield from map(_text, value if isinstance(value, list | tuple) else [value])
    for keyword in call.keywords:
        yield from _option(keyword.arg or "", ast.literal_eval(keyword.value))


def _option(name: str, value: Any) -> Iterator[str]:
    if name not in OPTIONS:
        raise _NotTyped
    if isinstance(value, bool):
        if not value and name not in NEGATIONS:
            raise _NotTyped
        yield OPTIONS[name] if value else NEGATIONS[name]
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from (OPTIONS[name], f"{key}={_text(each)}")
    else:
        yield from (OPTIONS[name], _text(value))


def _text(value: Any) -> str:
    from zoo.parameters import as_text

    return "..." if value is Ellipsis else as_text(value)

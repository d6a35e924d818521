"""Completion, help and the doctor: what a person's shell and a person in trouble call."""

import json

import pytest
from conftest import assert_one_line_error


def complete(zoo, words: str) -> list[str]:
    """What bash would offer for the last word of `words`."""
    env = {
        "_ZOO_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    lines = zoo(env=env).stdout.splitlines()
    return [line.partition(",")[2] for line in lines if line.startswith("plain")]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("zoo tr", ["train"]),
        ("zoo train cnn", ["cnn", "cnn_lstm"]),
        ("zoo show lr", ["lrcn"]),
        ("zoo train cnn --recipe s", ["standard", "small", "speedrun"]),
        ("zoo train cnn --dataset f", ["fashion_mnist"]),
        ("zoo train cnn --backend j", ["jax"]),
        ("zoo datasets fetch mn", ["mnist"]),
    ],
)
def test_completion(words, expected, zoo):
    assert complete(zoo, words) == expected


def test_completion_of_runs(zoo, tmp_path):
    run = tmp_path / "runs" / "cnn-mnist-quick-s0-00000000"
    run.mkdir(parents=True)
    (run / "run.json").write_text("{}")
    assert complete(zoo, "zoo runs show c") == [run.name]
    assert complete(zoo, "zoo train --resume ") == [run.name]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell, zoo):
    assert "_ZOO_COMPLETE" in zoo("completion", shell).stdout


def test_doctor_looks_at_everything_and_loads_no_plugin(zoo, distribution, data_dir):
    distribution("zoo-raises", "raise RuntimeError('the doctor must not import me')")
    result = zoo("doctor", "--json", "--data-dir", data_dir)
    assert result.returncode == 0, result.stderr
    checks = {check["check"]: check for check in json.loads(result.stdout)}
    assert checks["backend tensorflow (default)"]["state"] == "ok"
    assert (
        "CPU" in checks["backend tensorflow (default)"]["found"]
        or "GPU" in (checks["backend tensorflow (default)"]["found"])
    )
    assert checks["data mnist"]["found"] == str(data_dir / "mnist")
    assert "plugin zoo_raises" in checks
    assert {"python", "keras", "cuda", "backend jax", "backend torch"} <= set(checks)


def test_unknown_command_and_option(zoo_here):
    assert_one_line_error(zoo_here("trian"), 2, "unknown command 'trian'", "Did you mean train")
    assert_one_line_error(zoo_here("list", "--jsn"), 2, "--json", "zoo list --help")


def test_debug_shows_the_traceback(zoo):
    result = zoo("train", "nothing", "--dataset", "digits", "--debug")
    assert result.returncode == 1
    assert "Traceback" in result.stderr
    assert "zoo.errors.UsageError" in result.stderr


def test_a_reader_that_goes_away_is_no_error():
    import subprocess
    import sys

    command = f"{sys.executable} -m zoo show cnn --json | head -c 1"
    result = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, timeout=120
    )
    assert "Traceback" not in result.stderr
    assert "BrokenPipe" not in result.stderr

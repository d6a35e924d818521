"""Where output cannot be written, a command says so in a line, and fails."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import assert_one_line_error

ZOO = f"{sys.executable} -m zoo"


def shell(line: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize("command", ["runs", "list --json", "--help"])
@pytest.mark.parametrize("where", [">&-", "> /dev/full"])
def test_output_that_cannot_be_written(command, where):
    if "full" in where and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    done = shell(f"{ZOO} {command} {where}")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("zoo: standard output cannot be written (")


def test_no_stream_at_all_is_survived():
    assert shell(f"{ZOO} list >&- 2>&-").returncode == 1
    assert shell(f"{ZOO} nonsense 2>&-").returncode == 2


def test_a_reader_that_leaves_is_no_error():
    for command in ("--help", "list"):
        done = shell(f"{ZOO} {command} | head -c 1")
        assert done.stderr == ""


def test_names_with_control_characters_stay_in_their_line(zoo_here):
    Path("data/\x1b[31m\n").mkdir(parents=True)
    result = zoo_here("datasets", "show", "./data")
    assert_one_line_error(result, 1, r"\x1b[31m\n")
    assert result[2].count("\n") == 1
    assert_one_line_error(zoo_here("show", "\ud83d"), 2, r"\ud83d")


def test_choices_are_said_in_the_line(zoo_here):
    result = zoo_here("completion")
    assert_one_line_error(result, 2, "bash, zsh, fish")
    assert result[2].count("\n") == 1


def test_a_reader_that_leaves_before_the_first_line_is_no_error():
    done = shell(f"{ZOO} list --json | true; echo ${{PIPESTATUS[0]}}")
    assert done.stderr == ""
    assert done.stdout.strip() in ("0", "1")

"""How long the commands take that people and shells call all the time."""

import subprocess
import sys

import pytest

CLICK = [sys.executable, "-c", "import click"]


def process(command):
    return lambda: subprocess.run(command, capture_output=True, check=True)


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["plugins"]], ids=" ".join)
def test_start_up_against_a_bare_import_of_click(arguments, against):
    zoo = [sys.executable, "-m", "zoo", *arguments]
    against(
        process(zoo), process(CLICK), rounds=15, yardstick="python -c 'import click'", aim="under 3"
    )

"""The library speaks Python; the command line prints its own options and commands for it."""

import ast
import re
from importlib import import_module
from pathlib import Path

import click
import pytest

import zoo
from zoo.cli import COMMANDS as MODULES
from zoo.cli.wording import COMMANDS, NEGATIONS, OPTIONS, in_options


@pytest.mark.parametrize(
    ("message", "printed"),
    [
        ("`seed=-1`: use 0 or more", "--seed -1: use 0 or more"),
        ("Use another `runs_dir`.", "Use another --runs-dir."),
        ("`zoo.train(resume='runs/a b')`", "zoo train --resume 'runs/a b'"),
        ("`zoo.train(..., again=True)`", "zoo train ... --again"),
        ("`zoo.compare(['cnn', 'gru'], costs='quick')`", "zoo compare cnn gru --costs quick"),
        ("`invert=False` or `together=False`", "--as-is or --one-by-one"),
        ("`hyperparameters={'filters': (8, 16)}`", "--set filters=8,16"),
        ("`data_parameters={'a': 1, 'b': 'x'}`", "--data-set a=1 --data-set b=x"),
        ("`test=False`, `units`, `zoo.paint()` and `a b`", "`test=False`, `units`, `zoo.paint()` and `a b`"),
        ("`seed=f(1)` and `seed", "`seed=f(1)` and `seed"),
    ],
)  # fmt: skip
def test_python_in_messages_is_printed_as_it_is_typed(message, printed):
    assert in_options(message) == printed


PACKAGE = Path(zoo.__file__).parent
NOT_LIBRARY = ("cli", "__main__.py")


def _flags(command: click.Command) -> set[str]:
    own = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    inner = getattr(command, "commands", {}).values()
    return {each for each in own if each.startswith("--")}.union(*map(_flags, inner))


FLAGS = {
    *("--debug", "--no-plugins", "--test-shift", "--law"),
    *(flag for module, _ in MODULES.values() for flag in _flags(import_module(module).command)),
}


def _named(file: Path) -> list[str]:
    """The flags of our commands in the texts of a file."""
    texts = (
        each.value
        for each in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    )
    words = {word for text in texts for word in re.findall(r"--[a-z][a-z-]*", text)}
    return sorted(words & FLAGS)


def test_the_library_names_no_flag():
    files = [
        file
        for file in PACKAGE.rglob("*.py")
        if file.relative_to(PACKAGE).parts[0] not in NOT_LIBRARY
    ]
    assert len(files) > 100
    found = {str(file.relative_to(PACKAGE)): _named(file) for file in files}
    # nvidia-smi has an option of that name.
    of_others = {
        "comparison/executors/node_facts.py": ["--format"],
        "environment.py": ["--format"],
    }
    assert {name: flags for name, flags in found.items() if flags} == of_others
    assert "--seed" in _named(PACKAGE / "cli" / "train.py")


def test_every_option_that_is_printed_exists():
    assert {option for option in OPTIONS.values() if option.startswith("--")} <= FLAGS
    assert set(NEGATIONS.values()) <= FLAGS


def test_every_command_that_is_printed_exists():
    for function, command in COMMANDS.items():
        assert hasattr(zoo, function), function
        assert command.split()[0] in MODULES

"""What `--help` prints: each option says what it is or does, and each example is a command."""

import shlex
from importlib import import_module

import click
import pytest

from zoo.cli import COMMANDS, zoo

VERBS = {
    "add", "average", "benchmark", "compare", "compare,", "explain", "invert", "limit", "list", "listen",
    "load", "log", "measure", "print", "resume", "retrain", "run", "set", "show", "take", "train", "write",
}  # fmt: skip
OBJECTS = {
    "author,", "batch size", "dataset:", "device", "email address", "folder", "keras backend",
    "layout", "learning rate;", "licence", "number of", "precision", "recipe:", "seed for",
    "validation accuracy",
}  # fmt: skip


def _commands(command: click.Command, path: str):
    yield path, command
    for name, each in getattr(command, "commands", {}).items():
        yield from _commands(each, f"{path} {name}")


ALL = [("zoo", zoo)] + [
    found
    for name, (module, _) in COMMANDS.items()
    for found in _commands(import_module(module).command, f"zoo {name}")
]
OPTIONS = {
    f"{path} {option.opts[0]}": option.help or ""
    for path, command in ALL
    for option in command.params
    if isinstance(option, click.Option) and option.name != "help"
}
EXAMPLES = [
    line.strip()
    for _, command in ALL
    for line in (command.help or "").splitlines()
    if line.strip().startswith("zoo ")
]


def _says_what(text: str) -> bool:
    """Whether a help text begins with a verb, or names its object."""
    lowered = text.lower()
    return lowered.partition(" ")[0] in VERBS or any(map(lowered.startswith, OBJECTS))


@pytest.mark.parametrize("option", OPTIONS)
def test_the_help_of_an_option_begins_with_a_verb_or_its_object(option):
    text = OPTIONS[option]
    assert _says_what(text), text
    assert text[0].isupper(), text
    assert text.endswith((".", "]")), text


@pytest.mark.parametrize("text", ["Of weights.", "Instead of it.", "What it is.", "So many.", ""])
def test_other_beginnings_are_found(text):
    assert not _says_what(text)


@pytest.mark.parametrize(("path", "command"), ALL, ids=[path for path, _ in ALL])
def test_every_command_says_what_it_does(path, command):
    first = (command.help or "").splitlines()[0]
    assert first.partition(" ")[0] in {
        "Check", "Classify", "Download", "Find", "List", "Measure", "Print", "Show", "Train", "Write",
    }, first  # fmt: skip
    assert first.endswith("."), first


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_uses_verbs(name):
    assert COMMANDS[name][1].partition(" ")[0] in {
        "Check", "Classify", "Find", "List", "Measure", "Print", "Show", "Train", "Write",
    }  # fmt: skip


def test_most_commands_have_an_example():
    without = {path for path, command in ALL if "\n    zoo " not in f"\n    {command.help}"}
    assert without <= {"zoo", "zoo doctor", "zoo completion"}


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_parse(example):
    _, name, *words = shlex.split(example)
    command = import_module(COMMANDS[name][0]).command
    inner = command.commands.get(words[0]) if isinstance(command, click.Group) and words else None
    outer = command.make_context(name, [] if inner else words, parent=click.Context(zoo))
    if inner:
        inner.make_context(words[0], words[1:], parent=outer)

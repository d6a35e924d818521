"""Command lines of any words end with a documented exit code, and with a line where it is not 0."""

import tomllib
from functools import cache

import click
import numpy as np
import pytest
from asking import fuzz, inputs
from hypothesis import strategies as st

ODD = st.one_of(
    st.sampled_from([
        "", " ", "-", "--", "---", "-1", "0", "1", "3", "1e9", "1000000000", "9" * 40, "nan", "inf",
        "-inf", "1e-400", "None", "true", "a=b", "=", "a=", "=b", "a=b=c", "cnn", "cnn.filters=3",
        "filters=8", "filters=a", "filters=", "dropout=nan", "dropout=9", "mnist", "digits", "./d.npz",
        "d.npz", "d.npz/", ".", "..", "/", "/dev/null", "~", "*", "last", "standard", "quick.toml",
        "x.py", "x.png", "a" * 300, "a" * 5000, "\x1b[31m", "a\nb", "\t", "ü", "\ud83d", "'", "\\",
        "%s", "{}", "auto", "gpu", "tpu", "jax", "torch", "float16", "all", "none", "build", "@x",
    ]),
    st.text(st.characters(exclude_characters="\0"), max_size=5),
    st.integers().map(str),
)  # fmt: skip
FIRST = {
    "train": ["--dry-run", "--recipe=none"],
    "compare": ["--dry-run", "--recipe=none"],
    "bench": ["--help"],
    "check": ["--list"],
    "doctor": ["--help"],
    "new": ["--help"],
}
"""What a command is told before all else, so that it does not begin something long."""


@cache
def commands() -> dict[tuple[str, ...], click.Command]:
    """Every command by its words."""
    from zoo.cli import zoo

    context = click.Context(zoo)
    found = {(): zoo}
    for name in zoo.list_commands(context):
        command = zoo.get_command(context, name)
        found[name,] = command
        found |= {(name, inner): each for inner, each in getattr(command, "commands", {}).items()}
    return found


def options(command: click.Command) -> list[str]:
    return sorted(
        {
            name
            for each in command.params
            for name in (*each.opts, *each.secondary_opts)
            if name[:1] == "-" and name != "--debug"  # which asks for the traceback
        }
    )


@st.composite
def lines(draw) -> list[str]:
    """Words of a command, its options with odd values, and words that are not."""
    path = draw(st.sampled_from(sorted(commands())))
    known = [*options(commands()[path]), "--help", "--json", "--no-plugins", "--unknown"]
    words = [*path, *FIRST.get(path[0] if path else "", [])]
    for _ in range(draw(st.integers(0, 4))):
        words += draw(
            st.one_of(
                ODD.map(lambda word: [word]),
                st.tuples(st.sampled_from(known), ODD).map(list),
                st.tuples(st.sampled_from(known), ODD).map(lambda two: ["=".join(two)]),
                st.sampled_from(known).map(lambda word: [word]),
            )
        )
    return words


@pytest.fixture
def place(asked):
    with asked.folder() as folder:
        x = np.zeros((20, 6, 6), "uint8")
        np.savez(folder / "d.npz", x_train=x, y_train=np.arange(20) % 2)
        (folder / "x.py").write_text("def build(input_shape, num_classes): ...\n")
        yield folder


def test_every_command_is_asked():
    assert len(commands()) > 15
    assert {("train",), ("datasets", "show"), ("runs", "show")} <= set(commands())


@inputs("command lines", 80, 600)
def test_any_words(asked, place, count):
    fuzz(lines(), lambda words: asked.ask("zoo", place, *words), count)


@inputs("new packages", 20, 100)
def test_packages_of_any_name_and_author(asked, count):
    def attempt(given):
        with asked.folder() as folder:
            name, values = given
            pairs = [f"--{key}={value}" for key, value in values.items()]
            words = ["new", "--yes", "--directory", "made", *pairs, "--", name]
            found = asked.ask("zoo", folder, *words, changes=True)
            written = list(folder.glob("made/**/pyproject.toml"))
            assert bool(written) == (found.code == 0)
            for each in written:
                tomllib.loads(each.read_text("utf-8"))

    names = ODD | st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
    values = st.dictionaries(st.sampled_from(["author", "email", "license", "layout"]), ODD)
    fuzz(st.tuples(names, values), attempt, count)

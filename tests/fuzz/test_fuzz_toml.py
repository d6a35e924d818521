"""Recipes and registries of any TOML, and of what is none, are read or refused in a line."""

import dataclasses
import os

import pytest
from asking import PROJECT, fuzz, inputs
from hypothesis import strategies as st
from mutations import SEVERAL, damaged
from values import ODD, TEXTS, as_toml

from zoo.recipe import Recipe

GOOD = b"""base = "quick"
epochs = 3
learning_rate = 0.01
select = "best"

[overrides.cnn]
epochs = 4
batch_size = 16
"""
REGISTRY = (PROJECT / "registry.toml").read_bytes()
KEYS = [*(field.name for field in dataclasses.fields(Recipe)), "base", "overrides", "overrides.cnn"]
ODD_TEXTS = [
    b"a = [" + b"[" * 5000,
    b"a = " + b"{a = " * 3000,
    b"[a" + b".a" * 5000 + b"]",
    b"a." * 5000 + b"a = 1",
    b"epochs = " + b"9" * 5000,
    b"epochs = 1\nepochs = 2",
    b"\xff\xfee\0p\0",
    b"\0",
    b"epochs = 3\r",
    b"learning_rate = 1e999",
    b"epochs = 0x10",
    b"summary = 1979-05-27T07:32:00Z",
]


@pytest.fixture
def recipe(asked):
    def read(content: bytes):
        with asked.folder() as folder:
            (folder / "own.toml").write_bytes(content)
            return asked.ask("recipe", folder, "own.toml", "cnn")

    return read


def test_the_undamaged_recipe_is_read(recipe):
    assert "epochs=4" in recipe(GOOD).out


def test_a_pipe_is_not_waited_for(asked):
    with asked.folder() as folder:
        os.mkfifo(folder / "own.toml")
        found = asked.ask("recipe", folder, "own.toml", "cnn")
        assert found.err == "zoo: own.toml: is no file.\n"
        (folder / "own.toml").unlink()


@pytest.mark.parametrize("content", ODD_TEXTS, ids=lambda content: repr(content[:12]))
def test_known_odd_texts(recipe, content):
    recipe(content)


@inputs("damaged recipes", 25, 150)
def test_damaged_recipes(recipe, count):
    fuzz(SEVERAL, lambda damage: recipe(damaged(GOOD, damage)), count)


@inputs("odd recipes", 35, 250)
def test_recipes_of_any_values(recipe, count):
    def write(table):
        lines = [f"{key} = {as_toml(value)}\n" for key, value in table.items() if value is not None]
        recipe("".join(lines).encode("utf-8", "surrogatepass"))

    keys = st.sampled_from(KEYS) | TEXTS.map(as_toml)
    fuzz(st.dictionaries(keys, ODD, min_size=1, max_size=4), write, count)


@inputs("damaged registries", 15, 100)
def test_damaged_registries(asked, count):
    def read(damage):
        with asked.folder() as folder:
            (folder / "registry.toml").write_bytes(damaged(REGISTRY, damage))
            environment = {"ZOO_REGISTRY": str(folder / "registry.toml")}
            asked.ask("zoo", folder, "list", environment=environment)

    fuzz(SEVERAL, read, count)

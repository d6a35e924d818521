"""A function as a Python file of its own, so that another process can run it and a run can keep it."""

import dis
import inspect
import sys
import sysconfig
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from zoo.errors import UsageError

PLAIN = (bool, int, float, str, bytes, type(None))
"""Types whose values are written into the file."""


def source_of(function: Callable[..., Any], **constants: Any) -> str:
    """The text of a file that defines `function` under the name `build`, with all that it uses.

    Modules are imported; classes and functions of installed modules are imported from there; plain
    values, and functions and classes of the user's own, are written out. Nothing is pickled, so that
    the file can be read.

    Args:
        constants: further module-level names, such as `layout="sequence"`.

    Raises:
        UsageError: the function has no source, or uses something that cannot be written down; the
            message names it.
    """
    parts = _Parts(getattr(function, "__name__", repr(function)))
    parts.add_definition(function)
    lines = [f"{name} = {value!r}" for name, value in constants.items()]
    name = function.__name__
    ending = [] if name == "build" else [f"build = {name}"]
    head = [*sorted(parts.imports), *parts.values, *lines]
    return "\n".join([*head, "", "", *parts.definitions, *ending]).strip() + "\n"


class _Parts:
    """What a file needs, found from one function on."""

    def __init__(self, first: str):
        self._first = first
        self.imports: set[str] = set()
        self.values: list[str] = []
        self.definitions: list[str] = []
        self._known: dict[str, Any] = {}

    def add_definition(self, defined: Any) -> None:
        """A function or a class, after what it uses."""
        self._check(defined)
        self._known[defined.__name__] = defined
        try:
            text = textwrap.dedent(inspect.getsource(defined))
            names = set(_names_read(compile(text, defined.__name__, "exec", dont_inherit=True)))
        except (OSError, TypeError, SyntaxError) as error:
            raise self._unwritable(
                f"Python does not know the source of {defined.__name__}"
            ) from error
        known = _globals_of(defined)
        for name in sorted(names & set(known)):
            if not name.startswith("__"):
                self._add(name, known[name])
        self.definitions.append(f"{text}\n")

    def _check(self, defined: Any) -> None:
        if isinstance(defined, type):
            return
        if not isinstance(defined, FunctionType) or defined.__name__ == "<lambda>":
            raise self._unwritable(f"{defined!r} is not defined with def")
        if defined.__closure__:
            names = ", ".join(defined.__code__.co_freevars)
            raise self._unwritable(
                f"{defined.__name__} uses {names} of the function around it; make it a keyword-only "
                "parameter with a default"
            )

    def _add(self, name: str, value: Any) -> None:
        if name in self._known:
            if self._known[name] is not value:
                raise self._unwritable(f"{name} means two things in what it uses")
            return
        self._known[name] = value
        if isinstance(value, ModuleType):
            self.imports.add(_import("", value.__name__, name))
        elif _is_plain(value):
            self.values.append(f"{name} = {value!r}")
        elif home := _installed_in(value):
            self.imports.add(_import(f"from {home} ", value.__qualname__, name))
        elif getattr(value, "__name__", None) == name:
            self.add_definition(value)
        else:
            raise self._unwritable(f"it uses {name}, a {type(value).__name__}")

    def _unwritable(self, why: str) -> UsageError:
        return UsageError(
            f"{self._first} cannot be kept with its run: {why}. Define what it needs within it, or put "
            "it into a file and give the file's name."
        )


def _import(home: str, what: str, name: str) -> str:
    return f"{home}import {what}" + (f" as {name}" if name != what else "")


def _names_read(code: CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_read(constant)


def _globals_of(defined: Any) -> Mapping[str, Any]:
    if isinstance(defined, FunctionType):
        return defined.__globals__
    return vars(sys.modules[defined.__module__])


def _installed_in(value: Any) -> str:
    """The installed module that a class or function is imported from; empty if there is none."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", "")
    if not module or not name.isidentifier():
        return ""
    file = getattr(sys.modules.get(module), "__file__", None)
    if not file:
        return ""
    # By the folder's name: packages of the system, the user or a parent environment count, too.
    standard = Path(sysconfig.get_path("stdlib")) in Path(file).parents
    return module if standard or {"site-packages", "dist-packages"} & {*Path(file).parts} else ""


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return _is_plain([*value, *value.values()])
    if isinstance(value, tuple | list):
        return all(map(_is_plain, value))
    return isinstance(value, PLAIN)

"""Importing a plugin costs nothing."""

from zoo.testing import process
from zoo.testing.case import Case
from zoo.testing.law import Broken, Law


def _light_import(case: Case) -> str:
    answer = process.ask("light_import", source=case.source.as_json())
    if answer["imports"]:
        raise Broken(
            f"importing the plugin imports {answer['imports']}\n{answer['frames']}",
            "move that import into build, where it costs only those who train; a module with "
            "layers of your own is imported there, too.",
        )
    return f"imported in {answer['seconds'] * 1000:.0f} ms, without a backend"


LIGHT_IMPORT = Law(
    "light_import",
    "Importing the plugin imports neither Keras nor a backend.",
    "archzoo imports plugins to list and to look up names; a heavy one makes every command "
    "wait for seconds.",
    _light_import,
)

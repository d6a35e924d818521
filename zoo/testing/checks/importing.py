"""Importing a plugin costs nothing."""

from zoo.testing import check_process as process
from zoo.testing.check import Broken, Check
from zoo.testing.harness import Harness


def _light_import(case: Harness) -> str:
    answer = process.ask("light_import", source=case.source.as_json())
    if answer["imports"]:
        raise Broken(
            f"importing the plugin imports {answer['imports']}\n{answer['frames']}",
            "move that import into build, where it costs only those who train; a module with "
            "layers of your own is imported there, too.",
        )
    return f"imported in {answer['seconds'] * 1000:.0f} ms, without a backend"


LIGHT_IMPORT = Check(
    "light_import",
    "Importing the plugin imports neither Keras nor a backend.",
    "archzoo imports plugins to list and to look up names; a heavy one makes every command "
    "wait for seconds.",
    _light_import,
)

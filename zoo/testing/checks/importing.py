"""Check: importing a plugin is fast."""

from zoo.testing import check_process as process
from zoo.testing.check import Check, CheckFailed
from zoo.testing.harness import Harness


def _light_import(harness: Harness) -> str:
    answer = process.ask("light_import", ref=harness.ref.as_json())
    if answer["imports"]:
        raise CheckFailed(
            f"importing the plugin imports {answer['imports']}\n{answer['frames']}",
            "move that import into build, where only training pays for it; import a module with your own "
            "layers there, too.",
        )
    return f"imported in {answer['seconds'] * 1000:.0f} ms, without a backend"


LIGHT_IMPORT = Check(
    "light_import",
    "Importing the plugin imports neither Keras nor a backend.",
    "archzoo imports plugins to list and look up names; a heavy import delays every command by "
    "seconds.",
    _light_import,
)

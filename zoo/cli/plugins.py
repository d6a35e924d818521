"""`zoo plugins`"""

import click

from zoo.cli import options
from zoo.plugin import Loaded, Plugin, titles
from zoo.registry import Registry
from zoo.terminal import echo, print_json, print_table, style


@click.command("plugins")
@click.option(
    "--verbose",
    "-v",
    is_flag=True,
    help="Load each plugin, and print its hooks, its state and what is wrong.",
)
@options.as_json
@click.pass_context
def command(context: click.Context, verbose: bool, as_json: bool) -> None:
    """List the installed plugins. Without --verbose, no plugin is imported.

    \b
    zoo plugins
    zoo plugins --verbose
    """
    registry = options.registry(context)
    if verbose:
        rows = [_loaded_row(registry, registry.load(plugin)) for plugin in registry.plugins]
    else:
        rows = [_row(registry, plugin) for plugin in registry.plugins]
    if as_json:
        print_json(rows)
    elif not rows:
        echo(f"No plugin is installed or enabled. {registry.manifest.how_to_install}")
    elif verbose:
        _print_verbose(rows)
    else:
        columns = ("name", "distribution", "version", "state")
        print_table(columns, [[row[column] for column in columns] for row in rows])
        echo("\nNo plugin was loaded; zoo plugins --verbose loads each and lists what it provides.")


def _row(registry: Registry, plugin: Plugin) -> dict:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "state": _state(registry, plugin),
    }


def _state(registry: Registry, plugin: Plugin) -> str:
    if others := [p for p in registry.collisions.get(plugin.name, ()) if p != plugin]:
        return f"duplicate: the name is claimed by {titles(others)} too; uninstall one"
    if gone := plugin.missing_module:
        return f"broken: its module {gone} is not there"
    if sharing := registry.sharing(plugin):
        return (
            f"{titles(sharing)} installed the same file, {plugin.file}, and one has overwritten the "
            "other; uninstall one"
        )
    if hiding := plugin.hidden_by:
        return f"installed; {hiding} hides its module, so it is loaded from its own file"
    return "installed"


def _loaded_row(registry: Registry, loaded: Loaded) -> dict:
    row = _row(registry, loaded.plugin)
    if row["state"] == "installed" or loaded.error:
        row["state"] = loaded.state
    return {
        **row,
        "object": loaded.plugin.entry_point.value,
        "hooks": list(loaded.hooks),
        "architectures": [each.name for each in loaded.architectures],
        "datasets": [each.name for each in loaded.datasets],
        "trackers": [each.name for each in loaded.trackers],
        "error": loaded.error,
        "frames": loaded.details,
    }


def _print_verbose(rows: list[dict]) -> None:
    for row in rows:
        colour = "green" if row["state"] == "ok" else "red"
        echo(
            f"{style(row['name'], bold=True)}  {row['distribution']} {row['version']}  "
            f"{style(row['state'], fg=colour)}"
        )
        for key in ("object", "hooks", "architectures", "datasets", "trackers"):
            value = row[key] if isinstance(row[key], str) else ", ".join(row[key])
            if value:
                echo(f"    {key}: {value}")
        if row["error"]:
            echo(f"    cause: {row['error']}")
            for line in row["frames"].splitlines():
                echo(f"    {line}")
            echo(f"    next: fix it, or pip uninstall {row['distribution']}")

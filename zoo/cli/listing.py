"""`zoo list`"""

from fnmatch import fnmatch

import click

from zoo.cli import options
from zoo.plugin import Plugin
from zoo.registry import Registry
from zoo.terminal import echo, print_json, print_table


@click.command("list")
@click.argument("pattern", required=False)
@options.as_json
@click.pass_context
def command(context: click.Context, pattern: str | None, as_json: bool) -> None:
    """List the installed architectures. No plugin is imported.

    \b
    zoo list
    zoo list '*lstm*'

    PATTERN is a part of a name, or has wildcards. zoo train NAME@SIZE trains a named size; base is the
    default. Of other plugins zoo show NAME lists the sizes.
    """
    registry = options.registry(context)
    rows = [row for row in _rows(registry) if _matches(row["name"], pattern)]
    if as_json:
        print_json(rows)
    elif rows:
        columns = ("name", "layout", "sizes", "from", "summary")
        print_table(columns, [[row[column] for column in columns] for row in rows])
    elif pattern:
        echo(f"No architecture matches {pattern!r}; zoo list shows all.")
    else:
        echo(f"No architecture is installed. {registry.manifest.how_to_install}")


def _matches(name: str, pattern: str | None) -> bool:
    if not pattern:
        return True
    return fnmatch(name, pattern) or pattern in name


def _rows(registry: Registry) -> list[dict[str, str]]:
    """A row for each plugin: its name is its architecture's, unless it brings several."""
    rows = []
    for plugin in registry.plugins:
        shipped = registry.manifest.architectures.get(plugin.name)
        if shipped is not None and shipped.package != plugin.distribution:
            shipped = None  # another package's architecture by that name
        rows.append(
            {
                "name": plugin.name,
                "layout": shipped.layout if shipped else "-",
                "sizes": " ".join(shipped.sizes) if shipped and shipped.sizes else "-",
                "from": f"{plugin.distribution} {plugin.version}",
                "summary": (shipped.summary if shipped else plugin.summary)
                + _claimed(registry, plugin),
            }
        )
    return rows


def _claimed(registry: Registry, plugin: Plugin) -> str:
    return " (name claimed twice: zoo plugins)" if plugin.name in registry.collisions else ""

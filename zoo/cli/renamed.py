"""Options and choices that still take their former names, which help does not show."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from zoo import aliases


class RenamedOption(click.Option):
    """An option that is also accepted under its `former` name."""

    def __init__(self, *args: Any, former: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._former = former

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        shown = self.opts
        self.opts = [*shown, self._former]
        try:
            super().add_to_parser(parser, ctx)
        finally:
            self.opts = shown


class RenamedChoice(click.Choice):
    """A choice whose values are also accepted under the old names in `table`."""

    def __init__(self, choices: Sequence[str], table: Mapping[str, str]):
        super().__init__(choices)
        self._table = table

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return super().convert(aliases.current(self._table, value), param, ctx)

"""Options that still take their former names, which help does not show."""

from typing import Any

import click


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

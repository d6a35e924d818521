"""Answers to requests that are refused: a status, a code, and one line of text."""

import re
from collections.abc import Mapping
from pathlib import Path


class Refusal(Exception):
    """A request is not answered with a prediction.

    Args:
        status: of HTTP.
        code: a word for programs, such as `wrong_shape`.
        message: what was received, what is allowed, what to do.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})

    def content(self) -> dict[str, dict[str, str]]:
        """The JSON of the answer."""
        return {"error": {"code": self.code, "message": self.message}}


_TO_DO = re.compile(r" Use `[^`]*`[^.]*\.$")
"""What to pass in Python; the words for a request are added instead."""


def as_served(message: str, place: Path | None = None, name: str = "") -> str:
    """A message of the library in the words of the server: no path, no Python.

    Args:
        place: the path that the message names.
        name: what the client called it.
    """
    if place is not None:
        message = message.replace(str(place), name)
    return _TO_DO.sub(
        " Add ?invert=true to invert it, or ?invert=false to take it as it is.", message
    ).replace("`", "")


def wrong_samples(message: str) -> Refusal:
    """The samples do not fit what the model was trained on."""
    return Refusal(422, "wrong_samples", message)


def busy(message: str, seconds: int = 1) -> Refusal:
    """There is no room now; the client may try again."""
    return Refusal(503, "busy", message, {"Retry-After": str(seconds)})

"""Hiding passwords: addresses of servers hold some, and nothing that is shown or kept may."""

import re

USER = re.compile(r"(\w[\w+.-]*://)\S*@")
QUERY = re.compile(r"(\w[\w+.-]*://[^\s?'\"]*)\?[^\s'\")]+")


def masked(text: str) -> str:
    """A text whose addresses have neither user nor query.

    >>> masked("no answer from http://me:secret@host:5000/?token=abc")
    'no answer from http://***@host:5000/?***'
    """
    return QUERY.sub(r"\1?***", USER.sub(r"\1***@", text))

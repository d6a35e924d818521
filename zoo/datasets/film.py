"""What a film is: frames with their times, whichever library decodes them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PIL import Image

ANIMATED = (".apng", ".gif", ".png", ".webp")
"""Pictures that may be animated."""
VIDEOS = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm")
SUFFIXES = (*ANIMATED, *VIDEOS)

Frame = tuple[float, Callable[[], "Image.Image"]]
"""Seconds since the first frame, and what makes the picture, upright, as it is shown."""


@dataclass(frozen=True)
class FilmForm:
    """What a film's header and its first frame say.

    Attributes:
        height, width: as it is shown: turned upright, with square pixels.
        grey: whether it has no colour.
        name: of the format: `GIF`, `h264`.
        bits: of a pixel's channel.
        count: how many frames there are; None: the header does not know.
        turned: whether the stored frames are turned to be upright.
    """

    height: int
    width: int
    grey: bool
    name: str
    bits: int = 8
    count: int | None = None
    turned: bool = False


class Film(Protocol):
    """An opened film.

    Attributes:
        form: what its first frame is like.
        seconds: how long it lasts, from its first frame to the end of its last.
    """

    @property
    def form(self) -> FilmForm: ...

    @property
    def seconds(self) -> float: ...

    def frames(self) -> Iterator[Frame]:
        """All frames in the order of their times."""

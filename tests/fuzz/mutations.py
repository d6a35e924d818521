"""Damage to bytes: each is a function of bytes, and says what it does."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

ODD = [
    b"", b"\0", b"\xff", b"\0" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f",
    b"\x80\0\0\0", b"\0\0\0\x80", b"\xff" * 8, b"\0" * 64, b"\r\n", b"PK\x03\x04", b"\x1b[31m",
    b"\xef\xbb\xbf", b"'", b"(", b"9", b"-1", b"RIFF", b"IEND",
]  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where in a file: so many bytes from its start or its end, or at a share of it."""

    of: str
    number: float

    def within(self, content: bytes) -> int:
        length = len(content)
        if self.of == "share":
            return int(self.number * length)
        near = min(int(self.number), length)
        return near if self.of == "start" else length - near


PLACES = st.one_of(
    st.builds(Place, st.sampled_from(["start", "end"]), st.integers(0, 128)),
    st.builds(Place, st.just("share"), st.floats(0, 1, exclude_max=True)),
)


@dataclass(frozen=True)
class Cut:
    """Ends there."""

    at: Place

    def __call__(self, content: bytes) -> bytes:
        return content[: self.at.within(content)]


@dataclass(frozen=True)
class Flip:
    at: Place
    bit: int

    def __call__(self, content: bytes) -> bytes:
        place = self.at.within(content)
        changed = bytearray(content)
        if place < len(changed):
            changed[place] ^= 1 << self.bit
        return bytes(changed)


@dataclass(frozen=True)
class Put:
    """Bytes over those that are there, or before them."""

    at: Place
    what: bytes
    over: bool

    def __call__(self, content: bytes) -> bytes:
        place = self.at.within(content)
        return content[:place] + self.what + content[place + len(self.what) * self.over :]


@dataclass(frozen=True)
class Repeat:
    """A stretch again, or (`times` 0) not at all."""

    at: Place
    length: int
    times: int

    def __call__(self, content: bytes) -> bytes:
        place = self.at.within(content)
        end = place + self.length
        return content[:place] + content[place:end] * self.times + content[end:]


@dataclass(frozen=True)
class Swap:
    """Two stretches of the same length in each other's place."""

    one: Place
    other: Place
    length: int

    def __call__(self, content: bytes) -> bytes:
        low, high = sorted(each.within(content) for each in (self.one, self.other))
        if low + self.length > high:
            return content
        first, second = content[low : low + self.length], content[high : high + self.length]
        return (
            content[:low] + second + content[low + self.length : high] + first
            + content[high + self.length :]
        )  # fmt: skip


@dataclass(frozen=True)
class Only:
    """Something else in its place."""

    what: bytes

    def __call__(self, content: bytes) -> bytes:
        return self.what


BYTES = st.one_of(st.sampled_from(ODD), st.binary(max_size=16))
DAMAGE = st.one_of(
    st.builds(Cut, PLACES),
    st.builds(Flip, PLACES, st.integers(0, 7)),
    st.builds(Put, PLACES, BYTES, st.booleans()),
    st.builds(Repeat, PLACES, st.integers(1, 200), st.sampled_from([0, 2, 3, 50])),
    st.builds(Swap, PLACES, PLACES, st.integers(1, 32)),
    st.builds(Only, BYTES),
)
SEVERAL = st.lists(DAMAGE, min_size=1, max_size=3)


def damaged(content: bytes, damage: Sequence) -> bytes:
    for each in damage:
        content = each(content)
    return content

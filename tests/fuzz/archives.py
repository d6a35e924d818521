"""`.npz` files of any members and headers, right or wrong."""

import io
import struct
import zipfile
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

DTYPES = [
    "u1", "u2", "<i2", ">i4", "i8", "f2", "f4", "f8", ">f4", "?", "c8", "U3", "S2", "O", "m8[D]",
    "M8[s]", "U0", "V4", "V0",
]  # fmt: skip
SHAPES = st.one_of(
    st.sampled_from(
        [(), (0,), (20,), (20, 6, 6), (20, 6, 6, 1), (20, 6, 6, 3), (20, 1, 6, 6), (20, 3, 6, 6, 1),
         (20, 0, 6), (1, 6, 6), (20, 6), (20, 1), (0, 6, 6), (20, 1, 1), (2,) * 8, (20, 6, 6, 2)]
    ),
    st.lists(st.integers(0, 8), max_size=6).map(tuple),
)  # fmt: skip
FILLS = [
    "count", "zero", "one", "random", "negative", "nan", "inf", "huge", "tiny", "many", "text",
    "control",
]  # fmt: skip
NAMES = ["x_train", "y_train", "x_test", "y_test", "x_val", "y_val", "classes", "layout"]
ODD_NAMES = ["", "x", "../x_train", "/etc/x", "x_train.npy", "a" * 300, "\x1b[31mred", "ü", "x\0y"]
HEADERS = [
    "{'descr': '|O', 'fortran_order': False, 'shape': (3,)}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (999999999, 999999999)}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 4)}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (2**70,)}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (True, 4)}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (20.0,)}",
    "{'descr': '|u1', 'fortran_order': False}",
    "{'descr': '|u1', 'fortran_order': 3, 'shape': (20,)}",
    "{'descr': [('a', '|u1'), ('b', '<f4')], 'fortran_order': False, 'shape': (4,)}",
    "{'descr': ('|u1', (5,)), 'fortran_order': False, 'shape': (4,)}",
    "{'descr': '<U999999999', 'fortran_order': False, 'shape': (1,)}",
    "{'descr': 'nothing', 'fortran_order': False, 'shape': (20,)}",
    "{'descr': '|V0', 'fortran_order': False, 'shape': (99999999999,)}",
    "__import__('os').system('true')",
    "[" * 5000,
    "(" * 200 + ")" * 200,
    "",
    "\0" * 20,
]


@dataclass(frozen=True)
class Member:
    """An array in the archive: how it is filled, and the header if it is not the right one."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    fill: str
    header: str | None = None
    version: int = 1

    def content(self) -> bytes:
        array = filled(self.dtype, self.shape, self.fill)
        whole = io.BytesIO()
        np.lib.format.write_array(whole, array, allow_pickle=True)
        if self.header is None:
            return whole.getvalue()
        text = self.header.encode()
        size = struct.pack("<H" if self.version == 1 else "<I", len(text))
        data = array.tobytes() if array.dtype != object else b""
        return b"\x93NUMPY" + bytes([self.version, 0]) + size + text + data


def filled(dtype: str, shape: tuple[int, ...], fill: str) -> np.ndarray:
    count = int(np.prod(shape, dtype="int64"))
    kind = np.dtype(dtype)
    if kind.kind in "USV":
        texts = {"control": ["\x1b[31m", "a\nb", "\x07", "\x7f"], "one": ["a"], "zero": [""]}
        given = texts.get(fill, ["image", "sequence", "b", "c"])
        return np.resize(np.array(given, object), count).astype("U8").astype(kind).reshape(shape)
    numbers = {
        "count": np.arange(count) % 3,
        "zero": np.zeros(count),
        "one": np.ones(count),
        "random": np.random.default_rng(0).random(count) * 255,
        "negative": -np.arange(count),
        "nan": np.full(count, np.nan),
        "inf": np.where(np.arange(count) % 2, np.inf, 1),
        "huge": np.full(count, 1e300),
        "tiny": np.full(count, 1e-310),
        "many": np.arange(count) * 10**7,
    }.get(fill, np.arange(count) / 3)
    with np.errstate(all="ignore"):
        if kind.kind in "mM":
            return np.nan_to_num(numbers, posinf=0).astype("int64").view(kind).reshape(shape)
        return numbers.astype(kind).reshape(shape)


@dataclass(frozen=True)
class Archive:
    members: tuple[Member, ...]
    compressed: bool = False
    suffixes: tuple[str, ...] = field(default=(".npy",))

    def content(self) -> bytes:
        whole = io.BytesIO()
        method = zipfile.ZIP_DEFLATED if self.compressed else zipfile.ZIP_STORED
        with zipfile.ZipFile(whole, "w", method) as archive:
            for place, each in enumerate(self.members):
                suffix = self.suffixes[place % len(self.suffixes)]
                archive.writestr(f"{each.name}{suffix}" or "-", each.content())
        return whole.getvalue()


def member(names, odd: bool) -> st.SearchStrategy[Member]:
    headers = st.none() | st.sampled_from(HEADERS) if odd else st.none()
    return st.builds(
        Member,
        names,
        st.sampled_from(DTYPES),
        SHAPES,
        st.sampled_from(FILLS),
        headers,
        st.sampled_from([1, 1, 2, 3, 9]) if odd else st.just(1),
    )


RIGHT = (
    Member("x_train", "u1", (20, 6, 6), "random"),
    Member("y_train", "i8", (20,), "count"),
    Member("x_test", "u1", (20, 6, 6), "random"),
    Member("y_test", "i8", (20,), "count"),
)


def with_other(others: list[Member], left_out: int) -> Archive:
    """The right archive with other members in the place of those of their names, and one left out."""
    found = {each.name: each for each in RIGHT}
    if left_out < len(RIGHT):
        del found[RIGHT[left_out].name]
    found.update({each.name: each for each in others})
    return Archive(tuple(found.values()))


ONE_ODD = st.builds(
    with_other,
    st.lists(member(st.sampled_from(NAMES), odd=True), min_size=1, max_size=2),
    st.integers(0, 12),
)
PLAUSIBLE = st.builds(
    with_other,
    st.lists(member(st.sampled_from(NAMES), odd=False), min_size=2, max_size=4),
    st.integers(0, 12),
)
ANY = st.builds(
    Archive,
    st.lists(member(st.sampled_from(NAMES + ODD_NAMES), odd=True), max_size=6).map(tuple),
    st.booleans(),
    st.sampled_from([(".npy",), (".npy", ""), (".NPY",), (".npy", "/")]),
)

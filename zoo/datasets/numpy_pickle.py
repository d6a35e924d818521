"""Reading a pickle that holds plain values and NumPy arrays of bytes, without running anything in it."""

import io
import pickle
from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from zoo.errors import DataError

if TYPE_CHECKING:
    import numpy as np


class Array:
    """Stands in for an array: keeps what the pickle says of it, and checks it."""

    __slots__ = ("content", "shape")

    def __init__(self, *_: Any):
        self.shape: tuple[int, ...] = ()
        self.content: bytes | None = None

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, by_columns, content = state
        if not isinstance(dtype, _Dtype) or dtype.text not in ("u1", "|u1") or by_columns:
            raise ValueError("an array is not of bytes, row by row")
        if not isinstance(content, bytes) or not all(type(each) is int for each in shape):
            raise ValueError("an array has no content")
        self.shape, self.content = tuple(shape), content

    def read(self, *shape: int) -> "np.ndarray":
        """The array, which must have this shape.

        Raises:
            ValueError: it has another one.
        """
        if self.shape != shape or self.content is None or len(self.content) != prod(shape):
            raise ValueError(f"an array has shape {self.shape}, not {shape}")
        import numpy as np

        return np.frombuffer(self.content, np.uint8).reshape(shape)


class _Dtype:
    __slots__ = ("text",)

    def __init__(self, text: Any, *_: Any):
        self.text = text.decode("latin-1") if isinstance(text, bytes) else text

    def __setstate__(self, _: Any) -> None:
        pass


class _Call:
    """What a pickle may call: one of the functions below, and nothing can be changed in it."""

    __slots__ = ("_name",)

    def __init__(self, name: str):
        self._name = name

    def __call__(self, *arguments: Any) -> Any:
        if self._name == "_reconstruct":
            return Array()
        if self._name == "dtype":
            return _Dtype(*arguments)
        if self._name == "encode" and arguments[1:] in (("latin1",), (b"latin1",)):
            return arguments[0].encode("latin-1")
        raise pickle.UnpicklingError(f"it calls {self._name}")

    def __setstate__(self, _: Any) -> None:
        raise pickle.UnpicklingError("it changes a function")


_KNOWN = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}


class _Reader(pickle._Unpickler):
    """In Python, not C: C reserves as much memory as an index in the file says."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no array needs")
        return _Call(name)


def read_pickle(content: bytes, where: str) -> Mapping[str, Any]:
    """The dictionary in a pickle: its keys as text, arrays as `Array`.

    No class of Python or NumPy is made or called: all that such files name has a stand-in here, and
    anything else is refused.

    Raises:
        DataError: it is damaged, or holds something else.
    """
    try:
        found = _Reader(io.BytesIO(content), encoding="bytes").load()
        if not isinstance(found, dict):
            raise ValueError("it holds no dictionary")
        return {_text(key): value for key, value in found.items()}
    except Exception as error:  # a pickle may go wrong in any way
        cause = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(f"{where}: is damaged or no file of this dataset ({cause}).") from error


def _text(key: Any) -> str:
    return key.decode("latin-1") if isinstance(key, bytes) else str(key)[:100]

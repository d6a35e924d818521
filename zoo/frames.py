"""Tables for notebooks: a pandas DataFrame where pandas is installed, else a dictionary of arrays."""

import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any


def as_frame(columns: Mapping[str, Sequence[Any]]) -> Any:
    """The columns as a `pandas.DataFrame`, or as a dictionary of NumPy arrays without pandas."""
    import numpy as np

    if importlib.util.find_spec("pandas") is None:
        return {name: np.asarray(values) for name, values in columns.items()}
    import pandas as pd

    return pd.DataFrame(dict(columns))

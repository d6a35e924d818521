"""What a user asks of an export, as the exporter takes it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo.errors import UsageError
from zoo.exporting.exporter import Settings
from zoo.materials import dataset_text
from zoo.parameters import as_text


def settings_of(
    asked: Mapping[str, Any],
    dataset: Any,
    data_parameters: Mapping[str, Any] | None,
    runs_dir: Path,
) -> Settings:
    """The settings of an export.

    Args:
        asked: fields of `Settings` that need no conversion; None: by default.
        dataset, data_parameters: on whose test set it is proved.
        runs_dir: the folder that holds the run.

    Raises:
        UsageError: parameters of no dataset, or the dataset cannot be used.
    """
    text, chosen = (None, {}) if dataset is None else dataset_text(dataset, runs_dir)
    if data_parameters and text is None:
        raise UsageError("`data_parameters` are those of a `dataset`; name it, too.")
    texts = {key: as_text(value) for key, value in (data_parameters or {}).items()}
    return Settings(**asked, dataset=text, data_parameters={**chosen, **texts})

"""Folders in which datasets are looked for."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zoo.errors import UsageError


@dataclass(frozen=True)
class Locations:
    """The folders in which a dataset is looked for, in this order, before it is downloaded.

    Args:
        data_dir: the user's folder, or None.
        cache: archzoo's cache, for downloads.
        keras: Keras' cache of datasets.
        torchvision: the folder of torchvision's examples.
        download: whether downloads are allowed.
    """

    data_dir: Path | None
    cache: Path
    keras: Path
    torchvision: Path
    download: bool = True

    @classmethod
    def of_user(
        cls,
        data_dir: str | None = None,
        *,
        download: bool = True,
        environ: Mapping[str, str] | None = None,
    ) -> "Locations":
        """The current user's folders; `ZOO_CACHE_DIR` and `KERAS_HOME` change two of them.

        Raises:
            UsageError: `data_dir` is not a folder or a file.
        """
        import platformdirs

        environ = os.environ if environ is None else environ
        chosen = data_dir or environ.get("ZOO_DATA_DIR") or None
        if chosen and not Path(chosen).expanduser().exists():
            asked = f"`data_dir={chosen!r}`" if data_dir else f"ZOO_DATA_DIR {chosen}"
            raise UsageError(f"{asked}: there is no such folder.")
        cache = environ.get("ZOO_CACHE_DIR") or platformdirs.user_cache_dir("archzoo")
        keras_home = environ.get("KERAS_HOME") or Path.home() / ".keras"
        return cls(
            data_dir=Path(chosen).expanduser() if chosen else None,
            cache=Path(cache) / "datasets",
            keras=Path(keras_home) / "datasets",
            torchvision=Path("data"),
            download=download and environ.get("ZOO_OFFLINE", "") in ("", "0"),
        )

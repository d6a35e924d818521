"""Downloads from mirrors with checksums and timeouts."""

import os
import queue
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from zoo.datasets.location import Locations
from zoo.errors import DataError, DataMissing

ANSWER_WITHIN = 4.0
"""Seconds within which a mirror must answer before the machine counts as offline."""


LISTED = 8
"""As many places as a message names."""

Check = str | Callable[[Path], None]
"""How a file is verified: its SHA-256, or a function that raises DataError."""


def fetch_or_explain(
    dataset: str,
    fetch: Callable[[Locations], Path],
    locations: Locations,
    looked: Iterable[Path],
    wanted: str,
) -> Path:
    """Download a dataset that is not on this machine, and return its folder.

    Args:
        dataset: its name, for messages.
        fetch: downloads it.
        locations: the user's folders, and whether downloads are allowed.
        looked: where it was looked for.
        wanted: what the user should put into a folder instead.

    Raises:
        DataMissing: it cannot be downloaded, or downloads are not allowed.
        DataError: the downloaded files are wrong.
    """
    reason = "downloading is switched off (ZOO_OFFLINE)"
    if locations.download:
        try:
            return fetch(locations)
        except DataMissing as error:
            reason = str(error).rstrip(".")
    places = [str(place) for place in looked]
    more = f" and {len(places) - LISTED} more places" if places[LISTED:] else ""
    raise DataMissing(
        f"{dataset} is not on this machine and {reason}. Looked in: "
        f"{', '.join(places[:LISTED])}{more}. Put {wanted} into a folder and name it "
        "with `data_dir` (or ZOO_DATA_DIR)."
    )


def fetch(folder: Path, dataset: str, files: Mapping[str, Check], mirrors: Sequence[str]) -> Path:
    """Download `files` (name to its check) into `folder` from the first mirror that gives them.

    `ZOO_MIRROR`, a base address, is tried first, with the dataset's name as a folder. A file that
    is there and passes its check is not fetched again.

    Raises:
        DataMissing: no mirror answers.
        DataError: no mirror has the right bytes; nothing is left behind.
    """
    if own := os.environ.get("ZOO_MIRROR"):
        mirrors = [f"{own.rstrip('/')}/{dataset}/", *mirrors]
    reachable = _reachable([mirror + next(iter(files)) for mirror in mirrors])
    usable = [mirror for mirror in mirrors if mirror + next(iter(files)) in reachable]
    if not usable:
        raise DataMissing(f"no mirror of {dataset} answers (asked {', '.join(mirrors)}).")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{folder}: cannot be made ({error.strerror}); set ZOO_CACHE_DIR."
        ) from error
    for name, check in files.items():
        _fetch_one(folder, name, check, usable)
    return folder


def _reachable(urls: Sequence[str]) -> set[str]:
    """The mirrors that answer a HEAD request in time; all are asked at once."""
    import requests

    answers: queue.Queue[tuple[str, bool]] = queue.Queue()

    def ask(url: str) -> None:
        try:
            answers.put((url, requests.head(url, timeout=ANSWER_WITHIN, allow_redirects=True).ok))
        except requests.RequestException:
            answers.put((url, False))

    # Daemon threads: a name look-up that hangs obeys no timeout and must not hold the process.
    for url in urls:
        threading.Thread(target=ask, args=(url,), daemon=True).start()
    good = set()
    for _ in urls:
        try:
            url, ok = answers.get(timeout=ANSWER_WITHIN)
        except queue.Empty:
            break
        if ok:
            good.add(url)
    return good


def _fetch_one(folder: Path, name: str, check: Check, mirrors: Sequence[str]) -> None:
    import pooch
    import requests

    failures = []
    pooch.get_logger().setLevel("WARNING")
    sha256 = f"sha256:{check}" if isinstance(check, str) else None
    if callable(check):
        _remove_if_wrong(folder / name, check)
    for mirror in mirrors:
        with _Progress(name) as progress:
            download = pooch.HTTPDownloader(timeout=(ANSWER_WITHIN, 30), progressbar=progress)
            downloader = _checking(download, check) if callable(check) else download
            try:
                pooch.retrieve(mirror + name, sha256, name, folder, downloader=downloader)
                return
            except (requests.RequestException, ValueError, DataError) as error:
                failures.append(f"{mirror}: {str(error).splitlines()[0]}")
            except OSError as error:
                raise DataError(
                    f"{folder / name}: cannot be written ({error.strerror})."
                ) from error
    raise DataError(f"{name} could not be fetched: {'; '.join(failures)}")


def _remove_if_wrong(path: Path, check: Callable[[Path], None]) -> None:
    """Verify a file in the cache as pooch does with a known SHA-256."""
    try:
        if path.exists():
            check(path)
    except DataError:
        path.unlink()


def _checking(
    download: Callable[..., None], check: Callable[[Path], None]
) -> Callable[[str, str, Any], None]:
    """A pooch downloader that verifies a file before pooch moves it into place."""

    def downloader(url: str, file: str, pooch: Any) -> None:
        download(url, file, pooch)
        check(Path(file))

    return downloader


class _Progress:
    """A progress bar for pooch, drawn by rich on standard error."""

    total: int = 0

    def __init__(self, name: str):
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

        columns = ("{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._progress = Progress(*columns, console=Console(stderr=True))
        self._task = self._progress.add_task(name, total=None)

    def __enter__(self) -> "_Progress":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def update(self, amount: int) -> None:
        self._progress.update(self._task, total=self.total or None, advance=amount)

    def reset(self) -> None:
        self._progress.reset(self._task)

    def close(self) -> None:
        self._progress.refresh()

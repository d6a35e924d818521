"""Read all runs of a folder, or find one by its name."""

from collections.abc import Callable
from pathlib import Path

from zoo.errors import UsageError, ZooError
from zoo.runs.run import Run
from zoo.suggest import unknown


def all_runs(
    runs_dir: Path, progress: Callable[[int, int], object] = lambda _done, _total: None
) -> tuple[list[Run], list[str]]:
    """Read the runs in a folder.

    Args:
        runs_dir: the folder that holds the runs.
        progress: called with the number of runs read so far and the number of all.

    Returns:
        The runs, oldest first; and for each damaged run a line that names its file and field.
    """
    runs, problems = [], []
    records = sorted(runs_dir.glob("*/run.json"))
    for place, record in enumerate(records):
        progress(place + 1, len(records))
        try:
            runs.append(Run.open(record.parent))
        except ZooError as error:
            problems.append(str(error))
    return sorted(runs, key=lambda run: run.record.created), problems


def find_run(text: str, runs_dir: Path) -> Run:
    """Find a run.

    Args:
        text: a folder, a name in `runs_dir`, a unique part of a name, or `last` for the run that was
            written last.
        runs_dir: the folder that holds the runs.

    Raises:
        UsageError: no run matches, or several do.
        ZooError: its record is damaged.
    """
    names = [path.parent.name for path in sorted(runs_dir.glob("*/run.json"))]
    here = Path(text)
    if text in names:
        _check_only_one(text, runs_dir)
        return Run.open(runs_dir / text)
    if (here / "run.json").is_file():
        return Run.open(here)
    if here.is_file():
        raise UsageError(f"{text}: is a file; a run is the folder that holds run.json.")
    if text == "last" and names:
        written = [runs_dir / name / "run.json" for name in names]
        return Run.open(max(written, key=lambda path: path.stat().st_mtime).parent)
    matches = [name for name in names if text in name]
    if len(matches) > 1:
        raise UsageError(
            f"{text!r} is part of {len(matches)} runs: {', '.join(matches)}. Type more of the name."
        )
    if not matches:
        raise UsageError(unknown(f"run in {runs_dir}", text, names, "See zoo runs."))
    return Run.open(runs_dir / matches[0])


def _check_only_one(name: str, runs_dir: Path) -> None:
    here, there = Path(name), runs_dir / name
    if (here / "run.json").is_file() and not here.samefile(there):
        raise UsageError(
            f"{name!r} is a run in {runs_dir} and one here: write {there} or ./{name}."
        )

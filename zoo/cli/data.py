"""The dataset that a command uses when none is named."""

from zoo.cli.wording import in_options
from zoo.datasets.location import Locations
from zoo.errors import DataMissing
from zoo.registry import Registry
from zoo.terminal import secho
from zoo.training.request import DEFAULT_DATASET

FALLBACK_DATASET = "digits"


def default_dataset(registry: Registry, locations: Locations, *, fetch: bool) -> str:
    """MNIST, downloaded if allowed; else the embedded digits, with a warning."""
    from zoo.datasets.catalog import find_dataset

    default = find_dataset(DEFAULT_DATASET, registry)
    assert default.find and default.fetch
    if default.find(locations):
        return DEFAULT_DATASET
    try:
        if locations.download and fetch:
            default.fetch(locations)
            return DEFAULT_DATASET
        reason = "it is not on this machine"
    except DataMissing as error:
        reason = in_options(str(error)).rstrip(".")
    secho(
        f"NOT MNIST: {reason}. Training on the built-in {FALLBACK_DATASET!r} instead (1,797 real "
        "handwritten digits); the results are not MNIST's. To train on MNIST, give the folder that "
        "holds its files: --data-dir FOLDER.",
        fg="yellow",
        bold=True,
        err=True,
    )
    return FALLBACK_DATASET

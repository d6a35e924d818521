"""What a comparison takes from a study: its recipe, and by default its architectures and its dataset."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.api import arguments
from zoo.api.arguments import DatasetLike
from zoo.api.compared_architectures import Architectures
from zoo.datasets.location import Locations
from zoo.errors import UsageError
from zoo.registry import Registry
from zoo.suggest import unknown
from zoo.training.request import DEFAULT_DATASET

if TYPE_CHECKING:
    from zoo.comparison.schema import TunedInfo
    from zoo.tuned import Study
    from zoo.tuning.study_record import StudyData


@dataclass(frozen=True)
class TunedChoice:
    """What is compared.

    Attributes:
        data: the study's dataset; None without a study.
        info: of the study, for the report.
    """

    architectures: Architectures
    dataset: DatasetLike
    recipe: str | Path | None
    data_parameters: Mapping[str, Any] | None
    data: "StudyData | None" = None
    info: "TunedInfo | None" = None

    def check_data(self, registry: Registry, locations: Locations) -> None:
        """Check that the training data are still those that the study was tuned on.

        Raises:
            UsageError: they are not.
            DataError: they are missing or damaged.
        """
        if self.data is None:
            return
        from zoo.datasets.catalog import find_dataset

        dataset = find_dataset(self.data.text, registry, self.data.parameters)
        found = dataset.load(locations).checksums
        if any(found.get(name) != digest for name, digest in self.data.checksums.items()):
            raise UsageError(
                f"{self.data.text}: its training data are not those that the study was tuned on. Tune "
                "again, in another `study`."
            )


def choose_tuned(
    tuned: "Study | str | Path | None",
    architectures: Architectures,
    dataset: DatasetLike,
    recipe: str | Path | None,
    data_parameters: Mapping[str, Any] | None,
) -> TunedChoice:
    """What is compared, by a study's recipe if there is a study.

    Raises:
        UsageError: the study is unknown or has no result, was tuned on another dataset, or does not have
            an architecture; or a recipe is given besides.
    """
    if tuned is None:
        return TunedChoice(architectures, dataset, recipe, data_parameters)
    if recipe is not None:
        raise UsageError("`tuned` brings its own recipe; leave `recipe` out.")
    study = _loaded(tuned)
    data = study._record.dataset
    _check_dataset(study, dataset, data_parameters)
    known = [row.name for row in study.report.rows if row.best is not None]
    for name in () if architectures == "all" else architectures:
        if not isinstance(name, str) or _name(name) not in known:
            raise UsageError(
                unknown(f"architecture tuned by {study.report.name}", str(name), known)
            )
    texts = [study._record.architectures[name].text for name in known]
    chosen = list(architectures) if architectures and architectures != "all" else texts
    return TunedChoice(
        chosen, data.text, study.recipe_file, data.parameters, data, _info(study, chosen)
    )


def _name(text: str) -> str:
    return Path(text).stem if text.endswith(".py") else text


def _loaded(tuned: "Study | str | Path") -> "Study":
    from zoo.api.tuning import load_study

    return load_study(tuned) if isinstance(tuned, str | Path) else tuned


def _check_dataset(
    study: "Study", dataset: DatasetLike, data_parameters: Mapping[str, Any] | None
) -> None:
    data = study._record.dataset
    given = isinstance(dataset, str | Path) and str(dataset) in (
        DEFAULT_DATASET,
        data.text,
        data.name,
    )
    if not given:
        raise UsageError(
            f"study {study.report.name} was tuned on {data.text}, not on {dataset!r:.80}; leave `dataset` "
            "out, or tune on that."
        )
    asked = arguments.texts(data_parameters)
    if asked and asked != data.parameters:
        raise UsageError(
            f"study {study.report.name} was tuned with data parameters {data.parameters}, not {asked}; "
            "leave `data_parameters` out."
        )


def _info(study: "Study", architectures: list[Any]) -> "TunedInfo":
    from zoo.comparison.schema import TunedInfo
    from zoo.runs.files import sha256

    names = {_name(str(each)) for each in architectures}
    report = study.report
    rows = [row for row in report.rows if row.name in names]
    return TunedInfo(
        study=report.name,
        objective=report.objective,
        budget=report.budget,
        equal=report.equal,
        sampler=report.sampler,
        pruner=report.pruner,
        trials={row.name: sum(row.counts.values()) for row in rows},
        steps={row.name: row.steps for row in rows},
        seconds={row.name: row.seconds for row in rows},
        recipe_sha256=sha256(study.recipe_file),
    )

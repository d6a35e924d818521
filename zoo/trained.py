"""A run as Python users have it: its numbers as tables, its model, its predictions."""

import html
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from zoo.errors import UsageError
from zoo.frames import as_frame
from zoo.recipe import changed
from zoo.registry import Registry
from zoo.runs.part import plain
from zoo.runs.run import HISTORY
from zoo.runs.run import Run as RunFolder

if TYPE_CHECKING:
    import keras

    from zoo.cards.model_card import ModelCard
    from zoo.exporting.exporter import Export
    from zoo.exporting.formats import Format, Quantize
    from zoo.inference import Evaluation, Model, Predictions, Runtime
    from zoo.serving.page.page_export import PageExport
    from zoo.training.plan import Plan


class Run(RunFolder):
    """One architecture, dataset, recipe and seed, trained: a folder of plain files, and its results.

    Example:
        >>> run = zoo.load_run("last")  # doctest: +SKIP
        >>> run.history.tail(1)  # doctest: +SKIP
    """

    @property
    def metrics(self) -> dict[str, Any]:
        """The results: `test_accuracy`, `test_accuracy_interval`, `test_loss`, ..., and of the last
        epoch `val_accuracy` and `val_loss`, as shares from 0 to 1 and natural logarithms.

        Empty where the run is not finished.
        """
        found = plain(self.record.metrics) if self.record.metrics else {}
        rows = self.read_history() if found else []
        return found | {
            name: rows[-1][name]
            for name in ("val_accuracy", "val_loss")
            if rows and name in rows[-1]
        }

    @property
    def history(self) -> Any:
        """A row for each epoch: loss, accuracy, val_loss, val_accuracy, learning_rate.

        A pandas DataFrame, or a dictionary of arrays without pandas.
        """
        rows = self.read_history()
        return as_frame({name: [row[name] for row in rows] for name in HISTORY})

    @property
    def predictions(self) -> Any:
        """A row for each test sample: its class, the predicted class, and each class's probability.

        A pandas DataFrame, or a dictionary of arrays without pandas.

        Raises:
            UsageError: the run has no test results.
        """
        from scipy.special import softmax

        if "test_accuracy" not in self.metrics:
            raise UsageError(f"{self.name} has no test results: it is {self._state()}.")
        logits, labels = self.read_predictions()
        classes = self.classes
        probabilities = softmax(logits.astype("float64"), axis=-1)
        return as_frame(
            {
                "class": [classes[each] for each in labels],
                "predicted": [classes[each] for each in logits.argmax(axis=-1)],
                **{f"p({name})": probabilities[:, i] for i, name in enumerate(classes)},
            }
        )

    @property
    def classes(self) -> list[str]:
        """The classes' names, in the order of the model's outputs."""
        return list(self.record.dataset.classes)

    def model(self, *, trust_source: bool = False) -> "keras.Model":
        """The trained model. It takes samples as `record.input` says, scaled, and gives logits.

        Args:
            trust_source: run the Python file that the run brings although you never trained with it.

        Raises:
            UsageError: the run is not finished, or its code is not trusted.
        """
        from zoo.training.saved import load_engine

        model = self._asked(trust_source)
        return load_engine(
            self, model.registry, model.backend, "auto", trust_source=trust_source
        ).model

    def predict(
        self,
        images: Any,
        *,
        invert: bool | None = None,
        backend: str | None = None,
        device: str = "auto",
        runtime: "Runtime" = "auto",
        trust_source: bool = False,
        registry: Registry | None = None,
    ) -> "Predictions":
        """Classify samples.

        Args:
            images: `(N, *shape)`, or one sample `shape`, stored as training's samples were or in
                another range of pixels; or paths of image files, or of sound files or films, if the run was
                trained on such.
            invert: invert the pixels, or (False) take them as they are. By default samples that are
                certainly the other way round than training's are refused.
            backend: `tensorflow`, `jax` or `torch`; by default the one that is imported, else the
                run's own.
            device: `auto`, `cpu` or `gpu`.
            runtime: `keras`; `onnx`: the run's exported ONNX file, without importing Keras; or `auto`: the
                file, if it is there and was measured to be faster on this machine with these versions.
                `auto` takes Keras where a `backend` or the GPU is asked for, or where answers would differ
                (test-time augmentation, other precision).
            trust_source: run the Python file in the run's folder although you never trained with it
                here.
            registry: the installed architectures.

        Returns:
            `labels` (N names), `probabilities` `(N, classes)`, `runtime` that answered, and `to_frame()`.

        Raises:
            UsageError: the samples do not fit what the run was trained on.
            DataError: a file is missing or damaged.
        """
        from dataclasses import replace

        from zoo.inference import choose_runtime, predict, predict_arrays

        chosen = choose_runtime(runtime, backend, device)
        asked = self._asked(trust_source, invert, backend, device, registry)
        model = replace(asked, runtime=chosen)
        if isinstance(images, str | Path):
            return predict(model, [Path(images)])
        if isinstance(images, Sequence) and all(isinstance(x, str | Path) for x in images):
            return predict(model, list(map(Path, images)))
        return predict_arrays(model, images)

    def evaluate(
        self,
        dataset: Any = None,
        *,
        data_parameters: Mapping[str, Any] | None = None,
        tta_shift: int | None = None,
        invert: bool | None = None,
        backend: str | None = None,
        device: str = "auto",
        trust_source: bool = False,
        data_dir: str | Path | None = None,
        registry: Registry | None = None,
    ) -> "Evaluation":
        """Measure the run on a test set: its own dataset's by default, or another's.

        Args:
            dataset: as `zoo.train` takes it.
            data_parameters: parameters of the dataset; others stay as in training.
            tta_shift: pixels of test-time augmentation; by default the recipe's.
            invert, backend, device, trust_source, registry: as for `predict`.
            data_dir: a folder that holds datasets; by default `ZOO_DATA_DIR`.

        Returns:
            `metrics` as the run has them, and `notes` of what was converted.

        Raises:
            UsageError: the samples or classes are not those that the run knows.
            DataError: the data are missing or damaged.
        """
        from zoo.datasets.catalog import find_dataset
        from zoo.datasets.location import Locations
        from zoo.inference import evaluate
        from zoo.materials import dataset_text
        from zoo.parameters import as_text

        model = self._asked(trust_source, invert, backend, device, registry)
        if dataset is None:
            found = self.find_dataset(model.registry)
        else:
            text, chosen = dataset_text(dataset, self.folder.parent)
            found = find_dataset(text, model.registry, chosen)
        texts = {key: as_text(value) for key, value in (data_parameters or {}).items()}
        locations = Locations.of_user(str(data_dir) if data_dir else None)
        return evaluate(model, found.configured(texts).decided(), locations, tta_shift)

    def export(
        self,
        format: "Format | Literal['html']" = "onnx",
        *,
        out: str | Path | None = None,
        quantize: "Quantize | None" = None,
        dataset: Any = None,
        data_parameters: Mapping[str, Any] | None = None,
        trust_source: bool = False,
        on_stage: Callable[[str], None] = lambda text: None,
        data_dir: str | Path | None = None,
        registry: Registry | None = None,
        beside: "Sequence[Run]" = (),
    ) -> "Export | PageExport":
        """Export it to a file of another runtime, and prove that it answers alike: see `zoo.export`.

        Args:
            beside: runs whose models are in the same page; `html` alone has several.

        Raises:
            UsageError: it is not finished, or the format or the place cannot be used.
            DataError: the data that prove it are missing or damaged.
            ZooError: the format cannot hold the model, or its answers differ beyond rounding.
        """
        from zoo.export_settings import settings_of
        from zoo.exporting.exporter import export
        from zoo.exporting.formats import PAGE

        asked = {
            "format": format,
            "quantize": quantize,
            "out": Path(out) if out else None,
            "data_dir": str(data_dir) if data_dir else None,
            "trust_source": trust_source,
            "use_plugins": registry is None or bool(registry.plugins),
        }
        settings = settings_of(asked, dataset, data_parameters, self.folder.parent)
        if format != PAGE:
            return export(self, settings, on_stage)
        from zoo.serving.page.page_export import export_page

        return export_page([self, *beside], settings, registry or Registry.discover(), on_stage)

    def card(
        self,
        *,
        out: str | Path | None = None,
        repo_id: str | None = None,
        licence: str | None = None,
    ) -> "ModelCard":
        """Make its model card, and write it to `out` if that is given: see `zoo.card`.

        Raises:
            UsageError: it is not finished, an argument is not allowed, or `out` cannot be written.
            ZooError: its predictions are missing or damaged.
        """
        from zoo.cards.model_card import make

        made = make(self, repo_id, licence)
        if out is not None:
            made.write(out)
        return made

    def plan(
        self,
        *,
        epochs: int | None = None,
        steps: int | None = None,
        trust_source: bool = False,
        registry: Registry | None = None,
    ) -> "Plan":
        """What was trained, to be trained again or resumed: `zoo.train(run.plan(), resume=run)`.

        Args:
            epochs, steps: extend it to so many epochs, or training steps; by default those of the run.
            trust_source, registry: as for `predict`.

        Raises:
            UsageError: it cannot be extended, its file has changed, or its code is not trusted.
            ZooError: its files are damaged.
        """
        from dataclasses import replace

        from zoo.training.extension import check_extendable, plan_of_run

        registry = registry or Registry.discover()
        found = plan_of_run(self, registry, trust_source=trust_source)
        given = {k: v for k, v in (("epochs", epochs), ("steps", steps)) if v is not None}
        if not given:
            return found
        recipe = changed(found.recipe, given).for_examples(self.record.dataset.sizes.train)
        check_extendable(self, recipe)
        return replace(found, recipe=recipe)

    def _asked(
        self,
        trust_source: bool,
        invert: bool | None = None,
        backend: str | None = None,
        device: str = "auto",
        registry: Registry | None = None,
    ) -> "Model":
        from zoo.inference import Model

        # A process has one backend; a run of another one gives the same answers there.
        keras = sys.modules.get("keras")
        backend = backend or (keras.backend.backend() if keras else None)
        return Model(self, registry or Registry.discover(), backend, device, invert, trust_source)

    def __repr__(self) -> str:
        return f"<Run {self.name}: {self._state()}>"

    def _repr_html_(self) -> str:
        rows = {
            "run": self.name,
            "state": self._state(),
            "folder": str(self.folder),
            **_facts(self),
        }
        cells = "".join(
            f"<tr><th style='text-align:left'>{html.escape(key)}</th>"
            f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
            for key, value in rows.items()
        )
        return f"<table>{cells}</table>"

    def _state(self) -> str:
        if not self.tested:
            return self.status + (", test set untouched" if self.finished else "")
        low, high = self.test.accuracy_interval
        return f"test accuracy {100 * self.test.accuracy:.2f} % [{100 * low:.2f}, {100 * high:.2f}]"


def _facts(run: Run) -> Mapping[str, str]:
    record = run.record
    return {
        "architecture": record.architecture.name,
        "dataset": record.dataset.name,
        "recipe": run.recipe.name,
        "seed": str(record.seed),
        "parameters": f"{record.parameters.trainable:,}",
        "device": f"{record.device.name}, {record.backend}",
    }

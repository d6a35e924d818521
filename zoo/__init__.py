"""archzoo: neural architectures as plugins, one trainer, and comparisons that say what they can tell.

`import zoo` imports neither NumPy nor Keras; the names below are loaded when first used.

    run = zoo.train("cnn", "mnist", recipe="quick")      train, then measure once on the test set
    run.metrics, run.history, run.predictions            results; tables with pandas
    run.model(), run.predict(images), run.evaluate()     use the trained model
    run.card()                                           a model card in Markdown, for the Hugging Face Hub
    run.export("onnx"), zoo.load_export(file)            to ONNX, LiteRT, SavedModel; proved on the test set
    zoo.serve(run)                                       over HTTP, with ONNX Runtime
    zoo.train(resume=run)                                finish an interrupted run
    c = zoo.compare(["cnn", my_build], "digits", seeds=3)
    c.verdict("cnn", "my_build"), c.to_frame()           which is better, or "cannot tell"
    zoo.tune(["cnn", "gru"], "digits", trials=20)        the same budget of tuning for each
    zoo.advise("digits", latency="5ms", minutes=10)      which architecture and size to take
    zoo.compare_runs("gpu-machine/runs")                 compare runs made elsewhere
    zoo.compare_tables(["a.csv", "b.csv"])               classifiers over many datasets, by anybody's results
    zoo.run_study("study.toml")                          an experiment over several datasets, in one file
    zoo.load_run("last"), zoo.load_runs("runs")          earlier runs
    zoo.load_dataset("mnist"), zoo.load_recipe("quick")  what to train on, and how
    zoo.list_architectures(), zoo.describe("cnn")        what is installed
    zoo.check("cnn")                                     test an architecture or a dataset
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from zoo.version import __version__

if TYPE_CHECKING:
    from zoo import layers as layers
    from zoo.advised import Advice as Advice
    from zoo.api.advising import advise as advise
    from zoo.api.carding import card as card
    from zoo.api.compare import compare as compare
    from zoo.api.compare import compare_runs as compare_runs
    from zoo.api.compare import plan_comparison as plan_comparison
    from zoo.api.conformance import check as check
    from zoo.api.conformance import list_checks as list_checks
    from zoo.api.describing import describe as describe
    from zoo.api.describing import describe_dataset as describe_dataset
    from zoo.api.exporting import Export as Export
    from zoo.api.exporting import export as export
    from zoo.api.exporting import load_export as load_export
    from zoo.api.finding import fetch_dataset as fetch_dataset
    from zoo.api.finding import list_architectures as list_architectures
    from zoo.api.finding import list_datasets as list_datasets
    from zoo.api.finding import load_dataset as load_dataset
    from zoo.api.finding import load_recipe as load_recipe
    from zoo.api.finding import load_run as load_run
    from zoo.api.finding import load_runs as load_runs
    from zoo.api.inspecting import inspect_dataset as inspect_dataset
    from zoo.api.over_datasets import compare_tables as compare_tables
    from zoo.api.serving import ServeOptions as ServeOptions
    from zoo.api.serving import serve as serve
    from zoo.api.speed import benchmark as benchmark
    from zoo.api.speed import benchmark_runtimes as benchmark_runtimes
    from zoo.api.speed import load_benchmark as load_benchmark
    from zoo.api.studies import diff_studies as diff_studies
    from zoo.api.studies import plan_study as plan_study
    from zoo.api.studies import rerun_study as rerun_study
    from zoo.api.studies import run_study as run_study
    from zoo.api.train import plan as plan
    from zoo.api.train import train as train
    from zoo.api.tuning import load_study as load_study
    from zoo.api.tuning import tune as tune
    from zoo.api.using import evaluate as evaluate
    from zoo.api.using import predict as predict
    from zoo.architecture import Architecture as Architecture
    from zoo.architecture import Hyperparameter as Hyperparameter
    from zoo.compared import Comparison as Comparison
    from zoo.compared_datasets import DatasetsComparison as DatasetsComparison
    from zoo.datasets.dataset import Arrays as Arrays
    from zoo.datasets.dataset import Dataset as Dataset
    from zoo.datasets.location import Locations as Locations
    from zoo.datasets.samples import Samples as Samples
    from zoo.errors import DataError as DataError
    from zoo.errors import Diverged as Diverged
    from zoo.errors import Interrupted as Interrupted
    from zoo.errors import PluginError as PluginError
    from zoo.errors import UsageError as UsageError
    from zoo.errors import ZooError as ZooError
    from zoo.hookspecs import hookimpl as hookimpl
    from zoo.ranges import Choice as Choice
    from zoo.ranges import Range as Range
    from zoo.recipe import Recipe as Recipe
    from zoo.registry import Registry as Registry
    from zoo.serving.page.page_export import PageExport as PageExport
    from zoo.tracker import TrackedComparison as TrackedComparison
    from zoo.tracker import TrackedRun as TrackedRun
    from zoo.tracker import Tracker as Tracker
    from zoo.trained import Run as Run
    from zoo.training.callbacks import Callback as Callback
    from zoo.training.plan import Plan as Plan
    from zoo.tuned import Study as Study

_HOMES = {
    "Architecture": "zoo.architecture",
    "Arrays": "zoo.datasets.dataset",
    "Callback": "zoo.training.callbacks",
    "Choice": "zoo.ranges",
    "Comparison": "zoo.compared",
    "DataError": "zoo.errors",
    "Dataset": "zoo.datasets.dataset",
    "DatasetsComparison": "zoo.compared_datasets",
    "Diverged": "zoo.errors",
    "Export": "zoo.exporting.exporter",
    "Hyperparameter": "zoo.architecture",
    "Interrupted": "zoo.errors",
    "Locations": "zoo.datasets.location",
    "PageExport": "zoo.serving.page.page_export",
    "Plan": "zoo.training.plan",
    "PluginError": "zoo.errors",
    "Range": "zoo.ranges",
    "Recipe": "zoo.recipe",
    "Registry": "zoo.registry",
    "Run": "zoo.trained",
    "Samples": "zoo.datasets.samples",
    "TrackedComparison": "zoo.tracker",
    "TrackedRun": "zoo.tracker",
    "Tracker": "zoo.tracker",
    "ServeOptions": "zoo.serving.serve_options",
    "Study": "zoo.tuned",
    "Advice": "zoo.advised",
    "UsageError": "zoo.errors",
    "ZooError": "zoo.errors",
    "hookimpl": "zoo.hookspecs",
    "benchmark": "zoo.api.speed",
    "benchmark_runtimes": "zoo.api.speed",
    "card": "zoo.api.carding",
    "check": "zoo.api.conformance",
    "load_benchmark": "zoo.api.speed",
    "compare": "zoo.api.compare",
    "compare_runs": "zoo.api.compare",
    "compare_tables": "zoo.api.over_datasets",
    "describe": "zoo.api.describing",
    "describe_dataset": "zoo.api.describing",
    "diff_studies": "zoo.api.studies",
    "evaluate": "zoo.api.using",
    "export": "zoo.api.exporting",
    "fetch_dataset": "zoo.api.finding",
    "inspect_dataset": "zoo.api.inspecting",
    "list_architectures": "zoo.api.finding",
    "list_checks": "zoo.api.conformance",
    "list_datasets": "zoo.api.finding",
    "load_dataset": "zoo.api.finding",
    "load_export": "zoo.exporting.exporter",
    "load_recipe": "zoo.api.finding",
    "load_run": "zoo.api.finding",
    "load_runs": "zoo.api.finding",
    "advise": "zoo.api.advising",
    "load_study": "zoo.api.tuning",
    "plan": "zoo.api.train",
    "plan_comparison": "zoo.api.compare",
    "plan_study": "zoo.api.studies",
    "predict": "zoo.api.using",
    "rerun_study": "zoo.api.studies",
    "run_study": "zoo.api.studies",
    "serve": "zoo.api.serving",
    "train": "zoo.api.train",
    "tune": "zoo.api.tuning",
}

_MODULES = ("layers",)

__all__ = ["__version__", *_HOMES, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"zoo.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'zoo' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)

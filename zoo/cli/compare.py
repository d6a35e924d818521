"""`zoo compare`"""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo import atomic
from zoo.cli import options
from zoo.cli.comparison_output import print_plan, print_report, write_page
from zoo.cli.data import default_dataset
from zoo.comparison import table
from zoo.errors import UsageError
from zoo.scoring import METRICS
from zoo.terminal import print_table
from zoo.training.request import DEFAULT_DATASET

if TYPE_CHECKING:
    from zoo.compared import Comparison

FORMATS = ("as_json", "as_csv", "as_markdown")
SELECTION = ("recipe", "data_parameters", "data_dir", "folds")
"""Arguments of `zoo.compare_runs` and of the other two."""

TRAINING = (
    *SELECTION, "tuned", "seeds", "until_told", "max_seeds", "tta_shift", "hyperparameters", "costs", "jobs",
    "together", "backend", "device", "runs_dir", "on", "cpus_per_run", "gpus_per_run", "allow_mixed",
)  # fmt: skip
"""Arguments of `zoo.compare` and `zoo.plan_comparison`."""

FOR_NEW_RUNS = {
    "seeds", "tta_shift", "hyperparameters", "jobs", "together", "dry_run", "device", "backend",
    "costs", "everything", "track", "tuned", "until_told", "max_seeds", "on", "cpus_per_run", "gpus_per_run",
}  # fmt: skip
"""Options that do nothing with --from."""


TABLE_FILES = (".csv", ".tsv")

WITH_TABLES = {
    "names", "tables", "metric", "resamples", "value", "rope", "html", "explain", *FORMATS,
}  # fmt: skip
"""Options that say something about --from-table."""


@click.command("compare")
@options.architectures
@click.option("--all", "everything", is_flag=True, help="Compare every installed architecture.")
@click.option(
    "--dataset",
    "datasets",
    metavar="NAME|FILE.npz|FOLDER",
    multiple=True,
    shell_complete=options.complete_datasets,
    help="Dataset: mnist, spoken_digits, ... (zoo datasets lists them), or your own file or folder. Given "
    "several times, compare on each, and judge over all of them.",
)
@options.data_parameters
@options.recipe
@click.option(
    "--tuned",
    metavar="STUDY",
    help="Take the recipe of a study of zoo tune, by its name or folder. [default architectures and "
    "dataset: the study's]",
)
@click.option(
    "--seeds",
    type=int,
    help="Train N runs of each architecture, with seeds 0 to N - 1. With --folds, repeat the "
    "cross-validation N times, with other splits. [default: 5; with --folds 1]",
)
@click.option(
    "--until-told",
    is_flag=True,
    help="Add seeds in stages where pairs are undecided, until each is told apart, or equivalent within "
    "--rope. The error over all stages is below 5 %.",
)
@click.option(
    "--max-seeds",
    metavar="N",
    type=int,
    help="Train at most N runs of each architecture, with --until-told. [default: 20]",
)
@click.option(
    "--folds",
    metavar="K",
    type=int,
    help="Compare by K-fold cross-validation of the training set; the test set is not read. With --from, "
    "compare the runs of K folds.",
)
@options.tta_shift
@options.hyperparameters_of_each
@click.option(
    "--metric",
    type=click.Choice(list(METRICS)),
    default="accuracy",
    show_default=True,
    help="Compare, rank and tell apart by this metric of the test set.",
)
@click.option(
    "--target",
    type=float,
    default=0.99,
    show_default=True,
    help="Validation accuracy whose time and epochs are measured.",
)
@click.option(
    "--jobs",
    type=int,
    help="Number of runs to train at once. [default: 1; with --on as many as there is room for]",
)
@click.option(
    "--together",
    is_flag=True,
    help="Train all seeds of an architecture in one program (jax), which is faster on a GPU. Timings "
    "are then those of all seeds.",
)
@click.option(
    "--from",
    "folders",
    metavar="DIR",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Compare the finished runs in this folder; train nothing. Repeatable.",
)
@click.option(
    "--from-table",
    "tables",
    metavar="FILE.csv",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Compare classifiers over many datasets by the scores in CSV files, of whoever made them; train "
    "nothing. Further files may follow as names. Repeatable.",
)
@click.option(
    "--resamples",
    type=click.Choice(["mean", "first"]),
    default="mean",
    show_default=True,
    help="Take the mean or the first of several scores of one dataset, with --from-table.",
)
@click.option(
    "--value", metavar="COLUMN", help="Take the scores from this column, with --from-table."
)
@click.option(
    "--rope",
    metavar="POINTS",
    type=float,
    help="Add tests of equivalence: differences below this are none in practice. In points, or the "
    "metric's unit. [default: with several datasets and --from-table 1]",
)
@click.option(
    "--allow-mixed",
    is_flag=True,
    help="Compare the runs of --from even if devices, versions or recipes differ. With --on, use nodes of "
    "several kinds.",
)
@click.option(
    "--costs",
    type=click.Choice(["full", "quick", "none"]),
    default="full",
    show_default=True,
    help="Benchmark speed after training: in three processes each, in one, or not at all.",
)
@options.on
@options.cpus_per_run
@options.gpus_per_run
@options.track
@options.device
@options.backend
@options.runs_dir
@options.data_dir
@click.option("--html", metavar="FILE", type=click.Path(path_type=Path), help="Write a report.")
@click.option(
    "--dry-run", is_flag=True, help="Print what would be trained and how long it takes, and stop."
)
@click.option("--explain", is_flag=True, help="Explain each column, and stop.")
@options.as_json
@click.option("--csv", "as_csv", is_flag=True, help="Print the table as CSV.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the table as Markdown.")
@click.pass_context
def command(context: click.Context, **given: Any) -> None:
    """Train architectures under one recipe, and say which is better, by how much, at what cost.

    \b
    zoo compare --all
    zoo compare cnn lrcn ./my_net.py --dataset fashion_mnist --seeds 3
    zoo compare cnn --set cnn.filters=8,16,32 --recipe quick
    zoo compare --all --dataset digits --dataset motion
    zoo compare cnn gru --until-told --rope 0.5
    zoo compare --tuned mnist-quick
    zoo compare --all --on ray --cpus-per-run 4
    zoo compare --from gpu-machine/runs --html page.html
    zoo compare --from runs --metric macro_f1
    zoo compare --from-table results/*.csv --html page.html

    Finished runs are not trained again. After Ctrl-C the same command resumes. Exit code 1 if an
    architecture failed; the others are compared.
    """
    if given["explain"]:
        print_table(("column", "what it says"), table.explanations())
        return
    datasets = given.pop("datasets")
    given["dataset"] = datasets[0] if len(datasets) == 1 else None
    _check(context, given)
    if given["tables"]:
        _compare_tables(given)
        return
    if len(datasets) > 1:
        _check_several(context)
        _compare_on_several(context, given, datasets)
        return
    if given["seeds"] is None and not given["until_told"]:
        given["seeds"] = 1 if given["folds"] else 5
    given["command"] = _typed(given)
    options.read_pairs(given)
    given["hyperparameters"] = options.by_name(given["hyperparameters"] or {})
    if given["dry_run"]:
        _print_plan(context, given)
        return
    found = _compare_runs(context, given) if given["folders"] else _compare(context, given)
    print_report(found.report, given)
    if given["html"]:
        write_page(found, given["html"])
    if any(row.problem for row in found.report.rows):
        context.exit(1)


def _check(context: click.Context, given: dict[str, Any]) -> None:
    """Refuse options that do not go together, before anything is trained."""
    if sum(given[name] for name in FORMATS) > 1:
        raise UsageError("give one of --json, --csv and --markdown.")
    if given["names"] and given["everything"]:
        raise UsageError("give names, or --all, not both.")
    if given["allow_mixed"] and not (given["folders"] or given["on"]):
        raise UsageError(
            "--allow-mixed goes with --from or --on; runs that are trained here never mix."
        )
    typed = _options_typed(context)
    if given["folders"]:
        for name, option in typed.items():
            if name in FOR_NEW_RUNS:
                raise UsageError(f"--from compares finished runs; leave {option} out.")
    _check_tables(typed, given)
    if given["html"]:
        atomic.check_file(given["html"])


def _options_typed(context: click.Context) -> dict[str, str]:
    """The parameters on the command line, by name, as they are typed."""
    return {
        each.name: each.opts[0]
        for each in context.command.params
        if each.name
        and context.get_parameter_source(each.name) is click.core.ParameterSource.COMMANDLINE
    }


def _check_tables(typed: dict[str, str], given: dict[str, Any]) -> None:
    """Refuse what says nothing about tables, or only about them."""
    if given["tables"]:
        others = [option for name, option in typed.items() if name not in WITH_TABLES]
        if others:
            raise UsageError(f"--from-table compares finished results; leave {others[0]} out.")
    elif "value" in typed or "resamples" in typed:
        option = typed.get("value") or typed["resamples"]
        raise UsageError(f"{option} goes with --from-table.")


ON_SEVERAL = {
    "names", "everything", "datasets", "recipe", "seeds", "folds", "tta_shift", "hyperparameters", "metric",
    "jobs", "device", "backend", "runs_dir", "data_dir", "html", "dry_run", "rope", *FORMATS,
}  # fmt: skip
"""Options that go with several datasets."""


def _check_several(context: click.Context) -> None:
    for name, option in _options_typed(context).items():
        if name not in ON_SEVERAL:
            raise UsageError(
                f"{option} does not go with several datasets; leave it out, or write a file for zoo study."
            )


def _compare_on_several(
    context: click.Context, given: dict[str, Any], datasets: Sequence[str]
) -> None:
    """Compare on each dataset, and judge over all of them, as `zoo study` does."""
    from zoo.api.studies import plan_study, run_study
    from zoo.cli.datasets_output import print_datasets_report, write_datasets_page

    options.read_pairs(given)
    asked = {
        "architectures": "all" if given["everything"] else list(given["names"]),
        "datasets": list(datasets),
        "seeds": given["seeds"] or (1 if given["folds"] else 5),
        "hyperparameters": options.by_name(given["hyperparameters"] or {}),
        **{
            name: given[name]
            for name in ("recipe", "folds", "metric", "rope", "tta_shift", "backend", "device")
            if given[name] is not None
        },
    }
    setup = {name: given[name] for name in ("jobs", "runs_dir", "data_dir")}
    setup |= {"progress": not _silent(given), "registry": options.registry(context)}
    if given["dry_run"]:
        print_plan(plan_study(asked, **setup), as_json=given["as_json"])
        return
    found = run_study(asked, **setup)
    print_datasets_report(found.report, given)
    if given["html"]:
        write_datasets_page(found, given["html"])
    context.exit(1 if found.report.problems else 0)


def _compare_tables(given: dict[str, Any]) -> None:
    """Compare over many datasets; names that are files are tables, too, as a shell's `*` gives them."""
    from zoo.api.over_datasets import compare_tables
    from zoo.cli.datasets_output import print_datasets_report, write_datasets_page

    files = [name for name in given["names"] if name.lower().endswith(TABLE_FILES)]
    tables = [*given["tables"], *map(Path, files)]
    names = [name for name in given["names"] if name not in files]
    words = ["zoo", "compare", *names]
    for path in tables:
        words += ["--from-table", str(path)]
    words += ["--metric", given["metric"]] if given["metric"] != "accuracy" else []
    words += ["--resamples", "first"] if given["resamples"] == "first" else []
    words += ["--value", given["value"]] if given["value"] else []
    words += ["--rope", f"{given['rope']:.10g}"] if given["rope"] is not None else []
    found = compare_tables(
        tables,
        names,
        **{name: given[name] for name in ("metric", "resamples", "value", "rope")},
        command=shlex.join(map(_from_here, words)),
    )
    print_datasets_report(found.report, given)
    if given["html"]:
        write_datasets_page(found, given["html"])


def _compare(context: click.Context, given: dict[str, Any]) -> "Comparison":
    from zoo.api.compare import compare

    return compare(
        *_subjects(context, given),
        **{
            name: given[name]
            for name in (*TRAINING, "metric", "rope", "target", "track", "command")
        },
        progress=not _silent(given),
        registry=options.registry(context),
    )


def _print_plan(context: click.Context, given: dict[str, Any]) -> None:
    from zoo.api.compare import plan_comparison

    run_plan = plan_comparison(
        *_subjects(context, given),
        **{name: given[name] for name in TRAINING},
        progress=not _silent(given),
        registry=options.registry(context),
    )
    print_plan(run_plan, as_json=given["as_json"])


def _compare_runs(context: click.Context, given: dict[str, Any]) -> "Comparison":
    from zoo.api.compare import compare_runs

    return compare_runs(
        given["folders"],
        given["names"],
        given["dataset"],
        **{
            name: given[name]
            for name in (*SELECTION, "allow_mixed", "metric", "rope", "target", "command")
        },
        progress=not _silent(given),
        registry=options.registry(context),
    )


def _silent(given: dict[str, Any]) -> bool:
    return any(given[name] for name in FORMATS)


def _subjects(context: click.Context, given: dict[str, Any]) -> tuple[Any, str]:
    """The architectures and the dataset."""
    from zoo.api.arguments import find_locations

    dataset = given["dataset"]
    if not dataset and (given["data_dir"] or given["tuned"]):
        dataset = DEFAULT_DATASET
    elif not dataset:
        registry, fetch = options.registry(context), not given["dry_run"]
        dataset = default_dataset(registry, find_locations(None), fetch=fetch)
    return ("all" if given["everything"] else given["names"]), dataset


def _typed(given: dict[str, Any]) -> str:
    """The command that makes this comparison again, wherever it is typed."""
    words = ["zoo", "compare", *given["names"], *(["--all"] if given["everything"] else [])]
    for folder in given["folders"]:
        words += ["--from", str(folder)]
    if given["dataset"]:
        words += ["--dataset", given["dataset"]]
    for pair in given["data_parameters"]:
        words += ["--data-set", pair]
    if given["recipe"]:
        words += ["--recipe", given["recipe"]]
    if given["tuned"]:
        words += ["--tuned", given["tuned"]]
    if given["tta_shift"] is not None:
        words += ["--tta-shift", str(given["tta_shift"])]
    if given["until_told"]:
        words += ["--until-told"]
        words += ["--max-seeds", str(given["max_seeds"])] if given["max_seeds"] is not None else []
    elif not given["folders"]:
        words += ["--seeds", str(given["seeds"])]
    if given["folds"] is not None:
        words += ["--folds", str(given["folds"])]
    for pair in given["hyperparameters"]:
        words += ["--set", pair]
    if given["metric"] != "accuracy":
        words += ["--metric", given["metric"]]
    words += ["--rope", f"{given['rope']:.10g}"] if given["rope"] is not None else []
    if given["target"] != 0.99:
        words += ["--target", f"{given['target']:g}"]
    for name in ("backend", "device"):
        if given[name] not in (None, "auto"):
            words += [f"--{name}", given[name]]
    words += ["--together"] if given["together"] else []
    if given["costs"] != "full":
        words += ["--costs", given["costs"]]
    words += ["--allow-mixed"] if given["allow_mixed"] else []
    return shlex.join(map(_from_here, words))


def _from_here(word: str) -> str:
    """A file or folder as the current folder names it; elsewhere, its name."""
    path = Path(word)
    if not path.is_absolute():
        return word
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else path.name

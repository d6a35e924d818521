"""Printing the metrics of one test: those beside accuracy, those of each class, the largest class."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zoo.cli.wording import in_options
from zoo.scoring import METRICS, classes_shown
from zoo.terminal import echo, print_table

BESIDE = ("balanced_accuracy", "macro_f1", "mcc", "ece")
"""Those that have no line of their own: the log loss is the test loss."""

UNKNOWN = "–"


def score_line(metrics: Mapping[str, Any]) -> str:
    """`balanced accuracy 97.31 %, macro F1 97.29 %, ...`; a dash for what an older run did not record."""
    words = []
    for name in BESIDE:
        metric, value = METRICS[name], metrics.get(f"test_{name}")
        words.append(f"{metric.title} {UNKNOWN if value is None else metric.with_unit(value)}")
    return ", ".join(words)


def print_scores(metrics: Mapping[str, Any], classes: Sequence[str]) -> None:
    """Print the line of metrics, and what the largest class explains."""
    echo(f"beside it      {score_line(metrics)}")
    for line in about_majority(metrics, classes):
        echo(f"majority       {in_options(line)}")


def about_majority(metrics: Mapping[str, Any], classes: Sequence[str]) -> list[str]:
    """How the accuracy compares with predicting the largest class; empty if that is an ordinary one."""
    if "majority_share" not in metrics:
        return []
    from zoo.metrics import majority_lines

    return majority_lines(
        metrics["test_accuracy_interval"][0],
        metrics["majority_share"],
        classes[metrics["majority_class"]],
        len(classes),
    )


def print_classes(metrics: Mapping[str, Any], classes: Sequence[str]) -> None:
    """Print a table of the classes; nothing for an older run, which did not record them."""
    if metrics.get("test_f1") is None:
        return
    chosen = classes_shown(metrics["test_f1"])
    echo()
    titles = ("class", "precision %", "recall %", "F1 %", "samples")
    print_table(titles, list(_rows(metrics, classes, chosen)), numbers=True)
    if len(chosen) < len(classes):
        echo(f"({len(chosen)} of {len(classes)} classes, those with the lowest F1; --json has all)")


def _rows(
    metrics: Mapping[str, Any], classes: Sequence[str], chosen: Sequence[int]
) -> Iterator[list[str]]:
    for place in chosen:
        shares = [metrics[f"test_{name}"][place] for name in ("precision", "recall", "f1")]
        texts = [UNKNOWN if each is None else f"{100 * each:.2f}" for each in shares]
        yield [classes[place], *texts, f"{metrics['test_support'][place]:,}"]

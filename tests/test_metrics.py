"""Metrics other than accuracy, as people meet them: in runs, in comparisons, on the page."""

import csv
import hashlib
import io
import json

import numpy as np
import pytest
from conftest import assert_one_line_error

import zoo as library
from zoo.comparison import table
from zoo.comparison.diagnostics_schema import Diagnostics
from zoo.comparison.row_schema import ClassTable, Statistic
from zoo.comparison.schema import ComparisonReport
from zoo.report.page import render
from zoo.runs.files import digest
from zoo.runs.run import Run
from zoo.scoring import METRICS

CLASSES, COUNT = 10, 300
NOTHING = Diagnostics(curves={}, confusions={}, disagreements=[])
SMALL = 2
"""Samples in each class but the largest."""


def unbalanced() -> np.ndarray:
    """94 % of the test set is of class 0."""
    labels = np.zeros(COUNT, "int64")
    labels[: SMALL * (CLASSES - 1)] = np.repeat(np.arange(1, CLASSES), SMALL)
    return labels


def careless(labels: np.ndarray, random) -> np.ndarray:
    """Answers the largest class, whatever it sees: accurate, and useless."""
    return np.zeros_like(labels)


def careful(labels: np.ndarray, random) -> np.ndarray:
    """Knows the small classes; takes a tenth of the largest for others."""
    answers = labels.copy()
    large = np.flatnonzero(labels == 0)
    wrong = random.choice(large, len(large) // 10, replace=False)
    answers[wrong] = random.integers(1, CLASSES, len(wrong))
    return answers


def logits_of(answers: np.ndarray, random, margin: float) -> np.ndarray:
    logits = random.normal(0, 0.1, (len(answers), CLASSES))
    logits[np.arange(len(answers)), answers] += margin
    return logits.astype("float32")


@pytest.fixture(scope="session")
def write_runs(tiny_run):
    """Write runs of one file with other settings and other predictions."""
    history = (tiny_run / "history.csv").read_bytes()

    def write(runs, predictions, labels, old=False):
        for dropout, logits in predictions:
            record = Run.open(tiny_run).record.to_dict()
            record["dataset"]["sizes"]["test"] = len(labels)
            seed = sum(run.name.startswith(f"{dropout}-") for run in runs.glob("*"))
            record["seed"] = record["identity"]["seed"] = seed
            for settings in (record["identity"], record["architecture"]):
                settings["hyperparameters"]["dropout"] = dropout
            if old:
                for name in ("balanced_accuracy", "macro_f1", "mcc", "ece"):
                    del record["metrics"][f"test_{name}"]
                for name in ("precision", "recall", "f1", "support"):
                    del record["metrics"][f"test_{name}"]
            file = io.BytesIO()
            np.savez_compressed(file, logits=logits, labels=labels)
            record["files"]["predictions.npz"] = hashlib.sha256(file.getvalue()).hexdigest()
            folder = runs / f"{dropout}-{digest(record['identity'])}"
            folder.mkdir(parents=True)
            (folder / "predictions.npz").write_bytes(file.getvalue())
            (folder / "history.csv").write_bytes(history)
            (folder / "run.json").write_text(json.dumps(record))
        return runs

    return write


@pytest.fixture(scope="session")
def two(write_runs, tmp_path_factory):
    """Three seeds each: `dropout=0.1` is careless, `dropout=0.2` careful and never quite sure."""
    labels, random = unbalanced(), np.random.default_rng(0)
    predictions = [
        (dropout, logits_of(rule(labels, random), random, margin))
        for dropout, rule, margin in ((0.1, careless, 9.0), (0.2, careful, 4.0))
        for _ in range(3)
    ]
    return write_runs(tmp_path_factory.mktemp("two"), predictions, labels)


CARELESS, CAREFUL = "tiny (dropout=0.1)", "tiny (dropout=0.2)"


def ranking(zoo_here, runs, *options):
    code, out, err = zoo_here("compare", "--from", runs, "--json", *options)
    assert code == 0, err
    return ComparisonReport.from_dict(json.loads(out))


def test_the_ranking_turns_round(zoo_here, two):
    by_accuracy = ranking(zoo_here, two)
    assert [row.name for row in by_accuracy.rows] == [CARELESS, CAREFUL]
    for metric in ("macro_f1", "balanced_accuracy", "mcc"):
        report = ranking(zoo_here, two, "--metric", metric)
        assert [row.name for row in report.rows] == [CAREFUL, CARELESS]
        assert [row.rank for row in report.rows] == [(1, 1), (2, 2)]
        (pair,) = report.pairs
        assert (pair.first, pair.different) == (CAREFUL, True)
        assert pair.interval[0] <= pair.difference <= pair.interval[1]
        assert pair.difference == pytest.approx(report.rows[0].judged - report.rows[1].judged)
        for row, same in zip(report.rows, reversed(by_accuracy.rows), strict=True):
            assert (row.accuracy, row.interval) == (same.accuracy, same.interval)
            assert row.judged == row.metrics[metric] == pytest.approx(np.mean(row.judged_values))
            assert row.judged_interval[0] <= row.judged <= row.judged_interval[1]
        assert f"--metric {metric}" in report.command
        said = {column.key: column.explanation for column in report.columns}
        title = METRICS[metric].title
        assert title in said["rank"] and title in said["pareto"]
        assert "accuracy" not in said["rank"].replace(title, "")
        assert "interval (jackknife)" in report.methods["ensemble"]


def test_less_loss_is_better_and_differences_are_first_minus_second(zoo_here, two):
    for metric in ("log_loss", "ece"):
        report = ranking(zoo_here, two, "--metric", metric)
        first, second = report.rows
        assert first.judged < second.judged
        (pair,) = report.pairs
        assert pair.first == first.name
        assert pair.difference == pytest.approx(first.judged - second.judged)
    code, out, _ = zoo_here("compare", "--from", two, "--metric", "log_loss")
    assert code == 0
    table = out.split("Which differences are real")[1]
    assert "log loss" in table
    assert "points" not in table.split("noise floor")[0]
    assert "log loss %" not in out


def test_what_never_answers_a_class_has_the_documented_values(zoo_here, two):
    row = next(row for row in ranking(zoo_here, two).rows if row.name == CARELESS)
    assert row.metrics["mcc"] == 0.0  # one predicted class
    assert row.metrics["balanced_accuracy"] == pytest.approx(1 / CLASSES)
    assert row.classes.precision[1:] == [0.0] * 9  # never answered
    assert row.classes.f1[1:] == [0.0] * 9
    assert row.classes.recall[0] == 1.0


def test_a_comparison_says_that_accuracy_misleads(zoo_here, two):
    _, out, _ = zoo_here("compare", "--from", two)
    text = " ".join(out.split())
    assert (
        "accuracy misleads: the largest class '0' has 94 % of the test set, and a model that always "
        "answers it reaches that; compare by --metric balanced_accuracy" in text
    )
    _, out, _ = zoo_here("compare", "--from", two, "--metric", "mcc")
    assert "reaches that; this comparison is by MCC" in " ".join(out.split())


def test_csv_markdown_and_python_have_every_metric(zoo_here, two):
    _, out, _ = zoo_here("compare", "--from", two, "--csv", "--metric", "macro_f1")
    best = next(csv.DictReader(io.StringIO(out)))
    assert (best["architecture"], best["metric"]) == (CAREFUL, "macro_f1")
    assert best["metric_value"] == best["test_macro_f1"]
    assert float(best["metric_interval_low"]) < float(best["test_macro_f1"])
    assert 0 < float(best["test_ece"]) < 1
    _, out, _ = zoo_here("compare", "--from", two, "--markdown")
    assert "| balanced accuracy % | macro F1 % | MCC | log loss | ECE % |" in out
    found = library.compare_runs(two, metric="balanced_accuracy", progress=False)
    assert found.report.judged_by.name == "balanced_accuracy"
    assert found.verdict(CARELESS, CAREFUL) == f"{CAREFUL} is better"
    assert "By balanced accuracy" in repr(found)


def test_one_seed_is_about_two_models(zoo_here, write_runs, tmp_path):
    labels, random = unbalanced(), np.random.default_rng(1)
    predictions = [
        (0.1, logits_of(careless(labels, random), random, 5.0)),
        (0.2, logits_of(careful(labels, random), random, 5.0)),
    ]
    runs = write_runs(tmp_path / "runs", predictions, labels)
    for metric in ("macro_f1", "log_loss"):
        report = ranking(zoo_here, runs, "--metric", metric)
        (pair,) = report.pairs
        assert (pair.different, pair.p_adjusted, pair.seeds) == (False, 1.0, 1)
        assert pair.test == "paired t on jackknife values"
        assert [row.rank for row in report.rows] == [(1, 2), (1, 2)]
        assert all(row.judged_interval[0] < row.judged_interval[1] for row in report.rows)


@pytest.mark.parametrize("metric", ["balanced_accuracy", "macro_f1", "mcc", "log_loss", "ece"])
def test_a_model_without_error_is_not_certain(zoo_here, write_runs, tmp_path, metric):
    labels = unbalanced()
    perfect = np.where(np.eye(CLASSES)[labels] > 0, 200.0, 0.0)
    runs = write_runs(tmp_path / "runs", [(0.1, perfect), (0.1, perfect)], labels)
    (row,) = ranking(zoo_here, runs, "--metric", metric).rows
    low, high = row.judged_interval
    assert low <= row.judged <= high
    assert high - low > 0.001


def test_logits_that_are_not_finite_have_no_loss(zoo_here, write_runs, tmp_path):
    labels = unbalanced()
    logits = np.full((COUNT, CLASSES), np.nan, "float32")
    runs = write_runs(tmp_path / "runs", [(0.1, logits)], labels)
    assert_one_line_error(
        zoo_here("compare", "--from", runs, "--metric", "log_loss"),
        1,
        "not finite, so the run has no log loss",
        "--metric accuracy",
    )


def test_one_test_sample_is_too_few_for_other_metrics(zoo_here, write_runs, tmp_path):
    runs = write_runs(tmp_path / "runs", [(0.1, np.eye(CLASSES)[:1])], np.array([0]))
    assert_one_line_error(
        zoo_here("compare", "--from", runs, "--metric", "mcc"), 1, "needs at least two test samples"
    )
    assert ranking(zoo_here, runs).rows[0].accuracy == 1.0


def test_an_unknown_metric_is_refused(zoo_here, two):
    with pytest.raises(library.UsageError, match="macro_f1"):
        library.compare_runs(two, metric="macro_f2")
    code, _, err = zoo_here("compare", "--from", two, "--metric", "f1")
    assert code == 2
    assert "balanced_accuracy" in err


def test_the_page_follows_the_metric_and_has_a_table_of_classes(two, tmp_path):
    for metric in ("accuracy", "macro_f1", "log_loss"):
        found = library.compare_runs(two, metric=metric, progress=False)
        text = found.to_html(tmp_path / f"{metric}.html").read_text()
        assert text.count('<table class="plain classes">') == 2
        assert 'href="#classes"' in text
        assert text.count(' aria-sort="') == 1
        assert f'aria-sort="{"ascending" if metric == "log_loss" else "descending"}"' in text
    assert "Log loss against throughput" in text
    assert "below zero the first is better" in text
    assert "percentage points" not in text


def test_the_figure_of_throughput_and_the_front_follow_a_loss(zoo_here, two):
    report = ranking(zoo_here, two, "--metric", "log_loss")
    for speed, row in zip((1000, 2000), report.rows, strict=True):
        row.inference_images_per_second = Statistic(median=speed, q1=speed, q3=speed, n=6)
    text = render(report, NOTHING)
    for row in report.rows:
        assert f"{row.name} {row.judged:.4f} at" in text
    assert "Mean log loss, its interval as a bar" in text


def test_a_page_of_many_classes_shows_those_that_are_recognised_least(zoo_here, two):
    report = ranking(zoo_here, two)
    report.dataset.classes = [f"c{number:02}" for number in range(62)]
    report.dataset.support = [5] * 62
    for row in report.rows:
        shares = [number / 62 for number in range(62)]
        row.classes = ClassTable(precision=shares, recall=[None, *shares[1:]], f1=shares)
    text = render(report, NOTHING)
    assert "Of 62 classes those with the lowest F1" in text
    assert "c11" in text.split('<h2 id="classes-title">')[1].split("</section>")[0]
    assert "c12" not in text.split('<h2 id="classes-title">')[1].split("</section>")[0]


def test_a_report_of_before_there_were_metrics_is_read(zoo_here, two):
    document = ranking(zoo_here, two).to_dict()
    del document["metric"], document["dataset"]["support"]
    for row in document["rows"]:
        del row["metrics"], row["classes"]
    report = ComparisonReport.from_dict(document)
    assert report.judged_by.name == "accuracy"
    assert "macro F1" not in table.markdown(report)
    assert 'class="plain classes"' not in render(report, NOTHING)


def test_runs_show_and_list_their_metrics_and_older_ones_a_dash(
    zoo_here, tiny_run, write_runs, tmp_path
):
    metrics = library.load_run(tiny_run).metrics
    with np.load(tiny_run / "predictions.npz") as kept:
        logits, labels = kept["logits"], kept["labels"]
    answers = logits.argmax(axis=-1)
    recalls = [float((answers == k)[labels == k].mean()) for k in range(CLASSES)]
    assert metrics["test_recall"] == pytest.approx(recalls)
    assert metrics["test_balanced_accuracy"] == pytest.approx(np.mean(recalls))
    assert metrics["test_support"] == np.bincount(labels).tolist()
    _, out, _ = zoo_here("runs", "show", tiny_run)
    assert f"balanced accuracy {100 * np.mean(recalls):.2f} %, macro F1" in out
    assert "precision %" in out
    runs = write_runs(tmp_path / "runs", [(0.1, logits)], labels, old=True)
    code, out, _ = zoo_here("runs", "--runs-dir", runs)
    assert code == 0
    assert "–" in out
    code, out, _ = zoo_here("runs", "show", "last", "--runs-dir", runs)
    assert code == 0
    assert "balanced accuracy –, macro F1 –, MCC –, ECE –" in out
    # What an older run did not record is computed from its predictions.
    assert ranking(zoo_here, runs, "--metric", "ece").rows[0].judged > 0


def test_a_record_with_another_number_of_classes_is_damaged(zoo_here, tiny_run, tmp_path):
    record = Run.open(tiny_run).record.to_dict()
    record["metrics"]["test_recall"] = [0.5]
    (tmp_path / "run.json").write_text(json.dumps(record))
    assert_one_line_error(
        zoo_here("runs", "show", tmp_path),
        1,
        "metrics.test_recall: expected 10 numbers, received 1",
    )


def test_of_many_classes_those_that_are_recognised_least_are_printed(zoo_here, tiny_run, tmp_path):
    record = Run.open(tiny_run).record.to_dict()
    many = 30
    record["dataset"]["classes"] = [f"c{place:02}" for place in range(many)]
    shares = [place / many for place in reversed(range(many))]
    for name in ("precision", "recall", "f1"):
        record["metrics"][f"test_{name}"] = shares
    record["metrics"]["test_support"] = [5] * many
    (tmp_path / "run.json").write_text(json.dumps(record))
    code, out, err = zoo_here("runs", "show", tmp_path)
    assert code == 0, err
    assert "(12 of 30 classes, those with the lowest F1; --json has all)" in out
    table = out.split("precision %")[1].splitlines()
    assert [line.split()[0] for line in table[1:13]] == [f"c{place}" for place in range(29, 17, -1)]


def test_evaluate_prints_and_gives_all_metrics(zoo_here, tiny_run):
    code, out, err = zoo_here("evaluate", tiny_run)
    assert code == 0, err
    assert "balanced accuracy" in out
    assert "samples" in out
    _, out, _ = zoo_here("evaluate", tiny_run, "--json")
    found = json.loads(out)
    assert found["test_mcc"] == pytest.approx(library.load_run(tiny_run).metrics["test_mcc"])
    assert len(found["test_precision"]) == CLASSES

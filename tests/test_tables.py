"""CSV, TSV and Parquet tables as people write them: what is read, what is said, what is refused."""

import re
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import assert_one_line_error
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoo.datasets.catalog import own_dataset
from zoo.datasets.table_columns import NAMES
from zoo.errors import DataError, UsageError

ROWS, STEPS = 12, 5
X = np.array([[(row - 5) * 1.25 + step / 3 for step in range(STEPS)] for row in range(ROWS)])
Y = np.array(["up" if row % 2 else "down" for row in range(ROWS)])
NUMBERS = np.array([2 if label == "up" else 1 for label in Y])


def wide(**columns):
    """A row a sample: `t0, ..., t4, label`."""
    frame = pd.DataFrame(X, columns=[f"t{step}" for step in range(STEPS)])
    return frame.assign(label=Y).assign(**columns)


def long(step=1.0, **columns):
    """A row a step: `id, time, value, label`."""
    rows = np.repeat(np.arange(ROWS), STEPS)
    frame = pd.DataFrame({"id": rows, "time": np.tile(np.arange(STEPS) * step, ROWS)})
    return frame.assign(value=X.reshape(-1), label=Y[rows], **columns)


def loaded(path, **parameters):
    """The arrays of all samples by label and first value, and the dataset."""
    dataset = own_dataset(path).made_with(parameters) if parameters else own_dataset(path)
    return dataset, dataset.load(None)


def everything(path, **parameters):
    """All samples `(N, steps, channels)`, sorted, with class names beside."""
    dataset, arrays = loaded(path, **parameters)
    x = np.concatenate([arrays.x_train, arrays.x_test])
    names = np.array(dataset.classes)[np.concatenate([arrays.y_train, arrays.y_test])]
    order = np.argsort(x[:, 0, 0])
    return x[order], names[order].tolist(), " | ".join(dataset.notes)


def written(frame, path, **options):
    if path.suffix == ".parquet":
        frame.to_parquet(path, **options)
    else:
        frame.to_csv(
            path, **{"index": False, "sep": "\t" if path.suffix == ".tsv" else ","} | options
        )
    return path


def text(path, content, encoding="utf-8"):
    path.write_bytes(content.encode(encoding))
    return path


def lines(header, row, count=ROWS, end="\n"):
    """A text of rows made by `row(number)`."""
    return end.join([*([header] if header else []), *(row(i) for i in range(count))]) + end


def cells(row, mark="."):
    return [repr(float(value)).replace(".", mark) for value in X[row % ROWS]]


T = [f"t{step}" for step in range(STEPS)]
COMMA = ",".join

READ = {
    "plain": lambda p: written(wide(), p / "a.csv"),
    "index": lambda p: written(wide(), p / "a.csv", index=True),
    "index of a split": lambda p: written(
        wide().set_index(np.arange(100, 100 + ROWS)[::-1]), p / "a.csv", index=True
    ),
    "index from 1, quoted, as R writes it": lambda p: text(
        p / "a.csv",
        lines(
            '"",' + COMMA(f'"{name}"' for name in [*T, "label"]),
            lambda i: f'"{i + 1}",' + COMMA(cells(i)) + f',"{Y[i]}"',
        ),
    ),
    "numeric headers": lambda p: written(
        wide().rename(columns=dict(zip(T, range(STEPS), strict=True))), p / "a.csv"
    ),
    "times as headers": lambda p: written(
        wide().rename(columns={f"t{step}": step / 100 for step in range(STEPS)}), p / "a.csv"
    ),
    "tabs": lambda p: written(wide(), p / "a.tsv"),
    "parquet": lambda p: written(wide(), p / "a.parquet"),
    "parquet with an index": lambda p: written(
        wide().set_index(np.arange(ROWS)[::-1]), p / "a.parquet"
    ),
    "parquet's named index": lambda p: written(
        wide(id=np.arange(ROWS)).set_index("id"), p / "a.parquet"
    ),
    "nullable and categorical": lambda p: written(
        wide(label=pd.Categorical(Y)).convert_dtypes(), p / "a.parquet"
    ),
    "decimals": lambda p: written(
        wide(t0=[Decimal(repr(float(each))) for each in X[:, 0]]), p / "a.parquet"
    ),
    "lists": lambda p: written(
        pd.DataFrame({"x": [row.tolist() for row in X], "label": Y}), p / "a.parquet"
    ),
    "semicolons and decimal commas": lambda p: text(
        p / "a.csv",
        lines(";".join([*T, "label"]), lambda i: ";".join([*cells(i, ","), Y[i]])),
        "utf-8-sig",
    ),
    "Excel's sep=": lambda p: text(
        p / "a.csv",
        "sep=;\r\n" + lines(";".join([*T, "label"]), lambda i: ";".join([*cells(i), Y[i]]), end="\r\n"),
    ),
    "separators at the end": lambda p: text(
        p / "a.csv", lines(COMMA([*T, "label"]) + ",", lambda i: COMMA([*cells(i), Y[i]]) + ",")
    ),
    "separators at the end of samples": lambda p: text(
        p / "a.csv", lines(COMMA([*T, "label"]), lambda i: COMMA([*cells(i), Y[i]]) + ",,")
    ),
    "quoted numbers": lambda p: text(
        p / "a.csv",
        lines(COMMA([*T, "label"]), lambda i: COMMA(f'"{each}"' for each in [*cells(i), Y[i]])),
    ),
    "spaces after commas, plus signs": lambda p: text(
        p / "a.csv",
        lines(", ".join([*T, "label"]), lambda i: ", ".join([*cells(i), Y[i]]).replace(", 0", ", +0")),
    ),
    "CRLF": lambda p: written(wide(), p / "a.csv", lineterminator="\r\n"),
    "CR": lambda p: text(
        p / "a.csv", lines(COMMA([*T, "label"]), lambda i: COMMA([*cells(i), Y[i]]), end="\r")
    ),
    "blank lines": lambda p: text(
        p / "a.csv", lines(COMMA([*T, "label"]), lambda i: COMMA([*cells(i), Y[i]]) + "\n  \n")
    ),
    "UTF-16": lambda p: written(wide(), p / "a.csv", encoding="utf-16"),
    "two dots, capitals": lambda p: written(wide(), p / "my.own.data.CSV"),
    "headerless, text labels": lambda p: written(wide(), p / "a.csv", header=False),
    "UCR's text": lambda p: text(
        p / "A_TRAIN.txt", lines("", lambda i: "  ".join(["", Y[i], *cells(i)]))
    ),
    "columns out of order": lambda p: written(wide()[["t3", "label", "t0", "t4", "t2", "t1"]], p / "a.csv"),
    "an id": lambda p: written(wide(id=[f"s{i}" for i in range(ROWS)]), p / "a.csv"),
    "activity": lambda p: written(wide().rename(columns={"label": "activity"}), p / "a.csv"),
    "long": lambda p: written(long(), p / "a.csv"),
    "long, with an index": lambda p: written(long(), p / "a.csv", index=True),
    "long, MultiIndex": lambda p: written(long().set_index(["id", "time"]), p / "a.csv", index=True),
    "long, MultiIndex, parquet": lambda p: written(long().set_index(["id", "time"]), p / "a.parquet"),
    "long, unsorted": lambda p: written(long().sample(frac=1, random_state=0), p / "a.csv"),
    "long, dates": lambda p: written(
        long(timestamp=pd.to_datetime(long().time, unit="h")).drop(columns="time"), p / "a.csv"
    ),
    "long, dates with a zone": lambda p: written(
        long(date=pd.to_datetime(long().time, unit="h", utc=True).dt.tz_convert("Asia/Kolkata")).drop(
            columns="time"
        ),
        p / "a.parquet",
    ),
    "long, durations": lambda p: written(
        long().assign(time=pd.to_timedelta(long().time, unit="s")), p / "a.parquet"
    ),
    "long, nanoseconds": lambda p: written(
        long().assign(time=1_700_000_000_000_000_000 + long().time.astype("int64") * 3), p / "a.csv"
    ),
    "long, large ids": lambda p: written(long().assign(id=2**60 + long().id), p / "a.csv"),
    "long, large ids, parquet": lambda p: written(long().assign(id=2**60 + long().id), p / "a.parquet"),
    "long without time": lambda p: written(long().drop(columns="time"), p / "a.csv"),
}  # fmt: skip


@pytest.mark.parametrize("make", READ.values(), ids=READ)
def test_a_table_of_any_make_is_read_exactly(make, tmp_path):
    x, names, _ = everything(make(tmp_path))
    np.testing.assert_array_equal(x, X.astype("float32")[..., None])
    assert names == Y.tolist()


def named(*names):
    return dict(zip([*T, "label"], names, strict=True))


CHOSEN = {
    "numeric y": (lambda p: written(wide(label=NUMBERS).rename(columns={"label": "y"}), p / "a.csv"),
                  {"label": "y"}),
    "subject": (lambda p: written(long().rename(columns={"id": "subject"}), p / "a.csv"),
                {"id": "subject"}),
    "several ids": (
        lambda p: written(long(trial=long().id % 3).assign(id=long().id // 3), p / "a.csv"),
        {"id": "id, trial"},
    ),
    "an id called subject, a time called sample": (
        lambda p: written(long().rename(columns={"id": "subject", "time": "sample"}), p / "a.csv"),
        {"time": "sample", "id": "subject"},
    ),
    "unnumbered names": (
        lambda p: written(wide().rename(columns=named(*"abcde", "label")), p / "a.csv"),
        {"form": "wide"},
    ),
    "a recording's time": (lambda p: written(wide(time=np.arange(ROWS)), p / "a.csv"), {"drop": "time"}),
    "a person's number": (lambda p: written(long(person=long().id * 7 % 5), p / "a.csv"),
                          {"drop": "person"}),
    "a nameless index of text": (
        lambda p: written(wide().set_index(pd.Index([f"s{i}" for i in range(ROWS)])), p / "a.csv",
                          index=True),
        {"drop": "Unnamed: 0"},
    ),
    "thousands": (
        lambda p: text(p / "a.csv", lines(";".join([*T, "label"]), lambda i: ";".join(
            [*(f"{value:.3f}".replace(".", ",") for value in X[i]), Y[i]]))),
        {"decimal": "comma"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "chosen"), CHOSEN.values(), ids=CHOSEN)
def test_what_is_uncertain_is_asked_for_and_then_read(make, chosen, tmp_path):
    path = make(tmp_path)
    key = next(iter(chosen))
    with pytest.raises((DataError, UsageError), match=f"'{key}'"):
        loaded(path)
    x, names, _ = everything(path, **chosen)
    np.testing.assert_allclose(x, X.astype("float32")[..., None], atol=5e-4)
    assert names in (Y.tolist(), NUMBERS.astype(str).tolist())


def test_numeric_labels_without_a_header_are_the_end_of_few_whole_numbers(tmp_path):
    path = written(wide(label=NUMBERS), tmp_path / "a.csv", header=False)
    x, names, notes = everything(path)
    np.testing.assert_array_equal(x, X.astype("float32")[..., None])
    assert names == NUMBERS.astype(str).tolist()
    assert "labels are those of the column '6'" in notes


def test_parameters_that_do_not_fit_the_table_are_refused(tmp_path):
    written(wide(), tmp_path / "a.csv")
    written(wide(), tmp_path / "a.parquet")
    with pytest.raises(UsageError, match=r"a\.csv: the column 'label' is asked for twice"):
        loaded(tmp_path / "a.csv", label="label", group="label")
    with pytest.raises(UsageError, match=r"a\.parquet: decimal goes with text files"):
        loaded(tmp_path / "a.parquet", decimal="comma")


def test_each_of_several_ids_must_be_there(tmp_path):
    frame = long(trial=["", *(long().id[1:] % 3).astype(str)])
    path = written(frame, tmp_path / "a.csv")
    with pytest.raises(UsageError, match=r"a\.csv: has no column 'try'; it has 'id', 'time'"):
        loaded(path, id="id, try")
    with pytest.raises(DataError, match=r"a\.csv row 1: has no 'id, trial'"):
        loaded(path, id="id, trial")


def test_channels_are_told_by_names_or_are_the_columns_of_a_long_table(tmp_path):
    pairs = {f"{channel}_{step}": X[:, step] * sign for step in range(STEPS)
             for channel, sign in (("x", 1), ("y", -1))}  # fmt: skip
    both = pd.DataFrame(pairs).assign(label=Y)
    x, _, notes = everything(written(both, tmp_path / "wide.csv"))
    np.testing.assert_array_equal(x, np.stack([X, -X], axis=-1).astype("float32"))
    assert "2 channels of 5 steps" in notes
    frame = long().assign(other=-X.reshape(-1))
    np.testing.assert_array_equal(everything(written(frame, tmp_path / "long.csv"))[0], x)
    lists = pd.DataFrame({"x": X.tolist(), "y": (-X).tolist(), "label": Y})
    np.testing.assert_array_equal(everything(written(lists, tmp_path / "lists.parquet"))[0], x)


def test_steps_are_ordered_by_number_even_beyond_nine(tmp_path):
    x = np.arange(24.0).reshape(2, 12).repeat(6, axis=0)
    names = [f"x{step}" for step in range(1, 13)]
    frame = pd.DataFrame(x, columns=names)[sorted(names)].assign(label=Y)
    found, _, notes = everything(written(frame, tmp_path / "a.csv"))
    assert (np.diff(found[..., 0]) == 1).all()
    assert "order of the numbers" in notes


def test_unequal_rows_without_a_header_are_series_of_unequal_length(tmp_path):
    for part, extra in (("TRAIN", 0), ("TEST", 2)):
        text(
            tmp_path / f"A_{part}.tsv",
            lines("", lambda i: "\t".join([str(i % 2), *cells(i), *["1.5"] * (extra + i % 3)])),  # noqa: B023
        )
    with pytest.raises(DataError, match="5 to 9 steps"):
        loaded(tmp_path)
    assert own_dataset(tmp_path).made_with({"unequal": "pad"}).shape == (9, 1)


@pytest.mark.parametrize("kind", ["column", "files", "folder", "train and test"])
def test_splits_are_a_column_or_files(kind, tmp_path):
    split = np.array(["train"] * 6 + ["val"] * 2 + ["test"] * 4)
    if kind == "column":
        path = written(wide(split=split), tmp_path / "a.csv")
    else:
        before = "a.b_" if kind == "files" else ""
        for name in ("train", "val", "test"):
            mixed = wide()[split == name][
                [*reversed(T), "label"] if name == "test" else [*T, "label"]
            ]
            written(mixed, tmp_path / f"{before}{name}.csv")
        path = tmp_path if kind == "folder" else tmp_path / f"{before}train.csv"
    arrays = own_dataset(path).load(None)
    np.testing.assert_array_equal(arrays.x_train[..., 0], X[:6].astype("float32"))
    np.testing.assert_array_equal(arrays.x_validation[..., 0], X[6:8].astype("float32"))
    np.testing.assert_array_equal(arrays.x_test[..., 0], X[8:].astype("float32"))


def test_groups_stay_in_one_split(tmp_path):
    group = [f"p{i // 2}" for i in range(ROWS)]
    path = written(wide(group=group), tmp_path / "a.csv")
    arrays = own_dataset(path).load(None)
    assert len(arrays.groups) == len(arrays.y_train) and len(set(arrays.groups)) == 5
    split = ["train"] * 7 + ["test"] * 5
    with pytest.raises(DataError, match="group 'p3' is in train and in test"):
        own_dataset(written(wide(group=group, split=split), tmp_path / "b.csv")).load(None)


LABELS = {
    "bool": ([label == "up" for label in Y], ("False", "True")),
    "from 1": (NUMBERS, ("1", "2")),
    "spaces and capitals": (np.where(Y == "up", "Going Up", "é"), ("Going Up", "é")),
    "signs": (np.where(Y == "up", "+", "-"), ("+", "-")),
}


@pytest.mark.parametrize(("labels", "classes"), LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_labels_are_the_same_from_any_format(labels, classes, name, tmp_path):
    dataset = own_dataset(written(wide(label=labels), tmp_path / name))
    assert dataset.classes == classes


def test_a_class_that_may_stand_for_a_missing_label_is_said(tmp_path):
    notes = own_dataset(written(wide(label=["NA", "b"] * 6), tmp_path / "a.csv")).notes
    assert any("'NA' is a class; if it stands for a missing label" in note for note in notes)


def test_the_parameters_are_listed_with_their_types(tmp_path, zoo_here):
    code, out, _ = zoo_here("datasets", "show", written(wide(), tmp_path / "a.csv"))
    assert code == 0 and "'wide' | 'long' | None" in out and "'point' | 'comma' | None" in out


def odd(**cells_):
    """A wide table in which some cells are others."""
    frame = wide().astype(object)
    for name, cell in cells_.items():
        frame.loc[2, name] = cell
    return frame


DATE = [f"{1 + i % STEPS:02}.01.2026" for i in range(ROWS * STEPS)]
REFUSED = {
    "empty": (lambda p: text(p / "a.csv", ""), "is empty"),
    "blank": (lambda p: text(p / "a.csv", "\n \n"), "is empty"),
    "header only": (lambda p: written(wide()[:0], p / "a.csv"), "has no rows"),
    "empty parquet": (lambda p: written(wide()[:0], p / "a.parquet"), "has no rows"),
    "one row": (lambda p: written(wide()[:1], p / "a.csv"), "one class only"),
    "one column": (lambda p: written(wide()[["t0"]], p / "a.csv"), "has one column only"),
    "labels only": (lambda p: written(wide(id=range(ROWS))[["id", "label"]], p / "a.csv"),
                    "no column of numbers"),
    "Latin-1": (lambda p: text(p / "a.csv", written(odd(label="é"), p / "b.csv").read_text(), "latin-1"),
                "is not UTF-8"),
    "binary": (lambda p: text(p / "a.csv", "a,b\0,c\n1,2,3\n"), "zero byte"),
    "a comment": (lambda p: text(p / "a.csv", "# made by hand\n" + written(wide(), p / "b.csv").read_text()),
                  "begins with a comment"),
    "a comment within": (lambda p: text(p / "a.csv", written(wide(), p / "b.csv").read_text() + "# end\n"),
                         "row 13: has 1 cells, and the first line has 6"),
    "more cells": (lambda p: text(p / "a.csv", written(wide(), p / "b.csv").read_text() + "1,2,3,4,5,up,7\n"),
                   "row 13: has 7 cells"),
    "fewer cells": (lambda p: text(p / "a.csv", written(wide(), p / "b.csv").read_text() + "1,2,up\n"),
                    "row 13: has 3 cells"),
    "R's write.table": (lambda p: text(p / "a.csv", lines(COMMA([*T, "label"]),
                                       lambda i: COMMA([str(i + 1), *cells(i), Y[i]]))),
                        "row 1: has 7 cells"),
    "an unbalanced quote": (
        lambda p: text(p / "a.csv", written(wide(), p / "b.csv").read_text() + '1,"2,3\n'), "row 13"
    ),
    "a word": (lambda p: written(odd(t1="broken"), p / "a.csv"), "'t1' has 'broken' in row 3"),
    "thousands separators": (lambda p: written(odd(t1="1,234.5"), p / "a.csv"), "'1,234.5' in row 3"),
    "a decimal comma": (lambda p: written(odd(t1="1,5"), p / "a.csv"), "'1,5' in row 3"),
    "a point among commas": (
        lambda p: text(p / "a.csv", lines(";".join([*T, "label"]), lambda i: ";".join(
            [*cells(i, ","), Y[i % 2]]), 60) + ";".join(["1.234"] * 5 + ["up"]) + "\n"),
        "'t0' has '1.234' in row 61",
    ),
    "a missing value": (lambda p: written(odd(t1=""), p / "a.csv"), "1 values are missing"),
    "a missing label": (lambda p: written(odd(label=""), p / "a.csv"), "empty label"),
    "a missing label, parquet": (lambda p: written(odd(label=None).convert_dtypes(), p / "a.parquet"),
                                 "no label for sample"),
    "NaN among numbers": (lambda p: written(wide(label=[np.nan, *NUMBERS[1:]]), p / "a.csv"), "NaN"),
    "fractions": (lambda p: written(wide(label=X[:, 0] + 0.1), p / "a.csv"), "real numbers"),
    "infinite": (lambda p: written(odd(t1="inf"), p / "a.csv"), "'t1' has a value that is infinite"),
    "1e60": (lambda p: written(odd(t1="1e60"), p / "a.csv"), "too large for float32"),
    "1e60, parquet": (lambda p: written(wide(t1=1e60), p / "a.parquet"), "too large for float32"),
    "a row without a value": (lambda p: written(odd(**dict.fromkeys(T, "")), p / "a.csv"),
                              "row 3: has no value"),
    "two columns of a name": (lambda p: text(p / "a.csv", "t0,t0,label\n1,2,a\n3,4,b\n"), "two columns 't0'"),
    "two texts": (lambda p: written(wide(site="x").rename(columns={"label": "act"}), p / "a.csv"),
                  "'label': 'act'"),
    "two labels": (lambda p: written(wide(target=Y), p / "a.csv"), "may be the label"),
    "a gap in the numbers": (lambda p: written(wide().drop(columns="t2"), p / "a.csv"), "2 is missing"),
    "lags": (lambda p: written(wide().rename(columns=named(*(f"t-{n}" for n in range(5, 0, -1)), "label")),
                               p / "a.csv"), "'form': 'wide'"),
    "channels of unequal length": (lambda p: written(wide().rename(columns={"t4": "u0"}), p / "a.csv"),
                                   "not numbered alike"),
    "a first row that may be names": (lambda p: text(p / "a.csv", "5,3,x\n1,2,a\n3,4,b\n3,4,a\n2,2,b\n"),
                                      "a sample or the names of columns"),
    "a word in the first row": (lambda p: text(p / "a.csv", "x,3,a\n1,2,a\n3,4,b\n3,4,a\n2,2,b\n"),
                                "a sample or the names of columns"),
    "one wide row among many": (lambda p: text(p / "a.csv", "1," * 60_000 + "1\n" + "1,2\n" * 60_000),
                                "set ZOO_MAX_DATA_MIB"),
    "a title above the header": (lambda p: text(p / "a.csv", "Walks,,,,,\n"
                                 + written(wide(), p / "b.csv").read_text()), "no number|has the labels"),
    "an id that comes again": (lambda p: written(wide(id=Y), p / "a.csv"), "'form': 'long'"),
    "time twice": (lambda p: written(pd.concat([long(), long()[:1]]), p / "a.csv"),
                   "the series 0 has the 'time' 0 twice"),
    "unequal times as headers": (lambda p: written(wide().rename(columns=named(*"01235", "label")),
                                                   p / "a.parquet"), "times that are 1 to 2 apart"),
    "a time, and ids that never come again": (
        lambda p: written(wide(id=range(ROWS), time=range(ROWS)), p / "a.csv"), "no 'id' comes again"
    ),
    "a gap in time": (lambda p: written(long().drop(index=2), p / "a.csv"), "'gaps': 'ignore'"),
    "no time": (lambda p: written(long().assign(time=[np.nan, *long().time[1:]]), p / "a.csv"),
                "row 1: has no 'time'"),
    "infinite time": (lambda p: written(long().assign(time=[np.inf, *long().time[1:]]), p / "a.csv"),
                      "row 1: has no 'time'"),
    "European dates": (lambda p: written(long().assign(time=DATE), p / "a.csv"), "'01.01.2026'"),
    "no id": (lambda p: written(long().assign(id=[np.nan, *long().id[1:]]), p / "a.csv"),
              "row 1: has no 'id'"),
    "no column of ids": (lambda p: written(long().drop(columns="id"), p / "a.csv"), "'id': 'COLUMN'"),
    "unsorted without time": (lambda p: written(
        long().drop(columns="time").sample(frac=1, random_state=0), p / "a.csv"), "do not follow each other"),
    "labels that change": (lambda p: written(long().assign(label=["x", *long().label[1:]]), p / "a.csv"),
                           "must be the same in all its rows"),
    "a person's number": (lambda p: written(long(person=long().id * 7 % 5), p / "a.csv"),
                          "'person' never changes within a series"),
    "a channel that never changes": (lambda p: written(long().assign(value=long().id * 1.0), p / "a.csv"),
                                     "'value' never changes"),
    "a counter": (lambda p: written(long(row=np.arange(ROWS * STEPS)), p / "a.csv"), "'row' counts the rows"),
    "unequal lists": (lambda p: written(pd.DataFrame({"x": [[1.0], [1.0, 2.0]] * 6, "label": Y}),
                                        p / "a.parquet"), "1 to 2 steps"),
    "lists beside numbers": (lambda p: written(pd.DataFrame({"x": X.tolist(), "n": X[:, 0], "label": Y}),
                                               p / "a.parquet"), "'x' has lists and 'n' numbers"),
    "lists of text": (lambda p: written(pd.DataFrame({"x": [["a"]] * ROWS, "label": Y}), p / "a.parquet"),
                      "has lists of string"),
    "structs": (lambda p: written(wide(t9=[{"a": 1}] * ROWS), p / "a.parquet"), "a column of each"),
    "lists in a long table": (lambda p: written(long(v=[[1.0]] * ROWS * STEPS), p / "a.parquet"),
                              "has lists, which are series of their own"),
    "an index of text": (lambda p: written(wide().set_index(pd.Index(list("abcdefghijkl"))), p / "a.parquet"),
                         "index has no name"),
    "no parquet": (lambda p: text(p / "a.parquet", "PAR1 no PAR1"), "no Parquet file that can be read"),
    "a listing of files": (lambda p: text(p / "labels.csv", "path,label\na.png,x\nb.png,y\n"), "lists files"),
    "another split's word": (lambda p: written(wide(split="often"), p / "a.csv"), "use train, val or test"),
    "no test rows": (lambda p: written(wide(split="train"), p / "a.csv"), "no row is of the split test"),
    "a brace in a name": (
        lambda p: written(wide(label="x").rename(columns={"label": "{label}"}), p / "a.csv"), "one class only"
    ),
    "300,000 columns": (lambda p: text(p / "a.csv", "\n".join(
        COMMA(f"{word}{n}" for n in range(300_000)) for word in "t11") + "\n"), "at most 200,000"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_refused_in_one_line(make, message, tmp_path):
    path = make(tmp_path)
    with pytest.raises((DataError, UsageError), match=message) as caught:
        loaded(path)
    assert path.name in str(caught.value) or str(path.parent) in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 700


def test_the_command_says_it_with_its_own_options(tmp_path, zoo_here):
    path = written(wide(label=NUMBERS).rename(columns={"label": "y"}), tmp_path / "a.csv")
    result = zoo_here("train", "gru", "--dataset", path)
    assert_one_line_error(result, 1, "a.csv", "--data-set label=y")
    result = zoo_here("train", "gru", "--dataset", path, "--data-set", "label=z")
    assert_one_line_error(result, 2, "no column 'z'", "'t0', 't1'")
    assert_one_line_error(zoo_here("train", "gru", "--dataset", tmp_path / "b.csv"), 2, "b.csv")


SPLIT = {
    "another column": ({"test": {"t9": 1}}, "'t9' is in one of it"),
    "an unknown label": ({"test": {"label": "left"}}, "'left', which no training sample has"),
    "a word in the test set": ({"test": {"t1": "x"}}, "test.csv: the column 't1' has 'x' in row 1"),
    "a column and a file": (
        {"train": {"split": "train"}, "test": {"split": "test"}},
        "leave one out",
    ),
    "labels of another kind": ({"test": {"label": 1}}, "text"),
}


@pytest.mark.parametrize(("changes", "message"), SPLIT.values(), ids=SPLIT)
def test_splits_that_do_not_fit_are_refused(changes, message, tmp_path):
    for part in ("train", "test"):
        written(wide(**changes.get(part, {})), tmp_path / f"{part}.csv")
    with pytest.raises(DataError, match=message):
        loaded(tmp_path)


def test_splits_are_written_alike(tmp_path):
    written(wide(), tmp_path / "train.csv")
    path = written(wide(), tmp_path / "test.csv", header=False)
    with pytest.raises(DataError, match=r"only one of it and train\.csv names its columns"):
        loaded(tmp_path)
    path.unlink()
    (tmp_path / "train.csv").unlink()
    lists = pd.DataFrame({"x": X.tolist(), "y": X.tolist(), "label": Y})
    written(lists, tmp_path / "train.parquet")
    written(lists.assign(x=X[:, 0], y=X[:, 1]), tmp_path / "test.parquet")
    with pytest.raises(DataError, match=r"has 1 channels, and train\.parquet 2"):
        loaded(tmp_path, form="wide")


def test_a_split_alone_or_twice_is_refused(tmp_path):
    written(wide(), tmp_path / "train.csv")
    with pytest.raises(UsageError, match=r"no test set.*give the file"):
        own_dataset(tmp_path)
    assert own_dataset(tmp_path / "train.csv").load(None).x_test.size
    written(wide(), tmp_path / "train.parquet")
    written(wide(), tmp_path / "test.csv")
    with pytest.raises(UsageError, match="are the same split"):
        own_dataset(tmp_path)
    assert len(own_dataset(tmp_path / "train.csv").load(None).x_test) == ROWS
    (tmp_path / "train.csv").unlink()
    with pytest.raises(UsageError, match="no training set beside it"):
        own_dataset(tmp_path / "test.csv")


def test_a_folder_with_a_table_says_to_give_the_file(tmp_path, zoo_here):
    path = written(wide(), tmp_path / "mine.csv")
    assert_one_line_error(zoo_here("train", "gru", "--dataset", tmp_path), 2, f"--dataset {path}")


def test_a_title_has_what_was_chosen_alone(tmp_path):
    dataset = own_dataset(written(wide(), tmp_path / "a.csv"))
    assert dataset.title == "a"
    assert dataset.configured({"drop": "t4"}).title == "a (drop=t4)"


def test_tables_beside_folders_of_images_are_not_the_dataset(tmp_path):
    from PIL import Image

    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(5):
            Image.fromarray(np.full((8, 8), number, "uint8")).save(
                tmp_path / name / f"{number}.png"
            )
    for part in ("train", "test"):
        text(tmp_path / f"{part}.txt", "cat/0.png 0\ndog/0.png 1\n")
    assert own_dataset(tmp_path).layout == "image"


def test_parquet_of_nothing_is_not_unpacked(tmp_path):
    path = tmp_path / "a.parquet"
    table = pa.table({"t0": np.zeros(10**6), "t1": np.zeros(10**6), "label": ["a"] * 10**6})
    with pq.ParquetWriter(path, table.schema) as writer:
        for _ in range(30):
            writer.write_table(table)
    with pytest.raises(DataError, match="would unpack to"):
        loaded(path)


def test_a_file_too_large_for_memory_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_MAX_DATA_MIB", "1")
    path = text(tmp_path / "a.csv", "1,2,3\n" * 40_000)
    with pytest.raises(DataError, match="set ZOO_MAX_DATA_MIB"):
        loaded(path)


@pytest.mark.parametrize("absent", ["pandas", "pyarrow"])
def test_without_the_extra_the_line_says_what_to_install(absent, tmp_path, monkeypatch, zoo_here):
    path = written(wide(), tmp_path / "a.csv")
    monkeypatch.setitem(sys.modules, absent, None)
    assert_one_line_error(
        zoo_here("train", "gru", "--dataset", path), 2, "pip install 'archzoo[tables]'"
    )


VALUES = st.one_of(
    st.floats(-1e30, 1e30, allow_subnormal=True), st.integers(-(2**40), 2**40).map(float)
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.integers(2, 6).flatmap(
        lambda steps: st.lists(
            st.lists(VALUES, min_size=steps, max_size=steps), min_size=10, max_size=14
        )
    ),
    st.sampled_from([["a", "b"], [0, 1], [3, 1], ["x y", "Ünï"], [True, False]]),
)
def test_every_format_gives_the_same_arrays_labels_and_checksums(tmp_path_factory, rows, classes):
    folder = tmp_path_factory.mktemp("same")
    x = np.array(rows)
    labels = [classes[row % 2] for row in range(len(x))]
    one = pd.DataFrame(x, columns=[f"v{step}" for step in range(x.shape[1])]).assign(label=labels)
    ids = np.repeat(np.arange(len(x)), x.shape[1])
    many = pd.DataFrame(
        {"id": ids, "step": np.tile(np.arange(x.shape[1]), len(x)), "v": x.reshape(-1)}
    )
    many["label"] = [labels[place] for place in ids]
    made = []
    for form, frame in (("wide", one), ("long", many)):
        for suffix in ("csv", "tsv", "parquet"):
            made.append(written(frame, folder / f"{form}.{suffix}"))
    first, *others = [own_dataset(path) for path in made]
    wanted = first.load(None)
    every = np.concatenate([wanted.x_train, wanted.x_test])[..., 0]
    assert sorted(map(tuple, every)) == sorted(map(tuple, x.astype("float32")))
    for other in others:
        assert other.classes == first.classes
        assert other.load(None).checksums == wanted.checksums


def test_the_page_of_the_docs_says_what_is_so(tmp_path, monkeypatch, zoo_here):
    page = (Path(__file__).parent.parent / "docs" / "your_data" / "tables.md").read_text()
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```(python|sh)\n(.*?)```", page, re.DOTALL)
    commands = 0
    for language, block in blocks:
        if language == "python":
            exec(block, {})
            continue
        for line in block.splitlines():
            words = re.sub("zoo train .* --dataset ", "zoo datasets show ./", line).split()
            if words[0] == "zoo":
                commands += 1
                code, _, err = zoo_here(*words[1:])
                assert code == 0, err
    assert commands == 3
    assert all(f"`{name}`" in page for names in NAMES.values() for name in names)

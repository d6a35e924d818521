"""The HTML page of a comparison: what it says, that it fetches nothing, and how a browser shows it."""

import copy
import html
import json
import random
import re
import struct
import subprocess
import sys
import zlib
from base64 import b64encode
from html.parser import HTMLParser
from itertools import combinations

import pytest
from browsing import browsing, complaints

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

from zoo.comparison.diagnostics_schema import Diagnostics
from zoo.comparison.schema import ComparisonReport
from zoo.report import page, words
from zoo.runs.codec import convert


def render(document, diagnostics):
    """The page of plain values, as a file has them."""
    return page.render(ComparisonReport.from_dict(document), convert(diagnostics, Diagnostics))


HOSTILE = "<script>alert(1)</script>\"'&</script><img src=x onerror=alert(1)>"

COLUMNS = [
    ("rank", "rank", "", "learns", "The best and the worst rank that the data allow."),
    ("accuracy", "test accuracy", "%", "learns", "Mean share of test images answered rightly."),
    ("interval", "interval", "%", "learns", "Where the mean of many seeds would lie."),
    ("epochs_to_target", "epochs to target", "", "learns", "Epochs until validation does."),
    ("target", "time to target", "s", "learns", "Training time until validation reaches 99 %."),
    ("train_images_per_second", "training", "images/s", "costs", "Images trained in a second."),
    ("inference_images_per_second", "answering", "images/s", "costs", "Images answered a second."),
    ("latency_p50", "median latency", "", "costs", "Half of single images take less than this."),
    ("latency_p99", "99 % latency", "", "costs", "One of a hundred single images takes longer."),
    ("compile_seconds", "compiling", "", "costs", "From the model to its first step."),
    ("peak_memory", "peak memory", "", "costs", "The most memory that the process held."),
    ("parameters", "parameters", "", "is", "Trained and other weights."),
    ("flops", "FLOPs", "", "is", "Operations to answer one image."),
    ("pareto", "Pareto", "", "is", "A star where no other is better in both."),
]

KNOWN = {
    # name: layout, accuracies, answering images/s, parameters, FLOPs
    "lrcn": ("frames", (0.9948, 0.9955, 0.9951), 4_210, 600_042, 37_600_000),
    "cnn": ("image", (0.9940, 0.9946, 0.9937), 15_800, 91_890, 8_900_000),
    "convlstm2d": ("frames", (0.9941, 0.9931, 0.9936), 7_450, 99_538, 23_000_000),
    "cnn_lstm": ("image", (0.9912, 0.9921, 0.9916), 11_900, 255_698, 9_900_000),
}


def stat(median):
    return {"median": median, "q1": 0.98 * median, "q3": 1.03 * median, "n": 6}


def make_row(name, rank, *, costs=True):
    layout, accuracies, speed, parameters, flops = KNOWN[name]
    accuracy = sum(accuracies) / len(accuracies)
    row = {
        "name": name,
        "status": "ok",
        "problem": "",
        "origin": {
            "distribution": f"archzoo-{name}",
            "version": "0.1.0",
            "file": "",
            "sha256": "",
        },
        "layout": layout,
        "hyperparameters": {"filters": [24, 48, 64], "dropout": 0.3, "bidirectional": True},
        "seeds": [0, 1, 2],
        "accuracies": list(accuracies),
        "accuracy": accuracy,
        "interval": [accuracy - 0.0013, accuracy + 0.0012],
        "rank": rank,
        "parameters": parameters,
        "flops": flops,
        "train_images_per_second": stat(speed / 3.4),
        "inference_images_per_second": stat(speed) if costs else None,
        "latency_p50": stat(22 / speed) if costs else None,
        "latency_p99": stat(31 / speed) if costs else None,
        "compile_seconds": stat(3 + 10_000 / speed) if costs else None,
        "peak_memory": 1_055_391_744 + 500 * parameters,
        "target": {"reached": 3, "of": 3, "epochs": 1.7, "seconds": 300_000 / speed},
        "pareto": name in ("lrcn", "cnn"),
    }
    if name == "cnn_lstm":
        row["target"] = {"reached": 0, "of": 3, "epochs": None, "seconds": None}
    return row | {"text": make_text(row)}


def make_text(row):
    target = row["target"]
    text = {
        "rank": "–".join(str(n) for n in dict.fromkeys(row["rank"])),
        "accuracy": f"{100 * row['accuracy']:.2f} %",
        "interval": " to ".join(f"{100 * end:.2f}" for end in row["interval"]),
        "target": f"{target['seconds']:.0f} s" if target["reached"] else "missed by 3 of 3",
        "epochs_to_target": f"{target['epochs']:g}" if target["reached"] else "missed",
        "pareto": "★" if row["pareto"] else "",
        "peak_memory": f"{row['peak_memory'] / 2**30:.2f} GiB",
        "parameters": f"{row['parameters']:,}",
        "flops": f"{row['flops'] / 1e6:.1f} M",
    }
    for key, factor, form in (
        ("train_images_per_second", 1, "{:,.0f}"),
        ("inference_images_per_second", 1, "{:,.0f}"),
        ("latency_p50", 1000, "{:.2f} ms"),
        ("latency_p99", 1000, "{:.2f} ms"),
        ("compile_seconds", 1, "{:.1f} s"),
    ):
        text[key] = form.format(factor * row[key]["median"]) if row[key] else "—"
    return text


def failed_row(name="vit", problem="stopped with ResourceExhausted: out of memory at step 12"):
    nothing = dict.fromkeys((key for key, *_ in COLUMNS), None)
    return nothing | {
        "name": name,
        "status": "failed",
        "problem": problem,
        "origin": None,
        "layout": None,
        "hyperparameters": {},
        "from_runs": True,
        "seeds": [],
        "accuracies": [],
        "pareto": False,
        "text": dict.fromkeys((key for key, *_ in COLUMNS), "—"),
    }


def make_pair(first, second, *, different):
    difference = first["accuracy"] - second["accuracy"]
    return {
        "first": first["name"],
        "second": second["name"],
        "difference": difference,
        "interval": [difference - 0.0009, difference + 0.0009],
        "p": 0.0004 if different else 0.21,
        "p_adjusted": 0.0024 if different else 0.63,
        "different": different,
        "seeds": 3,
    }


def make_ensemble(name, rows):
    accuracies = [each for row in rows for each in row["accuracies"]]
    mean = sum(accuracies) / len(accuracies)
    return {
        "name": name,
        "architectures": [row["name"] for row in rows],
        "members": len(accuracies),
        "accuracy": mean + 0.001,
        "interval": [mean - 0.0005, mean + 0.0021],
        "members_accuracy": mean,
    }


def make_document(names=tuple(KNOWN), *, costs=True, classes=10):
    ranks = {"lrcn": [1, 1], "cnn": [2, 3], "convlstm2d": [2, 3], "cnn_lstm": [4, 4]}
    rows = [make_row(name, ranks[name], costs=costs) for name in names]
    same = {"cnn", "convlstm2d"}
    return {
        "schema": 1,
        "created": "2026-11-23T10:00:00+00:00",
        "archzoo": "0.1.0",
        "command": "zoo compare --all --dataset mnist --recipe quick --seeds 3",
        "dataset": {
            "name": "mnist",
            "classes": [str(number) for number in range(classes)],
            "sizes": {"train": 55000, "validation": 5000, "test": 10000},
            "origin": "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "layout": "image",
        },
        "recipe": {
            "name": "quick",
            "summary": "99 % on MNIST in half a minute",
            "epochs": 2,
            "batch_size": 128,
            "optimizer": "adamw",
            "learning_rate": 0.003,
            "validation": 1 / 12,
            "augments": False,
            "digest": "4f1c09ab22de",
        },
        "conditions": {
            "backend": "tensorflow",
            "device": {"kind": "cpu", "name": "AMD EPYC"},
            "precision": "float32",
            "cores": 2,
            "versions": {"python": "3.11.7", "keras": "3.15.1", "tensorflow": "2.21.0"},
            "machine": {"system": "Linux x86_64", "memory_bytes": 25_000_000_000},
        },
        "mixed": [],
        "notes": ["Time to target counts training only, not validation."],
        "target": 0.99,
        "methods": {
            "interval": "95 %, by a bootstrap over seeds and test images.",
            "difference": "The same test images, paired; adjusted by Holm for all pairs.",
            "rank": "The best and worst rank that no adjusted difference contradicts.",
            "noise": "Two seeds of the same architecture show what no difference means.",
            "ensemble": "The mean of the probabilities; one observation, however many members.",
        },
        "columns": [
            dict(zip(("key", "title", "unit", "group", "explanation"), column, strict=True))
            for column in COLUMNS
        ],
        "rows": rows,
        "ensembles": [make_ensemble(row["name"], [row]) for row in rows]
        + ([make_ensemble("all", rows)] if len(rows) > 1 else []),
        "pairs": [
            make_pair(first, second, different={first["name"], second["name"]} != same)
            for first, second in combinations(rows, 2)
        ],
        "noise": {
            "accuracy": 0.0008,
            "cost": {"train": 1.02, "inference": 1.03} if costs else None,
            "text": "two seeds of one architecture differ by 0.08 points (RMS)",
        },
        "cost": {
            "created": "2026-11-23T09:40:00+00:00",
            "rounds": 6,
            "processes": 3,
            "batch_size": 128,
            "conditions": {"device": "cpu, AMD EPYC"},
            "problems": {},
            "entries": {"cnn": {"train": stat(4000)}},
        }
        if costs
        else None,
        "harness": {
            "wall_seconds": 1130.0,
            "phases_seconds": 1087.0,
            "overhead": 0.04,
            "jobs": 1,
            "trained": 12,
            "reused": 0,
        },
        "repeat": [
            "python3 -m venv .venv && .venv/bin/pip install archzoo==0.1.0 archzoo-cnn==0.1.0",
            "zoo compare --all --dataset mnist --recipe quick --seeds 3",
        ],
    }


def make_curves(names, epochs=5):
    dice = random.Random(1)
    curves = {}
    for name in names:
        _, accuracies, speed, *_ = KNOWN[name]
        curves[name] = [
            {
                "seed": seed,
                "epochs": list(range(1, epochs + 1)),
                "seconds": [
                    e * 187_000 / speed * dice.uniform(0.97, 1.03) for e in range(1, epochs + 1)
                ],
                "val_accuracy": [
                    1 - (1 - final) * (1 + 6 * (1 - e / epochs) ** 2) * dice.uniform(0.9, 1.1)
                    for e in range(1, epochs + 1)
                ],
                "loss": [0.5 / e for e in range(1, epochs + 1)],
            }
            for seed, final in enumerate(accuracies)
        ]
    return curves


def make_confusion(accuracy, classes, dice):
    matrix = [[0] * classes for _ in range(classes)]
    for true in range(classes):
        total = dice.randrange(2700, 3300)
        wrong = round(total * (1 - accuracy) * dice.uniform(0.6, 1.5))
        for _ in range(wrong):
            other = (true + dice.choice((1, 2, 2, 5, 5, 5, 6, 6))) % classes
            matrix[true][other] += other != true
        matrix[true][true] = total - wrong
    return matrix


def tiny_png(seed):
    """A grey 28 by 28 image, as a data URI."""
    dice = random.Random(seed)

    def chunk(kind, content):
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    pixels = b"".join(b"\0" + dice.randbytes(28) for _ in range(28))
    png = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 28, 28, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
    )
    return f"data:image/png;base64,{b64encode(png).decode()}"


def make_diagnostics(names=tuple(KNOWN), *, classes=10, images=None):
    dice = random.Random(2)
    images = images or [(number, number % classes, tiny_png(number)) for number in range(12)]
    return {
        "curves": make_curves(names),
        "confusions": {
            name: make_confusion(sum(KNOWN[name][1]) / 3, classes, dice) for name in names
        },
        "disagreements": [
            {
                "index": index,
                "label": label,
                "image": image,
                "answers": {
                    name: make_answers(label, dice.choice((0, 1, 2, 3)), classes) for name in names
                },
            }
            for index, label, image in images
        ],
    }


def make_answers(label, right, classes):
    return {"classes": [label] * right + [(label + 4) % classes] * (3 - right), "right": right}


NO_DIAGNOSTICS = {"curves": {}, "confusions": {}, "disagreements": []}


def with_failed(document, **fields):
    document = copy.deepcopy(document)
    document["rows"].append(failed_row(**fields))
    return document


def hostile():
    """A document and diagnostics in which every text that a stranger writes tries to be markup."""
    document = with_failed(make_document(), name=f"f{HOSTILE}", problem=f"p{HOSTILE}")
    diagnostics = make_diagnostics()
    text = json.dumps([document, diagnostics])
    for name in KNOWN:
        text = text.replace(json.dumps(name), json.dumps(f"{name}{HOSTILE}"))
    document, diagnostics = json.loads(text)
    document["notes"] += [f"n{HOSTILE}"]
    document["mixed"] = [f"m{HOSTILE}"]
    document["dataset"]["classes"][3] = f"c{HOSTILE}"
    document["repeat"] += [f"r{HOSTILE}"]
    document["rows"][0]["hyperparameters"] = {f"h{HOSTILE}": f"v{HOSTILE}"}
    document["columns"][0]["explanation"] = f"e{HOSTILE}"
    return document, diagnostics


def unequal():
    """A row with fewer seeds, without intervals, with gaps in its curve and a name beyond ASCII."""
    document, diagnostics = make_document(), make_diagnostics()
    row = document["rows"][1]
    row |= {"status": "partial", "problem": "seed 2 diverged", "seeds": [0, 1], "interval": None}
    row["accuracies"] = row["accuracies"][:2]
    row["inference_images_per_second"] = None
    document["pairs"][0] |= {"p": 1.0, "p_adjusted": 1.0, "different": False}
    curve = diagnostics["curves"]["cnn"]
    curve[0]["val_accuracy"] = [None, 0.2, 0.97, 1.0, 1.0]
    curve[1] = {k: v[:2] if isinstance(v, list) else v for k, v in curve[1].items()}
    text = json.dumps([document, diagnostics]).replace(
        '"cnn"', json.dumps("_网络$x$\x07" + "z" * 60)
    )
    return tuple(json.loads(text))


def perfect():
    """One architecture that never errs, after a single epoch."""
    document, diagnostics = make_document(["cnn"]), make_diagnostics(["cnn"])
    document["rows"][0] |= {"accuracy": 1.0, "interval": None}
    diagnostics["curves"] = make_curves(["cnn"], epochs=1)
    for curve in diagnostics["curves"]["cnn"]:
        curve["val_accuracy"] = [1.0]
    diagnostics["confusions"]["cnn"] = [[300 * (a == b) for a in range(10)] for b in range(10)]
    return document, diagnostics


CASES = {
    "four": lambda: (make_document(), make_diagnostics()),
    "one": lambda: (make_document(["cnn"]), make_diagnostics(["cnn"])),
    "failed": lambda: (with_failed(make_document()), make_diagnostics()),
    "nothing measured": lambda: (with_failed(make_document([])), NO_DIAGNOSTICS),
    "no cost": lambda: (make_document(costs=False), make_diagnostics()),
    "no diagnostics": lambda: (make_document(), NO_DIAGNOSTICS),
    "30 classes": lambda: (make_document(classes=30), make_diagnostics(classes=30)),
    "hostile": hostile,
    "unequal": unequal,
    "perfect": perfect,
}
VOID = {"meta", "link", "img", "br", "path", "use"}


class Page(HTMLParser):
    """What a parser of HTML finds: elements with their attributes, and the text of each section."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.texts = [], [], {}
        self.section = "head"
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.elements.append((tag, attrs))
        if tag == "section":
            self.section = attrs["id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & {*self.open[-1:]}:
            self.texts[self.section] = self.texts.get(self.section, "") + data

    def tags(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def text(self):
        return " ".join(self.texts.values())


@pytest.fixture(params=CASES, scope="module")
def case(request):
    document, diagnostics = CASES[request.param]()
    return document, diagnostics, render(document, diagnostics)


def test_the_page_is_well_formed_and_fetches_nothing(case):
    text = case[2]
    assert len(text.encode()) < 1_000_000
    parsed = Page(text)
    assert parsed.open == []
    for tag, attrs in parsed.elements:
        for name in ("src", "href", "action", "poster", "data", "srcset", "xlink:href"):
            assert attrs.get(name, "#").startswith(("#", "data:")), (tag, attrs)
        assert not any(name.startswith("on") for name in attrs), (tag, attrs)
    assert not re.search(r"url\((?!#)|@import|<\?xml|<!ENTITY", text)
    ids = [attrs["id"] for _, attrs in parsed.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    fragments = {a[k][1:] for _, a in parsed.elements for k in ("href",) if a.get(k, "")[:1] == "#"}
    fragments |= set(re.findall(r"url\(#([^)]+)\)", text))
    assert fragments <= set(ids)


def test_every_row_pair_and_column_is_there(case):
    document, _, text = case
    parsed = Page(text)
    results = parsed.texts["results"]
    for column in document["columns"]:
        assert column["title"] in results
        assert column["explanation"] in results
        assert column["explanation"] in [attrs.get("title") for attrs in parsed.tags("th")]
    for row in document["rows"]:
        assert row["name"] in results
        assert row["problem"] in results
        assert all(cell in results for cell in row["text"].values())
    for pair in document["pairs"]:
        assert f"{pair['first']} − {pair['second']}" in parsed.texts["differences"]
    for each in document["ensembles"]:
        assert f"{each['name']}{each['members']}{words.percent(each['accuracy'])}" in results
        assert words.percent(each["members_accuracy"]) in results
    assert (document["methods"]["ensemble"] in results) == bool(document["ensembles"])
    for line in document["notes"]:
        assert line in results
    for line in document["mixed"]:
        assert line in parsed.texts["head"]
    for line in document["repeat"]:
        assert line in parsed.texts["repeat"]


def test_strangers_texts_are_never_markup():
    document, diagnostics = hostile()
    text = render(document, diagnostics)
    parsed = Page(text)
    assert len(parsed.tags("script")) == 1
    assert all(attrs["src"] != "x" for attrs in parsed.tags("img"))
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert html.escape(f"n{HOSTILE}", quote=False)[:20] in text
    for start in "fpnmcrhve":
        assert f"{start}{HOSTILE}" in parsed.text or f"{start}{HOSTILE}" in str(parsed.elements)


def test_equal_input_gives_equal_bytes():
    assert render(make_document(), make_diagnostics()) == render(
        make_document(), make_diagnostics()
    )


def test_figures_take_their_colours_from_the_page(case):
    assert not re.search(r"(fill|stroke): #[0-9a-f]+", case[2])
    assert "font-family: 'DejaVu" not in case[2]


def verdict_of(different, names=("a", "b", "c")):
    """The verdict on architectures of falling accuracy, of which some pairs are told apart."""
    document = make_document(list(KNOWN)[: len(names)])
    document["pairs"] = []
    for row, name in zip(document["rows"], names, strict=True):
        row["name"] = name
    document["pairs"] = [
        make_pair(first, second, different=first["name"] + second["name"] in different)
        for first, second in combinations(document["rows"], 2)
    ]
    return re.search(r'class="verdict">(.*?)</p>', render(document, NO_DIAGNOSTICS))[1]


@pytest.mark.parametrize(
    ("different", "verdict"),
    [
        ((), "With 3 seeds nothing here can be told apart."),
        (("ab", "ac"), "a is above every other architecture, and told apart from each."),
        (("ac", "bc"), "a and b cannot be told apart; both are above c."),
        (("ac",), "a and b cannot be told apart; a is above c."),
        (
            ("bc",),
            "a leads but cannot be told apart from any other; told apart are only b above c.",
        ),
    ],
)
def test_the_verdict_says_who_is_told_apart(different, verdict):
    assert verdict_of(different) == verdict


def test_the_verdict_on_leaders_that_differ_among_themselves():
    verdict = verdict_of(("bc", "ad", "bd", "cd"), names=("a", "b", "c", "d"))
    assert verdict == "a cannot be told apart from b or c; all of them are above d."


def test_what_is_missing_is_said():
    bare = Page(render(make_document(["cnn"], costs=False), NO_DIAGNOSTICS)).text
    for sentence in (
        "Only cnn was measured",
        "No two architectures were compared",
        "No throughput was measured",
        "no validation split",
        "No predictions were at hand",
        "There are no test images to show",
        "not measured for this comparison",
    ):
        assert sentence in bare
    own_costs = with_failed(make_document(["cnn"], costs=False))
    assert "as the runs themselves saw them" in Page(render(own_costs, NO_DIAGNOSTICS)).text
    left_out = Page(render(*unequal())).texts["throughput"]
    assert "Left out, because their throughput was not measured: _网络$x$" in left_out


def test_a_document_from_before_there_were_ensembles_still_makes_a_page():
    document = make_document()
    del document["ensembles"], document["methods"]["ensemble"]
    results = Page(render(document, make_diagnostics())).texts["results"]
    assert "nsemble" not in results
    assert "lrcn" in results


def test_many_classes_are_shown_by_their_worst_pairs():
    page_30 = Page(render(make_document(classes=30), make_diagnostics(classes=30)))
    assert not [a for a in page_30.tags("table") if "matrix" in a.get("class", "")]
    assert re.search(r"\d+ as \d+: \d+ of \d,\d{3}", page_30.texts["confusions"])
    page_10 = Page(render(make_document(), make_diagnostics()))
    assert len([a for a in page_10.tags("table") if "matrix" in a.get("class", "")]) == len(KNOWN)


def test_many_architectures_stay_small():
    document, diagnostics = make_document(), make_diagnostics()
    row, curve = document["rows"][1], diagnostics["curves"]["cnn"][:1]
    for number in range(20):
        name = f"variant_{number}"
        document["rows"].append(row | {"name": name, "interval": None})
        diagnostics["curves"][name] = curve
    document["pairs"] = [
        make_pair(first, second, different=False)
        for first, second in combinations(document["rows"], 2)
    ]
    text = render(document, diagnostics)
    assert "too many pairs for a figure" in text
    assert text.count("cannot tell") >= len(document["pairs"])
    assert len(text.encode()) < 1_000_000


def test_importing_the_page_imports_nothing_heavy():
    code = (
        "import sys, zoo.report.page; sys.exit(bool({'matplotlib', 'jinja2'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0012, "+0.12"), (-0.0002, "−0.02"), (-0.00001, "0.00"), (0.1, "+10.00"), (None, "—")],
)
def test_differences_are_told_in_signed_points(share, text):
    assert words.signed(share) == text


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A headless Chromium with a profile of its own."""
    with browsing(tmp_path_factory.mktemp("profile")) as chrome:
        yield chrome


@pytest.fixture
def opened(browser, tmp_path):
    """Show a document in the browser, from a file, on a screen so wide."""

    def show(document, diagnostics, width=1280):
        path = tmp_path / "page.html"
        path.write_text(render(document, diagnostics), encoding="utf-8")
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
        )
        browser.get(path.as_uri())
        return browser

    yield show
    assert complaints(browser) == []


def names_shown(browser):
    return browser.execute_script(
        "return [...document.querySelectorAll('.results tbody')].map(b => b.dataset.name)"
    )


def test_columns_sort_both_ways_with_nulls_last(opened):
    browser = opened(with_failed(make_document()), make_diagnostics())
    best_first = [*KNOWN, "vit"]
    assert names_shown(browser) == best_first

    def click(key):
        head = browser.find_element("css selector", f"th[data-key={key}]")
        head.find_element("tag name", "button").click()
        assert len(browser.find_elements("css selector", "[aria-sort]")) == 1
        return head.get_attribute("aria-sort"), names_shown(browser)

    falling = ["lrcn", "cnn_lstm", "convlstm2d", "cnn"]
    assert click("parameters") == ("descending", [*falling, "vit"])
    assert click("parameters") == ("ascending", [*falling[::-1], "vit"])
    assert click("target") == ("descending", ["lrcn", "convlstm2d", "cnn", "cnn_lstm", "vit"])
    assert click("target") == ("ascending", ["cnn", "convlstm2d", "lrcn", "cnn_lstm", "vit"])
    assert click("epochs_to_target")[1][-2:] == ["cnn_lstm", "vit"]
    assert click("latency_p50")[1] == ["lrcn", "convlstm2d", "cnn_lstm", "cnn", "vit"]
    assert click("accuracy") == ("descending", best_first)
    assert not browser.find_elements("css selector", "th[data-key=interval] button")


def test_the_theme_follows_the_reader_and_the_button(opened):
    browser = opened(make_document(), make_diagnostics())

    def background():
        return browser.execute_script("return getComputedStyle(document.body).backgroundColor")

    def prefer(scheme):
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        return background()

    light, dark = prefer("light"), prefer("dark")
    assert light != dark
    toggle = browser.find_element("id", "theme")
    assert toggle.text == "Light theme"
    toggle.click()
    assert background() == light
    assert prefer("light") == light
    toggle.click()
    assert background() == dark
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_everything_can_be_read_and_used_by_keyboard(opened):
    browser = opened(make_document(), make_diagnostics())
    keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
    button = browser.find_element("css selector", "th[data-key=flops] button")
    button.send_keys(keys.ENTER)
    assert names_shown(browser)[0] == "lrcn"
    button.send_keys(keys.SPACE)
    assert names_shown(browser)[0] == "cnn"


@pytest.mark.parametrize("name", CASES)
def test_a_phone_scrolls_in_one_direction_only(opened, name):
    browser = opened(*CASES[name](), width=360)
    scroll, client = browser.execute_script(
        "const e = document.documentElement; return [e.scrollWidth, e.clientWidth]"
    )
    assert scroll <= client <= 360

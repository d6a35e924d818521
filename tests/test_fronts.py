"""Pareto fronts with uncertainty: dominated only when told so, and what of it tables and pages show."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import PROJECT

from zoo.comparison import flat, table
from zoo.comparison.diagnostics_schema import Diagnostics
from zoo.comparison.fronts import make_fronts
from zoo.comparison.fronts_schema import Front, FrontEntry
from zoo.comparison.methods import METHODS
from zoo.comparison.row_schema import Statistic
from zoo.comparison.schema import ComparisonReport
from zoo.report import page

RECORD = PROJECT / "bench" / "results" / "compare-mnist-quick.json"


def run(seconds=1.0, memory=100, *, shared=False):
    return SimpleNamespace(epoch_seconds=(seconds,), peak_memory=memory, shared_machine=shared)


def row(name, flops=1000, latency=None):
    return SimpleNamespace(name=name, judged=0.9, flops=flops, latency_p50=latency)


def result(name, seconds=(1.0, 1.1, 1.2), memory=100, *, shared=False):
    return SimpleNamespace(name=name, runs=[run(each, memory, shared=shared) for each in seconds])


def told(*pairs):
    return [SimpleNamespace(first=first, second=second) for first, second in pairs]


def states(fronts, cost):
    front = next(each for each in fronts if each.cost == cost)
    return {each.name: each.state for each in front.entries}


def of(rows, results=None, better=(), cost=None):
    results = results or [result(each.name) for each in rows]
    return make_fronts(rows, results, told(*better), cost)


def test_nobody_is_dominated_whose_accuracy_is_not_told_to_be_lower():
    """However dear it is: the means may be in the wrong order."""
    found = states(of([row("small", 10), row("huge", 10**9)]), "flops")
    assert found == {"small": "front", "huge": "cannot tell"}


def test_dominated_is_what_is_worse_and_no_cheaper():
    found = of([row("good", 10), row("bad", 20), row("cheap", 5)], better=[("good", "bad")])
    assert states(found, "flops") == {"good": "cannot tell", "bad": "dominated", "cheap": "front"}
    entries = {each.name: each for each in found[1].entries}
    assert entries["bad"].dominated_by == ["good"]


def test_equal_flops_dominate_if_the_accuracy_is_told_apart():
    found = states(of([row("good"), row("bad")], better=[("good", "bad")]), "flops")
    assert found == {"good": "front", "bad": "dominated"}


def test_a_better_one_that_costs_more_leaves_both_on_the_front():
    found = states(of([row("good", 20), row("cheap", 10)], better=[("good", "cheap")]), "flops")
    assert found == {"good": "front", "cheap": "front"}


@pytest.mark.parametrize(
    ("seconds", "bad"),
    [
        ((2.0, 2.1, 2.2), "dominated"),
        ((1.15, 2.1, 2.2), "cannot tell"),  # one seed was as fast
        ((0.1, 0.2, 0.3), "front"),
    ],
)
def test_seconds_are_told_apart_by_the_ranges_of_the_seeds(seconds, bad):
    results = [result("good"), result("bad", seconds)]
    found = of([row("good"), row("bad")], results, better=[("good", "bad")])
    assert states(found, "train_seconds")["bad"] == bad


def test_one_seed_tells_no_seconds():
    results = [result("good", (1.0,)), result("bad", (9.0,))]
    found = of([row("good"), row("bad")], results)
    assert set(states(found, "train_seconds").values()) == {"cannot tell"}
    assert found[0].entries[0].low is None


def test_seconds_of_a_shared_machine_are_left_out():
    results = [result("good"), result("bad", shared=True)]
    assert [each.cost for each in of([row("good"), row("bad")], results)] == ["flops", "memory"]


def test_latency_is_widened_by_the_noise_floor():
    def near(median):
        return Statistic(median=median, q1=0.99 * median, q3=1.01 * median, n=6)

    rows = [row("good", latency=near(1.0)), row("bad", latency=near(1.1))]
    better = [("good", "bad")]
    for noise, state in ((1.0, "dominated"), (1.5, "cannot tell"), (1 / 1.5, "cannot tell")):
        found = of(rows, better=better, cost=SimpleNamespace(noise={"latency_p50": noise}))
        assert states(found, "latency")["bad"] == state


def test_every_state_agrees_with_its_definition():
    """Against a plain loop over all pairs, for random orders."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        names = list("abcdef")
        cost = {name: int(rng.integers(1, 4)) for name in names}
        rank = {name: int(rng.integers(0, 4)) for name in names}
        better = [(a, b) for a in names for b in names if rank[a] < rank[b] and rng.random() < 0.7]
        found = states(of([row(name, cost[name]) for name in names], better=better), "flops")
        for b in names:
            beaten = any((a, b) in better and cost[a] <= cost[b] for a in names)
            holds = all(a == b or (b, a) in better or cost[b] < cost[a] for a in names)
            assert found[b] == ("dominated" if beaten else "front" if holds else "cannot tell")


@pytest.fixture(scope="module")
def report():
    """A real comparison, with the fronts of its values."""
    made = ComparisonReport.from_dict(json.loads(RECORD.read_text()))
    made.rows[0].name = "<b>lrcn"
    names = [each.name for each in made.rows]
    made.methods["front"] = METHODS["front"]
    kinds = dict(zip(names, ("front", "front", "cannot tell", "dominated"), strict=True))
    made.fronts = [
        Front(
            cost=cost, title=cost, unit="",
            entries=[
                FrontEntry(name=each.name, cost=value, low=0.9 * value, high=1.1 * value,
                           state=kinds[each.name])
                for value, each in zip((5.0, 4.0, 3.0, 2.0), made.rows, strict=True)
            ],
        )
        for cost in ("train_seconds", "memory")
    ]  # fmt: skip
    return made


def test_reports_of_before_have_no_fronts():
    old = ComparisonReport.from_dict(json.loads(RECORD.read_text()))
    assert old.fronts == [] and table.front_grid(old)[1] == []
    assert flat.flat_rows(old)[0]["front_flops"] is None


def test_tables_mark_each_architecture(report):
    titles, cells = table.front_grid(report)
    assert titles == ["architecture", "training s", "memory GiB"]
    assert [row[1] for row in cells] == ["5 ★", "4 ★", "3 ?", "2 ×"]
    assert "2 ×" in table.markdown(report)
    frame = flat.flat_rows(report)
    assert [each["front_memory"] for each in frame] == [
        "front",
        "front",
        "cannot tell",
        "dominated",
    ]
    assert frame[0]["train_seconds"] == 5.0 and frame[0]["front_latency"] is None
    assert list(frame[0])[-1] == "problem"


def test_the_page_has_a_figure_and_a_table(report):
    text = page.render(report, Diagnostics(curves={}, confusions={}, disagreements=[]))
    section = text.partition('<section id="fronts"')[2].partition("</section>")[0]
    assert "<svg" in section and "seconds of training (logarithmic)" in section
    assert (
        "var(--muted)" in section
        and "#0" not in section.partition("<svg")[2].partition("</svg>")[0]
    )
    assert "<td>2 ×</td>" in section
    assert "<b>lrcn" not in section and "&lt;b&gt;lrcn" in section
    assert "dominated: " in section  # the figure's description

"""The judge: answers that others have published, laws, and simulations of what it promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from zoo.comparison.estimates import MeanSquares, mean_accuracy
from zoo.comparison.pairs import holm
from zoo.comparison.ranking import pareto, ranks, seed_noise
from zoo.comparison.significance import difference, differences, mcnemar


def test_mean_squares_are_those_of_shrout_and_fleiss():
    # Psychological Bulletin 86 (1979), 420-428, tables 2 and 3: six targets, four judges.
    targets = np.array(
        [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    )
    squares = MeanSquares.of(targets.T.astype(float))
    assert squares.examples == pytest.approx(11.24, abs=0.005)
    assert squares.seeds == pytest.approx(32.49, abs=0.005)
    assert squares.residual == pytest.approx(1.02, abs=0.005)


def _answers(only_first: int, only_second: int, both: int, neither: int):
    first = [1] * only_first + [0] * only_second + [1] * both + [0] * neither
    second = [0] * only_first + [1] * only_second + [1] * both + [0] * neither
    return np.array(first), np.array(second)


@pytest.mark.parametrize(
    ("only_first", "only_second", "p"),
    [
        # Approval of the prime minister (Agresti 1990), as R's exact2x2 documents it.
        (150, 86, 3.716e-05),
        # By hand: 2 (1 + 12) / 2^12, and a tie.
        (11, 1, 26 / 4096),
        (7, 7, 1.0),
    ],
)
def test_mcnemar_gives_the_published_p_values(only_first, only_second, p):
    assert mcnemar(*_answers(only_first, only_second, 794, 570)) == pytest.approx(p, rel=1e-3)


def test_mcnemar_of_models_that_always_agree_tells_nothing():
    assert mcnemar(*_answers(0, 0, 90, 10)) == 1.0


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        ([0.01, 0.02, 0.03, 0.04, 0.05], [0.05, 0.08, 0.09, 0.09, 0.09]),  # R's p.adjust
        ([0.04, 0.001, 0.02], [0.04, 0.003, 0.04]),
        ([0.9, 0.8], [1.0, 1.0]),
        ([], []),
    ],
)
def test_holm_gives_what_r_gives(p_values, adjusted):
    assert holm(p_values) == pytest.approx(adjusted)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_only_raises_keeps_the_order_and_stays_within_bonferroni(p_values):
    adjusted = holm(p_values)
    order = sorted(range(len(p_values)), key=lambda each: p_values[each])
    assert [adjusted[each] for each in order] == sorted(adjusted)
    for before, after in zip(p_values, adjusted, strict=True):
        assert before <= after <= min(1, before * len(p_values)) + 1e-12


@st.composite
def two_architectures(draw):
    examples = draw(st.integers(2, 40))
    shapes = [(draw(st.integers(1, 4)), examples) for _ in range(2)]
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    return [random.random(shape) < draw(st.floats(0, 1)) for shape in shapes]


@settings(max_examples=150)
@given(two_architectures())
def test_a_difference_turned_round_is_the_same_difference(pair):
    first, second = (each.astype(float) for each in pair)
    there, p, test = difference(first, second)
    back, p_back, test_back = difference(second, first)
    assert there.value == pytest.approx(-back.value)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert (p, test) == (pytest.approx(p_back), test_back)
    assert 0 <= p <= 1
    assert there.low <= there.value <= there.high


@settings(max_examples=150)
@given(two_architectures())
def test_an_accuracy_lies_in_its_interval_and_that_between_0_and_1(pair):
    estimate = mean_accuracy(pair[0].astype(float))
    assert 0 <= estimate.low <= estimate.value + 1e-12
    assert estimate.value - 1e-12 <= estimate.high <= 1


def test_one_seed_never_ranks_an_architecture():
    right, wrong = np.ones((1, 1000)), np.zeros((1, 1000))
    (pair,) = differences({"right": right, "wrong": wrong})
    assert pair.p < 1e-100  # these two models differ
    assert not pair.different  # their architectures may not
    assert ranks(["right", "wrong"], [pair]) == {"right": (1, 2), "wrong": (1, 2)}


def test_ranks_say_what_the_tests_leave_open():
    random = np.random.default_rng(1)
    correct = {
        name: (random.random((5, 4000)) < share).astype(float)
        for name, share in (("low", 0.5), ("high", 0.9), ("high_too", 0.9))
    }
    found = ranks(list(correct), differences(correct))
    assert found == {"high": (1, 2), "high_too": (1, 2), "low": (3, 3)}


def test_the_noise_of_seeds_is_that_of_their_accuracies():
    correct = np.zeros((3, 100))
    correct[0, :90] = correct[1, :91] = correct[2, :93] = 1
    # Differences of 1, 3 and 2 points.
    assert seed_noise({"cnn": correct}) == pytest.approx(np.sqrt((1 + 9 + 4) / 3) / 100)
    assert seed_noise({"cnn": correct[:1]}) is None


points = st.dictionaries(
    st.text(min_size=1, max_size=3), st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1
)


@given(points)
def test_nothing_beats_the_pareto_front_and_it_beats_the_rest(named):
    front = pareto(named)
    assert front

    def beats(one, other):
        return all(a >= b for a, b in zip(one, other, strict=True)) and one != other

    for name, point in named.items():
        assert (name in front) == (not any(beats(named[each], point) for each in front))


# Simulations. An image has a difficulty, a seed a skill, and each answer a chance of its own.


def simulated(random, difficulty, seeds, skill=0.15, chance=0.5):
    """Right answers `(seeds, examples)` of one architecture."""
    shape = (seeds, len(difficulty))
    logits = difficulty + random.normal(0, skill, (seeds, 1)) + random.normal(0, chance, shape)
    return (random.random(shape) < expit(logits)).astype(float)


def difficulties(random, examples):
    return random.normal(9, 3.5, examples)  # accuracy 98.8 %


@pytest.fixture(scope="module")
def true_accuracy():
    return simulated(
        np.random.default_rng(0), difficulties(np.random.default_rng(9), 10**6), 1
    ).mean()


@pytest.mark.parametrize("seeds", [1, 2, 3, 5])
def test_intervals_cover_a_new_seed_on_new_images_at_their_rate(seeds, true_accuracy):
    random = np.random.default_rng(seeds)
    times = 400
    covered = 0
    for _ in range(times):
        # One seed's interval holds the images only: it promises nothing about other seeds.
        skill = 0.15 if seeds > 1 else 0.0
        estimate = mean_accuracy(simulated(random, difficulties(random, 1500), seeds, skill))
        covered += estimate.low <= true_accuracy <= estimate.high
    # Three standard errors of a share of 95 % below; above, they may be too careful, not useless.
    assert 0.917 <= covered / times <= 0.999


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_copies_of_one_architecture_are_seldom_told_apart(seeds):
    random = np.random.default_rng(seeds)
    times, wrong = 300, 0
    for _ in range(times):
        images = difficulties(random, 1500)
        copies = {f"copy {i}": simulated(random, images, seeds, skill=0.4) for i in range(4)}
        wrong += any(pair.different for pair in differences(copies))
    assert wrong / times <= 0.05


def test_a_real_difference_is_found():
    random = np.random.default_rng(3)
    times, found = 40, 0
    for _ in range(times):
        images = difficulties(random, 10_000)
        correct = {
            "better": simulated(random, images + 1, 5),
            "worse": simulated(random, images, 5),
        }
        (pair,) = differences(correct)
        found += pair.different and pair.first == "better"
    assert found / times > 0.9

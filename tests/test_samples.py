"""Samples that are made when asked for: as good as an array wherever an array is taken."""

import json

import numpy as np
import pytest

from zoo import Arrays, Dataset, Samples
from zoo.datasets.samples import blocks, subset
from zoo.errors import DataError
from zoo.testing import DATASET_CHECKS, check_dataset
from zoo.training.pipeline import scaling

BY_NAME = {check.name: check for check in DATASET_CHECKS}


class Made(Samples):
    """Sample i is made of i alone; it counts how many are held at once."""

    def __init__(self, count, dtype="uint8", sides=(4, 6)):
        self.shape, self.dtype = (count, *sides, 1), np.dtype(dtype)
        self.most = 0

    def take(self, indices):
        self.most = max(self.most, len(indices))
        numbers = np.asarray(indices)[:, None] * 7 + np.arange(np.prod(self.shape[1:]))
        return (numbers % 251).reshape(-1, *self.shape[1:]).astype(self.dtype)

    @property
    def checksum(self):
        return f"made of {self.shape}"


def test_it_is_asked_like_an_array():
    made = Made(300)
    whole = np.asarray(made)
    assert (whole.shape, whole.dtype, len(made)) == ((300, 4, 6, 1), np.uint8, 300)
    chosen = np.array([299, 0, 5, 5, -1])
    assert np.array_equal(made[chosen], whole[chosen])
    assert np.array_equal(made[290:400], whole[290:])
    assert np.array_equal(made[::-7], whole[::-7])
    assert np.array_equal(made[7], whole[7])
    assert made[np.array([], int)].shape == (0, 4, 6, 1)
    assert np.asarray(made, "float32").dtype == np.float32
    for wrong in (300, np.array([0, -301]), np.array([0.5]), np.array([[0]])):
        with pytest.raises(IndexError):
            made[wrong]


def test_a_subset_is_lazy_and_knows_what_it_is():
    made = Made(5000)
    part = subset(made, np.arange(4999, 0, -2))
    assert made.most == 0
    assert np.array_equal(part[:3], made[np.array([4999, 4997, 4995])])
    assert made.most == 3
    assert np.array_equal(subset(part, np.array([1, 0]))[0], made[4997])
    sums = {made.checksum, part.checksum, subset(made, np.arange(2500)).checksum}
    assert len(sums) == 3
    assert part.checksum == subset(Made(5000), np.arange(4999, 0, -2)).checksum
    assert isinstance(subset(np.arange(9), np.array([1])), np.ndarray)


def test_going_through_all_holds_few():
    made = Made(3000, sides=(64, 64))
    assert np.array_equal(np.concatenate(list(blocks(made))), np.asarray(made))
    assert made.most * 64 * 64 <= 2**22


@pytest.mark.parametrize("normalization", ["unit", "standard"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_scaling_is_that_of_the_array(normalization, dtype):
    made = Made(700, dtype, sides=(100, 100))
    assert scaling(made, normalization) == pytest.approx(
        scaling(np.asarray(made), normalization), rel=1e-9
    )


@pytest.mark.parametrize(("normalization", "dtype"), [("standard", "uint8"), ("unit", "float32")])
def test_scaling_makes_some_samples_however_many_there_are(normalization, dtype):
    class Counted(Made):
        count = 0

        def take(self, indices):
            self.count += len(indices)
            return super().take(indices)

    many = Counted(10**6, dtype)
    found = scaling(many, normalization)
    assert 0 < many.count < 10_000
    assert found == scaling(Made(10**6, dtype), normalization)
    assert found == pytest.approx(scaling(np.asarray(Made(50_200, dtype)), normalization), rel=0.05)


def test_a_file_that_cannot_be_read_is_named():
    class Files(Made):
        def take(self, indices):
            raise FileNotFoundError(2, "No such file or directory", "clips/7.raw")

    for key in (0, slice(2), np.array([1])):
        with pytest.raises(DataError, match=r"clips/7\.raw: cannot be read \(No such file"):
            Files(9)[key]


class RunsOn(Made):
    def take(self, indices):
        return super().take(indices) + np.arange(len(indices), dtype="uint8")[:, None, None, None]


class Otherwise(Made):
    def take(self, indices):
        return super().take(indices).astype("float32")


class ByLoad(Made):
    loads = 0

    def __init__(self, count):
        super().__init__(count)
        type(self).loads += 1
        self.load = self.loads

    def take(self, indices):
        return super().take(indices) + np.uint8(self.load)


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        (RunsOn, "depend on which others are requested"),
        (Otherwise, "declares uint8 (4, 6, 1) and returns float32"),
        (ByLoad, "a second load gives other bytes"),
        (Made, ""),
    ],
)
def test_a_check_catches_samples_that_are_no_function_of_their_index(kind, part):
    def load(_):
        test = np.asarray(Made(20))[::-1] + np.uint8(1)
        labels = np.arange(200, dtype="int32") % 2
        return Arrays(kind(200), labels, np.ascontiguousarray(test), labels[:20], "made")

    dataset = Dataset("made", ("a", "b"), "image", (4, 6, 1), load)
    (verdict,) = check_dataset(dataset, [BY_NAME["reproducible_load"]])
    assert verdict.state == ("failed" if part else "passed")
    assert part in verdict.seen


PLUGIN = """
import numpy as np
import zoo


class Specks(zoo.Samples):
    def __init__(self, count, seed):
        self.shape, self.dtype, self.seed = (count, 5, 8, 8, 1), np.dtype("uint8"), seed

    def take(self, indices):
        made = np.empty((len(indices), *self.shape[1:]), "uint8")
        for clip, index in zip(made, indices):
            clip[:] = np.random.default_rng([self.seed, index]).integers(0, 256, clip.shape)
            clip[2:, index % 3] = 255
        return made

    @property
    def checksum(self):
        return f"specks {self.shape} {self.seed}"


def load(locations):
    y = np.arange(240, dtype="int32") % 3
    return zoo.Arrays(Specks(240, 0), y, Specks(60, 1), y[:60], "made")


@zoo.hookimpl
def zoo_datasets():
    return [zoo.Dataset("specks", ("a", "b", "c"), "frames", (5, 8, 8, 1), load)]
"""


def test_a_lazy_dataset_is_trained_compared_shown_and_checked(distribution, zoo, tiny_py):
    distribution("zoo-specks", PLUGIN)
    compared = zoo(
        *("compare", tiny_py, "--dataset", "specks", "--recipe", "quick", "--seeds", "2"),
        *("--costs", "quick", "--html", "page.html", "--json"),
    )
    assert compared.returncode == 0, compared.stderr
    document = json.loads(compared.stdout)
    assert document["dataset"]["checksums"]["x_test"] == "specks (60, 5, 8, 8, 1) 1"
    assert document["rows"][0]["inference_images_per_second"]["median"] > 0
    assert "the page shows no images" not in compared.stderr
    measured = zoo("evaluate", "last", "--json")
    assert json.loads(measured.stdout)["test_accuracy"] == document["rows"][0]["accuracies"][-1]
    checked = zoo("check", "specks", "--json")
    (row,) = json.loads(checked.stdout)
    assert (row["passed"], row["failed"]) == (len(DATASET_CHECKS), 0), checked.stdout

"""Making clips of `moving_digits` and `motion`, against drawing their noise alone."""

import os

import numpy as np
import pytest
from sizes import size

from zoo.datasets.catalog import BUILT_IN
from zoo.datasets.location import Locations

CLIPS = size(640, 64)

pytestmark = pytest.mark.skipif("ZOO_DATA_DIR" not in os.environ, reason="needs MNIST's files")


@pytest.mark.parametrize("name", ["moving_digits", "motion"])
def test_making_clips_against_drawing_normal_noise(name, against, benchmark):
    clips = BUILT_IN[name].load(Locations.of_user()).x_train
    chosen = np.random.default_rng(0).permutation(len(clips))[:CLIPS]
    random = np.random.default_rng(0)

    def draw():
        for _ in range(CLIPS // 64):
            random.standard_normal((64, *clips.shape[1:]), "float32")

    against(
        lambda: clips[chosen],
        draw,
        rounds=15,
        baseline="numpy's normal noise for as many pixels",
    )
    benchmark.extra_info["clips_per_second"] = round(CLIPS / benchmark.stats.stats.median)

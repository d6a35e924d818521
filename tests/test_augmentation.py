"""The order of examples, and how images are moved: by numbers that come from elsewhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from zoo.recipe import Recipe
from zoo.training import augmentation, order

EVERYTHING = Recipe(
    shift=2, rotation=15.0, zoom=0.1, shear=0.2, elastic=1.5, epochs=3, clean_epochs=1
)


def moved(x, maps, layout="image"):
    from keras import ops

    return ops.convert_to_numpy(augmentation.move(x, maps, layout))


def test_order_and_maps_are_a_function_of_seed_and_epoch():
    batches = order.batches(3, 2, 1000, 64)
    assert batches.shape == (15, 64)
    assert len(np.unique(batches)) == 960
    assert not np.array_equal(batches, order.batches(3, 1, 1000, 64))
    maps = augmentation.transforms(EVERYTHING, 3, 2, 500, 28, 28)
    assert np.array_equal(maps, augmentation.transforms(EVERYTHING, 3, 2, 500, 28, 28))
    assert not np.array_equal(maps, augmentation.transforms(EVERYTHING, 4, 2, 500, 28, 28))
    assert not np.array_equal(maps, augmentation.transforms(EVERYTHING, 3, 1, 500, 28, 28))


def test_each_number_stays_within_the_recipe_and_uses_all_of_it():
    maps = augmentation.transforms(EVERYTHING, 0, 1, 20_000, 28, 28)
    centre = np.array([13.5, 13.5, 1])
    shift = np.stack([maps[:, :3] @ centre, maps[:, 3:6] @ centre], axis=1) - 13.5
    assert np.abs(shift).max() < 2.001  # the centre is only shifted
    assert np.abs(shift - np.rint(shift)).max() < 1e-3
    assert set(np.rint(shift).ravel()) == {-2, -1, 0, 1, 2}
    knots = maps[:, 6:]
    assert knots.shape == (20_000, 32)
    assert 1.49 < knots.max() <= 1.5
    assert -1.5 <= knots.min() < -1.49
    assert abs(knots.mean()) < 0.01
    assert knots.std() == pytest.approx(1.5 / np.sqrt(3), rel=0.01)  # uniform


def test_elastic_alone_moves_no_image_as_a_whole():
    maps = augmentation.transforms(Recipe(elastic=1.0), 0, 1, 5, 28, 28)
    assert np.array_equal(maps[:, :6], np.tile(augmentation.IDENTITY, (5, 1)))
    assert Recipe(elastic=1.0).augments


@pytest.mark.parametrize("recipe", [EVERYTHING, Recipe(shift=2, epochs=3, clean_epochs=1)])
def test_clean_epochs_leave_images_exactly_as_they_are(recipe):
    images = np.random.default_rng(0).integers(0, 256, (4, 28, 20, 3)).astype("float32")
    maps = augmentation.transforms(recipe, 0, 3, 4, 28, 20)
    assert np.array_equal(moved(images, maps), images)
    maps = augmentation.transforms(recipe, 0, 2, 4, 28, 20)
    assert not np.array_equal(moved(images, maps), images)


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(1, 30),
    width=st.integers(1, 30),
    channels=st.integers(1, 3),
    elastic=st.sampled_from([0.0, 0.7, 6.0]),
    shift=st.integers(0, 40),
    rotation=st.floats(0, 180),
    seed=st.integers(0, 1000),
)
def test_resampling_gives_the_numbers_of_scipy(
    height, width, channels, elastic, shift, rotation, seed
):
    recipe = Recipe(shift=shift, rotation=rotation, zoom=0.3, shear=0.5, elastic=elastic)
    maps = augmentation.transforms(recipe, seed, 1, 3, height, width)
    images = np.random.default_rng(seed).random((3, height, width, channels), "float32")
    got = moved(images, maps)
    y, x = np.indices((height, width)).astype("float64")
    for image, numbers, result in zip(images, maps.astype("float64"), got, strict=True):
        a, b, c, d, e, f = numbers[:6]
        source = np.stack([d * x + e * y + f, a * x + b * y + c])
        if elastic:
            knots = numbers[6:].reshape(2, 4, 4)
            at = np.stack([y * 3 / max(1, height - 1), x * 3 / max(1, width - 1)])
            displaced = [ndimage.map_coordinates(each, at, order=1) for each in knots]
            source += np.stack(displaced[::-1])
        for channel in range(channels):
            wanted = ndimage.map_coordinates(
                image[..., channel], source, order=1, mode="grid-constant"
            )
            np.testing.assert_allclose(result[..., channel], wanted, atol=2e-4)


def test_frames_of_a_clip_move_alike():
    image = np.random.default_rng(0).random((3, 12, 10, 1), "float32")
    clips = np.repeat(image[:, None], 4, axis=1)
    maps = augmentation.transforms(EVERYTHING, 0, 1, 3, 12, 10)
    one = moved(image, maps)
    for t in range(4):
        np.testing.assert_allclose(moved(clips, maps, "frames")[:, t], one, atol=1e-6)

"""Layouts: every conversion keeps every pixel and says its shape beforehand."""

import re

import numpy as np
import pytest
from conftest import PROJECT
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from zoo import layouts
from zoo.architecture import FROM_IMAGE, LAYOUTS


@st.composite
def batches(draw):
    layout = draw(st.sampled_from(LAYOUTS))
    rank = {"image": 3, "sequence": 2, "frames": 4}[layout]
    shape = draw(st.lists(st.integers(1, 12), min_size=rank, max_size=rank))
    count = draw(st.integers(1, 3))
    return layout, np.arange(count * int(np.prod(shape)), dtype="float32").reshape(count, *shape)


@settings(deadline=None, max_examples=150)
@given(batches(), st.sampled_from(LAYOUTS), st.sampled_from(FROM_IMAGE))
def test_every_conversion_keeps_every_pixel(batch, target, how):
    source, x = batch
    shape = layouts.shape(source, x.shape[1:], target, how)
    y = np.asarray(layouts.convert(x, source, target, how))
    assert y.shape == (len(x), *shape)
    for before, after in zip(x, y, strict=True):
        assert set(after.flat) == set(before.flat)
    if y.size == x.size:
        assert np.array_equal(np.sort(y.reshape(len(x), -1)), np.sort(x.reshape(len(x), -1)))


@settings(deadline=None, max_examples=100)
@given(batches(), st.sampled_from(LAYOUTS), st.sampled_from(FROM_IMAGE), st.integers(0, 99))
def test_every_conversion_can_be_undone(batch, target, how, seed):
    """It moves values to places that do not depend on them, each to one of its own."""
    source, x = batch
    moved = np.asarray(layouts.convert(x, source, target, how))
    places = moved[0].reshape(-1).astype(int)  # the first sample's values are its pixels' numbers
    values = np.random.default_rng(seed).random(x.shape, "float32")
    converted = np.asarray(layouts.convert(values, source, target, how)).reshape(len(x), -1)
    back = np.empty((len(x), x[0].size), "float32")
    back[:, places] = converted
    assert np.array_equal(back.reshape(x.shape), values)


def test_every_conversion_has_a_name_of_its_own():
    all_of_them = list(layouts.conversions())
    assert {(source, target) for source, target, _ in all_of_them} == {
        (source, target) for source in LAYOUTS for target in LAYOUTS
    }
    names = [layouts.name(*each) for each in all_of_them]
    assert len(set(names)) == len(names) == 13
    assert "sequence to frames: strips" in names
    # How an image would be cut says nothing where none is.
    for how in FROM_IMAGE:
        assert layouts.name("frames", "image", how) == "frames to image: time as channels"


def test_space_to_depth_gives_the_even_and_odd_rows_and_columns():
    image = np.arange(36, dtype="float32").reshape(1, 6, 6, 1)
    frames = np.asarray(layouts.convert(image, "image", "frames", "space_to_depth"))
    for index, (row, column) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        assert np.array_equal(frames[0, index], image[0, row::2, column::2])


def test_the_last_row_and_column_are_repeated_where_a_size_is_odd():
    image = np.arange(15, dtype="float32").reshape(1, 3, 5, 1)
    frames = np.asarray(layouts.convert(image, "image", "frames", "space_to_depth"))
    assert frames.shape == (1, 4, 2, 3, 1)
    assert np.array_equal(frames[0, 0], image[0, 0::2, 0::2])
    assert np.array_equal(frames[0, 3, :, :, 0], [[6, 8, 9], [11, 13, 14]])
    strips = np.asarray(layouts.convert(image, "image", "frames", "strips"))
    assert np.array_equal(strips[0, :, 0], image[0, [0, 1, 2, 2]])


def test_strips_are_read_from_top_to_bottom():
    image = np.arange(8 * 3, dtype="float32").reshape(1, 8, 3, 1)
    frames = np.asarray(layouts.convert(image, "image", "frames", "strips"))
    assert frames.shape == (1, 4, 2, 3, 1)
    assert np.array_equal(frames[0, 3], image[0, 6:8])


def test_frames_become_an_image_with_time_as_channels():
    frames = np.random.default_rng(0).random((2, 5, 4, 3, 2), "float32")
    image = np.asarray(layouts.convert(frames, "frames", "image"))
    for t in range(5):
        assert np.array_equal(image[..., 2 * t : 2 * t + 2], frames[:, t])


@pytest.mark.parametrize(
    ("source", "shape", "target", "how", "message"),
    [
        ("image", (28, 28), "sequence", "whole", "image samples have 3 axes"),
    ],
)
def test_what_cannot_be_converted_is_refused(source, shape, target, how, message):
    with pytest.raises(ValueError, match=message):
        layouts.shape(source, shape, target, how)


def test_every_conversion_has_a_line_and_a_picture_in_the_documentation():
    docs = PROJECT / "docs"
    lines = [line for line in (docs / "layouts.md").read_text().splitlines() if "![" in line]
    wanted = [layouts.name(*each) for each in layouts.conversions() if each[0] != each[1]]
    assert [line.split("`")[1] for line in lines] == wanted
    for line in lines:
        (picture,) = re.findall(r"\]\((layouts/.+?\.png)\)", line)
        with Image.open(docs / picture) as image:
            assert image.width > 100

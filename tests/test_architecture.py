"""Architectures and their hyperparameters, read from the signature of `build`."""

from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo import Architecture
from zoo.errors import UsageError


def build(
    input_shape,
    num_classes,
    *,
    width: Annotated[int, "of the layer"] = 3,
    rate: float = 0.5,
    deep: bool = False,
    kind: Literal["lstm", "gru"] = "lstm",
    sizes: tuple[int, ...] = (1, 2),
    pair: tuple[int, float] = (1, 0.5),
    limit: int | None = None,
    title: str = "x",
):
    raise AssertionError("not called")


NET = Architecture(name="net", build=build, layout="image", summary="s")


def test_hyperparameters_come_from_the_signature():
    width = NET.hyperparameters["width"]
    assert (width.type_name, width.default, width.doc) == ("int", 3, "of the layer")
    assert list(NET.hyperparameters)[-1] == "title"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("width=7", 7),
        ("rate=1e-3", 1e-3),
        ("rate=2", 2.0),
        ("deep=yes", True),
        ("deep=0", False),
        ("kind=gru", "gru"),
        ("sizes=4,5,6", (4, 5, 6)),
        ("sizes=(4,)", (4,)),
        ("pair=2,3", (2, 3.0)),
        ("limit=none", None),
        ("limit=9", 9),
        ("title=a b", "a b"),
    ],
)
def test_settings_are_parsed_by_type(text, expected):
    key, _, value = text.partition("=")
    parsed = NET.parse_settings({key: value})[key]
    assert parsed == expected
    assert type(parsed) is type(expected)


@pytest.mark.parametrize(
    "text",
    [
        "width=3.5",
        "width=three",
        "rate=fast",
        "deep=maybe",
        "kind=rnn",
        "sizes=1,x",
        "pair=1",
        "limit=some",
        "width=",
        f"width={10**30}",
        "rate=nan",
        "rate=1e999",
    ],
)
def test_a_value_of_a_wrong_type_names_key_type_and_default(text):
    key, _, value = text.partition("=")
    with pytest.raises(UsageError) as caught:
        NET.parse_settings({key: value})
    assert key in str(caught.value)
    assert repr(NET.hyperparameters[key].default) in str(caught.value)


def test_an_unknown_key_shows_the_close_one():
    with pytest.raises(UsageError, match="Did you mean width"):
        NET.parse_settings({"widht": "3"})


WHOLE = st.integers(-(2**63) + 1, 2**63 - 1)


@given(WHOLE, st.floats(-1e299, 1e299), st.lists(WHOLE, max_size=5))
def test_what_is_printed_can_be_parsed(width, rate, sizes):
    parsed = NET.parse_settings(
        {"width": str(width), "rate": repr(rate), "sizes": str(tuple(sizes))}
    )
    assert (parsed["width"], parsed["rate"], parsed["sizes"]) == (width, rate, tuple(sizes))


def no_default(input_shape, num_classes, *, width: int): ...
def open_ended(input_shape, num_classes, **kwargs): ...
def wrong_names(shape, classes): ...
def positional(input_shape, num_classes, width=3): ...


def unknown_type(input_shape, num_classes, *, width: "Width" = 3): ...  # noqa: F821


def for_type_checkers(
    input_shape: "np.ndarray",  # noqa: F821
    num_classes,
    *,
    width: "int" = 3,
) -> "keras.Model": ...  # noqa: F821


def test_annotations_that_only_type_checkers_know_are_let_be():
    net = Architecture(name="net", build=for_type_checkers, layout="image", summary="s")
    assert net.parse_settings({"width": "5"}) == {"width": 5}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "My-Net"}, "lower-case"),
        ({"layout": "picture"}, "layout 'picture': use one of image, sequence, frames"),
        ({"frames_from_image": "tiles"}, "use one of whole, strips, space_to_depth"),
        ({"build": 3}, "build is int, not a function"),
        ({"build": no_default}, "width of build needs a default"),
        ({"build": open_ended}, r"\*\*kwargs"),
        ({"build": unknown_type}, "width of build cannot be read .*'Width' is not defined"),
        (
            {"build": wrong_names},
            r"build\(shape, classes\) must be build\(input_shape, num_classes",
        ),
        ({"build": positional}, "must be build"),
    ],
)
def test_a_wrong_architecture_is_refused_when_it_is_made(changes, message):
    fields = {"name": "net", "build": build, "layout": "image", "summary": "s"}
    with pytest.raises(ValueError, match=message):
        Architecture(**{**fields, **changes})

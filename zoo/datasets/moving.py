"""`moving_digits` and `motion`: clips generated from MNIST's digits, of adjustable difficulty."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

from zoo.datasets.clip_settings import DIRECTIONS, SIZE, ClipSettings, OrderOfFrames
from zoo.datasets.dataset import Arrays, Dataset
from zoo.datasets.location import Locations
from zoo.datasets.mnist import MNIST

if TYPE_CHECKING:
    from zoo.datasets.clips import Clips

Frames = Annotated[int, "frames in a clip"]
Training = Annotated[int, "clips for training and validation"]
Testing = Annotated[int, "clips for testing"]
Speed = Annotated[float, "pixels a frame"]
Noise = Annotated[float, "standard deviation in grey levels of 255; ink is 128 above the ground"]
Visible = Annotated[float, "share of a frame that is not occluded, in 36ths; others in each frame"]
Seed = Annotated[int, "of paths, occlusion, noise, the choice of digits, and shuffled orders"]
Order = Annotated[
    OrderOfFrames,
    "of the frames; shuffled: each clip's in a random order of its own, as a control",
]


@dataclass(frozen=True)
class _Source:
    """Makes the clips of a setting of MNIST's digits, wherever those are."""

    clips: str
    setting: ClipSettings

    def load(self, locations: Locations) -> Arrays:
        from zoo.datasets import clips

        make: type[Clips] = getattr(clips, self.clips)
        digits = MNIST.load(locations)
        train = make(self.setting, 0, digits.x_train, digits.y_train)
        test = make(self.setting, 1, digits.x_test, digits.y_test)
        source = f"made of mnist in {digits.source}"
        return Arrays(train, train.labels, test, test.labels, source)


def _dataset(
    name: str,
    make: Callable[..., Dataset],
    clips: str,
    setting: ClipSettings,
    classes: tuple[str, ...],
    summary: str,
) -> Dataset:
    return Dataset(
        name=name,
        classes=classes,
        layout="frames",
        shape=(setting.frames, SIZE, SIZE, 1),
        load=_Source(clips, setting).load,
        summary=summary,
        origin=MNIST.origin,
        licence=MNIST.licence,
        find=MNIST.find,
        fetch=MNIST.fetch,
        make=make,
        parameters=asdict(setting),
        recipe="clips",
    )


def make_moving_digits(
    *,
    frames: Frames = 10,
    clips: Training = 20_000,
    test_clips: Testing = 4_000,
    speed: Speed = 2.0,
    noise: Noise = 32.0,
    visible: Visible = 0.25,
    seed: Seed = 0,
    order: Order = "true",
) -> Dataset:
    """A digit drifts and bounces, mostly occluded: which digit is it?

    Each frame shows other parts of it, so more frames tell more, in whatever order they come.

    Raises:
        UsageError: a value makes no sense.
    """
    setting = ClipSettings(frames, clips, test_clips, speed, noise, visible, seed, order)
    setting.check(len(MNIST.classes), least_frames=1, still=True)
    return _dataset(
        "moving_digits",
        make_moving_digits,
        "MovingDigits",
        setting,
        MNIST.classes,
        "clips of MNIST's digits that drift, mostly occluded: which digit is it?",
    )


def make_motion(
    *,
    frames: Frames = 10,
    clips: Training = 20_000,
    test_clips: Testing = 4_000,
    speed: Speed = 2.0,
    noise: Noise = 32.0,
    visible: Visible = 0.5,
    seed: Seed = 0,
    order: Order = "true",
) -> Dataset:
    """A digit moves straight on: in which direction?

    What can be told without the order of the frames is bounded: of one frame nothing (each is as
    likely under all eight labels, 12.5 %), of all of them as a set the axis at most, and then which
    way along it is a coin's toss: 50 %. So no architecture exceeds 50 % on `order=shuffled`, but by
    the luck of the draw, and what it exceeds 50 % by on `order=true` it owes to the order.

    Raises:
        UsageError: a value makes no sense.
    """
    setting = ClipSettings(frames, clips, test_clips, speed, noise, visible, seed, order)
    setting.check(len(DIRECTIONS), least_frames=2, still=False)
    return _dataset(
        "motion",
        make_motion,
        "Motion",
        setting,
        DIRECTIONS,
        "clips of MNIST's digits that move straight on, occluded: in which direction?",
    )


MOVING_DIGITS, MOTION = make_moving_digits(), make_motion()

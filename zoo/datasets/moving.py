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
    """Generates clips from MNIST's digits."""

    clips: str
    setting: ClipSettings

    def load(self, locations: Locations) -> Arrays:
        import numpy as np

        from zoo.datasets import clips

        make: type[Clips] = getattr(clips, self.clips)
        digits = MNIST.load(locations)
        train = make(self.setting, 0, np.asarray(digits.x_train), digits.y_train)
        test = make(self.setting, 1, np.asarray(digits.x_test), digits.y_test)
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
    """`moving_digits`: a digit moves and bounces, mostly occluded; classify the digit.

    Each frame shows other parts of it, so that more frames help, in any order.

    Raises:
        UsageError: a value is out of range.
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
    """`motion`: a digit moves straight on; classify its direction.

    The best accuracy without the order of frames is known: 12.5 % from one frame (it is equally likely
    under all eight labels), and 50 % from all frames as a set (they show at most the axis of the
    motion). On `order=shuffled` no architecture exceeds 50 %, except by chance; accuracy above 50 % on
    `order=true` comes from the order.

    Raises:
        UsageError: a value is out of range.
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

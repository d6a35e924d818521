"""scikit-learn's digits: 1,797 real handwritten digits, included in the library."""

from zoo.datasets.dataset import Arrays, Dataset
from zoo.datasets.location import Locations

SIZE = 28
TEST_SHARE = 0.2


def _load(_: Locations) -> Arrays:
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    from zoo.datasets.split import stratified

    images, labels = load_digits(return_X_y=True)
    small = (images.reshape(-1, 8, 8) * (255 / 16)).round().astype("uint8")
    big = [Image.fromarray(each).resize((SIZE, SIZE), Image.Resampling.BILINEAR) for each in small]
    x, y = np.stack([np.asarray(each) for each in big])[..., None], labels.astype("int32")
    train, test = stratified(y, round(TEST_SHARE * len(y)), seed=0)
    return Arrays(x[train], y[train], x[test], y[test], "scikit-learn")


DIGITS = Dataset(
    name="digits",
    classes=tuple("0123456789"),
    layout="image",
    shape=(SIZE, SIZE, 1),
    load=_load,
    summary="1,797 handwritten digits, 8×8 upsampled to 28×28, grey; needs no download",
    origin="https://archive.ics.uci.edu/dataset/80",
    licence="CC BY 4.0",
    recipe="small",  # `standard` has five epochs, which are 55 steps here
    polarity="light on dark",
    centred=True,
)

"""The fastest published training of a CNN to 99 % on MNIST, in plain PyTorch: our baseline.

python bench/speedrun_port.py --seed 0   prints one line of JSON

After Tuomas Oikarinen, "How to train a CNN to 99% accuracy on MNIST in less than a second on a
laptop" (https://github.com/tuomaso/train_mnist_fast, the last of its notebooks): one pass over the
60,000 training images in their order, batches of 256, Adam with betas 0.7 and 0.9 and a one-cycle
rate up to 0.01, two convolutions and two dense layers. The images wait in memory, normalised; there
is no DataLoader. `channels_last` is PyTorch's faster layout for convolutions on most processors;
`--memory-format` tries the other.
"""

import argparse
import copy
import json
import os
import time

import torch
from sizes import IMAGES
from torch import nn
from torch.nn import functional

from zoo import Locations, Registry
from zoo.datasets.catalog import find_dataset

BATCH, PEAK, BETAS = 256, 0.01, (0.7, 0.9)
MEAN, DEVIATION = 0.1307, 0.3081  # of MNIST's training pixels, from 0 to 1
FORMATS = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}


def network() -> nn.Module:
    """Logits of images `(N, 1, 28, 28)`."""
    return nn.Sequential(
        nn.Conv2d(1, 24, 5),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(24, 32, 3),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 5 * 5, 256),
        nn.ReLU(),
        nn.Linear(256, 10),
    )


def prepared(x, memory_format) -> torch.Tensor:
    images = torch.tensor(x.transpose(0, 3, 1, 2)).float().div_(255).sub_(MEAN).div_(DEVIATION)
    return images.contiguous(memory_format=memory_format)


def warm_up(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    """One step of a copy, so that what the first step sets up is not timed, as it is not for us."""
    train(copy.deepcopy(model), images[:BATCH], labels[:BATCH])


def train(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    """One pass; the last batch is smaller."""
    batches = list(zip(images.split(BATCH), labels.split(BATCH), strict=True))
    optimizer = torch.optim.Adam(model.parameters(), lr=PEAK, betas=BETAS)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, PEAK, total_steps=len(batches), cycle_momentum=False
    )
    for x, y in batches:
        optimizer.zero_grad()
        functional.nll_loss(functional.log_softmax(model(x), dim=1), y).backward()
        optimizer.step()
        schedule.step()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--memory-format", choices=FORMATS, default="channels_last")
    arguments = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(arguments.seed)
    memory_format = FORMATS[arguments.memory_format]

    started = time.perf_counter()
    mnist = find_dataset(IMAGES, Registry.discover()).load(Locations.of_user())
    images, labels = prepared(mnist.x_train, memory_format), torch.tensor(mnist.y_train).long()
    loaded = time.perf_counter()
    model = network().to(memory_format=memory_format)
    warm_up(model, images, labels)
    begun = time.perf_counter()
    train(model, images, labels)
    ended = time.perf_counter()

    model.eval()
    with torch.no_grad():
        found = model(prepared(mnist.x_test, memory_format)).argmax(1).numpy()
    record = {
        "seed": arguments.seed,
        "seconds": {"load": loaded - started, "build": begun - loaded, "train": ended - begun},
        "test_accuracy": float((found == mnist.y_test).mean()),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }
    print(json.dumps(record))


if __name__ == "__main__":
    main()

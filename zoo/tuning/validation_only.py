"""A dataset without its test set, so that no trial can read it."""

from dataclasses import replace

import numpy as np

from zoo.datasets.dataset import Arrays, Dataset
from zoo.datasets.location import Locations
from zoo.datasets.samples import subset
from zoo.training.plan import Plan


def without_test_set(arrays: Arrays) -> Arrays:
    """The arrays with a test set of no samples; the real one is neither read nor hashed."""
    none = np.arange(0)
    return replace(arrays, x_test=subset(arrays.x_train, none), y_test=arrays.y_train[:0])


def sealed(plan: Plan) -> Plan:
    """A plan that leaves the test set out: nothing that is trained by it can reach one."""
    dataset = plan.dataset

    def load(locations: Locations) -> Arrays:
        return without_test_set(dataset.load(locations))

    hidden: Dataset = replace(dataset, load=load)
    return replace(plan, dataset=hidden, tests=False)

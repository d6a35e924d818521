"""python bench/first_step.py train cnn ...: the command `zoo`, ended when its first step is done."""

import os

from zoo.__main__ import main
from zoo.progress import Lines

Lines.interval = 0  # each step is told, which waits for the device
Lines.step = lambda *_: os._exit(0)
main()

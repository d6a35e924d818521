"""The library speaks Python; the command line prints its own options and commands for it."""

import pytest

from zoo.cli.wording import in_options


@pytest.mark.parametrize(
    ("message", "printed"),
    [
        ("`seed=-1`: use 0 or more", "--seed -1: use 0 or more"),
        ("Use another `runs_dir`.", "Use another --runs-dir."),
        ("`zoo.train(resume='runs/a b')`", "zoo train --resume 'runs/a b'"),
        ("`zoo.train(..., again=True)`", "zoo train ... --again"),
        ("`zoo.compare(['cnn', 'gru'], costs='quick')`", "zoo compare cnn gru --costs quick"),
        ("`invert=False` or `together=False`", "--as-is or --one-by-one"),
        ("`hyperparameters={'filters': (8, 16)}`", "--set filters=8,16"),
        ("`data_parameters={'a': 1, 'b': 'x'}`", "--data-set a=1 --data-set b=x"),
        ("`test=False`, `units`, `zoo.tune()` and `a b`", "`test=False`, `units`, `zoo.tune()` and `a b`"),
        ("`seed=f(1)` and `seed", "`seed=f(1)` and `seed"),
    ],
)  # fmt: skip
def test_python_in_messages_is_printed_as_it_is_typed(message, printed):
    assert in_options(message) == printed

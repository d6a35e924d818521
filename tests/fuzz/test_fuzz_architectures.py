"""Files of any content in the place of an architecture are built, or refused in a line."""

import pytest
from asking import fuzz, inputs
from hypothesis import strategies as st
from mutations import SEVERAL, damaged

GOOD = b'''"""A network."""
layout = "image"


def build(input_shape, num_classes, *, filters: int = 4):
    import keras
    from keras import layers

    return keras.Sequential([
        keras.Input(input_shape),
        layers.Conv2D(filters, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(num_classes),
    ])
'''
TOPS = [
    "", "layout = 'rows'", "layout = 'frames'", "layout = 3", "layout = None", "layout = []",
    "layout = '\\x1b[31m'", "summary = 3", "summary = '\\x1b[31m\\n'", "frames_from_image = 'x'",
    "raise SystemExit", "raise SystemExit(0)", "raise KeyError", "raise BaseException('a\\nb')",
    "raise GeneratorExit", "raise Exception('\\x1b[31m')", "raise StopIteration", "import nothing_here",
    "from . import x", "import keras", "import sys; sys.exit(0)", "exec('(' * 1000)",
    "class E(Exception):\n    def __str__(self): raise ValueError\nraise E",
    "class E(Exception):\n    __module__ = 3\nraise E",
    "build = 3", "assert False", "1 / 0", "def f(): f()\nf()", "__name__ = 3", "__file__ = None",
    "'\\ud800'", "raise Exception('\\ud800')", "raise Exception('x' * 10**6)", "print('said')",
]  # fmt: skip
SIGNATURES = [
    "input_shape, num_classes", "", "*a", "**k", "input_shape, num_classes, *, x", "input_shape",
    "input_shape, num_classes, *, x: 'nothing' = 3", "input_shape, num_classes, *, x: 3 = 3",
    "input_shape, num_classes, *, x=object()", "input_shape, num_classes, *, x: list = []",
    "input_shape, num_classes, *, x: int = None", "input_shape, num_classes, *, x: float = float('nan')",
    "a, b, c, d=1", "input_shape, num_classes, /, *, x: int = 10**400", "num_classes, input_shape",
    "input_shape, num_classes, *, x: str = '\\x1b[31m'",
]  # fmt: skip
BODIES = [
    "pass", "return None", "return 3", "return keras.Sequential()", "return build",
    "raise BaseException", "raise SystemExit(0)", "import sys; sys.exit(3)", "raise GeneratorExit",
    "raise Exception('a\\nb\\x1b[31m')", "return build(input_shape, num_classes)", "return keras",
    "raise StopIteration", "yield 3", "return keras.layers.Dense(3)", "return keras.Model()",
    "return keras.Sequential([keras.Input(input_shape), keras.layers.Flatten()])",
    "return keras.Sequential([keras.Input((3,)), keras.layers.Dense(num_classes)])",
    "return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(num_classes)])",
    "return keras.Sequential([keras.Input(input_shape), keras.layers.Dense(num_classes)])",
    "return keras.Sequential([keras.Input(input_shape, batch_size=2), keras.layers.Flatten(), "
    "keras.layers.Dense(num_classes)])",
    "a = keras.Input(input_shape); return keras.Model([a, keras.Input((2,))], "
    "keras.layers.Dense(num_classes)(keras.layers.Flatten()(a)))",
    "a = keras.Input(input_shape); return keras.Model({'a': a}, "
    "keras.layers.Dense(num_classes)(keras.layers.Flatten()(a)))",
    "a = keras.Input(input_shape); b = keras.layers.Flatten()(a); return keras.Model(a, [b, b])",
    "a = keras.Input(input_shape); return keras.Model(a, keras.layers.Dense(num_classes)(a))",
    "keras.backend.clear_session()", "raise MemoryError", "raise RecursionError",
    "raise OSError(28, 'No space')", "raise EOFError", "raise UnicodeDecodeError('a', b'', 0, 1, '')",
    "class E(BaseException):\n        def __str__(self): raise E\n    raise E", "return num_classes",
    "class M(keras.Model):\n        def call(self, x): return x\n    return M()",
    "class M(keras.Model): pass\n    return M()",
]  # fmt: skip
ODD_FILES = [
    b"", b"\0", b"def build(", b"\xff\xfe", b"# coding: nothing\n", b"# coding: utf-7\n+AGE-", b"\t x",
    b"\xef\xbb\xbf" + GOOD, GOOD.replace(b"\n", b"\r\n"), GOOD.replace(b"\n", b"\r"), b"(" * 20_000,
    b"x = " + b"[" * 20_000, b"-" * 100_000 + b"1", b"x = 1" + b"+1" * 20_000, b"'" * 3, b"\x1a",
    GOOD.decode().encode("utf-16"), b"PK\x03\x04", b"#" * 5 * 2**20, b"build = lambda a, b: None",
    b"def build(a, b):\n return " + b"f(" * 80 + b")" * 80, b"from __future__ import nothing",
    b"\x93NUMPY", b"if True:\n" * 200, b"def " + b"\xd0\x96".replace(b"\xd0", b"\xc3") + b"(): ...",
]  # fmt: skip


@pytest.fixture
def plan(engine, trained):
    """What would be trained of such a file; the model is built for it."""

    def show(content: bytes):
        with engine.folder() as folder:
            (folder / "net.py").write_bytes(content)
            data = str(trained / "d.npz")
            words = ("train", "./net.py", "--dry-run", "--dataset", data, "--recipe", "tutorial")
            return engine.ask("zoo", folder, *words)

    return show


def written(top: str, signature: str, body: str, first: bool) -> bytes:
    indented = body.replace("; ", "\n    ")
    function = f"def build({signature}):\n    import keras\n    {indented}\n"
    return "\n".join([top, function] if first else [function, top]).encode("utf-8", "surrogatepass")


def test_the_undamaged_file_is_built(plan):
    found = plan(GOOD)
    assert found.code == 0, found.err


@inputs("known odd architectures", len(ODD_FILES), len(ODD_FILES))
def test_known_odd_files(plan, count):
    for content in ODD_FILES:
        plan(content)


@inputs("odd architectures", 40, 300)
def test_files_of_odd_parts(plan, count):
    usual = st.just(SIGNATURES[0])
    cases = st.tuples(
        st.just("") | st.sampled_from(TOPS),
        usual | st.sampled_from(SIGNATURES),
        st.sampled_from(BODIES),
        st.booleans(),
    )
    fuzz(cases, lambda case: plan(written(*case)), count)


@inputs("damaged architectures", 15, 100)
def test_damaged_files(plan, count):
    fuzz(SEVERAL, lambda damage: plan(damaged(GOOD, damage)), count)

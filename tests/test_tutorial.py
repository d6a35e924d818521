"""docs/tutorial.ipynb runs as it is, and what it shows is what is stored in it."""

import ast
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="pip install 'archzoo[test]'")
nbclient = pytest.importorskip("nbclient", reason="pip install 'archzoo[test]'")
pytest.importorskip("ipykernel", reason="pip install 'archzoo[test]'")
pytest.importorskip("pandas", reason="pip install 'archzoo[test]'")

NOTEBOOK = Path(__file__).parent.parent / "docs" / "tutorial.ipynb"
VERDICT = 'c.verdict("cnn", "small_net")'


def code_cells(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(scope="module")
def stored():
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Where the notebook runs."""
    return tmp_path_factory.mktemp("notebook")


@pytest.fixture(scope="module")
def executed(folder):
    """As a reader runs it: the data that it needs come with scikit-learn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ZOO_DATA_DIR", raising=False)  # may be relative to another folder
        return _executed(folder)


def _executed(folder):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in code_cells(notebook):
        cell.outputs = []
    resources = {"metadata": {"path": str(folder)}}
    return nbclient.NotebookClient(notebook, timeout=600, resources=resources).execute()


def result(cell) -> str:
    """What a cell returned, as text."""
    (output,) = [each for each in cell.outputs if each.output_type == "execute_result"]
    return output.data["text/plain"]


def test_it_is_a_valid_notebook(stored):
    nbformat.validate(stored)


def test_from_the_import_to_the_verdict_are_at_most_twelve_lines(stored):
    lines = "\n".join(cell.source for cell in code_cells(stored)).splitlines()
    code = [line for line in lines if line.strip() and not line.strip().startswith("#")]
    assert "import zoo" in code[:2]
    assert code.index(VERDICT) + 1 <= 12


def test_what_is_compared_is_cnn_and_a_function_of_the_notebook(stored):
    first, second = (ast.parse(cell.source) for cell in code_cells(stored)[:2])
    assert [node.name for node in first.body if isinstance(node, ast.FunctionDef)] == ["small_net"]
    calls = [ast.unparse(node) for node in ast.walk(second) if isinstance(node, ast.Call)]
    assert any(call.startswith("zoo.compare(['cnn', small_net], 'digits'") for call in calls)


@pytest.mark.slow
def test_it_runs_to_the_verdict_that_is_stored(stored, executed):
    (cell,) = [cell for cell in code_cells(executed) if cell.source.endswith(VERDICT)]
    assert result(cell) == "'cnn is better'"
    (shown,) = [cell for cell in code_cells(stored) if cell.source.endswith(VERDICT)]
    assert result(shown) == result(cell)


@pytest.mark.slow
def test_the_comparison_shows_a_table_and_a_plot(executed):
    (cell,) = [cell for cell in code_cells(executed) if cell.source == "c"]
    (output,) = [each for each in cell.outputs if each.output_type == "execute_result"]
    page = output.data["text/html"]
    assert "<td>small_net</td>" in page and "<svg" in page


@pytest.mark.slow
def test_the_run_is_used(executed):
    history, predicted = (
        result(cell)
        for cell in code_cells(executed)
        if cell.source.endswith(("run.history", "run.predict(image).labels"))
    )
    assert "val_accuracy" in history and len(history.splitlines()) == 3
    assert predicted == "['1']"


@pytest.mark.slow
def test_the_run_that_is_used_is_one_of_the_comparison(executed, folder):
    assert executed
    assert len(list(folder.glob("runs/*/run.json"))) == 2 * 3


@pytest.mark.slow
def test_a_reader_of_the_stored_notebook_sees_every_result(stored, executed):
    assert [len(cell.outputs) for cell in code_cells(stored)] == [
        sum(each.output_type == "execute_result" for each in cell.outputs)
        for cell in code_cells(executed)
    ]

"""The process that exports a model with new weights: `python -m zoo.advising.onnx_writer`."""

from typing import Any

from zoo.advising.answering import carry_out, file_in, samples_in


def write_model(task: dict[str, Any]) -> dict[str, Any]:
    """Write the file, and one sample for it.

    Raises:
        ZooError: data, plugin, build or the format: the message says which.
    """
    import numpy as np

    from zoo.exporting.format_writing import write
    from zoo.exporting.runtime_speed import new_graph, opened
    from zoo.exporting.serving_graph import FileContent
    from zoo.exporting.trial_export import METADATA
    from zoo.training.request import Request

    request = Request(**task["request"])
    plan, examples = opened(request, task["data_dir"], use_plugins=task["use_plugins"])
    graph = new_graph(plan, examples)
    path = file_in(task["folder"])
    write(FileContent(graph, METADATA), path, "onnx", plan.architecture.name)
    samples = examples.x_train  # the test set is not read
    np.save(samples_in(task["folder"]), np.asarray(samples[:1]))
    return {"bytes": path.stat().st_size}


if __name__ == "__main__":
    carry_out(write_model)

"""Trained models in formats of other runtimes: ONNX, LiteRT, SavedModel and Keras.

`exporter.export` starts `export_worker`, a process of its own that runs Keras on TensorFlow. There
`serving_graph` puts the run's preprocessing and its model into one graph, `rewrites` replaces what a
format cannot hold, a module for each format writes the file, and `proof` runs the file in its own
runtime beside Keras.
"""

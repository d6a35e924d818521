"""Serving finished runs over HTTP, with ONNX Runtime or Keras underneath.

`named_models` gives each run a name and `current_export` finds or makes its ONNX file. `loaded_model` loads
the file and describes it, `batching` answers many requests in one call. `web_app` is the ASGI application:
`request_body` reads a body within limits, `sample_bodies` and `uploads` make samples of it. `connections`
and `http_server` are the part that has sockets.
"""

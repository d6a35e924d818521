"""The shared trainer: one recipe, any architecture, any Keras backend."""

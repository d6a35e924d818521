"""What differs between TensorFlow, JAX and PyTorch: one file each."""

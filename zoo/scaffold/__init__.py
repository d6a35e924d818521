"""What `zoo new` writes: a complete plugin package, from templates."""

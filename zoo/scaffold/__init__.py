"""Writes a complete plugin package from templates, for `zoo new`."""

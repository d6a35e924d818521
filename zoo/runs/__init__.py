"""Runs on disk: their folder, their record, and how to find them."""

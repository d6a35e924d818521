"""Tuning: the same budget of search for every architecture, on the validation split alone."""

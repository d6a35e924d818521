"""Datasets: what they are, where they are found, how they are read and split."""

"""Comparing architectures: plan the missing runs, train each in a process of its own, judge."""

"""Comparing: plan the missing runs, execute each in a process of its own, judge, show."""

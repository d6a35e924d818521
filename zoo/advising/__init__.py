"""Advice: which architecture and size for a latency, a memory and a time."""

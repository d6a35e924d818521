"""Logging runs to trackers: what a training or a comparison tells, delivered by a thread of its own."""
